import RISCV

/// PMP's entries as ranges, for people (RISC-V Privileged 1.13, §3.7.1).
struct ProtectionEntry {
  var number: Int
  var mode: String
  var range: ClosedRange<UInt64>
  var configuration: UInt8

  var permissions: String {
    String(zip([1, 2, 4] as [UInt8], "rwx").map { configuration & $0 != 0 ? $1 : "-" })
      + (configuration & 0x80 != 0 ? ", locked" : "")
  }

  var text: String {
    "\(number): \(mode) 0x\(String(range.lowerBound, radix: 16))-0x\(String(range.upperBound, radix: 16)) "
      + permissions
  }

  /// Those that match anything, by number.
  static func all(_ registers: [(configuration: UInt8, address: UInt64)]) -> [ProtectionEntry] {
    var entries: [ProtectionEntry] = []
    for (number, register) in registers.enumerated() {
      let address = register.address
      func add(_ mode: String, _ range: ClosedRange<UInt64>) {
        entries.append(
          ProtectionEntry(number: number, mode: mode, range: range, configuration: register.configuration))
      }
      switch register.configuration >> 3 & 3 {
      case 1:
        let start = number == 0 ? 0 : registers[number - 1].address << 2
        let end = address << 2
        if start < end { add("TOR", start...end - 1) }
      case 2: add("NA4", (address << 2)...(address << 2 | 3))
      case 3:
        let ones = UInt64((~address).trailingZeroBitCount)
        guard ones < 54 else {
          add("NAPOT", 0 ... .max)
          continue
        }
        let size = UInt64(8) << ones
        let first = address << 2 & ~(size - 1)
        add("NAPOT", first...first &+ (size - 1))
      default: break
      }
    }
    return entries
  }
}
