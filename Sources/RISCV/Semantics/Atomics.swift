/// RISC-V Unprivileged, chapters 14 (A), 17 (Zacas) and 18 (Zabha).
extension Executor {
  @inlinable @inline(__always) public mutating func lr<T: FixedWidthInteger>(_ t: T.Type, _ i: Operation)
    throws(Trap)
  {
    self[x: i.rd] = try loadReserved(t, a(i))
  }
  @inlinable @inline(__always) public mutating func sc<T: FixedWidthInteger>(_ t: T.Type, _ i: Operation)
    throws(Trap)
  {
    self[x: i.rd] = try storeConditional(t, b(i), a(i))
  }
  @inlinable @inline(__always) public mutating func amo<T: FixedWidthInteger>(
    _ operation: AtomicOperation, _ t: T.Type, _ i: Operation
  ) throws(Trap) {
    self[x: i.rd] = try exchange(operation, t, b(i), a(i))
  }
  @inlinable @inline(__always) public mutating func amocas<T: FixedWidthInteger>(_ t: T.Type, _ i: Operation)
    throws(Trap)
  {
    self[x: i.rd] = try compareAndSwap(t, self[x: i.compared], b(i), a(i))
  }
  /// On RV32 a register pair.
  @inlinable @inline(__always) public mutating func amocasDouble(_ i: Operation) throws(Trap) {
    if Self.width == 32 { try compareAndSwapPair(i) } else { try amocas(Int64.self, i) }
  }
}
