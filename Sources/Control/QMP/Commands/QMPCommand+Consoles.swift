import Consoles
import Glibc
import JSONText
import Machine

extension QMPCommand {
  private static let dataFormat = QAPIType.choice("DataFormat", ["utf8", "base64"])

  /// Character back ends.
  static let consoles: [QMPCommand] = [
    QMPCommand(
      "query-chardev",
      gives: .list(
        .record(
          "ChardevInfo",
          [
            QAPIMember("label", .text), QAPIMember("filename", .text), QAPIMember("frontend-open", .flag),
          ])), "the character back ends, and where each leads"
    ) { call in
      .array(
        call.machine.characterBackEnds.map {
          ["frontend-open": .flag($0.isInUse), "filename": .string($0.name), "label": .string($0.label)]
        })
    },
    QMPCommand(
      "query-chardev-backends", gives: .list(.record("ChardevBackendInfo", [QAPIMember("name", .text)])),
      "what `-chardev` can name"
    ) { call in .array(call.machine.program.characterKinds.map { ["name": .string($0)] }) },
    QMPCommand(
      "chardev-send-break", [QAPIMember("id", .text, "the back end's")],
      "a serial break for whoever listens to a back end"
    ) { (call) throws(QMPError) in
      try call.carryOut { () throws(MonitorError) in
        try call.machine.sendBreak(to: call.text("id") ?? "")
      }
    },
    QMPCommand(
      "ringbuf-read",
      [
        QAPIMember("device", .text, "the back end's id"),
        QAPIMember("size", .integer, "how many bytes at most"),
        .optional("format", dataFormat, "how the bytes are written; `utf8` unless told"),
      ], gives: .text, "read from a ring buffer, and remove what was read"
    ) { (call) throws(QMPError) in
      let buffer = try call.ringBuffer()
      let size = call.integer("size") ?? 0
      guard size > 0 else { throw QMPError("size must be greater than zero") }
      let bytes = buffer.read(Int(size))
      return .string(
        call.text("format") == "base64" ? Base64.text(bytes) : String(decoding: bytes, as: UTF8.self))
    },
    QMPCommand(
      "ringbuf-write",
      [
        QAPIMember("device", .text, "the back end's id"), QAPIMember("data", .text, "what is added"),
        .optional("format", dataFormat, "how it is written; `utf8` unless told"),
      ], "add to a ring buffer"
    ) { (call) throws(QMPError) in
      let buffer = try call.ringBuffer()
      let data = call.text("data") ?? ""
      guard call.text("format") == "base64" else { return buffer.write(Array(data.utf8)) }
      guard let bytes = Base64.bytes(data) else { throw QMPError("Parameter 'data' expects base64") }
      buffer.write(bytes)
    },
  ]
}

extension QMPCall {
  fileprivate func ringBuffer() throws(QMPError) -> RingBuffer {
    let name = text("device") ?? ""
    guard let entry = machine.characterBackEnds.first(where: { $0.label == name }) else {
      throw QMPError("Device '\(name)' not found")
    }
    guard let buffer = entry.ringBuffer else { throw QMPError("\(name) is not a ringbuf device") }
    return buffer
  }
}
