// Unsafe pointers: the assembler's cursor stays inside the code memory because `RegionTranslator` keeps
// `roomForRegion` bytes free before each region; the tables below have room for a region's worst case.
import RISCV

/// Where host code goes and what the region being translated has used: the emitter's state, reached by pointer
/// from every term.
///
/// Host registers: rbp is the state block plus 128, so that x0–x31 have 8-bit displacements; rsp is a stack of
/// return addresses on top of the thread's own; r15 is the budget; rax, rcx and rdx are scratch; `registerMap`
/// has the rest.
struct Emission {
  /// Words of the hart's engine area, as displacements from rbp.
  enum Frame {
    /// `HartState.Offset.engineArea`, which is not inlined across modules: these words are read at each exit.
    static let area = 2104
    @inline(__always) private static func word(_ number: Int) -> Int { area + 8 * number - 128 }

    static var jumpCache: Int { word(0) }
    /// MXCSR: the host's own, the guest's, that of one instruction, and as it was on the way out.
    static var hostControl: Int { word(1) }
    static var control: Int { word(1) + 4 }
    static var otherControl: Int { word(2) }
    static var controlAfter: Int { word(2) + 4 }
    /// The jump that wants to be linked, as an offset into the code memory.
    static var site: Int { word(3) }
    /// Where to go on after the instruction that the interpreter performs, 0 for nowhere, and the
    /// instructions behind it that the region has not counted yet.
    static var resume: Int { word(4) }
    static var uncounted: Int { word(5) }
    /// The stack pointer outside, and the depth from which on calls start over.
    static var hostStack: Int { word(6) }
    static var stackLimit: Int { word(7) }
    /// Not 0 where cbo.zero is allowed as the hart runs now.
    static var mayZeroBlocks: Int { word(8) }
    static func slot(_ number: Int) -> Int { word(9 + number) }
    static let slotCount = 11
    /// What guest registers hold whose places are borrowed.
    static func lent(_ number: Int) -> Int { word(15 + slotCount + number) }
    /// 0: xmm4–xmm15 hold floating-point registers, FS is dirty and MXCSR has the mode of `frm`. Else none of it
    /// is known.
    static var reals: Int { word(9 + slotCount) }
    /// `CodePages.changes` as translations know it.
    static var seenChanges: Int { word(10 + slotCount) }
    /// Not 0: the slot of what was stored to just as an instruction there was decoded.
    static var unnoticedStore: Int { word(11 + slotCount) }
    /// Where `CodePages` counts its changes, and where it says whether `fence.i` has anything to do.
    static var changes: Int { word(12 + slotCount) }
    static var hasNewborn: Int { word(13 + slotCount) }
    /// Where the platform's interrupt levels are.
    static var interruptLevels: Int { word(14 + slotCount) }
  }

  /// Instructions of a region at most.
  static let regionLimit = 100

  /// A jump out of the region after `executed` instructions.
  struct SideExit {
    var site: UnsafeMutableRawPointer
    /// rax holds it where that is nil.
    var target: UInt64?
    /// -1: all of the region's.
    var executed: Int
    /// The target is in the page that the code runs in.
    var isNear = false
    var calls = Calls()
    /// Registers to be made whole on the way.
    var owed: UInt32 = 0
    /// Nothing is borrowed there any more.
    var isOutside = false
  }

  /// Calls that the region has followed and that have not returned: where they return to, outermost first. Whoever
  /// leaves the region makes them.
  struct Calls {
    static let limit = 3
    private var returns: InlineArray<3, UInt64> = .init(repeating: 0)
    private(set) var count = 0

    var last: UInt64? { count > 0 ? returns[count - 1] : nil }
    mutating func append(_ address: UInt64) {
      returns[count] = address
      count += 1
    }
    mutating func removeLast() { count -= 1 }
    subscript(_ i: Int) -> UInt64 { returns[i] }
  }

  /// A jump to the interpreter for the instruction at `pc`, and where to go on behind it (0: not here).
  struct Miss {
    var site: UnsafeMutableRawPointer
    var pc: UInt64
    var executed: Int
    var resume = 0
    /// The region does not go on.
    var isFinal = false
    /// Registers to be made whole on the way.
    var owed: UInt32 = 0
  }

  /// Rare code behind the region, which jumps to `site` and goes on at `resume`.
  struct Rare {
    var site: UnsafeMutableRawPointer
    var resume: Int
    var kind: RareReal
  }

