// Unsafe pointers: two mappings of one memory file, owned by this object, `size` bytes each.
import CHost
import Glibc

/// Why there is no memory for host code.
package struct CodeMemoryError: Error, CustomStringConvertible {
  package let description: String
}

/// Memory for host code, mapped twice (W^X): writable at one address, executable at another, never both.
package final class CodeMemory: @unchecked Sendable {
  package let size: Int
  /// Where code is written.
  let writable: UnsafeMutableRawPointer
  /// Where the same bytes run.
  let executable: UnsafeMutableRawPointer

  package init(size: Int) throws(CodeMemoryError) {
    let file = host_memfd_create("translated code", 1)
    guard file >= 0 else { throw CodeMemoryError(description: "cannot set up memory for translated code") }
    defer { close(file) }
    guard ftruncate(file, size) == 0 else {
      throw CodeMemoryError(description: "cannot set up \(size) bytes for translated code")
    }
    let write = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
    guard let write, write != MAP_FAILED else {
      throw CodeMemoryError(description: "cannot map \(size) bytes for writing translated code")
    }
    let execute = mmap(nil, size, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0)
    guard let execute, execute != MAP_FAILED else {
      munmap(write, size)
      throw CodeMemoryError(description: "cannot map \(size) bytes for running translated code")
    }
    self.size = size
    writable = write
    executable = execute
  }

  deinit {
    munmap(writable, size)
    munmap(executable, size)
  }
}
