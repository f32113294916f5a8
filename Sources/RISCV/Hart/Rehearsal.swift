// Unsafe pointers: pages of the copy are allocated once, whole, and live as long as the rehearsal.
import Synchronization

/// What a hart is going to do, tried out on a copy of it: the hart itself, memory and devices notice nothing.
///
/// The copy has the hart's registers and interrupt inputs, and pages of memory that are copied when it first reaches
/// them. Devices are not asked: what they would answer is said by `answer`, or ends the rehearsal. Other harts stand
/// still, and time goes on by a tick whenever it is read. Made and used while the hart rests.
package final class Rehearsal {
  /// What there is at an address that is no memory.
  package enum Answer: Sendable {
    /// An access fault.
    case nothing
    /// What a load reads; a store is ignored.
    case value(UInt64)
    /// Nobody knows: the rehearsal ends.
    case unknown
  }

  package enum End: Sendable, Equatable {
    /// It went on all the time.
    case stepsSpent
    /// A state came again, memory included: without interrupts, other harts or devices this goes on for ever.
    case recurrence
    /// WFI, and nothing that is pending is enabled.
    case waits
    /// A device was asked whose answer is not known.
    case device(address: UInt64, isWrite: Bool)
    /// Machine mode was entered, which the emulator serves itself.
    case firmware
  }

  /// What a rehearsal found.
  package struct Survey: Sendable {
    package var end = End.stepsSpent
    package var steps = 0
    /// Traps that were taken before the one before had returned.
    package var deepestNesting = 0
    /// How often in a row a handler returned and the same trap came at once, before any instruction retired.
    package var futileReturns = 0
    package var futileTrap: TrapRecord?
    package var traps = 0
    /// The instructions of what recurs, each once; empty where nothing does.
    package var loop: [UInt64] = []
    /// Some instruction of the loop reads memory.
    package var loopReadsMemory = false
    /// Some reads a device, which may answer otherwise at any time.
    package var loopReadsDevices = false
    /// Some is WFI, which something pending ends at once.
    package var loopWaits = false
  }

  private let memory: CopiedMemory
  /// Registers may be read at any time.
  package let hart: Hart
  private let firmware = AbsentFirmware()
  private(set) package var end: End?
  private var lastWasReturn = false
  private var nesting = 0
  private(set) package var survey = Survey()

  package init(
    of original: Hart, answer: @escaping (_ address: UInt64, _ width: Int, _ value: UInt64?) -> Answer
  ) {
    memory = CopiedMemory(original.memory, answer)
    let port = InterruptPort()
    port.set(original.port.pending, true)
    port.machineTimeCompare.store(
      original.port.machineTimeCompare.load(ordering: .relaxed), ordering: .relaxed)
    hart = Hart(
      id: original.id, features: original.features, memory: memory,
      time: RehearsedTime(original.time.ticks), port: port)
    hart.state.pointee = original.state.pointee
    hart.pmp.update(hart.state, hart.features)
    hart.updateViews()
    if original.firmware != nil { hart.firmware = firmware }
  }

  package var pc: UInt64 { hart.state.pointee.pc }

  /// Runs one instruction, or enters the handler of an interrupt and runs its first.
  package func step() {
    guard end == nil else { return }
    let before = hart.traps.total
    let pc = hart.state.pointee.pc
    let bits = hart.instructionBits(at: pc)
    let outcome = hart.run(1)
    survey.steps += 1
    if let touched = memory.touched {
      end = .device(address: touched.address, isWrite: touched.isWrite)
    } else if firmware.wasEntered {
      end = .firmware
    } else if outcome == .waiting, !hart.hasReasonToWake {
      end = .waits
    }
    let hasTrapped = hart.traps.total != before
    if hasTrapped, let trap = hart.traps.last {
      survey.traps += 1
      nesting += 1
      survey.deepestNesting = max(survey.deepestNesting, nesting)
      if lastWasReturn, trap.pc == pc {
        let isSame =
          survey.futileTrap.map {
            $0.pc == pc && $0.cause == trap.cause && $0.isInterrupt == trap.isInterrupt
              && $0.value == trap.value
          } ?? false
        survey.futileReturns = isSame ? survey.futileReturns + 1 : 1
        survey.futileTrap = trap
      }
    }
    // An interrupt's handler has executed its first instruction by now.
    let executed =
      hasTrapped && hart.traps.last?.isInterrupt == true
      ? hart.traps.last.map { hart.instructionBits(at: $0.target) } ?? 0 : hasTrapped ? 0 : bits
    lastWasReturn = executed == Self.mret || executed == Self.sret
    if lastWasReturn { nesting = max(0, nesting - 1) }
  }

  /// Runs up to `limit` instructions and looks whether a state comes again.
  package func survey(limit: Int) -> Survey {
    // Brent's: the state to compare with is taken anew after 2, 4, 8, … steps.
    var mark = hart.state.pointee
    var marked = memory.contents
    var next = 2
    var period = 0
    var count = 0
    while count < limit, end == nil {
      step()
      count += 1
      period += 1
      if end == nil, Self.isSame(hart.state.pointee, mark), memory.contents == marked {
        // Rounds enough to tell traps in traps from traps that return.
        if survey.traps > 0 {
          for _ in 0..<min(limit, 10 * period) { step() }
        }
        return loop(of: period)
      }
      if count == next {
        mark = hart.state.pointee
        marked = memory.contents
        next *= 2
        period = 0
      }
    }
    survey.end = end ?? .stepsSpent
    return survey
  }

  /// Goes round once more and looks at what is there.
  private func loop(of period: Int) -> Survey {
    var seen: Set<UInt64> = []
    let before = memory.reads
    for _ in 0..<period where seen.count < 4096 {
      let pc = hart.state.pointee.pc
      if seen.insert(pc).inserted {
        survey.loop.append(pc)
        let bits = hart.instructionBits(at: pc)
        if let row = hart.decoder.instruction(bits) {
          switch row.operands {
          case .load, .floatLoad, .atomic, .loadReserved, .compareAndSwap, .compressedLoadWord,
            .compressedLoadDouble, .compressedStackLoadWord, .compressedStackLoadDouble,
            .compressedLoadByte, .compressedLoadHalf:
            survey.loopReadsMemory = true
          default: break
          }
        }
        if bits == Self.wfi { survey.loopWaits = true }
      }
      step()
    }
    survey.end = .recurrence
    survey.loopReadsDevices = memory.reads != before
    return survey
  }

  private static let mret: UInt32 = 0x3020_0073
  private static let sret: UInt32 = 0x1020_0073
  private static let wfi: UInt32 = 0x1050_0073

  /// All that decides what comes next, but for counters and time.
  private static func isSame(_ a: HartState, _ b: HartState) -> Bool {
    guard a.pc == b.pc, a.privilege == b.privilege else { return false }
    for i in 1..<32 where a.x[i] != b.x[i] { return false }
    for i in 0..<32 where a.f[i] != b.f[i] { return false }
    return a.mstatus == b.mstatus && a.fs == b.fs && a.frm == b.frm && a.fflags == b.fflags
      && a.mie == b.mie && a.mip == b.mip && a.timerPending == b.timerPending && a.satp == b.satp
      && a.mtvec == b.mtvec && a.stvec == b.stvec && a.mscratch == b.mscratch && a.sscratch == b.sscratch
      && a.mepc == b.mepc && a.sepc == b.sepc && a.mcause == b.mcause && a.scause == b.scause
      && a.mtval == b.mtval && a.stval == b.stval && a.medeleg == b.medeleg && a.mideleg == b.mideleg
      && a.stimecmp == b.stimecmp
  }
}

