// Unsafe pointers: as in Interpreter.swift.
import Synchronization

/// What the interpreter's loop calls: static functions of plain values. They alone touch the `Hart` object,
/// so that no reference is counted in the loop.
enum SlowPath {
  @inline(never)
  static func load(_ block: UnsafeMutablePointer<HartBlock>, _ virtual: UInt64, _ width: Int) throws(Exit)
    -> UInt64
  {
    try block.pointee.hart.takeUnretainedValue().loadSlow(virtual, width)
  }

  @inline(never)
  static func store(
    _ block: UnsafeMutablePointer<HartBlock>, _ virtual: UInt64, _ width: Int, _ value: UInt64
  )
    throws(Exit) -> Bool
  {
    try block.pointee.hart.takeUnretainedValue().storeSlow(virtual, width, value)
  }

  @inline(never)
  static func fence() { atomicMemoryFence(ordering: .sequentiallyConsistent) }

  /// The exception of a jump by `distance` from `pc`.
  @inline(never)
  static func misaligned(_ block: UnsafeMutablePointer<HartBlock>, _ pc: UInt64, _ distance: Int32) -> Exit {
    block.pointee.hart.takeUnretainedValue().trap(
      Cause.instructionMisaligned, pc &+ UInt64(bitPattern: Int64(distance)))
  }

  /// A jump to a page that is not at hand: it retires, and the loop starts anew there. A fetch fault is the
  /// target's.
  @inline(never)
  static func leave(_ block: UnsafeMutablePointer<HartBlock>, _ target: UInt64) -> Exit {
    block.pointee.state.pc = target
    return .resynchronize
  }

  /// The slot to go on with after a slot state, which is no instruction.
  @inline(never)
  static func control(
    _ block: UnsafeMutablePointer<HartBlock>, _ opcode: Opcode, _ ip: UnsafeMutablePointer<Operation>,
    _ pc: UInt64
  ) throws(Exit) -> UnsafeMutablePointer<Operation> {
    let hart = block.pointee.hart.takeUnretainedValue()
    switch opcode {
    case .undecoded:
      hart.fillSlot(ip, pc)
      return ip
    case .pageEnd:
      // Also where a jump within a page met the scratch page: its other slots are page ends.
      let slots = try hart.enterPageQuickly(pc)
      block.pointee.base = slots
      block.pointee.page = pc & ~0xfff
      return slots + Int(pc & 0xfff) / 2
    case .halt:
      let slots = try hart.pageBehindBreakpoint(pc)
      block.pointee.base = slots
      return slots + Int(pc & 0xfff) / 2
    default:
      let slots = try hart.straddlingPage(pc)
      block.pointee.base = slots
      return slots + (CodePages.slotsPerPage - 1)
    }
  }
}
