import RISCV

/// A bare-metal program that runs batches one after the other and writes what they leave behind to the
/// serial port, as bytes: x1–x31, f0–f31, fcsr, the exceptions, and the data.
struct BatchImage {
  static let base: UInt64 = 0x8000_0000
  /// Bytes that a batch writes.
  static let resultSize = contextEnd - 8 + dataSize
  /// Exceptions of a batch that are kept with cause, value and pc; more are counted.
  static let keptTraps = 6
  /// How much fits within the reach of a jump back to the program's beginning.
  static let largest = 1_000_000

  private static let dataSize = 256
  // The context, in its own page: what is dumped, then what the program needs for itself.
  private static let context: UInt64 = base + 0x1000
  private static let (fcsr, trapCount, trapLog) = (512, 520, 528)
  private static let contextEnd = trapLog + keptTraps * 24
  private static let (current, saved) = (688, 696)
  // A record: registers, fcsr, the code's address, data.
  private static let records: UInt64 = base + 0x2000
  private static let (recordCode, recordData, recordSize) = (520, 576, 832)

  let bytes: [UInt8]
  /// 32 or 64: a narrow register's other half stays zero.
  let xlen: Int
  let batches: [Batch]
  /// The address of each batch's first instruction, and its code.
  private(set) var code: [(address: UInt64, words: [UInt32])] = []

  init(_ batches: [Batch]) {
    self.batches = batches
    var image = [UInt8](repeating: 0, count: 0x2000 + batches.count * Self.recordSize)
    func put(_ value: UInt64, _ place: Int) {
      for i in 0..<8 { image[place + i] = UInt8(truncatingIfNeeded: value >> (i * 8)) }
    }
    xlen = batches.first?.xlen ?? 64
    var runtime = Runtime(xlen: xlen)
    runtime.write(end: Self.records + UInt64(batches.count * Self.recordSize))
    for (index, word) in runtime.words.enumerated() {
      for i in 0..<4 { image[index * 4 + i] = UInt8(truncatingIfNeeded: word >> UInt32(i * 8)) }
    }
    for (index, batch) in batches.enumerated() {
      let record = 0x2000 + index * Self.recordSize
      let data = Self.base + UInt64(record + Self.recordData)
      var x = batch.x
      x[2] = data + batch.stackSkew
      x[Int(batch.short)] = data + batch.shortSkew
      x[Int(batch.middle)] = data + 128 + batch.middleSkew
      for i in 0..<32 {
        put(xlen == 64 ? x[i] : x[i] & 0xffff_ffff, record + i * 8)
        put(batch.f[i], record + 256 + i * 8)
      }
      put(batch.fcsr, record + Self.fcsr)
      let address = Self.base + UInt64(image.count)
      put(address, record + Self.recordCode)
      image.replaceSubrange(
        record + Self.recordData..<record + Self.recordData + Self.dataSize, with: batch.data)
      let words = Self.layOut(batch.items)
      for word in words {
        for i in 0..<(word & 3 == 3 ? 4 : 2) {
          image.append(UInt8(truncatingIfNeeded: word >> UInt32(i * 8)))
        }
      }
      code.append((address, words))
      let back = Int(runtime.finish) - Int(Self.base) - image.count
      let jump = 0x6f | Encoding.offset(.jump, back)
      for i in 0..<4 { image.append(UInt8(truncatingIfNeeded: jump >> UInt32(i * 8))) }
    }
    bytes = image
  }

  /// Fills in the offsets of jumps.
  private static func layOut(_ items: [Batch.Item]) -> [UInt32] {
    var places = [0]
    for item in items {
      let length =
        switch item {
        case .word(let word), .glued(let word), .jump(let word, _, _): word & 3 == 3 ? 4 : 2
        }
      places.append(places[places.count - 1] + length)
    }
    return items.enumerated().map { index, item in
      switch item {
      case .word(let word), .glued(let word): return word
      case .jump(let word, let operands, let distance):
        var target = min(index + distance, items.count)
        while target < items.count, case .glued = items[target] { target += 1 }
        return word & ~Encoding.offsetMask(operands)
          | Encoding.offset(operands, places[target] - places[index])
      }
    }
  }

