import Debugger
import Synchronization

/// The symbols of a program's files, by addresses of its memory: for logs, profiles and what is said of its end.
package final class ProgramSymbols: Sendable {
  private struct Image: Sendable {
    var path: String
    var range: Range<UInt64>
    /// By how much addresses are not as linked.
    var bias: UInt64
  }

  private struct State: Sendable {
    var images: [Image] = []
    var mapped: [MappedRange] = []
    /// Nil: no ELF file.
    var files: [String: GuestImage?] = [:]
  }

  private let state = Mutex(State())
  private let memorySlot = Mutex<GuestMemory?>(nil)

  package init() {}

  /// Where other files are mapped is asked of it.
  var memory: GuestMemory? {
    get { memorySlot.withLock { $0 } }
    set { memorySlot.withLock { $0 = newValue } }
  }

  /// The program, or its loader, lies in `range`.
  func note(_ path: String, _ range: Range<UInt64>, _ bias: UInt64) {
    state.withLock { $0.images.append(Image(path: path, range: range, bias: bias)) }
  }

  /// By how much the program or loader that has `address` is not where it was linked for.
  func bias(of address: UInt64) -> UInt64 {
    state.withLock { $0.images.first { $0.range.contains(address) } }?.bias ?? 0
  }

  /// The symbol that covers `address`, and how far behind its beginning that is.
  package func place(of address: UInt64) -> (name: String, offset: UInt64)? {
    if let image = state.withLock({ $0.images.first { $0.range.contains(address) } }) {
      return file(image.path)?.symbol(at: address &- image.bias)
    }
    guard let range = mapping(of: address), range.path.hasPrefix("/") else { return nil }
    guard let file = file(range.path),
      let linked = file.linkedAddress(ofOffset: address - range.start + range.offset)
    else { return nil }
    return file.symbol(at: linked)
  }

  private func mapping(of address: UInt64) -> MappedRange? {
    if let known = state.withLock({ $0.mapped.first { $0.start <= address && address < $0.end } }) {
      return known
    }
    guard let mapped = memory?.mappedRanges() else { return nil }
    state.withLock { $0.mapped = mapped }
    return mapped.first { $0.start <= address && address < $0.end }
  }

  private func file(_ path: String) -> GuestImage? {
    if let known = state.withLock({ $0.files[path] }) { return known }
    let file = GuestImage(path: path)
    state.withLock { $0.files[path] = .some(file) }
    return file
  }
}
