import Boards
import Boot
import CommandLineOptions
import Consoles
import Debugger
import Devices
import Explanations
import Glibc
import Machine
import RISCV
import Synchronization

/// Watches the machine on a thread of its own and says why its guest makes no progress, each cause once.
final class GuestObserver: Sendable {
  private let machine: BuiltMachine
  private let runner: MachineRunner
  private let configuration: MachineConfiguration
  private let places: SymbolPlaces
  private let reporter: Reporter
  private let isJSON: Bool
  private let kernel: ELF?
  private let linked: [ClosedRange<UInt64>]
  private let told = Mutex<Set<String>>([])
  private let isEnding = Atomic(false)

  /// nil where the user wants no explanations.
  convenience init?(
    _ request: CommandLineRequest, _ assembly: Assembly, _ symbols: GuestSymbols, _ reporter: Reporter
  ) {
    switch request.explanations {
    case .off: return nil
    case .onTerminals: guard isatty(STDERR_FILENO) == 1 else { return nil }
    case .on, .json: break
    }
    self.init(of: request, assembly, symbols, reporter)
    if let kernel, let path = configuration.kernel { explainImage(kernel, path) }
  }

  /// Says nothing of itself.
  init(of request: CommandLineRequest, _ assembly: Assembly, _ symbols: GuestSymbols, _ reporter: Reporter) {
    isJSON = request.explanations == .json
    machine = assembly.machine
    runner = assembly.runner
    configuration = request.machine
    places = SymbolPlaces(symbols: symbols)
    self.reporter = reporter
    kernel = request.machine.kernel.flatMap { try? ELF(ImageSource(opening: $0)) }
    linked = (kernel?.segments ?? []).flatMap { segment in
      [segment.physicalAddress, segment.virtualAddress].map { $0...$0 &+ (segment.memorySize - 1) }
    }
  }

  // MARK: Before the start

  private func explainImage(_ kernel: ELF, _ path: String) {
    let bits = kernel.is64Bit ? 64 : 32
    if bits != machine.cpu.xlen {
      tell([.otherWidth(kernel: path, bits: bits, hartBits: machine.cpu.xlen)])
    }
    let inRAM = kernel.segments.filter {
      $0.physicalAddress &- machine.ramBase < machine.ramSize && $0.isExecutable
    }
    if let entry = kernel.physicalEntry, let start = inRAM.map(\.physicalAddress).min(), entry != start {
      tell([.entryNotAtStart(kernel: path, entry: entry, start: start)])
    }
  }

  // MARK: Watching

  func start() { HostThread.start { [self] in watch() } }

  func stop() { isEnding.store(true, ordering: .relaxed) }

  private func watch() {
    var watch = SilenceWatch()
    while !isEnding.load(ordering: .relaxed) {
      usleep(UInt32(SilenceWatch.interval) * 1000)
      guard runner.isRunning else {
        watch.forget()
        continue
      }
      let suspicion = watch.look(runner.harts.map(SilenceWatch.Sample.init))
      switch suspicion {
      case .none:
        let slots = virtioSlots()
        if slots.contains(where: { $0.modernWrite ?? $0.legacyWrite ?? $0.writeToEmpty != nil }) {
          tell(Explainer.examineDrivers(slots))
        }
      case .idle where !runner.isDeterministic: tell(Explainer.examine(scene(idle: watch.idle)))
      case .idle: tell(examineAtRest(idle: watch.idle))
      case .running:
        let begin = Clock.hostNanoseconds()
        tell(examineAtRest(idle: watch.idle))
        watch.rested(nanoseconds: Clock.hostNanoseconds() - begin)
      }
    }
  }

  /// What seems wrong now, for whoever asks; empty where nothing does. Not from a hart's thread.
  func examine() -> [Explanation] { examineAtRest(idle: []) }

  /// The same once the machine has ended: nothing runs any more.
  func examineAtEnd() -> [Explanation] {
    let wfi: UInt32 = 0x1050_0073
    let idle = runner.harts.indices.filter { index in
      runner.harts[index].instructionBits(at: runner.harts[index].state.pointee.pc &- 4) == wfi
    }
    return Explainer.examine(scene(idle: Set(idle)))
  }

  private func examineAtRest(idle: Set<Int>) -> [Explanation] {
    guard runner.isDeterministic else { return runner.atRest { Explainer.examine(scene(idle: idle)) } }
    // A safepoint would be one that another run does not have. What comes by the gate runs between two turns.
    let answer = Answer()
    runner.deliver { [self] in answer.give(Explainer.examine(scene(idle: idle))) }
    return answer.wait(while: { !isEnding.load(ordering: .relaxed) && runner.isRunning })
  }

