// Unsafe pointers: `cursor` points into a `CodeMemory`; who emits makes sure that there is room.

/// A host register by its number in instruction encodings.
struct HostRegister: Equatable {
  let number: Int
  @inline(__always) init(_ number: Int) { self.number = number }

  @inline(__always) static var rax: HostRegister { .init(0) }
  @inline(__always) static var rcx: HostRegister { .init(1) }
  @inline(__always) static var rdx: HostRegister { .init(2) }
  @inline(__always) static var rbx: HostRegister { .init(3) }
  @inline(__always) static var rsp: HostRegister { .init(4) }
  @inline(__always) static var rbp: HostRegister { .init(5) }
  @inline(__always) static var rsi: HostRegister { .init(6) }
  @inline(__always) static var rdi: HostRegister { .init(7) }
  @inline(__always) static var r8: HostRegister { .init(8) }
  @inline(__always) static var r9: HostRegister { .init(9) }
  @inline(__always) static var r10: HostRegister { .init(10) }
  @inline(__always) static var r11: HostRegister { .init(11) }
  @inline(__always) static var r12: HostRegister { .init(12) }
  @inline(__always) static var r13: HostRegister { .init(13) }
  @inline(__always) static var r14: HostRegister { .init(14) }
  @inline(__always) static var r15: HostRegister { .init(15) }
}

/// The two-operand arithmetic group: opcode `8n + 3` with a register, `/n` with an immediate.
enum Arithmetic: Int {
  case add = 0
  case or = 1
  case addWithCarry = 2
  case subtractWithBorrow = 3
  case and = 4
  case subtract = 5
  case exclusiveOr = 6
  case compare = 7

  @inline(__always) var opcode: Int { rawValue << 3 | 3 }
}

/// Conditions as `jcc` and `setcc` encode them; the lowest bit negates.
struct HostCondition: Equatable {
  let code: Int
  @inline(__always) init(_ code: Int) { self.code = code }

  @inline(__always) static var overflow: HostCondition { .init(0) }
  @inline(__always) static var below: HostCondition { .init(2) }
  @inline(__always) static var aboveOrEqual: HostCondition { .init(3) }
  @inline(__always) static var equal: HostCondition { .init(4) }
  @inline(__always) static var notEqual: HostCondition { .init(5) }
  @inline(__always) static var above: HostCondition { .init(7) }
  @inline(__always) static var sign: HostCondition { .init(8) }
  @inline(__always) static var notSign: HostCondition { .init(9) }
  @inline(__always) static var parity: HostCondition { .init(10) }
  @inline(__always) static var notParity: HostCondition { .init(11) }
  @inline(__always) static var less: HostCondition { .init(12) }
  @inline(__always) static var greater: HostCondition { .init(15) }
  @inline(__always) var negated: HostCondition { .init(code ^ 1) }
}

/// Host opcodes that take a register and a register or memory operand; above 0xff with the 0x0f escape.
enum Opcodes {
  static let store = 0x89
  static let store8 = 0x88
  static let storeImmediate = 0xc7
  static let storeImmediate8 = 0xc6
  static let load = 0x8b
  static let address = 0x8d
  static let loadSigned32 = 0x63
  static let loadSigned16 = 0x0fbf
  static let loadSigned8 = 0x0fbe
  static let loadUnsigned16 = 0x0fb7
  static let loadUnsigned8 = 0x0fb6
  static let multiply = 0x0faf
  static let test = 0x85
  static let exchange = 0x87
  static let exchangeAdd = 0x0fc1
  static let compareExchange = 0x0fb1
  static let scanForward = 0x0fbc
  static let scanReverse = 0x0fbd
  static func move(if condition: HostCondition) -> Int { 0x0f40 | condition.code }
  /// `/digit` selects the operation.
  static let unary = 0xf7
  static let shift = 0xd3
  static let indirect = 0xff
}

/// Writes x86-64 instructions at a cursor. Each method writes one instruction.
struct Assembler {
  var cursor: UnsafeMutableRawPointer
  /// From where code is written to where it runs.
  let distance: Int

  /// Where the next instruction will run.
  @inline(__always) var address: Int { Int(bitPattern: cursor) &+ distance }

  // MARK: Bytes

  @inline(__always) mutating func byte(_ v: Int) {
    cursor.storeBytes(of: UInt8(truncatingIfNeeded: v), as: UInt8.self)
    cursor += 1
  }
  @inline(__always) mutating func long(_ v: Int) {
    cursor.storeBytes(of: Int32(truncatingIfNeeded: v), as: Int32.self)
    cursor += 4
  }
  @inline(__always) mutating func quad(_ v: Int64) {
    cursor.storeBytes(of: v, as: Int64.self)
    cursor += 8
  }

  // MARK: Encodings (Intel SDM, volume 2, chapter 2)

