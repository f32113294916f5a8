/// Numbers from a seed: the same on every machine (Steele, Lea and Flood's SplitMix64).
package struct SeededNumbers: RandomNumberGenerator, Sendable {
  private var state: UInt64
  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  package mutating func below(_ n: Int) -> Int { Int(next() % UInt64(n)) }

  /// True once in `n` times.
  package mutating func oneIn(_ n: UInt64) -> Bool { next() % n == 0 }
}

extension RandomAccessCollection {
  /// Some element, of a collection that is known to have one.
  package func some(_ numbers: inout SeededNumbers) -> Element {
    self[index(startIndex, offsetBy: numbers.below(count))]
  }
}
