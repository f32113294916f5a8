/// The largest address-translation mode that `satp` takes: RISC-V Privileged, §12.1.11.
package enum SatpMode: UInt8, Comparable, Sendable {
  case bare = 0
  case sv32 = 1
  case sv39 = 8
  case sv48 = 9
  case sv57 = 10

  package static func < (a: SatpMode, b: SatpMode) -> Bool { a.rawValue < b.rawValue }

  /// `sv39`; the device tree's and QEMU's word for no translation is `none`.
  package var name: String { self == .bare ? "none" : "\(self)" }
}

/// A version of the privileged specification.
package enum PrivilegedSpecification: Int, CaseIterable, Comparable, Sendable {
  case v1_10 = 10
  case v1_11 = 11
  case v1_12 = 12
  case v1_13 = 13

  package static func < (a: PrivilegedSpecification, b: PrivilegedSpecification) -> Bool {
    a.rawValue < b.rawValue
  }

  /// As `priv_spec=` takes it: `v1.13.0`.
  package var name: String { "v1.\(rawValue).0" }
}

/// What a hart is: the outcome of a model and its properties.
package struct CPUConfiguration: Equatable, Sendable {
  /// The model's name, as `-cpu` has it.
  package var name: String
  package var xlen: Int
  /// What the hart executes: decoder and CSRs follow it. Closed under implication.
  package var extensions: ExtensionSet
  /// What the device tree says. A subset of `extensions` where a model names fewer.
  package var advertised: ExtensionSet
  package var supervisor: Bool
  package var user: Bool
  package var maxSatpMode: SatpMode
  package var pmp: Bool
  package var pmpRegions: Int
  package var mvendorid: UInt64
  package var marchid: UInt64
  package var mimpid: UInt64
  /// Bytes that `cbo.clean`, `cbo.flush` and `cbo.inval` work on, `prefetch`, and `cbo.zero`.
  package var cbomBlockSize: Int
  package var cbopBlockSize: Int
  package var cbozBlockSize: Int
  package var privSpec: PrivilegedSpecification
  /// Which of the counters 3–31 exist, bit by number.
  package var pmuCounters: UInt32
  /// Where the hart begins, where the board does not say.
  package var resetVector: UInt64
  package var shortISAString: Bool
  /// Extensions that were asked for and need a later privileged specification.
  package var disabled: [Extension]
  /// Warnings that concern the whole CPU: once each.
  package var notices: [String]

  /// Warnings as QEMU words them when it makes the hart of this number.
  package func warnings(hart: UInt64) -> [String] {
    let digits = String(hart, radix: 16)
    let number = String(repeating: "0", count: 16 - digits.count) + digits
    return disabled.map {
      "disabling \($0.name) extension for hart 0x\(number) because privilege spec version does not match"
    }
  }

  private static let letters: ExtensionSet = [.i, .e, .m, .a, .f, .d, .c, .b, .v, .h]

  /// The device tree's `riscv,isa-base`.
  package var isaBase: String { "rv\(xlen)\(advertised.contains(.e) ? "e" : "i")" }

  /// The device tree's `riscv,isa-extensions`, in QEMU's order.
  package var isaExtensions: [String] {
    advertised.members.filter { !shortISAString || Self.letters.contains($0) }.map(\.name)
  }

  /// The device tree's `riscv,isa`.
  package var isaString: String {
    let letters = advertised.intersection(Self.letters).members.map(\.name).joined()
    let rest = shortISAString ? [] : advertised.subtracting(Self.letters).members.map { "_" + $0.name }
    return "rv\(xlen)" + letters + rest.joined()
  }

  /// The device tree's `mmu-type`.
  package var mmuType: String { "riscv,\(maxSatpMode.name)" }
}
