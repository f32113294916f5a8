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
    return slots(of: pc).map { $0 + Int(pc & 0xfff) / 2 }
  }

  /// The slots of the page of `pc` where that is at hand.
  package func slots(of pc: UInt64) -> UnsafeMutablePointer<Operation>? {
    let entry = block.pointee.fetches + Int(truncatingIfNeeded: pc >> 12) % TranslationLookaside.fetchCount
    return entry.pointee.tag == pc & ~0xfff ? entry.pointee.slots : nil
  }

  /// The mark of the fetch entry where that of `pc`'s page would be.
  package func mark(of pc: UInt64) -> UInt32 {
    block.pointee.marks[Int(truncatingIfNeeded: pc >> 12) % TranslationLookaside.fetchCount]
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

  /// Shuts the windows if a page has gained code.
  @inline(__always) package func shutVoidWindows(_ areVoid: UnsafeMutablePointer<Atomic<Bool>>) {
    guard areVoid.pointee.load(ordering: .relaxed) else { return }
    areVoid.pointee.store(false, ordering: .sequentiallyConsistent)
    lookaside.shutWindows()
  }
  package var windowsAreVoid: UnsafeMutablePointer<Atomic<Bool>> { lookaside.windowsAreVoid }

  /// Enters the page of an access, which lies in one page, into the lookaside where it may be; then true where
  /// that serves all `bytes` at `start`, for loads, and also for stores where the access is one.
  package func enterPage(
    of access: (address: UInt64, width: Int, isStore: Bool), serving start: UInt64, _ bytes: Int
  ) -> Bool {
    withoutTrap { () throws(Exit) in
      _ = try place(access.isStore ? .store : .load, access.address, access.width)
      return block.entry(of: start).pointee.serves(start, bytes, forStores: access.isStore)
    } ?? false
  }

  /// Has a window show the page of `address` and those around it that the lookaside has and that lie beside it on the
  /// host; false where that does not help any more.
  package func widenWindow(_ window: Int, around address: UInt64, forStores: Bool) -> Bool {
    let page = address & ~0xfff
    let delta = block.entry(of: page).pointee.delta
    func isServed(_ page: UInt64) -> Bool {
      let entry = block.entry(of: page).pointee
      return entry.delta == delta && entry.serves(page, 1, forStores: forStores)
    }
    // Gone meanwhile: then the window will be shut.
    guard isServed(page) else { return true }
    let most: UInt64 = 8 << 20
    var start = page
    while page &- start < most, isServed(start &- 4096) { start &-= 4096 }
    var end = page &+ 4096
    while end &- page < most, isServed(end) { end &+= 4096 }
    return block.pointee.windows.widen(window, from: start, bytes: end &- start, delta: delta)
  }

  /// cbo.zero is allowed at the privilege of now.
  package var mayZeroBlocks: Bool { features.extensions.contains(.zicboz) && mayPerform(Environment.cbze) }

  /// No fetch entry carries a mark any more.
  package func removeMarks() { lookaside.revokeAllFetches() }

  /// No fetch entry of `virtual` carries `mark` any more.
  package func unmark(_ virtual: UInt64, _ mark: UInt32) { lookaside.unmark(virtual, mark) }

  /// Fills an empty slot; false where another hart is changing the instruction.
  package func decode(_ slot: UnsafeMutablePointer<Operation>, at pc: UInt64) -> Bool {
    fillSlot(slot, pc)
    return slot.pointee.opcode != .undecoded
  }

  /// The slots of the page at `virtual`, whose first slot is filled, so that writing its first bytes is noticed;
  /// nil where it cannot be fetched or cached.
  package func startedPage(at virtual: UInt64) -> UnsafeMutablePointer<Operation>? {
    withoutTrap { () throws(Exit) in
      guard let page = try codePage(at: virtual) else { return nil }
      if page.pointee.opcode == .undecoded { fillSlot(page, virtual) }
      return page.pointee.opcode == .undecoded ? nil : page
    }
  }

  /// The instruction at `pc`, which begins in a page's last halfword and ends in the next page.
  package func straddlingInstruction(at pc: UInt64) -> Operation? {
    withoutTrap { () throws(Exit) in try decode(at: pc) }
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

  /// What translated code calls by the calling convention of C, with the hart's state and a number as arguments.
  /// None of it computes in floating point: MXCSR is the guest's meanwhile.
  package typealias Call = @convention(c) (UnsafeMutableRawPointer, Int) -> UInt64

  /// Reads the time; nil where that depends on how many instructions have retired.
  package var timeReader: Call? {
    time.countsInstructions ? nil : { state, _ in Hart.call(state) { $0.time.ticks } }
  }

  /// Reads the clock of that number; nil where there are none.
  package var clockReader: Call? {
    guard userPages != nil, time.clock(0) != nil else { return nil }
    return { state, number in Hart.call(state) { $0.time.clock(number) ?? 0 } }
  }

  /// Has the hart look as `mstatus` says now.
  package static let viewUpdater: Call = { state, _ in
    Hart.call(state) {
      $0.updateViews()
      return 0
    }
  }

  @inline(__always)
  private static func call(_ state: UnsafeMutableRawPointer, _ body: (Hart) -> UInt64) -> UInt64 {
    // `state` is the block's first field.
    state.assumingMemoryBound(to: HartBlock.self).pointee.hart._withUnsafeGuaranteedRef(body)
  }

  /// Performs a system instruction of four bytes at the pc, as the interpreter's loop would.
  package func performSystemInstruction(_ i: Operation) -> Exit? {
    let next = (state.pointee.pc &+ 4) & widthMask
    state.pointee.budget -= 1
    do throws(Exit) {
      try performSystem(i, next: next)
      state.pointee.pc = next
      return nil
    } catch {
      if error == .trap { state.pointee.budget += 1 }
      return error
    }
  }

  /// Ends the run: what is left of its budget is taken back.
  package func endRunEarly() {
    state.pointee.slice -= state.pointee.budget
    state.pointee.budget = 0
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
  /// Control and status registers that translated code reaches itself.
  package enum Control {
    package static let sstatus = CSR.sstatus
    package static let time = 0xc01
    /// Where programs, which have no operating system below them here, read Linux's clocks: custom read-only registers
    /// (RISC-V Privileged 1.13, table 3), from this one on.
    package static let clocks = 0xcc0

    /// The clock (clock_gettime(2)) that a register shows. CLOCK_REALTIME, _MONOTONIC, _MONOTONIC_RAW,
    /// _REALTIME_COARSE, _MONOTONIC_COARSE, _BOOTTIME, _TAI: those of Linux's vDSO.
    package static func clock(_ number: Int) -> Int? {
      let clock = number - clocks
      return (0..<12).contains(clock) && 0b1000_1111_0011 >> clock & 1 != 0 ? clock : nil
    }
    /// The bit of the time in the registers that let lower privileges read counters, and these registers.
    package static let timeEnable = 2
    package static let counterEnables = [
      MemoryLayout<HartState>.offset(of: \.mcounteren) ?? 0,
      MemoryLayout<HartState>.offset(of: \.scounteren) ?? 0,
    ]
    /// What `sstatus` shows of the stored `mstatus`.
    package static let interruptEnable = Status.sie
    /// What of it says how the hart sees memory.
    package static let viewBits = Status.sum | Status.mxr
    package static let sstatusMask = Status.sie | Status.spie | Status.spp | Status.sum | Status.mxr

    /// Addresses of instructions.
    package static func holdsAddress(_ number: Int) -> Bool { number == CSR.mepc || number == CSR.sepc }

    /// The word of the block that a CSR is, where reading it is all that there is to reading it, and the same
    /// for writing where it says so; nil for all others.
    package static func plainWord(_ number: Int, _ features: HartFeatures) -> (offset: Int, isWritable: Bool)?
    {
      switch number {
      case CSR.mscratch: return (MemoryLayout<HartState>.offset(of: \.mscratch) ?? 0, true)
      case CSR.mepc: return (MemoryLayout<HartState>.offset(of: \.mepc) ?? 0, true)
      case CSR.mcause: return (MemoryLayout<HartState>.offset(of: \.mcause) ?? 0, false)
      case CSR.mtval: return (MemoryLayout<HartState>.offset(of: \.mtval) ?? 0, false)
      default: break
      }
      guard features.hasSupervisor else { return nil }
      switch number {
      case CSR.sscratch: return (MemoryLayout<HartState>.offset(of: \.sscratch) ?? 0, true)
      case CSR.sepc: return (MemoryLayout<HartState>.offset(of: \.sepc) ?? 0, true)
      case CSR.scause: return (MemoryLayout<HartState>.offset(of: \.scause) ?? 0, false)
      case CSR.stval: return (MemoryLayout<HartState>.offset(of: \.stval) ?? 0, false)
      default: return nil
      }
    }
  }

  /// Byte offsets into the block, for translated code. The integer registers are words 0–31 (32 is the
  /// sink), the floating-point registers words 40–71.
  package enum Offset {
    @inlinable @inline(__always) package static var pc: Int { 576 }
    @inlinable @inline(__always) package static var budget: Int { 584 }
    @inlinable @inline(__always) package static var frm: Int { 608 }
    @inlinable @inline(__always) package static var fflags: Int { 616 }
    @inlinable @inline(__always) package static var fs: Int { 624 }
    @inlinable @inline(__always) package static var reservation: Int { 632 }
    @inlinable @inline(__always) package static var reservedWidth: Int { 640 }
    @inlinable @inline(__always) package static var reservedValue: Int { 648 }
    @inlinable @inline(__always) package static var privilege: Int { 656 }
    @inlinable @inline(__always) package static var timerPending: Int { 680 }
    @inlinable @inline(__always) package static var mstatus: Int { 688 }
    @inlinable @inline(__always) package static var mideleg: Int { 744 }
    @inlinable @inline(__always) package static var mie: Int { 752 }
    @inlinable @inline(__always) package static var mip: Int { 760 }
    /// The lookaside's entries for loads and stores as the hart looks now.
    @inlinable @inline(__always) package static var table: Int { 2080 }
    /// The marks of the fetch entries as the hart fetches now.
    @inlinable @inline(__always) package static var marks: Int { 2096 }
    /// 32 words that belong to the engine.
    @inlinable @inline(__always) package static var engineArea: Int { 2104 }
    @inlinable @inline(__always) package static var windows: Int { 2392 }
    @inlinable @inline(__always) package static var windowsAreUsed: Int { windows }
    @inlinable @inline(__always) package static var windowClosures: Int { windows + 8 }
    @inlinable @inline(__always) package static var windowLimits: Int { windows + 16 }
    @inlinable @inline(__always) package static var narrowWindowLimits: Int {
      windowLimits + 8 * Windows.count
    }
    @inlinable @inline(__always) package static var windowStarts: Int {
      narrowWindowLimits + 8 * Windows.count
    }
    @inlinable @inline(__always) package static var windowDeltas: Int { windowStarts + 8 * Windows.count }
    @inlinable @inline(__always) package static var passingDeltas: Int { windowDeltas + 8 * Windows.count }
    @inlinable @inline(__always) package static var windowOpenings: Int { passingDeltas + 8 * Windows.count }
    @inlinable @inline(__always) package static var windowHaste: Int { windowOpenings + 8 * Windows.count }
    @inlinable @inline(__always) package static var windowMoves: Int { windowHaste + 8 * Windows.count }
    @inlinable @inline(__always) package static var codePages: Int { windowMoves + 8 * Windows.count }
    @inlinable @inline(__always) package static var codeSlots: Int { codePages + 8 * Windows.codeCount }

    /// True where the numbers above are the compiler's too.
    package static var areCurrent: Bool {
      MemoryLayout<HartState>.offset(of: \.x) == 0 && MemoryLayout<HartState>.offset(of: \.f) == 320
        && MemoryLayout<HartState>.offset(of: \.pc) == pc
        && MemoryLayout<HartState>.offset(of: \.budget) == budget
        && MemoryLayout<HartState>.offset(of: \.frm) == frm && MemoryLayout<HartState>.offset(of: \.fs) == fs
        && MemoryLayout<HartState>.offset(of: \.fflags) == fflags
        && MemoryLayout<HartState>.offset(of: \.reservation) == reservation
        && MemoryLayout<HartState>.offset(of: \.reservedValue) == reservedValue
        && MemoryLayout<HartState>.offset(of: \.privilegeLevel) == privilege
        && MemoryLayout<HartState>.offset(of: \.mstatus) == mstatus
        && MemoryLayout<HartState>.offset(of: \.timerPending) == timerPending
        && MemoryLayout<HartState>.offset(of: \.mideleg) == mideleg
        && MemoryLayout<HartState>.offset(of: \.mie) == mie
        && MemoryLayout<HartState>.offset(of: \.mip) == mip
        && MemoryLayout<HartBlock>.offset(of: \.table) == table
        && MemoryLayout<HartBlock>.offset(of: \.marks) == marks
        && MemoryLayout<HartBlock>.offset(of: \.engineArea) == engineArea
        && MemoryLayout<HartBlock>.offset(of: \.windows) == windows
        && MemoryLayout<Windows>.offset(of: \.isUsed).map { $0 + windows } == windowsAreUsed
        && MemoryLayout<Windows>.offset(of: \.closures).map { $0 + windows } == windowClosures
        && MemoryLayout<Windows>.offset(of: \.limits).map { $0 + windows } == windowLimits
        && MemoryLayout<Windows>.offset(of: \.narrowLimits).map { $0 + windows } == narrowWindowLimits
        && MemoryLayout<Windows>.offset(of: \.starts).map { $0 + windows } == windowStarts
        && MemoryLayout<Windows>.offset(of: \.deltas).map { $0 + windows } == windowDeltas
        && MemoryLayout<Windows>.offset(of: \.passingDeltas).map { $0 + windows } == passingDeltas
        && MemoryLayout<Windows>.offset(of: \.openings).map { $0 + windows } == windowOpenings
        && MemoryLayout<Windows>.offset(of: \.haste).map { $0 + windows } == windowHaste
        && MemoryLayout<Windows>.offset(of: \.moves).map { $0 + windows } == windowMoves
        && MemoryLayout<Windows>.offset(of: \.codePages).map { $0 + windows } == codePages
        && MemoryLayout<Windows>.offset(of: \.codeSlots).map { $0 + windows } == codeSlots
    }
  }
}
