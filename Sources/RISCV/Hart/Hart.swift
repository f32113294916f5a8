// Unsafe pointers: `state` is one block allocated for the hart's life; only the thread that runs the
// hart touches it, others only while the hart rests at a safepoint.
import Glibc
import Logging

/// What a hart was built with, fixed for its life.
package struct HartFeatures: Sendable {
  package var extensions: ExtensionSet
  package var xlen: Int
  package var hasSupervisor: Bool
  package var hasUser: Bool
  /// The largest `satp` mode: 0 bare, 1 Sv32, 8 Sv39, 9 Sv48, 10 Sv57.
  package var largestTranslation: UInt64
  package var pmpCount: Int
  package var vendor: UInt64
  package var architecture: UInt64
  package var implementation: UInt64
  package var cacheBlockSize: UInt64

  package init(
    extensions: ExtensionSet, xlen: Int, hasSupervisor: Bool, hasUser: Bool, largestTranslation: UInt64,
    pmpCount: Int, vendor: UInt64, architecture: UInt64, implementation: UInt64, cacheBlockSize: UInt64
  ) {
    self.extensions = extensions
    self.xlen = xlen
    self.hasSupervisor = hasSupervisor
    self.hasUser = hasUser
    self.largestTranslation = largestTranslation
    self.pmpCount = pmpCount
    self.vendor = vendor
    self.architecture = architecture
    self.implementation = implementation
    self.cacheBlockSize = cacheBlockSize
  }
}

/// Runs a hart's instructions by other means than the interpreter.
package protocol HartEngine: AnyObject {
  /// Runs from the state's pc until the state's budget is spent (nil) or something comes up; pc and budget are
  /// current afterwards.
  func run() -> Exit?
  /// Only while the hart rests.
  var account: EngineAccount { get }
}

/// What an engine has done, for people.
package struct EngineAccount: Sendable {
  package var regions = 0
  /// Guest instructions that were translated.
  package var instructions = 0
  /// Host code now, and room for it.
  package var codeBytes = 0
  package var capacity = 0
  /// Times that all translations were forgotten.
  package var flushes = 0
  /// Regions that were translated once more, along the way that the hart took.
  package var traces = 0
  /// Times that translated code came back.
  package var exits = 0
  /// Instructions that the interpreter ran one by one, by mnemonic, most first.
  package var interpreted: [(name: String, count: Int)] = []
  package init() {}
}

