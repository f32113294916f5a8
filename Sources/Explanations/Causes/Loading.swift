import Logging

extension Explanation {
  /// The kernel's ELF entry point lies behind the beginning of its image.
  package static func entryNotAtStart(kernel: String, entry: UInt64, start: UInt64) -> Explanation {
    Explanation(
      .entryNotAtStart,
      "the entry point of '\(kernel)', 0x\(hexadecimal(entry)), is not where its image starts, 0x\(hexadecimal(start)): it is "
        + "honoured here, while QEMU starts at the image's first byte")
  }

  package static func otherWidth(kernel: String, bits: Int, hartBits: Int) -> Explanation {
    Explanation(
      .otherWidth, "'\(kernel)' holds \(bits)-bit code, and this machine's harts have \(hartBits) bits")
  }

  /// `sentence`: what the loader says of it.
  package static func loadOverlap(_ sentence: String) -> Explanation { Explanation(.loadOverlap, sentence) }
}
