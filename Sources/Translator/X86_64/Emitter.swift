// Unsafe pointers: `emission` is owned by `RegionTranslator`.
import RISCV

/// The `Executor` that emits x86-64 code instead of computing. What it does not lower leaves the instruction
/// to the interpreter: `RegionTranslator` then ends the region before it.
struct Emitter: Executor {
  typealias Value = Term
  typealias Half = Term
  typealias Trap = Never
  static var width: Int { 64 }

  let emission: UnsafeMutablePointer<Emission>

  // MARK: Registers

  @inline(__always) subscript(x register: Int) -> Term {
    get { Term(Leaf(.guest, register), emission) }
    nonmutating set { emission.pointee.write(register, newValue) }
  }
  @inline(__always) func half(_ v: Term) -> Term { v.narrowed }
  @inline(__always) func extended(_ v: Term) -> Term {
    Term(bits: v.bits | Term.signBit, immediate: v.immediate, emission: v.emission)
  }
  @inline(__always) func zeroExtended(_ v: Term) -> Term {
    Term(bits: v.bits | Term.zeroBit, immediate: v.immediate, emission: v.emission)
  }

  // MARK: Control

  /// Out of line: smaller code, and no slower.
  @inline(never) mutating func rare(_ i: Operation) { performRare(i) }

  @inline(__always) func pc(plus distance: Int32) -> Term {
    Term(immediate: Int64(bitPattern: emission.pointee.pc) &+ Int64(distance))
  }

  @inline(__always) mutating func shortForm() { emission.pointee.length = 2 }

  mutating func branch(if condition: Term.Condition, by distance: Int32) {
    emission.pointee.branch(condition, distance)
  }

  mutating func jump(by distance: Int32, link: Int) { emission.pointee.jump(distance, link) }

  mutating func jump(to address: Term, link: Int) { emission.pointee.jump(address, link) }

  mutating func fence(_ i: Operation) {
    // The host keeps all orders but an earlier store before a later load.
    let orders = Int(i.immediate)
    if orders & 0x50 != 0 && orders & 0x0a != 0 { emission.pointee.fence() }
  }

  // MARK: What is left to the interpreter

  /// The region goes on behind what neither jumps nor changes how the hart looks at memory.
  mutating func system(_ i: Operation) {
    switch i.opcode {
    case .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci:
      if !emission.pointee.accessControl(i) { leave() }
    case .cbo_zero where emission.pointee.features.cacheBlockSize == 64:
      emission.pointee.zeroBlock(a(i))
    case .fence_i:
      emission.pointee.fenceInstructions()
    case .pause:
      // The host's own hint.
      emission.pointee.assembler.byte(0xf3)
      emission.pointee.assembler.byte(0x90)
    case .wrs_nto, .wrs_sto, .cbo_clean, .cbo_flush, .cbo_inval, .cbo_zero:
      leave()
    default:
      leave()
      emission.pointee.endsHere = true
    }
  }

  mutating func control(_ i: Operation) {
    // Behind the page's last instruction the next page goes on.
    if i.opcode == .pageEnd {
      emission.pointee.endAtPageEnd()
    } else {
      leave()
      emission.pointee.endsHere = true
    }
  }

  @inline(__always) private func leave() { _ = emission.pointee.leave() }
}

extension Emission {
  /// Where the next instruction is.
  private var next: UInt64 { (pc &+ UInt64(length)) & addressMask }

  private func isMisaligned(_ target: UInt64) -> Bool { !hasShortInstructions && target & 2 != 0 }

  /// A region that is a loop has several turns of it, if they are short, so that what one proves of memory serves
  /// the next. So many instructions then.
  static let instructionsOfTurns = 32
  /// Jumps that a region follows at most, and only before so many of its instructions.
  private static let mostFollowed = 4
  private static let lateToFollow = 48

