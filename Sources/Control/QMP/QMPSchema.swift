import JSONText

/// What `query-qmp-schema` gives: every command and event that there is, and the types that they use
/// (QEMU, docs/devel/qapi-code-gen.rst, "Client JSON Protocol introspection").
enum QMPSchema {
  static let metaTypes = ["builtin", "enum", "array", "object", "alternate", "command", "event"]
  static let jsonTypes = ["string", "number", "int", "boolean", "null", "object", "array", "value"]

  /// Types stand behind what uses them.
  static let entries: [JSON] = {
    var collector = Collector()
    for command in QMPCommand.all {
      collector.entries.append([
        "name": .string(command.name), "ret-type": .string(command.result?.name ?? QAPIRecord.empty.name),
        "meta-type": "command", "arg-type": .string(command.argumentRecord.name),
      ])
      collector.add(.record(command.argumentRecord))
      collector.add(command.result ?? .record(.empty))
    }
    for event in QMPEvent.declarations {
      collector.entries.append([
        "name": .string(event.name), "meta-type": "event", "arg-type": .string(event.record.name),
      ])
      collector.add(.record(event.record))
    }
    return collector.entries
  }()

  private struct Collector {
    var entries: [JSON] = []
    private var known: Set<String> = []

    mutating func add(_ type: QAPIType) {
      guard known.insert(type.name).inserted else { return }
      switch type {
      case .text: addBuiltin("str", "string")
      case .flag: addBuiltin("bool", "boolean")
      case .number: addBuiltin("number", "number")
      case .any: addBuiltin("any", "value")
      case .integer, .unsigned: addBuiltin("int", "int")
      case .list(let element):
        entries.append([
          "name": .string(type.name), "element-type": .string(element.name), "meta-type": "array",
        ])
        add(element)
      case .choice(let choice):
        entries.append([
          "name": .string(choice.name), "members": .array(choice.values.map { ["name": .string($0)] }),
          "meta-type": "enum", "values": .array(choice.values.map { .string($0) }),
        ])
      case .record(let record):
        let members = record.members.map { member -> JSON in
          let mark = member.isOptional ? [JSON.Member("default", .null)] : []
          return .object(
            [JSON.Member("name", .string(member.name))] + mark
              + [JSON.Member("type", .string(member.type.name))])
        }
        entries.append([
          "name": .string(record.name), "members": .array(members), "meta-type": "object",
        ])
        for member in record.members { add(member.type) }
      }
    }

    private mutating func addBuiltin(_ name: String, _ jsonType: String) {
      entries.append([
        "name": .string(name), "json-type": .string(jsonType), "meta-type": "builtin",
      ])
    }
  }
}
