import Logging
import Machine
import RISCV
import SupervisorBinaryInterface
import Translator

/// A machine ready to run.
package struct Assembly: Sendable {
  package let machine: BuiltMachine
  package let runner: MachineRunner
  /// Sentences for the user, to be printed before the machine starts.
  package let warnings: [String]
}

extension Boards {
  /// Builds the machine that `configuration` describes, makes its harts, loads its memory and connects the
  /// runner, which is not running yet.
  ///
  /// This is the one place where harts come into being.
  package static func assemble(
    _ configuration: MachineConfiguration, backEnds: BackEnds, settings: MachineRunner.Settings,
    startOfDay: UInt64? = nil, log: Log = Log(), perfMap: PerfMap? = nil
  ) throws(ConfigurationError) -> Assembly {
    let clock = Clock(
      mode: configuration.instructionShift.map {
        .instructions(shift: $0, pace: configuration.instructionPace)
      } ?? .host, startOfDay: startOfDay, realTimeSource: configuration.realTimeSource)
    let relay = ControlRelay(isDeterministic: clock.mode != .host)
    let services = MachineServices(
      clock: clock, timers: Timers(), power: relay, gate: relay,
      entropy: configuration.seed.map { SeededEntropy(seed: $0) } ?? HostEntropy(),
      announce: { relay.announce($0) }, log: log)
    let machine = try build(configuration, backEnds: backEnds, services: services)

    var harts: [Hart] = []
    for (index, port) in machine.ports.enumerated() {
      let hart = Hart(
        id: UInt64(index), features: machine.cpu.features, memory: machine.memory, time: clock, port: port,
        log: log)
      hart.resetPC = machine.startPC(ofHart: index)
      hart.reset()
      try accelerate(hart, configuration, perfMap)
      harts.append(hart)
    }
    if machine.plan.usesBuiltinFirmware { try serveBuiltinFirmware(harts, of: machine) }
    var warnings = machine.warnings + machine.load()
    if configuration.accelerator.kind == .translator, harts.contains(where: { $0.engine == nil }) {
      warnings.append("these harts are interpreted, which is slow: code is translated on x86-64 hosts only")
    }

    var settings = settings
    settings.singleThread = settings.singleThread || configuration.threading == .single
    settings.noReboot = configuration.noReboot
    settings.startPaused = configuration.startPaused
    let runner = MachineRunner(
      harts: harts, memory: machine.memory, clock: clock, timers: services.environment.timers,
      lock: services.lock,
      settings: settings, resetBoard: { machine.reset() })
    relay.connect(power: runner, gate: runner) { runner.tell(.device($0)) }
    return Assembly(machine: machine, runner: runner, warnings: warnings)
  }

  /// `-bios builtin`: the harts start in supervisor mode, with the host as their firmware.
  private static func serveBuiltinFirmware(_ harts: [Hart], of machine: BuiltMachine)
    throws(ConfigurationError)
  {
    guard machine.cpu.features.hasSupervisor else {
      throw ConfigurationError(
        "-bios builtin: this CPU has no supervisor mode, in which guests of the built-in firmware run")
    }
    let plan = machine.plan
    var starts = plan.startPCs
    if let entry = plan.kernelEntry, starts[0] == nil { starts[0] = entry }
    BuiltinFirmware(
      machine.firmwarePlatform,
      starts: starts.mapValues { BuiltinFirmware.Start(address: $0, deviceTree: plan.vector.deviceTree) },
      memory: machine.memory, power: machine.services.environment.power, harts: harts.count
    ).serve(harts)
  }

  /// Bytes of host code for a hart: a distribution's kernel and a compiler at work fill some 20 MiB.
  private static let codeSize = 64 << 20

  /// Gives the hart the engine that `-accel` asks for.
  private static func accelerate(_ hart: Hart, _ configuration: MachineConfiguration, _ perfMap: PerfMap?)
    throws(ConfigurationError)
  {
    let accelerator = configuration.accelerator
    guard accelerator.kind == .translator, TranslatedHart.canRun else { return }
    let size = accelerator.codeSize.map { $0 / Int(max(1, configuration.smp)) } ?? codeSize
    let limit = accelerator.regionLimit ?? TranslatedHart.largestRegion
    guard limit <= TranslatedHart.largestRegion else {
      throw ConfigurationError(
        "-accel tcg,x-region-limit=\(limit): a region has at most \(TranslatedHart.largestRegion) instructions"
      )
    }
    do throws(CodeMemoryError) {
      let engine = try TranslatedHart(
        hart, codeSize: max(size, TranslatedHart.smallestCodeSize),
        regionLimit: accelerator.isOneByOne ? 1 : limit, perfMap: perfMap)
      if let slices = accelerator.slicesForTrace { engine.slicesForTrace = slices }
    } catch {
      throw ConfigurationError("\(error); '-accel interp' does without")
    }
  }
}
