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
    emission.pointee.exchange(
      operation, operand.leaf, operand.immediate, address, T.bitWidth / 8, emission)
  }

  @inline(__always) mutating func loadReserved<T: FixedWidthInteger>(_ type: T.Type, _ address: Term) -> Term
  {
    emission.pointee.loadReserved(address, wide: T.bitWidth == 64, emission)
  }

  @inline(__always) mutating func storeConditional<T: FixedWidthInteger>(
    _ type: T.Type, _ value: Term, _ address: Term
  ) -> Term {
    emission.pointee.storeConditional(value.leaf, address, wide: T.bitWidth == 64, emission)
  }

  @inline(__always) mutating func compareAndSwap<T: FixedWidthInteger>(
    _ type: T.Type, _ expected: Term, _ new: Term, _ address: Term
  ) -> Term {
    emission.pointee.compareAndSwap(expected.leaf, new.leaf, address, T.bitWidth / 8, emission)
  }
  mutating func compareAndSwapPair(_ i: Operation) { emission.pointee.compareAndSwapPair(i, a(i)) }
}

extension Emission {
  enum Access: Int {
    /// Offsets of the tags in a `LookasideEntry`.
    case load = 0
    case store = 8
  }

  /// Finds the host address, the sum of rax and rcx, in the lookaside, or leaves. Uses rdx. The access lies in
  /// one page; it is aligned where `isAtomic`.
  @inline(never) mutating func lookEntry(
    up address: Term, _ width: Int, _ access: Access, isAtomic: Bool = false
  ) {
    findEntry(address, width, access, isAtomic)
    findDelta()
    dataBase = .rax
    dataDisplacement = 0
  }

  /// Finds the lookaside entry of an address, in rcx, or leaves; the address is in rax. Uses rdx. Where accesses are
  /// direct there is no entry, and only what is not aligned leaves.
  private mutating func findEntry(_ address: Term, _ width: Int, _ access: Access, _ isAtomic: Bool) {
    if direct != nil {
      compute(address, .rax)
      noteSite()
      guard isAtomic, width > 1 else { return }
      // test al, width - 1
      assembler.byte(0xa8)
      assembler.byte(width - 1)
      leave(if: .notEqual)
      return
    }
    compareTag(address, width, access, isAtomic)
    leave(if: .notEqual)
  }

  /// Equal where there is such an entry.
  mutating func compareTag(_ address: Term, _ width: Int, _ access: Access, _ isAtomic: Bool) {
    compute(address, .rax)
    assembler.findEntry(.rcx, of: .rax)
    // The tag is the address of the page's last byte: the access's last byte must be in the page, too.
    if width == 1 {
      assembler.registers(Opcodes.load, .rdx, .rax)
    } else {
      assembler.memory(Opcodes.address, .rdx, .rax, width - 1)
    }
    assembler.arithmetic(.or, .rdx, immediate: isAtomic ? 0xfff & ~(width - 1) : 0xfff)
    assembler.memory(Arithmetic.compare.opcode, .rdx, .rcx, access.rawValue)
  }

  @inline(__always) func loaded(_ opcode: Int, wide: Bool, _ emission: UnsafeMutablePointer<Emission>) -> Term
  {
    Term(
      bits: UInt64(Term.Form.memory.rawValue) | (wide ? Term.wideBit : 0) | UInt64(opcode) << 40,
      immediate: Int64(Int(bitPattern: assembler.cursor)), emission: emission)
  }

  @inline(never) mutating func store(_ value: Leaf, _ immediate: Int64, _ address: Term, _ width: Int) {
    if isCareful { return storeCarefully(value, immediate, address, width) }
    look(up: address, width, .store)
    if value.isZero { return putZero(width) }
    let s = source(value, immediate, .rdx, true)
    put(s, width)
  }