  var assembler: Assembler
  /// By word of the state block: the host register that holds it, or -1.
  let places: UnsafeMutablePointer<Int8>
  /// By word: how often the region's instructions ask for it.
  let uses: UnsafeMutablePointer<UInt16>
  var loans: [Loan] = []
  /// Control leaves the region's own code otherwise than by side exits.
  var leavesInline = false
  let stubs: Stubs
  let hasShortInstructions: Bool
  let features: HartFeatures
  /// What an address has bits for.
  let addressMask: UInt64
  let host: HostFeatures
  /// Not nil: accesses go straight to memory.
  let direct: DirectAccess?
  /// Jumps within a page go straight to regions that are there.
  var linksRegions = true
  /// No other hart and nothing else sees this hart's memory.
  var isAlone = false

  // The instruction.
  var pc: UInt64 = 0
  var length = 4
  /// Of a pair that is emitted as one: the second one's address.
  var secondPC: UInt64?
  var slotsUsed = 0
  /// It is about low halves though it says otherwise: its sources have their signs in the bits above.
  var isHalf = false
  var isLeft = false
  /// The region cannot go on behind an instruction that is left.
  var endsHere = false

  // The region.
  /// Its way in for jumps from other pages, which checks that its page is still what it was.
  var checkedEntry: UnsafeMutableRawPointer
  var guardJump: UnsafeMutableRawPointer
  var page: UInt64 = 0
  /// Each access is checked for itself: the region is for accesses that windows do not serve.
  var isCareful = false
  /// Accesses of this instruction go through memory at random: a window would not help.
  var wanders = false
  var executed = 0
  var hasEnded = false
  var checkedFloatingPoint = false
  /// Floating-point registers known to hold properly boxed values.
  var boxedSingles: UInt32 = 0
  var boxedHalves: UInt32 = 0
  var entryPC: UInt64 = 0
  /// Where the region goes on behind the instruction, if that is not the next one.
  var continuation: UInt64?
  /// The way to go.
  var trace: Trace?
  var calls = Calls()
  var halves = Halves()
  /// What x1 holds, if that is known: 0 is not.
  var link: UInt64 = 0
  /// Instructions of one turn, where the region is a loop; 0 as long as that is not known.
  var turn = 0
  /// Jumps that the region has followed.
  var followed = 0
  /// Where the region's count and its jump for a spent budget are completed.
  var entry: UnsafeMutableRawPointer
  var entryJump: UnsafeMutableRawPointer
  /// Where it is paid for, behind what it borrows.
  var loopHead = 0

  /// Where direct accesses begin.
  let sites: UnsafeMutablePointer<Site>
  var siteCount = 0
  let sides: UnsafeMutablePointer<SideExit>
  var sideCount = 0
  let misses: UnsafeMutablePointer<Miss>
  var missCount = 0
  let rares: UnsafeMutablePointer<Rare>
  var rareCount = 0
  let groups: UnsafeMutablePointer<Group>
  var groupCount = 0
  let careful: UnsafeMutablePointer<CarefulStore>
  var carefulCount = 0
  /// By base register, first for loads, then for stores: the group that goes on, or -1.
  let openGroups: UnsafeMutablePointer<Int8>
  /// Beside each: what the register is more than the group's base was at its first access.
  let shifts: UnsafeMutablePointer<Int32>
  /// The hart's window that the next group takes.
  var nextWindow = 0
  /// Where `look` found the data: at this register plus rcx plus the displacement.
  var dataBase = HostRegister.rax
  var dataDisplacement = 0
  /// The window whose delta rcx holds after the instruction being emitted, and the one whose delta it
  /// holds where the cursor is `deltaCursor`; or -1.
  var nextDelta = -1
  var delta = -1
  var deltaCursor: UnsafeMutableRawPointer
  /// What the flags, and rax, hold as long as nothing is emitted.
  var flagsRegister = HostRegister.rax
  var flagsAreLogical = false
  /// They are of all 64 bits.
  var flagsAreWide = false
  var flagsCursor: UnsafeMutableRawPointer
  var accumulatorLeaf = Leaf(.constant)
  var accumulatorCursor: UnsafeMutableRawPointer

