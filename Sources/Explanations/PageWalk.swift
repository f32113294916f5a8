import Logging
import RISCV

/// A look at page tables that changes nothing, down to the entry that ends it, and why
/// (RISC-V Privileged 1.13, §12.3.2; Svnapot, Svpbmt, Svade, Svadu).
package struct PageWalk: Sendable {
  package enum Access: Sendable, Equatable {
    case load, store, fetch

    var verb: String {
      switch self {
      case .load: "load from"
      case .store: "store to"
      case .fetch: "fetch from"
      }
    }
  }

  package struct Step: Sendable {
    package var level: Int
    /// Of the entry.
    package var address: UInt64
    package var entry: UInt64
  }

  package enum Outcome: Sendable, Equatable {
    case physical(UInt64)
    case notCanonical
    /// The entry's address is no memory, or PMP keeps it from the walk.
    case tableOutside(UInt64)
    case notValid
    case reserved(String)
    case wrongMode
    case missing(String)
    case misaligned
    case notAccessed
    case notDirty
  }

  package struct Context: Sendable {
    package var satp: UInt64
    package var xlen: Int
    package var privilege: Privilege
    package var sum = false
    package var mxr = false
    /// Hardware sets A and D.
    package var updates = true

    package init(satp: UInt64, xlen: Int, privilege: Privilege) {
      self.satp = satp
      self.xlen = xlen
      self.privilege = privilege
    }

    /// The hart's, for accesses of `privilege`.
    init(_ hart: HartScene, privilege: Privilege) {
      self.init(satp: hart.csr(CSR.satp), xlen: hart.xlen, privilege: privilege)
      let status = hart.csr(CSR.mstatus)
      sum = status & 1 << 18 != 0
      mxr = status & 1 << 19 != 0
      let adue = hart.csr(CSR.menvcfg) & 1 << 61 != 0
      updates = hart.extensions.contains(.svadu) ? adue : !hart.extensions.contains(.svade)
    }

    var isOn: Bool { privilege != .machine && (xlen == 32 ? satp >> 31 : satp >> 60) != 0 }
    var levels: Int { xlen == 32 ? 2 : max(3, min(5, Int(satp >> 60) - 5)) }
    var modeName: String { xlen == 32 ? "Sv32" : ["Sv39", "Sv48", "Sv57"][levels - 3] }
    var root: UInt64 { (xlen == 32 ? satp & 0x3f_ffff : satp & 0xfff_ffff_ffff) << 12 }
  }

  package let virtual: UInt64
  package let context: Context
  package private(set) var steps: [Step] = []
  package private(set) var outcome = Outcome.notValid

  /// `read` gives a word of physical memory that the walk may see.
  package init(
    _ virtual: UInt64, _ access: Access, _ context: Context,
    read: (_ address: UInt64, _ width: Int) -> UInt64?
  ) {
    self.virtual = virtual
    self.context = context
    outcome = walk(access, read)
  }

  private mutating func walk(_ access: Access, _ read: (UInt64, Int) -> UInt64?) -> Outcome {
    guard context.isOn else { return .physical(virtual) }
    let isNarrow = context.xlen == 32
    let levels = context.levels
    let (indexBits, size): (UInt64, Int) = isNarrow ? (10, 4) : (9, 8)
    if !isNarrow {
      let unused = UInt64(64 - (12 + 9 * levels))
      guard UInt64(bitPattern: Int64(bitPattern: virtual << unused) >> Int64(unused)) == virtual else {
        return .notCanonical
      }
    }
    var table = context.root
    for level in (0..<levels).reversed() {
      let shift = 12 + indexBits * UInt64(level)
      let at = table &+ (virtual >> shift & (1 << indexBits - 1)) * UInt64(size)
      guard let entry = read(at, size) else { return .tableOutside(at) }
      steps.append(Step(level: level, address: at, entry: entry))
      guard entry & 1 != 0 else { return .notValid }
      if entry & 6 == 4 { return .reserved("W without R") }
      if !isNarrow, entry >> 54 & 0x7f != 0 { return .reserved("bits 60 to 54") }
      let page = isNarrow ? entry >> 10 : entry >> 10 & 0xfff_ffff_ffff
      if entry & 0xa == 0 {
        if entry & 0xd0 != 0 { return .reserved("U, A or D in an entry that leads to a table") }
        if level == 0 { return .reserved("an entry of the last level without R, W and X") }
        table = page << 12
        continue
      }
      return leaf(entry, access, page, shift)
    }
    return .notValid
  }

  private func leaf(_ entry: UInt64, _ access: Access, _ page: UInt64, _ shift: UInt64) -> Outcome {
    let isUserPage = entry & 0x10 != 0
    if context.privilege == .user, !isUserPage { return .wrongMode }
    if context.privilege == .supervisor, isUserPage, access == .fetch || !context.sum { return .wrongMode }
    switch access {
    case .fetch: if entry & 8 == 0 { return .missing("X") }
    case .load: if entry & 2 == 0, !(context.mxr && entry & 8 != 0) { return .missing("R") }
    case .store: if entry & 4 == 0 { return .missing("W") }
    }
    let isNapot = context.xlen == 64 && entry >> 63 != 0
    guard isNapot || page & (1 << (shift - 12) - 1) == 0 else { return .misaligned }
    if !context.updates {
      if entry & 0x40 == 0 { return .notAccessed }
      if access == .store, entry & 0x80 == 0 { return .notDirty }
    }
    let bits = isNapot ? 16 : shift
    let offset: UInt64 = 1 << bits - 1
    return .physical(page << 12 & ~offset | virtual & offset)
  }

  // MARK: Words

  /// The way down, a line each.
  var lines: [String] {
    guard context.isOn else { return [] }
    var lines = [
      "page walk (\(context.modeName)) of 0x\(hexadecimal(virtual)): satp 0x\(hexadecimal(context.satp)), "
        + "root table 0x\(hexadecimal(context.root))"
    ]
    lines += steps.map {
      "  level \($0.level): entry at 0x\(hexadecimal($0.address)) = 0x\(hexadecimal($0.entry)) (\(Self.flags($0.entry)))"
    }
    return lines
  }

  static func flags(_ entry: UInt64) -> String {
    let letters = zip("VRWXUGAD", 0...)
    return String(letters.map { entry >> UInt64($0.1) & 1 != 0 ? $0.0 : "-" })
  }
}
