import RISCV

/// What floating-point code seldom does: it stands behind the region.
enum RareReal {
  /// The floating-point registers are not loaded, or are not translated code's.
  case notLoaded(pc: UInt64, executed: Int)
  /// The register's value is a NaN.
  case nan(Int, RealFormat)
  /// The same of a product of two and a sum.
  case fusedNaN(Int, RealFormat, RealPlace, RealPlace)
  /// MXCSR shall round in a mode that is not in `frm`; and as `frm` says again.
  case switchRounding(Int)
  case restoreRounding
  /// xmm0 and the other are unordered, or equal (to be combined by an opcode).
  case unordered(RealPlace, RealFormat, prefersNumber: Bool)
  case equal(RealPlace, Int)
  /// rax has the least integer: that, or what did not fit. Where the value was rounded before, to xmm0, that
  /// integer goes on at `signaling`.
  case saturate(Int, RealFormat, wide: Bool, signaling: Int?)
  /// rax has the bits of a value from 2^63.
  case largeInteger(RealFormat)
  /// rax has an integer from 2^63.
  case largeReal(Int, RealFormat)
}

extension Emission {
  /// The code for a jump, which goes on at the next instruction to be emitted.
  mutating func addRare(_ site: UnsafeMutableRawPointer, _ kind: RareReal) {
    rares[rareCount] = Rare(site: site, resume: assembler.address, kind: kind)
    rareCount += 1
    forgetPassing()
  }

  @inline(never) mutating func emit(_ rare: Rare) {
    assembler.completeHere(rare.site)
    switch rare.kind {
    case .notLoaded(let pc, let executed):
      assembler.call(stubs.loadReals)
      misses[missCount] = Miss(site: assembler.jump(.notEqual), pc: pc, executed: executed, isFinal: true)
      missCount += 1
    case .nan(let d, let format): assembler.load(d, nan(format))
    case .fusedNaN(let d, let format, let a, let b):
      // The host is content with a quiet NaN added to infinity times zero; that product by itself is invalid.
      assembler.load(1, a)
      assembler.storeControl(.rbp, Frame.control)
      assembler.sse(format.prefix, RealOpcodes.multiply, 1, b)
      collect(HostControl.invalid)
      assembler.load(d, nan(format))
    case .switchRounding(let mode):
      assembler.storeControl(.rbp, Frame.control)
      assembler.memory(Opcodes.load, .rcx, .rbp, Frame.control, wide: false)
      assembler.arithmetic(.and, .rcx, immediate: ~HostControl.roundingMask, wide: false)
      assembler.arithmetic(.or, .rcx, immediate: HostControl.rounding(mode), wide: false)
      assembler.memory(Opcodes.store, .rcx, .rbp, Frame.otherControl, wide: false)
      assembler.loadControl(.rbp, Frame.otherControl)
    case .restoreRounding: collect(HostControl.flags)
    case .unordered(let second, let format, let prefersNumber):
      if prefersNumber {
        isNumber(format, resume: rare.resume)
        assembler.load(0, second)
        isNumber(format, resume: rare.resume)
      }
      assembler.load(0, nan(format == .half ? .single : format))
    case .equal(let second, let opcode):
      assembler.load(2, second)
      assembler.sse(0, opcode, 0, .xmm(2))
    case .saturate(let s, let format, let wide, let signaling):
      if let signaling {
        assembler.sse(format.prefix, RealOpcodes.fromInteger, 3, .xmm(0), wide: wide)
        assembler.sse(format.comparePrefix, RealOpcodes.compareQuiet, 3, .xmm(0))
        let unordered: UnsafeMutableRawPointer = assembler.jump(.parity)
        assembler.jump(.equal, to: signaling)
        assembler.completeHere(unordered)
      }
      // Above zero or a NaN: one less is the greatest.
      assembler.clear(xmm: 2)
      assembler.sse(format.comparePrefix, RealOpcodes.compareQuiet, 2, .xmm(s))
      assembler.arithmetic(.subtractWithBorrow, .rax, immediate: 0, wide: wide)
    case .largeInteger(let format):
      assembler.shift(4, .rax, immediate: format == .double ? 11 : 40, wide: true)
      assembler.move(.rcx, immediate: .min)
      assembler.registers(Arithmetic.or.opcode, .rax, .rcx)
    case .largeReal(let d, let format):
      // Half of it, the lost bit kept in the last place, where it can only make inexact; then twice that.
      assembler.move(.rcx, .rax)
      assembler.shift(5, .rax, immediate: 1, wide: true)
      assembler.arithmetic(.and, .rcx, immediate: 1, wide: false)
      assembler.registers(Arithmetic.or.opcode, .rax, .rcx)
      assembler.sse(format.prefix, RealOpcodes.fromInteger, d, .xmm(0), wide: true)
      assembler.sse(format.prefix, RealOpcodes.add, d, .xmm(d))
    }
    assembler.jump(to: rare.resume)
  }

  private func nan(_ format: RealFormat) -> RealPlace { constant(format.constant(.nan64)) }

  /// Goes on where xmm0 is no NaN.
  private mutating func isNumber(_ format: RealFormat, resume: Int) {
    assembler.sse(format.comparePrefix, RealOpcodes.compareQuiet, 0, .xmm(0))
    assembler.jump(.notParity, to: resume)
  }

  /// Of the flags raised since `control` was stored keeps those in the mask, and restores all else.
  private mutating func collect(_ mask: Int) {
    assembler.storeControl(.rbp, Frame.otherControl)
    assembler.memory(Opcodes.load, .rcx, .rbp, Frame.otherControl, wide: false)
    assembler.arithmetic(.and, .rcx, immediate: mask, wide: false)
    assembler.memory(0x09, .rcx, .rbp, Frame.control, wide: false)
    assembler.loadControl(.rbp, Frame.control)
  }
}
