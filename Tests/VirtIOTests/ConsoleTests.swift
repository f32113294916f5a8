import Devices
import Machine
import Synchronization
import Testing

@Suite struct ConsoleTests {
  func make(_ version: Int, features: UInt64 = 6) throws -> (Rig, TestLine, TestLine) {
    let rig = try Rig(version: version)
    let serial = VirtIOSerial()
    let lines = (TestLine(), TestLine())
    try serial.plug(VirtConsole(backEnd: lines.0))
    try serial.plug(VirtSerialPort(backEnd: lines.1, name: "org.apus.port"))
    rig.transport.plug(serial)
    rig.negotiate((version == 2 ? 1 << 32 : 0) | features)
    return (rig, lines.0, lines.1)
  }

  func control(_ port: UInt8, _ event: UInt8, _ value: UInt8) -> [UInt8] {
    [port, 0, 0, 0, event, 0, value, 0]
  }

  @Test func itAnswersAsQEMUsDoes() throws {
    for version in [1, 2] {
      let (rig, _, _) = try make(version)
      #expect(rig.read(8) == 3)
      #expect(rig.offered == (version == 1 ? 0x3900_0006 : 0x101_3000_0006))
      #expect(rig.read(0x100, width: 8) == 0x1f_0000_0000)
      #expect(rig.read(0x108) == 0)
      #expect(rig.read(0x10c) == 0xffff_ffff)
      for (queue, maximum) in [(0, 1024), (3, 1024), (63, 1024), (64, 0)] {
        rig.write(0x30, UInt64(queue))
        #expect(rig.read(0x34) == UInt64(maximum))
      }
    }
  }

  @Test(arguments: [1, 2]) func withoutMultiPortTheFirstConsoleJustWorks(version: Int) throws {
    let (rig, line, _) = try make(version, features: 0)
    let receive = rig.makeQueue(0)
    let transmit = rig.makeQueue(1)
    rig.start()
    transmit.add([.out(Array("hel".utf8)), .out(Array("lo".utf8))])
    transmit.kick()
    #expect(line.sent.withLock { $0 } == Array("hello".utf8))
    #expect(transmit.usedEntry(0).length == 0)

    let front = try #require(line.frontEnd)
    #expect(rig.lock.withLock { front.receiveCapacity } == 0)
    let head = receive.add([.room(3)])
    receive.kick()
    #expect(line.accepted.load(ordering: .relaxed) == 1)
    #expect(rig.lock.withLock { front.receiveCapacity } == 3)
    rig.lock.withLock { front.receive([1, 2][...]) }
    #expect(receive.usedEntry(0) == (UInt32(head), 2))
    #expect(rig.bytes(receive.addresses[head]?[0] ?? 0, 2) == [1, 2])
    #expect(rig.lock.withLock { front.receiveCapacity } == 0)
  }

