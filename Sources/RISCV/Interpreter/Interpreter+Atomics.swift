/// Atomics: all of them calls, whose width is known at compile time.
extension Interpreter {
  @inline(__always) mutating func loadReserved<T: FixedWidthInteger>(_ type: T.Type, _ address: W)
    throws(Exit) -> W
  {
    W(
      truncatingIfNeeded: T(
        truncatingIfNeeded: try block.pointee.hart.takeUnretainedValue().loadReserved(
          UInt64(address), T.bitWidth / 8)))
  }

  @inline(__always) mutating func storeConditional<T: FixedWidthInteger>(
    _ type: T.Type, _ value: W, _ address: W
  )
    throws(Exit) -> W
  {
    W(
      truncatingIfNeeded: try block.pointee.hart.takeUnretainedValue().storeConditional(
        UInt64(address), T.bitWidth / 8, UInt64(value)))
  }

  @inline(__always) mutating func exchange<T: FixedWidthInteger>(
    _ operation: AtomicOperation, _ type: T.Type, _ operand: W, _ address: W
  ) throws(Exit) -> W {
    let (a, v) = (UInt64(address), UInt64(operand))
    switch T.bitWidth {
    case 8:
      return W(
        truncatingIfNeeded: try block.pointee.hart.takeUnretainedValue().exchange(operation, Int8.self, v, a))
    case 16:
      return W(
        truncatingIfNeeded: try block.pointee.hart.takeUnretainedValue().exchange(operation, Int16.self, v, a)
      )
    case 32:
      return W(
        truncatingIfNeeded: try block.pointee.hart.takeUnretainedValue().exchange(operation, Int32.self, v, a)
      )
    default:
      return W(
        truncatingIfNeeded: try block.pointee.hart.takeUnretainedValue().exchange(operation, Int64.self, v, a)
      )
    }
  }

  @inline(__always) mutating func compareAndSwap<T: FixedWidthInteger>(
    _ type: T.Type, _ expected: W, _ new: W, _ address: W
  ) throws(Exit) -> W {
    let (a, e, n) = (UInt64(address), UInt64(expected), UInt64(new))
    switch T.bitWidth {
    case 8:
      return W(
        truncatingIfNeeded: try block.pointee.hart.takeUnretainedValue().compareAndSwap(Int8.self, e, n, a))
    case 16:
      return W(
        truncatingIfNeeded: try block.pointee.hart.takeUnretainedValue().compareAndSwap(Int16.self, e, n, a))
    case 32:
      return W(
        truncatingIfNeeded: try block.pointee.hart.takeUnretainedValue().compareAndSwap(Int32.self, e, n, a))
    default:
      return W(
        truncatingIfNeeded: try block.pointee.hart.takeUnretainedValue().compareAndSwap(Int64.self, e, n, a))
    }
  }

  @inline(never) mutating func compareAndSwapPair(_ i: Operation) throws(Exit) {
    state.pointee.pc = pc
    try block.pointee.hart.takeUnretainedValue().compareAndSwapPair(i, UInt64(self[x: Int(i.rs1)]))
  }
}
