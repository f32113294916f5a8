import Consoles
import Control
import Devices
import JSONText
import Machine
import Synchronization
import Testing

/// A client's wire to a machine that is not there.
final class QMPClient {
  let machine = MockMachine()
  let session: QMPSession
  private var stream = JSONStream()

  init(isNegotiated: Bool = true) {
    session = QMPSession(machine: machine, events: QMPEvents())
    if isNegotiated { _ = say(#"{"execute":"qmp_capabilities"}"#) }
  }

  /// The replies to what is sent.
  func say(_ text: String) -> [String] {
    stream.read(text.utf8).map { item in
      defer { session.replyIsSent() }
      return String(decoding: session.reply(to: item).bytes(), as: UTF8.self)
    }
  }

  func ask(_ command: String, _ arguments: JSON = [:]) -> JSON {
    session.reply(to: .value(["execute": .string(command), "arguments": arguments]))
  }
}

/// What QEMU says to the same is asked by Tests/SystemTests/QMP.
@Suite struct QMPSessionTests {
  @Test("nothing but the negotiation is answered before it, and that once")
  func negotiation() {
    let client = QMPClient(isNegotiated: false)
    #expect(
      String(decoding: client.session.greeting.bytes(), as: UTF8.self)
        == #"{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 10}, "package": "Apus 0"}, "#
        + #""capabilities": []}}"#)
    #expect(
      client.say(#"{"execute":"query-name"}"#) == [
        #"{"error": {"class": "CommandNotFound", "#
          + #""desc": "Expecting capabilities negotiation with 'qmp_capabilities'"}}"#
      ])
    #expect(!client.session.isNegotiated)
    #expect(
      client.ask("qmp_capabilities", ["enable": ["oob"]])["error"]?["desc"]
        == "Capability 'oob' not available\nOut-of-band execution is not there yet in Apus.")
    #expect(client.say(#"{"execute":"qmp_capabilities","id":1}"#) == [#"{"return": {}, "id": 1}"#])
    #expect(client.session.isNegotiated)
    #expect(client.ask("qmp_capabilities")["error"]?["class"] == "CommandNotFound")
  }

