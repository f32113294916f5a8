// Unsafe pointers: `emission` and `places` are owned here; code is written only while
// `roomForRegion` bytes are free.
import RISCV

/// The regions of one virtual page that shows one page of decoded slots. A translation holds for that pair; the
/// pc is a constant in it.
package final class TranslatedPage {
  let virtual: UInt64
  let slots: UnsafeMutablePointer<Operation>
  /// What the fetch entry of `virtual` carries while it leads to these regions; never used again.
  fileprivate(set) var mark: UInt32
  /// The halfwords at which regions begin, and beside them the regions' offsets in the code memory. Most pages
  /// have few.
  private var halfwords: [UInt16] = []
  private var offsets: [UInt32] = []
  /// Beside a halfword: the careful region there.
  private static let carefulBit: UInt16 = 1 << 15
  /// Halfwords of instructions that access memory at random.
  private(set) var wanderers: Set<UInt16> = []

  init(_ virtual: UInt64, _ slots: UnsafeMutablePointer<Operation>, mark: UInt32) {
    self.virtual = virtual
    self.slots = slots
    self.mark = mark
  }

  /// The offset of the region at `pc` in this page; 0 for none.
  func offset(at pc: UInt64, careful: Bool = false) -> UInt32 {
    let halfword = Self.halfword(pc, careful)
    for i in halfwords.indices.reversed() where halfwords[i] == halfword { return offsets[i] }
    return 0
  }

  func add(_ pc: UInt64, careful: Bool, _ offset: UInt32) {
    halfwords.append(Self.halfword(pc, careful))
    offsets.append(offset)
  }

  private static func halfword(_ pc: UInt64, _ careful: Bool) -> UInt16 {
    UInt16(truncatingIfNeeded: pc & 0xfff) / 2 | (careful ? carefulBit : 0)
  }

  /// By the halfword at which a region begins: how the hart went on from there.
  private var traces: [UInt16: Trace] = [:]

  func add(_ trace: Trace, at pc: UInt64) { traces[Self.halfword(pc, false)] = trace }
  func trace(at pc: UInt64) -> Trace? { traces.isEmpty ? nil : traces[Self.halfword(pc, false)] }

  func noteWanderer(_ pc: UInt64) { wanderers.insert(Self.halfword(pc, false)) }
  func wanders(_ pc: UInt64) -> Bool { !wanderers.isEmpty && wanderers.contains(Self.halfword(pc, false)) }

  /// Forgets the regions; those to come go by another mark.
  func retire(nextMark: UInt32) {
    halfwords.removeAll(keepingCapacity: true)
    offsets.removeAll(keepingCapacity: true)
    wanderers.removeAll()
    traces.removeAll()
    mark = nextMark
  }

  /// The first address of every region.
  package var regions: [UInt64] { halfwords.map { virtual + 2 * UInt64($0 & ~Self.carefulBit) } }
}

