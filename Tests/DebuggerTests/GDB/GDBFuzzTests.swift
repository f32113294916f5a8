import Glibc
import RISCV
import TestSupport
import Testing

import Debugger

/// Whatever comes over the wire, the session goes on and answers in packets. More of it, and other seeds:
/// APUS_GDB_FUZZ=COUNT, APUS_GDB_SEED=NUMBER.
@Suite struct GDBFuzzTests {
  private static let words: [String] = [
    "qSupported:", "multiprocess+", "swbreak+;hwbreak+", "?", "g", "G", "p", "P", "m", "M", "X", "x", "Z0,",
    "Z1,",
    "Z2,", "Z4,", "z0,", "z3,", "vCont;", "vCont?", "vAttach;", "vFile:", "open:", "pread:", "H", "Hg", "Hc",
    "T",
    "qC", "qXfer:", "features:", "read:", "target.xml:", "riscv-csr.xml:", "threads:", "memory-map:", "auxv:",
    "siginfo:", "exec-file:", "qRcmd,", "qCRC:", "qSearch:memory:", "qThreadExtraInfo,", "QStartNoAckMode",
    "QCatchSyscalls:", "QPassSignals:", "Qqemu.sstep", "qqemu.", "PhyMemMode", "c", "s", "C", "S", "R", "!",
    "b", "F", "F-1,", ",C",
    "D", "p1.1", "p1.2", "p-1.-1", "p0.0", "-1", "0", "1", ":", ";", ",", "=", ".", "80000000",
    "ffffffffffffffff",
    "7fffffffffffffff", "8000fff8", "10000", "-", "*", "}", "\u{3}", "zz", "00", "0102030405060708",
  ]

  private func setting(_ name: String) -> Int? {
    getenv(name).flatMap { Int(String(cString: $0)) }
  }

  @Test("packets made of pieces of the protocol hurt nobody")
  func pieces() {
    var numbers = SeededNumbers(seed: UInt64(setting("APUS_GDB_SEED") ?? 0x5eed_1234))
    let count = setting("APUS_GDB_FUZZ") ?? 60_000
    var peer = FakePeer()
    var answered = 0
    for round in 0..<count {
      if round % 500 == 0 {
        let target = FakeTarget(
          threads: (0...numbers.below(4)).map { ThreadID(process: 1 + $0 / 2, thread: 1 + $0) })
        if numbers.below(2) == 0 { target.program = FakeProgram() }
        if numbers.below(2) == 0 { target.memoryMap = [] }
        peer = FakePeer(target)
      }
      var text = ""
      for _ in 0...numbers.below(7) { text += Self.words[numbers.below(Self.words.count)] }
      var bytes = Array(text.utf8)
      if numbers.below(4) == 0, !bytes.isEmpty {
        bytes[numbers.below(bytes.count)] = UInt8(numbers.below(256))
      }
      var wire = PacketText.frame(bytes)
      if numbers.below(8) == 0 { wire[numbers.below(wire.count)] = UInt8(numbers.below(256)) }
      if numbers.below(8) == 0 { wire.insert(UInt8(numbers.below(256)), at: numbers.below(wire.count)) }
      let answer = peer.raw(wire)
      if numbers.below(3) == 0 {
        _ = peer.stop(1 + numbers.below(4), numbers.below(2) == 0 ? .step : .breakpoint)
      }
      #expect(isWellFormed(answer), "\(text) -> \(String(decoding: answer, as: UTF8.self))")
      answered += answer.count
    }
    #expect(answered > count)
  }

  @Test("noise hurts nobody")
  func noise() {
    var numbers = SeededNumbers(seed: UInt64(setting("APUS_GDB_SEED") ?? 0xabcd))
    let peer = FakePeer()
    for _ in 0..<2000 {
      _ = peer.raw((0..<numbers.below(300)).map { _ in UInt8(truncatingIfNeeded: numbers.next()) })
    }
    _ = peer.raw(Array("#00".utf8))
    #expect(peer.ask("qC").hasPrefix("QC") || peer.conversation.isOver)
  }

  /// Acknowledgements and packets with right checksums, nothing else.
  private func isWellFormed(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { continue }
      guard byte == UInt8(ascii: "$"), let end = rest.firstIndex(of: UInt8(ascii: "#")),
        rest.endIndex - end >= 3
      else { return false }
      let sum = rest[..<end].reduce(UInt8(0), &+)
      guard PacketText.hex([sum]) == Array(rest[(end + 1)..<(end + 3)]) else { return false }
      rest = rest[(end + 3)...]
    }
    return true
  }
}
