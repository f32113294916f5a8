import CHost
import Glibc
import RISCV

/// A program in memory: what its first stack tells it, and where it starts.
struct LoadedProgram {
  /// Where the hart begins: in the dynamic loader, where there is one.
  var start: UInt64
  /// AT_ENTRY, AT_PHDR, AT_PHNUM.
  var entry: UInt64
  var headers: UInt64
  var headerCount: Int
  /// AT_BASE: where the dynamic loader is.
  var loaderBase: UInt64
  /// Behind the program's last byte, rounded up to pages.
  var end: UInt64
  var hasExecutableStack: Bool
  /// From the first byte of code to behind the last; and of data that can be written.
  var code: Range<UInt64>
  var data: Range<UInt64>
}

/// Puts programs into a fresh address space as Linux does (fs/binfmt_elf.c's results, watched from outside).
struct Loader {
  let memory: GuestMemory
  let paths: GuestPaths
  let symbols: ProgramSymbols

  /// Where position-independent programs begin: two thirds up the address space.
  private var independentBase: UInt64 { (memory.limit + 0xfffff) / 3 * 2 & ~4095 }

  func load(_ file: ProgramFile) throws(ProgramError) -> LoadedProgram {
    let image = try self.image(file)
    let bias = try place(image, file, near: independentBase)
    var program = LoadedProgram(
      start: image.entry &+ bias, entry: image.entry &+ bias, headers: 0, headerCount: image.headerCount,
      loaderBase: 0, end: image.span.upperBound &+ bias, hasExecutableStack: image.wantsExecutableStack,
      code: image.range(of: .execute, bias), data: image.range(of: .write, bias))
    if let headers = image.headerAddress { program.headers = headers &+ bias }
    if let range = image.interpreterRange {
      let name = file.bytes(range.lowerBound, Int(range.upperBound - range.lowerBound)).prefix { $0 != 0 }
      let loader = try openLoader(String(decoding: name, as: UTF8.self))
      defer { loader.close() }
      let loaderImage = try self.image(loader)
      program.loaderBase = try place(loaderImage, loader, near: 0)
      program.start = loaderImage.entry &+ program.loaderBase
    }
    return program
  }

  private func openLoader(_ name: String) throws(ProgramError) -> ProgramFile {
    do throws(Errno) {
      return try ProgramFile(paths.resolved(name))
    } catch {
      var text = "Could not open '\(name)': \(error.sentence)"
      if paths.prefix == nil || error.code == ENOENT {
        text +=
          "\nThe program is linked dynamically and wants its loader and libraries: name the folder that has them"
          + " with -L or QEMU_LD_PREFIX (Debian's package libc6-riscv64-cross: -L /usr/riscv64-linux-gnu)"
      }
      throw ProgramError(text)
    }
  }

  private func image(_ file: ProgramFile) throws(ProgramError) -> ProgramImage {
    do throws(ProgramImage.Flaw) {
      return try file.image()
    } catch {
      let name = file.path
      switch error {
      case .notELF: throw ProgramError("Error while loading \(name): Exec format error", exitCode: 1)
      case .otherMachine(let machine):
        throw ProgramError(
          "\(name): Invalid ELF image for this architecture: it is for machine \(machine), RISC-V is 243")
      case .otherKind(let kind):
        throw ProgramError(
          "\(name): Invalid ELF image for this architecture: it is \(kind), and 64-bit little-endian executables run"
        )
      case .malformed(let why): throw ProgramError("\(name): Invalid ELF image: \(why)")
      }
    }
  }

  /// Maps the segments; by how much their addresses are not as linked.
  private func place(_ image: ProgramImage, _ file: ProgramFile, near wish: UInt64) throws(ProgramError)
    -> UInt64
  {
    let span = image.span
    guard span.upperBound - (image.isPositionIndependent ? span.lowerBound : 0) <= memory.limit else {
      throw ProgramError(
        "\(file.path): requires more than reserved virtual address space (0x\(String(span.upperBound, radix: 16))"
          + " > 0x\(String(memory.limit, radix: 16)))")
    }
    do throws(Errno) {
      var bias: UInt64 = 0
      if image.isPositionIndependent {
        // Room for everything first, so that segments lie together.
        let size = span.upperBound - span.lowerBound
        let room = size + image.alignment - 4096
        let start = try memory.map(.anywhere(near: wish), size: room, [], GuestMemory.Backing())
        let aligned = (start + image.alignment - 1) & ~(image.alignment - 1)
        if aligned > start { try memory.unmap(start, size: aligned - start) }
        if aligned + size < start + room {
          try memory.unmap(aligned + size, size: start + room - aligned - size)
        }
        bias = aligned &- span.lowerBound
      }
      for segment in image.segments { try map(segment, file, bias) }
      symbols.note(file.path, span.lowerBound &+ bias..<span.upperBound &+ bias, bias)
      return bias
    } catch {
      throw ProgramError("\(file.path): Error mapping file: \(error.sentence)")
    }
  }

  private func map(_ segment: ProgramImage.Segment, _ file: ProgramFile, _ bias: UInt64) throws(Errno) {
    let inPage = segment.address & 4095
    let start = segment.address &+ bias &- inPage
    let fileEnd = inPage + segment.fileSize
    let pagesInFile = segment.fileSize == 0 ? 0 : (fileEnd + 4095) & ~4095
    if pagesInFile > 0 {
      var backing = GuestMemory.Backing()
      backing.isAnonymous = false
      backing.descriptor = file.descriptor
      backing.offset = Int64(segment.offset - inPage)
      _ = try memory.map(.exactly(start), size: pagesInFile, segment.protection, backing)
      // What is behind the file's part in its last page is zero, where anybody could have stored it.
      if segment.memorySize > segment.fileSize, fileEnd < pagesInFile, segment.protection.contains(.write) {
        try memory.store([UInt8](repeating: 0, count: Int(pagesInFile - fileEnd)), at: start + fileEnd)
      }
    }
    let all = (inPage + segment.memorySize + 4095) & ~4095
    if all > pagesInFile {
      _ = try memory.map(
        .exactly(start + pagesInFile), size: all - pagesInFile, segment.protection, GuestMemory.Backing())
    }
  }
}