  /// An instruction with a register, or the digit of its opcode, and the memory that `look` found.
  mutating func access(
    _ opcode: Int, _ register: HostRegister, wide: Bool, half: Bool = false, isByte: Bool = false
  ) {
    if let direct {
      assembler.data(
        opcode, register, dataBase, dataDisplacement, inSegment: direct.usesSegment, wide: wide, half: half,
        isByte: isByte)
    } else {
      assembler.indexed(
        opcode, register, dataBase, .rcx, displacement: dataDisplacement, wide: wide, half: half,
        isByte: isByte)
    }
  }

  /// Stores zero where `look` found.
  private mutating func putZero(_ width: Int) {
    access(
      width == 1 ? Opcodes.storeImmediate8 : Opcodes.storeImmediate, HostRegister(0), wide: width == 8,
      half: width == 2)
    for _ in 0..<min(width, 4) { assembler.byte(0) }
  }

  /// Stores a register's low `width` bytes where `look` found.
  mutating func put(_ s: HostRegister, _ width: Int) {
    access(
      width == 1 ? Opcodes.store8 : Opcodes.store, s, wide: width == 8, half: width == 2, isByte: width == 1)
  }

  // MARK: Atomics

  /// The opcode for a width, of which what precedes it is written: that of bytes is one less.
  private mutating func sized(_ opcode: Int, _ width: Int) -> Int {
    if width == 2 { assembler.byte(0x66) }
    return width == 1 ? opcode - 1 : opcode
  }

  /// A value of `width` bytes in rax or rdx.
  private mutating func result(
    _ register: HostRegister, _ width: Int, _ emission: UnsafeMutablePointer<Emission>
  ) -> Term {
    if width < 4 {
      assembler.registers(width == 1 ? Opcodes.loadSigned8 : Opcodes.loadSigned16, register, register)
    }
    return result(register, wide: width != 4, emission)
  }

  /// A value in a host register right after the operation that made it.
  private func result(
    _ register: HostRegister, wide: Bool, _ emission: UnsafeMutablePointer<Emission>
  ) -> Term {
    let result = Term(
      Leaf(.host, register.number), immediate: Int64(Int(bitPattern: assembler.cursor)), emission)
    return wide
      ? result
      : Term(
        bits: result.bits & ~Term.wideBit | Term.signBit, immediate: result.immediate, emission: emission)
  }

  @inline(never) mutating func exchange(
    _ operation: AtomicOperation, _ operand: Leaf, _ immediate: Int64, _ address: Term, _ width: Int,
    _ emission: UnsafeMutablePointer<Emission>
  ) -> Term {
    let wide = width == 8
    lookEntry(up: address, width, .store, isAtomic: true)
    if operation == .add || operation == .swap {
      assembler.move(.rdx, source(operand, immediate, .rdx, wide))
      if operation == .swap && isAlone { return swapAlone(width, emission) }
      // xchg locks by itself.
      if operation == .add { lock() }
      let opcode = sized(operation == .add ? Opcodes.exchangeAdd : Opcodes.exchange, width)
      assembler.indexed(opcode, .rdx, .rax, .rcx, wide: wide)
      return result(.rdx, width, emission)
    }
    // Until nobody came between: rax the old value, rdx the new one.
    assembler.registers(Arithmetic.add.opcode, .rcx, .rax)
    let load =
      width == 1 ? Opcodes.loadUnsigned8 : width == 2 ? Opcodes.loadUnsigned16 : Opcodes.load
    assembler.memory(load, .rax, .rcx, 0, wide: wide)
    let again = assembler.address
    switch operation {
    case .and: combine(Arithmetic.and.opcode, operand, wide)
    case .or: combine(Arithmetic.or.opcode, operand, wide)
    case .xor: combine(Arithmetic.exclusiveOr.opcode, operand, wide)
    case .min: chooseOld(.less, operand, width)
    case .max: chooseOld(.greater, operand, width)
    case .minUnsigned: chooseOld(.below, operand, width)
    default: chooseOld(.above, operand, width)
    }
    lock()
    assembler.memory(sized(Opcodes.compareExchange, width), .rdx, .rcx, 0, wide: wide)
    assembler.jump(.notEqual, to: again)
    return result(.rax, width, emission)
  }