  /// Where fixed pieces of code run.
  struct Stubs {
    var enter = 0
    /// To the region for the guest address in rax.
    var lookup = 0
    /// The same where the jump cache is known not to help.
    var find = 0
    /// rax: guest address, rcx: instructions counted but not executed, rdx: where to go on, or 0.
    var interpret = 0
    var budget = 0
    /// Opens the window with the displacement ecx for edx + 1 bytes from rax; equal where it could. For stores:
    /// `openForStores`.
    var open = 0
    var openForStores = 0
    /// Where a direct access has faulted; rax: where.
    var fault = 0
    /// Called where no window serves; a `Refusal` follows the call.
    var refuse = 0
    /// By the logarithm of the width: stores rdx at the address in rax, in a page with slots where those are empty.
    /// Equal where it did, below where they are empty no more.
    var storeBesideCode: InlineArray<4, Int> = .init(repeating: 0)
    /// rax: guest address, rcx: the site to link, as an offset into the code memory. `linkNear` for a target in
    /// the site's own page.
    var link = 0
    var linkNear = 0
    /// The table of `RealConstant`s.
    var constants = 0
    /// Called for `Frame.reals` to become zero. Not equal where it cannot.
    var loadReals = 0
    /// Called for the time, and for the clock of the number in rdx, in rax; 0 where only the interpreter can tell it.
    /// And after a change of what in `mstatus` says how the hart sees memory.
    var readTime = 0
    var readClock = 0
    var updateViews = 0
  }

  init(
    _ assembler: Assembler, _ places: UnsafeMutablePointer<Int8>, _ stubs: Stubs, hasShortInstructions: Bool,
    _ features: HartFeatures, host: HostFeatures, direct: DirectAccess?
  ) {
    self.features = features
    addressMask = features.xlen == 32 ? 0xffff_ffff : .max
    self.assembler = assembler
    entry = assembler.cursor
    entryJump = assembler.cursor
    checkedEntry = assembler.cursor
    guardJump = assembler.cursor
    deltaCursor = assembler.cursor
    flagsCursor = assembler.cursor
    accumulatorCursor = assembler.cursor
    self.places = places
    uses = .allocate(capacity: 256)
    uses.initialize(repeating: 0, count: 256)
    self.stubs = stubs
    self.hasShortInstructions = hasShortInstructions
    self.host = host
    self.direct = direct
    sites = .allocate(capacity: 4 * Self.regionLimit + 4)
    sides = .allocate(capacity: (1 + Calls.limit) * (2 * Self.regionLimit + 4))
    misses = .allocate(capacity: 6 * Self.regionLimit + 6)
    rares = .allocate(capacity: 4 * Self.regionLimit + 4)
    groups = .allocate(capacity: Self.regionLimit + 4)
    openGroups = .allocate(capacity: 64)
    shifts = .allocate(capacity: 64)
    shifts.initialize(repeating: 0, count: 64)
    careful = .allocate(capacity: Self.regionLimit + 4)
  }

  func deallocate() {
    uses.deallocate()
    sites.deallocate()
    sides.deallocate()
    misses.deallocate()
    rares.deallocate()
    groups.deallocate()
    openGroups.deallocate()
    shifts.deallocate()
    careful.deallocate()
  }

  // MARK: Instructions that are left to the interpreter

  /// Gives up the instruction: `RegionTranslator` takes back what it emitted.
  @inline(never) mutating func leave() -> Term {
    isLeft = true
    return Term(immediate: 0)
  }

  /// Leaves to the interpreter at this instruction, at run time, where `condition` holds; the region goes on
  /// behind it (see `completeMisses`).
  @inline(__always) mutating func leave(if condition: HostCondition) {
    misses[missCount] = Miss(
      site: assembler.jump(condition), pc: pc, executed: executed, owed: halves.owed)
    missCount += 1
  }

  // MARK: Places

  @inline(__always) static func displacement(_ word: Int) -> Int { word * 8 - 128 }

  /// A slot of the frame for a value that outlives an operation.
  mutating func slot() -> Leaf {
    if slotsUsed == Frame.slotCount {
      isLeft = true
      slotsUsed = 0
    }
    slotsUsed += 1
    return Leaf(.slot, slotsUsed - 1)
  }

  @inline(never) mutating func spill(_ term: Term) -> Leaf {
    let slot = slot()
    store(term, slot)
    return slot
  }

  @inline(never) mutating func store(_ term: Term, _ slot: Leaf) {
    compute(term, .rax)
    assembler.memory(Opcodes.store, .rax, .rbp, Frame.slot(slot.number))
  }

  /// The host register that holds the leaf; nil where none does.
  @inline(__always) func place(_ leaf: Leaf) -> HostRegister? {
    switch leaf.kind {
    case .guest:
      uses[leaf.number] &+= 1
      let place = places[leaf.number]
      return place < 0 ? nil : HostRegister(Int(place))
    case .host: return HostRegister(leaf.number)
    default: return nil
    }
  }