  // MARK: The program around the batches

  private struct Runtime {
    let xlen: Int
    var words: [UInt32] = []
    var finish: UInt64 = 0
    private var here: UInt64 { BatchImage.base + UInt64(words.count * 4) }

    private static let (mstatus, mtvec, mscratch, mepc, mcause, mtval) = (
      0x300, 0x305, 0x340, 0x341, 0x342, 0x343
    )

    private mutating func addi(_ rd: UInt32, _ rs: UInt32, _ value: Int) {
      words.append(Encoding.i(0x13, 0, rd, rs, value))
    }
    private mutating func lui(_ rd: UInt32, _ value: Int) { words.append(Encoding.u(0x37, rd, value)) }
    // A register to and from its 64 bits of memory.
    private mutating func ld(_ rd: UInt32, _ rs: UInt32, _ value: Int) {
      words.append(Encoding.i(0x03, xlen == 64 ? 3 : 2, rd, rs, value))
    }
    private mutating func sd(_ source: UInt32, _ rs: UInt32, _ value: Int) {
      words.append(Encoding.s(0x23, xlen == 64 ? 3 : 2, rs, source, value))
    }
    private mutating func swap(_ rd: UInt32, _ csr: Int, _ rs: UInt32) {
      words.append(Encoding.i(0x73, 1, rd, rs, csr))
    }
    private mutating func read(_ rd: UInt32, _ csr: Int) { words.append(Encoding.i(0x73, 2, rd, 0, csr)) }
    private mutating func set(_ csr: Int, _ rs: UInt32) { words.append(Encoding.i(0x73, 2, 0, rs, csr)) }
    private mutating func less(_ a: UInt32, _ b: UInt32, to target: UInt64) {
      words.append(Encoding.r(0x63, 6, 0, 0, a, b) | Encoding.offset(.branch, Int(target) - Int(here)))
    }
    private mutating func address(_ rd: UInt32, _ target: UInt64) {
      let distance = Int(target) - Int(here)
      words.append(Encoding.u(0x17, rd, (distance + 0x800) >> 12))
      addi(rd, rd, distance & 0xfff)
    }

