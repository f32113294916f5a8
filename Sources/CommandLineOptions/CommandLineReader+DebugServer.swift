import Consoles

/// Where a GDB is waited for: `-s`, `-gdb`, the monitor's `gdbserver`.
package enum DebugServerRequest: Sendable, Equatable {
  /// A back end of its own.
  case own(CharacterRequest)
  /// The back end of this id.
  case existing(String)

  /// `-s`, and the monitor's `gdbserver` without a word.
  package static let standardDevice = "tcp::1234"

  /// What `device` names; nil for "none". Complaints are those of the monitor.
  package static func parse(_ device: String) throws(CommandLineError) -> DebugServerRequest? {
    let catalog = Catalog(machines: [], cpus: [], devices: [], version: "")
    return try CommandLineReader(catalog: catalog, programName: "").debugServer(device, option: nil)
  }
}

extension CommandLineReader {
  /// `-s`: the next port is as good where the first is taken; who uses it is told.
  mutating func standardDebugServer() throws(CommandLineError) {
    guard case .own(var character) = try debugServer(DebugServerRequest.standardDevice, option: option),
      case .socket(var options) = character.kind, case .internet(var address) = options.address
    else { return }
    address.lastPort = 1298
    options.address = .internet(address)
    character.kind = .socket(options)
    request.debugServer = .own(character)
  }

  /// `-gdb`.
  mutating func debugServer(_ argument: String) throws(CommandLineError) {
    do {
      request.debugServer = try debugServer(argument, option: option)
    } catch {
      throw CommandLineError(messages: error.messages + ["\(option): gdbstub: couldn't create chardev"])
    }
  }

  func debugServer(_ device: String, option: String?) throws(CommandLineError) -> DebugServerRequest? {
    if device == "none" { return nil }
    if device.hasPrefix("chardev:") { return .existing(String(device.dropFirst(8))) }
    // A server, unless it is said otherwise, for which nothing waits.
    var text = device
    let words = text.split(separator: ",").dropFirst()
    if text.hasPrefix("tcp:") || text.hasPrefix("unix:"),
      !words.contains(where: { $0 == "server" || $0.hasPrefix("server=") })
    {
      text += ",server=on"
      if !words.contains(where: { $0.hasPrefix("wait=") || $0 == "nowait" }) { text += ",wait=off" }
    }
    if text.hasPrefix("tcp:"), !words.contains(where: { $0.hasPrefix("nodelay") || $0.hasPrefix("delay") }) {
      text += ",nodelay=on"
    }
    let isShared = text.hasPrefix("mon:")
    if isShared { text.removeFirst(4) }
    let kind = try kind(short: text, isShared: isShared, option: option ?? "gdbserver")
    return .own(CharacterRequest(id: "gdb", kind: kind, option: option, text: device))
  }

  /// After all consoles are known.
  func checkDebugServer() throws(CommandLineError) {
    switch request.debugServer {
    case .existing(let id) where !request.characters.contains(where: { $0.id == id }):
      throw CommandLineError(
        "-gdb chardev:\(id): gdbstub: couldn't create chardev\nThere is no -chardev of the id '\(id)'.")
    case .own(let character):
      guard case .standardIO = character.kind, isStandardIOTaken else { return }
      let option = character.option ?? "-gdb"
      throw CommandLineError(
        "\(option): cannot use stdio by multiple character devices",
        "\(option): gdbstub: couldn't create chardev")
    case .existing, nil: break
    }
  }
}
