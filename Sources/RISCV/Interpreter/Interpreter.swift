// Unsafe pointers: `ip`, `next` and `base` point into one page of slots (`CodePages` or the hart's scratch
// page), which ends in `pageEnd` slots, so that running off the page always lands on one; `x` and `f` are
// the state block's registers, indexed by 5-bit fields and the sink 32; `table` and `fetches` are the
// lookaside's tables, indices masked.

/// The interpreter: an `Executor` that computes. It lives in local variables of `run`; whatever is rare is a
/// call to the hart, out of line, that takes and returns plain values, so that nothing here is ever forced
/// into memory.
struct Interpreter<W: Number>: Executor {
  typealias Value = W
  typealias Half = UInt32
  typealias Real = UInt64
  typealias Trap = Exit
  static var width: Int { W.bitWidth }

  let hart: Hart
  let state: UnsafeMutablePointer<HartState>
  let x: UnsafeMutablePointer<UInt64>
  let table: UnsafeMutablePointer<LookasideEntry>
  let fetches: UnsafeMutablePointer<TranslationLookaside.FetchEntry>
  /// 2 where a jump target must be a multiple of four.
  let jumpMask: Int32
  /// The slot being executed and the one to go on with.
  var ip: UnsafeMutablePointer<Operation>
  var next: UnsafeMutablePointer<Operation>
  /// The first slot of the page, and the virtual address of its first byte.
  var base: UnsafeMutablePointer<Operation>
  var page: UInt64
  /// Instructions left.
  var budget: Int

  /// Runs from `state.pc` until the budget is spent (nil) or something comes up; `state.pc` and
  /// `state.budget` are current afterwards.
  @inline(never)
  static func run(_ hart: Hart) -> Exit? {
    let state = hart.state
    let pc = state.pointee.pc
    let start: UnsafeMutablePointer<Operation>
    do throws(Exit) {
      start = try hart.enterPageQuickly(pc)
    } catch {
      return error
    }
    let first = start + Int(pc & 0xfff) / 2
    var me = Interpreter(
      hart: hart, state: state, x: UnsafeMutableRawPointer(state).assumingMemoryBound(to: UInt64.self),
      table: hart.lookaside.table(hart.dataView), fetches: hart.lookaside.fetchTable(hart.fetchView),
      jumpMask: hart.alignment == 1 ? 0 : 2, ip: first, next: first, base: start, page: pc & ~0xfff, budget: state.pointee.budget)
    do throws(Exit) {
      repeat {
        me.next = me.ip + 2
        me.budget &-= 1
        try me.perform(me.ip.pointee)
        me.ip = me.next
      } while me.budget > 0
      state.pointee.pc = me.pc
      state.pointee.budget = 0
      return nil
    } catch {
      switch error {
      case .trap, .codeFull:
        // Not retired.
        state.pointee.budget = me.budget + 1
        state.pointee.pc = me.pc
      case .resynchronize, .wait:
        // `system` has set the pc to go on with.
        state.pointee.budget = me.budget
      case .device:
        state.pointee.budget = me.budget
        me.ip = me.next
        state.pointee.pc = me.pc
      }
      return error
    }
  }

  /// The address of the instruction being executed.
  @inline(__always) var pc: UInt64 {
    address(of: ip)
  }

  @inline(__always) func address(of slot: UnsafeMutablePointer<Operation>) -> UInt64 {
    let bytes = UnsafeMutableRawPointer(slot) - UnsafeMutableRawPointer(base)
    return W.bitWidth == 64 ? page &+ UInt64(bitPattern: Int64(bytes >> 2)) : (page &+ UInt64(bytes >> 2)) & 0xffff_ffff
  }

  // MARK: Registers

  @inline(__always) subscript(x register: Int) -> W {
    get { W(truncatingIfNeeded: x[register]) }
    nonmutating set { x[register] = UInt64(newValue) }
  }
  @inline(__always) func half(_ v: W) -> UInt32 { UInt32(truncatingIfNeeded: v) }
  @inline(__always) func extended(_ v: UInt32) -> W { W(truncatingIfNeeded: Int32(bitPattern: v)) }
  @inline(__always) func zeroExtended(_ v: UInt32) -> W { W(truncatingIfNeeded: v) }

  // MARK: Control

  @inline(__always) func pc(plus distance: Int32) -> W {
    W(truncatingIfNeeded: pc &+ UInt64(bitPattern: Int64(distance)))
  }

  @inline(__always) mutating func shortForm() { next = ip + 1 }

  /// On a copy, out of line, so that `run`'s own variables never have an address. Rare instructions do not
  /// jump, and traps find the pc in the state.
  @inline(__always) mutating func rare(_ i: Operation) throws(Exit) {
    if i.opcode == .c_ebreak || i.opcode == .c_flw || i.opcode == .c_fld || i.opcode == .c_fsw || i.opcode == .c_fsd
      || i.opcode == .c_mop
    {
      next = ip + 1
    }
    try Self.performRare(hart, i, ip, base, page, budget)
  }

  @inline(never) private static func performRare(
    _ hart: Hart, _ i: Operation, _ ip: UnsafeMutablePointer<Operation>, _ base: UnsafeMutablePointer<Operation>,
    _ page: UInt64, _ budget: Int
  ) throws(Exit) {
    var copy = Interpreter(
      hart: hart, state: hart.state, x: UnsafeMutableRawPointer(hart.state).assumingMemoryBound(to: UInt64.self),
      table: hart.lookaside.table(hart.dataView), fetches: hart.lookaside.fetchTable(hart.fetchView),
      jumpMask: 0, ip: ip, next: ip + 2, base: base, page: page, budget: budget)
    try copy.performRare(i)
  }

