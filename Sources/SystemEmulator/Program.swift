import Boards
import Boot
import CommandLineOptions
import Consoles
import Control
import Debugger
import Devices
import Explanations
import Glibc
import Logging
import Machine
import RISCV
import Translator

/// The program: command line → configuration → machine → harts run → exit code.
package enum Program {
  static let version = "0.1.0"

  /// `words` begins with the name by which the program was called. Gives the exit code.
  package static func run(_ words: [String], target: Target) -> Int32 {
    let path = words.first ?? "apus-system-\(target)"
    let name = path.split(separator: "/").last.map(String.init) ?? path
    var reporter = Reporter(programName: name)
    var failureCode: Int32 = 1
    do {
      let words = Array(words.dropFirst())
      switch try CommandLineReader.read(words, programName: name, catalog: .thisProgram(target)) {
      case .answer(let text):
        print(text, terminator: "")
        return 0
      case .run(var request):
        request.machine.target = target
        reporter.configure(request)
        // Whoever grades wants to know a wrong answer from no answer.
        if request.grading != nil { failureCode = GradedRun.errorCode }
        return try run(request, reporter)
      }
    } catch let error as CommandLineError {
      error.messages.forEach { reporter.report($0) }
    } catch let error as ConfigurationError {
      if let preamble = error.preamble { reporter.print(preamble) }
      reporter.report(error.description)
    } catch {
      reporter.report("\(error)")
    }
    return failureCode
  }

  private static func run(_ request: CommandLineRequest, _ reporter: Reporter) throws -> Int32 {
    request.warnings.forEach { reporter.report($0) }
    if let name = request.processName { setProcessName(name) }
    // A reader of our output that goes away is an error of that write, not our end.
    signal(SIGPIPE, SIG_IGN)
    let ending = Ending(reporter)
    ending.catchSignals()

    let processFile = try request.processFile.map { path throws(CommandLineError) in try ProcessFile(path) }
    defer { processFile?.remove() }
    let symbols = GuestSymbols(request.machine)
    let log = try openLog(request, symbols)
    let grading = try request.grading.map { request throws(CommandLineError) in
      try GradedRun(request, reporter)
    }
    if request.locksMemory { try lockMemory() }
    let perfMap = request.mapsForPerf ? try PerfMap() : nil
    let opener = BackEndOpener(request, reporter)
    let drives = try opener.openDrives()
    let entropy = try opener.openEntropy()
    let gate = ControlRelay(isDeterministic: request.machine.instructionShift != nil)
    let disks = DiskSet(drives)
    let consoles = try ConsoleSet(request, gate: gate, ending: ending, disks: disks, reporter)
    let debugServers = DebugServers(
      consoles, version: "Apus \(Program.version), compatible with QEMU 10.0", reporter)
    let debugServer = try request.debugServer.map { request throws(CommandLineError) in
      try debugServers.open(request)
    }
    var backEnds = BackEnds()
    backEnds.drives = drives
    backEnds.ioThreads = Set(request.objects.filter { $0.kind == .ioThread }.map(\.id))
    backEnds.entropy = entropy
    let networks = try NetworkSet(request, gate: gate, consoles: consoles, log: log, reporter)
    backEnds.networks = networks.backEnds
    backEnds.characters =
      try grading?.watch(consoles.characters, of: request.machine) ?? consoles.characters

    var settings = MachineRunner.Settings()
    // A graded guest that powers off has ended.
    settings.noShutdown = request.noShutdown && grading == nil
    settings.idleSleeps = request.idleSleeps
    let assembly: Assembly
    do throws(ConfigurationError) {
      assembly = try Boards.assemble(
        request.machine, backEnds: backEnds, settings: settings,
        startOfDay: request.realTimeClock.startOfDay,
        log: log, perfMap: perfMap)
    } catch {
      if request.explanations == .json, let explanation = Explanation(error) {
        reporter.print(explanation.json)
      }
      throw error
    }
    let warnings = assembly.warnings + networks.warnings(assembly.machine.networkCards)
    warnings.forEach { reporter.report("warning: \($0)") }
    try SemihostingConsole.serve(request, assembly, backEnds.characters, debugServers, reporter)
    if let path = request.machine.dumpDTB {
      try writeDeviceTree(assembly.machine.flattenedDeviceTree, to: path)
      return 0
    }
    if let hint = request.hint { reporter.report(hint) }
    let shown = log.items.intersection([.guestCode, .operations, .hostCode])
    if !shown.isEmpty || perfMap != nil, assembly.runner.harts.contains(where: { $0.engine == nil }) {
      reporter.report("warning: these harts are interpreted: there is no translated code to log or to name")
    }

    let runner = assembly.runner
    gate.connect(power: runner, gate: runner)
    ending.connect { [stopWaiting = consoles.stopWaiting] cause in
      stopWaiting()
      runner.quit(cause)
    }
    let running = RunningMachine(
      assembly, ending, disks, log, symbols, consoles: consoles, debugServers: debugServers,
      networks: networks, request)
    debugServers.serve(running)
    let events = QMPEvents()
    runner.observe { stop in
      if let event = QMPEvent(stop) { events.send(event) }
    }
    if let debugServer { debugServers.start(debugServer) }
    consoles.start(monitoring: running, events)
    try networks.start()
    let observer = GuestObserver(request, assembly, symbols, reporter)
    observer?.start()
    grading?.start(assembly)
    let end = runner.run()
    observer?.stop()
    ending.begin()
    debugServers.finish()
    consoles.finishReplies()
    // What the guest printed last is still on its way; a terminal that takes nothing must not hold up
    // somebody who wants out.
    consoles.finish(patience: end == .quit ? 1000 : nil)
    for hart in runner.harts { hart.finishTrapLog() }
    assembly.machine.finishTransfers()
    for drive in drives.values { try drive.flush() }
    perfMap?.flush()
    if let path = request.reportPath { try writeReport(assembly, to: path) }
    if let grading {
      return grading.finish(
        end, assembly, symbol: { symbol($0, log) },
        explain: {
          GuestObserver(of: request, assembly, symbols, reporter).examineAtEnd().first?.text
        })
    }
    return end.exitCode ?? 0
  }

  /// `memcpy+0x14`, nil where no symbol is known.
  private static func symbol(_ address: UInt64, _ log: Log) -> String? {
    log.place(of: address).map { $0.offset == 0 ? $0.name : "\($0.name)+0x\(String($0.offset, radix: 16))" }
  }

  /// What process lists call this program; Linux cuts it at 15 bytes.
  private static func lockMemory() throws(CommandLineError) {
    // Not everything at once: most of what is mapped is never used.
    let flags = Int32(MCL_CURRENT) | Int32(MCL_FUTURE) | Int32(MCL_ONFAULT)
    guard mlockall(flags) == 0 else {
      throw CommandLineError(
        "locking memory failed: \(String(cString: strerror(errno)))\n'ulimit -l unlimited' lets programs lock theirs."
      )
    }
  }

  private static func setProcessName(_ name: String) {
    guard let file = fopen("/proc/self/comm", "w") else { return }
    fputs(name, file)
    fclose(file)
  }

  private static func openLog(
    _ request: CommandLineRequest, _ symbols: GuestSymbols
  ) throws(CommandLineError) -> Log {
    let log = Log(request.log.items, filter: request.log.filter) { symbols.place(of: $0) }
    guard let file = request.log.file else { return log }
    do throws(LogError) {
      try log.open(file)
    } catch {
      throw CommandLineError(error.description)
    }
    return log
  }

  /// What two runs of a deterministic machine have in common.
  private static func writeReport(_ assembly: Assembly, to path: String) throws {
    let harts = assembly.runner.harts
    let instructions = harts.reduce(0) { $0 &+ $1.instructionsRetired }
    var text = "instructions \(instructions)\n"
    text += "ram \(String(assembly.machine.memory.contentHash, radix: 16))\n"
    for hart in harts {
      text += "hart \(hart.id) \(hart.instructionsRetired) \(String(hart.stateHash, radix: 16))\n"
    }
    text += "decoded-code-bytes \(assembly.machine.memory.code.bytesUsed)\n"
    let file = path == "-" ? fdopen(dup(2), "w") : fopen(path, "w")
    guard let file else { throw ConfigurationError("-report \(path): Could not open '\(path)' for writing") }
    let written = fputs(text, file)
    guard fclose(file) == 0, written >= 0 else {
      throw ConfigurationError("-report \(path): Could not write '\(path)'")
    }
  }

  private static func writeDeviceTree(_ bytes: [UInt8], to path: String) throws {
    func failure() -> ConfigurationError {
      ConfigurationError("Error saving FDT to file \(path): \(String(cString: strerror(errno)))")
    }
    guard let file = fopen(path, "w") else { throw failure() }
    let count = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, count == bytes.count else { throw failure() }
  }
}

