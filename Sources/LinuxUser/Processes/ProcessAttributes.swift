import Synchronization

/// What a process has besides its memory and that the host does not keep for it. A child of vfork(2), which has its
/// parent's memory and so this emulator's, has its own.
final class ProcessAttributes: Sendable {
  typealias Limits = [Int32: (soft: UInt64, hard: UInt64)]

  let actions: SignalActions
  /// setrlimit(2): those that are the guest's alone, by resource.
  let limits: Mutex<Limits>

  init() {
    actions = SignalActions()
    limits = Mutex([:])
  }

  init(copying other: ProcessAttributes) {
    actions = SignalActions(copying: other.actions)
    let kept = other.limits.withLock { $0 }
    limits = Mutex(kept)
  }
}