    mutating func write(end: UInt64) {
      let (context, record): (UInt32, UInt32) = (5, 31)
      // The handler's and the loop's addresses are known once they are written: the second time.
      var (handler, next) = (here, here)
      for _ in 0..<2 {
        words = []
        address(context, BatchImage.context)
        swap(0, Self.mscratch, context)
        address(6, handler)
        swap(0, Self.mtvec, 6)
        lui(6, 6)  // mstatus.FS
        set(Self.mstatus, 6)
        address(6, BatchImage.records)
        sd(6, context, BatchImage.current)

        next = here
        ld(record, context, BatchImage.current)
        for place in stride(from: BatchImage.trapCount, to: BatchImage.contextEnd, by: 8) {
          sd(0, context, place)
        }
        ld(6, record, BatchImage.fcsr)
        swap(0, 3, 6)
        for i in 0..<32 { words.append(Encoding.i(0x07, 3, UInt32(i), record, 256 + i * 8)) }
        ld(6, record, BatchImage.recordCode)
        swap(0, Self.mepc, 6)
        lui(7, 2)
        addi(7, 7, -0x800)  // mstatus.MPP
        set(Self.mstatus, 7)
        for i in 1..<32 { ld(UInt32(i), record, i * 8) }
        words.append(0x3020_0073)  // mret

        handler = here
        swap(31, Self.mscratch, 31)
        for (i, register) in [28, 29, 30].enumerated() { sd(UInt32(register), 31, BatchImage.saved + i * 8) }
        read(30, Self.mepc)
        ld(29, 31, BatchImage.trapCount)
        addi(29, 29, 1)
        sd(29, 31, BatchImage.trapCount)
        addi(28, 0, BatchImage.keptTraps)
        less(28, 29, to: here + 4 * 10)
        words.append(Encoding.i(0x13, 1, 28, 29, 3))
        words.append(Encoding.i(0x13, 1, 29, 29, 4))
        words.append(Encoding.r(0x33, 0, 0, 29, 29, 28))
        words.append(Encoding.r(0x33, 0, 0, 29, 29, 31))
        for (i, csr) in [Self.mcause, Self.mtval].enumerated() {
          read(28, csr)
          sd(28, 29, BatchImage.trapLog - 24 + i * 8)
        }
        sd(30, 29, BatchImage.trapLog - 8)
        // Behind the instruction: two bytes, or four where the lowest bits say so.
        words.append(Encoding.i(0x03, 5, 29, 30, 0))
        words.append(Encoding.i(0x13, 7, 29, 29, 3))
        addi(29, 29, -3)
        addi(30, 30, 2)
        words.append(Encoding.r(0x63, 1, 0, 0, 29, 0) | Encoding.offset(.branch, 8))
        addi(30, 30, 2)
        swap(0, Self.mepc, 30)
        for (i, register) in [28, 29, 30].enumerated() { ld(UInt32(register), 31, BatchImage.saved + i * 8) }
        swap(31, Self.mscratch, 31)
        words.append(0x3020_0073)  // mret

        finish = here
        swap(31, Self.mscratch, 31)
        for i in 1..<31 { sd(UInt32(i), 31, i * 8) }
        read(5, Self.mscratch)
        sd(5, 31, 248)
        swap(0, Self.mscratch, 31)
        for i in 0..<32 { words.append(Encoding.s(0x27, 3, 31, UInt32(i), 256 + i * 8)) }
        read(5, 3)
        sd(5, 31, BatchImage.fcsr)
        addi(context, 31, 0)
        lui(6, 0x10000)  // the serial port
        addi(7, context, 8)
        addi(8, context, BatchImage.contextEnd)
        send()
        ld(7, context, BatchImage.current)
        addi(8, 7, BatchImage.recordSize)
        sd(8, context, BatchImage.current)
        addi(10, 7, BatchImage.recordData)
        addi(8, 10, BatchImage.dataSize)
        addi(7, 10, 0)
        send()
        ld(8, context, BatchImage.current)
        address(9, end)
        less(8, 9, to: next)
        lui(6, 0x100)  // sifive_test
        lui(7, 5)
        addi(7, 7, 0x555)
        words.append(Encoding.s(0x23, 2, 6, 7, 0))
        words.append(0x6f)
      }
    }

    /// The bytes from x7 up to x8 to the port at x6.
    private mutating func send() {
      let loop = here
      words.append(Encoding.i(0x03, 4, 9, 7, 0))
      words.append(Encoding.s(0x23, 0, 6, 9, 0))
      addi(7, 7, 1)
      less(7, 8, to: loop)
    }
  }

  // MARK: Results

  /// Names of the 64-bit words of a batch's result, in their order.
  static let names: [String] =
    (1..<32).map { "x\($0)" } + (0..<32).map { "f\($0)" } + ["fcsr", "exceptions"]
    + (0..<keptTraps).flatMap { ["cause[\($0)]", "tval[\($0)]", "epc[\($0)]"] }
    + (0..<dataSize / 8).map { "data+\($0 * 8)" }

  static func words(_ output: ArraySlice<UInt8>) -> [UInt64] {
    stride(from: output.startIndex, to: output.endIndex - 7, by: 8).map { place in
      (0..<8).reduce(UInt64(0)) { $0 | UInt64(output[place + $1]) << UInt64($1 * 8) }
    }
  }

  func listing(_ index: Int) -> String {
    let disassembler = Disassembler(extensions: BatchMaker.extensions(xlen: xlen), xlen: xlen)
    var address = code[index].address
    return code[index].words.map { word in
      let line = disassembler.line(word, at: address)
      defer { address += UInt64(line.length) }
      return "  \(hex(address)): \(line.text)"
    }.joined(separator: "\n")
  }
}

func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
