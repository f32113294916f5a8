import RISCV

/// Notices from a few numbers of each hart, read now and then while they run, that a guest may be making no progress.
///
/// It only suspects: `Explainer` then looks at the machine at rest. A suspicion that comes to nothing costs the guest
/// some milliseconds, and is followed by a pause that keeps such costs below half a percent.
package struct SilenceWatch: Sendable {
  /// A hart at one look. Read while it runs, so that every number is a hint.
  package struct Sample: Sendable, Equatable {
    package var instructions: UInt64
    package var traps: UInt64
    /// How often in a row the last trap was taken from the same place.
    package var repeats: UInt64
    package var pc: UInt64
    /// Interrupts that are enabled would be taken now.
    package var isInterruptible: Bool
    /// A timer that is enabled is set.
    package var hasTimer: Bool
    package var isHeld: Bool

    package init(
      instructions: UInt64, traps: UInt64, repeats: UInt64, pc: UInt64, isInterruptible: Bool, hasTimer: Bool,
      isHeld: Bool
    ) {
      self.instructions = instructions
      self.traps = traps
      self.repeats = repeats
      self.pc = pc
      self.isInterruptible = isInterruptible
      self.hasTimer = hasTimer
      self.isHeld = isHeld
    }

    package init(_ hart: Hart) {
      let status = hart.glance(CSR.mstatus) ?? 0
      let enabled = hart.glance(CSR.mie) ?? 0
      let delegated = hart.glance(CSR.mideleg) ?? 0
      let privilege = hart.state.pointee.privilege
      // What machine mode takes while a supervisor runs returns to it.
      let forMachine =
        enabled & ~delegated != 0 && (privilege == .user || privilege == .machine && status & 8 != 0)
      let forSupervisor =
        enabled & delegated != 0 && (privilege == .user || privilege == .supervisor && status & 2 != 0)
      let last = hart.traps.last
      self.init(
        instructions: hart.instructionsAtAGlance, traps: hart.traps.total, repeats: last?.count ?? 0,
        pc: hart.state.pointee.pc, isInterruptible: forMachine || forSupervisor,
        hasTimer: hart.hasArmedTimer, isHeld: hart.isHeld)
    }
  }

  package enum Suspicion: Sendable, Equatable {
    case none
    /// Every hart waits: no hart need be disturbed to look closer.
    case idle
    /// Some hart runs and gets nowhere: to look closer harts must rest.
    case running
  }

  /// Milliseconds between looks.
  package static let interval = 100
  /// Traps between two looks that a healthy guest's timer does not reach.
  private static let manyTraps: UInt64 = 200
  /// Machine mode's timer may tick below a supervisor that stands still.
  private static let fewTraps: UInt64 = 20
  /// Looks at which a hart was found in the same page before it is suspected.
  private static let patience = 3

  private var last: [Sample] = []
  /// Some hart did little else than trap between the last two looks.
  private var isTrapping = false
  /// By hart: looks in a row at which it stood still, or ran within a page.
  private var still: [Int] = []
  /// Milliseconds.
  private var pause = 0
  /// What the last suspicion that came to nothing was about.
  private var doubted: (isTrapping: Bool, pcs: [UInt64])?
  /// Harts that have not run between the last two looks.
  package private(set) var idle: Set<Int> = []

  package init() {}

  /// The machine stood still, or was reset: what was seen before says nothing.
  package mutating func forget() {
    last = []
    pause = 0
    doubted = nil
  }

  /// To be called every `interval`.
  package mutating func look(_ samples: [Sample]) -> Suspicion {
    defer { last = samples }
    pause = max(0, pause - Self.interval)
    guard last.count == samples.count else {
      still = samples.map { _ in 0 }
      return .none
    }
    idle = []
    isTrapping = false
    var isStill = true
    for (index, sample) in samples.enumerated() {
      let before = last[index]
      let traps = sample.traps &- before.traps
      if traps >= Self.manyTraps, sample.repeats >= Self.manyTraps || traps >= 10 * Self.manyTraps {
        isTrapping = true
      }
      let isIdle = sample.instructions == before.instructions && traps == 0
      if isIdle { idle.insert(index) }
      let isBusy = traps > Self.fewTraps || !Self.areNear(sample.pc, before.pc) || sample.isInterruptible
      let standsStill = sample.isHeld || (isIdle ? !sample.hasTimer : !isBusy)
      still[index] = standsStill ? still[index] + 1 : 0
      if still[index] < Self.patience { isStill = false }
    }
    if isTrapping { return pause == 0 ? .running : .none }
    guard isStill else { return .none }
    if samples.indices.allSatisfy({ idle.contains($0) || samples[$0].isHeld }) { return .idle }
    return pause == 0 ? .running : .none
  }

  private static func areNear(_ a: UInt64, _ b: UInt64) -> Bool { a &- b &+ 2048 < 4096 }

  /// Harts have rested for that long because of a suspicion.
  package mutating func rested(nanoseconds: UInt64) {
    // Half a percent; and yet one look a second where something else is suspected than the last time.
    let fair = max(200, Int(nanoseconds / 5000))
    let pcs = last.map(\.pc)
    let isOld = doubted.map {
      $0.isTrapping == isTrapping && $0.pcs.count == pcs.count && zip($0.pcs, pcs).allSatisfy(Self.areNear)
    }
    pause = isOld == true ? fair : min(1000, fair)
    doubted = (isTrapping, pcs)
  }
}
