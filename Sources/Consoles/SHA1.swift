/// The Secure Hash Algorithm 1 (FIPS 180-4, §6.1), which a WebSocket's handshake wants. It secures nothing
/// there or here.
enum SHA1 {
  static func digest(_ message: [UInt8]) -> [UInt8] {
    var padded = message + [0x80]
    while padded.count % 64 != 56 { padded.append(0) }
    withUnsafeBytes(of: (UInt64(message.count) &* 8).bigEndian) { padded += $0 }

    var h: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
    for start in stride(from: 0, to: padded.count, by: 64) {
      var w = (0..<16).map { t in
        padded[start + 4 * t..<start + 4 * t + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      }
      for t in 16..<80 { w.append(rotated(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1)) }
      var (a, b, c, d, e) = (h[0], h[1], h[2], h[3], h[4])
      for t in 0..<80 {
        let (f, k): (UInt32, UInt32) =
          switch t {
          case ..<20: (b & c ^ ~b & d, 0x5a82_7999)
          case ..<40: (b ^ c ^ d, 0x6ed9_eba1)
          case ..<60: (b & c ^ b & d ^ c & d, 0x8f1b_bcdc)
          default: (b ^ c ^ d, 0xca62_c1d6)
          }
        let next = rotated(a, 5) &+ f &+ e &+ k &+ w[t]
        (e, d, c, b, a) = (d, c, rotated(b, 30), a, next)
      }
      for (index, word) in [a, b, c, d, e].enumerated() { h[index] &+= word }
    }
    return h.flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
  }

  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word << count | word >> (32 - count)
  }
}