  /// `opcode` on a register and a leaf in memory.
  @inline(__always) mutating func memory(_ opcode: Int, _ d: HostRegister, _ leaf: Leaf, _ wide: Bool) {
    if isInAccumulator(leaf) {
      if opcode != Opcodes.load || d != .rax || !wide { assembler.registers(opcode, d, .rax, wide: wide) }
    } else if leaf.kind == .slot {
      assembler.memory(opcode, d, .rbp, Frame.slot(leaf.number), wide: wide)
    } else {
      assembler.memory(opcode, d, .rbp, Self.displacement(leaf.number), wide: wide)
    }
  }

  /// The leaf in some register, `temporary` where it is in none.
  @inline(__always) mutating func source(
    _ leaf: Leaf, _ immediate: Int64, _ temporary: HostRegister, _ wide: Bool
  )
    -> HostRegister
  {
    if let place = place(leaf) { return place }
    load(temporary, leaf, immediate, wide)
    return temporary
  }

  @inline(never) private mutating func load(_ d: HostRegister, _ leaf: Leaf, _ immediate: Int64, _ wide: Bool)
  {
    if leaf.kind == .constant || leaf.isZero {
      assembler.move(d, immediate: leaf.isZero ? 0 : immediate)
    } else {
      memory(Opcodes.load, d, leaf, wide)
    }
  }

  /// The leaf into `d`.
  @inline(__always) private mutating func move(
    _ d: HostRegister, _ leaf: Leaf, _ immediate: Int64, _ wide: Bool
  ) {
    let s = source(leaf, immediate, d, wide)
    if s != d { assembler.registers(Opcodes.load, d, s, wide: wide) }
  }

  /// `opcode` on `d` and the leaf, by `temporary` where that is a constant.
  @inline(__always) private mutating func apply(
    _ opcode: Int, _ d: HostRegister, _ leaf: Leaf, _ immediate: Int64, _ wide: Bool,
    _ temporary: HostRegister
  ) {
    if let s = place(leaf) {
      assembler.registers(opcode, d, s, wide: wide)
    } else if leaf.kind == .constant || leaf.isZero {
      load(temporary, leaf, immediate, wide)
      assembler.registers(opcode, d, temporary, wide: wide)
    } else {
      memory(opcode, d, leaf, wide)
    }
  }

  // MARK: Computing

  /// A value that is good only right after the operation that made it.
  private mutating func checkFresh(_ cursor: Int64) {
    if cursor != Int64(Int(bitPattern: assembler.cursor)) { isLeft = true }
  }

  /// The term's value into `d`: all 64 bits of wide and extended terms, the low 32 of others.
  @inline(never) mutating func compute(_ t: Term, _ d: HostRegister) {
    switch t.form {
    case .leaf:
      if t.left.kind == .host { checkFresh(t.immediate) }
      if t.isSignExtended {
        assembler.registers(Opcodes.loadSigned32, d, source(t.left, t.immediate, d, true))
      } else if t.isZeroExtended {
        assembler.registers(Opcodes.load, d, source(t.left, t.immediate, d, true), wide: false)
      } else {
        move(d, t.left, t.immediate, t.isWide)
      }
    case .memory:
      checkFresh(t.immediate)
      access(t.memoryOpcode, d, wide: t.isWide)
    case .condition:
      let condition = HostCondition(Int(t.bits >> 56))
      compare(t.left, t.right, t.immediate, t.isWide)
      assembler.set(condition, d)
    case .operation:
      if t.isZeroExtended {
        binary(t, .rax)
        assembler.registers(Opcodes.load, d, .rax, wide: false)
      } else if !t.isSignExtended {
        binary(t, d)
      } else if t.isCopy {
        // sext.w
        assembler.registers(Opcodes.loadSigned32, d, source(t.left, 0, d, true))
      } else if t.isSmall {
        binary(t, d)
      } else if t.op.isWide {
        binary(t, .rax)
        assembler.registers(Opcodes.loadSigned32, d, .rax)
      } else {
        binary(t, d)
        let isNoted = flagsCursor == assembler.cursor
        assembler.registers(Opcodes.loadSigned32, d, d)
        // Zero or not, and its sign, are those of the low half.
        if isNoted { flagsCursor = assembler.cursor }
      }
    }
  }

