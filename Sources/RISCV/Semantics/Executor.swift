/// A place where instructions take effect: registers, memory, control and traps. The interpreter conforms
/// by computing, the translator by emitting host code. What an instruction means is written once, in the
/// extensions of this protocol beside this file.
///
/// Rules for the meanings: registers may be read lazily, so a write of `rd` is an instruction's last
/// access; `Word.either` is control flow; whatever a conformer lowers by hand is a requirement here.
public protocol Executor {
  associatedtype Value: Word
  /// The low 32 bits of a value.
  associatedtype Half: Word where Half.Condition == Value.Condition
  /// A floating-point value: its bits.
  associatedtype Real
  /// Never for the translator, whose traps are emitted code.
  associatedtype Trap: Error

  /// XLEN.
  static var width: Int { get }

  // MARK: Integer registers; index 32 swallows writes to x0
  subscript(x register: Int) -> Value { get nonmutating set }
  func half(_ v: Value) -> Half
  /// Sign-extended.
  func extended(_ v: Half) -> Value
  func zeroExtended(_ v: Half) -> Value

  // MARK: Control
  func pc(plus distance: Int32) -> Value
  /// Performs an instruction that `perform` does not: by `performRare`, in line or not.
  mutating func rare(_ i: Operation) throws(Trap)
  /// The instruction is two bytes long. Comes before its effects.
  mutating func shortForm()
  mutating func branch(if condition: Value.Condition, by distance: Int32) throws(Trap)
  /// `link` receives the address of the next instruction.
  mutating func jump(by distance: Int32, link: Int) throws(Trap)
  mutating func jump(to address: Value, link: Int) throws(Trap)

  // MARK: Memory; T gives width and sign
  mutating func load<T: FixedWidthInteger>(_ type: T.Type, _ address: Value) throws(Trap) -> Value
  mutating func store<T: FixedWidthInteger>(_ type: T.Type, _ value: Value, _ address: Value) throws(Trap)
  mutating func fence(_ i: Operation)

  // MARK: Atomics: one operation each, never a load and a store
  mutating func loadReserved<T: FixedWidthInteger>(_ type: T.Type, _ address: Value) throws(Trap) -> Value
  /// Zero where it stored, else one.
  mutating func storeConditional<T: FixedWidthInteger>(_ type: T.Type, _ value: Value, _ address: Value)
    throws(Trap) -> Value
  /// The old value.
  mutating func exchange<T: FixedWidthInteger>(
    _ operation: AtomicOperation, _ type: T.Type, _ operand: Value, _ address: Value
  ) throws(Trap) -> Value
  /// Stores `new` where memory equals `expected`; the old value.
  mutating func compareAndSwap<T: FixedWidthInteger>(
    _ type: T.Type, _ expected: Value, _ new: Value, _ address: Value
  ) throws(Trap) -> Value
  /// Zacas on register pairs: twice XLEN.
  mutating func compareAndSwapPair(_ i: Operation) throws(Trap)

  // MARK: Floating point: registers NaN-boxed, flags accrued, `FS` maintained by the conformer
  mutating func requireFloatingPoint() throws(Trap)
  func real<F: BinaryFormat>(_ format: F.Type, _ register: Int) -> Real
  nonmutating func setReal<F: BinaryFormat>(_ format: F.Type, _ register: Int, _ value: Real)
  /// The register's low bits, boxed or not, sign-extended from the format's width.
  func realBits<F: BinaryFormat>(_ format: F.Type, _ register: Int) -> Value
  func realBits(of value: Value) -> Real
  mutating func loadReal<F: BinaryFormat>(_ format: F.Type, _ address: Value) throws(Trap) -> Real
  mutating func storeReal<F: BinaryFormat>(_ format: F.Type, _ register: Int, _ address: Value) throws(Trap)
  mutating func arithmetic<F: BinaryFormat>(
    _ operation: RealOperation, _ format: F.Type, _ a: Real, _ b: Real, _ rounding: Int
  ) throws(Trap) -> Real
  /// a × b + c with the signs of product and addend as the flags say.
  mutating func fused<F: BinaryFormat>(
    _ format: F.Type, _ a: Real, _ b: Real, _ c: Real, negateProduct: Bool, negateAddend: Bool,
    _ rounding: Int
  ) throws(Trap) -> Real
  mutating func choose<F: BinaryFormat>(_ choice: RealChoice, _ format: F.Type, _ a: Real, _ b: Real) -> Real
  mutating func compare<F: BinaryFormat>(_ relation: RealRelation, _ format: F.Type, _ a: Real, _ b: Real)
    -> Value
  func classify<F: BinaryFormat>(_ format: F.Type, _ a: Real) -> Value
  func constant<F: BinaryFormat>(_ format: F.Type, _ number: Int) -> Real
  mutating func integer<F: BinaryFormat>(_ kind: IntegerKind, _ format: F.Type, _ a: Real, _ rounding: Int)
    throws(Trap) -> Value
  mutating func integerModular(_ a: Real) -> Value
  mutating func real<F: BinaryFormat>(_ format: F.Type, from kind: IntegerKind, _ v: Value, _ rounding: Int)
    throws(Trap) -> Real
  mutating func converted<F: BinaryFormat, G: BinaryFormat>(
    _ from: F.Type, _ to: G.Type, _ a: Real, _ rounding: Int
  ) throws(Trap) -> Real
  mutating func rounded<F: BinaryFormat>(_ format: F.Type, _ a: Real, signalInexact: Bool, _ rounding: Int)
    throws(Trap) -> Real
  /// RV32 D with Zfa: the high word of a double, and a double from two words.
  func highWord(_ register: Int) -> Value
  func pairedReal(_ low: Value, _ high: Value) -> Real

  // MARK: What translated code leaves to the interpreter
  /// CSR accesses, privileged instructions, cache-block operations, traps on purpose.
  mutating func system(_ i: Operation) throws(Trap)
  /// Slot states of decoded pages: undecoded, page end, straddle, halt.
  mutating func control(_ i: Operation) throws(Trap)
}

public enum AtomicOperation { case swap, add, xor, and, or, min, max, minUnsigned, maxUnsigned }
public enum RealOperation { case add, subtract, multiply, divide, squareRoot }
public enum RealChoice {
  case minimum, maximum, minimumNaN, maximumNaN, copySign, copyNegatedSign, xorSign
}
public enum RealRelation { case equal, less, lessOrEqual, lessQuiet, lessOrEqualQuiet }
public enum IntegerKind { case signed32, unsigned32, signed64, unsigned64 }