  @inline(__always) private mutating func prefix(_ opcode: Int, _ rex: Int, _ force: Bool = false) {
    if rex != 0x40 || force { byte(rex) }
    if opcode > 0xff { byte(opcode >> 8) }
    byte(opcode)
  }

  /// Register with register.
  @inline(__always) mutating func registers(
    _ opcode: Int, _ reg: HostRegister, _ rm: HostRegister, wide: Bool = true
  ) {
    prefix(opcode, 0x40 | (wide ? 8 : 0) | (reg.number >> 3) << 2 | rm.number >> 3)
    byte(0xc0 | (reg.number & 7) << 3 | rm.number & 7)
  }

  /// Register with memory at base and displacement.
  @inline(__always) mutating func memory(
    _ opcode: Int, _ reg: HostRegister, _ base: HostRegister, _ displacement: Int, wide: Bool = true
  ) {
    prefix(opcode, 0x40 | (wide ? 8 : 0) | (reg.number >> 3) << 2 | base.number >> 3)
    operand(reg.number, base, displacement)
  }

  @inline(__always) mutating func operand(_ reg: Int, _ base: HostRegister, _ displacement: Int) {
    let low = base.number & 7
    let fields = (reg & 7) << 3 | low
    let isShort = displacement >= -128 && displacement < 128
    if displacement == 0 && low != 5 { byte(fields) } else { byte((isShort ? 0x40 : 0x80) | fields) }
    if low == 4 { byte(0x24) }
    if displacement == 0 && low != 5 { return }
    if isShort { byte(displacement) } else { long(displacement) }
  }

  /// The same for registers of any width, and with a prefix for the segment gs.
  @inline(__always) mutating func data(
    _ opcode: Int, _ reg: HostRegister, _ base: HostRegister, _ displacement: Int, inSegment: Bool,
    wide: Bool,
    half: Bool, isByte: Bool
  ) {
    if inSegment { byte(0x65) }
    if half { byte(0x66) }
    let rex = 0x40 | (wide ? 8 : 0) | (reg.number >> 3) << 2 | base.number >> 3
    prefix(opcode, rex, isByte && reg.number >= 4)
    operand(reg.number, base, displacement)
  }

  /// Register with memory at base plus scaled index plus displacement.
  @inline(__always) mutating func indexed(
    _ opcode: Int, _ reg: HostRegister, _ base: HostRegister, _ index: HostRegister, scale: Int = 0,
    displacement: Int = 0, wide: Bool = true, half: Bool = false, isByte: Bool = false
  ) {
    if half { byte(0x66) }
    let rex = 0x40 | (wide ? 8 : 0) | (reg.number >> 3) << 2 | (index.number >> 3) << 1 | base.number >> 3
    // Byte registers 4–7 are spl–dil only with a REX prefix.
    prefix(opcode, rex, isByte && reg.number >= 4)
    indexedOperand(reg.number, base, index, scale, displacement)
  }

  @inline(__always) mutating func indexedOperand(
    _ reg: Int, _ base: HostRegister, _ index: HostRegister, _ scale: Int, _ displacement: Int
  ) {
    let field = (reg & 7) << 3 | 4
    let sib = scale << 6 | (index.number & 7) << 3 | base.number & 7
    if displacement == 0 && base.number & 7 != 5 {
      byte(field)
      byte(sib)
    } else if displacement >= -128 && displacement < 128 {
      byte(0x40 | field)
      byte(sib)
      byte(displacement)
    } else {
      byte(0x80 | field)
      byte(sib)
      long(displacement)
    }
  }

  // MARK: Moves

  @inline(__always) mutating func move(_ d: HostRegister, _ s: HostRegister) {
    if d != s { registers(Opcodes.load, d, s) }
  }

  mutating func move(_ d: HostRegister, immediate v: Int64) {
    if v == 0 {
      registers(Arithmetic.exclusiveOr.opcode, d, d, wide: false)
    } else if v > 0 && v <= 0xffff_ffff {
      if d.number >= 8 { byte(0x41) }
      byte(0xb8 | d.number & 7)
      long(Int(truncatingIfNeeded: v))
    } else {
      byte(0x48 | d.number >> 3)
      if v >= -0x8000_0000 && v < 0 {
        byte(0xc7)
        byte(0xc0 | d.number & 7)
        long(Int(v))
      } else {
        byte(0xb8 | d.number & 7)
        quad(v)
      }
    }
  }

  /// An address in the code memory, relative to the instruction.
  mutating func loadAddress(_ d: HostRegister, _ target: Int) {
    byte(0x48 | (d.number >> 3) << 2)
    byte(Opcodes.address)
    byte(0x05 | (d.number & 7) << 3)
    long(target &- (address &+ 4))
  }

  // MARK: Arithmetic

