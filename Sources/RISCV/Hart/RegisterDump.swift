import Logging

/// A hart's registers as `info registers` and `-d cpu` print them.
package struct RegisterDump: Sendable {
  /// 32 or 64: how wide a register prints.
  package var width: Int
  package var pc: UInt64
  /// By name, in printing order.
  package var controls: [(name: String, value: UInt64)]
  package var integers: [UInt64]
  /// Empty where there are none, or none are wanted; 64 bits each, whatever the width.
  package var floats: [UInt64]
  package var floatStatus: UInt64

  package init(
    width: Int, pc: UInt64, controls: [(name: String, value: UInt64)], integers: [UInt64], floats: [UInt64],
    floatStatus: UInt64 = 0
  ) {
    self.width = width
    self.pc = pc
    self.controls = controls
    self.integers = integers
    self.floats = floats
    self.floatStatus = floatStatus
  }

  /// CSRs by number (RISC-V Privileged 1.13, tables 4–8).
  private static let controls: [(name: String, number: Int)] = [
    ("mhartid", 0xf14), ("mstatus", 0x300), ("mstatush", 0x310), ("mip", 0x344), ("mie", 0x304),
    ("mideleg", 0x303),
    ("medeleg", 0x302), ("mtvec", 0x305), ("stvec", 0x105), ("mepc", 0x341), ("sepc", 0x141),
    ("mcause", 0x342), ("scause", 0x142), ("mtval", 0x343), ("stval", 0x143), ("mscratch", 0x340),
    ("sscratch", 0x140), ("satp", 0x180),
  ]

  /// The registers of `hart`, which does not run, or whose thread this is.
  package init(_ hart: Hart, withFloats: Bool = true) {
    self.init(
      width: hart.features.xlen, pc: hart.state.pointee.pc,
      controls: Self.controls.compactMap { name, number in hart.peekCSR(number).map { (name, $0) } },
      integers: (0..<32).map { hart[x: $0] },
      floats: withFloats && hart.features.extensions.contains(.f) ? (0..<32).map { hart[f: $0] } : [],
      floatStatus: hart.state.pointee.frm << 5 | hart.state.pointee.fflags)
  }

  package var text: String {
    var text = cell("pc", pc) + "\n"
    for (name, value) in controls { text += cell(name, value) + "\n" }
    text += table("x", RegisterNames.integer, integers, width)
    if floats.isEmpty { return text }
    return text + cell("fcsr", floatStatus) + "\n" + table("f", RegisterNames.float, floats, 64)
  }

  private func cell(_ name: String, _ value: UInt64, width: Int? = nil) -> String {
    let padding = String(repeating: " ", count: max(0, 8 - name.utf8.count))
    return " \(name)\(padding) \(hexadecimal(value, (width ?? self.width) / 4))"
  }

  private func table(_ letter: String, _ names: [String], _ values: [UInt64], _ width: Int) -> String {
    let cells = zip(names, values).enumerated().map {
      cell("\(letter)\($0)/\($1.0)", $1.1, width: width)
    }
    return stride(from: 0, to: cells.count, by: 4).map {
      cells[$0..<min($0 + 4, cells.count)].joined() + "\n"
    }.joined()
  }
}