  @inline(__always) private mutating func binary(_ t: Term, _ d: HostRegister) {
    if t.op.isUnary {
      unary(t, d)
    } else if t.op.isVector {
      vector(t, d)
    } else if t.op.isBitwise {
      bitwise(t, d)
    } else if t.right.kind == .constant && !t.op.isWide {
      binaryConstant(t, d)
    } else if t.op.isWide {
      accumulator(t, d)
    } else if t.op.isShift, t.op != .rotateLeft, t.op != .rotateRight, host.contains(.bmi2),
      t.left.kind != .constant
    {
      // shlx, shrx, sarx
      let distance = source(t.right, 0, .rcx, false)
      let prefix = t.op == .shiftLeft ? 0x66 : t.op == .shiftRight ? 0xf2 : 0xf3
      assembler.avx(
        prefix, 0xf7, d.number, distance.number, operandPlace(t.left, .rax), map: .x38, wide: t.isWide)
    } else if t.op.isShift {
      let distance = source(t.right, 0, .rcx, false)
      assembler.move(.rcx, distance)
      move(.rax, t.left, t.immediate, t.isWide)
      let rex = t.isWide
      assembler.registers(Opcodes.shift, HostRegister(t.op.digit), .rax, wide: rex)
      if d != .rax { assembler.registers(Opcodes.load, d, .rax, wide: rex) }
    } else {
      binaryLeaves(t, d)
    }
  }

  /// A leaf as an operand of an instruction with a VEX prefix.
  mutating func operandPlace(_ leaf: Leaf, _ temporary: HostRegister) -> RealPlace {
    if leaf.kind == .slot { return .state(Frame.slot(leaf.number)) }
    if leaf.kind == .guest && !leaf.isZero && place(leaf) == nil {
      return .state(Self.displacement(leaf.number))
    }
    return .xmm(source(leaf, 0, temporary, true).number)
  }

  /// With an inverted operand, or on one bit.
  @inline(never) private mutating func bitwise(_ t: Term, _ d: HostRegister) {
    switch t.op {
    case .andNot where host.contains(.bmi1):
      // andn
      let inverted = source(t.right, 0, .rcx, true)
      assembler.avx(0, 0xf2, d.number, inverted.number, operandPlace(t.left, .rax), map: .x38, wide: true)
    case .andNot, .orNot:
      move(.rcx, t.right, 0, true)
      assembler.registers(Opcodes.unary, HostRegister(2), .rcx)
      apply(t.op == .orNot ? Arithmetic.or.opcode : Arithmetic.and.opcode, .rcx, t.left, 0, true, .rax)
      assembler.move(d, .rcx)
    case .exclusiveNor:
      move(.rcx, t.left, t.immediate, true)
      apply(Arithmetic.exclusiveOr.opcode, .rcx, t.right, 0, true, .rax)
      assembler.registers(Opcodes.unary, HostRegister(2), .rcx)
      assembler.move(d, .rcx)
    case .testBit where t.right.kind == .constant:
      move(.rax, t.left, 0, true)
      assembler.shift(5, .rax, immediate: Int(t.immediate) & 63, wide: true)
      assembler.arithmetic(.and, .rax, immediate: 1, wide: false)
      assembler.move(d, .rax)
    case .shiftHalfLeft:
      assembler.registers(Opcodes.load, d, source(t.left, 0, d, false), wide: false)
      assembler.shift(4, d, immediate: Int(t.immediate) & 63, wide: true)
    case .testBit:
      // bt, setc
      let place = source(t.right, 0, .rcx, true)
      assembler.registers(0x0fa3, place, source(t.left, 0, .rax, true))
      assembler.set(.below, d)
    default:
      // bts, btr, btc
      let place = source(t.right, 0, .rcx, true)
      let opcode = t.op == .setBit ? 0x0fab : t.op == .clearBit ? 0x0fb3 : 0x0fbb
      let target: HostRegister = d == place ? .rax : d
      move(target, t.left, 0, true)
      assembler.registers(opcode, place, target)
      assembler.move(d, target)
    }
  }

