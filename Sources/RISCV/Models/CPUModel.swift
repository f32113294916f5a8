/// A CPU that `-cpu` names. The sets are QEMU 10.0's, as its device trees show them.
package struct CPUModel: Sendable {
  /// How a model relates to its properties.
  package enum Kind: Sendable {
    /// Everything can be turned on and off; the newest specification.
    case generic
    /// Starts from nothing but what is named; address translation has to be asked for.
    case bare
    /// A product: what it has can be turned off, nothing turned on.
    case vendor
  }

  package var name: String
  package var xlen: Int
  package var kind: Kind
  /// What the model names; the rest follows by implication.
  package var extensions: ExtensionSet
  package var supervisor: Bool
  package var user: Bool
  /// Where `satp` begins, and how far properties may raise it.
  package var satp: SatpMode
  package var satpLimit: SatpMode
  package var privSpec: PrivilegedSpecification

  init(
    _ name: String, _ kind: Kind, _ extensions: ExtensionSet, xlen: Int = 64, supervisor: Bool = true,
    user: Bool = true, satp: SatpMode, limit: SatpMode? = nil,
    priv: PrivilegedSpecification = .v1_13
  ) {
    self.name = name
    self.xlen = xlen
    self.kind = kind
    self.extensions = extensions
    self.supervisor = supervisor
    self.user = user
    self.satp = satp
    satpLimit = limit ?? satp
    privSpec = priv
  }

  /// What the model needs and this emulator does not have, by name.
  package var missing: [String] {
    extensions.subtracting(.available).members.map(\.name)
  }

  /// Those of 64 bits, which are all that runs 64-bit programs; those that are not there yet among them.
  package static let wide: [CPUModel] = generic + profiles + products

  /// What a program of this target offers for whole machines, by the names that it has for them.
  package static func all(of target: Target) -> [CPUModel] {
    guard target == .riscv32 else { return wide + narrow }
    return narrow.map { model in
      var model = model
      if model.name == "max32" { model.name = "max" }
      return model
    }
  }

  /// What `-cpu help` prints in user mode: the models that are there.
  package static var help: String {
    let names = wide.filter { $0.missing.isEmpty }.map(\.name).sorted()
    return "Available CPUs:\n" + names.map { "  \($0)\n" }.joined()
  }
}

extension CPUModel {
  /// What QEMU turns on in `rv64`, `h` excepted.
  private static let usual: ExtensionSet = [
    .i, .m, .a, .f, .d, .c, .zicbom, .zicbop, .zicboz, .zicntr, .zicsr, .zifencei, .zihintntl,
    .zihintpause, .zihpm, .zawrs, .zfa, .zba, .zbb, .zbc, .zbs, .sstc, .svadu, .svvptc,
  ]

  private static let generic: [CPUModel] = [
    CPUModel("rv64", .generic, usual, satp: .sv57),
    CPUModel(
      "max", .generic, ExtensionSet.available.subtracting([.zcf, .svade]), satp: .sv57),
    CPUModel("rv64i", .bare, [.i], supervisor: false, user: false, satp: .bare, limit: .sv57, priv: .v1_10),
    CPUModel("rv64e", .bare, [.e], supervisor: false, user: false, satp: .bare, limit: .sv57, priv: .v1_10),
  ]

  /// RISC-V Profiles, "RVA22" and "RVA23".
  static let rva22u64: ExtensionSet = [
    .i, .m, .a, .f, .d, .c, .b, .zicsr, .zicntr, .zihpm, .zihintpause, .zba, .zbb, .zbs,
    .zicbom, .zicbop, .zicboz, .zfhmin, .zkt,
  ]
  static let rva22s64 = rva22u64.union([.zifencei, .svade, .svinval, .svpbmt])
  static let rva23u64 = rva22u64.union([
    .v, .zihintntl, .zicond, .zimop, .zcmop, .zcb, .zfa, .zawrs, .zvfhmin, .zvbb, .zvkt,
    .smnpm, .ssnpm, .supm,
  ])
  static let rva23s64 = rva22s64.union(rva23u64).union([
    .h, .sha, .smstateen, .ssstateen, .sscofpmf, .sstc, .svnapot,
  ])

