import Boards
import Boot
import CommandLineOptions
import Consoles
import Control
import Devices
import Glibc
import Logging
import Machine
import RISCV
import Translator

/// The program: command line → configuration → machine → harts run → exit code.
enum Program {
  static let version = "0.1.0"

  /// `words` begins with the name by which the program was called. Gives the exit code.
  static func run(_ words: [String]) -> Int32 {
    let path = words.first ?? "apus-system-riscv64"
    let name = path.split(separator: "/").last.map(String.init) ?? path
    var reporter = Reporter(programName: name)
    do {
      let words = Array(words.dropFirst())
      switch try CommandLineReader.read(words, programName: name, catalog: .thisProgram) {
      case .answer(let text):
        print(text, terminator: "")
        return 0
      case .run(let request):
        reporter.configure(request)
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
    return 1
  }

  private static func run(_ request: CommandLineRequest, _ reporter: Reporter) throws -> Int32 {
    request.warnings.forEach { reporter.report($0) }
    // A reader of our output that goes away is an error of that write, not our end.
    signal(SIGPIPE, SIG_IGN)
    let ending = Ending(reporter)
    ending.catchSignals()

    let log = try openLog(request)
    let perfMap = request.mapsForPerf ? try PerfMap() : nil
    let opener = BackEndOpener(request, reporter)
    let drives = try opener.openDrives()
    let entropy = try opener.openEntropy()
    let gate = ControlRelay(isDeterministic: request.machine.instructionShift != nil)
    let disks = DiskSet(drives)
    let consoles = try ConsoleSet(request, gate: gate, ending: ending, disks: disks, reporter)
    var backEnds = BackEnds()
    backEnds.drives = drives
    backEnds.entropy = entropy
    backEnds.characters = consoles.characters

    var settings = MachineRunner.Settings()
    settings.noShutdown = request.noShutdown
    settings.idleSleeps = request.idleSleeps
    let assembly = try Boards.assemble(
      request.machine, backEnds: backEnds, settings: settings, startOfDay: request.realTimeClock.startOfDay,
      log: log, perfMap: perfMap)
    assembly.warnings.forEach { reporter.report("warning: \($0)") }
    if let path = request.machine.dumpDTB {
      try writeDeviceTree(assembly.machine.flattenedDeviceTree, to: path)
      reporter.report("info: dtb dumped to \(path). Exiting.")
      return 0
    }
    if let hint = request.hint { reporter.report(hint) }
    let shown = log.items.intersection([.guestCode, .operations, .hostCode])
    if !shown.isEmpty || perfMap != nil, assembly.runner.harts.contains(where: { $0.engine == nil }) {
      reporter.report("warning: these harts are interpreted: there is no translated code to log or to name")
    }

    let runner = assembly.runner
    gate.connect(power: runner, gate: runner)
    ending.connect { [stopWaiting = consoles.stopWaiting] in
      stopWaiting()
      runner.quit()
    }
    consoles.start(monitoring: RunningMachine(assembly, ending, disks, log))
    let end = runner.run()
    ending.begin()
    // What the guest printed last is still on its way; a terminal that takes nothing must not hold up
    // somebody who wants out.
    consoles.finish(patience: end == .quit ? 1000 : nil)
    assembly.machine.finishTransfers()
    for drive in drives.values { try drive.flush() }
    perfMap?.flush()
    if let path = request.reportPath { try writeReport(assembly, to: path) }
    if case .guest(let code) = end { return code }
    return 0
  }

  private static func openLog(_ request: CommandLineRequest) throws(CommandLineError) -> Log {
    let symbols = GuestSymbols(request.machine)
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
    let failure = ConfigurationError("qemu_fdt_dumpdtb: Failed dumping dtb to \(path)")
    guard let file = fopen(path, "w") else { throw failure }
    let count = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, count == bytes.count else { throw failure }
  }
}

extension Catalog {
  /// What the rooms of this program offer.
  static var thisProgram: Catalog {
    let loader = DeviceModel(
      typeName: GenericLoader.typeName, bus: .system, summary: "Generic Loader",
      properties: GenericLoader.properties
    ) { _, _, _ throws(PropertyError) in
      throw PropertyError("the loader is carried out by the boot plan")
    }
    return Catalog(
      machines: Boards.all.map { Machine(name: $0.name, summary: $0.summary, properties: $0.properties) },
      cpus: CPUModel.all.filter { $0.missing.isEmpty }.map(\.name),
      devices: VirtIOModels.all + [loader],
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
