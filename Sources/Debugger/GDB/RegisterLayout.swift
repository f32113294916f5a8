import RISCV

/// A register as a debugger knows it.
package enum DebugRegister: Sendable, Hashable {
  case integer(Int)
  case pc
  case float(Int)
  /// The privilege level, by its encoding in `mstatus.MPP`.
  case privilege
  /// A control and status register by its number.
  case control(Int)
}

/// Which registers a target has, how wide they are, and the numbers and names that GDB and QEMU give them.
package struct RegisterLayout: Sendable {
  /// 32 or 64.
  package let width: Int
  /// 0, 32 or 64.
  package let floatWidth: Int
  /// GDB's name of the operating system whose program it is; "none" for machines.
  package let system: String
  /// By number, sorted.
  package let controls: [(number: Int, name: String)]
  private let control: Set<Int>

  package init(
    width: Int, floatWidth: Int, controls: [(number: Int, name: String)], system: String = "none"
  ) {
    self.system = system
    self.width = width
    self.floatWidth = floatWidth
    self.controls = controls.sorted { $0.number < $1.number }
    control = Set(controls.map(\.number))
  }

  /// GDB's numbers for x0–x31 and pc: what a `g` packet has.
  package static let generalCount = 33

  /// QEMU numbers what follows in the order of its files.
  private var privilegeNumber: Int { Self.generalCount + (floatWidth > 0 ? 32 : 0) }
  private var firstControlNumber: Int { privilegeNumber + 1 }

  /// The register of GDB's `number`, and its size in bytes.
  package subscript(number: Int) -> (register: DebugRegister, size: Int)? {
    switch number {
    case 0..<32: return (.integer(number), width / 8)
    case 32: return (.pc, width / 8)
    case Self.generalCount..<privilegeNumber: return (.float(number - Self.generalCount), floatWidth / 8)
    case privilegeNumber: return (.privilege, width / 8)
    default:
      let index = number - firstControlNumber
      return control.contains(index) ? (.control(index), width / 8) : nil
    }
  }

  // MARK: Target descriptions ("GDB", Target Descriptions; RISC-V Features)

  private var coreFile: String { "riscv-\(width)bit-cpu.xml" }
  private var floatFile: String { "riscv-\(floatWidth)bit-fpu.xml" }
  private var privilegeFile: String { "riscv-\(width)bit-virtual.xml" }
  private static let controlFile = "riscv-csr.xml"

  /// The text of a file of the description, nil where there is none of that name.
  package func file(_ name: String) -> String? {
    switch name {
    case "target.xml": return target
    case coreFile: return core
    case floatFile where floatWidth > 0: return floats
    case privilegeFile: return feature("virtual", [row("priv", width, privilegeNumber, "int")])
    case Self.controlFile:
      return feature("csr", controls.map { row($0.name, width, firstControlNumber + $0.number, "int") })
    default: return nil
    }
  }

  /// Without `osabi`, GDB takes the target for Linux and single-steps by breakpoints of its own, never into
  /// the handler of an `ecall`.
  private var target: String {
    let files = [coreFile] + (floatWidth > 0 ? [floatFile] : []) + [privilegeFile, Self.controlFile]
    return "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
      + "<architecture>riscv:rv\(width)</architecture><osabi>\(system)</osabi>"
      + files.map { "<xi:include href=\"\($0)\"/>" }.joined() + "</target>"
  }

  private var core: String {
    var rows = RegisterNames.integer.enumerated().map { number, name in
      // GDB's own name for s0.
      let name = number == 8 ? "fp" : name
      let type =
        switch number {
        case 1: "code_ptr"
        case 2, 3, 4, 8: "data_ptr"
        default: "int"
        }
      return row(name, width, number, type)
    }
    rows.append(row("pc", width, 32, "code_ptr"))
    return feature("cpu", rows)
  }

  private var floats: String {
    var rows: [String] = []
    if floatWidth == 64 {
      rows.append(
        "<union id=\"riscv_double\"><field name=\"float\" type=\"ieee_single\"/>"
          + "<field name=\"double\" type=\"ieee_double\"/></union>")
    }
    rows += RegisterNames.float.enumerated().map { number, name in
      row(name, floatWidth, Self.generalCount + number, floatWidth == 64 ? "riscv_double" : "ieee_single")
    }
    return feature("fpu", rows)
  }

  private func feature(_ name: String, _ rows: [String]) -> String {
    "<?xml version=\"1.0\"?><!DOCTYPE feature SYSTEM \"gdb-target.dtd\">"
      + "<feature name=\"org.gnu.gdb.riscv.\(name)\">" + rows.joined() + "</feature>"
  }

  private func row(_ name: String, _ bits: Int, _ number: Int, _ type: String) -> String {
    "<reg name=\"\(name)\" bitsize=\"\(bits)\" regnum=\"\(number)\" type=\"\(type)\"/>"
  }
}
