import Consoles

extension MonitorCommand {
  /// The host's side of devices: disks, character back ends.
  static let back: [MonitorCommand] = [
    MonitorCommand(
      "commit", "device|all", "commit changes to the disk images (if -snapshot is used) or backing files",
      examples: [("commit all", "what -snapshot holds back goes to the images, as by Ctrl-a s")],
      completion: .drives
    ) { (session, text) throws(MonitorError) in
      let name = session.word(&text)
      guard !name.isEmpty else {
        throw MonitorError("commit: block device name expected", suggestsHelp: true)
      }
      try session.expectEnd(text, of: "commit")
      try session.machine.commit(String(name))
      return ""
    },
    MonitorCommand(
      "ringbuf_read", "device size", "Read from a ring buffer character device",
      examples: [("ringbuf_read log 4096", "and remove it, from -chardev ringbuf,id=log")],
      completion: .ringBuffers
    ) { (session, text) throws(MonitorError) in try session.readRingBuffer(&text) },
    MonitorCommand(
      "ringbuf_write", "device data", "Write to a ring buffer character device",
      examples: [("ringbuf_write log \"two words\"", "for whoever reads -chardev ringbuf,id=log")],
      completion: .ringBuffers
    ) { (session, text) throws(MonitorError) in try session.writeRingBuffer(&text) },
  ]
}

// ringbuf_read, ringbuf_write.
extension MonitorSession {
  func readRingBuffer(_ text: inout Substring) throws(MonitorError) -> String {
    let name = word(&text)
    guard !name.isEmpty else {
      throw MonitorError("ringbuf_read: string expected", suggestsHelp: true)
    }
    let size = try number(&text)
    try expectEnd(text, of: "ringbuf_read")
    guard size <= UInt64(Int32.max) else {
      throw MonitorError("'ringbuf_read' has failed: integer is for 32-bit values", suggestsHelp: true)
    }
    let buffer = try ringBuffer(name)
    guard size > 0 else { throw MonitorError("Error: size must be greater than zero") }
    var shown: [UInt8] = []
    for byte in buffer.read(Int(size)) {
      switch byte {
      case UInt8(ascii: "\\"): shown += [byte, byte]
      case UInt8(ascii: "\n"): shown += [0x0d, byte]
      case ..<0x20, 0x7f: shown += Array("\\u\(zeroPadded(UInt64(byte), to: 4).uppercased())".utf8)
      default: shown.append(byte)
      }
    }
    return String(decoding: shown, as: UTF8.self) + "\r\n"
  }

  func writeRingBuffer(_ text: inout Substring) throws(MonitorError) -> String {
    let name = word(&text)
    guard !name.isEmpty else {
      throw MonitorError("ringbuf_write: string expected", suggestsHelp: true)
    }
    let data = quotedWord(&text)
    guard !data.isEmpty else {
      throw MonitorError("ringbuf_write: string expected", suggestsHelp: true)
    }
    try expectEnd(text, of: "ringbuf_write")
    try ringBuffer(name).write(Array(data.utf8))
    return ""
  }

  private func ringBuffer(_ name: Substring) throws(MonitorError) -> RingBuffer {
    guard let entry = machine.characterBackEnds.first(where: { $0.label == name }) else {
      throw MonitorError("Error: Device '\(name)' not found")
    }
    guard let buffer = entry.ringBuffer else { throw MonitorError("Error: \(name) is not a ringbuf device") }
    return buffer
  }
}
