import RISCV
import TestSupport
import Testing

/// What an operation delivers and what it raises.
private struct Outcome: Equatable, CustomStringConvertible {
  var bits: UInt64
  var flags: FloatFlags

  init(_ bits: UInt64, _ flags: FloatFlags = []) {
    self.bits = bits
    self.flags = flags
  }

  /// Runs an operation with all flags clear.
  init(_ operation: (inout FloatFlags) -> UInt64) {
    var flags: FloatFlags = []
    bits = operation(&flags)
    self.flags = flags
  }

  var description: String { "\(String(bits, radix: 16)) flags \(flags.rawValue)" }
}

/// Patterns of a format that the tests build their operands from.
private enum Pattern<F: BinaryFormat> {
  static var bias: Int { 1 << (F.exponentBits - 1) - 1 }
  static var sign: UInt64 { 1 << UInt64(F.exponentBits + F.fractionBits) }
  static var infinity: UInt64 { sign - leastNormal }
  static var greatest: UInt64 { infinity - 1 }
  static var leastNormal: UInt64 { 1 << UInt64(F.fractionBits) }
  static var leastSubnormal: UInt64 { 1 }
  static var one: UInt64 { power(0) }
  static var quietNaN: UInt64 { infinity + leastNormal / 2 + 1 }
  static var signalingNaN: UInt64 { infinity + 1 }

  /// 2^exponent, which must be a normal number.
  static func power(_ exponent: Int) -> UInt64 { UInt64(exponent + bias) << UInt64(F.fractionBits) }
}

private let modes: [RoundingMode] = [.nearestEven, .towardZero, .down, .up, .nearestMaxMagnitude]

@Suite("Floating point by integers")
struct SoftFloatTests {
  // MARK: - Rounding

