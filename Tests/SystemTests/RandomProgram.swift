import RISCV
import TestSupport

/// Some twenty random instructions with the registers and memory that they begin with.
///
/// Two or three registers point into 256 bytes of data and are no instruction's destination; control
/// flow goes forward only; so every batch ends, whatever it computes. Exceptions are welcome.
struct Batch {
  /// An instruction; a jump's offset is filled in when the code is laid out.
  enum Item {
    case word(UInt32)
    /// One that belongs to the instruction before it: nothing jumps there.
    case glued(UInt32)
    /// Forward by so many instructions.
    case jump(UInt32, Operands, by: Int)
  }

  /// 32 or 64.
  let xlen: Int
  var items: [Item] = []
  var x: [UInt64]
  var f: [UInt64]
  var fcsr: UInt64
  var data: [UInt8]
  /// Registers that point to the start of the data (an `x8`–`x15`, and `sp`) and to its middle.
  let short: UInt32
  let middle: UInt32
  /// How far they are from there.
  let (shortSkew, stackSkew, middleSkew): (UInt64, UInt64, UInt64)

  var bases: Set<UInt32> { [short, middle, 2] }
  /// The same registers and data with the first `count` instructions only.
  func prefix(_ count: Int) -> Batch {
    var result = self
    result.items = Array(items.prefix(count))
    return result
  }
}

/// Makes batches from the table of instructions.
struct BatchMaker {
  /// What both emulators have; `cpu(xlen:)` is its spelling for the command line.
  static func extensions(xlen: Int) -> ExtensionSet { common.closed(xlen: xlen) }
  private static let common = ExtensionSet([
    .i, .m, .a, .f, .d, .c, .zicbom, .zicbop, .zicboz, .zicsr, .zifencei, .zihintpause, .zfa, .zba, .zbb,
    .zbc, .zbs, .zbkb, .zbkx, .zicond, .zacas, .zabha, .zfh, .zcb, .zimop, .zcmop,
  ])
  static func cpu(xlen: Int) -> String {
    "rv\(xlen),h=off,zbkb=on,zbkx=on,zicond=on,zacas=on,zabha=on,zfh=on,zcb=on,zimop=on,zcmop=on"
  }

  var numbers: SeededNumbers
  private let xlen: Int
  private let decoder: Decoder
  private let rows: [Instruction]

  init(seed: UInt64, xlen: Int) {
    numbers = SeededNumbers(seed: seed)
    self.xlen = xlen
    let extensions = Self.extensions(xlen: xlen)
    decoder = Decoder(extensions: extensions, xlen: xlen)
    // What changes privilege or waits is no matter for random code; `lr` comes in pairs, below.
    let left: Set<Opcode> = [
      .mret, .sret, .wfi, .wrs_nto, .wrs_sto, .sfence_vma, .lr_w, .lr_d, .jalr, .c_jalr,
    ]
    rows = Instruction.table.filter {
      $0.requirement.isMet(by: extensions, xlen: xlen) && !left.contains($0.opcode)
    }
  }

