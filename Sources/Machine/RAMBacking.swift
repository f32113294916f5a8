// Unsafe pointers: a mapping's first byte, handed on to who unmaps it.
import CHost
import Glibc

/// What guest RAM consists of on the host: anonymous memory, or a file.
package struct RAMBacking: Sendable, Equatable {
  /// A file; a folder: a nameless file in it, as for huge pages. nil: anonymous memory.
  package var path: String?
  /// The guest's stores reach the file. Otherwise it gives the contents at the start.
  package var isShared = false
  /// The host's memory is taken at once.
  package var isPreallocated = false
  /// What the user calls it.
  package var id: String?

  package init(path: String? = nil, isShared: Bool = false, isPreallocated: Bool = false) {
    self.path = path
    self.isShared = isShared
    self.isPreallocated = isPreallocated
  }

  /// Maps `size` bytes, for `munmap` and `close`.
  func map(_ name: String, _ size: UInt64) throws(PropertyError) -> (
    host: UnsafeMutableRawPointer, file: Int32
  ) {
    guard let length = Int(exactly: size) else { throw Self.cannotAllocate(name) }
    let file = try open(name, length)
    var flags = MAP_SHARED
    if !isPreallocated { flags |= MAP_NORESERVE }
    guard let host = mmap(nil, length, PROT_READ | PROT_WRITE, flags, file, 0), host != MAP_FAILED else {
      close(file)
      throw Self.cannotAllocate(name)
    }
    // MADV_POPULATE_WRITE (Linux 5.14).
    if isPreallocated, madvise(host, length, 23) != 0 {
      let reason = String(cString: strerror(errno))
      munmap(host, length)
      close(file)
      throw PropertyError("cannot preallocate guest memory '\(name)': \(reason)")
    }
    return (host, file)
  }

  private static func cannotAllocate(_ name: String) -> PropertyError {
    PropertyError("cannot set up guest memory '\(name)': Cannot allocate memory")
  }

  private func open(_ name: String, _ size: Int) throws(PropertyError) -> Int32 {
    guard let path else { return try anonymous(name, size) }
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      var template = Array("\(path)/apus-ram-XXXXXX".utf8CString)
      let file = mkstemp(&template)
      guard file >= 0 else { throw Self.cannotOpen(path) }
      _ = fcntl(file, F_SETFD, FD_CLOEXEC)
      unlink(template)
      return try lengthen(file, to: size, path)
    }
    let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw Self.cannotOpen(path) }
    let present = lseek(file, 0, SEEK_END)
    guard present >= 0 else {
      defer { close(file) }
      throw Self.cannotOpen(path)
    }
    guard present == 0 || present >= size else {
      close(file)
      throw PropertyError(
        "\(id ?? name) backing store size 0x\(String(present, radix: 16)) is too small for 'size' option "
          + "0x\(String(size, radix: 16)) plus 'offset' option 0x0")
    }
    let longer = present < size ? try lengthen(file, to: size, path) : file
    if isShared { return longer }
    defer { close(longer) }
    let copy = try anonymous(name, size)
    guard present == 0 || Self.copy(size, from: longer, to: copy) else {
      close(copy)
      throw PropertyError("cannot read '\(path)' into guest memory: \(String(cString: strerror(errno)))")
    }
    return copy
  }

  private func anonymous(_ name: String, _ size: Int) throws(PropertyError) -> Int32 {
    let file = host_memfd_create(name, 1)
    guard file >= 0, ftruncate(file, size) == 0 else {
      if file >= 0 { close(file) }
      throw Self.cannotAllocate(name)
    }
    return file
  }

  private func lengthen(_ file: Int32, to size: Int, _ path: String) throws(PropertyError) -> Int32 {
    guard ftruncate(file, size) == 0 else {
      let reason = String(cString: strerror(errno))
      close(file)
      throw PropertyError("can't extend backing store \(path) for guest RAM: \(reason)")
    }
    return file
  }

  private static func cannotOpen(_ path: String) -> PropertyError {
    PropertyError("can't open backing store \(path) for guest RAM: \(String(cString: strerror(errno)))")
  }

  /// Holes stay holes.
  private static func copy(_ size: Int, from source: Int32, to target: Int32) -> Bool {
    var at = 0
    while at < size {
      let data = lseek(source, at, FileSeek.data)
      if data < 0 { return errno == ENXIO }
      let hole = min(size, lseek(source, data, FileSeek.hole))
      var offset = off_t(data)
      guard lseek(target, data, SEEK_SET) == data else { return false }
      while offset < hole {
        guard sendfile(target, source, &offset, hole - Int(offset)) > 0 else { return false }
      }
      at = max(hole, data + 1)
    }
    return true
  }
}

/// SEEK_DATA and SEEK_HOLE of lseek(2), which Glibc's module does not import.
enum FileSeek {
  static let data: Int32 = 3
  static let hole: Int32 = 4
}
