import Foundation
import Machine
import Synchronization
import TestSupport
import Testing

import Devices

/// A drive in memory.
private final class Drive: BlockBackEnd {
  let size: UInt64
  let isReadOnly: Bool
  private let bytes: Mutex<[UInt8]>
  let fails = Atomic<Bool>(false)

  init(_ bytes: [UInt8], isReadOnly: Bool = false) {
    size = UInt64(bytes.count)
    self.isReadOnly = isReadOnly
    self.bytes = Mutex(bytes)
  }

  var contents: [UInt8] { bytes.withLock { $0 } }

  func read(at offset: UInt64, into buffers: [UnsafeMutableRawBufferPointer]) throws(BackEndError) {
    if fails.load(ordering: .relaxed) { throw BackEndError("broken drive") }
    bytes.withLock { bytes in
      var at = Int(offset)
      for buffer in buffers {
        buffer.copyBytes(from: bytes[at..<at + buffer.count])
        at += buffer.count
      }
    }
  }

  func write(at offset: UInt64, from buffers: [UnsafeRawBufferPointer]) throws(BackEndError) {
    if fails.load(ordering: .relaxed) { throw BackEndError("broken drive") }
    bytes.withLock { bytes in
      var at = Int(offset)
      for buffer in buffers {
        bytes.replaceSubrange(at..<at + buffer.count, with: buffer)
        at += buffer.count
      }
    }
  }

  func flush() throws(BackEndError) {}
  func discard(at offset: UInt64, count: UInt64) throws(BackEndError) {}
  func writeZeroes(at offset: UInt64, count: UInt64) throws(BackEndError) {}
}

@Suite("CFI flash")
struct CFIFlashTests {
  private static let base: UInt64 = 0x2000_0000
  private static let size = 32 << 20
  private static let sector = 256 << 10

  /// A bank on a bus of its own, as harts reach it.
  private struct Bank {
    let machine: TestMachine
    let flash: CFIFlash

    init(_ drive: Drive? = nil) throws {
      machine = try TestMachine()
      let gate = machine.environment.gate
      flash = try machine.environment.memory.addROMDevice(
        "flash", base: CFIFlashTests.base, size: UInt64(CFIFlashTests.size), widths: CFIFlash.accessWidths
      ) { memory throws(PropertyError) in try CFIFlash(memory: memory, backEnd: drive, gate: gate) }
    }

    func read(_ offset: Int, _ width: Int = 4) -> UInt64 {
      machine.environment.memory.readDevice(CFIFlashTests.base + UInt64(offset), width: width) ?? 0xbad
    }

    func write(_ offset: Int, _ width: Int = 4, _ value: UInt64) {
      _ = machine.environment.memory.writeDevice(CFIFlashTests.base + UInt64(offset), width: width, value)
    }

    /// To both chips.
    func command(_ code: UInt64, at offset: Int = 0) { write(offset, 4, code << 16 | code) }

    func program(_ offset: Int, _ value: UInt64) {
      command(0x40, at: offset)
      write(offset, 4, value)
    }

    func erase(_ offset: Int) {
      command(0x20, at: offset)
      command(0xd0, at: offset)
    }

    /// What loads see as the array, whatever the mode was.
    func array(_ offset: Int, _ width: Int = 4) -> UInt64 {
      command(0xff)
      return read(offset, width)
    }
  }

