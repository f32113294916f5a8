import Machine
import RISCV

// -machine, -cpu, -smp, -m, -accel, -icount and what else concerns the machine itself.
extension CommandLineReader {
  mutating func machine(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "type")
    if list.asksForHelp {
      guard let name = list.take("type") ?? request.machine.machine else {
        answer = catalog.machineListing
        return
      }
      guard let listing = catalog.propertyListing(ofMachine: name) else { throw unknownMachine(name) }
      answer = listing
      return
    }
    try list.requireValues()
    if let name = list.take("type") { request.machine.machine = name }
    request.machine.kernel = list.take("kernel") ?? request.machine.kernel
    request.machine.initrd = list.take("initrd") ?? request.machine.initrd
    request.machine.append = list.take("append") ?? request.machine.append
    request.machine.dtb = list.take("dtb") ?? request.machine.dtb
    request.machine.bios = list.take("firmware") ?? request.machine.bios
    request.machine.dumpDTB = list.take("dumpdtb") ?? request.machine.dumpDTB
    if let names = list.take("accel") {
      machineAccelerators = names.split(separator: ":").map { (String($0), "invalid accelerator \($0)") }
    }
    // Of no consequence here: the boards have no graphics of their own, and hosts do not merge the pages of
    // shared memory.
    for name in ["mem-merge", "suppress-vmdesc"] {
      _ = try machineFlag(name, &list)
    }
    if let hasGraphics = try machineFlag("graphics", &list) { request.machine.isNographic = !hasGraphics }
    for bank in flashLinks.indices { flashLinks[bank] = list.take("pflash\(bank)") ?? flashLinks[bank] }
    if try machineFlag("usb", &list) == true { throw error("USB is not there yet in Apus") }
    memoryLink = list.take("memory-backend") ?? memoryLink
    request.machine.machineProperties += list.untaken.map { Assignment($0.name, $0.value ?? "on") }
  }

  private func machineFlag(
    _ name: String, _ list: inout KeyValueList
  ) throws(CommandLineError) -> Bool? {
    do {
      return try list.takeFlag(name)
    } catch {
      // Machine properties are told without the option, as all of them are by the board.
      throw CommandLineError("Parameter '\(name)' expects 'on' or 'off'")
    }
  }

  func unknownMachine(_ name: String) -> CommandLineError {
    CommandLineError(
      "unsupported machine type: \"\(name)\"\nUse -machine help to list supported machines"
        + catalog.machines.lazy.map(\.name).suggestion(for: name))
  }

  // MARK: Accelerators

  mutating func accelerator(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "accel")
    if list.asksForHelp {
      answer = "Accelerators supported in QEMU binary:\ntcg\ninterp\n"
      return
    }
    guard let name = list.take("accel"), !name.isEmpty else { throw error("Parameter 'accel' is missing") }
    accelerators.append((name, "\(option): invalid accelerator \(name)"))
    guard Self.isAccelerator(name) else { return }
    if let thread = list.take("thread") {
      guard let threading = HartThreading(rawValue: thread) else {
        throw error("Invalid 'thread' setting \(thread)")
      }
      request.machine.threading = threading
      threadOption = threading == .multi ? option : nil
    }
    if let text = list.take("tb-size") {
      guard let size = UInt64(literal: text) else { throw error("Parameter 'tb-size' expects uint64") }
      guard size <= 1 << 20 else { throw error("'tb-size' is in MiB and at most 1048576, not \(size)") }
      request.machine.accelerator.codeSize = size == 0 ? nil : Int(size) << 20
    }
    if let isOneByOne = try list.takeFlag("one-insn-per-tb") {
      request.machine.accelerator.isOneByOne = isOneByOne
    }
    if let text = list.take("x-region-limit") {
      guard let limit = UInt64(literal: text), limit > 0, let limit = Int(exactly: limit) else {
        throw error("Parameter 'x-region-limit' expects a number of instructions, 1 or more")
      }
      request.machine.accelerator.regionLimit = limit
    }
    if let text = list.take("x-trace-after") {
      guard let count = UInt64(literal: text), 1...1_000_000 ~= count else {
        throw error("Parameter 'x-trace-after' expects a number of slices, 1 to 1000000")
      }
      request.machine.accelerator.slicesForTrace = Int(count)
    }
    _ = try list.takeFlag("split-wx")
    if let stranger = list.untaken.first {
      throw error("Property '\(name)-accel.\(stranger.name)' not found")
    }
  }

  private static func isAccelerator(_ name: String) -> Bool { name == "tcg" || name == "interp" }

  /// Takes the first accelerator of the list that exists; those before it are told as warnings.
  mutating func chooseAccelerator() throws(CommandLineError) {
    if !accelerators.isEmpty, !machineAccelerators.isEmpty {
      throw CommandLineError("The -accel and \"-machine accel=\" options are incompatible")
    }
    accelerators += machineAccelerators
    if let index = accelerators.firstIndex(where: { Self.isAccelerator($0.name) }) {
      request.machine.accelerator.kind = accelerators[index].name == "interp" ? .interpreter : .translator
      request.warnings += accelerators[..<index].map(\.complaint)
    } else if !accelerators.isEmpty {
      throw CommandLineError(messages: accelerators.map(\.complaint))
    }
    guard request.machine.instructionShift != nil else { return }
    if let threadOption { throw CommandLineError("\(threadOption): No MTTCG when icount is enabled") }
    request.machine.threading = .single
  }

  mutating func instructionCount(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "shift")
    let shift = list.take("shift")
    let aligns = try list.takeFlag("align") ?? false
    let sleeps = try list.takeFlag("sleep") ?? true
    if let mode = list.take("rr") {
      guard mode == "record" || mode == "replay" else { throw error("Invalid icount rr option: \(mode)") }
      throw error("rr=\(mode): record and replay are not there yet in Apus")
    }
    try list.finish()
    if aligns, !sleeps { throw error("align=on and sleep=off are incompatible") }
    guard let shift else {
      if aligns { throw error("Please specify shift option when using align") }
      request.warnings.append(
        "\(option): warning: without shift= instructions are not counted; -icount shift=auto does")
      return
    }
    let adapts = shift == "auto"
    // Where QEMU begins, too: 125 million instructions a second.
    guard let value = adapts ? 3 : UInt64(literal: shift), value <= 10 else {
      throw error("icount: Invalid shift value")
    }
    if adapts { request.machine.instructionPace.insert(.adapting) }
    if aligns { request.machine.instructionPace.insert(.aligned) }
    request.machine.instructionShift = value
    request.idleSleeps = sleeps
  }

  // MARK: Harts and memory

  mutating func harts(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "cpus")
    try list.requireValues()
    func count(_ name: String) throws(CommandLineError) -> UInt64? {
      guard let text = list.take(name) else { return nil }
      guard let value = UInt64(literal: text) else {
        throw CommandLineError("Parameter 'smp.\(name)' expects integer")
      }
      guard value > 0 else {
        throw CommandLineError("Invalid CPU topology: CPU topology parameters must be greater than zero")
      }
      return value
    }
    let cpus = try count("cpus")
    let maximum = try count("maxcpus")
    let sockets = try count("sockets")
    let cores = try count("cores")
    let threads = try count("threads")
    for level in ["drawers", "books", "dies", "clusters", "modules"] {
      if let value = try count(level), value > 1 {
        throw CommandLineError("\(level) > 1 not supported by this machine's CPU topology")
      }
    }
    if let stranger = list.untaken.first {
      throw CommandLineError("Parameter 'smp.\(stranger.name)' is unexpected")
    }
    let topology = try Topology(
      cpus: cpus, maximum: maximum, sockets: sockets, cores: cores, threads: threads)
    request.machine.smp = topology.cpus
  }

  mutating func memory(_ argument: String) throws(CommandLineError) {
    // Nothing, as scripts have it whose variable is empty, is the default.
    if argument.isEmpty { return }
    var list = try list(argument, implied: "size")
    let size = try takeSize("size", &list, unit: 1 << 20)
    let limit = try takeSize("maxmem", &list, unit: 1 << 20)
    let slots = list.take("slots")
    try list.finish()
    if let size, let limit, limit < size {
      throw CommandLineError(
        "invalid value of maxmem: maximum memory size (0x\(String(limit, radix: 16))) must be at least "
          + "the initial memory size (0x\(String(size, radix: 16)))")
    }
    if slots.map({ UInt64(literal: $0) != 0 }) ?? false || (limit != nil && limit != size) {
      throw error("pluggable memory (slots, maxmem) is not there yet in Apus")
    }
    request.machine.ramSize = size == 0 ? nil : size
  }

  func takeSize(
    _ name: String, _ list: inout KeyValueList, unit: UInt64 = 1
  ) throws(CommandLineError) -> UInt64? {
    guard let text = list.take(name) else { return nil }
    do {
      return try UInt64(size: text, parameter: name, unit: unit)
    } catch {
      throw self.error(error.description)
    }
  }

  // MARK: Names, numbers, clocks

  mutating func name(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "guest")
    request.guestName = list.take("guest") ?? request.guestName
    // Threads have names of their own anyway.
    request.processName = list.take("process") ?? request.processName
    _ = try list.takeFlag("debug-threads")
    try list.finish()
  }

  mutating func uuid(_ argument: String) throws(CommandLineError) {
    let groups = argument.split(separator: "-", omittingEmptySubsequences: false)
    guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], argument.allSatisfy({ $0.isHexDigit || $0 == "-" })
    else {
      throw error("failed to parse UUID string: wrong format")
    }
    request.uuid = argument
    let digits = Array(groups.joined())
    request.machine.uuid = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
  }

  mutating func seed(_ argument: String) throws(CommandLineError) {
    guard let value = UInt64(literal: argument) else { throw error("Invalid seed number: \(argument)") }
    request.machine.seed = value
  }

  /// QMP has nothing that is deprecated, and no unstable members in its answers.
  mutating func compatibility(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    for name in ["deprecated-output", "unstable-output"] {
      _ = try list.takeChoice(name, of: ["accept", "hide"])
    }
    _ = try list.takeChoice("deprecated-input", of: ["accept", "reject", "crash"])
    let unstable = try list.takeChoice("unstable-input", of: ["accept", "reject", "crash"])
    if let stranger = list.untaken.first {
      throw error(KeyValueList.complaint("Parameter '\(stranger.name)' is unexpected", stranger.name))
    }
    if unstable == "crash" { throw error("unstable-input=crash is not there yet in Apus; reject is") }
    request.refusesUnstable = unstable == "reject"
  }

  mutating func action(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    if let reboot = try list.takeChoice("reboot", of: ["reset", "shutdown"]) {
      request.machine.noReboot = reboot == "shutdown"
    }
    if let shutdown = try list.takeChoice("shutdown", of: ["poweroff", "pause"]) {
      request.noShutdown = shutdown == "pause"
    }
    // No device reports panics or has a watchdog yet, so these never come to act.
    _ = try list.takeChoice("panic", of: ["pause", "shutdown", "exit-failure", "none"])
    _ = try list.takeChoice("watchdog", of: Self.watchdogActions)
    try list.finish()
  }

  mutating func watchdogAction(_ name: String) throws(CommandLineError) {
    // There is no watchdog yet whose action this would be.
    guard Self.watchdogActions.contains(name) else {
      throw error("Parameter 'watchdog' does not accept value '\(name)'")
    }
  }

  private static let watchdogActions = [
    "reset", "shutdown", "poweroff", "inject-nmi", "pause", "debug", "none",
  ]

  /// Nobody looks at the boot order yet; it is checked so that mistakes show.
  mutating func bootOrder(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    for name in ["order", "once"] {
      var seen: Set<Character> = []
      for device in list.take(name) ?? "" {
        guard ("a"..."p").contains(device) else { throw CommandLineError("Invalid boot device '\(device)'") }
        guard seen.insert(device).inserted else {
          throw CommandLineError("Boot device '\(device)' was given twice")
        }
      }
    }
    for name in ["menu", "strict"] {
      if let text = list.take(name), Bool(switch: text) == nil {
        throw CommandLineError("Parameter 'boot.\(name)' expects 'on' or 'off'")
      }
    }
    _ = list.take("splash")
    for (name, sentence, range) in [
      ("splash-time", "splash time is invalid,it should be a value between 0 and 65535", 0...65535),
      ("reboot-timeout", "reboot timeout is invalid,it should be a value between -1 and 65535", -1...65535),
    ] as [(String, String, ClosedRange<Int64>)] {
      guard let text = list.take(name) else { continue }
      guard let value = UInt64(literal: text) else {
        throw CommandLineError("Parameter 'boot.\(name)' expects integer")
      }
      guard range.contains(Int64(bitPattern: value)) else { throw CommandLineError(sentence) }
    }
    if let stranger = list.untaken.first {
      throw CommandLineError("Parameter 'boot.\(stranger.name)' is unexpected")
    }
  }

  mutating func messages(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    request.messagesHaveTimestamps = try list.takeFlag("timestamp") ?? request.messagesHaveTimestamps
    request.messagesHaveGuestName = try list.takeFlag("guest-name") ?? request.messagesHaveGuestName
    try list.finish()
  }

  mutating func realTimeClock(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    let base = list.take("base")
    let clock = list.take("clock")
    let drift = list.take("driftfix")
    try list.finish()
    switch base {
    case nil: break
    case "utc": request.realTimeClock = .utc
    case "localtime": request.realTimeClock = .localTime
    case let text?:
      guard let date = CivilDate(text) else {
        throw CommandLineError(
          "invalid datetime format\nvalid formats: '2006-06-17T16:01:21' or '2006-06-17'")
      }
      request.realTimeClock = .date(date.secondsSince1970)
    }
    if let clock {
      guard let source = Clock.RealTimeSource(rawValue: clock) else {
        throw CommandLineError("invalid option value '\(clock)'")
      }
      request.machine.realTimeSource = source
    }
    switch drift {
    case nil, "none": break
    case "slew": request.warnings.append("warning: driftfix 'slew' is not available with this machine")
    case let text?: throw CommandLineError("invalid option value '\(text)'")
    }
  }
}
