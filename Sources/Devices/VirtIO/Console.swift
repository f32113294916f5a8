import Machine

/// Serial ports over virtio (virtio 1.3, §5.3): the device to which `virtconsole` and `virtserialport`
/// are plugged.
package final class VirtIOSerial: VirtIODevice {
  package static let typeName = "virtio-serial-device"
  package static let deviceID: UInt32 = 3

  /// Feature bits (§5.3.3). VIRTIO_CONSOLE_F_SIZE is not offered: no back end knows a size.
  package enum Feature {
    package static let multiPort: UInt64 = 1 << 1
    package static let emergencyWrite: UInt64 = 1 << 2
  }

  /// Control events (§5.3.6.2).
  package enum Event {
    package static let deviceReady: UInt16 = 0
    package static let portAdd: UInt16 = 1
    package static let portReady: UInt16 = 3
    package static let consolePort: UInt16 = 4
    package static let portOpen: UInt16 = 6
    package static let portName: UInt16 = 7
  }

  private static let controlReceive = 2
  private static let controlTransmit = 3
  /// Control messages that wait for buffers; a driver that provides none gets no more than these.
  private static let mostMessages = 2048
  /// Bytes of one transmitted chain. Real drivers send pages; a chain may name all RAM 1,024 times.
  private static let mostTransmitted = 16 << 20

  package static let properties: [Property] =
    [
      Property("max_ports", .integer(maximum: 0xffff_ffff), default: .integer(31), "ports, at most 511"),
      Property("emergency-write", .flag, default: .flag(true), "offer VIRTIO_CONSOLE_F_EMERG_WRITE"),
    ] + VirtIOOptions.properties

  package static let model = DeviceModel(
    typeName: typeName, bus: .virtio, summary: "bus for virtio consoles and serial ports",
    properties: properties
  ) { values, _, _ throws(PropertyError) in
    let ports = values.integer("max_ports") ?? 31
    guard ports > 0 else { throw PropertyError("Maximum number of serial ports not specified") }
    guard ports <= 511 else { throw PropertyError("maximum ports supported: 511") }
    return VirtIOSerial(
      portLimit: Int(ports), offersEmergencyWrite: values.flag("emergency-write"),
      options: VirtIOOptions(values))
  }

  package struct State: Codable, Equatable, Sendable {
    /// Control messages that wait for a buffer.
    package var messages: [[UInt8]] = []
  }

  package let options: VirtIOOptions
  package let portLimit: Int
  private let offersEmergencyWrite: Bool
  private nonisolated(unsafe) var link: VirtIOLink?
  package nonisolated(unsafe) var state = State()
  /// By number; written only while the board is built.
  private nonisolated(unsafe) var ports: [Int: VirtIOSerialPort] = [:]

  package init(
    portLimit: Int = 31, offersEmergencyWrite: Bool = true, options: VirtIOOptions = VirtIOOptions()
  ) {
    self.portLimit = portLimit
    self.offersEmergencyWrite = offersEmergencyWrite
    self.options = options
  }

  // MARK: Ports

  /// Plugs a port in, under the number it asks for or a free one: 0 is for consoles.
  package func plug(_ port: VirtIOSerialPort) throws(PropertyError) {
    let number = port.requestedNumber ?? freeNumber(for: port)
    guard number < portLimit else {
      throw PropertyError(
        "virtio-serial-bus: Out-of-range port id specified, max. allowed: \(portLimit - 1)")
    }
    guard ports[number] == nil else {
      throw PropertyError("virtio-serial-bus: A port already exists at id \(number)")
    }
    guard number != 0 || port.isConsole else {
      throw PropertyError(
        "Port number 0 on virtio-serial devices reserved for virtconsole devices for backward compatibility.")
    }
    guard port.name.isEmpty || !ports.values.contains(where: { $0.name == port.name }) else {
      throw PropertyError("virtio-serial-bus: A port already exists by name \(port.name)")
    }
    ports[number] = port
    port.connect(to: self, number: number)
  }

  private func freeNumber(for port: VirtIOSerialPort) -> Int {
    let first = port.isConsole ? 0 : 1
    return (first..<max(first, portLimit)).first { ports[$0] == nil } ?? portLimit
  }

  /// §5.3.2: port 0 has queues 0 and 1, port n from 1 on 2n + 2 and 2n + 3.
  private static func receiveQueue(of port: Int) -> Int { port == 0 ? 0 : 2 * port + 2 }

  private static func port(ofQueue index: Int) -> Int? {
    switch index / 2 {
    case 0: 0
    case 1: nil
    default: index / 2 - 1
    }
  }

  // MARK: Features and configuration

  package var queueSizes: [UInt16] {
    guard portLimit > 1 else { return [128, 128] }
    return (0..<(2 * (portLimit + 1))).map { $0 / 2 == 1 ? 32 : 128 }
  }

  package func features(isLegacy: Bool) -> UInt64 {
    (portLimit > 1 ? Feature.multiPort : 0) | (offersEmergencyWrite ? Feature.emergencyWrite : 0)
  }

  /// §5.3.4: cols, rows, max_nr_ports, emerg_wr.
  package var configuration: [UInt8] {
    let ports = UInt32(portLimit)
    let count = withUnsafeBytes(of: ports.littleEndian) { Array($0) }
    return [0, 0, 0, 0] + count + (offersEmergencyWrite ? [0, 0, 0, 0] : [])
  }

  package func writeConfiguration(at offset: Int, _ bytes: [UInt8]) {
    // §5.3.4: emerg_wr prints its low byte on the first console, at any time.
    guard offersEmergencyWrite, bytes.indices.contains(8 - offset) else { return }
    let consoles = ports.values.filter(\.isConsole)
    consoles.min { $0.number < $1.number }?.backEnd?.send([bytes[8 - offset]])
  }

  package func connect(to link: VirtIOLink) { self.link = link }

  package func reset() {
    state = State()
    for port in ports.values { port.reset() }
  }

  // MARK: Queues

  package func handle(queue index: Int) throws(VirtQueueError) {
    guard let link else { return }
    let isControl = portLimit > 1 && index / 2 == 1
    switch (isControl, index % 2) {
    case (true, 0):
      try sendMessages()
    case (true, _):
      var answers = false
      try link.drainAvailable(index) { chain in
        answers = handleControl(chain.copyReadable(count: 8)) || answers
        link.queues[index].push(head: chain.head, written: 0)
      }
      link.signal(queue: index)
      if answers { try sendMessages() }
    case (false, 0):
      _ = link.queues[index].enableNotifications()
      if let port = Self.port(ofQueue: index).flatMap({ ports[$0] }), capacity(of: port) > 0 {
        port.backEnd?.acceptInput()
      }
    case (false, _):
      let port = Self.port(ofQueue: index).flatMap { ports[$0] }
      try link.drainAvailable(index) { chain throws(VirtQueueError) in
        try transmit(chain, to: port?.backEnd)
        link.queues[index].push(head: chain.head, written: 0)
      }
      link.signal(queue: index)
    }
  }

  private func transmit(
    _ chain: DescriptorChain, to backEnd: (any CharacterBackEnd)?
  ) throws(VirtQueueError) {
    let count = chain.readableCount
    guard count <= Self.mostTransmitted else {
      throw VirtQueueError("virtio-serial: a chain of \(count) bytes to transmit")
    }
    if let backEnd, count > 0 { backEnd.send(chain.copyReadable(count: count)) }
  }

  /// True where an answer was queued.
  private func handleControl(_ message: [UInt8]) -> Bool {
    guard message.count == 8 else { return false }
    let id = message[..<4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    let event = UInt16(message[4]) | UInt16(message[5]) << 8
    let value = UInt16(message[6]) | UInt16(message[7]) << 8
    if event == Event.deviceReady {
      guard value == 1 else { return false }
      for port in ports.values.sorted(by: { $0.number < $1.number }) { queue(port, Event.portAdd, 1) }
      return true
    }
    guard let port = ports[Int(id)] else { return false }
    switch event {
    case Event.portReady:
      guard value == 1 else { return false }
      if port.isConsole { queue(port, Event.consolePort, 1) }
      if !port.name.isEmpty { queue(port, Event.portName, 1, Array(port.name.utf8)) }
      if port.isHostConnected { queue(port, Event.portOpen, 1) }
      return true
    case Event.portOpen:
      port.setOpen(value != 0)
      if capacity(of: port) > 0 { port.backEnd?.acceptInput() }
      return false
    default:
      return false
    }
  }

  /// The port's other end came or went.
  func hostConnectionChanged(of port: VirtIOSerialPort) {
    guard let link, link.isDriverReady, !link.isBroken, link.has(Feature.multiPort) else { return }
    queue(port, Event.portOpen, port.isHostConnected ? 1 : 0)
    do { try sendMessages() } catch { link.fail(error) }
  }

  private func queue(_ port: VirtIOSerialPort, _ event: UInt16, _ value: UInt16, _ text: [UInt8] = []) {
    guard state.messages.count < Self.mostMessages else { return }
    var message: [UInt8] = []
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: port.number).littleEndian) { message += $0 }
    withUnsafeBytes(of: event.littleEndian) { message += $0 }
    withUnsafeBytes(of: value.littleEndian) { message += $0 }
    state.messages.append(message + text)
  }

  private func sendMessages() throws(VirtQueueError) {
    guard let link, link.has(Feature.multiPort) else { return }
    let queue = link.queues[Self.controlReceive]
    var sent = 0
    defer { state.messages.removeFirst(sent) }
    repeat {
      while sent < state.messages.count, let chain = try queue.pop() {
        queue.push(
          head: chain.head, written: chain.copyWritable(state.messages[sent], memory: link.memory))
        sent += 1
      }
    } while queue.enableNotifications() && sent < state.messages.count
    link.signal(queue: Self.controlReceive)
  }

  // MARK: Input

  /// Bytes that the driver has room for now.
  func capacity(of port: VirtIOSerialPort) -> Int {
    guard let link, !link.isBroken, link.isDriverReady || link.isLegacy else { return 0 }
    guard port.state.isGuestConnected || !link.has(Feature.multiPort) else { return 0 }
    let queue = link.queues[Self.receiveQueue(of: port.number)]
    do {
      while let chain = try queue.pop() {
        guard chain.writable.isEmpty else {
          queue.unpop()
          return min(chain.writableCount, 65536)
        }
        // No room at all: back it goes.
        queue.push(head: chain.head, written: 0)
      }
      return 0
    } catch {
      link.fail(error)
      return 0
    }
  }

  func receive(_ bytes: ArraySlice<UInt8>, for port: VirtIOSerialPort) {
    guard let link, !link.isBroken else { return }
    let index = Self.receiveQueue(of: port.number)
    let queue = link.queues[index]
    var rest = bytes
    do {
      while !rest.isEmpty, let chain = try queue.pop() {
        let count = chain.copyWritable(rest, memory: link.memory)
        queue.push(head: chain.head, written: count)
        rest = rest.dropFirst(count)
      }
    } catch {
      link.fail(error)
    }
    _ = queue.enableNotifications()
    link.signal(queue: index)
  }
}

