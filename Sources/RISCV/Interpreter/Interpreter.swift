// Unsafe pointers: `ip` and `next` point into one page of slots (`CodePages` or the hart's scratch page),
// which ends in `pageEnd` slots, so that running off the page always lands on one; `block` is the hart's for
// its life, its registers are indexed by 5-bit fields and the sink 32, its tables by masked indices.

/// The interpreter: an `Executor` that computes. It is three variables and a pointer, so that they stay in
/// registers; whatever is rare is a static call (`SlowPath`) that takes and returns plain values, so that
/// none of them is ever forced into memory.
struct Interpreter<W: Number>: Executor {
  typealias Value = W
  typealias Half = UInt32
  typealias Real = UInt64
  typealias Trap = Exit
  static var width: Int { W.bitWidth }

  let block: UnsafeMutablePointer<HartBlock>
  /// The slot being executed and the one to go on with.
  var ip: UnsafeMutablePointer<Operation>
  var next: UnsafeMutablePointer<Operation>
  /// Instructions left.
  var budget: Int

  @inline(__always) var state: UnsafeMutablePointer<HartState> {
    UnsafeMutableRawPointer(block).assumingMemoryBound(to: HartState.self)
  }
  @inline(__always) var x: UnsafeMutablePointer<UInt64> {
    UnsafeMutableRawPointer(block).assumingMemoryBound(to: UInt64.self)
  }

  /// Runs from `state.pc` until the budget is spent (nil) or something comes up; `state.pc` and
  /// `state.budget` are current afterwards.
  @inline(never)
  static func run(_ hart: Hart) -> Exit? {
    let pc = hart.state.pointee.pc
    let start: UnsafeMutablePointer<Operation>
    do throws(Exit) {
      start = try hart.enterPageQuickly(pc)
    } catch {
      return error
    }
    let block = hart.block
    block.pointee.base = start
    block.pointee.page = pc & ~0xfff
    let first = start + Int(pc & 0xfff) / 2
    return run(block, first)
  }

  @inline(never)
  private static func run(_ block: UnsafeMutablePointer<HartBlock>, _ first: UnsafeMutablePointer<Operation>)
    -> Exit?
  {
    var me = Interpreter(block: block, ip: first, next: first, budget: block.pointee.state.budget)
    do throws(Exit) {
      repeat {
        me.next = me.ip + 2
        me.budget &-= 1
        try me.perform(me.ip.whole)
        me.ip = me.next
      } while me.budget > 0
      block.pointee.state.pc = me.pc
      block.pointee.state.budget = 0
      return nil
    } catch {
      switch error {
      case .trap, .codeFull, .debug:
        // Not retired.
        block.pointee.state.budget = me.budget + 1
        block.pointee.state.pc = me.pc
      case .resynchronize, .wait:
        // `system` or `leave` has set the pc to go on with.
        block.pointee.state.budget = me.budget
      case .device:
        block.pointee.state.budget = me.budget
        me.ip = me.next
        block.pointee.state.pc = me.pc
      }
      return error
    }
  }

  /// The address of the instruction being executed.
  @inline(__always) var pc: UInt64 { address(of: ip) }

  @inline(__always) func address(of slot: UnsafeMutablePointer<Operation>) -> UInt64 {
    let bytes = UnsafeMutableRawPointer(slot) - UnsafeMutableRawPointer(block.pointee.base)
    let address = block.pointee.page &+ UInt64(bitPattern: Int64(bytes >> 2))
    return W.bitWidth == 64 ? address : address & 0xffff_ffff
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
    try Self.performRare(block, i, ip, budget)
  }

  @inline(never) private static func performRare(
    _ block: UnsafeMutablePointer<HartBlock>, _ i: Operation, _ ip: UnsafeMutablePointer<Operation>,
    _ budget: Int
  ) throws(Exit) {
    var copy = Interpreter(block: block, ip: ip, next: ip + 2, budget: budget)
    try copy.performRare(i)
  }

