import Glibc
import Machine
import Synchronization

import Devices

/// Hands bodies in under the lock at once, as parallel machines do.
final class TestGate: InputGate {
  let isDeterministic: Bool
  private let lock: MachineLock
  init(lock: MachineLock, isDeterministic: Bool) {
    self.lock = lock
    self.isDeterministic = isDeterministic
  }
  func deliver(_ body: @escaping @Sendable () -> Void) { lock.withLock(body) }
}

/// An interrupt controller that remembers its input and counts rising edges.
final class TestInterrupts: InterruptController {
  private let seen = Mutex((level: false, edges: 0))
  var level: Bool { seen.withLock { $0.level } }
  var edges: Int { seen.withLock { $0.edges } }
  func setInput(_ input: Int, _ level: Bool) {
    seen.withLock {
      if level && !$0.level { $0.edges += 1 }
      $0.level = level
    }
  }
}

/// A disk in memory that logs what it is asked.
final class MemoryDisk: BlockBackEnd {
  let size: UInt64
  let isReadOnly: Bool
  let bytes: Mutex<[UInt8]>
  let log = Mutex<[String]>([])
  /// Transfers wait while this is set.
  let isHeld = Atomic<Bool>(false)
  let fails = Atomic<Bool>(false)

  init(sectors: Int, isReadOnly: Bool = false) {
    size = UInt64(sectors) * 512
    self.isReadOnly = isReadOnly
    bytes = Mutex((0..<(sectors * 512)).map { UInt8(truncatingIfNeeded: $0 / 512 &+ $0) })
  }

  private func enter(_ text: String) throws(BackEndError) {
    log.withLock { $0.append(text) }
    while isHeld.load(ordering: .acquiring) { usleep(200) }
    if fails.load(ordering: .acquiring) { throw BackEndError("broken disk") }
  }

  func read(at offset: UInt64, into buffers: [UnsafeMutableRawBufferPointer]) throws(BackEndError) {
    try enter("read \(offset)")
    bytes.withLock { bytes in
      var at = Int(offset)
      for buffer in buffers {
        buffer.copyBytes(from: bytes[at..<(at + buffer.count)])
        at += buffer.count
      }
    }
  }

  func write(at offset: UInt64, from buffers: [UnsafeRawBufferPointer]) throws(BackEndError) {
    try enter("write \(offset)")
    bytes.withLock { bytes in
      var at = Int(offset)
      for buffer in buffers {
        bytes.replaceSubrange(at..<(at + buffer.count), with: buffer)
        at += buffer.count
      }
    }
  }

  func flush() throws(BackEndError) { try enter("flush") }
  func discard(at offset: UInt64, count: UInt64) throws(BackEndError) {
    try enter("discard \(offset) \(count)")
  }

  func writeZeroes(at offset: UInt64, count: UInt64) throws(BackEndError) {
    try enter("zero \(offset) \(count)")
    bytes.withLock {
      $0.replaceSubrange(Int(offset)..<Int(offset + count), with: [UInt8](repeating: 0, count: Int(count)))
    }
  }

  var operations: [String] { log.withLock { $0 } }
  func contents(_ range: Range<Int>) -> [UInt8] { bytes.withLock { Array($0[range]) } }
}

/// Counts up.
final class CountingSource: EntropySource {
  private let next = Mutex<UInt8>(0)
  func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    next.withLock { next in
      for i in buffer.indices {
        next &+= 1
        buffer[i] = next
      }
    }
  }
}

/// A serial line's end that keeps what it was sent.
final class TestLine: CharacterBackEnd {
  let connected = Mutex(true)
  var isConnected: Bool { connected.withLock { $0 } }
  let sent = Mutex<[UInt8]>([])
  let accepted = Atomic<Int>(0)
  private let front = Mutex<(any CharacterFrontEnd)?>(nil)
  func send(_ bytes: [UInt8]) { sent.withLock { $0 += bytes } }
  func attach(_ frontEnd: (any CharacterFrontEnd)?) { front.withLock { $0 = frontEnd } }
  func acceptInput() { accepted.wrappingAdd(1, ordering: .relaxed) }
  var frontEnd: (any CharacterFrontEnd)? { front.withLock { $0 } }
}

final class NoPower: PowerControl {
  func shutDown(exitCode: Int32, isFailure: Bool) {}
  func requestReset() {}
}

/// One transport with a device, some RAM, and the driver's hands.
final class Rig {
  static let ram: UInt64 = 0x8000_0000
  static let ramSize: UInt64 = 1 << 20
  static let window: UInt64 = 0x1000_8000

  let lock = MachineLock()
  let memory: AddressSpace
  let interrupts = TestInterrupts()
  let transport: VirtIOMMIO
  let gate: TestGate
  let clock = Clock(mode: .instructions(shift: 0))
  let timers = Timers()
  let version: Int
  /// Where the next buffer is taken from.
  var free = Rig.ram + 0x10000

  init(version: Int, isDeterministic: Bool = true) throws {
    self.version = version
    memory = AddressSpace(lock: lock)
    try memory.addRAM("ram", base: Self.ram, size: Self.ramSize)
    gate = TestGate(lock: lock, isDeterministic: isDeterministic)
    transport = VirtIOMMIO(
      memory: memory, line: InterruptLine(to: interrupts, input: 8), forceLegacy: version == 1)
    memory.addDevice(
      "virtio-mmio", transport, base: Self.window, size: VirtIOMMIO.windowSize, widths: VirtIOMMIO.widths)
  }

  var environment: DeviceEnvironment {
    DeviceEnvironment(
      memory: memory, clock: clock, timers: timers, power: NoPower(), gate: gate, entropy: CountingSource())
  }