  @inline(__always) mutating func arithmetic(
    _ operation: Arithmetic, _ d: HostRegister, immediate v: Int, wide: Bool = true
  ) {
    let isShort = v >= -128 && v < 128
    prefix(isShort ? 0x83 : 0x81, 0x40 | (wide ? 8 : 0) | d.number >> 3)
    byte(0xc0 | operation.rawValue << 3 | d.number & 7)
    if isShort { byte(v) } else { long(v) }
  }

  @inline(__always) mutating func arithmetic(
    _ operation: Arithmetic, _ base: HostRegister, _ displacement: Int, immediate v: Int
  ) {
    let isShort = v >= -128 && v < 128
    memory(isShort ? 0x83 : 0x81, HostRegister(operation.rawValue), base, displacement)
    if isShort { byte(v) } else { long(v) }
  }

  /// A quadword, from 32 bits with their sign.
  mutating func store(immediate v: Int, _ base: HostRegister, _ displacement: Int) {
    memory(0xc7, HostRegister(0), base, displacement)
    long(v)
  }

  /// d = s plus a displacement of one or four bytes, which is written later, at what is returned.
  mutating func loadAddress(_ d: HostRegister, _ s: HostRegister, displacementBytes: Int)
    -> UnsafeMutableRawPointer
  {
    byte(0x48 | (d.number >> 3) << 2 | s.number >> 3)
    byte(Opcodes.address)
    byte((displacementBytes == 4 ? 0x80 : 0x40) | (d.number & 7) << 3 | s.number & 7)
    if s.number & 7 == 4 { byte(0x24) }
    if displacementBytes == 4 { long(0) } else { byte(0) }
    return cursor - displacementBytes
  }

  /// `digit`: 4 left, 5 right, 7 arithmetic right, 0 and 1 rotations.
  @inline(__always) mutating func shift(_ digit: Int, _ d: HostRegister, immediate v: Int, wide: Bool) {
    prefix(0xc1, 0x40 | (wide ? 8 : 0) | d.number >> 3)
    byte(0xc0 | digit << 3 | d.number & 7)
    byte(v)
  }

  @inline(__always) mutating func swapBytes(_ d: HostRegister, wide: Bool) {
    byte(0x40 | (wide ? 8 : 0) | d.number >> 3)
    byte(0x0f)
    byte(0xc8 | d.number & 7)
  }

  /// The signed rax (eax) doubled in width into rdx.
  @inline(__always) mutating func extendAccumulator(wide: Bool) {
    if wide { byte(0x48) }
    byte(0x99)
  }

  /// 1 or 0 into the whole of `d`.
  @inline(__always) mutating func set(_ condition: HostCondition, _ d: HostRegister) {
    byte(0x0f)
    byte(0x90 | condition.code)
    byte(0xc0)
    registers(Opcodes.loadUnsigned8, d, .rax, wide: false)
  }

  // MARK: The control of floating point

  mutating func loadControl(_ base: HostRegister, _ displacement: Int) {
    memory(0x0fae, HostRegister(2), base, displacement, wide: false)
  }

  mutating func storeControl(_ base: HostRegister, _ displacement: Int) {
    memory(0x0fae, HostRegister(3), base, displacement, wide: false)
  }

  // MARK: Jumps; `target` is where the target runs

  @inline(__always) mutating func jump(to target: Int) {
    byte(0xe9)
    long(target &- (address &+ 4))
  }

  @inline(__always) mutating func jump(_ condition: HostCondition, to target: Int) {
    byte(0x0f)
    byte(0x80 | condition.code)
    long(target &- (address &+ 4))
  }

  /// A conditional jump to be completed by `complete`; where its distance is written.
  @inline(__always) mutating func jump(_ condition: HostCondition) -> UnsafeMutableRawPointer {
    byte(0x0f)
    byte(0x80 | condition.code)
    long(0)
    return cursor - 4
  }

  @inline(__always) mutating func jump() -> UnsafeMutableRawPointer {
    byte(0xe9)
    long(0)
    return cursor - 4
  }

  /// A call to be completed by `complete`.
  @inline(__always) mutating func call() -> UnsafeMutableRawPointer {
    byte(0xe8)
    long(0)
    return cursor - 4
  }

  @inline(__always) mutating func call(_ target: Int) {
    byte(0xe8)
    long(target &- (address &+ 4))
  }

  mutating func push(_ r: HostRegister) {
    if r.number >= 8 { byte(0x41) }
    byte(0x50 | r.number & 7)
  }

  mutating func pop(_ r: HostRegister) {
    if r.number >= 8 { byte(0x41) }
    byte(0x58 | r.number & 7)
  }

  /// Lets the jump whose distance is at `site` go to `target`.
  @inline(__always) func complete(_ site: UnsafeMutableRawPointer, to target: Int) {
    let next = Int(bitPattern: site) &+ distance &+ 4
    site.storeBytes(of: Int32(truncatingIfNeeded: target &- next), as: Int32.self)
  }

  @inline(__always) func completeHere(_ site: UnsafeMutableRawPointer) { complete(site, to: address) }
}