  @Test("commands that may change are refused where the user wants that")
  func unstableCommands() {
    let client = QMPClient()
    #expect(client.ask("x-query-virtio")["return"] != nil)
    client.machine.refusesUnstable = true
    #expect(
      client.ask("x-query-virtio")["error"]?["desc"] == "Unstable command x-query-virtio disabled by policy")
    #expect(client.ask("query-status")["return"] != nil)
  }

  @Test("numbers that Swift's Int64 does not hold, and strings that begin with NUL, come back as they went")
  func identities() {
    let client = QMPClient()
    for id in [
      "18446744073709551615", "9223372036854775808", "-9223372036854775808", #""\u00005""#, #"["\u0000", 1]"#,
    ] {
      #expect(client.say(#"{"execute":"query-name","id":\#(id)}"#) == [#"{"return": {}, "id": \#(id)}"#])
    }
    let tricky = #"{"execute":"query-name","id":"a\"\u00005\"b"}"#
    #expect(client.say(tricky) == [#"{"return": {}, "id": "a\"\u00005\"b"}"#])
  }

  @Test("values may come in any pieces, and several at once")
  func pieces() {
    let text = #"{"execute":"query-kvm"} {'execute':'query-name'}12 @ {"execute":"query-mice"}"#
    let whole = QMPClient().say(text)
    #expect(whole.count == 5)
    let client = QMPClient()
    #expect(text.map { client.say(String($0)) }.flatMap { $0 } == whole)
  }

  @Test("commands reach the machine, and ask of it what they say")
  func machine() {
    let client = QMPClient()
    #expect(client.ask("stop")["return"] == [:])
    #expect(client.ask("query-status")["return"] == ["status": "paused", "running": false])
    #expect(client.ask("cont")["return"] == [:])
    #expect(client.ask("query-status")["return"] == ["status": "running", "running": true])
    for command in ["system_reset", "system_powerdown", "quit"] {
      #expect(client.ask(command)["return"] == [:])
    }
    #expect(client.ask("chardev-send-break", ["id": "serial0"])["return"] == [:])
    #expect(client.machine.state.withLock { $0.log } == ["reset", "power button", "quit", "break"])
    #expect(client.session.isOver)
    #expect(client.ask("set-action", ["shutdown": "pause"])["return"] == [:])
    #expect(client.machine.endActions == EndActions(endsAtReset: false, stopsAtShutdown: true))
    #expect(client.ask("query-cpus-fast")["return"] != [])
    client.machine.state.withLock { $0.isOff = true }
    #expect(client.ask("cont")["error"]?["desc"] == "Resetting the Virtual Machine is required")
  }

  @Test("what is not there yet is not called unknown, and not listed")
  func absence() {
    let client = QMPClient()
    #expect(QMPCommand.absent.isDisjoint(with: QMPCommand.all.map(\.name)))
    let error = client.ask("device_add")["error"]
    #expect(
      error?["desc"]
        == "The command device_add has not been found; QEMU has it, and it is not there yet in Apus")
    #expect(client.ask("nope")["error"]?["desc"] == "The command nope has not been found")
    guard case .array(let listed)? = client.ask("query-commands")["return"] else {
      Issue.record("no list")
      return
    }
    #expect(listed.count == QMPCommand.all.count)
    #expect(!listed.contains(["name": "device_add"]))
  }

  @Test("every result is of the type that is declared for it")
  func results() throws {
    let client = QMPClient()
    let arguments: [String: JSON] = [
      "human-monitor-command": ["command-line": "info status"], "qom-list": ["path": "/machine"],
      "qom-get": ["path": "/machine", "property": "type"],
      "qom-list-properties": ["typename": "virtio-blk-device"],
      "device-list-properties": ["typename": "virtio-blk-pci"],
      "query-cpu-model-expansion": ["type": "full", "model": ["name": "rv64"]],
      "ringbuf-read": ["device": "r", "size": 4], "ringbuf-write": ["device": "r", "data": "x"],
      "chardev-send-break": ["id": "serial0"], "watchdog-set-action": ["action": "none"],
      "pmemsave": ["val": 0x8000_0000, "size": 16, "filename": "/dev/null"],
      "memsave": ["val": 0, "size": 16, "filename": "/dev/null"], "dumpdtb": ["filename": "/dev/null"],
      "dump-guest-memory": ["paging": false, "protocol": "file:/dev/null"],
    ]
    // These have nothing but a reason why not.
    let refusing: Set = [
      "inject-nmi", "system_wakeup", "query-hotpluggable-cpus", "query-balloon", "eject", "qom-set",
      "blockdev-change-medium", "qmp_capabilities",
    ]
    for command in QMPCommand.all where !refusing.contains(command.name) {
      let reply = client.ask(command.name, arguments[command.name] ?? [:])
      let result = try #require(reply["return"], "\(command.name): \(reply)")
      if let type = command.result {
        #expect(throws: Never.self, "\(command.name)") { try type.check(result, path: "result") }
      } else {
        #expect(result == [:], "\(command.name)")
      }
    }
  }

  @Test("the schema names each type once, and every type that is used")
  func schema() {
    guard case .array(let entries)? = QMPClient().ask("query-qmp-schema")["return"] else {
      Issue.record("no schema")
      return
    }
    let names = entries.compactMap { $0["name"] }
    for (index, name) in names.enumerated() { #expect(!names[..<index].contains(name), "\(name) twice") }
    for entry in entries {
      for used in ["ret-type", "arg-type", "element-type"] {
        if let name = entry[used] { #expect(names.contains(name), "\(entry)") }
      }
      guard case .array(let members)? = entry["members"], entry["meta-type"] == "object" else { continue }
      for member in members { #expect(member["type"].map(names.contains) == true, "\(member)") }
    }
    for event in QMPEvent.declarations { #expect(names.contains(.string(event.name))) }
  }

  @Test("events hold what is declared for them")
  func events() throws {
    let happened: [MachineStop] = [
      .stopped, .resumed, .reset(.guestReset), .shutDown(.hostSignal), .powerButton,
      .device(.serialPort(id: "p", isOpen: true)),
    ]
    var names: Set<String> = ["DUMP_COMPLETED"]
    for stop in happened {
      let event = try #require(QMPEvent(stop))
      names.insert(event.name)
      let declared = try #require(QMPEvent.declarations.first { $0.name == event.name })
      #expect(declared.data.isEmpty == (event.data == nil))
      if let data = event.data {
        try QAPIType.record(QAPIRecord(name: "", members: declared.data)).check(data, path: "data")
      }
    }
    #expect(names == Set(QMPEvent.declarations.map(\.name)))
    #expect(QMPEvent(.ended(exitCode: 0)) == nil)
  }

  @Test("a dump that cannot be is an error, one that can an event")
  func dumps() {
    let client = QMPClient()
    let told = Mutex<[String]>([])
    let events = QMPEvents()
    events.listen { event in told.withLock { $0.append(event.name) } }
    let session = QMPSession(machine: client.machine, events: events)
    func dump(_ file: String) -> JSON {
      session.reply(
        to: .value([
          "execute": "dump-guest-memory",
          "arguments": ["paging": false, "protocol": .string("file:\(file)")],
        ]))
    }
    _ = session.reply(to: .value(["execute": "qmp_capabilities"]))
    #expect(
      dump("/nonexistent/x")["error"]?["desc"]
        == "Could not create '/nonexistent/x': No such file or directory")
    #expect(told.withLock { $0 } == [])
    #expect(dump("/dev/null")["return"] == [:])
    #expect(told.withLock { $0 } == ["DUMP_COMPLETED"])
    let progress = session.reply(to: .value(["execute": "query-dump"]))["return"]
    #expect(progress == ["total": 65536, "status": "completed", "completed": 65536])
  }

  @Test("objects are found by the ends of their paths, where these fit one only")
  func objects() {
    let client = QMPClient()
    func get(_ path: String, _ property: String) -> JSON? {
      client.ask("qom-get", ["path": .string(path), "property": .string(property)])["return"]
    }
    #expect(get("d", "type") == "virtio-blk-device")
    #expect(get("/machine/peripheral/d", "parent_bus") == "/machine/unattached/device[11]/virtio-mmio-bus.7")
    #expect(get("/machine/peripheral/d/parent_bus", "type") == "virtio-mmio-bus")
    #expect(get("/machine/soc0", "num-harts") == 2)
    #expect(get("/chardevs/r", "type") == "chardev-null")
    for path in ["", "x/y", "/machine/d", "//", "/machine/peripheral/d/type"] {
      let reply = client.ask("qom-get", ["path": .string(path), "property": "nope"])
      #expect(reply["error"] != nil, "\(path)")
    }
  }
}

@Suite struct QMPServerTests {
  /// A wire that keeps what is sent.
  private final class Wire: CharacterBackEnd {
    let sent = Condition<[UInt8]>([])
    private let front = Mutex<(any CharacterFrontEnd)?>(nil)
    let isConnected: Bool

    init(isConnected: Bool) { self.isConnected = isConnected }

    func send(_ bytes: [UInt8]) { sent.signal { $0 += bytes } }
    func attach(_ frontEnd: (any CharacterFrontEnd)?) { front.withLock { $0 = frontEnd } }
    func acceptInput() {}

    func connect(_ isConnected: Bool) {
      front.withLock { $0 }?.connectionChanged(isConnected: isConnected)
    }
    func type(_ text: String) { front.withLock { $0 }?.receive(Array(text.utf8)[...]) }

    /// Takes what was sent once it ends in `end`.
    func take(until end: String) -> String? {
      sent.wait(milliseconds: 20_000) { bytes in
        guard String(decoding: bytes, as: UTF8.self).hasSuffix(end) else { return nil }
        defer { bytes = [] }
        return String(decoding: bytes, as: UTF8.self)
      }
    }
  }

  @Test("each client is greeted, and told of events once it has negotiated")
  func clients() throws {
    let (wire, events) = (Wire(isConnected: false), QMPEvents())
    QMPServer(machine: MockMachine(), events: events, output: wire, isPretty: false).start()
    for _ in 0..<2 {
      wire.connect(true)
      let greeting = try #require(wire.take(until: "\r\n"))
      #expect(greeting.hasPrefix(#"{"QMP": "#))
      events.send(QMPEvent("STOP"))
      wire.type(#"{"execute":"qmp_capabilities"}"#)
      #expect(wire.take(until: "\r\n") == "{\"return\": {}}\r\n")
      events.send(QMPEvent("RESUME"))
      let event = try #require(wire.take(until: "\r\n"))
      #expect(event.hasPrefix(#"{"timestamp": {"seconds": "#))
      #expect(event.hasSuffix("\"event\": \"RESUME\"}\r\n"))
      // The rest of a line goes with the client.
      wire.type(#"{"execute":"#)
      wire.connect(false)
    }
  }

  @Test("who is there already is greeted, with line breaks where they are asked for")
  func pretty() throws {
    let wire = Wire(isConnected: true)
    QMPServer(machine: MockMachine(), events: QMPEvents(), output: wire, isPretty: true).start()
    let greeting = try #require(wire.take(until: "\r\n}\r\n"))
    #expect(greeting.hasPrefix("{\r\n    \"QMP\": {\r\n        \"version\": {\r\n"))
    #expect(greeting.contains("        \"capabilities\": [\r\n        ]\r\n    }\r\n"))
  }

  @Test("a command that is under way when its client goes is not answered to the next")
  func turnover() throws {
    let wire = Wire(isConnected: false)
    QMPServer(machine: MockMachine(), events: QMPEvents(), output: wire, isPretty: false).start()
    wire.connect(true)
    _ = wire.take(until: "\r\n")
    for _ in 0..<50 { wire.type(#"{"execute":"query-name","id":"old"}"#) }
    wire.connect(false)
    wire.connect(true)
    wire.type(#"{"execute":"qmp_capabilities","id":"new"}"#)
    let seen = try #require(wire.take(until: "\"id\": \"new\"}\r\n"))
    let parts = seen.split(separator: #"{"QMP""#, omittingEmptySubsequences: false)
    #expect(parts.count == 2)
    #expect(!parts[1].contains("old"))
  }
}