  mutating func batch(length: Int) -> Batch {
    let short = UInt32(8 + numbers.next() % 8)
    var middle = short
    while middle == short || middle == 2 { middle = UInt32(1 + numbers.next() % 31) }
    let isSkewed = numbers.oneIn(5)
    var batch = Batch(
      xlen: xlen, x: (0..<32).map { _ in integer() }, f: (0..<32).map { _ in float() },
      fcsr: numbers.next() % 5 << 5 | (numbers.oneIn(4) ? numbers.next() & 31 : 0),
      data: (0..<32).flatMap { _ in
        let value = numbers.oneIn(2) ? float() : integer()
        return (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
      },
      short: short, middle: middle, shortSkew: isSkewed ? numbers.next() & 7 : 0,
      stackSkew: isSkewed ? numbers.next() & 7 : 0, middleSkew: isSkewed ? numbers.next() & 15 : 0)
    while batch.items.count < length { append(&batch) }
    return batch
  }

  // MARK: Values

  private static let interesting: [UInt64] = [
    0, 1, 2, 3, 7, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000,
    0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_8000_0000,
    0xffff_ffff_7fff_ffff, 0xffff_ffff_ffff_ffff, 0xffff_ffff_ffff_fffe, 0x0123_4567_89ab_cdef,
  ]

  private mutating func integer() -> UInt64 {
    switch numbers.next() % 5 {
    case 0: Self.interesting.some(&numbers)
    case 1: UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: numbers.next())))
    case 2: numbers.next() >> (numbers.next() % 64)
    case 3: UInt64.max << (numbers.next() % 64) ^ (numbers.next() & 0xff)
    default: numbers.next()
    }
  }

  /// A floating-point register: a half, a single or a double, mostly boxed.
  private mutating func float() -> UInt64 {
    switch numbers.next() % 7 {
    case 0: numbers.next()
    case 1, 2: 0xffff_ffff_ffff_0000 | bits(exponent: 5, fraction: 10)
    case 3, 4: 0xffff_ffff_0000_0000 | bits(exponent: 8, fraction: 23)
    default: bits(exponent: 11, fraction: 52)
    }
  }

  private mutating func bits(exponent width: UInt64, fraction: UInt64) -> UInt64 {
    let (largest, bias) = (UInt64(1) << width - 1, UInt64(1) << (width - 1) - 1)
    let exponent: UInt64 =
      switch numbers.next() % 8 {
      case 0: 0
      case 1: largest
      case 2: 1 + numbers.next() % 2
      case 3: largest - 1 - numbers.next() % 2
      case 4: numbers.next() % (largest + 1)
      // Near one, and near where conversions to integers end.
      case 5: min(largest, bias + numbers.next() % 66)
      default: bias &- 4 + numbers.next() % 8
      }
    let all = UInt64(1) << fraction - 1
    let mantissa: UInt64 =
      switch numbers.next() % 6 {
      case 0: 0
      case 1: 1 << (numbers.next() % fraction)
      case 2: all
      case 3: all << (numbers.next() % fraction) & all
      default: numbers.next() & all
      }
    return (numbers.next() & 1) << (width + fraction) | exponent << fraction | mantissa
  }

  // MARK: Instructions

  private mutating func destination(_ batch: Batch) -> UInt32 {
    while true {
      let register = UInt32(numbers.next() & 31)
      if !batch.bases.contains(register) { return register }
    }
  }

  private mutating func base(_ batch: Batch) -> UInt32 { [batch.short, batch.middle, 2].some(&numbers) }

  private mutating func append(_ batch: inout Batch) {
    switch numbers.next() % 40 {
    case 0: reservedPair(&batch)
    case 1: indirectJump(&batch)
    default:
      let row = rows.some(&numbers)
      for _ in 0..<200 {
        if fill(row, &batch) { return }
      }
    }
  }

  /// Appends `row` with random operands; false where they came out as what they must not be.
  private mutating func fill(_ row: Instruction, _ batch: inout Batch) -> Bool {
    let random = UInt32(truncatingIfNeeded: numbers.next())
    var word = row.match | random & ~row.mask
    if row.length == 2 { word &= 0xffff }
    func set(_ low: UInt32, _ count: UInt32, _ value: UInt32) {
      let field: UInt32 = (1 << count - 1) << low
      word = word & ~field | value << low & field
    }
    func setImmediate(_ value: Int64) { set(20, 12, UInt32(truncatingIfNeeded: value)) }
    let offset = Int64(numbers.next() % 220) - 128
    switch row.operands {
    case .load, .floatLoad:
      // Now and then from anywhere: mostly an exception.
      if numbers.next() % 50 != 0 { set(15, 5, batch.middle) }
      setImmediate(offset)
    case .store, .floatStore:
      set(15, 5, batch.middle)
      set(7, 5, UInt32(truncatingIfNeeded: offset))
      set(25, 7, UInt32(truncatingIfNeeded: offset >> 5))
    case .atomic, .address: set(15, 5, base(batch))
    case .compareAndSwap:
      // QEMU 10.0 writes what it found into its constant zero where rd is x0, and goes on with that for
      // x0 up to the block's end; Guests/hart/atomics.S has the claim instead.
      if word >> 7 & 31 == 0 { return false }
      set(15, 5, base(batch))
      if numbers.oneIn(2), !loadComparison(word, &batch) { return false }
    case .csr, .csrImmediate: setImmediate(numbers.oneIn(12) ? 0x5c0 : Int64(1 + numbers.next() % 3))
    case .compressedLoadWord, .compressedLoadDouble, .compressedStoreWord, .compressedStoreDouble,
      .compressedFloatLoadWord, .compressedFloatStoreWord, .compressedFloatLoadDouble,
      .compressedFloatStoreDouble, .compressedLoadByte, .compressedLoadHalf, .compressedStoreByte,
      .compressedStoreHalf:
      set(7, 3, batch.short - 8)
    case .branch, .jump, .compressedJump, .compressedJumpAndLink, .compressedBranch:
      if row.operands == .compressedJumpAndLink, batch.bases.contains(1) { return false }
      let isLink = row.operands == .jump
      if isLink { set(7, 5, destination(batch)) }
      batch.items.append(.jump(word, row.operands, by: 1 + Int(numbers.next() % 6)))
      return true
    default: break
    }
    if row.mask & 0x7000 == 0, row.length == 4, row.opcode.isRounded {
      // Reserved modes raise illegal-instruction exceptions.
      set(12, 3, numbers.oneIn(40) ? 5 : [0, 1, 2, 3, 4, 7, 7].some(&numbers))
    }
    guard let made = decoder.instruction(word), made.mnemonic == row.mnemonic else { return false }
    let operation = decoder.decode(word)
    if row.operands.writesInteger {
      if batch.bases.contains(UInt32(operation.rd)) { return false }
      let isPair = row.opcode == .amocas_q || row.opcode == .amocas_d && xlen == 32
      if isPair, batch.bases.contains(UInt32(operation.rd) + 1) { return false }
    }
    if row.operands.isStackAccess, operation.immediate > 248 { return false }
    batch.items.append(.word(word))
    return true
  }

  /// What memory holds, into the register that a compare-and-swap compares with.
  private func loadComparison(_ word: UInt32, _ batch: inout Batch) -> Bool {
    let (rd, rs1, width) = (word >> 7 & 31, word >> 15 & 31, word >> 12 & 7)
    guard rd != 0, !batch.bases.contains(rd), rd < 31, !batch.bases.contains(rd + 1) else { return false }
    let widest: UInt32 = xlen == 64 ? 3 : 2
    batch.items.append(.word(Encoding.i(0x03, min(width, widest), rd, rs1, 0)))
    if width > widest { batch.items.append(.word(Encoding.i(0x03, widest, rd + 1, rs1, xlen / 8))) }
    return true
  }

  /// `lr`, something harmless, `sc`.
  private mutating func reservedPair(_ batch: inout Batch) {
    let (base, width) = (base(batch), UInt32(2 + (xlen == 64 ? numbers.next() % 2 : 0)))
    let order = { (numbers: inout SeededNumbers) in UInt32(numbers.next() & 3) << 25 }
    batch.items.append(
      .word(0x1000_002f | width << 12 | destination(batch) << 7 | base << 15 | order(&numbers)))
    if numbers.oneIn(2) {
      batch.items.append(.word(Encoding.i(0x13, 0, destination(batch), UInt32(numbers.next() & 31), 5)))
    }
    let source = UInt32(numbers.next() & 31)
    batch.items.append(
      .word(
        0x1800_002f | width << 12 | destination(batch) << 7 | base << 15 | source << 20 | order(&numbers)))
  }

  /// `auipc` and a jump through the register, by `jalr`, `c.jr` or `c.jalr`.
  private mutating func indirectJump(_ batch: inout Batch) {
    var register: UInt32 = 0
    while register == 0 { register = destination(batch) }
    batch.items.append(.word(0x17 | register << 7))
    let kind = batch.bases.contains(1) ? numbers.next() % 2 : numbers.next() % 3
    switch kind {
    case 0:
      batch.items.append(.glued(Encoding.i(0x67, 0, destination(batch), register, 8)))
    case 1:
      batch.items.append(.glued(Encoding.i(0x13, 0, register, register, 10)))
      batch.items.append(.glued(0x8002 | register << 7))
    default:
      batch.items.append(.glued(Encoding.i(0x13, 0, register, register, 10)))
      batch.items.append(.glued(0x9002 | register << 7))
    }
  }
}