extension Catalog {
  /// What the rooms of this program offer.
  static func thisProgram(_ target: Target) -> Catalog {
    let loaders = [
      (GenericLoader.typeName, "Generic Loader", GenericLoader.properties),
      (GuestLoader.typeName, "Guest Loader", GuestLoader.properties),
    ].map { name, summary, properties in
      DeviceModel(
        typeName: name, bus: .system, summary: summary, properties: properties
      ) { _, _, _ throws(PropertyError) in
        throw PropertyError("the loader is carried out by the boot plan")
      }
    }
    return Catalog(
      machines: Boards.all.map { Machine(name: $0.name, summary: $0.summary, properties: $0.properties) },
      cpus: CPUModel.all(of: target).filter { $0.missing.isEmpty }.map(\.name),
      devices: VirtIOModels.all + loaders,
      firmwareFolders: Firmware.shareFolder.map { [$0] } ?? [], version: Program.version)
  }
}

extension RealTimeClockBase {
  /// Seconds since 1970 that the machine's clock begins with; nil: the host's now.
  var startOfDay: UInt64? {
    switch self {
    case .utc: return nil
    case .date(let seconds): return UInt64(clamping: seconds)
    case .localTime:
      var now = time(nil)
      var local = tm()
      localtime_r(&now, &local)
      return UInt64(clamping: Int64(now) + Int64(local.tm_gmtoff))
    }
  }
}

extension Explanation {
  /// What keeps a machine from being built, where it is among the causes that are explained.
  fileprivate init?(_ error: ConfigurationError) {
    guard error.description.hasPrefix("Some ROM regions are overlapping") else { return nil }
    self = .loadOverlap(error.description)
  }
}
