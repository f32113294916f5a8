/// A look at a hart's page tables that changes nothing: no A or D bits, no permissions, as a debugger
/// wants it (RISC-V Privileged 1.13, §12.3–12.6; Svnapot, §13).
package struct PageTables {
  private let root: UInt64
  private let levels: Int
  private let isNarrow: Bool
  private let read: (_ address: UInt64, _ count: Int) -> [UInt8]?

  /// `width` is XLEN; `read` gives physical memory.
  package init(satp: UInt64, width: Int, read: @escaping (_ address: UInt64, _ count: Int) -> [UInt8]?) {
    isNarrow = width == 32
    let mode = isNarrow ? satp >> 31 & 1 : satp >> 60
    root = (isNarrow ? satp & 0x3f_ffff : satp & 0xfff_ffff_ffff) << 12
    levels =
      switch mode {
      case 1 where isNarrow: 2
      case 8...10 where !isNarrow: Int(mode) - 5
      default: 0
      }
    self.read = read
  }

  /// Where `virtual` leads; nil where it is not mapped.
  package func physicalAddress(of virtual: UInt64) -> UInt64? {
    guard levels > 0 else { return virtual }
    let indexBits: UInt64 = isNarrow ? 10 : 9
    let entrySize = isNarrow ? 4 : 8
    var table = root
    for level in (0..<levels).reversed() {
      let shift = 12 + indexBits * UInt64(level)
      let index = virtual >> shift & (1 << indexBits - 1)
      guard let bytes = read(table &+ index * UInt64(entrySize), entrySize) else { return nil }
      let entry = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard entry & 1 != 0 else { return nil }
      let page = isNarrow ? entry >> 10 : entry >> 10 & 0xfff_ffff_ffff
      guard entry & 0xe == 0 else {
        // Svnapot: 64 KiB, whose low page-number bits hold the size.
        if !isNarrow, entry >> 63 != 0, level == 0 { return (page & ~0xf) << 12 | virtual & 0xffff }
        let offset: UInt64 = 1 << shift - 1
        return page << 12 & ~offset | virtual & offset
      }
      table = page << 12
    }
    return nil
  }
}
