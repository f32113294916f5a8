import Machine

/// The firmware's console: the board's first 16550, by its registers, as firmware in the guest would use it (PC16550D
/// data sheet, §8).
struct FirmwareConsole: Sendable {
  private enum Register {
    static let data: UInt64 = 0
    static let interruptEnable: UInt64 = 1
    static let fifoControl: UInt64 = 2
    static let lineControl: UInt64 = 3
    static let modemControl: UInt64 = 4
    static let lineStatus: UInt64 = 5
  }

  private let memory: AddressSpace
  private let base: UInt64
  private let divisor: UInt64

  /// - Parameter clock: what the UART divides, in Hz.
  init(_ memory: AddressSpace, base: UInt64, clock: UInt64) {
    self.memory = memory
    self.base = base
    divisor = clock / (16 * 115_200)
  }

  /// 115,200 bits per second, eight of them a character, FIFOs, no interrupts.
  func start() {
    write(Register.interruptEnable, 0)
    write(Register.lineControl, 0x80)
    write(Register.data, divisor & 0xff)
    write(Register.interruptEnable, divisor >> 8)
    write(Register.lineControl, 0x03)
    write(Register.fifoControl, 0x01)
    write(Register.modemControl, 0)
  }

  /// A line begins at the left, as OpenSBI's do.
  func send(_ byte: UInt8) {
    if byte == UInt8(ascii: "\n") { write(Register.data, UInt64(UInt8(ascii: "\r"))) }
    write(Register.data, UInt64(byte))
  }

  /// Nil where nothing has been received.
  func receive() -> UInt8? {
    guard read(Register.lineStatus) & 1 != 0 else { return nil }
    return UInt8(truncatingIfNeeded: read(Register.data))
  }

  private func write(_ register: UInt64, _ value: UInt64) {
    _ = memory.writeDevice(base &+ register, width: 1, value)
  }
  private func read(_ register: UInt64) -> UInt64 { memory.readDevice(base &+ register, width: 1) ?? 0 }
}
