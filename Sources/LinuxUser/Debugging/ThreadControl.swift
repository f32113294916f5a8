// Unsafe pointers: `word` lives as long as the object, by pointer because futex(2) wants an address.
import CHost
import RISCV
import Synchronization

/// What a debugger wants of a thread.
final class ThreadControl: @unchecked Sendable {
  private let word: UnsafeMutablePointer<Atomic<UInt32>>
  /// The thread runs one instruction and parks. Set while it rests.
  var steps = false
  /// Why it is parked; the debugger's answer to a signal is in `signal`.
  var stop: ProgramStop?
  var signal: Int32 = 0
  /// The debugger has the child of vfork(2) that has the thread.
  var isFollowed = false
  /// What the program that the thread is about to execute is told of the debugger's connection.
  var inheritance: DebuggerInheritance?

  init() {
    word = .allocate(capacity: 1)
    word.initialize(to: Atomic(0))
  }

  deinit { word.deallocate() }

  private var address: UnsafePointer<UInt32> { UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self) }

  /// The thread is to rest, whatever others do.
  var isHeld: Bool {
    get { word.pointee.load(ordering: .sequentiallyConsistent) != 0 }
    set {
      word.pointee.store(newValue ? 1 : 0, ordering: .sequentiallyConsistent)
      if !newValue { host_futex_wake(address) }
    }
  }

  func waitWhileHeld() { _ = host_futex_wait(address, 1, -1) }
}
