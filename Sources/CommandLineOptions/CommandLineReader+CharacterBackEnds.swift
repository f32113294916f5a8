import Consoles
import Machine

// What a `-chardev` list and the short forms of `-serial` and `-monitor` name.
extension CommandLineReader {
  /// `-chardev`.
  mutating func character(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "backend")
    if list.asksForHelp {
      answer = Self.characterHelp
      return
    }
    let backend = list.take("backend") ?? ""
    let id = try list.takeID()
    guard let id else { throw error("chardev: no id specified") }
    guard !backend.isEmpty else { throw error("chardev: \"\(id)\" missing backend") }
    if request.characters.contains(where: { $0.id == id }) { throw error("Duplicate ID '\(id)' for chardev") }
    let isMultiplexed = try list.takeFlag("mux") ?? false
    let appendsLog = try list.takeFlag("logappend") ?? false
    let log = list.take("logfile").map { CharacterRequest.Log(path: $0, appends: appendsLog) }
    let kind = try kind(of: backend, &list)
    if isMultiplexed, case .multiplexer = kind { throw error("a mux cannot have mux=on: it is one") }
    warnAboutForeignOptions(&list, backend)
    try list.finish()
    try add(
      CharacterRequest(
        id: id, kind: kind, isMultiplexed: isMultiplexed, log: log, option: option, text: backend))
  }

  package static let characterBackEnds = [
    "ringbuf", "mux", "pipe", "hub", "null", "socket", "udp", "file", "serial", "pty", "stdio",
  ]

  private static var characterHelp: String {
    "Available chardev backend types: \n" + characterBackEnds.map { "  \($0)\n" }.joined()
  }

  /// QEMU's others, told apart from typing errors.
  private static let otherCharacterBackEnds: Set<String> = [
    "qemu-vdagent", "msmouse", "parallel", "wctablet", "testdev", "spicevmc", "spiceport", "braille", "dbus",
  ]

  /// All that QEMU knows after `-chardev`; for any back end, even where it means nothing to it.
  private static let characterOptions: Set<String> = [
    "abstract", "append", "chardev", "chardevs.0", "chardevs.1", "chardevs.2", "chardevs.3", "clipboard",
    "cols", "debug", "delay", "fd", "height", "host", "input-path", "ipv4", "ipv6", "localaddr", "localport",
    "mouse", "name", "nodelay", "path", "port", "reconnect", "reconnect-ms", "rows", "server", "signal",
    "size", "telnet", "tight", "tls-authz", "tls-creds", "tn3270", "to", "wait", "websocket", "width",
  ]

  private mutating func warnAboutForeignOptions(_ list: inout KeyValueList, _ backend: String) {
    for entry in list.untaken where Self.characterOptions.contains(entry.name) {
      _ = list.take(entry.name)
      request.warnings.append("\(option): warning: '\(entry.name)' means nothing to a \(backend) back end")
    }
  }

  private func kind(
    of backend: String, _ list: inout KeyValueList
  ) throws(CommandLineError) -> CharacterRequest.Kind {
    func path(_ complaint: String) throws(CommandLineError) -> String {
      guard let path = list.take("path"), !path.isEmpty else { throw list.error("chardev: \(complaint)") }
      return path
    }
    switch backend {
    case "null": return .null
    case "stdio": return .standardIO(signals: try list.takeFlag("signal") ?? true)
    case "file":
      let appends = try list.takeFlag("append") ?? false
      let inputPath = list.take("input-path")
      return .file(path: try path("file: no filename given"), appends: appends, inputPath: inputPath)
    case "pipe": return .pipe(path: try path("pipe: no device path given"))
    case "serial": return .serialLine(path: try path("serial/tty: no device path given"))
    case "pty": return .pseudoterminal(link: list.take("path"))
    case "socket": return .socket(try socket(&list))
    case "udp": return .datagrams(try datagrams(&list))
    case "ringbuf", "memory": return .ringBuffer(size: try takeSize("size", &list) ?? 65536)
    case "mux":
      guard let base = list.take("chardev") else { throw list.error("chardev: mux: no chardev given") }
      return .multiplexer(of: base)
    case "hub":
      var members: [String] = []
      while members.count < Hub.mostStreams, let member = list.take("chardevs.\(members.count)") {
        members.append(member)
      }
      guard !members.isEmpty else { throw list.error("hub: 'chardevs' list is not defined") }
      return .hub(members)
    case "vc": throw list.error(Self.noVirtualConsole)
    case "tty", "parport":
      throw list.error(
        "'\(backend)' is not a valid char driver name\n"
          + "QEMU had it until version 9; its name now is '\(backend == "tty" ? "serial" : "parallel")'.")
    case let name where Self.otherCharacterBackEnds.contains(name):
      throw list.error("\(name) character back ends are not there yet in Apus")
    default: throw list.error("'\(backend)' is not a valid char driver name")
    }
  }

  private static let noVirtualConsole =
    "vc character back ends are not there yet in Apus: they are consoles in a window, and there is none.\n"
    + "Use pty, which any terminal program can open, or none."

  // MARK: Sockets

  /// `internet`: the host and port of a short form; the list has the rest.
  private func socket(
    _ list: inout KeyValueList, framing: Framing.Kind = .raw, internet: (host: String, port: String)? = nil
  ) throws(CommandLineError) -> SocketOptions {
    let isServer = try list.takeFlag("server") ?? false
    var options = SocketOptions(
      address: try socketAddress(&list, internet), isServer: isServer, framing: framing)
    if try list.takeFlag("websocket") == true { options.framing = .webSocket }
    if try list.takeFlag("telnet") == true { options.framing = .telnet }
    if try list.takeFlag("tn3270") == true { throw list.error("tn3270 is not there yet in Apus") }
    let credentials = list.take("tls-creds")
    if list.take("tls-authz") != nil, credentials == nil {
      throw list.error("'tls_authz' option requires 'tls_creds' option")
    }
    if let credentials {
      throw list.error("No TLS credentials with id '\(credentials)'\nTLS is not there yet in Apus.")
    }
    if options.framing == .webSocket, !isServer { throw list.error("Websocket client is not implemented") }

    // `nowait`, as the oldest scripts have it.
    let hasNoWait = list.take("nowait") != nil
    if let waits = try list.takeFlag("wait") ?? (hasNoWait ? false : nil) {
      guard isServer else {
        throw list.error("'wait' option is incompatible with socket in client connect mode")
      }
      options.waits = waits
    }
    let delays = try list.takeFlag("delay")
    let hasNoDelay = try list.takeFlag("nodelay")
    if delays != nil, hasNoDelay != nil {
      throw list.error("'delay' and 'nodelay' are mutually exclusive")
    }
    options.hasNoDelay = hasNoDelay ?? delays.map { !$0 } ?? false

    let seconds = try list.takeNumber("reconnect")
    let milliseconds = try list.takeNumber("reconnect-ms")
    if seconds != nil, milliseconds != nil {
      throw list.error("'reconnect' and 'reconnect-ms' are mutually exclusive")
    }
    if isServer, seconds != nil || milliseconds != nil {
      let name = seconds != nil ? "reconnect" : "reconnect-ms"
      throw list.error("'\(name)' option is incompatible with socket in server listen mode")
    }
    let pause = milliseconds ?? seconds.map { min($0, 1 << 32) * 1000 } ?? 0
    options.reconnect = pause == 0 ? nil : pause
    return options
  }

  private func socketAddress(
    _ list: inout KeyValueList, _ internet: (host: String, port: String)?
  ) throws(CommandLineError) -> SocketOptions.Address {
    let path = list.take("path")
    let descriptor = list.take("fd")
    let host = internet?.host ?? list.take("host")
    guard [path, descriptor, host].count(where: { $0 != nil }) <= 1 else {
      throw list.error("None or one of 'path', 'fd' or 'host' option required.")
    }
    if let path, !path.isEmpty {
      return .unix(
        UnixAddress(
          path: path, isAbstract: try list.takeFlag("abstract") ?? false,
          isTight: try list.takeFlag("tight") ?? true))
    }
    if let descriptor { return .descriptor(descriptor) }
    guard let host else {
      throw list.error("Unable to parse FD number \nName a host= with a port=, or a path=.")
    }
    guard let port = internet?.port ?? list.take("port") else {
      throw list.error("chardev: socket: no port given")
    }
    var address = try internetAddress(host, port, &list)
    if let last = try list.takeNumber("to") {
      guard let last = UInt16(exactly: last) else { throw list.error("Parameter 'to' expects a port") }
      address.lastPort = last
    }
    return .internet(address)
  }

  private func internetAddress(
    _ host: String, _ port: String, _ list: inout KeyValueList
  ) throws(CommandLineError) -> InternetAddress {
    InternetAddress(
      host: host, port: port, usesIPv4: try list.takeFlag("ipv4"), usesIPv6: try list.takeFlag("ipv6"))
  }

  private func datagrams(_ list: inout KeyValueList) throws(CommandLineError) -> DatagramOptions {
    guard let port = list.take("port"), !port.isEmpty else {
      throw list.error("chardev: udp: remote port not specified")
    }
    let remote = try internetAddress(list.take("host") ?? "localhost", port, &list)
    let localHost = list.take("localaddr")
    let localPort = list.take("localport")
    guard localHost != nil || localPort != nil else { return DatagramOptions(remote: remote) }
    return DatagramOptions(
      remote: remote,
      local: InternetAddress(
        host: localHost ?? "", port: localPort ?? "0", usesIPv4: remote.usesIPv4, usesIPv6: remote.usesIPv6))
  }

  // MARK: Short forms

  /// What `-serial TEXT` names. `option` stands before complaints.
  func kind(
    short text: String, isShared: Bool, option: String
  ) throws(CommandLineError) -> CharacterRequest.Kind {
    let name = String(text.prefix { $0 != ":" })
    let rest = String(text.dropFirst(name.count + 1))
    let hasColon = name.count < text.count
    switch name {
    // Shared with a monitor, Ctrl-C belongs to the guest: Ctrl-a x is there to leave.
    case "stdio" where !hasColon: return .standardIO(signals: !isShared)
    case "null" where !hasColon: return .null
    case "pty": return .pseudoterminal(link: hasColon ? rest : nil)
    case "vc": throw CommandLineError("\(option): \(Self.noVirtualConsole)")
    case "file" where hasColon: return .file(path: rest, appends: false)
    case "pipe" where hasColon: return .pipe(path: rest)
    case "unix" where hasColon:
      var list = KeyValueList(rest, option: option, implied: "path")
      let options = try socket(&list)
      try list.finish()
      return .socket(options)
    case "tcp" where hasColon: return try shortSocket(rest, .raw, option)
    case "telnet" where hasColon: return try shortSocket(rest, .telnet, option)
    case "websocket" where hasColon: return try shortSocket(rest, .webSocket, option)
    case "tn3270" where hasColon: throw CommandLineError("\(option): tn3270 is not there yet in Apus")
    case "udp" where hasColon: return try shortDatagrams(rest)
    case "con" where hasColon:
      throw CommandLineError("\(option): 'console' is not a valid char driver name")
    case _ where text.hasPrefix("/dev/parport") || text.hasPrefix("/dev/ppi"):
      throw CommandLineError("\(option): parallel character back ends are not there yet in Apus")
    case _ where text.hasPrefix("/dev/"): return .serialLine(path: text)
    case let name where Self.otherCharacterBackEnds.contains(name) && !hasColon:
      throw CommandLineError("\(option): \(name) character back ends are not there yet in Apus")
    case let name:
      let isLong = Self.characterBackEnds.contains(name) || Self.characterBackEnds.contains(beforeComma(name))
      throw CommandLineError(
        "\(option): '\(text)' is not a valid char driver"
          + (isLong
            ? "\nOptions of a back end want -chardev \(beforeComma(name)),id=c0,... and -serial chardev:c0."
            : ""))
    }
  }

  private func beforeComma(_ text: String) -> String { String(text.prefix { $0 != "," }) }

  private func shortSocket(
    _ text: String, _ framing: Framing.Kind, _ option: String
  ) throws(CommandLineError) -> CharacterRequest.Kind {
    guard let (host, port, rest) = Self.splitHost(text, until: ",") else {
      throw CommandLineError(messages: [])
    }
    var list = KeyValueList(String(rest.dropFirst()), option: option)
    let options = try socket(&list, framing: framing, internet: (host, port))
    try list.finish()
    return .socket(options)
  }

  /// `[HOST]:PORT[@[LOCALHOST]:LOCALPORT]`
  private func shortDatagrams(_ text: String) throws(CommandLineError) -> CharacterRequest.Kind {
    guard let (host, port, rest) = Self.splitHost(text, until: "@") else {
      throw CommandLineError(messages: [])
    }
    let remote = InternetAddress(host: host.isEmpty ? "localhost" : host, port: port)
    guard rest.first == "@" else { return .datagrams(DatagramOptions(remote: remote)) }
    guard let (localHost, localPort, end) = Self.splitHost(String(rest.dropFirst()), until: ","), end.isEmpty
    else { throw CommandLineError(messages: []) }
    return .datagrams(
      DatagramOptions(remote: remote, local: InternetAddress(host: localHost, port: localPort)))
  }

  /// `HOST:PORT` up to `stop`, and what is left from there on. An IPv6 address stands in brackets.
  private static func splitHost(
    _ text: String, until stop: Character
  ) -> (host: String, port: String, rest: Substring)? {
    var host: Substring
    var rest = text[...]
    if rest.first == "[", let end = rest.firstIndex(of: "]") {
      host = rest[rest.index(after: rest.startIndex)..<end]
      rest = rest[rest.index(after: end)...]
    } else {
      host = rest.prefix { $0 != ":" }
      rest = rest[host.endIndex...]
    }
    guard rest.popFirst() == ":" else { return nil }
    let port = rest.prefix { $0 != stop && $0 != "," }
    guard !port.isEmpty else { return nil }
    return (String(host), String(port), rest[port.endIndex...])
  }
}
