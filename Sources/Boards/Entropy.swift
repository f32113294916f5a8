import Machine
import Synchronization

/// The host's random numbers.
package final class HostEntropy: EntropySource {
  package init() {}

  package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    var generator = SystemRandomNumberGenerator()
    for start in stride(from: 0, to: buffer.count, by: 8) {
      var word = generator.next()
      for index in start..<min(start + 8, buffer.count) {
        buffer[index] = UInt8(truncatingIfNeeded: word)
        word >>= 8
      }
    }
  }
}

/// The same numbers in every run with the same seed: `-seed` (SplitMix64; Steele, Lea, Flood, 2014).
package final class SeededEntropy: EntropySource {
  private let state: Mutex<UInt64>

  package init(seed: UInt64) { state = Mutex(seed) }

  package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    state.withLock { state in
      for index in buffer.indices {
        if index % 8 == 0 { state &+= 0x9e37_79b9_7f4a_7c15 }
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        buffer[index] = UInt8(truncatingIfNeeded: (word ^ word >> 31) >> UInt64(index % 8 * 8))
      }
    }
  }
}