  @inline(__always) mutating func branch(if condition: Bool, by distance: Int32) throws(Exit) {
    if condition {
      if distance & block.pointee.jumpMask != 0 { throw SlowPath.misaligned(block, pc, distance) }
      try go(by: distance)
    }
  }

  @inline(__always) mutating func jump(by distance: Int32, link: Int) throws(Exit) {
    if distance & block.pointee.jumpMask != 0 { throw SlowPath.misaligned(block, pc, distance) }
    x[link] = address(of: next)
    try go(by: distance)
  }

  @inline(__always) mutating func jump(to address: W, link: Int) throws(Exit) {
    let target = UInt64(address) & ~1
    if target & UInt64(block.pointee.jumpMask) != 0 { throw SlowPath.misaligned(block, target, 0) }
    x[link] = self.address(of: next)
    try go(to: target)
  }

  /// Relative jumps stay in the page mostly: then the target is a slot.
  @inline(__always) private mutating func go(by distance: Int32) throws(Exit) {
    let target = UnsafeMutableRawPointer(ip) + Int(distance) * 4
    if UInt(bitPattern: target - UnsafeMutableRawPointer(block.pointee.base))
      < UInt(CodePages.slotsPerPage * 8)
    {
      next = target.assumingMemoryBound(to: Operation.self)
    } else {
      try go(to: UInt64(W(truncatingIfNeeded: pc &+ UInt64(bitPattern: Int64(distance)))))
    }
  }

  @inline(__always) private mutating func go(to target: UInt64) throws(Exit) {
    let targetPage = target & ~0xfff
    let offset = Int(target & 0xfff) / 2
    if targetPage == block.pointee.page {
      next = block.pointee.base + offset
      return
    }
    let entry =
      block.pointee.fetches + Int(truncatingIfNeeded: target >> 12) % TranslationLookaside.fetchCount
    guard entry.pointee.tag == targetPage else { throw SlowPath.leave(block, target) }
    next = entry.pointee.slots + offset
    block.pointee.base = entry.pointee.slots
    block.pointee.page = targetPage
  }

  @inline(__always) mutating func control(_ i: Operation) throws(Exit) {
    next = try SlowPath.control(block, i.opcode, ip, pc)
    // Slot states are no instructions; where one traps, whoever catches gives the budget back.
    budget &+= 1
  }

  // MARK: Memory

  @inline(__always) mutating func load<T: FixedWidthInteger>(_ type: T.Type, _ address: W) throws(Exit) -> W {
    let virtual = UInt64(address)
    let entry = block.entry(of: virtual)
    if entry.pointee.readTag == (virtual &+ UInt64(T.bitWidth / 8 - 1)) | 0xfff {
      // Never null: the tag says that delta leads to a host page.
      let host = UnsafeRawPointer(bitPattern: UInt(virtual &+ entry.pointee.delta)).unsafelyUnwrapped
      return W(truncatingIfNeeded: host.loadUnaligned(as: T.self))
    }
    state.pointee.budget = budget
    return W(truncatingIfNeeded: T(truncatingIfNeeded: try SlowPath.load(block, virtual, T.bitWidth / 8)))
  }

  @inline(__always) mutating func store<T: FixedWidthInteger>(_ type: T.Type, _ value: W, _ address: W)
    throws(Exit)
  {
    let virtual = UInt64(address)
    let entry = block.entry(of: virtual)
    if entry.pointee.writeTag == (virtual &+ UInt64(T.bitWidth / 8 - 1)) | 0xfff {
      let host = UnsafeMutableRawPointer(bitPattern: UInt(virtual &+ entry.pointee.delta)).unsafelyUnwrapped
      host.storeBytes(of: T(truncatingIfNeeded: value), as: T.self)
      return
    }
    state.pointee.budget = budget
    if try SlowPath.store(block, virtual, T.bitWidth / 8, UInt64(value)) { throw .device }
  }

  @inline(__always) mutating func fence(_ i: Operation) {
    // The host keeps all orders but an earlier store before a later load.
    let orders = Int(i.immediate)
    if orders & 0x50 != 0 && orders & 0x0a != 0 { SlowPath.fence() }
  }
}
