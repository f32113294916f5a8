/// A machine word under evaluation: a number for the interpreter, the description of one for the
/// translator. Shift distances count modulo the width.
public protocol Word {
  associatedtype Condition
  init(immediate: Int64)
  /// 1 or 0.
  init(_ condition: Condition)
  static func &+ (a: Self, b: Self) -> Self
  static func &- (a: Self, b: Self) -> Self
  static func &* (a: Self, b: Self) -> Self
  static func & (a: Self, b: Self) -> Self
  static func | (a: Self, b: Self) -> Self
  static func ^ (a: Self, b: Self) -> Self
  static func &<< (a: Self, b: Self) -> Self
  static func &>> (a: Self, b: Self) -> Self
  /// Plus 2^n times `b`, n from 1 to 3.
  func adding(_ b: Self, scaledBy n: Int64) -> Self
  func arithmeticShift(_ b: Self) -> Self
  func rotatedLeft(_ b: Self) -> Self
  func rotatedRight(_ b: Self) -> Self
  func equals(_ b: Self) -> Condition
  func less(_ b: Self) -> Condition
  func lessUnsigned(_ b: Self) -> Condition
  static func not(_ c: Condition) -> Condition
  /// Control flow: only one of both is evaluated.
  static func either(_ c: Condition, _ yes: @autoclosure () -> Self, _ no: @autoclosure () -> Self) -> Self
  /// The high half of the product.
  func highProduct(_ b: Self) -> Self
  func highProductUnsigned(_ b: Self) -> Self
  /// The caller excludes b = 0 and overflow.
  func quotient(_ b: Self) -> Self
  func quotientUnsigned(_ b: Self) -> Self
  func remainder(_ b: Self) -> Self
  func remainderUnsigned(_ b: Self) -> Self
  /// The width where the word is zero.
  var leadingZeros: Self { get }
  var trailingZeros: Self { get }
  var population: Self { get }
  var bytesReversed: Self { get }
  /// Each byte's bits in reverse order.
  var bitsInBytesReversed: Self { get }
  /// Each byte 0xff where any of its bits is set, else 0.
  var bytesOrCombined: Self { get }
  func carrylessProduct(_ b: Self) -> Self
  func carrylessHighProduct(_ b: Self) -> Self
  func carrylessReversedProduct(_ b: Self) -> Self
  /// `self` as a table of 4-bit (8-bit) elements, looked up by the elements of `b`; out of range gives 0.
  func permuted4(by b: Self) -> Self
  func permuted8(by b: Self) -> Self
  /// RV32 Zbkb: even bits to the low half, odd bits to the high half; and back.
  var unzipped: Self { get }
  var zipped: Self { get }
}

/// Words that are numbers.
public protocol Number: Word, FixedWidthInteger, UnsignedInteger where Condition == Bool {
  associatedtype Signed: FixedWidthInteger & SignedInteger
}

extension UInt64: Number {
  public typealias Condition = Bool
  public typealias Signed = Int64
}

extension UInt32: Number {
  public typealias Condition = Bool
  public typealias Signed = Int32
}

