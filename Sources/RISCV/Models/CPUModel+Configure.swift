extension CPUModel {
  /// The hart that `-cpu` text such as `rv64,zicond=on,sv57=off` describes.
  ///
  /// `globals` are properties from elsewhere (`-global rv64-riscv-cpu.sstc=off`), set before. `models` are
  /// those that there is a choice of.
  package static func configure(
    _ text: String, globals: [(key: String, value: String)] = [], among models: [CPUModel] = wide
  ) throws(CPUError) -> CPUConfiguration {
    if text.isEmpty { throw .empty }
    var parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    // A comma behind the last property means nothing.
    if parts.count > 1, parts.last == "" { parts.removeLast() }
    let name = parts[0]
    guard let model = models.first(where: { $0.name == name }) else {
      if models.first?.xlen == 64, let needs = absent[name] { throw .missingModel(name, needs: needs) }
      throw .unknownModel(name, near: models.filter { $0.missing.isEmpty }.map(\.name))
    }
    guard model.missing.isEmpty else { throw .missingModel(name, needs: model.missing) }
    var builder = CPUBuilder(model)
    for (key, value) in globals { try builder.set(key, value) }
    for part in parts.dropFirst() {
      guard let equals = part.firstIndex(of: "=") else { throw .notKeyAndValue(part) }
      try builder.set(String(part[..<equals]), String(part[part.index(after: equals)...]))
    }
    return try builder.finish()
  }

  /// Extensions that are there, and that a property turns on and off.
  package static var switchableExtensions: [Extension] { CPUBuilder.switchable }
}

/// A model while its properties are set.
struct CPUBuilder {
  private let model: CPUModel
  private var result: CPUConfiguration
  /// What was asked for, by the model or by a property.
  private var wanted: ExtensionSet
  /// What a property turned off.
  private var refused: ExtensionSet = []
  /// `sv39` … `sv64` as properties set them.
  private var satp: [String: Bool] = [:]
  private var profiles: [(name: String, mandatory: ExtensionSet)] = []
  private var satpDefault: SatpMode

  private static let modes = ["sv39", "sv48", "sv57", "sv64"]

  init(_ model: CPUModel) {
    self.model = model
    wanted = model.extensions
    satpDefault = model.satp
    result = CPUConfiguration(
      name: model.name, xlen: model.xlen, extensions: [], advertised: [], supervisor: model.supervisor,
      user: model.user, maxSatpMode: model.satp, pmp: model.kind != .bare, pmpRegions: 16,
      mvendorid: 0, marchid: 0, mimpid: 0, cbomBlockSize: 64, cbopBlockSize: 64, cbozBlockSize: 64,
      privSpec: model.privSpec, pmuCounters: 0x7fff8, resetVector: 0x1000,
      shortISAString: false, disabled: [], notices: [])
    switch model.name {
    case "rva22u64": profiles = [("rva22u64", CPUModel.rva22u64)]
    case "rva22s64": profiles = [("rva22u64", CPUModel.rva22u64), ("rva22s64", CPUModel.rva22s64)]
    default: break
    }
  }

  private func error(_ key: String, _ value: String, _ reason: CPUError.Reason) -> CPUError {
    .property(model: model.name, key: key, value: value, reason: reason)
  }

  private func boolean(_ key: String, _ value: String) throws(CPUError) -> Bool {
    switch value {
    case "on", "yes", "true", "y": return true
    case "off", "no", "false", "n": return false
    default: throw error(key, value, .notBoolean)
    }
  }

  private func number(_ key: String, _ value: String, bits: Int) throws(CPUError) -> UInt64 {
    let parsed = value.hasPrefix("0x") ? UInt64(value.dropFirst(2), radix: 16) : UInt64(value)
    guard let parsed else { throw error(key, value, .notNumber("uint64")) }
    guard bits == 64 || parsed >> UInt64(bits) == 0 else {
      throw error(key, value, .notNumber("uint\(bits)_t"))
    }
    return parsed
  }

  private func blockSize(_ key: String, _ value: String) throws(CPUError) -> Int {
    let size = try number(key, value, bits: 16)
    guard (4...4096).contains(size), size & (size - 1) == 0 else { throw error(key, value, .blockSize) }
    return Int(size)
  }

  private func identity(_ key: String, _ value: String, bits: Int, now: UInt64) throws(CPUError) -> UInt64 {
    let wish = try number(key, value, bits: bits)
    if model.kind == .vendor && wish != now { throw error(key, value, .vendorIdentity(now)) }
    return wish
  }

