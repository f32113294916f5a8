/// An extension of the RISC-V instruction set, or a named statement about an implementation.
///
/// The order of the cases is the order of QEMU 10.0's ISA string. `s` and `u` modes are no
/// extensions here: a CPU's configuration holds them.
package enum Extension: UInt8, CaseIterable, Sendable {
  // Single letters, RISC-V Unprivileged, §27 "ISA Extension Naming Conventions".
  case i, e, m, a, f, d, c, b, v, h
  // Caches, control and status, hints, integers.
  case zic64b, zicbom, zicbop, zicboz, ziccamoa, ziccif, zicclsm, ziccrse, zicfilp, zicfiss, zicond
  case zicntr, zicsr, zifencei, zihintntl, zihintpause, zihpm, zimop, zmmul
  // Atomics.
  case za64rs, zaamo, zabha, zacas, zama16b, zalrsc, zawrs
  // Floating point.
  case zfa, zfbfmin, zfh, zfhmin, zfinx, zdinx
  // Compressed.
  case zca, zcb, zcf, zcd, zce, zcmop, zcmp, zcmt
  // Bit manipulation and cryptography.
  case zba, zbb, zbc, zbkb, zbkc, zbkx, zbs, zk, zkn, zknd, zkne, zknh, zkr, zks, zksed, zksh, zkt
  case ztso
  // Vectors.
  case zvbb, zvbc, zve32f, zve32x, zve64f, zve64d, zve64x, zvfbfmin, zvfbfwma, zvfh, zvfhmin
  case zvkb, zvkg, zvkn, zvknc, zvkned, zvkng, zvknha, zvknhb, zvks, zvksc, zvksed, zvksg, zvksh, zvkt
  case zhinx, zhinxmin
  // Hypervisor, machine and supervisor level.
  case shcounterenw, sha, shgatpa, shtvala, shvsatpa, shvstvala, shvstvecd
  case smaia, smcdeleg, smcntrpmf, smcsrind, smdbltrp, smepmp, smrnmi, smmpm, smnpm, smstateen
  case ssaia, ssccfg, ssccptr, sscofpmf, sscounterenw, sscsrind, ssdbltrp, ssnpm, sspm, ssstateen
  case sstc, sstvala, sstvecd, ssu64xl, supm, smctr, ssctr
  case svade, svadu, svinval, svnapot, svpbmt, svukte, svvptc
  // Vendors'.
  case xtheadba, xtheadbb, xtheadbs, xtheadcmo, xtheadcondmov, xtheadfmemidx, xtheadfmv, xtheadmac
  case xtheadmemidx, xtheadmempair, xtheadsync, xventanacondops

  /// The canonical, lower-case name: `zba`.
  package var name: String { "\(self)" }

  package init?(name: String) {
    guard let found = Extension.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}

/// A set of extensions: three machine words, so that a requirement is tested in a few instructions.
package struct ExtensionSet: Equatable, Sendable, ExpressibleByArrayLiteral {
  private var low: UInt64 = 0
  private var middle: UInt64 = 0
  private var high: UInt64 = 0

  package init() {}

  package init(arrayLiteral elements: Extension...) {
    for element in elements { insert(element) }
  }

  package init(_ elements: some Sequence<Extension>) {
    for element in elements { insert(element) }
  }

  package var isEmpty: Bool { low | middle | high == 0 }

  package func contains(_ element: Extension) -> Bool {
    let bit = UInt64(1) << UInt64(element.rawValue & 63)
    switch element.rawValue >> 6 {
    case 0: return low & bit != 0
    case 1: return middle & bit != 0
    default: return high & bit != 0
    }
  }

  package mutating func insert(_ element: Extension) {
    let bit = UInt64(1) << UInt64(element.rawValue & 63)
    switch element.rawValue >> 6 {
    case 0: low |= bit
    case 1: middle |= bit
    default: high |= bit
    }
  }

  package mutating func remove(_ element: Extension) {
    let bit = UInt64(1) << UInt64(element.rawValue & 63)
    switch element.rawValue >> 6 {
    case 0: low &= ~bit
    case 1: middle &= ~bit
    default: high &= ~bit
    }
  }

  package func union(_ other: ExtensionSet) -> ExtensionSet {
    var result = self
    result.low |= other.low
    result.middle |= other.middle
    result.high |= other.high
    return result
  }

  package func subtracting(_ other: ExtensionSet) -> ExtensionSet {
    var result = self
    result.low &= ~other.low
    result.middle &= ~other.middle
    result.high &= ~other.high
    return result
  }

  package func intersection(_ other: ExtensionSet) -> ExtensionSet {
    var result = self
    result.low &= other.low
    result.middle &= other.middle
    result.high &= other.high
    return result
  }

  package func isSuperset(of other: ExtensionSet) -> Bool { other.subtracting(self).isEmpty }

  /// The members in QEMU's order.
  package var members: [Extension] { Extension.allCases.filter(contains) }
}

extension ExtensionSet {
  /// What this emulator executes, plus the statements about implementations that are true of it.
  package static let available: ExtensionSet = [
    .i, .m, .a, .f, .d, .c, .b,
    .zic64b, .zicbom, .zicbop, .zicboz, .ziccamoa, .ziccif, .zicclsm, .ziccrse, .zicond,
    .zicntr, .zicsr, .zifencei, .zihintntl, .zihintpause, .zihpm, .zimop, .zmmul,
    .za64rs, .zaamo, .zabha, .zacas, .zalrsc, .zawrs,
    .zfa, .zfh, .zfhmin, .zca, .zcb, .zcf, .zcd, .zcmop,
    .zba, .zbb, .zbc, .zbkb, .zbkc, .zbkx, .zbs, .zkt,
    .smepmp, .ssccptr, .sscounterenw, .sstc, .sstvala, .sstvecd, .ssu64xl,
    .svade, .svadu, .svinval, .svnapot, .svpbmt, .svvptc,
  ]
}

extension Extension {
  /// What this extension turns on, whatever else the hart has: what it contains, and what QEMU turns
  /// on with it. Where QEMU insists on being told (Zacas on A), `validate` complains instead.
  ///
  /// Sources: the chapters of RISC-V Unprivileged 20240411 and later; `b`: §30; `c`: §28 (Zc).
  package var implied: ExtensionSet {
    switch self {
    case .m: [.zmmul]
    case .a: [.zaamo, .zalrsc]
    case .f: [.zicsr]
    case .d: [.f, .zicsr]
    case .c: [.zca]
    case .b: [.zba, .zbb, .zbs]
    case .zfh: [.zfhmin]
    case .zfhmin, .zfa: [.f]
    case .zcb: [.zca]
    case .zcf: [.zca, .f]
    case .zcd: [.zca, .d]
    case .zicntr, .zihpm: [.zicsr]
    case .v: [.d, .zve64d]
    case .zve64d: [.d, .zve64f]
    case .zve64f: [.zve64x, .zve32f]
    case .zve32f: [.f, .zve32x]
    case .zve64x: [.zve32x]
    default: []
    }
  }
}

/// Why a set of extensions makes no hart. The sentences are QEMU's.
package enum ExtensionError: Error, Equatable, CustomStringConvertible {
  case noBase
  case bothBases
  /// The first was left on while what it is built on was turned off.
  case requires(Extension, Extension)
  /// Zcf exists on RV32 alone: its encodings are `c.ld` and `c.sd` on RV64.
  case onlyRV32(Extension)

  package var description: String {
    switch self {
    case .noBase: "Either I or E extension must be set"
    case .bothBases: "I and E extensions are incompatible"
    case .requires(.f, .zicsr): "F extension requires Zicsr"
    case .requires(.zcmop, .zca): "Zcmop extensions require Zca"
    case .requires(_, .zca): "Zcf/Zcd/Zcb/Zcmp/Zcmt extensions require Zca extension"
    case .requires(let one, let other):
      "\(Self.spelled(one)) extension requires \(Self.spelled(other)) extension"
    case .onlyRV32(let one): "\(Self.spelled(one)) extension is only relevant to RV32"
    }
  }

  private static func spelled(_ one: Extension) -> String {
    one.name.prefix(1).uppercased() + one.name.dropFirst()
  }
}

extension ExtensionSet {
  /// Adds all that the members imply, except what `refused` names: a user's `off` stands, and
  /// `validate` then says what is missing.
  package func closed(xlen: Int, refused: ExtensionSet = []) -> ExtensionSet {
    var result = self
    while true {
      let before = result
      for member in result.members { result = result.union(member.implied.subtracting(refused)) }
      if result.contains(.c) {
        var implied: ExtensionSet = []
        if result.contains(.d) { implied.insert(.zcd) }
        if result.contains(.f) && xlen == 32 { implied.insert(.zcf) }
        result = result.union(implied.subtracting(refused))
      }
      // C is Zca with Zcd where there is D and, on RV32, Zcf where there is F.
      if result.contains(.zca) && (!result.contains(.d) || result.contains(.zcd))
        && (xlen == 64 || !result.contains(.f) || result.contains(.zcf)) && !refused.contains(.c)
      {
        result.insert(.c)
      }
      if result == before { return result }
    }
  }

  /// Throws where a member lacks what it is built on. The set must be closed.
  package func validate(xlen: Int) throws(ExtensionError) {
    guard contains(.i) || contains(.e) else { throw .noBase }
    if contains(.i) && contains(.e) { throw .bothBases }
    let atomic = contains(.a)
    let built: [(Extension, Extension, Bool)] = [
      (.f, .zicsr, contains(.zicsr)),
      (.zacas, .a, atomic || contains(.zaamo)), (.zabha, .a, atomic || contains(.zaamo)),
      (.zawrs, .a, atomic || contains(.zalrsc)),
      (.zfa, .f, contains(.f)), (.zfh, .f, contains(.f)), (.zfhmin, .f, contains(.f)),
      (.d, .f, contains(.f)), (.v, .d, contains(.d)),
      (.zcf, .f, contains(.f)), (.zcd, .d, contains(.d)),
      (.zcf, .zca, contains(.zca)), (.zcd, .zca, contains(.zca)), (.zcb, .zca, contains(.zca)),
      (.zcmop, .zca, contains(.zca)),
    ]
    if contains(.zcf) && xlen != 32 { throw .onlyRV32(.zcf) }
    for (one, other, isThere) in built where contains(one) && !isThere {
      throw .requires(one, other)
    }
  }
}
