import Foundation
import Machine
import RISCV
import Synchronization
import TestSupport

/// An interrupt controller that only remembers what devices told it.
final class RecordingController: InterruptController {
  private let calls = Mutex<[(input: Int, level: Bool)]>([])

  func setInput(_ input: Int, _ level: Bool) { calls.withLock { $0.append((input, level)) } }

  /// The level that `input` was driven to last.
  func level(of input: Int) -> Bool { calls.withLock { $0.last { $0.input == input }?.level ?? false } }

  /// How often `input` was driven high since this was asked last.
  func takeRequests(of input: Int) -> Int {
    calls.withLock { calls in
      let count = calls.count { $0.input == input && $0.level }
      calls.removeAll()
      return count
    }
  }
}

/// Remembers how the guest ended or restarted the machine.
final class RecordingPower: PowerControl {
  enum Event: Equatable {
    case shutDown(Int32)
    case reset
  }

  private let recorded = Mutex<[Event]>([])
  var events: [Event] { recorded.withLock { $0 } }

  func shutDown(exitCode: Int32, isFailure: Bool) { recorded.withLock { $0.append(.shutDown(exitCode)) } }
  func requestReset() { recorded.withLock { $0.append(.reset) } }
}

/// The other end of a serial line: keeps what was sent, and feeds what was typed as the device takes it.
final class TestTerminal: CharacterBackEnd {
  private struct Line {
    var sent: [UInt8] = []
    var typed: [UInt8] = []
    var invitations = 0
  }

  private let line = Mutex(Line())
  private nonisolated(unsafe) weak var frontEnd: (any CharacterFrontEnd)?

  func send(_ bytes: [UInt8]) { line.withLock { $0.sent += bytes } }
  func attach(_ frontEnd: (any CharacterFrontEnd)?) { self.frontEnd = frontEnd }
  func acceptInput() { line.withLock { $0.invitations += 1 } }

  /// What has been sent since this was asked last.
  func takeSent() -> [UInt8] {
    line.withLock { line in
      defer { line.sent = [] }
      return line.sent
    }
  }

  /// How often the device has asked for more since this was asked last.
  func takeInvitations() -> Int {
    line.withLock { line in
      defer { line.invitations = 0 }
      return line.invitations
    }
  }

  /// Types `text`; what the device has no room for waits for the next call.
  func type(_ text: String = "") {
    let room = frontEnd?.receiveCapacity ?? 0
    let bytes = line.withLock { line in
      line.typed += Array(text.utf8)
      let count = max(0, min(room, line.typed.count))
      defer { line.typed.removeFirst(count) }
      return line.typed.prefix(count)
    }
    if !bytes.isEmpty { frontEnd?.receive(bytes) }
  }

  func sendBreak() { frontEnd?.receiveBreak() }
}

/// Delivers at once, under the machine's lock.
final class DirectGate: InputGate {
  let isDeterministic: Bool
  private let lock: MachineLock

  init(lock: MachineLock, isDeterministic: Bool = false) {
    self.lock = lock
    self.isDeterministic = isDeterministic
  }

  func deliver(_ body: @escaping @Sendable () -> Void) { lock.withLock(body) }
}

/// 0, 1, 2, … as randomness.
final class CountingEntropy: EntropySource {
  private let next = Atomic<UInt8>(0)

  func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    for index in buffer.indices { buffer[index] = next.wrappingAdd(1, ordering: .relaxed).oldValue }
  }
}

/// A machine without harts or board around a device under test. Its time stands still until told.
struct TestMachine {
  let lock = MachineLock()
  let power = RecordingPower()
  let controller = RecordingController()
  let environment: DeviceEnvironment

  /// - Parameters:
  ///   - ramBase: where RAM begins, if `ramSize` is not zero.
  ///   - startOfDay: seconds since 1970.
  init(
    ramBase: UInt64 = 0x8000_0000, ramSize: UInt64 = 0, startOfDay: UInt64 = 0, isDeterministic: Bool = true
  )
    throws
  {
    let memory = AddressSpace(lock: lock)
    if ramSize != 0 { try memory.addRAM("ram", base: ramBase, size: ramSize) }
    environment = DeviceEnvironment(
      memory: memory, clock: Clock(mode: .instructions(shift: 0), startOfDay: startOfDay), timers: Timers(),
      power: power, gate: DirectGate(lock: lock, isDeterministic: isDeterministic), entropy: CountingEntropy()
    )
  }

  var clock: Clock { environment.clock }

  func line(_ input: Int) -> InterruptLine { InterruptLine(to: controller, input: input) }

  /// Lets time pass and runs the timers that fall due.
  func advance(nanoseconds: UInt64) {
    clock.skip(nanoseconds: nanoseconds)
    environment.timers.run(until: clock.nanoseconds, lock: lock)
  }
}

extension MMIODevice {
  /// Reads and writes all over the device's window (and past it, as no bus would), with every width.
  func hammer(seed: UInt64, window: UInt64, count: Int) {
    var random = SeededNumbers(seed: seed)
    let known = Self.registers.map(\.offset)
    for _ in 0..<count {
      var offset = random.next(upperBound: window &+ 16)
      if random.next() & 1 == 0, let register = known.randomElement(using: &random) { offset = register }
      let width = 1 << Int(random.next(upperBound: UInt64(4)))
      let value = random.next() >> random.next(upperBound: UInt64(64))
      if random.next() & 1 == 0 { _ = read(offset, width: width) } else { write(offset, width: width, value) }
    }
  }
}

/// A file for a log, gone with its last user.
final class TestLogFile {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("apus-log-\(UUID().uuidString)")
    .path

  deinit { unlink(path) }

  var lines: [Substring] {
    get throws { try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") }
  }
}
