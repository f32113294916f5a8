import RISCV

/// Loads, stores and atomics through the hart's lookaside; whatever it does not serve (faults, devices,
/// misaligned addresses, pages with code) is the interpreter's.
extension Emitter {
  @inline(__always) mutating func load<T: FixedWidthInteger>(_ type: T.Type, _ address: Term) -> Term {
    emission.pointee.look(up: address, T.bitWidth / 8, .load)
    let (opcode, wide): (Int, Bool) =
      switch (T.bitWidth, T.isSigned) {
      case (8, true): (Opcodes.loadSigned8, true)
      case (8, false): (Opcodes.loadUnsigned8, false)
      case (16, true): (Opcodes.loadSigned16, true)
      case (16, false): (Opcodes.loadUnsigned16, false)
      case (32, true): (Opcodes.loadSigned32, true)
      case (32, false): (Opcodes.load, false)
      default: (Opcodes.load, true)
      }
    return emission.pointee.loaded(opcode, wide: wide, emission)
  }

  @inline(__always) mutating func store<T: FixedWidthInteger>(_ type: T.Type, _ value: Term, _ address: Term)
  {
    emission.pointee.store(value.leaf, value.immediate, address, T.bitWidth / 8)
  }

  // MARK: Atomics

  @inline(__always) mutating func exchange<T: FixedWidthInteger>(
    _ operation: AtomicOperation, _ type: T.Type, _ operand: Term, _ address: Term
  ) -> Term {
    guard operation == .add || operation == .swap, T.bitWidth >= 32 else { return emission.pointee.leave() }
    return emission.pointee.exchange(
      operation, operand.leaf, operand.immediate, address, wide: T.bitWidth == 64, emission)
  }

  mutating func loadReserved<T: FixedWidthInteger>(_ type: T.Type, _ address: Term) -> Term {
    emission.pointee.leave()
  }
  mutating func storeConditional<T: FixedWidthInteger>(_ type: T.Type, _ value: Term, _ address: Term) -> Term
  {
    emission.pointee.leave()
  }
  mutating func compareAndSwap<T: FixedWidthInteger>(
    _ type: T.Type, _ expected: Term, _ new: Term, _ address: Term
  ) -> Term {
    emission.pointee.leave()
  }
  mutating func compareAndSwapPair(_ i: Operation) { _ = emission.pointee.leave() }
}

extension Emission {
  enum Access: Int {
    /// Offsets of the tags in a `LookasideEntry`.
    case load = 0
    case store = 8
  }

  /// Bits of an address that choose the entry, 32 bytes each.
  private static var indexMask: Int { (TranslationLookaside.entryCount - 1) * 32 }

  /// Finds the host address, the sum of rax and rcx, or leaves. Uses rdx.
  @inline(never) mutating func look(up address: Term, _ width: Int, _ access: Access) {
    compute(address, .rax)
    assembler.registers(Opcodes.load, .rcx, .rax, wide: false)
    assembler.shift(5, .rcx, immediate: 7, wide: false)
    assembler.arithmetic(.and, .rcx, immediate: Self.indexMask, wide: false)
    assembler.memory(Arithmetic.add.opcode, .rcx, .rbp, HartState.Offset.table - 128)
    assembler.registers(Opcodes.load, .rdx, .rax)
    // The low bits stay: a misaligned address equals no tag.
    assembler.arithmetic(.and, .rdx, immediate: ~0xfff | (width - 1))
    assembler.memory(Arithmetic.compare.opcode, .rdx, .rcx, access.rawValue)
    leave(if: .notEqual)
    assembler.memory(Opcodes.load, .rcx, .rcx, 16)
  }

  @inline(__always) func loaded(_ opcode: Int, wide: Bool, _ emission: UnsafeMutablePointer<Emission>) -> Term
  {
    Term(
      bits: UInt64(Term.Form.memory.rawValue) | (wide ? Term.wideBit : 0) | UInt64(opcode) << 40,
      immediate: Int64(Int(bitPattern: assembler.cursor)), emission: emission)
  }

  @inline(never) mutating func store(_ value: Leaf, _ immediate: Int64, _ address: Term, _ width: Int) {
    look(up: address, width, .store)
    let s = source(value, immediate, .rdx, true)
    put(s, width)
  }

  /// Stores a register's low `width` bytes at rax + rcx.
  mutating func put(_ s: HostRegister, _ width: Int) {
    assembler.indexed(
      width == 1 ? Opcodes.store8 : Opcodes.store, s, .rax, .rcx, wide: width == 8, half: width == 2,
      isByte: width == 1)
  }

  /// The old value in rdx.
  @inline(never) mutating func exchange(
    _ operation: AtomicOperation, _ operand: Leaf, _ immediate: Int64, _ address: Term, wide: Bool,
    _ emission: UnsafeMutablePointer<Emission>
  ) -> Term {
    look(up: address, wide ? 8 : 4, .store)
    let s = source(operand, immediate, .rdx, wide)
    assembler.move(.rdx, s)
    if operation == .add { assembler.byte(0xf0) }  // lock; xchg locks by itself
    assembler.indexed(
      operation == .add ? Opcodes.exchangeAdd : Opcodes.exchange, .rdx, .rax, .rcx, wide: wide)
    let result = Term(
      Leaf(.host, HostRegister.rdx.number), immediate: Int64(Int(bitPattern: assembler.cursor)), emission)
    return wide
      ? result
      : Term(
        bits: result.bits & ~Term.wideBit | Term.signBit, immediate: result.immediate, emission: emission)
  }
}
