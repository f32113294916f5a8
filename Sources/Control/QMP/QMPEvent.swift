import Glibc
import JSONText
import Machine
import Synchronization

/// Something that happened, for clients to know.
package struct QMPEvent: Sendable {
  package let name: String
  /// nil: there is nothing to tell beside the name.
  package let data: JSON?

  package init(_ name: String, _ data: JSON? = nil) {
    self.name = name
    self.data = data
  }

  /// What a machine's runner tells; nil where no client is told.
  package init?(_ stop: MachineStop) {
    switch stop {
    case .event, .stopped: self.init("STOP")
    case .resumed: self.init("RESUME")
    case .reset(let cause): self.init("RESET", Self.data(cause))
    case .shutDown(let cause): self.init("SHUTDOWN", Self.data(cause))
    case .powerButton: self.init("POWERDOWN")
    case .device(.serialPort(let id, let isOpen)):
      self.init("VSERPORT_CHANGE", ["id": .string(id), "open": .flag(isOpen)])
    case .ended: return nil
    }
  }

  private static func data(_ cause: ShutdownCause) -> JSON {
    ["guest": .flag(cause.isGuest), "reason": .string(cause.rawValue)]
  }

  /// As it is sent, with the time of now.
  var json: JSON {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let stamp: JSON = ["seconds": JSON(now.tv_sec), "microseconds": JSON(now.tv_nsec / 1000)]
    var members = [JSON.Member("timestamp", stamp), JSON.Member("event", .string(name))]
    if let data { members.append(JSON.Member("data", data)) }
    return .object(members)
  }

  /// A row of the table of events.
  package struct Declaration: Sendable {
    package let name: String
    package let data: [QAPIMember]
    package let help: String

    var record: QAPIRecord { data.isEmpty ? .empty : QAPIRecord(name: "\(name)-arg", members: data) }
  }

  private static let cause = QAPIType.choice(
    "ShutdownCause",
    [
      "none", "host-error", "host-qmp-quit", "host-qmp-system-reset", "host-signal", "host-ui",
      "guest-shutdown", "guest-reset", "guest-panic", "subsystem-reset", "snapshot-load",
    ])
  private static let ending = [
    QAPIMember("guest", .flag, "whether the guest wanted it"), QAPIMember("reason", cause, "who wanted it"),
  ]

  /// By name.
  package static let declarations: [Declaration] = [
    Declaration(
      name: "DUMP_COMPLETED",
      data: [
        QAPIMember("result", DumpProgress.type, "as `query-dump` tells it"),
        .optional("error", .text, "why the dump has failed"),
      ], help: "a dump of the guest's memory is complete, or has failed"),
    Declaration(name: "POWERDOWN", data: [], help: "somebody has pressed the power button"),
    Declaration(name: "RESET", data: ending, help: "the machine is back to power-on"),
    Declaration(name: "RESUME", data: [], help: "the machine runs again"),
    Declaration(
      name: "SHUTDOWN", data: ending, help: "the machine has ended; with `-no-shutdown` it stands still now"),
    Declaration(name: "STOP", data: [], help: "the machine stands still"),
    Declaration(
      name: "VSERPORT_CHANGE",
      data: [QAPIMember("id", .text, "the port's"), QAPIMember("open", .flag, "whether it is open now")],
      help: "the guest has opened or closed a `virtserialport` that has an `id`"),
  ]
}

/// Who wants to know of events: every client that has negotiated.
package final class QMPEvents: Sendable {
  private let listeners = Mutex<[@Sendable (QMPEvent) -> Void]>([])
  /// The last dump of the guest's memory.
  let dump = Mutex(DumpProgress())

  package init() {}

  package func listen(_ listener: @escaping @Sendable (QMPEvent) -> Void) {
    listeners.withLock { $0.append(listener) }
  }

  /// From any thread; never waits.
  package func send(_ event: QMPEvent) {
    for listener in listeners.withLock({ $0 }) { listener(event) }
  }
}
