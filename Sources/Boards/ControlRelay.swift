import Machine
import Synchronization

/// Stands in for the machine's runner while the board is built: devices want a way to power off and to hand
/// in input before there are harts to run.
package final class ControlRelay: PowerControl, InputGate {
  private struct Connection {
    var power: (any PowerControl)?
    var gate: (any InputGate)?
    var announce: (@Sendable (DeviceEvent) -> Void)?
    /// Input that came too early.
    var waiting: [@Sendable () -> Void] = []
  }

  package let isDeterministic: Bool
  private let connection = Mutex(Connection())

  package init(isDeterministic: Bool) { self.isDeterministic = isDeterministic }

  /// From now on everything goes to `power` and `gate`, what has waited first.
  package func connect(
    power: any PowerControl, gate: any InputGate,
    announce: @escaping @Sendable (DeviceEvent) -> Void = { _ in }
  ) {
    while true {
      let waiting = connection.withLock { connection in
        defer { connection.waiting = [] }
        if connection.waiting.isEmpty {
          connection.power = power
          connection.gate = gate
          connection.announce = announce
        }
        return connection.waiting
      }
      if waiting.isEmpty { return }
      for body in waiting { gate.deliver(body) }
    }
  }

  package func shutDown(exitCode: Int32, isFailure: Bool) {
    connection.withLock(\.power)?.shutDown(exitCode: exitCode, isFailure: isFailure)
  }

  /// What devices tell before there is anybody to hear it is lost.
  package func announce(_ event: DeviceEvent) { connection.withLock(\.announce)?(event) }

  package func requestReset() { connection.withLock(\.power)?.requestReset() }

  package func deliver(_ body: @escaping @Sendable () -> Void) {
    let gate = connection.withLock { connection in
      if connection.gate == nil { connection.waiting.append(body) }
      return connection.gate
    }
    gate?.deliver(body)
  }

  package func afterRelease(_ body: @escaping @Sendable () -> Void) -> Bool {
    connection.withLock(\.gate)?.afterRelease(body) ?? false
  }
}
