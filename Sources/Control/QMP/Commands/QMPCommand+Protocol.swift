import JSONText

extension QMPCommand {
  /// The conversation itself, and what can be said in it.
  static let protocolCommands: [QMPCommand] = [
    QMPCommand(
      "qmp_capabilities",
      [
        .optional(
          "enable", .list(.choice("QMPCapability", ["oob"])),
          "capabilities to use; `oob` is not there yet, and the greeting does not offer it")
      ], "end the negotiation: other commands and events come only then"
    ) { (call) throws(QMPError) in
      if case .array(let wanted)? = call.arguments["enable"], !wanted.isEmpty {
        throw QMPError("Capability 'oob' not available\nOut-of-band execution is not there yet in Apus.")
      }
      try call.session.negotiate()
    },
    QMPCommand(
      "query-commands", gives: .list(.record("CommandInfo", [QAPIMember("name", .text)])), "all commands"
    ) { _ in .array(QMPCommand.all.map { ["name": .string($0.name)] }) },
    QMPCommand(
      "query-qmp-schema", gives: .list(schemaInfo),
      "all commands and events with the types of what they take and give"
    ) { _ in .array(QMPSchema.entries) },
    QMPCommand(
      "human-monitor-command",
      [
        QAPIMember("command-line", .text, "what would be typed at the monitor"),
        .optional("cpu-index", .integer, "the hart that it is about; 0 unless told"),
      ], gives: .text, "a command of the monitor, and what it prints"
    ) { (call) throws(QMPError) in
      let monitor = MonitorSession(machine: call.machine, version: call.machine.program.versionLine)
      monitor.hart = try call.hart()
      let answer = monitor.execute(call.text("command-line") ?? "")
      if monitor.isOver { call.session.end() }
      return .string(answer)
    },
  ]

  private static let schemaInfo = QAPIType.record(
    "SchemaInfo",
    [
      QAPIMember("name", .text),
      QAPIMember("meta-type", .choice("SchemaMetaType", QMPSchema.metaTypes)),
      .optional("json-type", .choice("JSONType", QMPSchema.jsonTypes)),
      .optional("element-type", .text), .optional("arg-type", .text), .optional("ret-type", .text),
      .optional("values", .list(.text)), .optional("members", .list(.any)),
    ])
}

extension QMPCall {
  /// `cpu-index`, which many commands have.
  func hart() throws(QMPError) -> Int {
    let index = integer("cpu-index") ?? 0
    guard let hart = Int(exactly: index), (0..<machine.hartCount).contains(hart) else {
      throw QMPError("Parameter 'cpu-index' expects a CPU number")
    }
    return hart
  }
}
