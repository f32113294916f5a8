// Unsafe pointers: `context` and `jumpCache` are owned here; `context.table` belongs to the hart.
import RISCV

/// A hart run by translated code, with the interpreter behind for what that leaves.
///
/// Not yet an accelerator: regions are keyed by virtual address and forgotten when privilege or translation
/// change; writes to code that was translated are not noticed, and interrupts are looked at only where the
/// interpreter runs.
package final class TranslatedHart {
  private typealias Enter =
    @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer, UnsafeMutableRawPointer) -> Int

  package let hart: Hart
  package let translator: RegionTranslator
  private let context: UnsafeMutablePointer<Context>
  private let jumpCache: UnsafeMutablePointer<JumpCacheEntry>
  private let enter: Enter
  private var privilege: Privilege
  private var satp: UInt64

  /// By opcode: instructions that the interpreter ran, for whatever reason.
  package private(set) var interpreted = [Int](repeating: 0, count: Opcode.allCases.count)
  /// How often translated code came back.
  package private(set) var exits = 0

  package init(_ hart: Hart, codeSize: Int = 32 << 20) throws(CodeMemoryError) {
    let memory = try CodeMemory(size: codeSize)
    guard hart.features.xlen == 64 else { throw CodeMemoryError(description: "only RV64 is translated") }
    self.hart = hart
    translator = RegionTranslator(memory: memory, hasShortInstructions: hart.hasShortInstructions)
    context = .allocate(capacity: 1)
    context.initialize(to: Context())
    jumpCache = .allocate(capacity: JumpCacheEntry.count)
    jumpCache.initialize(
      repeating: JumpCacheEntry(pc: JumpCacheEntry.none, code: 0), count: JumpCacheEntry.count)
    context.pointee.jumpCache = UInt(bitPattern: jumpCache)
    let address = translator.emission.pointee.stubs.enter
    guard let code = UnsafeRawPointer(bitPattern: address) else {
      preconditionFailure("code at address zero")
    }
    enter = unsafeBitCast(code, to: Enter.self)
    privilege = hart.state.pointee.privilege
    satp = hart.state.pointee.satp
  }

  deinit {
    context.deallocate()
    jumpCache.deallocate()
  }

  /// Runs up to `budget` instructions, as `Hart.run` does.
  package func run(_ budget: Int) -> Hart.Outcome {
    var left = budget
    while left > 0 {
      guard let code = code(at: hart.state.pointee.pc) else {
        let outcome = interpret(1, &left)
        if outcome != .budgetSpent { return outcome }
        continue
      }
      let reason = go(code, &left)
      switch reason {
      case .lookup, .none: break
      case .link: link()
      case .interpret, .budget:
        if left == 0 { break }
        let outcome = interpret(reason == .budget ? left : 1, &left)
        if outcome != .budgetSpent { return outcome }
      }
    }
    return .budgetSpent
  }

  /// Runs translated code until it comes back.
  private func go(_ code: UnsafeRawPointer, _ left: inout Int) -> ExitReason? {
    let state = hart.state
    let mode = Int(truncatingIfNeeded: state.pointee.roundingMode)
    context.pointee.table = UInt(bitPattern: hart.dataTable)
    context.pointee.control = UInt32(HostControl.masks | HostControl.rounding(mode))
    state.pointee.budget = left
    let reason = enter(state, code, context)
    exits += 1
    state.pointee.retired &+= UInt64(left - state.pointee.budget)
    left = state.pointee.budget
    state.pointee.budget = 0
    let flags = HostControl.guestFlags(context.pointee.controlAfter)
    if flags != 0 { state.pointee.floatFlags |= flags }
    return ExitReason(rawValue: reason)
  }

  /// Runs `count` instructions by the interpreter.
  private func interpret(_ count: Int, _ left: inout Int) -> Hart.Outcome {
    let state = hart.state
    var changesCode = false
    if let page = hart.decodedPage(at: state.pointee.pc) {
      let opcode = page[Int(state.pointee.pc & 0xfff) / 2].opcode
      interpreted[Int(opcode.rawValue)] += 1
      changesCode = opcode == .sfence_vma || opcode == .sinval_vma || opcode == .fence_i
    }
    let outcome = hart.run(count)
    // Traps use up budget without retiring anything.
    if outcome == .budgetSpent { left -= count }
    if changesCode || privilege != state.pointee.privilege || satp != state.pointee.satp { forget() }
    return outcome
  }

  private func link() {
    let pc = hart.state.pointee.pc
    let site = context.pointee.site
    let count = generation
    guard code(at: pc) != nil, generation == count else { return }
    translator.link(site, to: pc)
  }

  /// The code for `pc`, translated if need be, also entered into the jump cache; nil where it cannot be.
  private func code(at pc: UInt64) -> UnsafeRawPointer? {
    if translator.code(at: pc) == nil {
      guard let page = hart.decodedPage(at: pc) else { return nil }
      if translator.isFull { forget() }
      translator.translate(pc, page, hart)
    }
    guard let code = translator.code(at: pc) else { return nil }
    jumpCache[Int(truncatingIfNeeded: pc >> 1) % JumpCacheEntry.count] = JumpCacheEntry(
      pc: pc, code: UInt(bitPattern: code))
    return code
  }

  /// Times that everything was forgotten: sites from before are void.
  private var generation = 0

  /// The first address of every region there is.
  package var regions: [UInt64] { translator.regions }

  /// Forgets all translations.
  package func forget() {
    generation += 1
    translator.removeAll()
    jumpCache.update(repeating: JumpCacheEntry(pc: JumpCacheEntry.none, code: 0), count: JumpCacheEntry.count)
    privilege = hart.state.pointee.privilege
    satp = hart.state.pointee.satp
  }
}