extension Opcode {
  /// Has a rounding mode where the table leaves `funct3` open.
  var isRounded: Bool { "\(self)".hasPrefix("f") && self != .fence && self != .fence_i }
}

extension Operands {
  var writesInteger: Bool {
    switch self {
    case .none, .store, .branch, .address, .prefetch, .addressSpace, .fence, .floatLoad, .floatStore, .float,
      .floatRounded, .floatFused, .floatUnaryRounded, .integerToFloat, .integerMoveToFloat,
      .integerPairToFloat, .floatConstant, .compressedNone, .compressedNop, .compressedBranch,
      .compressedStoreWord, .compressedStoreDouble, .compressedFloatLoadWord, .compressedFloatLoadDouble,
      .compressedFloatStoreWord, .compressedFloatStoreDouble, .compressedStackStoreWord,
      .compressedStackStoreDouble, .compressedStackFloatLoadWord, .compressedStackFloatLoadDouble,
      .compressedStackFloatStoreWord, .compressedStackFloatStoreDouble, .compressedStoreByte,
      .compressedStoreHalf, .compressedMayBe, .raw:
      false
    default: true
    }
  }

  var isStackAccess: Bool {
    switch self {
    case .compressedStackLoadWord, .compressedStackLoadDouble, .compressedStackStoreWord,
      .compressedStackStoreDouble, .compressedStackFloatLoadWord, .compressedStackFloatStoreWord,
      .compressedStackFloatLoadDouble, .compressedStackFloatStoreDouble:
      true
    default: false
    }
  }
}

