/// One predecoded instruction: 8 bytes, so that a decoded page stays small and one load fetches it.
///
/// Which accessor means something depends on the opcode's operands; all of them are plain bit fields.
/// An integer destination `x0` is stored as 32, the write sink; a floating-point destination stays 0–31.
/// Sources are 0–31 always.
public struct Operation: Equatable, Sendable {
  public var opcode: Opcode
  /// The destination register; for stores and branches the second source.
  public var a: UInt8
  /// The first source register; for `csrr?i` the 5-bit immediate, for `fli` the constant's number.
  public var rs1: UInt8
  /// The sign-extended immediate, or the packed operands that the accessors below name.
  public var immediate: Int32

  /// The register number that swallows writes to `x0`.
  public static let sink: UInt8 = 32

  @inlinable @inline(__always)
  public init(opcode: Opcode, a: UInt8 = 0, rs1: UInt8 = 0, immediate: Int32 = 0) {
    self.opcode = opcode
    self.a = a
    self.rs1 = rs1
    self.immediate = immediate
  }

  /// The destination register, 32 in place of `x0`.
  @inlinable public var rd: Int { @inline(__always) get { Int(a) } }
  /// The second source of a store or branch.
  @inlinable public var stored: Int { @inline(__always) get { Int(a) } }
  /// The second source of register-register, atomic and fused operations.
  @inlinable public var rs2: Int { @inline(__always) get { Int(UInt8(truncatingIfNeeded: immediate)) } }
  /// The third source of fused multiply-add operations.
  @inlinable public var rs3: Int { @inline(__always) get { Int(UInt8(truncatingIfNeeded: immediate >> 8)) } }
  /// The `rm` field of a floating-point operation: 0–4, 7 for `frm`, or the reserved 5 and 6.
  @inlinable public var rounding: Int { @inline(__always) get { Int(immediate >> 16) & 7 } }
  /// The `rl` bit of an atomic operation.
  @inlinable public var release: Bool { @inline(__always) get { immediate & 0x100 != 0 } }
  /// The `aq` bit of an atomic operation.
  @inlinable public var acquire: Bool { @inline(__always) get { immediate & 0x200 != 0 } }
  /// `rd` of `amocas` as a source, 0–31: the compare value's register, which is 0 where `rd` is the sink.
  @inlinable public var compared: Int { @inline(__always) get { Int(immediate >> 16) & 31 } }
  /// The number of the control and status register.
  @inlinable public var csr: Int { @inline(__always) get { Int(immediate) & 0xfff } }

  /// A two-byte instruction.
  package var isShort: Bool { opcode.rawValue >= Opcode.firstShort.rawValue }
}
