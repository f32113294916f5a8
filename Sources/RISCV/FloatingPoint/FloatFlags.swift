/// Accrued exceptions, laid out as the `fflags` field of `fcsr`
/// (RISC-V Unprivileged, "F", Floating-Point Control and Status Register).
///
/// An operation only ever adds flags; clearing them is the guest's affair.
package struct FloatFlags: OptionSet, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// NX: the result is not the exact one (IEEE 754-2019, §7.6).
  package static var inexact: FloatFlags { FloatFlags(rawValue: 1) }
  /// UF: the result is tiny, judged after rounding, and inexact (§7.5).
  package static var underflow: FloatFlags { FloatFlags(rawValue: 2) }
  /// OF: the rounded result would exceed the largest finite number (§7.4).
  package static var overflow: FloatFlags { FloatFlags(rawValue: 4) }
  /// DZ: an exact infinity arose from finite operands (§7.3).
  package static var divideByZero: FloatFlags { FloatFlags(rawValue: 8) }
  /// NV: there is no usefully definable result (§7.2).
  package static var invalid: FloatFlags { FloatFlags(rawValue: 16) }
}
