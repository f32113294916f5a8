/// What a device may use of the machine around it, and nothing more: no board, no monitor, no command line.
package struct DeviceEnvironment: Sendable {
  package let memory: AddressSpace
  package let clock: Clock
  package let timers: Timers
  package let power: any PowerControl
  /// Where back-end threads hand in what they have: completions, input.
  package let gate: any InputGate
  package let entropy: any EntropySource
  package let ethernetAddresses = EthernetAddresses()
  /// Takes what a device has to tell; never waits.
  package let announce: @Sendable (DeviceEvent) -> Void

  package init(
    memory: AddressSpace, clock: Clock, timers: Timers, power: any PowerControl, gate: any InputGate,
    entropy: any EntropySource, announce: @escaping @Sendable (DeviceEvent) -> Void = { _ in }
  ) {
    self.memory = memory
    self.clock = clock
    self.timers = timers
    self.power = power
    self.gate = gate
    self.entropy = entropy
    self.announce = announce
  }
}

/// How devices end or restart the machine. Returns at once; the machine acts when harts are at rest.
package protocol PowerControl: AnyObject, Sendable {
  /// The guest powered off, because of a failure or not; the process ends with `exitCode`.
  func shutDown(exitCode: Int32, isFailure: Bool)
  func requestReset()
}

extension PowerControl {
  package func shutDown(exitCode: Int32) { shutDown(exitCode: exitCode, isFailure: false) }
}

/// What devices tell whoever watches the machine from outside. Told with the machine lock held.
package enum DeviceEvent: Sendable, Equatable {
  /// The guest has opened or closed the port of a virtio console.
  case serialPort(id: String, isOpen: Bool)
}

/// The one way by which the outside reaches devices.
package protocol InputGate: AnyObject, Sendable {
  /// True where I/O must complete on the hart's thread, as a function of instruction counts alone:
  /// devices then call their back ends directly instead of from a worker.
  var isDeterministic: Bool { get }
  /// Runs `body` with the machine lock held: at once on parallel machines, between slices on
  /// deterministic ones. Never called with the lock held.
  func deliver(_ body: @escaping @Sendable () -> Void)
  /// Runs `body` on the calling thread as soon as it has released the machine lock, which it holds now.
  /// False where that cannot be: nothing happens.
  func afterRelease(_ body: @escaping @Sendable () -> Void) -> Bool
}

extension InputGate {
  package func afterRelease(_ body: @escaping @Sendable () -> Void) -> Bool { false }
}
