// Unsafe pointers: the lock and the conditions are allocated once and freed with the object; the
// thread keeps the object alive as long as it runs.
import Glibc
import Machine

/// Runs a device's transfers in the order in which they were submitted: quick ones on the thread that
/// submitted them, once it has released the machine lock, since a copy to or from the host's page cache
/// takes microseconds and waking a thread on a busy host milliseconds; others on a thread of their own.
///
/// Transfers never take the machine lock, so `drain` may wait for the one that runs while holding it.
final class TransferQueue<Finished: Sendable>: @unchecked Sendable {
  typealias Transfer = @Sendable () -> Finished

  // Guarded by `mutex`.
  private var waiting: [(transfer: Transfer, isQuick: Bool)] = []
  private var finished: [Finished] = []
  private var isRunning = false
  private var hasThread = false
  private var isClosed = false

  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  /// Signalled when `waiting`, `isRunning` or `isClosed` change.
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private let gate: any InputGate
  /// Called through the gate when there is something to collect.
  private let collect: @Sendable () -> Void

  init(gate: any InputGate, collect: @escaping @Sendable () -> Void) {
    self.gate = gate
    self.collect = collect
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    changed = .allocate(capacity: 1)
    changed.initialize(to: pthread_cond_t())
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    changed.deallocate()
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  private func withLock<R>(_ body: () -> R) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// Takes a transfer over; the machine lock is held. False where the host gives no thread for it: the
  /// caller transfers itself.
  func submit(isQuick: Bool, _ transfer: @escaping Transfer) -> Bool {
    let runsHere = isQuick && gate.afterRelease { [self] in runQuickOnes() }
    return withLock {
      guard runsHere || haveThread() else { return false }
      waiting.append((transfer, isQuick))
      if !runsHere { pthread_cond_broadcast(changed) }
      return true
    }
  }

  private func haveThread() -> Bool {
    if !hasThread { hasThread = startThread() }
    return hasThread
  }

  /// Runs what is first in the queue while that is quick; the thread gets the rest.
  private func runQuickOnes() {
    pthread_mutex_lock(mutex)
    while !isRunning, let first = waiting.first, first.isQuick {
      waiting.removeFirst()
      perform(first.transfer)
    }
    if !waiting.isEmpty, haveThread() { pthread_cond_broadcast(changed) }
    pthread_mutex_unlock(mutex)
    gate.deliver(collect)
  }

  /// One transfer, with `mutex` released meanwhile.
  private func perform(_ transfer: Transfer) {
    isRunning = true
    pthread_mutex_unlock(mutex)
    let result = transfer()
    pthread_mutex_lock(mutex)
    finished.append(result)
    isRunning = false
    pthread_cond_broadcast(changed)
  }

  /// What has finished since the last call, in order.
  func takeFinished() -> [Finished] {
    withLock {
      defer { finished = [] }
      return finished
    }
  }

  /// Returns once no transfer is left: waits for the one that runs, and runs those that wait here.
  func drain() {
    pthread_mutex_lock(mutex)
    while true {
      if isRunning {
        pthread_cond_wait(changed, mutex)
      } else if !waiting.isEmpty {
        let first = waiting.removeFirst()
        finished.append(first.transfer())
      } else {
        break
      }
    }
    pthread_mutex_unlock(mutex)
  }

  /// Ends the thread once it has nothing to do.
  func close() {
    withLock {
      isClosed = true
      pthread_cond_broadcast(changed)
    }
  }

  private func startThread() -> Bool {
    let box = Unmanaged.passRetained(TransferThread(body: { [self] in run() }))
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // Signals belong to the program's own threads.
    var all = sigset_t()
    var old = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &old)
    let result = pthread_create(&thread, &attributes, runTransferThread, box.toOpaque())
    pthread_sigmask(SIG_SETMASK, &old, nil)
    pthread_attr_destroy(&attributes)
    if result != 0 { box.release() }
    return result == 0
  }

  private func run() {
    pthread_mutex_lock(mutex)
    while true {
      guard !waiting.isEmpty, !isRunning else {
        if isClosed && waiting.isEmpty { break }
        pthread_cond_wait(changed, mutex)
        continue
      }
      perform(waiting.removeFirst().transfer)
      pthread_mutex_unlock(mutex)
      gate.deliver(collect)
      pthread_mutex_lock(mutex)
    }
    pthread_mutex_unlock(mutex)
  }
}

/// What the new thread is given.
private final class TransferThread {
  let body: () -> Void
  init(body: @escaping () -> Void) { self.body = body }
}

private func runTransferThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  Unmanaged<TransferThread>.fromOpaque(argument).takeRetainedValue().body()
  return nil
}
