import CHost
import Synchronization

/// What a sleeping hart waits on. Harts that share a host thread share a bell.
package final class Bell: Sendable {
  /// The futex word: counts rings. It lives outside the object because futex(2) wants an address.
  private nonisolated(unsafe) let word: UnsafeMutablePointer<Atomic<UInt32>>
  private let sleeping = Atomic<Bool>(false)

  package init() {
    word = .allocate(capacity: 1)
    word.initialize(to: Atomic(0))
  }

  deinit { word.deallocate() }

  private var address: UnsafePointer<UInt32> { UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self) }

  /// Wakes whoever sleeps; it will look at everything again.
  package func ring() {
    word.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if sleeping.load(ordering: .sequentiallyConsistent) { host_futex_wake(address) }
  }

  /// The number of rings so far: read it, look for work, then sleep on it.
  package var rings: UInt32 { word.pointee.load(ordering: .sequentiallyConsistent) }

  /// Sleeps until the bell has rung since `seen` was read, or `nanoseconds` have passed (nil: no limit).
  package func sleep(seen: UInt32, nanoseconds: Int64?) {
    sleeping.store(true, ordering: .sequentiallyConsistent)
    if rings == seen { _ = host_futex_wait(address, seen, nanoseconds ?? -1) }
    sleeping.store(false, ordering: .sequentiallyConsistent)
  }
}

/// One hart's interrupt inputs as the platform drives them, and the bell that wakes it.
///
/// Everything here is atomic: interrupt controllers and other harts write from their threads while
/// the hart runs. Timer interrupts are not stored but derived: the hart compares `machineTimeCompare`
/// (and its own `stimecmp`) with the time.
package final class InterruptPort: Sendable {
  /// Levels of the inputs, by `mip` bit: MSIP (3), SEIP (9), MEIP (11), and SSIP (1) pulses of the
  /// ACLINT's SSWI, which the hart moves into its own writable bit.
  /// By pointer, for translated code.
  package nonisolated(unsafe) let levels: UnsafeMutablePointer<Atomic<UInt64>>
  /// `mtimecmp` of the machine timer, in ticks. All ones: never.
  package let machineTimeCompare = Atomic<UInt64>(.max)
  /// Raised by whoever wants the hart out of its loop: reset, stop, cache flush.
  package let attention = Atomic<Bool>(false)
  /// Replaced only before harts run.
  package nonisolated(unsafe) var bell = Bell()

  package init() {
    levels = .allocate(capacity: 1)
    levels.initialize(to: Atomic(0))
  }

  deinit {
    levels.deinitialize(count: 1)
    levels.deallocate()
  }

  package var pending: UInt64 { levels.pointee.load(ordering: .acquiring) }

  /// Sets or clears the inputs in `bits`; wakes the hart on a rising edge.
  package func set(_ bits: UInt64, _ level: Bool) {
    if level {
      let old = levels.pointee.bitwiseOr(bits, ordering: .acquiringAndReleasing).oldValue
      if old & bits != bits { bell.ring() }
    } else {
      levels.pointee.bitwiseAnd(~bits, ordering: .acquiringAndReleasing)
    }
  }

  /// Takes the pulses in `bits`: reads and clears them.
  package func take(_ bits: UInt64) -> UInt64 {
    levels.pointee.bitwiseAnd(~bits, ordering: .acquiringAndReleasing).oldValue & bits
  }

  package func setMachineTimeCompare(_ ticks: UInt64) {
    machineTimeCompare.store(ticks, ordering: .sequentiallyConsistent)
    bell.ring()
  }

  /// Gets the hart out of its loop or its sleep.
  package func demandAttention() {
    attention.store(true, ordering: .sequentiallyConsistent)
    bell.ring()
  }
}