  mutating func set(_ key: String, _ value: String) throws(CPUError) {
    switch key {
    case "s": result.supervisor = try mode(key, value, result.supervisor)
    case "u": result.user = try mode(key, value, result.user)
    case "g":
      if try boolean(key, value) { for one in Self.general { try turn(one, on: true, key, value) } }
    case "pmp": result.pmp = try boolean(key, value)
    case "mmu":
      // No sv57 without translation: QEMU's device tree goes on naming the mode, ours does not.
      if try !boolean(key, value) { satp["mmu"] = false } else { satp["mmu"] = nil }
    case "debug":
      guard try boolean(key, value) else { throw error(key, value, .notThere) }
    case "short-isa-string": result.shortISAString = try boolean(key, value)
    case "x-misa-w":
      if try boolean(key, value) { throw error(key, value, .notThere) }
    case "mvendorid": result.mvendorid = try identity(key, value, bits: 32, now: result.mvendorid)
    case "marchid": result.marchid = try identity(key, value, bits: 64, now: result.marchid)
    case "mimpid": result.mimpid = try identity(key, value, bits: 64, now: result.mimpid)
    case "resetvec": result.resetVector = try number(key, value, bits: 64)
    case "cbom_blocksize": result.cbomBlockSize = try blockSize(key, value)
    case "cbop_blocksize": result.cbopBlockSize = try blockSize(key, value)
    case "cboz_blocksize": result.cbozBlockSize = try blockSize(key, value)
    case "pmu-mask":
      result.pmuCounters = UInt32(try number(key, value, bits: 32))
    case "pmu-num":
      let count = try number(key, value, bits: 8)
      guard count <= 29 else { throw error(key, value, .tooManyCounters) }
      result.pmuCounters = UInt32(((UInt64(1) << count) - 1) << 3)
      note("\"pmu-num\" property is deprecated; use \"pmu-mask\"")
    case "priv_spec":
      guard let wish = PrivilegedSpecification.allCases.first(where: { $0.name == value }) else {
        throw error(key, value, .privilegedSpecification)
      }
      if model.kind == .vendor && wish != result.privSpec {
        throw error(key, value, .vendorPrivilegedSpecification(result.privSpec))
      }
      result.privSpec = wish
    case "vext_spec":
      guard value == "v1.0" else { throw error(key, value, .vectorSpecification) }
    case "vlen", "elen":
      let length = try number(key, value, bits: 16)
      guard length != 0, length & (length - 1) == 0 else { throw error(key, value, .vectorLength) }
    case "rvv_ta_all_1s", "rvv_ma_all_1s", "rvv_vl_half_avl", "rvv_vsetvl_x0_vill":
      _ = try boolean(key, value)
    case "rnmi-interrupt-vector", "rnmi-exception-vector":
      throw error(key, value, .notThere)
    case "rva22u64": try profile(key, value, CPUModel.rva22u64)
    case "rva22s64": try profile(key, value, CPUModel.rva22s64)
    case "rva23u64": try profile(key, value, CPUModel.rva23u64)
    case "rva23s64": try profile(key, value, CPUModel.rva23s64)
    default:
      if model.xlen == 64 && Self.modes.contains(key) || model.xlen == 32 && key == "sv32" {
        satp[key] = try boolean(key, value)
      } else {
        try turn(try found(key, value), on: try boolean(key, value), key, value)
      }
    }
  }

  /// What `g` stands for: RISC-V Unprivileged, "ISA Extension Naming Conventions".
  private static let general: [Extension] = [.i, .m, .a, .f, .d, .zicsr, .zifencei]

  /// Statements about every hart, which are no properties.
  private static let statements: ExtensionSet = [
    .zic64b, .ziccamoa, .ziccif, .zicclsm, .ziccrse, .za64rs, .shcounterenw, .sha, .shgatpa,
    .shtvala, .shvsatpa, .shvstvala, .shvstvecd, .ssccptr, .sscounterenw, .sstvala, .sstvecd,
    .ssu64xl, .ssstateen,
  ]

  /// Extensions that are there, and that a property turns on and off.
  static var switchable: [Extension] { ExtensionSet.available.subtracting(statements).members }

  /// The properties that can be set, for who misspelt one.
  static var propertyNames: [String] {
    switchable.map(\.name) + modes + [
      "s", "u", "pmp", "mmu", "short-isa-string", "mvendorid", "marchid", "mimpid", "resetvec",
      "cbom_blocksize", "cbop_blocksize", "cboz_blocksize", "pmu-mask", "pmu-num", "priv_spec", "rva22u64",
      "rva22s64",
    ]
  }

  /// The extension that a property names, in today's spelling or an old one.
  private mutating func found(_ key: String, _ value: String) throws(CPUError) -> Extension {
    if let one = Extension(name: key) {
      if Self.statements.contains(one) { throw error(key, value, .notFound) }
      return one
    }
    // `Zifencei` until 8.0, `x-zicond` and `x-epmp` while they were experiments.
    var today = key
    if today.hasPrefix("x-") { today = String(today.dropFirst(2)) }
    if let first = today.first, first.isUppercase, today.count > 1 {
      today = first.lowercased() + today.dropFirst()
    }
    if today == "epmp" { today = "smepmp" }
    guard today != key, let one = Extension(name: today), !Self.statements.contains(one) else {
      throw error(key, value, .notFound)
    }
    if one != .svukte { note("CPU property '\(key)' is deprecated. Please use '\(today)' instead") }
    return one
  }

  private mutating func note(_ sentence: String) {
    if !result.notices.contains(sentence) { result.notices.append(sentence) }
  }

  private func mode(_ key: String, _ value: String, _ now: Bool) throws(CPUError) -> Bool {
    let on = try boolean(key, value)
    if on && !now && model.kind == .vendor { throw error(key, value, .vendorExtension) }
    return on
  }

