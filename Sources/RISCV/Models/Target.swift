/// Which of QEMU's programs for whole machines this is: its name says how wide the harts are at most, and
/// with that which CPU models and machines it offers, and which CPU a machine has by default.
package enum Target: String, Sendable {
  case riscv32
  case riscv64

  /// Bits of the widest hart.
  package var xlen: Int { self == .riscv32 ? 32 : 64 }
}