extension Number {
  @inline(__always) public init(immediate v: Int64) { self.init(truncatingIfNeeded: v) }
  @inline(__always) public init(_ condition: Bool) { self = condition ? 1 : 0 }
  @inline(__always) var signed: Signed { Signed(truncatingIfNeeded: self) }
  @inline(__always) init(_ v: Signed) { self.init(truncatingIfNeeded: v) }
  @inline(__always) public func adding(_ b: Self, scaledBy n: Int64) -> Self {
    self &+ (b &<< Self(truncatingIfNeeded: n))
  }
  @inline(__always) public func arithmeticShift(_ b: Self) -> Self { Self(signed &>> b.signed) }
  @inline(__always) public func rotatedLeft(_ b: Self) -> Self { self &<< b | self &>> (0 &- b) }
  @inline(__always) public func rotatedRight(_ b: Self) -> Self { self &>> b | self &<< (0 &- b) }
  @inline(__always) public func equals(_ b: Self) -> Bool { self == b }
  @inline(__always) public func less(_ b: Self) -> Bool { signed < b.signed }
  @inline(__always) public func lessUnsigned(_ b: Self) -> Bool { self < b }
  @inline(__always) public static func not(_ c: Bool) -> Bool { !c }
  @inline(__always) public static func either(
    _ c: Bool, _ yes: @autoclosure () -> Self, _ no: @autoclosure () -> Self
  ) -> Self {
    c ? yes() : no()
  }
  @inline(__always) public func highProduct(_ b: Self) -> Self {
    Self(signed.multipliedFullWidth(by: b.signed).high)
  }
  @inline(__always) public func highProductUnsigned(_ b: Self) -> Self { multipliedFullWidth(by: b).high }
  @inline(__always) public func quotient(_ b: Self) -> Self { Self(signed / b.signed) }
  @inline(__always) public func quotientUnsigned(_ b: Self) -> Self { self / b }
  @inline(__always) public func remainder(_ b: Self) -> Self { Self(signed % b.signed) }
  @inline(__always) public func remainderUnsigned(_ b: Self) -> Self { self % b }
  @inline(__always) public var leadingZeros: Self { Self(truncatingIfNeeded: leadingZeroBitCount) }
  @inline(__always) public var trailingZeros: Self { Self(truncatingIfNeeded: trailingZeroBitCount) }
  @inline(__always) public var population: Self { Self(truncatingIfNeeded: nonzeroBitCount) }
  @inline(__always) public var bytesReversed: Self { byteSwapped }

  /// `pattern` in every byte.
  @inline(__always) private static func bytes(_ pattern: UInt8) -> Self {
    Self(truncatingIfNeeded: UInt64(pattern) &* 0x0101_0101_0101_0101)
  }

  public var bitsInBytesReversed: Self {
    var v = self
    v = (v &>> 1) & Self.bytes(0x55) | (v & Self.bytes(0x55)) &<< 1
    v = (v &>> 2) & Self.bytes(0x33) | (v & Self.bytes(0x33)) &<< 2
    return (v &>> 4) & Self.bytes(0x0f) | (v & Self.bytes(0x0f)) &<< 4
  }

  public var bytesOrCombined: Self {
    var v = self | (self &>> 1) & Self.bytes(0x7f)
    v |= (v &>> 2) & Self.bytes(0x3f)
    v |= (v &>> 4) & Self.bytes(0x0f)
    return (v & Self.bytes(1)) &* 0xff
  }

  public func carrylessProduct(_ b: Self) -> Self {
    var product: Self = 0
    for i in 0..<Self.bitWidth where b &>> Self(i) & 1 != 0 { product ^= self &<< Self(i) }
    return product
  }

  public func carrylessHighProduct(_ b: Self) -> Self {
    var product: Self = 0
    for i in 1..<Self.bitWidth where b &>> Self(i) & 1 != 0 { product ^= self &>> Self(Self.bitWidth - i) }
    return product
  }

  public func carrylessReversedProduct(_ b: Self) -> Self {
    var product: Self = 0
    for i in 0..<Self.bitWidth where b &>> Self(i) & 1 != 0 {
      product ^= self &>> Self(Self.bitWidth - 1 - i)
    }
    return product
  }

  public func permuted4(by b: Self) -> Self { permuted(by: b, elementBits: 4) }
  public func permuted8(by b: Self) -> Self { permuted(by: b, elementBits: 8) }

  private func permuted(by b: Self, elementBits: Int) -> Self {
    let mask: Self = (1 << Self(elementBits)) - 1
    var result: Self = 0
    for place in stride(from: 0, to: Self.bitWidth, by: elementBits) {
      let index = Int(b >> Self(place) & mask) * elementBits
      if index < Self.bitWidth { result |= (self >> Self(index) & mask) << Self(place) }
    }
    return result
  }

  public var unzipped: Self {
    var result: Self = 0
    for i in 0..<Self.bitWidth / 2 {
      result |= (self >> Self(2 * i) & 1) << Self(i)
      result |= (self >> Self(2 * i + 1) & 1) << Self(i + Self.bitWidth / 2)
    }
    return result
  }

  public var zipped: Self {
    var result: Self = 0
    for i in 0..<Self.bitWidth / 2 {
      result |= (self >> Self(i) & 1) << Self(2 * i)
      result |= (self >> Self(i + Self.bitWidth / 2) & 1) << Self(2 * i + 1)
    }
    return result
  }
}