  /// Makes the next instruction atomic for everybody, where there is somebody.
  private mutating func lock() {
    if !isAlone { assembler.byte(0xf0) }
  }

  /// rdx and memory change places where nobody looks between.
  private mutating func swapAlone(_ width: Int, _ emission: UnsafeMutablePointer<Emission>) -> Term {
    assembler.registers(Arithmetic.add.opcode, .rcx, .rax)
    let load = width == 1 ? Opcodes.loadUnsigned8 : width == 2 ? Opcodes.loadUnsigned16 : Opcodes.load
    assembler.memory(load, .rax, .rcx, 0, wide: width == 8)
    assembler.memory(sized(Opcodes.store, width), .rdx, .rcx, 0, wide: width == 8)
    return result(.rax, width, emission)
  }

  private mutating func combine(_ opcode: Int, _ operand: Leaf, _ wide: Bool) {
    assembler.registers(Opcodes.load, .rdx, .rax, wide: wide)
    if operand.isZero {
      if opcode == Arithmetic.and.opcode { assembler.move(.rdx, immediate: 0) }
    } else if let s = place(operand) {
      assembler.registers(opcode, .rdx, s, wide: wide)
    } else {
      memory(opcode, .rdx, operand, wide)
    }
  }

  /// The operand into rdx, or the old value where that compares so with it.
  private mutating func chooseOld(_ condition: HostCondition, _ operand: Leaf, _ width: Int) {
    let wide = width == 8
    assembler.move(.rdx, source(operand, 0, .rdx, wide))
    assembler.registers(sized(Arithmetic.compare.opcode, width), .rax, .rdx, wide: wide)
    assembler.registers(Opcodes.move(if: condition), .rdx, .rax, wide: wide)
  }

  /// Where data is from its address, into rcx, which has the entry.
  private mutating func findDelta() {
    if let direct {
      assembler.move(.rcx, immediate: Int64(direct.base))
    } else {
      assembler.memory(Opcodes.load, .rcx, .rcx, 16)
    }
  }

  /// The physical address of what lies at the address in rax, whose entry is in rcx, into rdx.
  private mutating func findPhysical() {
    if direct != nil { return assembler.move(.rdx, .rax) }
    assembler.registers(Opcodes.load, .rdx, .rax, wide: false)
    assembler.arithmetic(.and, .rdx, immediate: 0xfff, wide: false)
    assembler.memory(Arithmetic.or.opcode, .rdx, .rcx, 24)
  }

  @inline(never) mutating func loadReserved(
    _ address: Term, wide: Bool, _ emission: UnsafeMutablePointer<Emission>
  ) -> Term {
    typealias Offset = HartState.Offset
    let width = wide ? 8 : 4
    findEntry(address, width, .load, true)
    findPhysical()
    assembler.memory(Opcodes.store, .rdx, .rbp, Offset.reservation - 128)
    findDelta()
    assembler.store(immediate: width, .rbp, Offset.reservedWidth - 128)
    assembler.indexed(Opcodes.load, .rdx, .rax, .rcx, wide: wide)
    assembler.memory(Opcodes.store, .rdx, .rbp, Offset.reservedValue - 128)
    return result(.rdx, wide: wide, emission)
  }

  @inline(never) mutating func storeConditional(
    _ value: Leaf, _ address: Term, wide: Bool, _ emission: UnsafeMutablePointer<Emission>
  ) -> Term {
    typealias Offset = HartState.Offset
    let width = wide ? 8 : 4
    findEntry(address, width, .store, true)
    findPhysical()
    assembler.memory(Arithmetic.compare.opcode, .rdx, .rbp, Offset.reservation - 128)
    let elsewhere: UnsafeMutableRawPointer = assembler.jump(.notEqual)
    assembler.arithmetic(.compare, .rbp, Offset.reservedWidth - 128, immediate: width)
    let narrower: UnsafeMutableRawPointer = assembler.jump(.notEqual)
    findDelta()
    assembler.registers(Arithmetic.add.opcode, .rcx, .rax)
    assembler.memory(Opcodes.load, .rax, .rbp, Offset.reservedValue - 128)
    let s = source(value, 0, .rdx, wide)
    lock()
    assembler.memory(Opcodes.compareExchange, s, .rcx, 0, wide: wide)
    assembler.completeHere(elsewhere)
    assembler.completeHere(narrower)
    // Not equal, wherever from: one.
    assembler.set(.notEqual, .rdx)
    assembler.store(immediate: -1, .rbp, Offset.reservation - 128)
    return result(.rdx, wide: true, emission)
  }