  @Test("A tie goes where the rounding mode says")
  func ties() {
    func check<F: BinaryFormat>(_: F.Type) {
      typealias P = Pattern<F>
      let halfPlace = P.power(-F.fractionBits - 1)
      // 1 and its successor, each plus half a unit in the last place.
      let even: [UInt64] = [0, 0, 0, 1, 1]
      let odd: [UInt64] = [2, 1, 1, 2, 2]
      let negativeEven: [UInt64] = [0, 0, 1, 0, 1]
      for (index, mode) in modes.enumerated() {
        #expect(
          Outcome { SoftFloat<F>.add(P.one, halfPlace, mode, &$0) }
            == Outcome(P.one + even[index], .inexact))
        #expect(
          Outcome { SoftFloat<F>.add(P.one + 1, halfPlace, mode, &$0) }
            == Outcome(P.one + odd[index], .inexact))
        #expect(
          Outcome { SoftFloat<F>.subtract(P.one | P.sign, halfPlace, mode, &$0) }
            == Outcome((P.one | P.sign) + negativeEven[index], .inexact))
      }
    }
    check(Binary16.self)
    check(Binary32.self)
    check(Binary64.self)
  }

  @Test("Overflow gives infinity or the largest number, by rounding mode and sign")
  func overflow() {
    func check<F: BinaryFormat>(_: F.Type) {
      typealias P = Pattern<F>
      let positive = [P.infinity, P.greatest, P.greatest, P.infinity, P.infinity]
      let negative = [P.infinity, P.greatest, P.infinity, P.greatest, P.infinity].map { $0 | P.sign }
      for (index, mode) in modes.enumerated() {
        #expect(
          Outcome { SoftFloat<F>.multiply(P.greatest, P.power(1), mode, &$0) }
            == Outcome(positive[index], [.overflow, .inexact]))
        #expect(
          Outcome { SoftFloat<F>.divide(P.greatest | P.sign, P.power(-1), mode, &$0) }
            == Outcome(negative[index], [.overflow, .inexact]))
      }
      // Half a place above the greatest number is where nearest rounding begins to overflow.
      let half = P.power(P.bias - F.fractionBits - 1)
      #expect(
        Outcome { SoftFloat<F>.add(P.greatest, half, .nearestEven, &$0) }
          == Outcome(P.infinity, [.overflow, .inexact]))
      #expect(
        Outcome { SoftFloat<F>.add(P.greatest, half - 1, .nearestEven, &$0) }
          == Outcome(P.greatest, .inexact))
      #expect(
        Outcome { SoftFloat<F>.add(P.greatest, P.leastSubnormal, .down, &$0) }
          == Outcome(P.greatest, .inexact))
    }
    check(Binary16.self)
    check(Binary32.self)
    check(Binary64.self)
  }

  @Test("Tininess is judged after rounding")
  func tininess() {
    func check<F: BinaryFormat>(_: F.Type) {
      typealias P = Pattern<F>
      // The least normal number minus 2^-n of the least subnormal one.
      func below(_ n: Int, _ mode: RoundingMode) -> Outcome {
        Outcome {
          SoftFloat<F>.fusedMultiplyAdd(
            P.leastSubnormal | P.sign, P.power(-n), P.leastNormal, mode, &$0)
        }
      }
      // With an unbounded exponent this one is exact, hence below the least normal number...
      #expect(below(1, .nearestEven) == Outcome(P.leastNormal, [.inexact, .underflow]))
      // ...this one is a tie that goes up to it, and this one is nearer to it.
      #expect(below(2, .nearestEven) == Outcome(P.leastNormal, .inexact))
      #expect(below(3, .nearestEven) == Outcome(P.leastNormal, .inexact))
      #expect(below(2, .nearestMaxMagnitude) == Outcome(P.leastNormal, .inexact))
      #expect(below(1, .up) == Outcome(P.leastNormal, [.inexact, .underflow]))
      #expect(below(3, .up) == Outcome(P.leastNormal, .inexact))
      #expect(below(3, .towardZero) == Outcome(P.leastNormal - 1, [.inexact, .underflow]))
      #expect(below(3, .down) == Outcome(P.leastNormal - 1, [.inexact, .underflow]))

      // Exact results raise nothing, however tiny.
      #expect(
        Outcome { SoftFloat<F>.multiply(P.leastNormal, P.power(-F.fractionBits), .nearestEven, &$0) }
          == Outcome(P.leastSubnormal))
      #expect(
        Outcome { SoftFloat<F>.subtract(P.leastNormal, P.leastSubnormal, .nearestEven, &$0) }
          == Outcome(P.leastNormal - 1))
    }
    check(Binary16.self)
    check(Binary32.self)
    check(Binary64.self)
  }

  @Test("Half of the least subnormal number vanishes or not, by rounding mode")
  func vanishing() {
    func check<F: BinaryFormat>(_: F.Type) {
      typealias P = Pattern<F>
      let positive: [UInt64] = [0, 0, 0, 1, 1]
      let negative: [UInt64] = [0, 0, 1, 0, 1].map { $0 | P.sign }
      for (index, mode) in modes.enumerated() {
        #expect(
          Outcome { SoftFloat<F>.multiply(P.leastSubnormal, P.power(-1), mode, &$0) }
            == Outcome(positive[index], [.inexact, .underflow]))
        #expect(
          Outcome { SoftFloat<F>.multiply(P.leastSubnormal | P.sign, P.power(-1), mode, &$0) }
            == Outcome(negative[index], [.inexact, .underflow]))
      }
    }
    check(Binary16.self)
    check(Binary32.self)
    check(Binary64.self)
  }

  // MARK: - Arithmetic

  @Test("An exact zero difference is positive, except when rounding down")
  func signsOfZero() {
    func check<F: BinaryFormat>(_: F.Type) {
      typealias P = Pattern<F>
      typealias S = SoftFloat<F>
      for mode in modes {
        let cancelled = mode == .down ? P.sign : 0
        #expect(Outcome { S.subtract(P.one, P.one, mode, &$0) } == Outcome(cancelled))
        #expect(Outcome { S.add(0, P.sign, mode, &$0) } == Outcome(cancelled))
        #expect(Outcome { S.add(P.sign, P.sign, mode, &$0) } == Outcome(P.sign))
        #expect(
          Outcome { S.fusedMultiplyAdd(P.one, P.one, P.one | P.sign, mode, &$0) } == Outcome(cancelled))
        #expect(Outcome { S.fusedMultiplyAdd(0, P.one, P.sign, mode, &$0) } == Outcome(cancelled))
        #expect(Outcome { S.fusedMultiplyAdd(P.sign, P.one, P.sign, mode, &$0) } == Outcome(P.sign))
        #expect(Outcome { S.fusedMultiplyAdd(P.sign, P.one, P.one, mode, &$0) } == Outcome(P.one))
        #expect(Outcome { S.multiply(P.sign, P.one, mode, &$0) } == Outcome(P.sign))
        #expect(Outcome { S.divide(P.one, P.infinity | P.sign, mode, &$0) } == Outcome(P.sign))
        #expect(Outcome { S.squareRoot(P.sign, mode, &$0) } == Outcome(P.sign))
      }
    }
    check(Binary16.self)
    check(Binary32.self)
    check(Binary64.self)
  }

  @Test("A fused multiply-add rounds once")
  func fusedRounding() {
    func check<F: BinaryFormat>(_: F.Type, square: UInt64) {
      typealias P = Pattern<F>
      // (1 + u)(1 + u) - (1 + 2u) is u squared; a rounded product would leave zero.
      #expect(
        Outcome {
          SoftFloat<F>.fusedMultiplyAdd(P.one + 1, P.one + 1, (P.one + 2) | P.sign, .nearestEven, &$0)
        } == Outcome(square))
    }
    check(Binary16.self, square: 0x0010)
    check(Binary32.self, square: Pattern<Binary32>.power(-46))
    check(Binary64.self, square: Pattern<Binary64>.power(-104))

    // (2^26 + 1)(2^52 - 2^26 + 1) is 2^78 + 1: half a place of 2^131, and a trifle 78 bits
    // below that, which alone decides against the tie.
    let factors = (UInt64(0x4190_0000_0400_0000), (4_503_599_560_261_633.0).bitPattern)
    let large = Pattern<Binary64>.power(131)
    #expect(
      Outcome { SoftFloat<Binary64>.fusedMultiplyAdd(factors.0, factors.1, large, .nearestEven, &$0) }
        == Outcome(large + 1, .inexact))
  }

  @Test("Quotients and roots have the digits that are known of them")
  func quotientsAndRoots() {
    func check<F: BinaryFormat>(_: F.Type, third: UInt64, rootOfTwo: UInt64) {
      typealias P = Pattern<F>
      let two = P.power(1)
      let three = two + P.leastNormal / 2
      #expect(
        Outcome { SoftFloat<F>.divide(P.one, three, .nearestEven, &$0) } == Outcome(third, .inexact))
      #expect(
        Outcome { SoftFloat<F>.squareRoot(two, .nearestEven, &$0) } == Outcome(rootOfTwo, .inexact))
      #expect(Outcome { SoftFloat<F>.squareRoot(P.power(2), .up, &$0) } == Outcome(two))
      // The root of the greatest number is just below a power of two; rounding up reaches it.
      let exponent = (P.bias + 1) / 2
      #expect(
        Outcome { SoftFloat<F>.squareRoot(P.greatest, .down, &$0) }
          == Outcome(P.power(exponent) - 1, .inexact))
      #expect(
        Outcome { SoftFloat<F>.squareRoot(P.greatest, .up, &$0) }
          == Outcome(P.power(exponent), .inexact))
      #expect(
        Outcome { SoftFloat<F>.divide(P.one, P.sign, .nearestEven, &$0) }
          == Outcome(P.infinity | P.sign, .divideByZero))
      #expect(
        Outcome { SoftFloat<F>.divide(P.infinity, P.sign, .nearestEven, &$0) }
          == Outcome(P.infinity | P.sign))
    }
    check(Binary16.self, third: 0x3555, rootOfTwo: 0x3da8)
    check(Binary32.self, third: 0x3eaa_aaab, rootOfTwo: 0x3fb5_04f3)
    check(Binary64.self, third: 0x3fd5_5555_5555_5555, rootOfTwo: 0x3ff6_a09e_667f_3bcd)
  }

  // MARK: - NaNs

  @Test("Every NaN result is the canonical one, and signaling or undefined operands are invalid")
  func invalidOperations() {
    func check<F: BinaryFormat>(_: F.Type, canonical: UInt64) {
      typealias P = Pattern<F>
      typealias S = SoftFloat<F>
      let mode = RoundingMode.nearestEven
      #expect(S.canonicalNaN == canonical)
      let quiet = Outcome(canonical)
      let invalid = Outcome(canonical, .invalid)

      for (nan, expected) in [(P.quietNaN, quiet), (P.quietNaN | P.sign, quiet), (P.signalingNaN, invalid)] {
        for other in [0, P.one, P.infinity, P.quietNaN] {
          #expect(Outcome { S.add(nan, other, mode, &$0) } == expected)
          #expect(Outcome { S.subtract(other, nan, mode, &$0) } == expected)
          #expect(Outcome { S.multiply(nan, other, mode, &$0) } == expected)
          #expect(Outcome { S.divide(other, nan, mode, &$0) } == expected)
          #expect(Outcome { S.fusedMultiplyAdd(nan, other, P.one, mode, &$0) } == expected)
          #expect(Outcome { S.fusedMultiplyAdd(P.one, other, nan, mode, &$0) } == expected)
        }
        #expect(Outcome { S.squareRoot(nan, mode, &$0) } == expected)
        #expect(Outcome { S.roundToIntegral(nan, mode, signalInexact: true, &$0) } == expected)
      }

      #expect(Outcome { S.subtract(P.infinity, P.infinity, mode, &$0) } == invalid)
      #expect(Outcome { S.multiply(0, P.infinity, mode, &$0) } == invalid)
      #expect(Outcome { S.divide(0, P.sign, mode, &$0) } == invalid)
      #expect(Outcome { S.divide(P.infinity, P.infinity, mode, &$0) } == invalid)
      #expect(Outcome { S.squareRoot(P.leastSubnormal | P.sign, mode, &$0) } == invalid)
      #expect(Outcome { S.squareRoot(P.infinity | P.sign, mode, &$0) } == invalid)
      #expect(Outcome { S.fusedMultiplyAdd(P.infinity, P.one, P.infinity | P.sign, mode, &$0) } == invalid)
      // IEEE 754 leaves this one open; RISC-V does not.
      #expect(Outcome { S.fusedMultiplyAdd(P.infinity, 0, P.quietNaN, mode, &$0) } == invalid)
    }
    check(Binary16.self, canonical: 0x7e00)
    check(Binary32.self, canonical: 0x7fc0_0000)
    check(Binary64.self, canonical: 0x7ff8_0000_0000_0000)
  }

  // MARK: - Comparison, selection, classification

  @Test("FEQ, FLTQ and FLEQ are quiet, FLT and FLE are not")
  func comparisons() {
    func check<F: BinaryFormat>(_: F.Type) {
      typealias P = Pattern<F>
      typealias S = SoftFloat<F>
      // From least to greatest; the zeros are one number.
      let ascending = [
        P.infinity | P.sign, P.one | P.sign, P.leastSubnormal | P.sign, 0, P.leastSubnormal, P.leastNormal,
        P.one, P.greatest, P.infinity,
      ]
      for (i, a) in ascending.enumerated() {
        for (j, b) in ascending.enumerated() {
          #expect(Outcome { S.equal(a, b, &$0) ? 1 : 0 } == Outcome(i == j ? 1 : 0))
          #expect(Outcome { S.less(a, b, &$0) ? 1 : 0 } == Outcome(i < j ? 1 : 0))
          #expect(Outcome { S.lessOrEqual(a, b, &$0) ? 1 : 0 } == Outcome(i <= j ? 1 : 0))
          #expect(Outcome { S.lessQuiet(a, b, &$0) ? 1 : 0 } == Outcome(i < j ? 1 : 0))
          #expect(Outcome { S.lessOrEqualQuiet(a, b, &$0) ? 1 : 0 } == Outcome(i <= j ? 1 : 0))
        }
      }
      #expect(Outcome { S.equal(0, P.sign, &$0) ? 1 : 0 } == Outcome(1))
      #expect(Outcome { S.less(P.sign, 0, &$0) ? 1 : 0 } == Outcome(0))
      for (a, b) in [(P.quietNaN, P.one), (P.one, P.quietNaN), (P.quietNaN, P.quietNaN)] {
        #expect(Outcome { S.equal(a, b, &$0) ? 1 : 0 } == Outcome(0))
        #expect(Outcome { S.lessQuiet(a, b, &$0) ? 1 : 0 } == Outcome(0))
        #expect(Outcome { S.lessOrEqualQuiet(a, b, &$0) ? 1 : 0 } == Outcome(0))
        #expect(Outcome { S.less(a, b, &$0) ? 1 : 0 } == Outcome(0, .invalid))
        #expect(Outcome { S.lessOrEqual(a, b, &$0) ? 1 : 0 } == Outcome(0, .invalid))
      }
      #expect(Outcome { S.equal(P.one, P.signalingNaN, &$0) ? 1 : 0 } == Outcome(0, .invalid))
      #expect(Outcome { S.lessQuiet(P.signalingNaN, P.one, &$0) ? 1 : 0 } == Outcome(0, .invalid))
      #expect(Outcome { S.lessOrEqualQuiet(P.signalingNaN, 0, &$0) ? 1 : 0 } == Outcome(0, .invalid))
    }
    check(Binary16.self)
    check(Binary32.self)
    check(Binary64.self)
  }

  @Test("FMIN and FMAX prefer a number to a NaN, FMINM and FMAXM do not; -0 is below +0")
  func minimumAndMaximum() {
    func check<F: BinaryFormat>(_: F.Type) {
      typealias P = Pattern<F>
      typealias S = SoftFloat<F>
      let minusOne = P.one | P.sign
      for (low, high) in [
        (P.sign, 0), (minusOne, P.one), (P.infinity | P.sign, minusOne), (P.one, P.greatest),
      ] {
        for (a, b) in [(low, high), (high, low)] {
          #expect(Outcome { S.minimum(a, b, &$0) } == Outcome(low))
          #expect(Outcome { S.maximum(a, b, &$0) } == Outcome(high))
          #expect(Outcome { S.minimumNaN(a, b, &$0) } == Outcome(low))
          #expect(Outcome { S.maximumNaN(a, b, &$0) } == Outcome(high))
        }
      }
      for (nan, flags) in [(P.quietNaN, FloatFlags()), (P.signalingNaN, .invalid)] {
        for (a, b) in [(nan, minusOne), (minusOne, nan)] {
          #expect(Outcome { S.minimum(a, b, &$0) } == Outcome(minusOne, flags))
          #expect(Outcome { S.maximum(a, b, &$0) } == Outcome(minusOne, flags))
          #expect(Outcome { S.minimumNaN(a, b, &$0) } == Outcome(S.canonicalNaN, flags))
          #expect(Outcome { S.maximumNaN(a, b, &$0) } == Outcome(S.canonicalNaN, flags))
        }
        #expect(Outcome { S.minimum(nan, P.quietNaN, &$0) } == Outcome(S.canonicalNaN, flags))
        #expect(Outcome { S.maximum(P.quietNaN, nan, &$0) } == Outcome(S.canonicalNaN, flags))
      }
    }
    check(Binary16.self)
    check(Binary32.self)
    check(Binary64.self)
  }

  @Test("FCLASS sets the bit of the kind of number")
  func classification() {
    func check<F: BinaryFormat>(_: F.Type) {
      typealias P = Pattern<F>
      let kinds = [
        [P.infinity | P.sign],
        [P.leastNormal | P.sign, P.one | P.sign, P.greatest | P.sign],
        [P.leastSubnormal | P.sign, (P.leastNormal - 1) | P.sign],
        [P.sign],
        [0],
        [P.leastSubnormal, P.leastNormal - 1],
        [P.leastNormal, P.one, P.greatest],
        [P.infinity],
        [P.signalingNaN, P.signalingNaN | P.sign, P.infinity + P.leastNormal / 2 - 1],
        [P.quietNaN, P.quietNaN | P.sign, SoftFloat<F>.canonicalNaN],
      ]
      for (bit, members) in kinds.enumerated() {
        for member in members {
          #expect(SoftFloat<F>.classify(member) == 1 << UInt64(bit))
        }
      }
    }
    check(Binary16.self)
    check(Binary32.self)
    check(Binary64.self)
  }

  // MARK: - Conversion

  @Test("Infinities and NaNs become the extreme integers")
  func extremesToIntegers() {
    func check<F: BinaryFormat>(_: F.Type) {
      typealias P = Pattern<F>
      typealias S = SoftFloat<F>
      for greatest in [P.infinity, P.quietNaN, P.quietNaN | P.sign, P.signalingNaN] {
        #expect(Outcome { S.toSigned32(greatest, .down, &$0) } == Outcome(0x7fff_ffff, .invalid))
        #expect(Outcome { S.toUnsigned32(greatest, .down, &$0) } == Outcome(.max, .invalid))
        #expect(Outcome { S.toSigned64(greatest, .down, &$0) } == Outcome(.max >> 1, .invalid))
        #expect(Outcome { S.toUnsigned64(greatest, .down, &$0) } == Outcome(.max, .invalid))
      }
      let least = P.infinity | P.sign
      #expect(Outcome { S.toSigned32(least, .up, &$0) } == Outcome(0xffff_ffff_8000_0000, .invalid))
      #expect(Outcome { S.toUnsigned32(least, .up, &$0) } == Outcome(0, .invalid))
      #expect(Outcome { S.toSigned64(least, .up, &$0) } == Outcome(1 << 63, .invalid))
      #expect(Outcome { S.toUnsigned64(least, .up, &$0) } == Outcome(0, .invalid))
    }
    check(Binary16.self)
    check(Binary32.self)
    check(Binary64.self)
  }

  @Test("Conversion to integers rounds before it judges what fits")
  func roundingToIntegers() {
    func check<F: BinaryFormat>(_: F.Type) {
      typealias P = Pattern<F>
      typealias S = SoftFloat<F>
      let half = P.power(-1)
      let twoAndHalf = P.power(1) + P.leastNormal / 4
      let positive: [UInt64] = [2, 2, 2, 3, 3]
      let negative: [Int64] = [-2, -2, -3, -2, -3]
      let minusHalf: [Outcome] = [
        Outcome(0, .inexact), Outcome(0, .inexact), Outcome(0, .invalid), Outcome(0, .inexact),
        Outcome(0, .invalid),
      ]
      for (index, mode) in modes.enumerated() {
        let down = UInt64(bitPattern: negative[index])
        #expect(Outcome { S.toSigned32(twoAndHalf, mode, &$0) } == Outcome(positive[index], .inexact))
        #expect(Outcome { S.toUnsigned64(twoAndHalf, mode, &$0) } == Outcome(positive[index], .inexact))
        #expect(Outcome { S.toSigned32(twoAndHalf | P.sign, mode, &$0) } == Outcome(down, .inexact))
        #expect(Outcome { S.toSigned64(twoAndHalf | P.sign, mode, &$0) } == Outcome(down, .inexact))
        // Only what rounds to -1 is out of an unsigned integer's range.
        #expect(Outcome { S.toUnsigned32(half | P.sign, mode, &$0) } == minusHalf[index])
        #expect(Outcome { S.toUnsigned64(half | P.sign, mode, &$0) } == minusHalf[index])
      }
      #expect(Outcome { S.toUnsigned32(P.one | P.sign, .towardZero, &$0) } == Outcome(0, .invalid))
      #expect(Outcome { S.toSigned64(P.leastSubnormal, .up, &$0) } == Outcome(1, .inexact))
      #expect(Outcome { S.toSigned64(P.sign, .down, &$0) } == Outcome(0))
    }
    check(Binary16.self)
    check(Binary32.self)
    check(Binary64.self)
  }

  @Test("Integers at the ends of their ranges convert, their neighbours saturate")
  func endsOfIntegerRanges() {
    typealias P = Pattern<Binary64>
    typealias S = SoftFloat<Binary64>
    let least32 = P.power(31) | P.sign
    let signed32: [(UInt64, Outcome)] = [
      (P.power(31), Outcome(0x7fff_ffff, .invalid)),
      ((2_147_483_647.0).bitPattern, Outcome(0x7fff_ffff)),
      ((2_147_483_647.5).bitPattern, Outcome(0x7fff_ffff, .inexact)),
      (least32, Outcome(0xffff_ffff_8000_0000)),
      ((-2_147_483_648.5).bitPattern, Outcome(0xffff_ffff_8000_0000, .inexact)),
      ((-2_147_483_649.0).bitPattern, Outcome(0xffff_ffff_8000_0000, .invalid)),
    ]
    for (operand, expected) in signed32 {
      #expect(Outcome { S.toSigned32(operand, .towardZero, &$0) } == expected)
    }
    #expect(
      Outcome { S.toSigned32((2_147_483_647.5).bitPattern, .nearestEven, &$0) }
        == Outcome(0x7fff_ffff, .invalid))
    // Unsigned 32-bit results are sign-extended too.
    #expect(Outcome { S.toUnsigned32(P.power(31), .towardZero, &$0) } == Outcome(0xffff_ffff_8000_0000))
    #expect(Outcome { S.toUnsigned32((4_294_967_295.0).bitPattern, .towardZero, &$0) } == Outcome(.max))
    #expect(Outcome { S.toUnsigned32(P.power(32), .towardZero, &$0) } == Outcome(.max, .invalid))

    #expect(Outcome { S.toSigned64(P.power(63), .down, &$0) } == Outcome(.max >> 1, .invalid))
    #expect(Outcome { S.toSigned64(P.power(63) - 1, .up, &$0) } == Outcome((1 << 63) - 1024))
    #expect(Outcome { S.toSigned64(P.power(63) | P.sign, .down, &$0) } == Outcome(1 << 63))
    #expect(Outcome { S.toSigned64((P.power(63) + 1) | P.sign, .up, &$0) } == Outcome(1 << 63, .invalid))
    #expect(Outcome { S.toUnsigned64(P.power(64) - 1, .up, &$0) } == Outcome(0 &- 2048))
    #expect(Outcome { S.toUnsigned64(P.power(64), .down, &$0) } == Outcome(.max, .invalid))
  }

  @Test("FCVTMOD.W.D wraps modulo 2^32 and flags like FCVT.W.D")
  func modularConversion() {
    let cases: [(Double, Outcome)] = [
      (0, Outcome(0)),
      (-1.5, Outcome(.max, .inexact)),
      (2_147_483_648, Outcome(0xffff_ffff_8000_0000, .invalid)),
      (4_294_967_301, Outcome(5, .invalid)),
      (-4_294_967_301, Outcome(0 &- 5, .invalid)),
      (4_294_967_301.75, Outcome(5, .invalid)),
      (0x1.0000000000003p+83, Outcome(0xffff_ffff_8000_0000, .invalid)),
      (-0x1.0000000000001p+83, Outcome(0xffff_ffff_8000_0000, .invalid)),
      (0x1.0000000000001p+84, Outcome(0, .invalid)),
      (0x1p+1023, Outcome(0, .invalid)),
      (.infinity, Outcome(0, .invalid)),
      (.nan, Outcome(0, .invalid)),
    ]
    for (value, expected) in cases {
      #expect(
        Outcome { SoftFloat<Binary64>.toSigned32Modular(value.bitPattern, &$0) } == expected, "\(value)")
    }
  }

  @Test("Conversion from integers rounds once from all 64 bits")
  func fromIntegers() {
    let tie: UInt64 = (1 << 63) | (1 << 10)  // half a place of binary64 above 2^63
    #expect(
      Outcome { SoftFloat<Binary64>.fromUnsigned64(tie, .nearestEven, &$0) }
        == Outcome(Pattern<Binary64>.power(63), .inexact))
    #expect(
      Outcome { SoftFloat<Binary64>.fromUnsigned64(tie | 1, .nearestEven, &$0) }
        == Outcome(Pattern<Binary64>.power(63) + 1, .inexact))
    // Rounded to binary64 first this would become a tie, and then 2^60.
    let trap: UInt64 = (1 << 60) + (1 << 36) + 1
    #expect(
      Outcome { SoftFloat<Binary32>.fromSigned64(trap, .nearestEven, &$0) }
        == Outcome(Pattern<Binary32>.power(60) + 1, .inexact))
    #expect(Outcome { SoftFloat<Binary32>.fromSigned64(.max, .down, &$0) } == Outcome(0xbf80_0000))
    #expect(
      Outcome { SoftFloat<Binary32>.fromSigned64(1 << 63, .up, &$0) }
        == Outcome(Pattern<Binary32>.power(63) | Pattern<Binary32>.sign))
    #expect(
      Outcome { SoftFloat<Binary16>.fromUnsigned64(65519, .nearestEven, &$0) }
        == Outcome(0x7bff, .inexact))
    #expect(
      Outcome { SoftFloat<Binary16>.fromUnsigned64(65520, .nearestEven, &$0) }
        == Outcome(0x7c00, [.overflow, .inexact]))
    #expect(Outcome { SoftFloat<Binary16>.fromSigned64(0, .down, &$0) } == Outcome(0))
  }

  @Test("Formats convert exactly upwards and round once downwards")
  func betweenFormats() {
    typealias H = SoftFloat<Binary16>
    typealias S = SoftFloat<Binary32>
    typealias D = SoftFloat<Binary64>
    let rne = RoundingMode.nearestEven
    // The least subnormal number of a format is normal in the next.
    #expect(Outcome { H.convert(1, to: Binary32.self, rne, &$0) } == Outcome(Pattern<Binary32>.power(-24)))
    #expect(
      Outcome { H.convert(0x8001, to: Binary64.self, rne, &$0) }
        == Outcome(Pattern<Binary64>.power(-24) | 1 << 63))
    #expect(Outcome { S.convert(1, to: Binary64.self, rne, &$0) } == Outcome(Pattern<Binary64>.power(-149)))
    #expect(Outcome { D.convert(Pattern<Binary64>.power(-149), to: Binary32.self, rne, &$0) } == Outcome(1))

    // Just above a tie of binary16, by less than binary32 can hold.
    let aboveTie = Pattern<Binary64>.one + (1 << 41) + 1
    #expect(Outcome { D.convert(aboveTie, to: Binary16.self, rne, &$0) } == Outcome(0x3c01, .inexact))
    #expect(Outcome { D.convert(aboveTie - 1, to: Binary16.self, rne, &$0) } == Outcome(0x3c00, .inexact))
    #expect(
      Outcome { D.convert((65520.0).bitPattern, to: Binary16.self, rne, &$0) }
        == Outcome(0x7c00, [.overflow, .inexact]))
    #expect(
      Outcome { D.convert((1e-300).bitPattern, to: Binary32.self, .up, &$0) }
        == Outcome(1, [.inexact, .underflow]))

    #expect(Outcome { D.convert(1 << 63, to: Binary16.self, rne, &$0) } == Outcome(0x8000))
    #expect(Outcome { H.convert(0xfc00, to: Binary64.self, rne, &$0) } == Outcome(0xfff0_0000_0000_0000))
    #expect(Outcome { H.convert(0xffff, to: Binary64.self, rne, &$0) } == Outcome(0x7ff8_0000_0000_0000))
    #expect(
      Outcome { D.convert(Pattern<Binary64>.signalingNaN, to: Binary32.self, rne, &$0) }
        == Outcome(0x7fc0_0000, .invalid))
  }

  @Test("FROUND keeps the sign of zero and only FROUNDNX tells of a change")
  func integralValues() {
    func check<F: BinaryFormat>(_: F.Type) {
      typealias P = Pattern<F>
      typealias S = SoftFloat<F>
      let two = P.power(1)
      let three = two + P.leastNormal / 2
      let twoAndHalf = two + P.leastNormal / 4
      for (index, mode) in modes.enumerated() {
        let rounded = [two, two, two, three, three][index]
        let tiny = [0, 0, P.one, 0, 0][index] | P.sign
        #expect(
          Outcome { S.roundToIntegral(twoAndHalf, mode, signalInexact: true, &$0) }
            == Outcome(rounded, .inexact))
        #expect(
          Outcome { S.roundToIntegral(twoAndHalf, mode, signalInexact: false, &$0) } == Outcome(rounded))
        #expect(
          Outcome { S.roundToIntegral(P.leastSubnormal | P.sign, mode, signalInexact: true, &$0) }
            == Outcome(tiny, .inexact))
        for integral in [0, P.sign, three, three | P.sign, P.greatest, P.infinity, P.infinity | P.sign] {
          #expect(
            Outcome { S.roundToIntegral(integral, mode, signalInexact: true, &$0) } == Outcome(integral))
        }
      }
      // The greatest number with a fraction rounds to a power of two.
      let lastFraction = P.power(F.fractionBits) - 1
      #expect(
        Outcome { S.roundToIntegral(lastFraction, .nearestEven, signalInexact: true, &$0) }
          == Outcome(lastFraction + 1, .inexact))
    }
    check(Binary16.self)
    check(Binary32.self)
    check(Binary64.self)
  }

  @Test("FLI loads the constants of the manual's table")
  func immediates() {
    let table: [Double] = [
      -1, 0, 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125, 0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625,
      0.75, 0.875, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 8, 16, 128, 256, 0x1p15, 0x1p16, .infinity,
    ]
    for (index, value) in table.enumerated() where index != 1 {
      let index = UInt8(index)
      #expect(SoftFloat<Binary64>.immediate(index) == value.bitPattern)
      #expect(SoftFloat<Binary32>.immediate(index) == UInt64(Float(value).bitPattern))
    }
    #expect(SoftFloat<Binary64>.immediate(1) == 0x0010_0000_0000_0000)
    #expect(SoftFloat<Binary32>.immediate(1) == 0x0080_0000)
    #expect(SoftFloat<Binary64>.immediate(31) == 0x7ff8_0000_0000_0000)
    #expect(SoftFloat<Binary32>.immediate(31) == 0x7fc0_0000)
    let half: [UInt64] = [
      0xbc00, 0x0400, 0x0100, 0x0200, 0x1c00, 0x2000, 0x2c00, 0x3000, 0x3400, 0x3500, 0x3600, 0x3700,
      0x3800, 0x3900, 0x3a00, 0x3b00, 0x3c00, 0x3d00, 0x3e00, 0x3f00, 0x4000, 0x4100, 0x4200, 0x4400,
      0x4800, 0x4c00, 0x5800, 0x5c00, 0x7800, 0x7c00, 0x7c00, 0x7e00,
    ]
    for (index, bits) in half.enumerated() {
      #expect(SoftFloat<Binary16>.immediate(UInt8(index)) == bits)
    }
  }

  // MARK: - Against the host

  @Test("Random operands give the host's results, double precision")
  func hostDoubles() {
    typealias S = SoftFloat<Binary64>
    let rne = RoundingMode.nearestEven
    var random = SeededNumbers(seed: 1)
    var flags: FloatFlags = []
    for _ in 0..<20000 {
      let (x, y, z) = randomOperands(Binary64.self, &random)
      let (a, b, c) = (Double(bitPattern: x), Double(bitPattern: y), Double(bitPattern: z))
      let outcomes: [(UInt64, Double)] = [
        (S.add(x, y, rne, &flags), a + b),
        (S.subtract(x, y, rne, &flags), a - b),
        (S.multiply(x, y, rne, &flags), a * b),
        (S.divide(x, y, rne, &flags), a / b),
        (S.squareRoot(x, rne, &flags), a.squareRoot()),
        (S.fusedMultiplyAdd(x, y, z, rne, &flags), c.addingProduct(a, b)),
        (S.roundToIntegral(x, rne, signalInexact: false, &flags), a.rounded(.toNearestOrEven)),
        (S.fromSigned64(x, rne, &flags), Double(Int64(bitPattern: x))),
        (S.fromUnsigned64(x, rne, &flags), Double(x)),
      ]
      for (index, (got, expected)) in outcomes.enumerated() {
        let bits = expected.isNaN ? 0x7ff8_0000_0000_0000 : expected.bitPattern
        guard got != bits else { continue }
        Issue.record("operation \(index) of \(a), \(b), \(c): \(Outcome(got)), not \(expected)")
      }
      let narrow = Float(a)
      #expect(
        S.convert(x, to: Binary32.self, rne, &flags)
          == (narrow.isNaN ? 0x7fc0_0000 : UInt64(narrow.bitPattern)))
    }
  }

  @Test("Random operands give the host's results, single precision")
  func hostFloats() {
    typealias S = SoftFloat<Binary32>
    let rne = RoundingMode.nearestEven
    var random = SeededNumbers(seed: 2)
    var flags: FloatFlags = []
    for _ in 0..<20000 {
      let (x, y, z) = randomOperands(Binary32.self, &random)
      let a = Float(bitPattern: UInt32(x))
      let b = Float(bitPattern: UInt32(y))
      let c = Float(bitPattern: UInt32(z))
      let integer = random.next()
      let outcomes: [(UInt64, Float)] = [
        (S.add(x, y, rne, &flags), a + b),
        (S.subtract(x, y, rne, &flags), a - b),
        (S.multiply(x, y, rne, &flags), a * b),
        (S.divide(x, y, rne, &flags), a / b),
        (S.squareRoot(x, rne, &flags), a.squareRoot()),
        (S.fusedMultiplyAdd(x, y, z, rne, &flags), c.addingProduct(a, b)),
        (S.roundToIntegral(x, rne, signalInexact: false, &flags), a.rounded(.toNearestOrEven)),
        (S.fromSigned64(integer, rne, &flags), Float(Int64(bitPattern: integer))),
        (S.fromUnsigned64(integer, rne, &flags), Float(integer)),
      ]
      for (index, (got, expected)) in outcomes.enumerated() {
        let bits = expected.isNaN ? 0x7fc0_0000 : UInt64(expected.bitPattern)
        guard got != bits else { continue }
        Issue.record("operation \(index) of \(a), \(b), \(c): \(Outcome(got)), not \(expected)")
      }
      let wide = Double(a)
      #expect(
        S.convert(x, to: Binary64.self, rne, &flags)
          == (wide.isNaN ? 0x7ff8_0000_0000_0000 : wide.bitPattern))
    }
  }

  /// Random patterns, every second time with exponents near enough for sums to interact and an
  /// addend near minus the product.
  private func randomOperands<F: BinaryFormat>(
    _: F.Type, _ random: inout SeededNumbers
  ) -> (UInt64, UInt64, UInt64) {
    typealias P = Pattern<F>
    let mask = P.sign | (P.sign - 1)
    let (a, b, c) = (random.next() & mask, random.next() & mask, random.next() & mask)
    guard random.next() & 1 == 0 else { return (a, b, c) }
    let nearness = UInt64(F.fractionBits + 3)
    let field = { (x: UInt64) in (x & P.infinity) >> UInt64(F.fractionBits) }
    let withField = { (x: UInt64, field: UInt64) in
      x & ~P.infinity | (field << UInt64(F.fractionBits)) & P.infinity
    }
    let near = withField(b, field(a) &+ random.next() % (2 * nearness) &- nearness)
    var ignored: FloatFlags = []
    let product = SoftFloat<F>.multiply(a, near, .nearestEven, &ignored)
    let addend = withField(c, field(product) &+ random.next() % 5 &- 2)
    return (a, near, random.next() & 1 == 0 ? addend : (product ^ P.sign) & mask)
  }
}
