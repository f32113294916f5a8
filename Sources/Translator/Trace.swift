import RISCV

/// The way that the hart took from a region's first instruction. A region in which much time goes by is translated
/// once more along it: through branches taken, calls and returns, and loops that would be several regions.
struct Trace {
  /// The addresses of its instructions.
  private(set) var instructions: [UInt64] = []
  /// It comes back to the first one.
  private(set) var isLoop = false
  /// Where the calls that it is in return to.
  private var returns: [UInt64] = []
  private var isOver = false
  /// So many of them are those that the region had before.
  private var foreseen = Int.max

  /// Instructions at most.
  static let limit = Emission.regionLimit

  /// It shows what the instructions alone do not, or that they are a loop.
  var isOfUse: Bool { isLoop || foreseen < instructions.count }

  /// Notes that the instruction at `pc` was performed and the one at `next` followed.
  fileprivate mutating func add(_ operation: Operation, _ pc: UInt64, next: UInt64) {
    instructions.append(pc)
    let behind = pc &+ (operation.isShort ? 2 : 4)
    var isForeseen = pc & ~0xfff == next & ~0xfff
    switch operation.opcode {
    case .beq, .bne, .blt, .bge, .bltu, .bgeu, .c_beq, .c_bne:
      if next != behind || operation.immediate < 0 { isForeseen = false }
    case .jal, .c_jal, .jalr, .c_jalr:
      let isDirect = operation.opcode == .jal || operation.opcode == .c_jal
      if Emission.isLinkRegister(operation.rd) {
        returns.append(behind)
        isForeseen = false
      } else if !isDirect {
        isForeseen = false
        // Where another jump leads may differ each time.
        isOver = returns.popLast() != next || !Emission.isLinkRegister(Int(operation.rs1))
      } else if next < pc {
        isForeseen = false
      }
    default: break
    }
    if !isForeseen { foreseen = min(foreseen, instructions.count) }
  }

  /// The instruction at `pc` is not part of it.
  fileprivate mutating func isComplete(before pc: UInt64) -> Bool {
    isLoop = pc == instructions[0] && returns.isEmpty && !isOver
    return isLoop || isOver || pc == instructions[0] || instructions.count == Self.limit
  }

  /// The instruction that is a region's `executed`th, if it is so far.
  func instruction(_ executed: Int) -> UInt64? {
    isLoop || executed < instructions.count ? instructions[executed % instructions.count] : nil
  }

  /// The address of the instruction that follows the one at `pc`, which is a region's `executed`th; nil where that
  /// is not known, and where a loop has had turns enough.
  func follower(of pc: UInt64, _ executed: Int) -> UInt64? {
    guard instruction(executed) == pc else { return nil }
    let (next, count) = (executed + 1, instructions.count)
    if next % count == 0, next + count > Emission.instructionsOfTurns { return nil }
    return instruction(next)
  }
}

/// Where slices end, which tells where time goes by.
struct Samples {
  private struct Sample {
    var pc: UInt64 = 0
    var count = 0
    /// The number that is enough doubles each time: not each attempt comes to something.
    var times = 0
  }
  private var samples: InlineArray<256, Sample> = .init(repeating: Sample())
  /// As many slices that end at one place are worth a trace.
  var enough = 4

  /// True where enough slices have ended at `pc` since it was so last.
  mutating func add(_ pc: UInt64) -> Bool {
    let index = Int(truncatingIfNeeded: pc >> 1) & 255
    if samples[index].pc != pc { samples[index] = Sample(pc: pc) }
    samples[index].count += 1
    guard samples[index].count >= enough << samples[index].times else { return false }
    samples[index].count = 0
    samples[index].times = min(samples[index].times + 1, 16)
    return true
  }
}

extension TranslatedHart {
  /// Has the interpreter go on until it has come through the region at `head`, which is then translated once more
  /// if that showed something. Gives up where it does not come there soon.
  func trace(_ hart: Hart, from head: UInt64) -> Exit? {
    guard let page = pageAtHand(head), page.trace(at: head) == nil, page.offset(at: head) != 0 else {
      return nil
    }
    var trace = Trace()
    for _ in 0..<4 * Trace.limit where budget > 0 {
      let pc = pc
      let isInside = pc == head || !trace.instructions.isEmpty
      if !trace.instructions.isEmpty, trace.isComplete(before: pc) { break }
      let operation = hart.slotAtHand?.whole
      if isInside, operation == nil || operation?.opcode == .straddle || operation?.opcode == .halt { break }
      if let exit = hart.interpret(1) { return exit }
      if isInside, let operation { trace.add(operation, pc, next: self.pc) }
    }
    guard trace.instructions.count > 1, pageAtHand(head) === page, !translator.isFull else { return nil }
    page.add(trace, at: head)
    if trace.isOfUse {
      traceCount += 1
      translateAnew(hart, head, in: page)
    }
    return nil
  }
}
