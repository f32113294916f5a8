import JSONText

/// A row of QMP's table: from it come the check of arguments, `query-commands`, `query-qmp-schema` and the list in
/// docs/qmp.md.
package struct QMPCommand: Sendable {
  typealias Handler = @Sendable (QMPCall) throws(QMPError) -> JSON

  package let name: String
  package let arguments: [QAPIMember]
  /// nil: an empty object.
  package let result: QAPIType?
  package let help: String
  let run: Handler

  init(
    _ name: String, _ arguments: [QAPIMember] = [], gives result: QAPIType, _ help: String,
    _ run: @escaping Handler
  ) {
    self.name = name
    self.arguments = arguments
    self.result = result
    self.help = help
    self.run = run
  }

  /// A command that takes and gives nothing.
  init(
    _ name: String, _ help: String, _ run: @escaping @Sendable (QMPCall) throws(QMPError) -> Void
  ) {
    self.init(name, [], help, run)
  }

  /// A command that gives nothing.
  init(
    _ name: String, _ arguments: [QAPIMember], _ help: String,
    _ run: @escaping @Sendable (QMPCall) throws(QMPError) -> Void
  ) {
    self.name = name
    self.arguments = arguments
    result = nil
    self.help = help
    self.run = { (call) throws(QMPError) in
      try run(call)
      return [:]
    }
  }

  /// It may change, as its name says.
  var isUnstable: Bool { name.hasPrefix("x-") }

  var argumentRecord: QAPIRecord {
    arguments.isEmpty ? .empty : QAPIRecord(name: "\(name)-arg", members: arguments)
  }

  /// By name.
  package static let all: [QMPCommand] =
    (protocolCommands + runControl + program + machineQueries + consoles + disks + memory + objects
    + nothingThere).sorted { $0.name < $1.name }

  package static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

/// A command with its arguments, which have been checked.
struct QMPCall {
  let session: QMPSession
  let arguments: JSON

  var machine: any MonitoredMachine { session.machine }

  func text(_ name: String) -> String? {
    if case .string(let text)? = arguments[name] { text } else { nil }
  }

  func flag(_ name: String) -> Bool? {
    if case .flag(let isOn)? = arguments[name] { isOn } else { nil }
  }

  func integer(_ name: String) -> Int64? {
    if case .integer(let value)? = arguments[name] { value } else { nil }
  }

  /// Negative ones wrap, as in QEMU.
  func unsigned(_ name: String) -> UInt64? {
    switch arguments[name] {
    case .integer(let value): UInt64(bitPattern: value)
    case .large(let value): value
    default: nil
    }
  }

  /// A command of the monitor's, whose sentences are the same.
  func carryOut<R>(_ body: () throws(MonitorError) -> R) throws(QMPError) -> R {
    do throws(MonitorError) {
      return try body()
    } catch {
      throw QMPError(error)
    }
  }
}
