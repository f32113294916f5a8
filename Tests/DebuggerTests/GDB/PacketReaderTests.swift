import Testing

import Debugger

@Suite struct PacketReaderTests {
  private func events(_ text: String) -> [PacketReader.Event] { events(Array(text.utf8)) }

  private func events(_ bytes: [UInt8]) -> [PacketReader.Event] {
    var reader = PacketReader()
    return bytes.compactMap { reader.take($0) }
  }

  @Test("a packet is what stands between $ and #, when its checksum is right")
  func packets() {
    #expect(events("$g#67") == [.packet([0x67])])
    #expect(events("+$g#67+") == [.packet([0x67])])
    #expect(events("$g#68") == [.damaged])
    #expect(events("$g#zz$g#67") == [.damaged, .packet([0x67])])
    #expect(events("$#00") == [.packet([])])
  }

  @Test("escaped bytes are themselves again, and count as they were sent")
  func escapes() {
    let bytes: [UInt8] = [0x24, 0x23, 0x7d, 0x2a, 0x03, 0x00, 0xff]
    #expect(events(PacketText.frame(bytes)) == [.packet(bytes)])
    #expect(!PacketText.frame(bytes).dropFirst().dropLast(3).contains(0x24))
  }

  @Test("Ctrl-C counts between packets, not within them")
  func interrupts() {
    #expect(events([3, 0x24, 3, 0x23, 0x30, 0x33]) == [.interrupt, .packet([3])])
  }

  @Test("a packet that was cut off is forgotten when the next one begins")
  func resynchronization() {
    #expect(events("$m80$g#67") == [.packet([0x67])])
    #expect(events("$m80#$g#67") == [.packet([0x67])])
    #expect(events("-") == [.repeatRequest])
  }

  @Test("a packet without end costs no memory and is told from others")
  func overlong() {
    let body = [UInt8](repeating: 0x61, count: 3 * PacketReader.limit)
    #expect(events(PacketText.frame(body)) == [.overlong])
  }
}