  private static func image(_ random: inout SeededNumbers) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size)
    for _ in 0..<4096 {
      bytes[Int(random.next(upperBound: UInt64(size)))] = UInt8(truncatingIfNeeded: random.next())
    }
    return bytes
  }

  // MARK: Reading

  @Test func theArrayIsTheDrivesContents() throws {
    var random = SeededNumbers(seed: 1)
    let bytes = Self.image(&random)
    let bank = try Bank(Drive(bytes))
    #expect(bank.machine.environment.memory.copyOut(Self.base, count: Self.size) == bytes)
    #expect(bank.read(0, 1) == UInt64(bytes[0]))
  }

  @Test func hartsReachTheArrayByPointerOnlyWhileItShows() throws {
    let bank = try Bank()
    let memory = bank.machine.environment.memory
    let page = try #require(memory.hostPage(at: Self.base + 0x5123))
    #expect(!page.isWritable)
    for command: UInt64 in [0x70, 0x90, 0x98, 0x20] {
      bank.command(command)
      #expect(memory.hostPage(at: Self.base + 0x5123) == nil)
      bank.command(0xff)
      #expect(memory.hostPage(at: Self.base + 0x5123)?.base == page.base)
    }
  }

  @Test func theQueryTableDescribesTheBank() throws {
    let bank = try Bank()
    bank.command(0x98, at: 0x55 * 4)
    func word(_ index: Int) -> UInt64 { bank.read(4 * index, 2) }
    #expect((0x10...0x12).map(word) == "QRY".utf8.map { UInt64($0) })
    #expect(word(0x13) | word(0x14) << 8 == 1)
    // JESD68.01, tables 2 and 3.
    let chip = 1 << word(0x27)
    #expect(2 * chip == Self.size)
    #expect(word(0x2c) == 1)
    let blocks = Int(word(0x2d) | word(0x2e) << 8) + 1
    let block = Int(word(0x2f) | word(0x30) << 8) * 256
    #expect(blocks * block == chip && 2 * block == Self.sector)
    let table = Int(word(0x15) | word(0x16) << 8)
    #expect((table..<table + 3).map(word) == "PRI".utf8.map { UInt64($0) })
    // Both chips answer at once, eight bytes are two words.
    #expect(bank.read(0x40) == 0x51_0051)
    #expect(bank.read(0x40, 8) == 0x0052_0052_0051_0051)
    #expect(bank.read(0x42, 1) == 0x51)
  }

  // MARK: Programming and erasing

  @Test func programmingClearsBitsAndErasingSetsThem() throws {
    let drive = Drive([UInt8](repeating: 0, count: Self.size))
    let bank = try Bank(drive)
    bank.erase(Self.sector + 100)
    #expect(bank.read(0) == 0x80_0080)
    #expect(bank.array(Self.sector - 4) == 0)
    #expect(bank.array(Self.sector) == 0xffff_ffff)
    #expect(bank.array(2 * Self.sector - 4) == 0xffff_ffff)
    #expect(bank.array(2 * Self.sector) == 0)
    bank.program(Self.sector, 0x1234_5678)
    bank.program(Self.sector, 0xffff_0000)
    #expect(bank.array(Self.sector) == 0x1234_0000)
    #expect(Array(drive.contents[Self.sector..<Self.sector + 6]) == [0, 0, 0x34, 0x12, 0xff, 0xff])
    #expect(drive.contents[Self.sector - 1] == 0 && drive.contents[2 * Self.sector] == 0)
  }

  @Test func narrowStoresProgramWhatTheyReach() throws {
    let bank = try Bank()
    bank.erase(0)
    bank.write(5, 1, 0x40)
    bank.write(5, 1, 0x12)
    bank.write(8, 2, 0x10)
    bank.write(8, 2, 0x3456)
    #expect(bank.array(4, 8) == 0xffff_3456_ffff_12ff)
  }

  @Test func theBufferIsProgrammedWhenItIsConfirmed() throws {
    let bank = try Bank()
    bank.erase(0)
    bank.command(0xe8, at: 0x100)
    bank.command(2, at: 0x100)
    for index in 0...2 { bank.write(0x100 + 4 * index, 4, UInt64(index)) }
    #expect(bank.machine.environment.memory.load(Self.base + 0x100, as: UInt32.self) == .max)
    bank.command(0xd0, at: 0x100)
    #expect((0...3).map { bank.array(0x100 + 4 * $0) } == [0, 1, 2, 0xffff_ffff])
  }

  @Test(
    arguments: [
      ("erase without confirmation", [0x20, 0x33]), ("unknown lock command", [0x60, 0x33]),
      ("buffer too large", [0xe8, 0x400]), ("buffer without confirmation", [0xe8, 0, 0, 0x33]),
    ] as [(String, [UInt64])])
  func aSequenceThatIsNoneIsAnError(name: String, commands: [UInt64]) throws {
    let bank = try Bank()
    for command in commands { bank.command(command) }
    #expect(bank.read(0) == 0xb0_00b0, "\(name)")
    bank.command(0xff)
    bank.command(0x70)
    #expect(bank.read(0) == 0xb0_00b0, "an error stays until it is cleared")
    bank.command(0x50)
    bank.command(0x70)
    #expect(bank.read(0) == 0x80_0080)
  }

  @Test func theBufferStaysInItsSector() throws {
    let bank = try Bank()
    bank.command(0xe8)
    bank.command(1)
    bank.write(0, 4, 1)
    bank.write(Self.sector, 4, 1)
    #expect(bank.read(0) == 0xb0_00b0)
  }

  @Test func aReadOnlyDriveIsNotWritten() throws {
    let bytes = [UInt8](repeating: 0x5a, count: Self.size)
    let drive = Drive(bytes, isReadOnly: true)
    let bank = try Bank(drive)
    bank.program(0, 0)
    #expect(bank.read(0) == 0x90_0090)
    bank.erase(0)
    #expect(bank.read(0) == 0xb0_00b0)
    #expect(bank.array(0) == 0x5a5a_5a5a)
    #expect(drive.contents == bytes)
  }

  @Test func aBrokenDriveIsAProgramError() throws {
    let drive = Drive([UInt8](repeating: 0xff, count: Self.size))
    let bank = try Bank(drive)
    drive.fails.store(true, ordering: .relaxed)
    bank.program(0, 0)
    #expect(bank.read(0) == 0x90_0090)
    #expect(throws: PropertyError.self) { try Bank(drive) }
  }

  @Test func aResetShowsTheArrayWhichSurvivesIt() throws {
    let bank = try Bank()
    bank.erase(0)
    bank.command(0xe8)
    bank.flash.reset()
    #expect(bank.read(0) == 0xffff_ffff)
    #expect(bank.flash.state == CFIFlash.State())
  }

  @Test func aSnapshotGoesOnWhereItWasTaken() throws {
    let bank = try Bank()
    bank.erase(0)
    bank.command(0x40)
    let saved = try JSONDecoder().decode(CFIFlash.State.self, from: JSONEncoder().encode(bank.flash.state))
    bank.flash.reset()
    bank.flash.state = saved
    bank.write(0, 4, 7)
    #expect(bank.array(0) == 7)
  }

  // MARK: Hostile guests

  /// Whatever is stored, the array and the drive stay the same, and only erasing sets bits.
  /// `APUS_FUZZ_SEED=fresh` takes other numbers, `APUS_FUZZ_ROUNDS` how many times as many.
  @Test func randomCommandsKeepDriveAndArrayTheSame() throws {
    var random = SeededNumbers(seed: Fuzz.seed(0xcf1))
    let drive = Drive([UInt8](repeating: 0, count: Self.size))
    let bank = try Bank(drive)
    let memory = bank.machine.environment.memory
    let commands: [UInt64] = [
      0xff, 0x70, 0x90, 0x98, 0x50, 0x20, 0xd0, 0x40, 0x10, 0xe8, 0x60, 0x01, 0, 1, 3, 0x3ff,
    ]
    for round in 0..<40_000 * Fuzz.rounds {
      let width = 1 << Int(random.next(upperBound: UInt64(4)))
      // Near the borders of sectors, where sequences can be at odds.
      let sector = Int(random.next(upperBound: UInt64(3))) * Self.sector
      let offset = max(0, sector + Int(random.next(upperBound: UInt64(64))) - 32) & ~(width - 1)
      let value = random.next() % 4 == 0 ? random.next() : commands[Int(random.next() % 16)]
      if random.next() % 5 == 0 { _ = bank.read(offset, width) } else { bank.write(offset, width, value) }
      guard round % 2000 == 0 else { continue }
      #expect(
        memory.copyOut(Self.base, count: 4 * Self.sector) == Array(drive.contents[..<(4 * Self.sector)]))
    }
    bank.flash.hammer(seed: Fuzz.seed(2), window: UInt64(Self.size) - 32, count: 20_000 * Fuzz.rounds)
    #expect(memory.copyOut(Self.base, count: Self.size) == drive.contents)
  }
}

/// How long, and with which numbers, hostile guests try.
enum Fuzz {
  static func seed(_ usual: UInt64) -> UInt64 {
    switch ProcessInfo.processInfo.environment["APUS_FUZZ_SEED"] {
    case nil: return usual
    case "fresh": return .random(in: 0...(.max))
    case let text?: return UInt64(text) ?? usual
    }
  }

  static var rounds: Int { ProcessInfo.processInfo.environment["APUS_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1 }
}