  /// `yes` where the condition holds, else `no`, without a jump; nil where they are more than leaves.
  mutating func choose(
    _ c: Term.Condition, _ yes: Term, _ no: Term, _ emission: UnsafeMutablePointer<Emission>
  ) -> Term? {
    func isSimple(_ t: Term) -> Bool {
      t.form == .leaf && !t.isSignExtended && !t.isZeroExtended && t.isWide
        && (t.left.kind == .constant || t.left.kind == .guest)
    }
    guard isSimple(yes), isSimple(no), !(yes.isConstant && no.isConstant) else { return nil }
    // The one that is a constant is there first.
    let (first, second, condition) =
      yes.isConstant ? (yes, no, c.host.negated) : (no, yes, c.host)
    move(.rdx, first.left, first.immediate, true)
    compare(c)
    let opcode = Opcodes.move(if: condition)
    if let place = place(second.left) {
      assembler.registers(opcode, .rdx, place)
    } else if second.left.isZero {
      // The flags stay.
      assembler.memory(opcode, .rdx, .rbp, Self.displacement(0))
    } else {
      memory(opcode, .rdx, second.left, true)
    }
    return Term(
      Leaf(.host, HostRegister.rdx.number), immediate: Int64(Int(bitPattern: assembler.cursor)), emission)
  }

  /// With a constant on the right.
  @inline(never) private mutating func binaryConstant(_ t: Term, _ d: HostRegister) {
    let wide = t.isWide
    if t.op.isShift {
      let distance = Int(t.immediate) & (wide ? 63 : 31)
      if t.op == .rotateRight, distance != 0, host.contains(.bmi2), place(t.left) != d {
        // rorx
        assembler.avx(
          0xf2, 0xf0, d.number, 0, operandPlace(t.left, .rax), map: .x3a, wide: wide, trailing: 1)
        assembler.byte(distance)
        return
      }
      move(d, t.left, 0, wide)
      if distance != 0 { assembler.shift(t.op.digit, d, immediate: distance, wide: wide) }
      return
    }
    guard let operation = t.op.arithmetic, t.immediate == Int64(Int32(truncatingIfNeeded: t.immediate)) else {
      let s = source(t.left, 0, .rax, wide)
      assembler.move(.rcx, immediate: t.immediate)
      assembler.registers(t.op.opcode, .rcx, s, wide: wide)
      assembler.move(d, .rcx)
      if t.op == .subtract { isLeft = true }
      return
    }
    let v = Int(t.immediate)
    if t.left.isZero && (operation == .add || operation == .or || operation == .exclusiveOr) {
      assembler.move(d, immediate: wide ? t.immediate : t.immediate & 0xffff_ffff)
    } else if operation == .add {
      let s = source(t.left, 0, d, wide)
      if v == 0 {
        assembler.move(d, s)
      } else if s == d {
        assembler.arithmetic(.add, d, immediate: v, wide: wide)
        noteFlags(d, isLogical: false, isWide: wide)
      } else {
        assembler.memory(Opcodes.address, d, s, v, wide: wide)
      }
    } else if operation == .and && (v == 0xff || v == 0xffff) {
      // The prefix of a wide operation makes sil and dil bytes, too.
      assembler.registers(
        v == 0xff ? Opcodes.loadUnsigned8 : Opcodes.loadUnsigned16, d, source(t.left, 0, d, wide))
    } else {
      move(d, t.left, 0, wide)
      if operation == .exclusiveOr && v == -1 {
        assembler.registers(Opcodes.unary, HostRegister(2), d, wide: wide)
      } else {
        assembler.arithmetic(operation, d, immediate: v, wide: wide)
        noteFlags(d, isLogical: operation != .subtract, isWide: wide)
      }
    }
  }

  @inline(never) private mutating func binaryLeaves(_ t: Term, _ d: HostRegister) {
    let wide = t.isWide
    if t.op == .addDouble || t.op == .addQuadruple || t.op == .addOctuple {
      let scale = Int(t.op.rawValue - Operator.addDouble.rawValue) + 1
      let index = source(t.right, 0, .rcx, wide)
      assembler.indexed(
        Opcodes.address, d, source(t.left, 0, .rax, wide), index, scale: scale, wide: wide)
      return
    }
    let left = place(t.left)
    let right = place(t.right)
    if t.op == .add && t.right.isZero || t.op == .or && t.right.isZero {
      move(d, t.left, t.immediate, wide)
    } else if t.op == .add && t.left.isZero {
      move(d, t.right, 0, wide)
    } else if left == d {
      apply(t.op.opcode, d, t.right, 0, wide, .rcx)
      noteFlags(t.op, d, isWide: wide)
    } else if right == d && t.op.commutes {
      apply(t.op.opcode, d, t.left, t.immediate, wide, .rcx)
      noteFlags(t.op, d, isWide: wide)
    } else if t.op == .add, let left, let right {
      assembler.indexed(Opcodes.address, d, left, right, wide: wide)
    } else if right == d {
      move(.rax, t.left, t.immediate, wide)
      apply(t.op.opcode, .rax, t.right, 0, wide, .rcx)
      assembler.move(d, .rax)
    } else {
      move(d, t.left, t.immediate, wide)
      apply(t.op.opcode, d, t.right, 0, wide, .rcx)
      noteFlags(t.op, d, isWide: wide)
    }
  }