/// The formats of RISC-V Unprivileged, §2.2, as far as the tests write code themselves.
enum Encoding {
  static func r(_ major: UInt32, _ f3: UInt32, _ f7: UInt32, _ rd: UInt32, _ rs1: UInt32, _ rs2: UInt32)
    -> UInt32
  {
    major | rd << 7 | f3 << 12 | rs1 << 15 | rs2 << 20 | f7 << 25
  }
  static func i(_ major: UInt32, _ f3: UInt32, _ rd: UInt32, _ rs1: UInt32, _ value: Int) -> UInt32 {
    major | rd << 7 | f3 << 12 | rs1 << 15 | UInt32(truncatingIfNeeded: value) << 20
  }
  static func s(_ major: UInt32, _ f3: UInt32, _ rs1: UInt32, _ rs2: UInt32, _ value: Int) -> UInt32 {
    let v = UInt32(truncatingIfNeeded: value)
    return major | (v & 31) << 7 | f3 << 12 | rs1 << 15 | rs2 << 20 | (v >> 5 & 127) << 25
  }
  static func u(_ major: UInt32, _ rd: UInt32, _ upper: Int) -> UInt32 {
    major | rd << 7 | UInt32(truncatingIfNeeded: upper) << 12
  }
  /// The immediate of a branch or jump of this format, to be added to its other bits.
  static func offset(_ operands: Operands, _ value: Int) -> UInt32 {
    let v = UInt32(truncatingIfNeeded: value)
    func bits(_ high: UInt32, _ low: UInt32, _ place: UInt32) -> UInt32 {
      (v >> low & (1 << (high - low + 1) - 1)) << place
    }
    return switch operands {
    case .branch: bits(12, 12, 31) | bits(10, 5, 25) | bits(4, 1, 8) | bits(11, 11, 7)
    case .jump: bits(20, 20, 31) | bits(10, 1, 21) | bits(11, 11, 20) | bits(19, 12, 12)
    case .compressedBranch: bits(8, 8, 12) | bits(4, 3, 10) | bits(7, 6, 5) | bits(2, 1, 3) | bits(5, 5, 2)
    default:
      bits(11, 11, 12) | bits(4, 4, 11) | bits(9, 8, 9) | bits(10, 10, 8) | bits(6, 6, 7) | bits(7, 7, 6)
        | bits(3, 1, 3) | bits(5, 5, 2)
    }
  }
  /// Which bits that immediate takes.
  static func offsetMask(_ operands: Operands) -> UInt32 { offset(operands, -1) }
}