  @inline(__always) mutating func branch(if condition: Bool, by distance: Int32) throws(Exit) {
    if condition {
      if distance & jumpMask != 0 { throw misaligned(by: distance) }
      try go(by: distance)
    }
  }

  @inline(__always) mutating func jump(by distance: Int32, link: Int) throws(Exit) {
    if distance & jumpMask != 0 { throw misaligned(by: distance) }
    x[link] = address(of: next)
    try go(by: distance)
  }

  @inline(__always) mutating func jump(to address: W, link: Int) throws(Exit) {
    let target = UInt64(address) & ~1
    if target & UInt64(jumpMask) != 0 { throw hart.trap(Cause.instructionMisaligned, target) }
    x[link] = self.address(of: next)
    try go(to: target)
  }

  @inline(never) private func misaligned(by distance: Int32) -> Exit {
    hart.trap(Cause.instructionMisaligned, pc &+ UInt64(bitPattern: Int64(distance)))
  }

  /// Relative jumps stay in the page mostly: then the target is a slot.
  @inline(__always) private mutating func go(by distance: Int32) throws(Exit) {
    let target = UnsafeMutableRawPointer(ip) + Int(distance) * 4
    if UInt(bitPattern: target - UnsafeMutableRawPointer(base)) < UInt(CodePages.slotsPerPage * 8) {
      next = target.assumingMemoryBound(to: Operation.self)
    } else {
      try go(to: UInt64(W(truncatingIfNeeded: pc &+ UInt64(bitPattern: Int64(distance)))))
    }
  }

  @inline(__always) private mutating func go(to target: UInt64) throws(Exit) {
    let targetPage = target & ~0xfff
    let offset = Int(target & 0xfff) / 2
    if targetPage == page {
      next = base + offset
      return
    }
    let entry = fetches + Int(truncatingIfNeeded: target >> 12) % TranslationLookaside.fetchCount
    if entry.pointee.tag == targetPage {
      next = entry.pointee.slots + offset
      base = entry.pointee.slots
      page = targetPage
      return
    }
    try leave(to: target)
  }

  /// The page is not at hand: the jump retires, and `run` starts anew there. A fetch fault is the target's.
  @inline(never) private func leave(to target: UInt64) throws(Exit) {
    state.pointee.pc = target
    throw .resynchronize
  }

  @inline(__always) mutating func control(_ i: Operation) throws(Exit) {
    budget &+= 1  // Slot states are no instructions.
    switch i.opcode {
    case .undecoded:
      try hart.fillSlot(ip, pc)
      next = ip
    case .pageEnd:
      // Also where a jump within a page met the scratch page: its other slots are page ends.
      let target = pc
      let targetPage = target & ~0xfff
      base = try enter(target)
      page = targetPage
      next = base + Int(target & 0xfff) / 2
    default:
      base = try hart.straddlingPage(pc)
      next = base + (CodePages.slotsPerPage - 1)
    }
  }

  @inline(__always) private func enter(_ target: UInt64) throws(Exit) -> UnsafeMutablePointer<Operation> {
    let entry = fetches + Int(truncatingIfNeeded: target >> 12) % TranslationLookaside.fetchCount
    if entry.pointee.tag == target & ~0xfff { return entry.pointee.slots }
    return try hart.enterPage(target)
  }

  // MARK: Memory

  @inline(__always) mutating func load<T: FixedWidthInteger>(_ type: T.Type, _ address: W) throws(Exit) -> W {
    let virtual = UInt64(address)
    let entry = table + Int(truncatingIfNeeded: virtual >> 12) % TranslationLookaside.entryCount
    if entry.pointee.readTag == virtual & (~0xfff | UInt64(T.bitWidth / 8 - 1)),
      let host = UnsafeRawPointer(bitPattern: UInt(virtual &+ entry.pointee.delta))
    {
      return W(truncatingIfNeeded: host.load(as: T.self))
    }
    state.pointee.budget = budget
    return W(truncatingIfNeeded: T(truncatingIfNeeded: try hart.loadSlow(virtual, T.bitWidth / 8)))
  }

  @inline(__always) mutating func store<T: FixedWidthInteger>(_ type: T.Type, _ value: W, _ address: W) throws(Exit) {
    let virtual = UInt64(address)
    let entry = table + Int(truncatingIfNeeded: virtual >> 12) % TranslationLookaside.entryCount
    if entry.pointee.writeTag == virtual & (~0xfff | UInt64(T.bitWidth / 8 - 1)),
      let host = UnsafeMutableRawPointer(bitPattern: UInt(virtual &+ entry.pointee.delta))
    {
      host.storeBytes(of: T(truncatingIfNeeded: value), as: T.self)
      return
    }
    state.pointee.budget = budget
    if try hart.storeSlow(virtual, T.bitWidth / 8, UInt64(value)) { throw .device }
  }

  @inline(__always) mutating func fence(_ i: Operation) {
    // The host keeps all orders but an earlier store before a later load.
    let orders = Int(i.immediate)
    if orders & 0x50 != 0 && orders & 0x0a != 0 { hart.fullFence() }
  }
}