/// Translates regions: runs of instructions from one entry, left by jumps only. They lie within one page unless a
/// trace leads on.
package final class RegionTranslator {
  /// Which host register holds which guest register throughout: the hottest by the calling convention.
  static let registerMap: [(guest: Int, host: HostRegister)] = [
    (10, .rbx), (11, .rsi), (12, .rdi), (13, .r8), (14, .r9), (15, .r10), (8, .r11), (9, .r12), (2, .r13),
    (1, .r14),
  ]
  /// Holds the hart's budget while translated code runs.
  static let budget = HostRegister.r15
  private static let roomForRegion = 64 << 10

  let memory: CodeMemory
  let emission: UnsafeMutablePointer<Emission>
  private let places: UnsafeMutablePointer<Int8>
  private let start: UnsafeMutableRawPointer

  /// Guest instructions of a region at most.
  var regionLimit = Emission.regionLimit
  package private(set) var instructionCount = 0
  package private(set) var regionCount = 0
  /// Jumps within a page go straight to regions that are there.
  var linksRegions: Bool {
    get { emission.pointee.linksRegions }
    set { emission.pointee.linksRegions = newValue }
  }
  /// What the region translated last consists of, while somebody reads that: not nil.
  package var layout: RegionLayout?
  /// By opcode: how often an instruction was left to the interpreter at translation.
  package private(set) var left = [Int](repeating: 0, count: Opcode.allCases.count)

  package init(memory: CodeMemory, _ hart: Hart, host: HostFeatures = .current) {
    precondition(HartState.Offset.areCurrent && HartState.Offset.engineArea == Emission.Frame.area)
    self.memory = memory
    limit = min(memory.size, 12 << 20)
    places = .allocate(capacity: 256)
    places.initialize(repeating: -1, count: 256)
    for (guest, host) in Self.registerMap { places[guest] = Int8(host.number) }
    for (guest, xmm) in Emission.realMap { places[Emission.realPlaces + guest] = Int8(xmm) }
    var assembler = Assembler(cursor: memory.writable, distance: memory.executable - memory.writable)
    assembler.long(0)  // Offset 0 means none.
    let stubs = assembler.emitStubs(Self.registerMap, readTime: hart.timeReader, readClock: hart.clockReader)
    start = assembler.cursor
    emission = .allocate(capacity: 1)
    emission.initialize(
      to: Emission(
        assembler, places, stubs, hasShortInstructions: hart.hasShortInstructions, hart.features,
        host: host, direct: hart.directBase.map(DirectAccess.init)))
  }

  deinit {
    emission.pointee.deallocate()
    emission.deallocate()
    places.deallocate()
  }

  /// Bytes of code so far.
  package var codeSize: Int { emission.pointee.assembler.cursor - start }

  /// Bytes of the code memory in use at most: less than there is as long as that does.
  private(set) var limit: Int

  /// No room for another region.
  package var isFull: Bool {
    limit - (emission.pointee.assembler.cursor - memory.writable) < Self.roomForRegion
  }

  /// Makes room where forgetting comes too often.
  func grow() { limit = min(memory.size, 2 * limit) }

  /// Forgets every region. The caller forgets what it knows of them.
  package func removeAll() {
    emission.pointee.assembler.cursor = start
    faultSites.removeAll(keepingCapacity: true)
  }

  /// Of all direct accesses, in the order of their code.
  private var faultSites: [FaultSite] = []

  /// Whose access the host's instruction at `address` is; nil where it is none.
  func faultSite(at address: UInt) -> FaultSite? {
    let offset = UInt32(truncatingIfNeeded: address &- UInt(bitPattern: memory.executable))
    var (low, high) = (0, faultSites.count)
    while low < high {
      let middle = (low + high) / 2
      if faultSites[middle].offset <= offset { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? faultSites[low - 1] : nil
  }

  private func addFaultSites() {
    let e = emission
    var loans = FaultSite.Loans(repeating: FaultSite.noLoan)
    for (i, loan) in e.pointee.loans.enumerated() {
      loans[i] = (UInt8(loan.guest), UInt8(loan.owner))
    }
    for i in 0..<e.pointee.siteCount {
      let site = e.pointee.sites[i]
      faultSites.append(
        FaultSite(
          offset: UInt32(truncatingIfNeeded: site.cursor - memory.writable),
          uncounted: UInt32(e.pointee.executed - site.executed), owed: site.owed, pc: site.pc,
          loans: loans))
    }
  }

  /// Where the code of the region at `pc` runs, behind the check; nil where none was translated yet.
  func code(at pc: UInt64, careful: Bool = false, in page: TranslatedPage) -> UInt? {
    let offset = page.offset(at: pc, careful: careful)
    guard offset != 0 else { return nil }
    return UInt(bitPattern: memory.executable) + UInt(offset)
  }

  /// Where the code of the region that was translated last ends.
  var end: UInt {
    UInt(bitPattern: memory.executable + (emission.pointee.assembler.cursor - memory.writable))
  }

  /// Translates the region at `pc` from its page's decoded slots, empty ones filled by `hart`. The caller has
  /// made sure that `isFull` is false.
  /// `startedPage` has other pages, for instructions that reach into the next one and for traces.
  func translate(
    _ pc: UInt64, careful: Bool = false, in page: TranslatedPage, _ hart: Hart,
    _ startedPage: (UInt64) -> TranslatedPage?
  ) {
    let e = emission
    e.pointee.isCareful = careful
    e.pointee.trace = careful ? nil : page.trace(at: pc)
    let start = e.pointee.assembler.cursor
    emit(pc, page, hart, startedPage)
    let loans = e.pointee.trace == nil ? [] : e.pointee.chooseLoans()
    if !loans.isEmpty {
      e.pointee.assembler.cursor = start
      e.pointee.beginLoans(loans)
      emit(pc, page, hart, startedPage)
      if !e.pointee.loansHold {
        // Somebody has changed the code meanwhile.
        e.pointee.assembler.cursor = start
        e.pointee.endLoans()
        emit(pc, page, hart, startedPage)
      }
    }
    page.add(
      pc, careful: careful,
      UInt32(truncatingIfNeeded: e.pointee.checkedEntry + Emission.guardSize - memory.writable))
    let exits = e.pointee.assembler.cursor - memory.writable
    e.pointee.finish(page, memory)
    addFaultSites()
    e.pointee.endLoans()
    if layout != nil { layout?.exits = exits..<e.pointee.assembler.cursor - memory.writable }
    instructionCount += e.pointee.executed
    regionCount += 1
  }

  /// The region's code but for its ways out.
  private func emit(
    _ pc: UInt64, _ first: TranslatedPage, _ hart: Hart, _ startedPage: (UInt64) -> TranslatedPage?
  ) {
    var page = first
    let e = emission
    e.pointee.begin(pc, page.mark)
    e.pointee.borrow()
    e.pointee.pay()
    let isRead = layout != nil
    if isRead {
      layout = RegionLayout()
      layout?.start = e.pointee.checkedEntry - memory.writable
      layout?.body = e.pointee.assembler.cursor - memory.writable
    }
    var emitter = Emitter(emission: e)
    var narrowEmitter = NarrowEmitter(emission: e)
    let isNarrow = e.pointee.features.xlen == 32
    func perform(_ operation: Operation) {
      let operation = e.pointee.prepared(operation)
      if isNarrow { narrowEmitter.perform(operation) } else { emitter.perform(operation) }
    }
    while !e.pointee.hasEnded {
      let slot = page.slots + Int(e.pointee.pc & 0xfff) / 2
      if slot.pointee.opcode == .undecoded && !hart.decode(slot, at: e.pointee.pc) {
        let begin = e.pointee.assembler.cursor
        e.pointee.endForInterpreter()
        if isRead { note(e.pointee.pc, from: begin, isLeft: true) }
        break
      }
      var operation = slot.whole
      if operation.opcode == .straddle && e.pointee.executed > 0 {
        // The next page is looked at when the instruction runs, not before.
        e.pointee.end(at: e.pointee.pc)
        break
      }
      let before = e.pointee.checkpoint
      if operation.opcode == .straddle, let next = startedPage(page.virtual &+ 4096),
        let instruction = hart.straddlingInstruction(at: e.pointee.pc)
      {
        operation = instruction
        e.pointee.compareMark(next)
        // Another instruction may be there then.
        e.pointee.leaveRegion(if: .notEqual)
      }
      e.pointee.slotsUsed = 0
      e.pointee.wanders = page.wanders(e.pointee.pc)
      var pair = operation.beginsPair ? pair(of: operation, at: slot, hart) : nil
      if let both = pair {
        e.pointee.length = both.length
        e.pointee.secondPC = e.pointee.pc &+ (operation.isShort ? 2 : 4)
        perform(both.operation)
        e.pointee.secondPC = nil
        e.pointee.length = both.length
        if e.pointee.isLeft {
          e.pointee.restore(before)
          pair = nil
        }
      }
      if pair == nil {
        e.pointee.length = 4
        perform(operation)
      }
      let isLeft = e.pointee.isLeft
      if isLeft {
        left[Int(operation.opcode.rawValue)] += 1
        let endsHere = e.pointee.endsHere
        e.pointee.restore(before)
        if endsHere {
          e.pointee.endForInterpreter()
          if isRead { note(e.pointee.pc, from: before.cursor, isLeft: true) }
          break
        }
        e.pointee.leaveAndGoOn(operation)
      }
      if isRead { note(e.pointee.pc, from: before.cursor, isLeft: isLeft) }
      if pair != nil {
        e.pointee.executed += 1
        if isRead {
          note(
            e.pointee.pc &+ (operation.isShort ? 2 : 4), from: e.pointee.assembler.cursor, isLeft: false)
        }
      }
      e.pointee.executed += 1
      e.pointee.keepDelta()
      if e.pointee.hasEnded { break }
      e.pointee.completeMisses(since: before)
      e.pointee.advance()
      // A long instruction may end in the next page.
      if e.pointee.executed >= regionLimit {
        e.pointee.end(at: e.pointee.pc)
      } else if e.pointee.pc & ~0xfff != e.pointee.page {
        if e.pointee.isOnTrace, let next = startedPage(e.pointee.pc & ~0xfff) {
          page = next
          e.pointee.cross(to: next)
        } else {
          e.pointee.end(at: e.pointee.pc)
        }
      }
    }
  }

  /// The operation that the instruction in `slot` and the next one are together, and the bytes of both.
  private func pair(of operation: Operation, at slot: UnsafeMutablePointer<Operation>, _ hart: Hart)
    -> (operation: Operation, length: Int)?
  {
    let length = operation.isShort ? 2 : 4
    let pc = emission.pointee.pc &+ UInt64(length)
    guard pc & ~0xfff == emission.pointee.page, emission.pointee.executed + 2 <= regionLimit else {
      return nil
    }
    let next = slot + length / 2
    if next.pointee.opcode == .undecoded && !hart.decode(next, at: pc) { return nil }
    let second = next.whole
    guard let both = operation.fused(with: second) else { return nil }
    return (both, length + (second.isShort ? 2 : 4))
  }

  /// What stands behind the call at `site` (an offset) to `Stubs.refuse`.
  func refusal(_ site: Int) -> Emission.Refusal {
    UnsafeRawPointer(memory.writable + site + 5).loadUnaligned(as: Emission.Refusal.self)
  }

  /// Lets what refused at `site` go to the careful region at `code` at once.
  func bypass(_ site: Int, to code: UInt) {
    let call = memory.writable + site
    call.storeBytes(of: 0xe9, as: UInt8.self)
    emission.pointee.assembler.complete(call + 1, to: Int(bitPattern: code))
  }

  /// Has what enters the region at `offset`, behind its check, run `code` instead.
  func replace(_ offset: UInt32, by code: UInt) {
    let entry = memory.writable + Int(offset)
    entry.storeBytes(of: 0xe9, as: UInt8.self)
    emission.pointee.assembler.complete(entry + 1, to: Int(bitPattern: code))
  }

  /// Lets the jump at `site` (an offset) go straight to `code`.
  func link(_ site: Int, to code: UInt) {
    emission.pointee.assembler.complete(memory.writable + site, to: Int(bitPattern: code))
  }
}

extension Emission {
  /// What giving up an instruction takes back.
  struct Checkpoint {
    var cursor: UnsafeMutableRawPointer
    var siteCount: Int
    var sideCount: Int
    var missCount: Int
    var rareCount: Int
    var groupCount: Int
    var nextWindow: Int
    var carefulCount: Int
    var calls: Calls
    var halves: Halves
    var checkedFloatingPoint: Bool
    var boxedSingles: UInt32
    var boxedHalves: UInt32
  }

  var checkpoint: Checkpoint {
    @inline(__always) get {
      Checkpoint(
        cursor: assembler.cursor, siteCount: siteCount, sideCount: sideCount, missCount: missCount,
        rareCount: rareCount,
        groupCount: groupCount, nextWindow: nextWindow, carefulCount: carefulCount, calls: calls,
        halves: halves,
        checkedFloatingPoint: checkedFloatingPoint,
        boxedSingles: boxedSingles, boxedHalves: boxedHalves
      )
    }
  }

  mutating func restore(_ c: Checkpoint) {
    assembler.cursor = c.cursor
    siteCount = c.siteCount
    sideCount = c.sideCount
    missCount = c.missCount
    rareCount = c.rareCount
    groupCount = c.groupCount
    nextWindow = c.nextWindow
    carefulCount = c.carefulCount
    checkedFloatingPoint = c.checkedFloatingPoint
    boxedSingles = c.boxedSingles
    boxedHalves = c.boxedHalves
    hasEnded = false
    isLeft = false
    endsHere = false
    continuation = nil
    calls = c.calls
    halves = c.halves
    forgetPassing()
  }

  /// To the instruction that comes next in the region.
  mutating func advance() {
    pc = continuation ?? (pc &+ UInt64(length)) & addressMask
    continuation = nil
  }

  /// Bytes of the check at a region's checked entry.
  static let guardSize = 24

  /// Starts a region with the check of its page.
  mutating func begin(_ pc: UInt64, _ mark: UInt32) {
    self.pc = pc
    page = pc & ~0xfff
    executed = 0
    hasEnded = false
    checkedFloatingPoint = false
    boxedSingles = 0
    boxedHalves = 0
    siteCount = 0
    sideCount = 0
    missCount = 0
    rareCount = 0
    groupCount = 0
    carefulCount = 0
    closeAllGroups()
    entryPC = pc
    continuation = nil
    turn = 0
    followed = 0
    calls = Calls()
    halves = Halves()
    isHalf = false
    leavesInline = false
    uses.update(repeating: 0, count: 256)
    // mov rdx, [rbp + marks]; cmp dword [rdx + 4 × index], mark; jne — always in the long forms.
    checkedEntry = assembler.cursor
    forgetPassing()
    compareMark(pc, mark)
    guardJump = assembler.jump(.notEqual)
    while assembler.cursor - checkedEntry < Self.guardSize { assembler.byte(0x90) }
  }

  mutating func compareMark(_ page: TranslatedPage) { compareMark(page.virtual, page.mark) }

  var isOnTrace: Bool { trace?.instruction(executed) == pc }

  /// Goes on at the pc, which is in another page.
  mutating func cross(to next: TranslatedPage) {
    compareMark(next)
    exit(to: pc, from: assembler.jump(.notEqual), executed)
    sides[sideCount - 1].isNear = false
    page = next.virtual
  }

  /// Equal where the fetch entry of `virtual` carries `mark`.
  private mutating func compareMark(_ virtual: UInt64, _ mark: UInt32) {
    let index = Int(truncatingIfNeeded: virtual >> 12) % TranslationLookaside.fetchCount
    assembler.memory(Opcodes.load, .rdx, .rbp, HartState.Offset.marks - 128)
    assembler.byte(0x81)
    assembler.byte(0xba)
    assembler.long(4 * index)
    assembler.long(Int(mark))
  }

  /// Pays for all of the region, or goes to the interpreter where the budget does not reach.
  mutating func pay() {
    loopHead = assembler.address
    // Completed by `finish`.
    assembler.arithmetic(.subtract, RegionTranslator.budget, immediate: 0)
    entry = assembler.cursor - 1
    entryJump = assembler.jump(.less)
  }

  /// Has the interpreter perform an instruction of the region.
  mutating func leaveAndGoOn(_ operation: Operation) {
    length = operation.isShort ? 2 : 4
    settle()
    halves = Halves()
    misses[missCount] = Miss(site: assembler.jump(), pc: pc, executed: executed)
    missCount += 1
    // It may have changed a floating-point register, the rounding mode or FS.
    checkedFloatingPoint = false
    boxedSingles = 0
    boxedHalves = 0
    closeAllGroups()
  }

  /// The instruction is emitted: who left it to the interpreter comes back here.
  mutating func completeMisses(since c: Checkpoint) {
    var i = c.missCount
    if i == missCount { return }
    // They come from outside: what was proved is proved anew, and nothing is at hand.
    closeAllGroups()
    forgetPassing()
    while i < missCount {
      if !misses[i].isFinal { misses[i].resume = assembler.address }
      i += 1
    }
  }

  /// Ends the region before the instruction at `pc`.
  mutating func endForInterpreter() {
    settle()
    misses[missCount] = Miss(site: assembler.jump(), pc: pc, executed: executed)
    missCount += 1
    hasEnded = true
  }

  /// The code behind the region: its ways out.
  mutating func finish(_ translated: TranslatedPage, _ memory: CodeMemory) {
    let count = executed
    forgetPassing()
    entry.storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
    for i in 0..<rareCount { emit(rares[i]) }
    for i in 0..<groupCount { complete(groups[i], memory) }
    for i in 0..<carefulCount { complete(careful[i]) }
    // Calls add the exits behind them.
    var i = 0
    while i < sideCount {
      finish(sides[i], of: count, translated, memory)
      i += 1
    }
    for i in 0..<missCount {
      let miss = misses[i]
      assembler.completeHere(miss.site)
      makeWhole(miss.owed)
      giveBack()
      assembler.move(.rax, immediate: Int64(bitPattern: miss.pc))
      assembler.move(.rcx, immediate: Int64(count - miss.executed))
      if miss.resume != 0 {
        if !loans.isEmpty {
          // Around the way back.
          let around: UnsafeMutableRawPointer = assembler.jump()
          misses[i].resume = wayBack(to: miss.resume)
          assembler.completeHere(around)
        }
        assembler.loadAddress(.rdx, misses[i].resume)
      } else {
        assembler.move(.rdx, immediate: 0)
      }
      assembler.jump(to: stubs.interpret)
    }
    assembler.completeHere(entryJump)
    giveBack()
    assembler.move(.rax, immediate: Int64(bitPattern: entryPC))
    assembler.move(.rcx, immediate: Int64(count))
    assembler.jump(to: stubs.budget)
    assembler.completeHere(guardJump)
    assembler.move(.rax, immediate: Int64(bitPattern: entryPC))
    assembler.jump(to: stubs.find)
  }

  private mutating func finish(
    _ side: SideExit, of count: Int, _ translated: TranslatedPage, _ memory: CodeMemory
  ) {
    var site = side.site
    let unexecuted = side.executed < 0 ? 0 : count - side.executed
    let isPlain = side.target != nil && side.calls.count == 0
    let keepsLoans = loans.isEmpty || side.isOutside || isLoop(side)
    let isBare = unexecuted == 0 && side.owed == 0 && keepsLoans
    if !isBare || !isPlain { assembler.completeHere(site) }
    if unexecuted != 0 { assembler.arithmetic(.add, RegionTranslator.budget, immediate: unexecuted) }
    makeWhole(side.owed)
    if !keepsLoans { giveBack() }
    if isPlain {
      if !isBare { site = assembler.jump() }
    } else {
      guard let jump = make(side.calls, target: side.target) else { return }
      site = jump
    }
    guard let target = side.target else { return }
    if !loans.isEmpty && isLoop(side) { return assembler.complete(site, to: loopHead) }
    let isInside = target & ~0xfff == translated.virtual
    let offset = side.isNear && isInside && linksRegions ? Int(translated.offset(at: target)) : 0
    if offset != 0 {
      assembler.complete(site, to: Int(bitPattern: memory.executable) + offset)
    } else {
      assembler.completeHere(site)
      assembler.move(.rax, immediate: Int64(bitPattern: target))
      assembler.move(.rcx, immediate: Int64(site - memory.writable))
      assembler.jump(to: side.isNear ? stubs.linkNear : stubs.link)
    }
  }

  /// Makes `calls`, the last of them to `target`, or to where rax says; the site of that one, if it is to be completed.
  private mutating func make(_ calls: Calls, target: UInt64?) -> UnsafeMutableRawPointer? {
    if calls.count == 0 {
      assembler.jump(to: stubs.lookup)
      return nil
    }
    if let target { assembler.move(.rax, immediate: Int64(bitPattern: target)) }
    checkDepth()
    var site: UnsafeMutableRawPointer?
    for i in 0..<calls.count {
      let isLast = i == calls.count - 1
      var inner: UnsafeMutableRawPointer?
      if isLast, target == nil {
        assembler.call(stubs.lookup)
      } else {
        let call = assembler.call()
        if isLast { site = call } else { inner = call }
      }
      returnPoint(calls[i])
      // What was called may have changed how this page is seen.
      sides[sideCount] = SideExit(site: assembler.jump(), target: calls[i], executed: -1, isOutside: true)
      sideCount += 1
      if let inner { assembler.completeHere(inner) }
    }
    return site
  }
}
