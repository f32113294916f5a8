import CHost
import Glibc
import RISCV

/// An open file that is to be run.
package struct ProgramFile {
  package let path: String
  package let descriptor: Int32
  let size: UInt64

  /// Opens `path`. Linux's reasons for refusing to execute a file are its errors.
  package init(_ path: String) throws(Errno) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Errno(errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      _ = Glibc.close(descriptor)
      throw Errno(EACCES)
    }
    self.path = path
    self.descriptor = descriptor
    size = UInt64(max(0, status.st_size))
  }

  package func close() { _ = Glibc.close(descriptor) }

  /// `count` bytes from `offset`, or fewer at the end.
  package func bytes(_ offset: UInt64, _ count: Int) -> [UInt8] {
    guard let offset = Int(exactly: offset) else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = pread(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, offset + filled)
        guard got > 0 else { break }
        filled += got
      }
    }
  }

  package func image() throws(ProgramImage.Flaw) -> ProgramImage {
    try ProgramImage(fileSize: size) { bytes($0, $1) }
  }

  /// The interpreter of a script and its argument, from a first line `#!interpreter argument`; nil where the file is
  /// none (execve(2)).
  package var script: (interpreter: String, argument: String?)? {
    let head = bytes(0, 256)
    guard head.starts(with: [0x23, 0x21]) else { return nil }
    let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    let line = head.dropFirst(2).prefix { $0 != 0x0a && $0 != 0 }.drop(while: isBlank)
    let interpreter = line.prefix { !isBlank($0) }
    guard !interpreter.isEmpty else { return nil }
    var argument = Array(line.dropFirst(interpreter.count).drop(while: isBlank))
    while let last = argument.last, isBlank(last) { argument.removeLast() }
    return (
      String(decoding: interpreter, as: UTF8.self),
      argument.isEmpty ? nil : String(decoding: argument, as: UTF8.self)
    )
  }
}
