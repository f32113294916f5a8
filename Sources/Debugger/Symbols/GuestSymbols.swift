import Synchronization

/// The symbols of all files that a machine runs, kernel and firmware: found when the first is asked for.
package final class GuestSymbols: Sendable {
  private let paths: @Sendable () -> [String]
  private let found = Mutex<[GuestImage]?>(nil)

  /// `paths` gives the files, the one to be asked first first. What is no ELF file among them has no symbols.
  package init(_ paths: @escaping @Sendable () -> [String]) { self.paths = paths }

  package convenience init(images: [GuestImage] = []) {
    self.init { [] }
    found.withLock { $0 = images }
  }

  package var images: [GuestImage] {
    found.withLock { found in
      if let found { return found }
      let read = paths().compactMap { GuestImage(path: $0) }
      found = read
      return read
    }
  }

  /// Another file's symbols, asked before the others.
  package func add(_ image: GuestImage) {
    let images = images
    found.withLock { $0 = [image] + images }
  }

  /// The symbol that covers `address`, virtual or physical, and how far behind its beginning that is.
  package func place(of address: UInt64) -> (name: String, offset: UInt64)? {
    first { $0.symbol(at: address) }
  }

  package func address(of name: String) -> UInt64? { first { $0.address(of: name) } }

  package func line(at address: UInt64) -> (file: String, line: Int)? { first { $0.line(at: address) } }

  package func names(beginningWith prefix: String, limit: Int) -> [String] {
    var names: Set<String> = []
    for image in images { names.formUnion(image.names(beginningWith: prefix, limit: limit)) }
    return Array(names.sorted().prefix(limit))
  }

  /// "<main+0x14>", or nothing.
  package func label(of address: UInt64) -> String? {
    place(of: address).map { $0.offset == 0 ? $0.name : "\($0.name)+0x\(String($0.offset, radix: 16))" }
  }

  private func first<T>(_ body: (GuestImage) -> T?) -> T? {
    for image in images {
      if let found = body(image) { return found }
    }
    return nil
  }
}
