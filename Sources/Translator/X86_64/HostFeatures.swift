import CHost

/// What the host's processor has beyond x86-64 as such. Translated code uses nothing that is not said here.
package struct HostFeatures: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// SSE4.1: rounding to integral values, tests of whole registers.
  package static let sse41 = HostFeatures(rawValue: 1)
  /// AVX: three operands.
  package static let avx = HostFeatures(rawValue: 2)
  /// FMA3.
  package static let fma = HostFeatures(rawValue: 4)
  /// F16C: half precision to single and back.
  package static let f16c = HostFeatures(rawValue: 8)
  /// POPCNT: counts bits.
  package static let popcnt = HostFeatures(rawValue: 16)
  /// LZCNT and BMI1: counts zeros.
  package static let bmi1 = HostFeatures(rawValue: 32)
  /// BMI2: shifts and rotations from one register to another.
  package static let bmi2 = HostFeatures(rawValue: 64)
  /// SSSE3: looks up bytes in a table.
  package static let ssse3 = HostFeatures(rawValue: 128)
  /// PCLMULQDQ: products without carries.
  package static let pclmul = HostFeatures(rawValue: 256)
  /// CMPXCHG16B: 16 bytes at once.
  package static let cx16 = HostFeatures(rawValue: 512)

  /// Those of this machine.
  package static let current = HostFeatures(rawValue: host_cpu_features())
}
