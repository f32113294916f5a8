import Logging
import Machine
import RISCV

/// Time stands still.
final class Standstill: TimeSource {
  let ticks: UInt64 = 0x1234_5678_9abc
}

/// A hart with 1 MiB of RAM: code at its start, data in the middle, a handler that ends the run.
struct Guest {
  static let base: UInt64 = 0x8000_0000
  static let handler = base + 0x8000
  /// Two pages of data are at `data`, which accesses reach around; the page behind them is RAM too.
  static let data = base + 0x40_000
  static let size: UInt64 = 1 << 20
  /// As QEMU's command line has it, too.
  static let model = "rv64,zacas=on,zabha=on,zfa=on,zfh=on,zbkb=on,zbkx=on"
  private static let features = Result { try CPUModel.configure(model).features }

  let memory: AddressSpace
  let hart: Hart

  init(_ code: [UInt8], log: Log = Log()) throws {
    memory = AddressSpace(lock: MachineLock(), log: log)
    try memory.addRAM("ram", base: Self.base, size: Self.size)
    memory.copyIn(code, to: Self.base)
    memory.copyIn(bytes([Encoding.wfi]), to: Self.handler)
    hart = Hart(
      id: 0, features: try Self.features.get(), memory: memory, time: Standstill(), port: InterruptPort(),
      log: log)
    hart.resetPC = Self.base
    hart.reset()
    hart.state.pointee.pc = Self.base
  }

  /// All that a program can have changed.
  var result: [UInt64] {
    var all = (0..<32).map { hart[x: $0] } + (0..<32).map { hart[f: $0] }
    all += [hart.state.pointee.pc, hart.state.pointee.instructionsRetired, hart.stateHash]
    return all
  }

  func contents(_ address: UInt64, _ count: Int) -> [UInt8] { memory.copyOut(address, count: count) ?? [] }
}

/// Little-endian; instructions of two bytes have a zero upper half and low bits other than 11.
func bytes(_ instructions: [UInt32]) -> [UInt8] {
  instructions.flatMap { i in
    (0..<(i & 3 == 3 ? 4 : 2)).map { UInt8(truncatingIfNeeded: i >> UInt32(8 * $0)) }
  }
}

/// Instruction formats (RISC-V Unprivileged, §2.2 and §27.2).
enum Encoding {
  static let wfi: UInt32 = 0x1050_0073
  static let mret: UInt32 = 0x3020_0073

  static func r(_ op: UInt32, _ f3: UInt32, _ f7: UInt32, _ rd: UInt32, _ rs1: UInt32, _ rs2: UInt32)
    -> UInt32
  {
    f7 << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op
  }
  static func i(_ op: UInt32, _ f3: UInt32, _ rd: UInt32, _ rs1: UInt32, _ immediate: UInt32) -> UInt32 {
    (immediate & 0xfff) << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op
  }
  static func s(_ op: UInt32, _ f3: UInt32, _ rs1: UInt32, _ rs2: UInt32, _ immediate: UInt32) -> UInt32 {
    (immediate >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | (immediate & 31) << 7 | op
  }
  /// Forward by less than 32 bytes.
  static func b(_ f3: UInt32, _ rs1: UInt32, _ rs2: UInt32, _ distance: UInt32) -> UInt32 {
    rs2 << 20 | rs1 << 15 | f3 << 12 | (distance & 0x1e) << 7 | 0x63
  }
  static func csr(_ f3: UInt32, _ rd: UInt32, _ number: UInt32, _ rs1: UInt32) -> UInt32 {
    i(0x73, f3, rd, rs1, number)
  }
  static func faddD(_ rd: UInt32, _ rs1: UInt32, _ rs2: UInt32, _ rounding: UInt32) -> UInt32 {
    r(0x53, rounding, 0x01, rd, rs1, rs2)
  }
  static func amoaddD(_ rd: UInt32, _ rs1: UInt32, _ rs2: UInt32) -> UInt32 { r(0x2f, 3, 0, rd, rs1, rs2) }
}