  /// What the thread that runs the harts has found.
  private final class Answer: Sendable {
    private let found = Mutex<[Explanation]?>(nil)
    func give(_ explanations: [Explanation]) { found.withLock { $0 = explanations } }
    func wait(while goesOn: () -> Bool) -> [Explanation] {
      while goesOn() {
        if let explanations = found.withLock({ $0 }) { return explanations }
        usleep(5000)
      }
      return []
    }
  }

  private func tell(_ explanations: [Explanation]) {
    for explanation in explanations {
      guard told.withLock({ $0.insert(explanation.cause.id).inserted }) else { continue }
      if isJSON { reporter.print(explanation.json) } else { reporter.report(explanation.text) }
    }
  }

  // MARK: The scene

  private func scene(idle: Set<Int>) -> Scene {
    let memory = machine.memory
    let map = MemoryMap(memory)
    let harts = runner.harts.enumerated().map { index, hart in
      HartScene(hart, isIdle: idle.contains(index)) { Self.answer(map, $0, $1, $2) }
    }
    var scene = Scene(
      harts: harts, map: map, read: { memory.copyOut($0, count: $1) }, places: places,
      cpuModel: configuration.cpu.map { String($0.split(separator: ",").first ?? "") } ?? machine.cpu.name,
      hasFirmware: configuration.bios != "none")
    scene.interruptController = machine.devices.lazy.compactMap { $0.device as? PLIC }.first.map(Self.plic)
    scene.virtioSlots = virtioSlots()
    scene.storeToROM = memory.lastStoreToROM
    scene.linked = linked
    scene.clock = runner.clock.ticks
    return scene
  }

  /// What devices would answer, as far as that is certain: a UART takes what is written and is ready for more.
  private static func answer(_ map: MemoryMap, _ address: UInt64, _ width: Int, _ value: UInt64?)
    -> Rehearsal.Answer
  {
    guard let region = map.region(at: address) else { return .nothing }
    switch region.kind {
    case .ram, .rom: return .value(0)
    case .flash: return .unknown
    case .device(let widths):
      guard widths.contains(width) else { return .nothing }
      guard region.name == NS16550A.regionName else { return .unknown }
      if value != nil { return .value(0) }
      return address - region.first == 5 ? .value(0x60) : .unknown
    }
  }

  private static func plic(_ plic: PLIC) -> PLICScene {
    let state = plic.state
    func bit(_ words: [UInt32], _ source: Int) -> Bool { words[source >> 5] >> UInt32(source & 31) & 1 != 0 }
    let words = state.pending.count
    let sources = (1...PLIC.sources).compactMap { source -> PLICScene.Source? in
      let (isPending, isInService) = (bit(state.pending, source), bit(state.inService, source))
      guard isPending || isInService else { return nil }
      let contexts = state.thresholds.indices.filter {
        bit(Array(state.enables[$0 * words..<($0 + 1) * words]), source)
      }
      return PLICScene.Source(
        number: source, priority: Int(state.priorities[source]), isPending: isPending,
        isInService: isInService, contexts: contexts)
    }
    return PLICScene(sources: sources, thresholds: state.thresholds.map(Int.init))
  }

  private func virtioSlots() -> [VirtIOSlotScene] {
    let slots = machine.devices.compactMap { placed in
      (placed.device as? VirtIOMMIO).flatMap { slot in placed.windows.first.map { ($0.lowerBound, slot) } }
    }
    return slots.enumerated().map { number, place in
      let (base, slot) = place
      let conduct = slot.conduct
      var scene = VirtIOSlotScene(
        number: number, base: base, isLegacy: slot.isLegacy,
        device: slot.link.map { type(of: $0.device).typeName })
      scene.hasReadVersion = conduct.hasReadVersion
      scene.hasReadDeviceID = conduct.hasReadDeviceID
      if slot.isLegacy {
        scene.modernWrite = conduct.foreignWrite
      } else {
        scene.legacyWrite = conduct.foreignWrite
      }
      if slot.isEmpty {
        scene.writeToEmpty = conduct.queueWrite
        (scene.modernWrite, scene.legacyWrite) = (nil, nil)
      }
      scene.isActive = slot.link.map { $0.isDriverReady || $0.queues.contains(where: \.isReady) } ?? false
      return scene
    }
  }
}

/// Names of places from the symbols of kernel and firmware.
private struct SymbolPlaces: GuestPlaces, Sendable {
  let symbols: GuestSymbols
  func symbol(at address: UInt64) -> (name: String, offset: UInt64)? { symbols.place(of: address) }

  func line(at address: UInt64) -> (file: String, number: Int)? {
    symbols.line(at: address).map { (String($0.file.split(separator: "/").last ?? ""), $0.line) }
  }
}
