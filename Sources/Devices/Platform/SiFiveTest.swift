import Logging
import Machine

/// SiFive's test finisher: the guest's way to end the machine with an exit code, or to restart it
/// (SiFive "test" device; device tree `sifive,test1`, `syscon`).
package final class SiFiveTest: MMIODevice {
  package struct State: Codable, Sendable, Equatable {
    package init() {}
  }

  package static let typeName = "riscv.sifive.test"
  package static let regionName = "riscv.sifive.test"
  package static let windowSize: UInt64 = 0x1000
  package static let accessWidths = 2...4
  package static let registers = [
    Register("FINISHER", offset: 0, width: 4, .writeOnly, section: "sifive,test1")
  ]

  private enum Status {
    static let fail: UInt64 = 0x3333
    static let pass: UInt64 = 0x5555
    static let reset: UInt64 = 0x7777
  }

  private let power: any PowerControl

  package init(power: any PowerControl) { self.power = power }

  package var state: State {
    get { State() }
    set {}
  }

  package func reset() {}

  package func read(_ offset: UInt64, width: Int) -> UInt64 { 0 }

  package func remark(on access: DeviceAccess) -> DeviceRemark? {
    guard let value = access.value else { return nil }
    let isKnown = [Status.fail, Status.pass, Status.reset].contains(value & 0xffff)
    guard access.offset != 0 || !isKnown else { return nil }
    return .guestError(
      "sifive_test_write: write: addr=0x\(hexadecimal(access.offset)) val=0x\(hexadecimal(value, 16))")
  }

  /// The low half says how, the high half is the exit code, of which the host keeps eight bits.
  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    guard offset == 0 else { return }
    let code = Int32(width == 4 ? value >> 16 & 0xffff : 0)
    switch value & 0xffff {
    case Status.pass: power.shutDown(exitCode: code)
    case Status.fail: power.shutDown(exitCode: code, isFailure: true)
    case Status.reset: power.requestReset()
    default: break
    }
  }
}
