import Logging
import Machine

/// A bank of parallel NOR flash: two 16-bit chips side by side with Intel's command set, in lockstep (JEDEC
/// JESD68.01; Intel AP-646; the commands as the data sheet of the 28F128J3, §4, describes them).
///
/// Its array survives resets, and lies in the drive if there is one. Commands complete at once.
package final class CFIFlash: MMIODevice {
  package static let typeName = "cfi.pflash01"
  package static let windowSize: UInt64 = 32 << 20
  package static let accessWidths = 1...8
  /// It has commands and no registers.
  package static let registers: [Register] = []
  package static let properties = [
    Property("drive", .reference("drive"), "what holds the contents"),
    Property("num-blocks", .integer(maximum: .max >> 32), default: .integer(128), "erase blocks"),
    Property("sector-length", .integer(maximum: .max), default: .integer(256 << 10), "bytes of one"),
    Property("width", .integer(maximum: 0xff), default: .integer(4), "bytes of the bus"),
    Property("device-width", .integer(maximum: 0xff), default: .integer(2), "bytes of a chip's bus"),
    Property("max-device-width", .integer(maximum: 0xff), default: .integer(2), "the widest a chip's may be"),
    Property("big-endian", .flag, default: .flag(false), "byte order of the bus"),
    Property("secure", .flag, default: .flag(false), "only the secure world may write"),
    Property(
      "id0", .integer(maximum: 0xffff), default: .integer(UInt64(CFIQuery.manufacturer)), "identifier 0"),
    Property("id1", .integer(maximum: 0xffff), default: .integer(UInt64(CFIQuery.device)), "identifier 1"),
    Property("id2", .integer(maximum: 0xffff), default: .integer(0), "identifier 2"),
    Property("id3", .integer(maximum: 0xffff), default: .integer(0), "identifier 3"),
    Property("name", .text, "the bank's name"),
    Property("old-multiple-chip-handling", .flag, default: .flag(false), "one chip as wide as the bus"),
  ]

  /// Bytes that are erased together: a block of 128 KiB of each chip.
  package static let sectorSize = 256 << 10
  private static let busWidth = 4
  private static let chips = 2
  private static let query = CFIQuery(
    chipSize: Int(windowSize) / chips, chipSectorSize: sectorSize / chips, writeBufferSize: 2048)
  /// Words of the bus that are programmed together at most.
  private static let bufferedWords = 2048 / 2

  private enum Command {
    static let program: UInt8 = 0x40
    static let programAlternate: UInt8 = 0x10
    static let eraseBlock: UInt8 = 0x20
    static let clearStatus: UInt8 = 0x50
    static let setLock: UInt8 = 0x60
    static let readStatus: UInt8 = 0x70
    static let readIdentifier: UInt8 = 0x90
    static let readQuery: UInt8 = 0x98
    static let confirm: UInt8 = 0xd0
    static let writeBuffer: UInt8 = 0xe8
    static let readArray: UInt8 = 0xff
  }

  private enum Status {
    static let ready: UInt8 = 0x80
    static let eraseError: UInt8 = 0x20
    static let programError: UInt8 = 0x10
    /// Both: the commands were no sequence.
    static let sequenceError = eraseError | programError
  }

  /// What loads see.
  package enum Mode: String, Codable, Sendable { case array, status, identifier, query }

  /// A word for the array: written as wide as it came.
  package struct Word: Codable, Equatable, Sendable {
    var offset: Int
    var width: Int
    var value: UInt64
  }

  /// What the next store means.
  package enum Phase: Codable, Equatable, Sendable {
    case command
    case programData
    case eraseConfirm
    case lockConfirm
    case bufferCount
    /// Words that are still to come.
    case bufferData(Int)
    case bufferConfirm
  }

  /// The array is no part of it: it is memory, like RAM, and survives resets.
  package struct State: Codable, Equatable, Sendable {
    package var mode = Mode.array
    package var phase = Phase.command
    package var status = Status.ready
    package var buffer: [Word] = []
    package init() {}
  }

  private let memory: ROMDeviceMemory
  private let backEnd: (any BlockBackEnd)?
  private let gate: any InputGate
  private nonisolated(unsafe) var current = State()

  /// Reads the array from `backEnd`, which is as large; without one it is zero and is lost at the end.
  package init(memory: ROMDeviceMemory, backEnd: (any BlockBackEnd)?, gate: any InputGate)
    throws(PropertyError)
  {
    self.memory = memory
    self.backEnd = backEnd
    self.gate = gate
    guard let backEnd else { return }
    do {
      try Self.load(memory, from: backEnd)
    } catch {
      throw PropertyError("failed to read the initial flash content: \(error)")
    }
  }

  /// Sector by sector, and those that are zero not at all: memory that is never touched costs nothing.
  private static func load(_ memory: ROMDeviceMemory, from backEnd: any BlockBackEnd) throws(BackEndError) {
    let sector = UnsafeMutableRawBufferPointer.allocate(byteCount: sectorSize, alignment: 4096)
    defer { sector.deallocate() }
    for offset in stride(from: 0, to: memory.size, by: sectorSize) {
      try backEnd.read(at: UInt64(offset), into: [sector])
      if sector.bindMemory(to: UInt64.self).contains(where: { $0 != 0 }) {
        memory.bytes(offset, sectorSize).copyMemory(from: UnsafeRawBufferPointer(sector))
      }
    }
  }

  package var state: State {
    get { current }
    set {
      current = newValue
      memory.isDirect = newValue.mode == .array
    }
  }

  package func reset() { state = State() }

  // MARK: Loads

  package func read(_ offset: UInt64, width: Int) -> UInt64 {
    let index = Int(offset / UInt64(Self.busWidth)) & 0xff
    let (first, second) =
      switch current.mode {
      // Loads see the memory then; but one may have waited for the lock while the mode changed.
      case .array: (memory.load(Int(offset) & ~3), memory.load(Int(offset) & ~3 + 4))
      case .status: (Self.lanes(UInt16(current.status)), Self.lanes(UInt16(current.status)))
      case .identifier: (Self.lanes(Self.identifier(index)), Self.lanes(Self.identifier(index + 1)))
      case .query: (Self.lanes(Self.query.word(index)), Self.lanes(Self.query.word(index + 1)))
      }
    return (second << 32 | first) >> (offset % 4 * 8) & (.max >> UInt64(64 - 8 * width))
  }

  private static func identifier(_ index: Int) -> UInt16 {
    switch index {
    case 0: CFIQuery.manufacturer
    case 1: CFIQuery.device
    // From 2 on: no block is locked.
    default: 0
    }
  }

  /// The word that each chip drives onto its half of the bus.
  private static func lanes(_ word: UInt16) -> UInt64 { UInt64(word) << 16 | UInt64(word) }

  // MARK: Stores

  /// A store as wide as the bus or narrower is one cycle of both chips, a wider one is two.
  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    guard width > Self.busWidth else { return cycle(Word(offset: Int(offset), width: width, value: value)) }
    cycle(Word(offset: Int(offset), width: Self.busWidth, value: value & 0xffff_ffff))
    cycle(Word(offset: Int(offset) + Self.busWidth, width: Self.busWidth, value: value >> 32))
  }

  private func cycle(_ word: Word) {
    let command = UInt8(truncatingIfNeeded: word.value)
    switch current.phase {
    case .command: begin(command)
    case .programData: finish(program([word]))
    case .eraseConfirm:
      if command == Command.confirm { finish(erase(word.offset)) } else { refuse(command) }
    case .lockConfirm:
      // Nothing is ever locked, as the query table says; 01, D0 and 2F are to lock, to unlock and to lock down.
      if [0x01, 0x2f, Command.confirm].contains(command) { finish(0) } else { refuse(command) }
    case .bufferCount:
      let count = Int(word.value & 0xffff) + 1
      if count <= Self.bufferedWords { current.phase = .bufferData(count) } else { refuse(command) }
    case .bufferData(let left):
      let sector = (current.buffer.first ?? word).offset / Self.sectorSize
      guard word.offset / Self.sectorSize == sector else { return refuse(command) }
      current.buffer.append(word)
      current.phase = left > 1 ? .bufferData(left - 1) : .bufferConfirm
    case .bufferConfirm:
      if command == Command.confirm { finish(program(current.buffer)) } else { refuse(command) }
    }
  }

  private func begin(_ command: UInt8) {
    switch command {
    case Command.readStatus: show(.status)
    case Command.readIdentifier: show(.identifier)
    case Command.readQuery: show(.query)
    case Command.program, Command.programAlternate: expect(.programData)
    case Command.eraseBlock: expect(.eraseConfirm)
    case Command.setLock: expect(.lockConfirm)
    case Command.writeBuffer: expect(.bufferCount)
    case Command.clearStatus:
      current.status = Status.ready
      show(.array)
    // Read Array; also whatever is none of our commands, such as what other makers' flashes are probed with.
    default: show(.array)
    }
  }

  private func show(_ mode: Mode) {
    current.mode = mode
    memory.isDirect = mode == .array
  }

  private func expect(_ phase: Phase) {
    current.phase = phase
    show(.status)
  }

  private func finish(_ errors: UInt8) {
    current.status |= errors
    current.phase = .command
    current.buffer = []
    show(.status)
  }

  /// The store is not what its predecessor announced. Read Array is obeyed even so: drivers get out of anything
  /// with it.
  private func refuse(_ command: UInt8) {
    finish(Status.sequenceError)
    if command == Command.readArray { show(.array) }
  }

  // MARK: The array

  private var isReadOnly: Bool { backEnd?.isReadOnly ?? false }

  /// Programming clears bits; only erasing sets them. Returns the errors.
  private func program(_ words: [Word]) -> UInt8 {
    guard !isReadOnly else { return Status.programError }
    for word in words { memory.clear(word.offset, mask: word.value, width: word.width) }
    let first = words.map(\.offset).min() ?? 0
    writeBack(first..<(words.map { $0.offset + $0.width }.max() ?? first))
    return 0
  }

  private func erase(_ offset: Int) -> UInt8 {
    guard !isReadOnly else { return Status.eraseError }
    let start = offset / Self.sectorSize * Self.sectorSize
    memory.fill(start, count: Self.sectorSize, 0xff)
    writeBack(start..<start + Self.sectorSize)
    return 0
  }

  /// Has the range written to the drive before the guest goes on: on its thread, once the machine lock is free.
  /// What is written is the array as it is then, so that of two stores at once the later is never undone.
  private func writeBack(_ range: Range<Int>) {
    guard let backEnd, !range.isEmpty else { return }
    let transfer: @Sendable () -> Bool = { [memory] in
      let bytes = UnsafeRawBufferPointer(memory.bytes(range.lowerBound, range.count))
      do throws(BackEndError) {
        try backEnd.write(at: UInt64(range.lowerBound), from: [bytes])
        return true
      } catch {
        return false
      }
    }
    let isLater = gate.afterRelease { [self] in
      if !transfer() { gate.deliver { [self] in current.status |= Status.programError } }
    }
    if !isLater, !transfer() { current.status |= Status.programError }
  }
}