  private mutating func turn(
    _ one: Extension, on: Bool, _ key: String, _ value: String
  ) throws(CPUError) {
    guard on else {
      wanted.remove(one)
      refused.insert(one)
      return
    }
    if model.kind == .vendor && !wanted.contains(one) { throw error(key, value, .vendorExtension) }
    guard ExtensionSet.available.contains(one) else { throw error(key, value, .missing(one)) }
    wanted.insert(one)
    refused.remove(one)
    result.privSpec = max(result.privSpec, one.firstPrivSpec)
  }

  private mutating func profile(
    _ key: String, _ value: String, _ mandatory: ExtensionSet
  ) throws(CPUError) {
    guard try boolean(key, value) else { return }
    if model.kind == .vendor { throw error(key, value, .vendorExtension) }
    let lacking = mandatory.subtracting(.available).members.map(\.name)
    guard lacking.isEmpty else { throw error(key, value, .profile(lacking)) }
    profiles.append((key, mandatory))
    wanted = wanted.union(mandatory)
    result.user = true
    for one in mandatory.members { result.privSpec = max(result.privSpec, one.firstPrivSpec) }
    if mandatory.contains(.svade) {
      // The supervisor's profile names Sv39 and the privileged specification 1.12.
      result.supervisor = true
      result.privSpec = .v1_12
      satpDefault = .sv39
    }
  }

  func finish() throws(CPUError) -> CPUConfiguration {
    var result = result
    if result.supervisor && !result.user { throw .supervisorWithoutUser }
    if result.pmuCounters & 7 != 0 { throw .counterMask }
    var wanted = wanted
    if wanted.contains(.b) { wanted = wanted.union(Extension.b.implied.subtracting(refused)) }
    result.disabled = wanted.members.filter { $0.isTooNew(for: result.privSpec) }
    let disabled = ExtensionSet(result.disabled)
    let closed = wanted.subtracting(disabled).closed(xlen: model.xlen, refused: refused.union(disabled))
    do { try closed.validate(xlen: model.xlen) } catch { throw .extensions(error) }
    if closed.contains(.smepmp) && !result.pmp { throw .smepmpWithoutPMP }
    // M and A contain these whatever a property says of their names.
    var executed = closed
    if executed.contains(.m) { executed.insert(.zmmul) }
    if executed.contains(.a) { executed = executed.union([.zaamo, .zalrsc]) }
    result.extensions = executed
    let listed = closed.union(statements(of: result)).members
    result.advertised = ExtensionSet(listed.filter { !$0.isTooNew(for: result.privSpec) })
    try resolveSatp(&result)
    if !result.pmp { result.pmpRegions = 0 }
    for (name, mandatory) in profiles {
      for one in mandatory.members where refused.contains(one) {
        let sentence = "mandates disabled extension \(one.name)"
        if !result.notices.contains(where: { $0.hasSuffix(sentence) }) {
          result.notices.append("Profile \(name) \(sentence)")
        }
      }
    }
    if wanted.contains(.b) {
      for one in Extension.b.implied.members where refused.contains(one) {
        result.notices.append("RVB mandates disabled extension \(one.name)")
      }
    }
    return result
  }

  /// The statements of QEMU's ISA string that are true of this hart.
  private func statements(of result: CPUConfiguration) -> ExtensionSet {
    var set: ExtensionSet = [.ziccif, .zicclsm, .ssccptr, .sscounterenw, .sstvala, .sstvecd]
    if model.xlen == 64 { set.insert(.ssu64xl) }
    if result.extensions.contains(.zaamo) { set.insert(.ziccamoa) }
    if result.extensions.contains(.zalrsc) { set = set.union([.ziccrse, .za64rs]) }
    if result.cbomBlockSize == 64 && result.cbopBlockSize == 64 && result.cbozBlockSize == 64 {
      set.insert(.zic64b)
    }
    return set
  }

  private func resolveSatp(_ result: inout CPUConfiguration) throws(CPUError) {
    let modes: [(name: String, mode: SatpMode?)] =
      model.xlen == 32
      ? [("sv32", .sv32)] : [("sv39", .sv39), ("sv48", .sv48), ("sv57", .sv57), ("sv64", nil)]
    var most = satpDefault
    if let top = modes.last(where: { satp[$0.name] == true }) {
      guard let mode = top.mode, mode <= model.satpLimit else {
        throw .satpTooHigh(top.name, model.satpLimit)
      }
      for lower in modes.prefix(while: { $0.name != top.name }) where satp[lower.name] == false {
        throw .satpHole(disabled: lower.name, enabled: top.name)
      }
      most = mode
    } else {
      var below = SatpMode.bare
      for (name, mode) in modes {
        guard let mode, mode <= most else { break }
        if satp[name] == false {
          most = below
          break
        }
        below = mode
      }
      if model.kind == .bare && satpDefault == .bare {
        result.notices.append("No satp mode set. Defaulting to 'bare'")
      }
    }
    result.maxSatpMode = satp["mmu"] == false || !result.supervisor ? .bare : most
  }
}
