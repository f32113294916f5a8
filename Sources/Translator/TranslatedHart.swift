// Unsafe pointers: `jumpCache` is owned here; the hart's block outlives its engine's runs.
import Logging
import RISCV
import Synchronization

/// Runs a hart by translated code, with the interpreter behind for what that leaves.
///
/// Each hart has translations of its own, so nothing is locked when code is linked, found or dropped. A
/// translation holds for one page of decoded slots seen at one virtual page: jumps within the page are
/// direct, all others go by the region's checked entry, which compares the fetch entry's mark. So flushes,
/// `satp` and fork unlink nothing, and dropping a page's translations is retiring its mark.
package final class TranslatedHart: HartEngine {
  private typealias Enter = @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer) -> Int

  /// Owns this engine. Unsafe, because counting references costs more than an instruction does.
  unowned(unsafe) let hart: Hart
  /// The hart's state, and what lies behind it.
  private let block: UnsafeMutableRawPointer
  /// Where `CodePages` counts its changes.
  private let changes: UnsafePointer<Atomic<UInt64>>
  package let translator: RegionTranslator
  private let jumpCache: UnsafeMutablePointer<JumpCacheEntry>
  private let enter: Enter

  private struct Key: Hashable {
    var virtual: UInt64
    var slots: UnsafeMutablePointer<Operation>
  }
  private var pages: [Key: TranslatedPage] = [:]
  /// All pages that show the same slots.
  private var views: [UnsafeMutablePointer<Operation>: [TranslatedPage]] = [:]
  private let windowsAreVoid: UnsafeMutablePointer<Atomic<Bool>>
  private var lastMark: UInt32 = 0
  /// The page asked for last.
  private var lastPage: TranslatedPage?
  /// `CodePages.changes` as translations know it.
  private var seen: UInt64 {
    get { frame(Emission.Frame.seenChanges, as: UInt64.self) }
    set { frame(Emission.Frame.seenChanges, newValue) }
  }

  /// How often translated code came back.
  package private(set) var exits = 0
  /// By opcode: instructions that the interpreter ran one by one.
  package private(set) var interpreted = [Int](repeating: 0, count: Opcode.allCases.count)
  /// Instructions retired when the code memory was full last.
  private var forgottenAt: UInt64 = 0
  /// Times that everything was forgotten: sites from before are void.
  package private(set) var generation = 0
  /// What the log wanted when this slice began; see `followLog`.
  var logged: LogItems = []
  /// The log shows each entry.
  var tracesEntries = false
  /// Each new region is shown or named.
  var listsRegions = false
  let perfMap: PerfMap?
  private var samples = Samples()
  /// So many slices that end in one region have it traced.
  /// Guest instructions of a region at most. Setting it forgets all translations; only while the hart rests.
  package var regionLimit: Int {
    get { translator.regionLimit }
    set {
      translator.regionLimit = newValue
      forget()
    }
  }

  package var slicesForTrace: Int {
    get { samples.enough }
    set { samples.enough = newValue }
  }
  /// Regions that were translated along traces.
  package var traceCount = 0
  /// The region that is to be traced when the next slice begins.
  private var toTrace: UInt64?

  /// Bytes of host code that a hart needs at least.
  package static let smallestCodeSize = 256 << 10
  /// Guest instructions of a region at most.
  package static let largestRegion = Emission.regionLimit

  /// There is a back end for x86-64 alone.
  package static var canRun: Bool {
    #if arch(x86_64)
      true
    #else
      false
    #endif
  }

  /// Becomes the engine of `hart`, which must be one that it can run.
  package init(
    _ hart: Hart, codeSize: Int = 32 << 20, regionLimit: Int = largestRegion,
    features: HostFeatures = .current, perfMap: PerfMap? = nil
  ) throws(CodeMemoryError) {
    precondition(Self.canRun)
    self.perfMap = perfMap
    listsRegions = perfMap != nil
    let memory = try CodeMemory(size: codeSize)
    self.hart = hart
    block = UnsafeMutableRawPointer(hart.state)
    changes = hart.decodedCode.changes
    windowsAreVoid = hart.windowsAreVoid
    translator = RegionTranslator(memory: memory, hart, host: features)
    translator.regionLimit = regionLimit
    jumpCache = .allocate(capacity: JumpCacheEntry.count)
    jumpCache.initialize(
      repeating: JumpCacheEntry(pc: JumpCacheEntry.none, code: 0), count: JumpCacheEntry.count)
    let address = translator.emission.pointee.stubs.enter
    guard let code = UnsafeRawPointer(bitPattern: address) else {
      preconditionFailure("code at address zero")
    }
    enter = unsafeBitCast(code, to: Enter.self)
    seen = changes.pointee.load(ordering: .relaxed)
    frame(Emission.Frame.jumpCache, UInt(bitPattern: jumpCache))
    frame(Emission.Frame.changes, UInt(bitPattern: changes))
    frame(Emission.Frame.interruptLevels, UInt(bitPattern: hart.port.levels))
    frame(Emission.Frame.hasNewborn, UInt(bitPattern: hart.decodedCode.hasNewborn))
    hart.engine = self
    perfMap?.add(
      UInt(bitPattern: memory.executable), Int(translator.end - UInt(bitPattern: memory.executable)),
      "translated-code-entry")
  }

  deinit { jumpCache.deallocate() }

  // MARK: The frame

  private func frame<T: BitwiseCopyable>(_ displacement: Int, _ value: T) {
    block.storeBytes(of: value, toByteOffset: displacement + 128, as: T.self)
  }
  private func frame<T: BitwiseCopyable>(_ displacement: Int, as type: T.Type) -> T {
    block.load(fromByteOffset: displacement + 128, as: type)
  }

  // Words of the state, by their places: properties of so large a structure are read from a copy of it.
  private func word(_ offset: Int) -> UInt64 { block.load(fromByteOffset: offset, as: UInt64.self) }
  var pc: UInt64 { word(HartState.Offset.pc) }
  var budget: Int {
    get { block.load(fromByteOffset: HartState.Offset.budget, as: Int.self) }
    set { block.storeBytes(of: newValue, toByteOffset: HartState.Offset.budget, as: Int.self) }
  }

  // MARK: Running

  package func run() -> Exit? {
    let hart = hart
    frame(Emission.Frame.mayZeroBlocks, hart.mayZeroBlocks ? 1 : 0)
    if hart.log.items != logged { followLog(hart.log.items) }
    if let head = toTrace {
      toTrace = nil
      if let exit = trace(hart, from: head) { return exit }
    }
    do throws(Exit) {
      while budget > 0 {
        forgetChangedCode()
        if let code = codeAtHand(pc) {
          if tracesEntries { hart.logEntry(code) }
          if let exit = try run(hart, code) { return exit }
          // Whatever it was, the jump cache does not know where to go on.
          if budget <= 0 { break }
        }
        guard let code = try code(at: pc, checked: false) else {
          if let exit = interpret(hart) { return exit }
          continue
        }
        if tracesEntries { hart.logEntry(code) }
        if let exit = try run(hart, code) { return exit }
      }
      return nil
    } catch {
      return error
    }
  }

  /// Runs from `code` until the pc has to be looked up.
  private func run(_ hart: Hart, _ code: UInt) throws(Exit) -> Exit? {
    var code = code
    var resuming = false
    while true {
      switch go(code, resuming: resuming) {
      case .lookup, .none: return nil
      case .link:
        try link(checked: true)
        return nil
      case .linkNear:
        try link(checked: false)
        return nil
      case .budget:
        let left = budget
        if samples.add(pc), translator.linksRegions, !tracesEntries { toTrace = pc }
        if left <= 0 { return nil }
        if !hart.runsAreExact {
          hart.endRunEarly()
          return nil
        }
        if tracesEntries { hart.logEntry(0) }
        return hart.interpret(left)
      case .interpret:
        let unnoticed = frame(Emission.Frame.unnoticedStore, as: UInt.self)
        if let slot = UnsafeMutablePointer<Operation>(bitPattern: unnoticed) {
          frame(Emission.Frame.unnoticedStore, 0)
          hart.decodedCode.didStoreUnnoticed(at: slot)
        }
        if budget <= 0 { return nil }
        let resume = frame(Emission.Frame.resume, as: UInt.self)
        let uncounted = frame(Emission.Frame.uncounted, as: Int.self) - 1
        let pc = pc
        let mark = hart.mark(of: pc)
        let closures = word(HartState.Offset.windowClosures)
        if let exit = interpret(hart) { return exit }
        guard resume != 0, budget >= uncounted, budget > 0 else { return nil }
        let before = generation
        forgetChangedCode()
        // What the region has proved of memory must still hold.
        hart.shutVoidWindows(windowsAreVoid)
        guard generation == before, word(HartState.Offset.windowClosures) == closures, mark != 0,
          hart.mark(of: pc) == mark
        else { return nil }
        budget -= uncounted
        code = resume
        resuming = true
      case .fault: return repeatFaulted(hart)
      case .refuse:
        guard let next = try serve(hart) else { return nil }
        (code, resuming) = next
      }
    }
  }

  /// No other hart and nothing else sees this hart's memory: its atomics lock nothing. Not while it runs.
  package var isAlone: Bool {
    get { translator.emission.pointee.isAlone }
    set {
      if newValue != isAlone { forget() }
      translator.emission.pointee.isAlone = newValue
    }
  }

  /// Where the host's signal handler has to look for direct accesses, and where those that fault go on: with rax
  /// the address of the host's instruction and rdx that of its data. Nothing else may have changed.
  package var faultPlaces: (code: Range<UInt>, exit: UInt) {
    let begin = UInt(bitPattern: translator.memory.executable)
    return (
      begin..<begin + UInt(translator.memory.size), UInt(bitPattern: translator.emission.pointee.stubs.fault)
    )
  }

  /// Has the interpreter perform the instruction whose direct access has faulted: it knows why, or that the
  /// reason has gone.
  private func repeatFaulted(_ hart: Hart) -> Exit? {
    let address = frame(Emission.Frame.site, as: UInt.self)
    guard let site = translator.faultSite(at: address) else {
      fatalError("translated code faulted at 0x\(String(address, radix: 16)), where it accesses no memory")
    }
    block.storeBytes(of: site.pc, toByteOffset: HartState.Offset.pc, as: UInt64.self)
    budget += Int(site.uncounted)
    for i in site.loans.indices where site.loans[i].0 != 0 {
      let (guest, owner) = (8 * Int(site.loans[i].0), 8 * Int(site.loans[i].1))
      block.storeBytes(of: word(owner), toByteOffset: guest, as: UInt64.self)
      block.storeBytes(
        of: frame(Emission.Frame.lent(i), as: UInt64.self), toByteOffset: owner, as: UInt64.self)
    }
    var owed = site.owed
    while owed != 0 {
      let offset = 8 * owed.trailingZeroBitCount
      let low = block.load(fromByteOffset: offset, as: Int32.self)
      block.storeBytes(of: Int64(low), toByteOffset: offset, as: Int64.self)
      owed &= owed - 1
    }
    // What is known of the page may have been true once.
    let data = frame(Emission.Frame.resume, as: UInt.self)
    hart.forgetPages(at: UInt64(data &- UInt(bitPattern: hart.directBase ?? 0)) & ~0xfff, count: 1)
    return interpret(hart)
  }

  /// Where to go on after a refusal: the same access again, if the lookaside can serve it now; else a careful
  /// region that begins with it. Nil where the pc has to be looked up.
  private func serve(_ hart: Hart) throws(Exit) -> (code: UInt, resuming: Bool)? {
    let site =
      Int(frame(Emission.Frame.site, as: UInt.self) - UInt(bitPattern: translator.memory.executable)) - 5
    let refusal = translator.refusal(site)
    block.storeBytes(of: refusal.pc, toByteOffset: HartState.Offset.pc, as: UInt64.self)
    let base = word(8 * Int(refusal.register))
    let access = (
      address: base &+ UInt64(bitPattern: Int64(refusal.offset)), width: Int(refusal.width),
      isStore: refusal.isStore != 0
    )
    let start = base &+ UInt64(bitPattern: Int64(refusal.low))
    let closures = word(HartState.Offset.windowClosures)
    // What leaves a narrow hart's addresses is for the interpreter to wrap.
    let mask = translator.emission.pointee.addressMask
    if start <= mask, access.address <= mask, Int(start & 0xfff) + Int(refusal.extent) <= 4096,
      hart.enterPage(of: access, serving: start, Int(refusal.extent))
    {
      let moves = HartState.Offset.windowMoves + 8 * Int(refusal.window)
      if block.load(fromByteOffset: moves, as: Int.self) > Windows.mostMoves,
        !hart.widenWindow(Int(refusal.window), around: start, forStores: access.isStore)
      {
        translateAnew(hart, refusal)
        hart.shutVoidWindows(windowsAreVoid)
        if word(HartState.Offset.windowClosures) != closures { return nil }
      }
      budget -= Int(refusal.uncounted)
      return (UInt(bitPattern: translator.memory.executable) + UInt(refusal.resume), true)
    }
    let before = generation
    guard let code = try code(at: pc, checked: false, careful: true) else { return nil }
    if generation == before, translator.linksRegions { translator.bypass(site, to: code) }
    if tracesEntries { hart.logEntry(code) }
    return (code, false)
  }

  /// Replaces a region whose window for the instruction at the pc was opened too often.
  private func translateAnew(_ hart: Hart, _ refusal: Emission.Refusal) {
    guard let slots = hart.slots(of: pc), let region = pageAtHand(refusal.entry),
      region.offset(at: refusal.entry) != 0, !translator.isFull
    else { return }
    page(pc & ~0xfff, slots).noteWanderer(pc)
    translateAnew(hart, refusal.entry, in: region)
  }

  /// Replaces the region at `entry`.
  func translateAnew(_ hart: Hart, _ entry: UInt64, in page: TranslatedPage) {
    let old = page.offset(at: entry)
    translator.translate(entry, in: page, hart, startedPage(_:))
    guard let new = translator.code(at: entry, in: page) else { return }
    translator.replace(old, by: new)
    if listsRegions { list(entry, new - UInt(Emission.guardSize)) }
  }

  /// Has the interpreter run one instruction.
  private func interpret(_ hart: Hart) -> Exit? {
    if tracesEntries { hart.logEntry(0) }
    guard let slot = hart.slotAtHand else { return hart.interpret(1) }
    let operation = slot.whole
    interpreted[Int(operation.opcode.rawValue)] += 1
    switch operation.opcode {
    case .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci, .ecall, .sret, .mret:
      // Without the interpreter's loop around it.
      return hart.performSystemInstruction(operation)
    default: return hart.interpret(1)
    }
  }

  /// Runs translated code until it comes back. Where it was interrupted for one instruction, what was in host
  /// registers comes back too.
  private func go(_ code: UInt, resuming: Bool) -> ExitReason? {
    // Where the host can round as the guest does, and FS is dirty anyway.
    let rounding = word(HartState.Offset.frm)
    let hasRealControl = rounding <= 3 && word(HartState.Offset.fs) == 3
    if !resuming || !hasRealControl { frame(Emission.Frame.reals, 1) }
    frame(
      Emission.Frame.control,
      UInt32(HostControl.masks | HostControl.rounding(Int(truncatingIfNeeded: rounding))))
    guard let target = UnsafeRawPointer(bitPattern: code) else { return nil }
    hart.shutVoidWindows(windowsAreVoid)
    let reason = enter(block, target)
    exits += 1
    let flags = HostControl.guestFlags(frame(Emission.Frame.controlAfter, as: UInt32.self))
    if flags != 0 {
      block.storeBytes(
        of: word(HartState.Offset.fflags) | flags, toByteOffset: HartState.Offset.fflags, as: UInt64.self)
      // Raised flags make FS dirty.
      block.storeBytes(of: 3, toByteOffset: HartState.Offset.fs, as: UInt64.self)
    }
    return ExitReason(rawValue: reason)
  }

  private func link(checked: Bool) throws(Exit) {
    guard translator.linksRegions else { return }
    // The next slice finds out what is there: fetching may trap, or set an A bit.
    if budget <= 0 { return }
    // A jump within its page is unchecked: it must not lead to another page that is seen there now.
    if !checked && hart.slotAtHand == nil { return }
    let site = frame(Emission.Frame.site, as: Int.self)
    let before = generation
    guard let code = try code(at: pc, checked: checked), generation == before else {
      return
    }
    translator.link(site, to: code)
  }

  // MARK: Finding code

  /// The checked entry that the jump cache has for `pc`.
  private func codeAtHand(_ pc: UInt64) -> UInt? {
    let entry = jumpCache[Int(truncatingIfNeeded: pc >> 1) % JumpCacheEntry.count]
    return entry.pc == pc ? entry.code : nil
  }

  /// The code for `pc`, translated if need be, also entered into the jump cache; nil where the interpreter
  /// must do.
  private func code(at pc: UInt64, checked: Bool, careful: Bool = false) throws(Exit) -> UInt? {
    guard let slots = try hart.codePage(at: pc) else { return nil }
    // Entering a page may find that it has changed.
    forgetChangedCode()
    var page = page(pc & ~0xfff, slots)
    var found = translator.code(at: pc, careful: careful, in: page)
    if found == nil {
      if translator.isFull {
        // Code that was needed again so soon wants more room.
        let now = hart.instructionsRetired
        if generation > 0, now &- forgottenAt < 500_000_000 { translator.grow() }
        forgottenAt = now
        forget()
        page = self.page(pc & ~0xfff, slots)
      }
      translator.translate(pc, careful: careful, in: page, hart, startedPage(_:))
      found = translator.code(at: pc, careful: careful, in: page)
      if listsRegions, let found { list(pc, found - UInt(Emission.guardSize)) }
    }
    hart.mark(pc, slots, page.mark)
    guard let found else { return nil }
    if careful { return found }
    let checkedEntry = found - UInt(Emission.guardSize)
    guard translator.linksRegions else { return checked ? checkedEntry : found }
    jumpCache[Int(truncatingIfNeeded: pc >> 1) % JumpCacheEntry.count] = JumpCacheEntry(
      pc: pc, code: checkedEntry)
    return checked ? checkedEntry : found
  }

  /// Translates the region at `pc`, where that can be fetched and is not translated yet.
  package func translate(at pc: UInt64) { _ = try? code(at: pc, checked: false) }

  private func page(_ virtual: UInt64, _ slots: UnsafeMutablePointer<Operation>) -> TranslatedPage {
    if let lastPage, lastPage.virtual == virtual, lastPage.slots == slots { return lastPage }
    let key = Key(virtual: virtual, slots: slots)
    let page = pages[key] ?? addPage(key)
    lastPage = page
    return page
  }

  /// The page of `pc` as the hart fetches now, if it has translations.
  func pageAtHand(_ pc: UInt64) -> TranslatedPage? {
    guard let slots = hart.slots(of: pc) else { return nil }
    return pages[Key(virtual: pc & ~0xfff, slots: slots)]
  }

  /// The page at `virtual`, its mark set.
  private func startedPage(_ virtual: UInt64) -> TranslatedPage? {
    let virtual = virtual & translator.emission.pointee.addressMask
    // Changes that entering it finds are not for the midst of a translation.
    guard let slots = hart.startedPage(at: virtual), changes.pointee.load(ordering: .acquiring) == seen
    else { return nil }
    let next = self.page(virtual, slots)
    hart.mark(virtual, slots, next.mark)
    return next
  }

  private func addPage(_ key: Key) -> TranslatedPage {
    lastMark += 1
    let page = TranslatedPage(key.virtual, key.slots, mark: lastMark)
    pages[key] = page
    views[key.slots, default: []].append(page)
    return page
  }

  // MARK: Forgetting

  /// Drops the translations of pages whose code was changed.
  private func forgetChangedCode() {
    if lastMark > UInt32.max - 1000 {
      // Marks begin again: no fetch entry may have one of old.
      hart.removeMarks()
      forget()
      lastMark = 0
    }
    guard changes.pointee.load(ordering: .acquiring) != seen else { return }
    let (changed, count) = hart.decodedCode.changedPages(since: seen)
    seen = count
    guard let changed else { return forget() }
    for slots in changed {
      for page in views[slots] ?? [] {
        hart.unmark(page.virtual, page.mark)
        lastMark += 1
        page.retire(nextMark: lastMark)
      }
    }
  }

  /// Forgets all translations.
  package func forget() {
    generation += 1
    for page in pages.values { hart.unmark(page.virtual, page.mark) }
    pages.removeAll(keepingCapacity: true)
    views.removeAll(keepingCapacity: true)
    lastPage = nil
    translator.removeAll()
    jumpCache.update(repeating: JumpCacheEntry(pc: JumpCacheEntry.none, code: 0), count: JumpCacheEntry.count)
  }

  package var account: EngineAccount {
    var account = EngineAccount()
    account.regions = translator.regionCount
    account.instructions = translator.instructionCount
    account.codeBytes = translator.codeSize
    account.capacity = translator.memory.size
    account.flushes = generation
    account.traces = traceCount
    account.exits = exits
    account.interpreted = Opcode.allCases.map {
      (String(describing: $0).replacing("_", with: "."), interpreted[Int($0.rawValue)])
    }.filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }
    return account
  }

  /// The first address of every region there is.
  package var regions: [UInt64] {
    pages.values.flatMap(\.regions)
  }
}
