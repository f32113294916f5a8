// Unsafe pointers: two mappings of the same memory, owned by this object, `size` bytes each.
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
  package let writable: UnsafeMutableRawPointer
  /// Where the same bytes run.
  package let executable: UnsafeMutableRawPointer

  package init(size: Int) throws(CodeMemoryError) {
    // Anonymous and no memory file, because perf names only code that is in no file.
    let flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE
    let write = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let write, write != MAP_FAILED else {
      throw CodeMemoryError(description: "cannot map \(size) bytes for writing translated code")
    }
    guard let execute = host_map_again(write, size, PROT_READ | PROT_EXEC) else {
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