  private static let profiles: [CPUModel] = [
    CPUModel(
      "rva22u64", .bare, rva22u64, supervisor: false, satp: .bare, limit: .sv57, priv: .v1_12),
    CPUModel("rva22s64", .bare, rva22s64, satp: .sv39, limit: .sv57, priv: .v1_12),
    CPUModel(
      "rva23u64", .bare, rva23u64, supervisor: false, satp: .bare, limit: .sv57),
    CPUModel("rva23s64", .bare, rva23s64, satp: .sv39, limit: .sv57),
  ]

  private static let counters: ExtensionSet = [.zicntr, .zicsr, .zifencei, .zihpm]
  private static let gc = ExtensionSet([.i, .m, .a, .f, .d, .c]).union(counters)

  private static let products: [CPUModel] = [
    CPUModel("shakti-c", .vendor, gc, satp: .sv39, priv: .v1_10),
    CPUModel(
      "sifive-e51", .vendor, gc.subtracting([.f, .d]), supervisor: false, satp: .bare, priv: .v1_10),
    CPUModel("sifive-u54", .vendor, gc, satp: .sv39, priv: .v1_10),
    CPUModel(
      "thead-c906", .vendor,
      gc.union([
        .zfh, .xtheadba, .xtheadbb, .xtheadbs, .xtheadcmo, .xtheadcondmov, .xtheadfmemidx,
        .xtheadmac, .xtheadmemidx, .xtheadmempair, .xtheadsync,
      ]), satp: .sv39, priv: .v1_11),
    CPUModel(
      "tt-ascalon", .vendor,
      gc.union([
        .v, .h, .zvbb, .zvbc, .zvfh, .zvkng, .smaia, .ssaia, .smstateen, .sscofpmf, .zfbfmin, .zvfbfwma,
      ]), satp: .sv57),
    CPUModel(
      "veyron-v1", .vendor, gc.union([.h, .smaia, .ssaia, .smstateen, .sscofpmf, .xventanacondops]),
      satp: .sv48, priv: .v1_12),
    CPUModel(
      "xiangshan-nanhu", .vendor, gc.union([.zknd, .zkne, .zknh, .zksed, .zksh]), satp: .sv39,
      priv: .v1_12),
  ]

  private static let narrow: [CPUModel] = [
    CPUModel("rv32", .generic, usual, xlen: 32, satp: .sv32),
    CPUModel(
      // Without statements and page-table bits that only RV64 has.
      "max32", .generic, ExtensionSet.available.subtracting([.svade, .ssu64xl, .svnapot, .svpbmt]),
      xlen: 32, satp: .sv32),
    CPUModel(
      "rv32i", .bare, [.i], xlen: 32, supervisor: false, user: false, satp: .bare, limit: .sv32, priv: .v1_10),
    CPUModel(
      "rv32e", .bare, [.e], xlen: 32, supervisor: false, user: false, satp: .bare, limit: .sv32, priv: .v1_10),
    CPUModel(
      "lowrisc-ibex", .vendor, counters.union([.i, .m, .c, .zba, .zbb, .zbc, .zbs, .smepmp]), xlen: 32,
      supervisor: false, satp: .bare, priv: .v1_12),
    CPUModel(
      "sifive-e31", .vendor, gc.subtracting([.f, .d]), xlen: 32, supervisor: false, satp: .bare,
      priv: .v1_10),
    CPUModel(
      "sifive-e34", .vendor, gc.subtracting([.d]), xlen: 32, supervisor: false, satp: .bare, priv: .v1_10),
    CPUModel("sifive-u34", .vendor, gc, xlen: 32, satp: .sv32, priv: .v1_10),
  ]

  /// A name of QEMU's without a model here: a 128-bit hart has no use yet.
  static let absent: [String: [String]] = ["x-rv128": ["a 128-bit hart"]]
}

extension Extension {
  /// The first privileged specification under which QEMU offers the extension.
  var firstPrivSpec: PrivilegedSpecification {
    switch self {
    case .i, .e, .m, .a, .f, .d, .c, .b, .v, .zicsr, .zifencei, .zihintntl, .zihintpause: .v1_10
    case .ziccamoa, .ziccif, .zicclsm, .ziccrse, .zfh, .zfhmin, .ssccptr: .v1_11
    case .svvptc: .v1_13
    default: .v1_12
    }
  }

  /// Whether a hart of this specification goes without the extension. The counters were there before
  /// they had names.
  func isTooNew(for specification: PrivilegedSpecification) -> Bool {
    self != .zicntr && self != .zihpm && firstPrivSpec > specification
  }
}