  @Test func portsAreAnnouncedNamedAndOpened() throws {
    let (rig, _, second) = try make(2)
    let receive = rig.makeQueue(4)
    let answers = rig.makeQueue(2, size: 16)
    let requests = rig.makeQueue(3, size: 16)
    rig.start()
    for _ in 0..<8 { answers.add([.room(64)]) }
    answers.kick()
    for message in [control(0, 0, 1), control(0, 3, 1), control(1, 3, 1)] {
      requests.add([.out(message)])
      requests.kick()
    }
    let got = (0..<Int(answers.usedIndex)).map { n -> [UInt8] in
      let entry = answers.usedEntry(n)
      return rig.bytes(answers.addresses[UInt16(entry.id)]?[0] ?? 0, Int(entry.length))
    }
    #expect(
      got == [
        control(0, 1, 1), control(1, 1, 1), control(0, 4, 1), control(0, 6, 1),
        control(1, 7, 1) + Array("org.apus.port".utf8), control(1, 6, 1),
      ])
    // The plain port takes input once the guest has opened it.
    let front = try #require(second.frontEnd)
    receive.add([.room(10)])
    receive.kick()
    #expect(rig.lock.withLock { front.receiveCapacity } == 0)
    requests.add([.out(control(1, 6, 1))])
    requests.kick()
    #expect(second.accepted.load(ordering: .relaxed) == 1)
    #expect(rig.lock.withLock { front.receiveCapacity } == 10)
  }

  @Test func aPortSaysWhenItsOtherEndComesAndGoesAndAConsoleNever() throws {
    let (rig, first, second) = try make(2)
    let answers = rig.makeQueue(2, size: 16)
    rig.start()
    for _ in 0..<4 { answers.add([.room(64)]) }
    answers.kick()
    let (console, port) = (try #require(first.frontEnd), try #require(second.frontEnd))
    for isConnected in [false, true] {
      second.connected.withLock { $0 = isConnected }
      rig.lock.withLock {
        console.connectionChanged(isConnected: isConnected)
        port.connectionChanged(isConnected: isConnected)
      }
    }
    let got = (0..<Int(answers.usedIndex)).map { n -> [UInt8] in
      let entry = answers.usedEntry(n)
      return rig.bytes(answers.addresses[UInt16(entry.id)]?[0] ?? 0, Int(entry.length))
    }
    #expect(got == [control(1, 6, 0), control(1, 6, 1)])
  }

  @Test func answersWaitForBuffers() throws {
    let (rig, _, _) = try make(2)
    let answers = rig.makeQueue(2)
    let requests = rig.makeQueue(3)
    rig.start()
    requests.add([.out(control(0, 0, 1))])
    requests.kick()
    #expect(answers.usedIndex == 0)
    for _ in 0..<3 { answers.add([.room(8)]) }
    answers.kick()
    #expect(answers.usedIndex == 2)
  }

  @Test func theEmergencyWriteNeedsNoQueue() throws {
    let (rig, line, _) = try make(2)
    rig.write(0x108, UInt64(UInt8(ascii: "!")))
    #expect(line.sent.withLock { $0 } == Array("!".utf8))
  }

  @Test func portNumbersFollowQEMUsRules() throws {
    func plugged(_ ports: [VirtIOSerialPort]) throws {
      let serial = VirtIOSerial(portLimit: 2)
      for port in ports { try serial.plug(port) }
    }
    let outOfRange = PropertyError("virtio-serial-bus: Out-of-range port id specified, max. allowed: 1")
    #expect(throws: outOfRange) { try plugged([VirtSerialPort(backEnd: nil, number: 5)]) }
    #expect(throws: outOfRange) { try plugged([VirtSerialPort(backEnd: nil), VirtSerialPort(backEnd: nil)]) }
    #expect(throws: PropertyError("virtio-serial-bus: A port already exists at id 1")) {
      try plugged([VirtSerialPort(backEnd: nil, number: 1), VirtSerialPort(backEnd: nil, number: 1)])
    }
    #expect(throws: (any Error).self) { try plugged([VirtSerialPort(backEnd: nil, number: 0)]) }
    try plugged([VirtConsole(backEnd: nil), VirtConsole(backEnd: nil)])
  }

  @Test("who watches is told when the guest opens and closes a port, and that a reset closes it")
  func openingIsTold() throws {
    let rig = try Rig(version: 2)
    let serial = VirtIOSerial()
    let port = VirtSerialPort(backEnd: nil, name: "p")
    let told = Mutex<[Bool]>([])
    port.whenOpened = { isOpen in told.withLock { $0.append(isOpen) } }
    try serial.plug(port)
    rig.transport.plug(serial)
    rig.negotiate(1 << 32 | 6)
    let control = rig.makeQueue(3)
    rig.start()
    for value: UInt8 in [1, 1, 0, 1] {
      control.add([.out(self.control(1, 6, value))])
      control.kick()
    }
    #expect(told.withLock { $0 } == [true, false, true])
    serial.reset()
    #expect(told.withLock { $0 } == [true, false, true, false])
  }
}