  /// Has the region go on at `target`, where a jump leads; false where it had better end.
  private mutating func follow(to target: UInt64) -> Bool {
    guard linksRegions, target & ~0xfff == page else { return false }
    if target == entryPC {
      if turn == 0 { turn = executed + 1 }
      guard executed + 1 + turn <= Self.instructionsOfTurns else { return false }
    } else {
      guard target > pc, followed < Self.mostFollowed, executed < Self.lateToFollow else { return false }
      followed += 1
    }
    continuation = target
    return true
  }

  /// The address of the instruction that follows on the trace.
  private var follower: UInt64? {
    trace?.follower(of: secondPC ?? pc, secondPC == nil ? executed : executed + 1)
  }

  /// Other backward branches end the region: what goes on behind them is a region of its own, so that a loop's
  /// jump back needs no correction of the budget.
  mutating func branch(_ condition: Term.Condition, _ distance: Int32) {
    let target = (pc &+ UInt64(bitPattern: Int64(distance))) & addressMask
    if isMisaligned(target) { isLeft = true }
    if let ahead = follower, ahead == target || ahead == next {
      compare(condition)
      let isTaken = ahead == target
      exit(
        to: isTaken ? next : target, from: assembler.jump(isTaken ? condition.host.negated : condition.host),
        executed + 1)
      if isTaken { continuation = target }
      return
    }
    let isTurn = target == entryPC && follow(to: target)
    let isLast = distance <= 0 && !isTurn
    if isLast { settle() }
    compare(condition)
    exit(
      to: isTurn ? next : target, from: assembler.jump(isTurn ? condition.host.negated : condition.host),
      executed + 1)
    if isLast { end(at: next) }
  }

  mutating func jump(_ distance: Int32, _ link: Int) {
    let target = (pc &+ UInt64(bitPattern: Int64(distance))) & addressMask
    if isMisaligned(target) { isLeft = true }
    write(link, Term(immediate: Int64(bitPattern: next)))
    if Self.isLinkRegister(link) {
      if follower == target, calls.count < Calls.limit {
        return goInto(target, link)
      }
      assembler.move(.rax, immediate: Int64(bitPattern: target))
      checkDepth()
      sides[sideCount] = SideExit(
        site: assembler.call(), target: target, executed: -1, isNear: target & ~0xfff == page)
      sideCount += 1
      leavesInline = true
      returnPoint(next)
      end(at: next)
    } else if follower == target {
      continuation = target
    } else if !follow(to: target) {
      end(at: target)
    }
  }

  /// x1 and x5, by which calls and returns are known (RISC-V Unprivileged, §2.5.1).
  static func isLinkRegister(_ register: Int) -> Bool { register == 1 || register == 5 }

  /// A host call pushes where the guest's return leads to; nothing but a hint, which the return point checks.
  /// Where the stack has grown deep, everything on it is given up. rax: the call's target.
  mutating func checkDepth() {
    assembler.memory(Arithmetic.compare.opcode, .rsp, .rbp, Frame.stackLimit)
    assembler.jump(.below, to: stubs.find)
  }

  /// Here returns come in with their target in rax: nearly always `address`, behind the call.
  mutating func returnPoint(_ address: UInt64) {
    compareTarget(address)
    assembler.jump(.notEqual, to: stubs.lookup)
  }

  /// Equal where rax is `address`.
  private mutating func compareTarget(_ address: UInt64) {
    let address = Int64(bitPattern: address)
    if address == Int64(Int32(truncatingIfNeeded: address)) {
      assembler.arithmetic(.compare, .rax, immediate: Int(address))
    } else {
      assembler.move(.rcx, immediate: address)
      assembler.registers(Arithmetic.compare.opcode, .rax, .rcx)
    }
  }

  /// Has the region go on in what is called.
  private mutating func goInto(_ target: UInt64, _ register: Int) {
    calls.append(next)
    if register == 1 { link = next }
    continuation = target
  }

