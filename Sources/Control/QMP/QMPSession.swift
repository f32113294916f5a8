import JSONText
import Synchronization

/// One client's conversation, without the wire: values go in, replies come out
/// (QEMU, docs/interop/qmp-spec.rst).
package final class QMPSession: Sendable {
  let machine: any MonitoredMachine
  let events: QMPEvents
  private let negotiated = Atomic(false)
  private let ended = Atomic(false)
  /// What is to be done once the reply is on its way.
  private let pending = Mutex<[@Sendable () -> Void]>([])

  package init(machine: any MonitoredMachine, events: QMPEvents) {
    self.machine = machine
    self.events = events
  }

  /// The client has said `qmp_capabilities`, and is told of events.
  package var isNegotiated: Bool { negotiated.load(ordering: .sequentiallyConsistent) }

  /// The client has said `quit`: nothing is answered any more.
  package var isOver: Bool { ended.load(ordering: .sequentiallyConsistent) }

  func end() { ended.store(true, ordering: .sequentiallyConsistent) }

  func afterReply(_ body: @escaping @Sendable () -> Void) { pending.withLock { $0.append(body) } }

  /// To be called when the reply has been sent.
  package func replyIsSent() {
    let bodies = pending.withLock { pending in
      defer { pending = [] }
      return pending
    }
    for body in bodies { body() }
  }

  package var greeting: JSON {
    ["QMP": ["version": machine.program.versionObject, "capabilities": []]]
  }

  /// What the client gets for something that it sent.
  package func reply(to item: JSONStream.Item) -> JSON {
    switch item {
    case .failure(let sentence): return Self.failure(QMPError(sentence), id: nil)
    case .value(let value):
      let id = value["id"]
      do throws(QMPError) {
        let result = try carryOut(value)
        return .object([JSON.Member("return", result)] + Self.identity(id))
      } catch {
        return Self.failure(error, id: id)
      }
    }
  }

  private static func identity(_ id: JSON?) -> [JSON.Member] { id.map { [JSON.Member("id", $0)] } ?? [] }

  private static func failure(_ error: QMPError, id: JSON?) -> JSON {
    .object(identity(id) + [JSON.Member("error", error.json)])
  }

  private func carryOut(_ value: JSON) throws(QMPError) -> JSON {
    let (name, arguments) = try Self.command(in: value)
    if !isNegotiated, name != "qmp_capabilities" {
      throw QMPError("Expecting capabilities negotiation with 'qmp_capabilities'", .commandNotFound)
    }
    guard let command = QMPCommand.byName[name] else {
      let absence = QMPCommand.absent.contains(name) ? "; QEMU has it, and it is not there yet in Apus" : ""
      throw QMPError("The command \(name) has not been found\(absence)", .commandNotFound)
    }
    if machine.program.refusesUnstable, command.isUnstable {
      throw QMPError("Unstable command \(name) disabled by policy", .commandNotFound)
    }
    try command.argumentRecord.check(arguments)
    let result = try command.run(QMPCall(session: self, arguments: arguments))
    // What the command asks of the machine happens before the reply, and so do the events.
    machine.settle()
    return result
  }

  private static func command(in value: JSON) throws(QMPError) -> (name: String, arguments: JSON) {
    guard case .object(let members) = value else { throw QMPError("QMP input must be a JSON object") }
    var name: String?
    var arguments: JSON = [:]
    for member in members {
      switch (member.name, member.value) {
      case ("execute", .string(let text)): name = text
      case ("execute", _): throw QMPError("QMP input member 'execute' must be a string")
      case ("arguments", .object): arguments = member.value
      case ("arguments", _): throw QMPError("QMP input member 'arguments' must be an object")
      case ("id", _): break
      default: throw QMPError("QMP input member '\(member.name)' is unexpected")
      }
    }
    guard let name else { throw QMPError("QMP input lacks member 'execute'") }
    return (name, arguments)
  }

  /// `qmp_capabilities`: there is none that could be had.
  func negotiate() throws(QMPError) {
    guard !negotiated.exchange(true, ordering: .sequentiallyConsistent) else {
      throw QMPError(
        "Capabilities negotiation is already complete, command ignored", .commandNotFound)
    }
  }
}