  func read(_ offset: UInt64, width: Int = 4) -> UInt64 {
    memory.readDevice(Self.window + offset, width: width) ?? 0xdead_dead_dead_dead
  }

  func write(_ offset: UInt64, _ value: UInt64, width: Int = 4) {
    _ = memory.writeDevice(Self.window + offset, width: width, value)
  }

  var offered: UInt64 {
    write(0x14, 0)
    let low = read(0x10)
    write(0x14, 1)
    return low | read(0x10) << 32
  }

  /// Brings the device to where its queues are set up; returns the status that it shows.
  @discardableResult
  func negotiate(_ features: UInt64) -> UInt64 {
    write(0x70, 0)
    write(0x70, 1)
    write(0x70, 3)
    write(0x24, 0)
    write(0x20, features & 0xffff_ffff)
    if version == 1 {
      write(0x28, 4096)
      return read(0x70)
    }
    write(0x24, 1)
    write(0x20, features >> 32)
    write(0x70, 11)
    return read(0x70)
  }

  func start() { write(0x70, read(0x70) | 4) }

  func makeQueue(_ index: Int, size: UInt16 = 8) -> Ring {
    let base = (free + 4095) & ~4095
    free = base + 3 * 4096
    memory.copyIn([UInt8](repeating: 0, count: 3 * 4096), to: base)
    let ring = Ring(self, index: index, size: size, base: base)
    write(0x30, UInt64(index))
    write(0x38, UInt64(size))
    if version == 1 {
      write(0x3c, 4096)
      write(0x40, base >> 12)
    } else {
      for (place, address) in [(0x80, ring.descriptors), (0x90, ring.available), (0xa0, ring.used)] {
        write(UInt64(place), address & 0xffff_ffff)
        write(UInt64(place) + 4, address >> 32)
      }
      write(0x44, 1)
    }
    return ring
  }

  func allocate(_ count: Int) -> UInt64 {
    defer { free += UInt64(count + 15) & ~15 }
    return free
  }

  func bytes(_ address: UInt64, _ count: Int) -> [UInt8] { memory.copyOut(address, count: count) ?? [] }

  /// Waits up to two seconds for what another thread does.
  func wait(_ condition: () -> Bool) -> Bool {
    for _ in 0..<2000 {
      if lock.withLock(condition) { return true }
      usleep(1000)
    }
    return false
  }
}

/// A piece of a chain as the driver writes it.
enum Piece {
  case out([UInt8])
  case room(Int)
  case raw(address: UInt64, length: UInt32, flags: UInt16)
}

/// The driver's side of a split queue, written by hand.
final class Ring {
  let rig: Rig
  let index: Int
  let size: UInt16
  let descriptors: UInt64
  let available: UInt64
  let used: UInt64
  var nextDescriptor: UInt16 = 0
  var addresses: [UInt16: [UInt64]] = [:]

  init(_ rig: Rig, index: Int, size: UInt16, base: UInt64) {
    self.rig = rig
    self.index = index
    self.size = size
    descriptors = base
    available = base + 16 * UInt64(size)
    used = (available + 6 + 2 * UInt64(size) + 4095) & ~4095
  }

  func put(
    _ place: Int, _ address: UInt64, _ length: UInt32, _ flags: UInt16, _ next: UInt16,
    in table: UInt64? = nil
  ) {
    let at = (table ?? descriptors) + 16 * UInt64(place)
    rig.memory.store(at, address)
    rig.memory.store(at + 8, length)
    rig.memory.store(at + 12, flags)
    rig.memory.store(at + 14, next)
  }

  /// Writes a chain; returns its head. `indirect` puts it into a table of its own.
  @discardableResult
  func add(_ pieces: [Piece], indirect: Bool = false, publish: Bool = true) -> UInt16 {
    let head = nextDescriptor
    var places: [UInt64] = []
    let table = indirect ? rig.allocate(16 * pieces.count) : nil
    for (i, piece) in pieces.enumerated() {
      var address: UInt64
      var length: UInt32
      var flags: UInt16
      switch piece {
      case .out(let bytes):
        address = rig.allocate(bytes.count)
        rig.memory.copyIn(bytes, to: address)
        (length, flags) = (UInt32(bytes.count), 0)
      case .room(let count):
        address = rig.allocate(count)
        (length, flags) = (UInt32(count), 2)
      case .raw(let a, let l, let f): (address, length, flags) = (a, l, f)
      }
      places.append(address)
      let isLast = i == pieces.count - 1
      let next = indirect ? UInt16(i + 1) : (nextDescriptor + 1) % size
      put(
        indirect ? i : Int(nextDescriptor), address, length, flags | (isLast ? 0 : 1), isLast ? 0 : next,
        in: table)
      if !indirect { nextDescriptor = (nextDescriptor + 1) % size }
    }
    if let table {
      put(Int(nextDescriptor), table, UInt32(16 * pieces.count), 4, 0)
      nextDescriptor = (nextDescriptor + 1) % size
    }
    addresses[head] = places
    if publish { self.publish(head) }
    return head
  }

  func publish(_ head: UInt16) {
    let index = rig.memory.load(available + 2, as: UInt16.self) ?? 0
    rig.memory.store(available + 4 + 2 * UInt64(index % size), head)
    rig.memory.store(available + 2, index &+ 1)
  }

  func kick() { rig.write(0x50, UInt64(index)) }

  var usedIndex: UInt16 { rig.memory.load(used + 2) ?? 0 }

  func usedEntry(_ n: Int) -> (id: UInt32, length: UInt32) {
    let at = used + 4 + 8 * UInt64(n % Int(size))
    return (rig.memory.load(at) ?? 0, rig.memory.load(at + 4) ?? 0)
  }
}
