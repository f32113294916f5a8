import Glibc

/// The one lock under which devices work. Not recursive: a device that holds it (all do, while called)
/// never takes it again, calls a back end or waits.
package final class MachineLock: Sendable {
  private nonisolated(unsafe) let mutex: UnsafeMutablePointer<pthread_mutex_t>
  /// Guarded by the lock itself.
  private nonisolated(unsafe) var afterwards: [@Sendable () -> Void] = []

  package init() {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  @inline(__always)
  package func withLock<R>(_ body: () throws -> R) rethrows -> R {
    pthread_mutex_lock(mutex)
    defer { release() }
    return try body()
  }

  /// Runs `body` on the present thread once it has released the lock. To be called with the lock held: for
  /// work that a device starts, must not do under the lock, and finishes sooner than a thread would wake.
  package func afterRelease(_ body: @escaping @Sendable () -> Void) { afterwards.append(body) }

  @inline(__always)
  private func release() {
    if afterwards.isEmpty {
      pthread_mutex_unlock(mutex)
    } else {
      releaseAndWork()
    }
  }

  @inline(never)
  private func releaseAndWork() {
    let work = afterwards
    afterwards = []
    pthread_mutex_unlock(mutex)
    for body in work { body() }
  }
}