/// One port of a `virtio-serial-device`.
package class VirtIOSerialPort: Device, CharacterFrontEnd, @unchecked Sendable {
  package class var typeName: String { "virtio-serial-port" }
  package static let registers: [Register] = []
  package static let properties: [Property] = [
    Property("chardev", .reference("chardev"), "ID of a chardev to use as a backend"),
    Property("name", .text, "what the guest calls the port"),
    Property(
      "nr", .integer(maximum: 0xffff_ffff), default: .integer(0xffff_ffff),
      "the port's number; 4294967295 means a free one"),
  ]

  package static let models: [DeviceModel] = [
    model(VirtConsole.self, "virtio console"), model(VirtSerialPort.self, "virtio serial port"),
  ]

  private static func model(_ type: VirtIOSerialPort.Type, _ summary: String) -> DeviceModel {
    let name = type.typeName
    return DeviceModel(typeName: name, bus: .virtioSerial, summary: summary, properties: properties) {
      values, backEnds, _ throws(PropertyError) in
      var backEnd: (any CharacterBackEnd)?
      if let id = values.text("chardev") {
        guard let outlet = backEnds.characters[id] else {
          throw PropertyError("Property '\(name).chardev' can't find value '\(id)'")
        }
        do throws(BackEndError) {
          backEnd = try outlet.plug()
        } catch {
          throw PropertyError("Property '\(name).chardev' can't take value '\(id)': \(error)")
        }
      }
      let number = values.integer("nr").flatMap { $0 == 0xffff_ffff ? nil : Int($0) }
      return type.init(backEnd: backEnd, name: values.text("name") ?? "", number: number)
    }
  }

  package struct State: Codable, Equatable, Sendable {
    /// The guest has opened the port.
    package var isGuestConnected = false
  }

  /// Use `VirtConsole` or `VirtSerialPort`.
  package required init(backEnd: (any CharacterBackEnd)?, name: String = "", number: Int? = nil) {
    self.backEnd = backEnd
    self.name = name
    requestedNumber = number
    reset()
  }

  package let backEnd: (any CharacterBackEnd)?
  package let name: String
  let requestedNumber: Int?
  /// A console is there for the guest from the start; a plain port waits until it is opened.
  package var isConsole: Bool { false }
  /// A program in the guest that writes to a port waits until this is so.
  package var isHostConnected: Bool { isConsole || backEnd?.isConnected ?? false }
  package private(set) var number = 0
  package var state = State()
  /// Told when the guest opens the port or closes it.
  package var whenOpened: (@Sendable (Bool) -> Void)?
  private weak var serial: VirtIOSerial?

  func connect(to serial: VirtIOSerial, number: Int) {
    self.serial = serial
    self.number = number
    backEnd?.attach(self)
  }

  package func reset() { setOpen(isConsole) }

  func setOpen(_ isOpen: Bool) {
    guard isOpen != state.isGuestConnected else { return }
    state.isGuestConnected = isOpen
    whenOpened?(isOpen)
  }

  // MARK: CharacterFrontEnd

  package var receiveCapacity: Int { serial?.capacity(of: self) ?? 0 }
  package func receive(_ bytes: ArraySlice<UInt8>) { serial?.receive(bytes, for: self) }
  /// The port has no notion of a break.
  package func receiveBreak() {}
  package func connectionChanged(isConnected: Bool) {
    if !isConsole { serial?.hostConnectionChanged(of: self) }
  }
}

/// A console port: `hvc0` in Linux.
package final class VirtConsole: VirtIOSerialPort, @unchecked Sendable {
  package override class var typeName: String { "virtconsole" }
  package override var isConsole: Bool { true }
}

/// A plain port: `/dev/vport0p1` in Linux.
package final class VirtSerialPort: VirtIOSerialPort, @unchecked Sendable {
  package override class var typeName: String { "virtserialport" }
}