  @inline(never) mutating func compareAndSwap(
    _ expected: Leaf, _ new: Leaf, _ address: Term, _ width: Int, _ emission: UnsafeMutablePointer<Emission>
  ) -> Term {
    let wide = width == 8
    lookEntry(up: address, width, .store, isAtomic: true)
    assembler.registers(Arithmetic.add.opcode, .rcx, .rax)
    var s = source(new, 0, .rdx, wide)
    if width == 1 {
      // Of every register rdx has a byte.
      assembler.move(.rdx, s)
      s = .rdx
    }
    assembler.move(.rax, source(expected, 0, .rax, wide))
    lock()
    assembler.memory(sized(Opcodes.compareExchange, width), s, .rcx, 0, wide: wide)
    return result(.rax, width, emission)
  }

  /// amocas.q: register pairs, of which x0 is one of zeros.
  @inline(never) mutating func compareAndSwapPair(_ i: Operation, _ address: Term) {
    if !host.contains(.cx16) { isLeft = true }
    lookEntry(up: address, 16, .store, isAtomic: true)
    assembler.registers(Arithmetic.add.opcode, .rcx, .rax)
    if direct != nil {
      // A fault must find the registers as they are now: an addition of nothing has it.
      lock()
      assembler.arithmetic(.add, .rcx, 0, immediate: 0)
    }
    // cmpxchg16b wants rdx:rax and rcx:rbx, and an address somewhere else. All that it reads is on the stack
    // before a register changes.
    assembler.push(.rdi)
    assembler.push(.rbx)
    for (first, half) in [(i.rs2, 0), (i.rs2, 1), (i.compared, 1), (i.compared, 0)] {
      assembler.push(source(Leaf(.guest, first == 0 ? 0 : Int(first) + half), 0, .rax, true))
    }
    assembler.move(.rdi, .rcx)
    for register in [.rax, .rdx, .rcx, .rbx] as [HostRegister] { assembler.pop(register) }
    lock()
    assembler.memory(0x0fc7, HostRegister(1), .rdi, 0)
    assembler.pop(.rbx)
    assembler.pop(.rdi)
    if i.compared == 0 { return }
    for (half, register) in [(0, .rax), (1, .rdx)] as [(Int, HostRegister)] {
      write(Int(i.compared) + half, old(register))
    }
  }

  /// A doubleword in a host register as it is now.
  private func old(_ register: HostRegister) -> Term {
    let cursor = Int64(Int(bitPattern: assembler.cursor))
    return Term(
      bits: Term.wideBit | Leaf(.host, register.number).bits << 24, immediate: cursor, emission: nil)
  }

  /// cbo.zero of the 64 bytes around an address, where the hart may do so now.
  @inline(never) mutating func zeroBlock(_ address: Term) {
    assembler.arithmetic(.compare, .rbp, Frame.mayZeroBlocks, immediate: 0)
    leave(if: .equal)
    lookEntry(up: .operation(.and, address, Term(immediate: -64)), 8, .store)
    // pxor xmm0, xmm0; movups [rax + rcx + n], xmm0
    assembler.byte(0x66)
    assembler.registers(0x0fef, HostRegister(0), HostRegister(0), wide: false)
    for offset in [0, 16, 32, 48] {
      assembler.indexed(0x0f11, HostRegister(0), .rax, .rcx, displacement: offset, wide: false)
    }
  }
}
