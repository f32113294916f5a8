import Machine

/// What a `-serial` or `-monitor` said, before it is known who shares what.
struct ConsoleWish {
  /// The argument; `option` is the whole as typed, nil for defaults.
  let text: String
  let option: String?
  /// Of a monitor.
  var mode = MonitorRequest.Mode.readline
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
    case "none":
      hasDisplayOption = true
      if let stranger = list.untaken.first { throw error("Parameter '\(stranger.name)' is unexpected") }
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

  mutating func monitor(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "chardev")
    let mode = try list.takeChoice("mode", of: ["readline", "control"]) ?? "readline"
    let isPretty = try list.takeFlag("pretty") ?? false
    guard let chardev = list.take("chardev") else { throw error("Parameter 'chardev' is missing") }
    try list.finish()
    if mode != "control", isPretty { throw error("'pretty' is not compatible with HMP monitors") }
    monitors.append(
      ConsoleWish(
        text: "chardev:\(chardev)", option: option,
        mode: mode == "control" ? .control(isPretty: isPretty) : .readline))
  }

  /// `-qmp`, `-qmp-pretty`.
  mutating func machineProtocol(_ argument: String, isPretty: Bool) {
    monitors.append(ConsoleWish(text: argument, option: option, mode: .control(isPretty: isPretty)))
  }

  // MARK: Who is connected to what

  /// Turns the wishes and defaults into back ends, serial lines and monitors.
  mutating func connectConsoles() throws(CommandLineError) {
    addDefaultConsoles()
    for (index, wish) in monitors.enumerated() {
      let id = try connect(wish, to: wish.text, id: "compat_monitor\(index)", isShared: false) {
        wish.text.hasPrefix("chardev:") ? "chardev \"\($0)\" not found" : "parse error: \(wish.text)"
      }
      if let id {
        request.monitors.append(MonitorRequest(id: id, mode: wish.mode, option: wish.option))
      }
    }
    for (index, wish) in serials.enumerated() {
      // `-serial mon:…` brings the monitor along.
      let isShared = wish.text.hasPrefix("mon:")
      let text = isShared ? String(wish.text.dropFirst(4)) : wish.text
      let id = try connect(wish, to: text, id: "serial\(index)", isShared: isShared) { _ in
        "could not connect serial device to character backend '\(wish.text)'"
      }
      request.machine.serial.append(id)
      if isShared, let id { request.monitors.append(MonitorRequest(id: id, mode: .readline)) }
    }
    for (index, wish) in parallels.enumerated() {
      let id = try connect(wish, to: wish.text, id: "parallel\(index)", isShared: false) { _ in
        "could not connect parallel device to character backend '\(wish.text)'"
      }
      if id != nil, wish.text != "null" {
        request.warnings.append("-parallel \(wish.text): warning: this machine has no parallel port")
      }
    }
  }

  /// QEMU's words: the device would sit on an ISA bus.
  mutating func debugConsole(_ argument: String) throws(CommandLineError) {
    if !argument.hasPrefix("chardev:") {
      do {
        _ = try kind(short: argument, isShared: false, option: option)
      } catch {
        throw CommandLineError(
          messages: error.messages + ["\(option): invalid character backend '\(argument)'"])
      }
    }
    throw error(
      "'isa-debugcon' is not a valid device model name\n"
        + "RISC-V machines have no such port; use -serial, or the firmware's debug console (SBI DBCN).")
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
    let prefix = wish.option.map { "\($0): " } ?? ""
    func failure(_ reasons: [String], _ name: String) -> CommandLineError {
      CommandLineError(messages: reasons + ["\(prefix)\(ending(name))"])
    }
    if text == "none", wish.mode == .readline { return nil }
    if text.hasPrefix("chardev:") {
      let name = String(text.dropFirst(8))
      guard request.characters.contains(where: { $0.id == name }) else { throw failure([], name) }
      return name
    }
    let kind: CharacterRequest.Kind
    do {
      kind = try self.kind(short: text, isShared: isShared, option: wish.option ?? "")
    } catch {
      throw failure(error.messages, text)
    }
    if case .standardIO = kind, isStandardIOTaken { throw failure([prefix + Self.takenTwice], "stdio") }
    if request.characters.contains(where: { $0.id == id }) {
      let isMonitor = id.hasPrefix("compat_monitor")
      let complaint =
        isMonitor ? "Duplicate ID '\(id)' for chardev" : "Chardev with id '\(id)' already exists"
      throw failure([prefix + complaint], text)
    }
    request.characters.append(
      CharacterRequest(id: id, kind: kind, isMultiplexed: isShared, option: wish.option, text: wish.text))
    return id
  }

  private static let takenTwice = "cannot use stdio by multiple character devices"

  var isStandardIOTaken: Bool {
    request.characters.contains { if case .standardIO = $0.kind { true } else { false } }
  }

  mutating func add(_ character: CharacterRequest) throws(CommandLineError) {
    if case .standardIO = character.kind, isStandardIOTaken { throw error(Self.takenTwice) }
    request.characters.append(character)
  }
}