  /// Has the region go on behind the call that it is in, where that returns there.
  private mutating func goBack(_ address: Term, to target: UInt64) {
    calls.removeLast()
    if address.form != .leaf || address.left.number != 1 || link != target {
      compute(address, .rax)
      assembler.arithmetic(.and, .rax, immediate: -2)
      compareTarget(target)
      exit(to: nil, from: assembler.jump(.notEqual), executed + 1)
    }
    if follower == target { continuation = target } else { end(at: target) }
  }

  mutating func jump(_ address: Term, _ link: Int) {
    let isReturn =
      link == Int(Operation.sink) && Self.isLinkRegister(address.left.number) && address.left.kind == .guest
    if isReturn, hasShortInstructions, let target = calls.last { return goBack(address, to: target) }
    compute(address, .rax)
    assembler.arithmetic(.and, .rax, immediate: -2)
    if !hasShortInstructions {
      // test al, 2
      assembler.byte(0xa8)
      assembler.byte(2)
      leave(if: .notEqual)
    }
    write(link, Term(immediate: Int64(bitPattern: next)), keepingAddress: true)
    if Self.isLinkRegister(link) {
      if let target = follower, hasShortInstructions, calls.count < Calls.limit {
        compareTarget(target)
        goInto(target, link)
        exit(to: nil, from: assembler.jump(.notEqual), executed + 1)
        return
      }
      leavesInline = true
      checkDepth()
      assembler.call(stubs.lookup)
      returnPoint(next)
      end(at: next)
    } else if isReturn {
      leavesInline = true
      assembler.byte(0xc3)
      hasEnded = true
    } else {
      leavesInline = true
      // In place, so that the host predicts each of the guest's jumps by itself.
      assembler.lookUp(otherwise: stubs.find)
      hasEnded = true
    }
  }

  /// A constant into a register's place, rax untouched.
  private mutating func write(_ link: Int, _ value: Term, keepingAddress: Bool) {
    if link == Int(Operation.sink) { return }
    closeGroups(of: link)
    halves.note(link, isSmall: false)
    uses[link] &+= 1
    let place = places[link]
    if place >= 0 {
      assembler.move(HostRegister(Int(place)), immediate: value.immediate)
    } else {
      assembler.move(.rcx, immediate: value.immediate)
      assembler.memory(Opcodes.store, .rcx, .rbp, Self.displacement(link))
    }
  }

  mutating func fence() {
    if isAlone { return }
    // lock add qword [rsp], 0: quicker than mfence.
    assembler.byte(0xf0)
    assembler.arithmetic(.add, .rsp, 0, immediate: 0)
  }

  /// Stores forget the instructions that they hit; what is left to the interpreter is what translations do not
  /// know yet, and pages with stores in flight.
  mutating func fenceInstructions() {
    assembler.memory(Opcodes.load, .rax, .rbp, Frame.changes)
    assembler.memory(Opcodes.load, .rax, .rax, 0)
    assembler.memory(Arithmetic.compare.opcode, .rax, .rbp, Frame.seenChanges)
    leave(if: .notEqual)
    assembler.memory(Opcodes.load, .rax, .rbp, Frame.hasNewborn)
    // cmp byte [rax], 0
    assembler.memory(0x80, HostRegister(Arithmetic.compare.rawValue), .rax, 0, wide: false)
    assembler.byte(0)
    leave(if: .notEqual)
  }

  /// The region goes on at `target`, all its instructions executed.
  mutating func end(at target: UInt64) {
    settle()
    exit(to: target, from: assembler.jump(), -1)
    hasEnded = true
  }

  /// The jump at `site` leaves the region after `executed` instructions; without `target` for where rax says.
  mutating func exit(to target: UInt64?, from site: UnsafeMutableRawPointer, _ executed: Int) {
    sides[sideCount] = SideExit(
      site: site, target: target, executed: executed, isNear: target.map { $0 & ~0xfff == page } ?? false,
      calls: calls,
      owed: halves.owed)
    sideCount += 1
  }

  mutating func endAtPageEnd() {
    executed -= 1
    end(at: pc)
  }
}