/// Time that passes when somebody looks.
private final class RehearsedTime: TimeSource {
  private let now: Atomic<UInt64>
  init(_ now: UInt64) { self.now = Atomic(now) }
  var ticks: UInt64 { now.add(1, ordering: .relaxed).newValue }
}

/// Notes that machine mode is entered, and holds the hart.
private final class AbsentFirmware: HartFirmware {
  private let entered = Atomic(false)
  var wasEntered: Bool { entered.load(ordering: .relaxed) }
  func start(_ hart: Hart) {}
  func take(_ cause: UInt64, _ value: UInt64, isInterrupt: Bool, on hart: Hart) {
    entered.store(true, ordering: .relaxed)
    hart.hold()
  }
  func release(_ hart: Hart) -> Bool { false }
}

/// Pages of another memory, copied when they are first looked for.
private final class CopiedMemory: PhysicalMemory, @unchecked Sendable {
  private let original: any PhysicalMemory
  private let answer: (UInt64, Int, UInt64?) -> Rehearsal.Answer
  private var pages: [UInt64: HostPage] = [:]
  private(set) var touched: (address: UInt64, isWrite: Bool)?
  /// Of devices that answered.
  private(set) var reads = 0
  /// Without ranges: nothing is kept of what was decoded.
  let code = CodePages(capacity: 1)
  /// More are not copied: what a loop needs is far less.
  private static let mostPages = 2048

  init(_ original: any PhysicalMemory, _ answer: @escaping (UInt64, Int, UInt64?) -> Rehearsal.Answer) {
    self.original = original
    self.answer = answer
  }

  deinit { for page in pages.values { page.base.deallocate() } }

  /// A hash of all that is copied and may have been written.
  var contents: UInt64 {
    var sum: UInt64 = 0
    for (address, page) in pages where page.isWritable {
      var hash = address &+ 0xcbf2_9ce4_8422_2325
      let words = page.base.assumingMemoryBound(to: UInt64.self)
      for i in 0..<512 { hash = (hash ^ words[i]) &* 0x100_0000_01b3 }
      sum &+= hash
    }
    return sum
  }

  func hostPage(at address: UInt64) -> HostPage? {
    let page = address & ~0xfff
    if let known = pages[page] { return known }
    guard let there = original.hostPage(at: page) else { return nil }
    guard pages.count < Self.mostPages else {
      touched = touched ?? (address, false)
      return nil
    }
    let copy = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
    copy.copyMemory(from: there.base, byteCount: 4096)
    let made = HostPage(base: copy, isWritable: there.isWritable)
    pages[page] = made
    return made
  }

  func readDevice(_ address: UInt64, width: Int) -> UInt64? {
    switch answer(address, width, nil) {
    case .nothing: return nil
    case .value(let value):
      reads += 1
      return value
    case .unknown:
      touched = touched ?? (address, false)
      return 0
    }
  }

  func writeDevice(_ address: UInt64, width: Int, _ value: UInt64) -> Bool {
    switch answer(address, width, value) {
    case .nothing: return false
    case .value: return true
    case .unknown:
      touched = touched ?? (address, true)
      return true
    }
  }
}
