import Machine

/// What a `-serial` or `-monitor` said, before it is known who shares what.
struct ConsoleWish {
  /// The argument; `option` is the whole as typed, nil for defaults.
  let text: String
  let option: String?
}

// -serial, -monitor, -chardev, -nographic and what they mean together.
extension CommandLineReader {
  mutating func display(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "type")
    if list.asksForHelp {
      answer = "Available display backend types:\nnone\n"
      return
    }
    let type = list.take("type") ?? ""
    switch type {
    case "none": hasDisplayOption = true
    case "gtk", "sdl", "curses", "vnc", "spice-app", "egl-headless", "dbus", "cocoa", "default":
      throw CommandLineError(
        "Display '\(type)' is not available. Displays are not there yet in Apus: use -nographic or -display none"
      )
    default:
      // `-display vnc=:0` names the type as a key.
      if list.entries.first?.name == "vnc" {
        throw CommandLineError("Display 'vnc' is not available. VNC is not there yet in Apus")
      }
      throw error("Parameter 'type' does not accept value '\(type)'")
    }
  }

  mutating func escape(_ argument: String) throws(CommandLineError) {
    guard let code = UInt64(literal: argument), let byte = UInt8(exactly: code) else {
      throw error("Bad argument to echr (a key's code from 0 to 255, e.g. 0x14 for Ctrl-t)")
    }
    request.escape = byte
  }

  mutating func character(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "backend")
    if list.asksForHelp {
      answer = "Available chardev backend types: \n  null\n  file\n  stdio\n"
      return
    }
    guard let backend = list.take("backend"), !backend.isEmpty else {
      throw error("chardev: no backend specified")
    }
    let id = try list.takeID()
    guard let id else { throw error("chardev: no id specified") }
    if request.characters.contains(where: { $0.id == id }) { throw error("Duplicate ID '\(id)' for chardev") }
    let isMultiplexed = try list.takeFlag("mux") ?? false
    if list.take("logfile") != nil { throw error("logfile= is not there yet in Apus") }
    let kind: CharacterRequest.Kind
    switch backend {
    case "null": kind = .null
    case "stdio": kind = .standardIO(signals: try list.takeFlag("signal") ?? true)
    case "file":
      let appends = try list.takeFlag("append") ?? false
      if list.take("input-path") != nil { throw error("input-path= is not there yet in Apus") }
      guard let path = list.take("path"), !path.isEmpty else {
        throw error("chardev: file: no filename given")
      }
      kind = .file(path: path, appends: appends)
    case let name where Self.otherCharacterBackEnds.contains(name):
      throw error("\(name) character back ends are not there yet in Apus")
    default: throw error("'\(backend)' is not a valid char driver name")
    }
    try list.finish()
    try add(CharacterRequest(id: id, kind: kind, isMultiplexed: isMultiplexed, option: option, text: backend))
  }

  mutating func monitor(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "chardev")
    let mode = try list.takeChoice("mode", of: ["readline", "control"]) ?? "readline"
    _ = try list.takeFlag("pretty")
    guard let chardev = list.take("chardev") else { throw error("chardev name missing") }
    try list.finish()
    if mode == "control" { throw error("QMP is not there yet in Apus") }
    monitors.append(ConsoleWish(text: "chardev:\(chardev)", option: "-mon \(argument)"))
  }

  // MARK: Who is connected to what

  /// Turns the wishes and defaults into back ends, serial lines and monitors.
  mutating func connectConsoles() throws(CommandLineError) {
    addDefaultConsoles()
    for (index, wish) in monitors.enumerated() {
      let id = try connect(wish, to: wish.text, id: "compat_monitor\(index)", isShared: false) {
        wish.option?.hasPrefix("-mon ") == true ? "chardev \"\($0)\" not found" : "parse error: \(wish.text)"
      }
      if let id { request.monitors.append(id) }
    }
    for (index, wish) in serials.enumerated() {
      // `-serial mon:…` brings the monitor along.
      let isShared = wish.text.hasPrefix("mon:")
      let text = isShared ? String(wish.text.dropFirst(4)) : wish.text
      let id = try connect(wish, to: text, id: "serial\(index)", isShared: isShared) { _ in
        "could not connect serial device to character backend '\(wish.text)'"
      }
      request.machine.serial.append(id)
      if isShared, let id { request.monitors.append(id) }
    }
    try checkSharing()
  }

  private mutating func addDefaultConsoles() {
    let wantsSerial = serials.isEmpty && hasDefaults
    let wantsMonitor = monitors.isEmpty && hasDefaults && !serials.contains { $0.text.hasPrefix("mon:") }
    let wantsBoth = wantsSerial && wantsMonitor
    if isNographic || (!hasDisplayOption && wantsBoth) {
      if wantsBoth {
        serials = [ConsoleWish(text: "mon:stdio", option: nil)]
      } else {
        if wantsSerial { serials = [ConsoleWish(text: "stdio", option: nil)] }
        if wantsMonitor { monitors = [ConsoleWish(text: "stdio", option: nil)] }
      }
    }
    if wantsBoth, !isNographic, !hasDisplayOption {
      request.hint =
        "there is no display yet, so this terminal is the serial port, as with -nographic "
        + "(Ctrl-a h lists the keys, Ctrl-a x ends)"
    }
  }

  /// The id of the back end that `text` names, made where it is new; nil for `none`. `ending` gives the
  /// sentence that follows the reason of a failure, as QEMU words it.
  private mutating func connect(
    _ wish: ConsoleWish, to text: String, id: String, isShared: Bool, ending: (String) -> String
  ) throws(CommandLineError) -> String? {
    func failure(_ reason: String?, _ name: String) -> CommandLineError {
      let sentences = [reason, ending(name)].compactMap { $0 }
      return CommandLineError(messages: sentences.map { s in wish.option.map { "\($0): \(s)" } ?? s })
    }
    let kind: CharacterRequest.Kind
    switch text {
    case "none": return nil
    // Shared with a monitor, Ctrl-C belongs to the guest: Ctrl-a x is there to leave.
    case "stdio": kind = .standardIO(signals: !isShared)
    case "null": kind = .null
    case _ where text.hasPrefix("file:"): kind = .file(path: String(text.dropFirst(5)), appends: false)
    case _ where text.hasPrefix("chardev:"):
      let name = String(text.dropFirst(8))
      guard request.characters.contains(where: { $0.id == name }) else { throw failure(nil, name) }
      return name
    default:
      let name = String(text.prefix { $0 != ":" })
      guard Self.otherCharacterBackEnds.contains(name) || text.hasPrefix("/dev/") || name == "con" else {
        throw failure("'\(text)' is not a valid char driver", name)
      }
      throw failure("\(name) character back ends are not there yet in Apus", name)
    }
    let character = CharacterRequest(
      id: id, kind: kind, isMultiplexed: isShared, option: wish.option, text: wish.text)
    if case .standardIO = kind, isStandardIOTaken { throw failure(Self.takenTwice, "stdio") }
    request.characters.append(character)
    return id
  }

  private static let takenTwice = "cannot use stdio by multiple character devices"

  private var isStandardIOTaken: Bool {
    request.characters.contains { if case .standardIO = $0.kind { true } else { false } }
  }

  private mutating func add(_ character: CharacterRequest) throws(CommandLineError) {
    if case .standardIO = character.kind, isStandardIOTaken { throw error(Self.takenTwice) }
    request.characters.append(character)
  }

  /// A back end has one device at its other end and, where multiplexed, monitors beside it.
  private func checkSharing() throws(CommandLineError) {
    var users: [String: Int] = [:]
    for id in request.machine.serial.compactMap({ $0 }) { users[id, default: 0] += 1 }
    let devices = request.machine.devices.compactMap { device in device["chardev"].map { (device, $0) } }
    for (device, id) in devices {
      users[id, default: 0] += 1
      guard users[id] == 1 else {
        throw CommandLineError(
          "-device \(device.text): Property '\(device.driver).chardev' can't take value '\(id)', it's in use")
      }
    }
    for character in request.characters {
      let monitors = request.monitors.count { $0 == character.id }
      let count = users[character.id, default: 0]
      guard count <= 1, monitors <= 1 else {
        throw CommandLineError(
          "chardev '\(character.id)' is in use by several devices; that is not there yet in Apus")
      }
      if count + monitors > 1, !character.isMultiplexed {
        throw CommandLineError("chardev '\(character.id)' is in use; it can be shared with mux=on")
      }
    }
  }

  private static let otherCharacterBackEnds: Set<String> = [
    "ringbuf", "mux", "pipe", "qemu-vdagent", "hub", "msmouse", "socket", "vc", "parallel", "memory", "udp",
    "serial", "pty", "wctablet", "testdev", "spicevmc", "spiceport", "braille", "dbus", "tty", "tcp",
    "telnet",
    "tn3270", "websocket", "unix", "fd",
  ]
}
