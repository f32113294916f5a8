// Unsafe pointers: decoded slots, as in `Fetch.swift`.

/// What the translator may see of a hart.
extension Hart {
  /// The lookaside's entries for loads and stores as the hart looks now. Changes with privilege and `mstatus`.
  package var dataTable: UnsafeMutablePointer<LookasideEntry> { lookaside.table(dataView) }

  /// Instructions may begin at every halfword.
  package var hasShortInstructions: Bool { alignment == 1 }

  /// The decoded slots of the page that holds `pc`; nil where fetching faults or the page cannot be cached.
  /// Leaves no trace in the hart.
  package func decodedPage(at pc: UInt64) -> UnsafeMutablePointer<Operation>? {
    withoutTrap { () throws(Exit) in
      let page = try enterPageQuickly(pc)
      return page == scratch ? nil : page
    }
  }

  /// Fills an empty slot; false where fetching faults.
  package func decode(_ slot: UnsafeMutablePointer<Operation>, at pc: UInt64) -> Bool {
    withoutTrap { () throws(Exit) in
      try fillSlot(slot, pc)
      return true
    } ?? false
  }

  /// What `body` gives; nil, and nothing recorded, where it throws.
  private func withoutTrap<R>(_ body: () throws(Exit) -> R?) -> R? {
    let (cause, value) = (state.pointee.trapCause, state.pointee.trapValue)
    do throws(Exit) {
      return try body()
    } catch {
      (state.pointee.trapCause, state.pointee.trapValue) = (cause, value)
      return nil
    }
  }
}

extension HartState {
  /// `frm` as the CSR shows it.
  package var roundingMode: UInt64 { frm }
  /// The accrued floating-point exceptions as `fflags` shows them.
  package var floatFlags: UInt64 {
    get { fflags }
    set { fflags = newValue }
  }

  /// Byte offsets into the block, for translated code. The integer registers are words 0–31 (32 is the
  /// sink), the floating-point registers words 40–71.
  package enum Offset {
    @inlinable package static var pc: Int { 576 }
    @inlinable package static var budget: Int { 584 }
    @inlinable package static var frm: Int { 608 }
    @inlinable package static var fs: Int { 624 }

    /// True where the numbers above are the compiler's too.
    package static var areCurrent: Bool {
      MemoryLayout<HartState>.offset(of: \.x) == 0 && MemoryLayout<HartState>.offset(of: \.f) == 320
        && MemoryLayout<HartState>.offset(of: \.pc) == pc
        && MemoryLayout<HartState>.offset(of: \.budget) == budget
        && MemoryLayout<HartState>.offset(of: \.frm) == frm && MemoryLayout<HartState>.offset(of: \.fs) == fs
    }
  }
}
