import Synchronization

/// An ELF file's code, for people: names and lines of addresses. RV32 and RV64.
///
/// A damaged file has fewer symbols or none, and never traps. Tables are read when the first question is asked; a
/// file that is another one by then (a kernel built anew) has none.
package final class GuestImage: Sendable {
  /// A PT_LOAD program header.
  package struct Segment: Sendable, Equatable {
    package let offset: UInt64
    package let fileSize: UInt64
    package let memorySize: UInt64
    package let virtualAddress: UInt64
    package let physicalAddress: UInt64
    package let isExecutable: Bool
  }

  /// As it was given.
  package let name: String
  package var is64Bit: Bool { file.is64Bit }
  /// `e_entry`, a virtual address.
  package var entry: UInt64 { file.entry }
  package var segments: [Segment] { file.segments }

  let file: ELFSections
  private let indexSlot = Mutex<SymbolIndex?>(nil)
  private let linesSlot = Mutex<LineTable?>(nil)
  private let framesSlot = Mutex<CallFrames?>(nil)

  /// Nil where `path` is no linked ELF file for RISC-V or cannot be read.
  package init?(path: String) {
    guard let file = ELFSections(path: path) else { return nil }
    self.file = file
    name = path
  }

  package init?(bytes: [UInt8], name: String) {
    guard let file = ELFSections(bytes: bytes) else { return nil }
    self.file = file
    self.name = name
  }

  private var index: SymbolIndex { Self.get(indexSlot) { SymbolIndex(file) } }
  private var lines: LineTable { Self.get(linesSlot) { LineTable(file) } }
  /// What `.debug_frame` and `.eh_frame` tell of callers.
  package var frames: CallFrames { Self.get(framesSlot) { CallFrames(file) } }

  private static func get<T: Sendable>(_ slot: borrowing Mutex<T?>, _ make: () -> T) -> T {
    slot.withLock { slot in
      if let slot { return slot }
      let made = make()
      slot = made
      return made
    }
  }

  package var hasSymbols: Bool { !index.isEmpty }
  package var hasLines: Bool { !lines.isEmpty }

  /// The function, label or, where there is none, object that covers `address`, which may be a virtual one or the
  /// physical one that a segment is loaded at.
  package func symbol(at address: UInt64) -> (name: String, offset: UInt64)? {
    lookUp(address) { index.symbol(at: $0) }
  }

  /// Where the symbol `name` is linked; of several the first global one.
  package func address(of name: String) -> UInt64? { index.address(of: name) }

  /// The source line of the instruction at `address`, virtual or physical; the file as the compiler was given it.
  package func line(at address: UInt64) -> (file: String, line: Int)? {
    lookUp(address) { lines.line(at: $0) }
  }

  /// Symbols whose names begin with `prefix`, sorted, at most `limit`.
  package func names(beginningWith prefix: String, limit: Int) -> [String] {
    index.names(beginningWith: prefix, limit: limit)
  }

  /// Where the byte at `offset` of the file is linked; nil where no segment holds it. Mappings are whole pages,
  /// segments are not.
  package func linkedAddress(ofOffset offset: UInt64) -> UInt64? {
    segments.first { segment in
      let start = segment.offset & ~4095
      return offset >= start && offset - start < (segment.offset - start &+ segment.fileSize &+ 4095) & ~4095
    }.map { offset &- $0.offset &+ $0.virtualAddress }
  }

  private func lookUp<T>(_ address: UInt64, _ body: (UInt64) -> T?) -> T? {
    if let found = body(address) { return found }
    for virtual in virtualAddresses(of: address) {
      if let found = body(virtual) { return found }
    }
    return nil
  }

  /// Where the segments that are loaded elsewhere than linked have what lies at a physical address.
  func virtualAddresses(of physical: UInt64) -> [UInt64] {
    segments.compactMap { segment in
      segment.virtualAddress != segment.physicalAddress
        && physical &- segment.physicalAddress < segment.memorySize
        ? physical &- segment.physicalAddress &+ segment.virtualAddress : nil
    }
  }
}
