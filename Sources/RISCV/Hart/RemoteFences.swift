import Glibc
import Synchronization

/// What one hart has others do, as if they executed an instruction for it.
package enum RemoteFence: Sendable {
  /// `fence.i`
  case instructions
  /// `sfence.vma`, for the pages from `start` on; nil: for all.
  case addresses(Range<UInt64>?)
}

/// Fences that other harts want of a hart, and that it performs as its next turn begins.
final class WantedFences: Sendable {
  struct Fences {
    var instructions = false
    var addresses = false
    /// Nil where one range does not say it.
    var range: Range<UInt64>?
  }

  private let isEmpty = Atomic<Bool>(true)
  private let fences = Mutex(Fences())

  func add(_ fence: RemoteFence) {
    fences.withLock { fences in
      switch fence {
      case .instructions: fences.instructions = true
      case .addresses(let range):
        fences.range = fences.addresses ? nil : range
        fences.addresses = true
      }
    }
    isEmpty.store(false, ordering: .sequentiallyConsistent)
  }

  /// Nil where there are none.
  @inline(__always) func take() -> Fences? {
    if isEmpty.load(ordering: .sequentiallyConsistent) { return nil }
    isEmpty.store(true, ordering: .sequentiallyConsistent)
    return fences.withLock { fences in
      defer { fences = Fences() }
      return fences
    }
  }
}

extension Hart {
  /// More pages than that are not looked for one by one.
  private static let mostPages: UInt64 = 64

  /// Has `harts` perform `fence`. When this returns, nothing that they execute comes from before it.
  ///
  /// A hart performs what is wanted of it before it executes anything in its next turn, so those between two turns,
  /// asleep or held, are left alone; of the others the present turn, some 10 µs, has to end. The hart that waits is in
  /// no turn meanwhile: two that want fences of each other do not wait for each other. Harts that share a thread never
  /// wait. From the hart's own thread, between two instructions.
  package func fence(_ fence: RemoteFence, on harts: [Hart]) {
    // As `Turns` has it: who asks publishes the fence and looks at the turn, who begins a turn publishes that and looks
    // for fences; one of both sees the other.
    for hart in harts { hart.wantedFences.add(fence) }
    let turns = harts.compactMap { $0 === self ? nil : $0.lookaside.turns.inProgress }
    if !turns.isEmpty {
      lookaside.turns.change()
      var looks = 0
      while !turns.allSatisfy(\.isOver) {
        looks += 1
        if looks > 1000 { usleep(20) } else if looks > 20 { sched_yield() }
      }
      lookaside.turns.change()
    }
    performWantedFences()
  }

  @inline(__always) func performWantedFences() {
    if let fences = wantedFences.take() { perform(fences) }
  }

  @inline(never) private func perform(_ fences: WantedFences.Fences) {
    if fences.instructions { fenceInstructions() }
    guard fences.addresses else { return }
    guard let range = fences.range, (range.upperBound - range.lowerBound) >> 12 < Self.mostPages else {
      return lookaside.flush()
    }
    var page = range.lowerBound & ~0xfff
    while page < range.upperBound {
      lookaside.flush(page: page)
      let (next, overflow) = page.addingReportingOverflow(4096)
      if overflow { return }
      page = next
    }
  }
}