  @inline(__always) private mutating func noteFlags(_ op: Operator, _ d: HostRegister, isWide: Bool) {
    if op == .multiply { return }
    noteFlags(d, isLogical: op != .add && op != .subtract, isWide: isWide)
  }

  @inline(never) private mutating func unary(_ t: Term, _ d: HostRegister) {
    let wide = t.isWide
    let width = wide ? 64 : 32
    let s = source(t.left, 0, .rdx, wide)
    switch t.op {
    // The prefix of all registers' low bytes comes with the wide form alone.
    case .signedByte: signed(Opcodes.loadSigned8, d, s, t)
    case .signedHalf: signed(Opcodes.loadSigned16, d, s, t)
    case .allBut:
      assembler.move(.rax, immediate: -1)
      assembler.registers(0x0fb3, s, .rax)
      assembler.move(d, .rax)
    case .leadingZeros where host.contains(.bmi1), .trailingZeros where host.contains(.bmi1):
      // lzcnt, tzcnt
      assembler.byte(0xf3)
      assembler.registers(t.op == .leadingZeros ? 0x0fbd : 0x0fbc, d, s, wide: wide)
    case .leadingZeros, .trailingZeros:
      // The bit found, or what makes the width where there is none.
      let isLeading = t.op == .leadingZeros
      assembler.move(.rax, immediate: Int64(isLeading ? 2 * width - 1 : width))
      assembler.registers(isLeading ? Opcodes.scanReverse : Opcodes.scanForward, .rcx, s, wide: wide)
      assembler.registers(Opcodes.move(if: .notEqual), .rax, .rcx, wide: false)
      if isLeading { assembler.arithmetic(.exclusiveOr, .rax, immediate: width - 1, wide: false) }
      assembler.move(d, .rax)
    case .byteReversal:
      assembler.move(d, s)
      assembler.swapBytes(d, wide: wide)
    case .population:
      if !host.contains(.popcnt) { isLeft = true }
      assembler.byte(0xf3)
      assembler.registers(0x0fb8, d, s, wide: wide)
    case .bitReversal:
      // Neighbours change places, then pairs, then nibbles.
      assembler.move(.rax, s)
      for (distance, mask) in [(1, 0x5555_5555_5555_5555), (2, 0x3333_3333_3333_3333)] as [(Int, Int64)] {
        splitByMask(distance, mask)
        assembler.indexed(Opcodes.address, .rax, .rdx, .rax, scale: distance)
      }
      splitByMask(4, 0x0f0f_0f0f_0f0f_0f0f)
      assembler.shift(4, .rax, immediate: 4, wide: true)
      assembler.registers(Arithmetic.or.opcode, .rax, .rdx)
      assembler.move(d, .rax)
    default:
      // The top bit of each byte that is not zero, spread over the byte.
      assembler.move(.rcx, immediate: 0x7f7f_7f7f_7f7f_7f7f)
      assembler.move(.rax, s)
      assembler.registers(Arithmetic.and.opcode, .rax, .rcx)
      assembler.registers(Arithmetic.add.opcode, .rax, .rcx)
      assembler.registers(Arithmetic.or.opcode, .rax, s)
      assembler.registers(Opcodes.unary, HostRegister(2), .rcx)
      assembler.registers(Arithmetic.and.opcode, .rax, .rcx)
      assembler.move(.rcx, .rax)
      assembler.shift(5, .rcx, immediate: 7, wide: true)
      assembler.move(.rdx, .rax)
      assembler.registers(Arithmetic.subtract.opcode, .rax, .rcx)
      assembler.registers(Arithmetic.or.opcode, .rax, .rdx)
      assembler.move(d, .rax)
    }
  }

  private mutating func signed(_ opcode: Int, _ d: HostRegister, _ s: HostRegister, _ t: Term) {
    assembler.registers(opcode, d, s)
    // Of a 32-bit hart.
    if !t.isSignExtended { assembler.registers(Opcodes.load, d, d, wide: false) }
  }

