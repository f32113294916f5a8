// Unsafe pointers: decoded slots, as in `Fetch.swift`; the lookaside's tables, of which indices are masked.
import Synchronization

/// What an engine that runs translated code may see of a hart.
extension Hart {
  /// Instructions may begin at every halfword.
  package var hasShortInstructions: Bool { alignment == 1 }

  /// The decoded pages of the machine.
  package var decodedCode: CodePages { code }

  /// The decoded slots of the page that holds `pc` as the hart fetches now; nil where the page cannot be
  /// cached and the interpreter must do. Throws where fetching faults.
  package func codePage(at pc: UInt64) throws(Exit) -> UnsafeMutablePointer<Operation>? {
    let page = try enterPageQuickly(pc)
    return page == scratch ? nil : page
  }

  /// The slot of the pc where its page is at hand.
  package var slotAtHand: UnsafeMutablePointer<Operation>? {
    let pc = state.pointee.pc
    let entry = block.pointee.fetches + Int(truncatingIfNeeded: pc >> 12) % TranslationLookaside.fetchCount
    return entry.pointee.tag == pc & ~0xfff ? entry.pointee.slots + Int(pc & 0xfff) / 2 : nil
  }

  /// Has the fetch entry of `pc`'s page, whose slots were just found to be `slots`, carry `mark`.
  package func mark(_ pc: UInt64, _ slots: UnsafeMutablePointer<Operation>, _ mark: UInt32) {
    let index = Int(truncatingIfNeeded: pc >> 12) % TranslationLookaside.fetchCount
    block.pointee.marks[index] = mark
    // Whoever revokes an entry takes first its tag and then its mark.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let entry = block.pointee.fetches[index]
    if entry.tag != pc & ~0xfff || entry.slots != slots { block.pointee.marks[index] = 0 }
  }

  /// No fetch entry of `virtual` carries `mark` any more.
  package func unmark(_ virtual: UInt64, _ mark: UInt32) { lookaside.unmark(virtual, mark) }

  /// Fills an empty slot; false where fetching faults.
  package func decode(_ slot: UnsafeMutablePointer<Operation>, at pc: UInt64) -> Bool {
    let (cause, value) = (state.pointee.trapCause, state.pointee.trapValue)
    do throws(Exit) {
      try fillSlot(slot, pc)
      return true
    } catch {
      (state.pointee.trapCause, state.pointee.trapValue) = (cause, value)
      return false
    }
  }

  /// Has the interpreter run `count` instructions of the budget; nil where they ran and nothing came up.
  package func interpret(_ count: Int) -> Exit? {
    let withheld = state.pointee.budget - count
    state.pointee.slice -= withheld
    state.pointee.budget = count
    let exit = features.xlen == 64 ? Interpreter<UInt64>.run(self) : Interpreter<UInt32>.run(self)
    state.pointee.slice += withheld
    state.pointee.budget += withheld
    return exit
  }
}

extension HartState {
  /// `frm` as the CSR shows it.
  package var roundingMode: UInt64 { frm }
  /// The accrued floating-point exceptions as `fflags` shows them; setting them makes `FS` dirty.
  package var floatFlags: UInt64 {
    get { fflags }
    set {
      fflags = newValue
      fs = 3
    }
  }

  /// Byte offsets into the block, for translated code. The integer registers are words 0–31 (32 is the
  /// sink), the floating-point registers words 40–71.
  package enum Offset {
    @inlinable package static var pc: Int { 576 }
    @inlinable package static var budget: Int { 584 }
    @inlinable package static var frm: Int { 608 }
    @inlinable package static var fflags: Int { 616 }
    @inlinable package static var fs: Int { 624 }
    @inlinable package static var reservation: Int { 632 }
    @inlinable package static var reservedWidth: Int { 640 }
    @inlinable package static var reservedValue: Int { 648 }
    /// The lookaside's entries for loads and stores as the hart looks now.
    @inlinable package static var table: Int { 2080 }
    /// The marks of the fetch entries as the hart fetches now.
    @inlinable package static var marks: Int { 2096 }
    /// 32 words that belong to the engine.
    @inlinable package static var engineArea: Int { 2104 }

    /// True where the numbers above are the compiler's too.
    package static var areCurrent: Bool {
      MemoryLayout<HartState>.offset(of: \.x) == 0 && MemoryLayout<HartState>.offset(of: \.f) == 320
        && MemoryLayout<HartState>.offset(of: \.pc) == pc
        && MemoryLayout<HartState>.offset(of: \.budget) == budget
        && MemoryLayout<HartState>.offset(of: \.frm) == frm && MemoryLayout<HartState>.offset(of: \.fs) == fs
        && MemoryLayout<HartState>.offset(of: \.fflags) == fflags
        && MemoryLayout<HartState>.offset(of: \.reservation) == reservation
        && MemoryLayout<HartState>.offset(of: \.reservedValue) == reservedValue
        && MemoryLayout<HartBlock>.offset(of: \.table) == table
        && MemoryLayout<HartBlock>.offset(of: \.marks) == marks
        && MemoryLayout<HartBlock>.offset(of: \.engineArea) == engineArea
    }
  }
}