/// One RISC-V hart: its state, its view of memory, its interrupt inputs, and the loop that runs it.
package final class Hart: @unchecked Sendable {
  package let id: UInt64
  package let features: HartFeatures
  package let port: InterruptPort
  package let state: UnsafeMutablePointer<HartState>
  /// `state` is its first field.
  let block: UnsafeMutablePointer<HartBlock>
  let memory: any PhysicalMemory
  let code: CodePages
  let time: any TimeSource
  package let log: Log
  let lookaside: TranslationLookaside
  let decoder: Decoder
  /// Bits of a jump target that must be zero: 1 where instructions may begin at every halfword, else 3.
  let alignment: UInt64
  var pmp = PhysicalMemoryProtection()
  /// Deterministic machines tell the time by instructions; they look at timers where that is exact.
  package var resetPC: UInt64 = 0

  /// Who looks, for loads and stores now.
  private(set) var dataView = View.machine
  private(set) var fetchView = View.machine
  /// Effective privilege of loads and stores, SUM and MXR.
  private(set) var dataPrivilege = Privilege.machine
  /// What `View.other` was last filled for.
  private var otherAttributes: UInt64 = .max
  /// Nil: the interpreter runs everything.
  package var engine: (any HartEngine)?
  /// Nil: page tables in memory say what is mapped.
  var userPages: (any UserPages)?
  /// Serves what would enter machine mode; nil: the guest's own code does. Set before the hart runs, with a reset.
  package var firmware: (any HartFirmware)?
  /// The firmware lets the hart run nothing: it is stopped or suspended.
  package internal(set) var isHeld = false
  /// What other harts want fenced.
  let wantedFences = WantedFences()
  package let traps = TrapHistory()
  /// Serves semihosting calls; nil: they are breakpoints. Set before the hart runs.
  package var semihost: (any Semihost)?
  /// Waits, at a semihosting call, for input.
  var awaitsInput = false
  /// What the debugger was asked by a semihosting call, and has not answered.
  package internal(set) var debuggerRequest: DebuggerRequest?
  /// What `-d int` has said last, so that it need not say it again and again.
  var trapLog = TrapLog()
  /// What its debugger wants to know of: by loads and stores that the lookaside never serves. Changed while it rests.
  package internal(set) var watchpoints: [Watchpoint] = []
  /// What the debugger was told last; the instruction at a breakpoint that was told runs when the hart goes on.
  package internal(set) var reported: DebugEvent?
  /// A single step is not to end in the handler of an interrupt.
  var masksInterrupts = false
  /// Some trigger could match: instructions run one by one, and no page enters the lookaside.
  var triggersArmed = false

  /// A page of `pageEnd` slots, but for one: instructions that straddle pages or lie in pages whose
  /// parts have different permissions are decoded there each time.
  let scratch: UnsafeMutablePointer<Operation>
  private var scratchSlot = 0

  package init(
    id: UInt64, features: HartFeatures, memory: any PhysicalMemory, time: any TimeSource, port: InterruptPort,
    log: Log = Log()
  ) {
    self.id = id
    self.log = log
    lookaside = TranslationLookaside(log: log, hart: id)
    self.features = features
    self.memory = memory
    self.time = time
    self.port = port
    code = memory.code
    alignment = features.extensions.contains(.zca) ? 1 : 3
    decoder = Decoder.shared(extensions: features.extensions, xlen: features.xlen)
    block = .allocate(capacity: 1)
    state = UnsafeMutableRawPointer(block).assumingMemoryBound(to: HartState.self)
    let count = CodePages.slotsPerPage + 4
    scratch = .allocate(capacity: count)
    scratch.initialize(repeating: Operation(opcode: .pageEnd), count: count)
    block.initialize(
      to: HartBlock(
        table: lookaside.table(.machine), fetches: lookaside.fetchTable(.machine),
        marks: lookaside.markTable(.machine), base: scratch,
        jumpMask: alignment == 1 ? 0 : 2, hart: Unmanaged.passUnretained(self)))
    lookaside.windows = UnsafeMutableRawPointer(block).advanced(by: HartState.Offset.windows)
      .assumingMemoryBound(to: Windows.self)
    code.add(lookaside)
    reset()
  }

  deinit {
    block.deallocate()
    scratch.deallocate()
  }

  /// Puts the hart into its reset state (RISC-V Privileged 1.13, §3.4), QEMU 10.0's where that leaves a choice.
  package func reset() {
    if log.has(.resets) { logReset() }
    state.pointee = HartState()
    state.pointee.pc = resetPC
    let extensions = features.extensions
    if extensions.contains(.svadu) && !extensions.contains(.svade) {
      state.pointee.menvcfg |= Environment.adue
    }
    if extensions.contains(.svpbmt) { state.pointee.menvcfg |= Environment.pbmte }
    resetTriggers()
    traps.clear()
    finishTrapLog()
    awaitsInput = false
    debuggerRequest = nil
    pmp.update(state, features)
    lookaside.flush()
    updateViews()
    isHeld = false
    firmware?.start(self)
  }

  // MARK: Registers, for boot code, monitors and debuggers

  package subscript(x register: Int) -> UInt64 {
    get { state.pointee.x[register] }
    set { if register != 0 { state.pointee.x[register] = newValue & widthMask } }
  }

  package subscript(f register: Int) -> UInt64 {
    get { state.pointee.f[register] }
    set { state.pointee.f[register] = newValue }
  }

  /// XLEN ones.
  var widthMask: UInt64 { features.xlen == 64 ? .max : 0xffff_ffff }

  /// Instructions retired since reset, and in the slice that is running.
  package var instructionsRetired: UInt64 { state.pointee.instructionsRetired }
  package var instructionsInSlice: UInt64 { UInt64(state.pointee.slice - state.pointee.budget) }

  // MARK: Running

  package enum Outcome: Sendable, Equatable {
    /// The budget is used up.
    case budgetSpent
    /// Waiting for an interrupt.
    case waiting
    /// Somebody raised `port.attention`.
    case attention
    /// The arena for decoded code is full: bring all harts to rest, then `CodePages.removeAll`.
    case codeFull
    case debug(DebugEvent)
  }

  /// A run ends with the last instruction of its budget. Else an engine may end it a little earlier, where it would
  /// have to go slowly.
  package var runsAreExact = true
  /// What the last run left of its budget.
  package private(set) var unspent = 0

  /// Runs up to `budget` instructions.
  /// `isContinued`: as if the run before had not ended.
  package func run(_ budget: Int, isContinued: Bool = false) -> Outcome {
    features.xlen == 64 ? run(UInt64.self, budget, isContinued) : run(UInt32.self, budget, isContinued)
  }

  @inline(__always)
  private func run<W: Number>(_ word: W.Type, _ budget: Int, _ isContinued: Bool) -> Outcome {
    state.pointee.slice = budget
    state.pointee.budget = budget
    lookaside.turns.change()
    performWantedFences()
    defer {
      lookaside.turns.change()
      state.pointee.retired &+= UInt64(state.pointee.slice - state.pointee.budget)
      unspent = state.pointee.budget
      state.pointee.slice = 0
      state.pointee.budget = 0
    }
    if !isContinued { updateTimers() }
    while state.pointee.budget > 0 {
      if port.attention.load(ordering: .relaxed) { return .attention }
      if isHeld, firmware?.release(self) != true { return .waiting }
      takeInterrupt()
      switch triggersArmed ? stepWithTriggers(word) : proceed(word) {
      case nil, .resynchronize: break
      case .device: updateTimers()
      case .trap:
        takeTrap(state.pointee.trapCause, state.pointee.trapValue)
        // Not retired, but not for nothing: a hart that traps forever must give up its turn, too.
        state.pointee.budget -= 1
        state.pointee.slice -= 1
      case .wait: return .waiting
      case .codeFull: return .codeFull
      case .debug: return .debug(reported ?? .step)
      }
    }
    return .budgetSpent
  }

  static let loggedByInstruction = LogItems(
    rawValue: LogItems.execution.rawValue | LogItems.registers.rawValue)

  /// By the engine, if there is one.
  @inline(__always)
  func proceed<W: Number>(_ word: W.Type) -> Exit? {
    if log.has(.instructionTrace) { return interpretTraced() }
    if let engine { return engine.run() }
    if log.has(Self.loggedByInstruction) { return interpretLogged() }
    return Interpreter<W>.run(self)
  }

  /// One instruction, checked against the execute triggers first.
  private func stepWithTriggers<W: Number>(_ word: W.Type) -> Exit? {
    do throws(Exit) {
      try checkTriggers(.fetch, state.pointee.pc)
    } catch {
      return error
    }
    let left = state.pointee.budget
    state.pointee.slice -= left - 1
    state.pointee.budget = 1
    defer {
      state.pointee.slice += left - 1
      state.pointee.budget += left - 1
    }
    return log.has(.instructionTrace) ? interpretTraced() : Interpreter<W>.run(self)
  }

  // MARK: Views

  /// To be called whenever privilege, `mstatus` or `satp` changed.
  func updateViews() {
    let status = state.pointee.mstatus
    let privilege = state.pointee.privilege
    fetchView = Self.view(privilege, sum: false)
    dataPrivilege = privilege
    if status & Status.mprv != 0, privilege == .machine {
      dataPrivilege = Privilege(rawValue: status >> 11 & 3) ?? .machine
    }
    if status & Status.mxr != 0, dataPrivilege != .machine {
      let attributes = status & (Status.sum | Status.mxr) | dataPrivilege.rawValue
      if attributes != otherAttributes { lookaside.flush(.other) }
      otherAttributes = attributes
      dataView = .other
    } else {
      dataView = Self.view(dataPrivilege, sum: status & Status.sum != 0)
    }
    let table = lookaside.table(dataView)
    // What a supervisor sees without SUM it sees in the same way with it.
    if table != block.pointee.table,
      dataView != .supervisorWithUser || block.pointee.table != lookaside.table(.supervisor)
    {
      lookaside.shutWindows()
    }
    block.pointee.table = table
    block.pointee.fetches = lookaside.fetchTable(fetchView)
    block.pointee.marks = lookaside.markTable(fetchView)
  }

  private static func view(_ privilege: Privilege, sum: Bool) -> View {
    switch privilege {
    case .user: .user
    case .supervisor: sum ? .supervisorWithUser : .supervisor
    case .machine: .machine
    }
  }

  // MARK: Decoding

  /// The scratch page with `operation` in `slot`.
  func scratchPage(_ slot: Int, _ operation: Operation) -> UnsafeMutablePointer<Operation> {
    scratch[scratchSlot] = Operation(opcode: .pageEnd)
    scratch[slot] = operation
    scratchSlot = slot
    return scratch
  }

  /// A hash of RAM-independent state for determinism checks (FNV-1a over the state block's words).
  package var stateHash: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    let words = MemoryLayout<HartState>.size / 8
    UnsafeRawPointer(state).withMemoryRebound(to: UInt64.self, capacity: words) {
      for i in 0..<words where i != Int(Operation.sink) { hash = (hash ^ $0[i]) &* 0x100_0000_01b3 }
    }
    return hash
  }
}