  /// rax's bits under the mask stay there; those so far above them go under the mask in rdx. Uses rcx.
  private mutating func splitByMask(_ distance: Int, _ mask: Int64) {
    assembler.move(.rcx, immediate: mask)
    assembler.move(.rdx, .rax)
    assembler.shift(5, .rdx, immediate: distance, wide: true)
    assembler.registers(Arithmetic.and.opcode, .rdx, .rcx)
    assembler.registers(Arithmetic.and.opcode, .rax, .rcx)
  }

  /// Operations on rdx:rax.
  @inline(never) private mutating func accumulator(_ t: Term, _ d: HostRegister) {
    let wide = t.isWide
    let operand = source(t.right, t.immediate, .rcx, wide)
    move(.rax, t.left, t.immediate, wide)
    if t.op.isSignedDivision { assembler.extendAccumulator(wide: wide) }
    if t.op.isUnsignedDivision {
      assembler.registers(Arithmetic.exclusiveOr.opcode, .rdx, .rdx, wide: false)
    }
    assembler.registers(Opcodes.unary, HostRegister(t.op.digit), operand, wide: wide)
    let isQuotient = t.op == .quotient || t.op == .quotientUnsigned
    assembler.move(d, isQuotient ? .rax : .rdx)
  }

  @inline(never) mutating func compare(_ c: Term.Condition) {
    if flagsCursor == assembler.cursor, c.right.isZero, c.isWide || isHalf || !flagsAreWide,
      place(c.left) == flagsRegister,
      flagsAreLogical || c.host == .equal || c.host == .notEqual
    {
      return
    }
    compare(c.left, c.right, c.immediate, c.isWide && !isHalf)
  }

  @inline(never) private mutating func compare(_ left: Leaf, _ right: Leaf, _ immediate: Int64, _ wide: Bool)
  {
    let s = source(left, immediate, .rax, wide)
    if right.isZero || right.kind == .constant && immediate == 0 {
      assembler.registers(Opcodes.test, s, s, wide: wide)
    } else if right.kind == .constant && immediate == Int64(Int32(truncatingIfNeeded: immediate)) {
      assembler.arithmetic(.compare, s, immediate: Int(immediate), wide: wide)
    } else {
      apply(Arithmetic.compare.opcode, s, right, immediate, wide, .rcx)
    }
  }

  // MARK: What the instruction before left

  /// The flags say how register `d`'s new value compares with zero; where only that they are equal, not
  /// `isLogical`.
  @inline(__always) private mutating func noteFlags(_ d: HostRegister, isLogical: Bool, isWide: Bool) {
    flagsRegister = d
    flagsAreLogical = isLogical
    flagsAreWide = isWide
    flagsCursor = assembler.cursor
  }

  /// rax still holds the word, which was stored just now.
  @inline(__always) private func isInAccumulator(_ leaf: Leaf) -> Bool {
    accumulatorCursor == assembler.cursor && leaf.bits == accumulatorLeaf.bits
  }

  /// Somebody may come in here, or what was emitted is taken back: flags and rax are anything.
  mutating func forgetPassing() {
    flagsCursor = checkedEntry
    accumulatorCursor = checkedEntry
  }

  /// The term's value into a word of the state block.
  @inline(never) mutating func write(_ word: Int, _ t: Term) {
    if word == Int(Operation.sink) { return }
    var t = t
    if isHalf { t.bits = t.bits & ~Term.wideBit | Term.signBit }
    let small = isSmall(t)
    uses[word] &+= 1
    let place = places[word]
    if place >= 0 {
      let isOwed = canOwe(t)
      if isOwed {
        t.bits &= ~Term.signBit
        // A sext.w of a register to itself emits nothing, and flags of 64 bits say nothing of the low half.
        if flagsAreWide { flagsCursor = checkedEntry }
      }
      compute(t, HostRegister(Int(place)))
      carryGroups(to: word, t)
      halves.note(word, isSmall: small, isOwed: isOwed)
      return
    }
    halves.note(word, isSmall: small)
    carryGroups(to: word, t)
    let displacement = Self.displacement(word)
    // In memory where x86 can.
    if t.form == .operation, t.isWide, !t.isZeroExtended, t.left.bits == Leaf(.guest, word).bits,
      t.right.kind == .constant, let operation = t.op.arithmetic,
      t.immediate == Int64(Int32(truncatingIfNeeded: t.immediate))
    {
      assembler.arithmetic(operation, .rbp, displacement, immediate: Int(t.immediate))
      return
    }
    compute(t, .rax)
    assembler.memory(Opcodes.store, .rax, .rbp, displacement)
    accumulatorLeaf = Leaf(.guest, word)
    accumulatorCursor = assembler.cursor
  }
}
