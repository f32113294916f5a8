import Machine
import Synchronization

/// `-chardev ringbuf`: keeps the last bytes that the guest printed, for the monitor's `ringbuf_read`.
package final class RingBuffer: HostStream {
  private struct State {
    var bytes: [UInt8] = []
    /// Where the oldest byte stands, once the buffer is full.
    var first = 0
  }

  private let size: Int
  private let state = Mutex(State())

  package init(size: UInt64) throws(BackEndError) {
    guard size > 0, size & (size - 1) == 0 else {
      throw BackEndError("size of ringbuf chardev must be power of two")
    }
    guard size <= 1 << 30 else { throw BackEndError("size of ringbuf chardev must be at most 1 GiB") }
    self.size = Int(size)
  }

  /// Takes out the oldest bytes, at most `count`.
  package func read(_ count: Int) -> [UInt8] {
    state.withLock { state in
      let all = Array(state.bytes[state.first...] + state.bytes[..<state.first])
      state.bytes = Array(all.dropFirst(count))
      state.first = 0
      return Array(all.prefix(count))
    }
  }

  /// Adds to what is kept, as `ringbuf_write` does.
  package func write(_ bytes: [UInt8]) {
    state.withLock { state in
      for byte in bytes {
        if state.bytes.count < size {
          state.bytes.append(byte)
        } else {
          state.bytes[state.first] = byte
          state.first = (state.first + 1) & (size - 1)
        }
      }
    }
  }

  package var name: String { "ringbuf" }
  package var isConnected: Bool { true }
  package func start(_ consumer: any StreamConsumer) {}
  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    write(bytes)
    return false
  }
  package func waitForRoom() {}
  package func ring() {}
  package func flush(patience: Int?) {}
  package func stopWaiting() {}
}
