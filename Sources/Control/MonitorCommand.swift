/// A row of the monitor's table.
struct MonitorCommand: Sendable {
  typealias Handler = @Sendable (MonitorSession, inout Substring) throws(MonitorError) -> String

  /// "quit|q": every spelling.
  let names: String
  let arguments: String
  let help: String
  let run: Handler

  init(_ names: String, _ arguments: String = "", _ help: String, _ run: @escaping Handler) {
    self.names = names
    self.arguments = arguments
    self.help = help
    self.run = run
  }

  func answers(to name: Substring) -> Bool { names.split(separator: "|").contains(name) }

  /// As `help` lists it.
  func line(prefix: String = "") -> String { "\(prefix)\(names) \(arguments) -- \(help)\r\n" }

  static let all: [MonitorCommand] = [
    MonitorCommand(
      "commit", "device|all", "commit changes to the disk images (if -snapshot is used) or backing files"
    ) { (session, text) throws(MonitorError) in
      let name = session.word(&text)
      guard !name.isEmpty else {
        throw MonitorError("commit: block device name expected", suggestsHelp: true)
      }
      try session.machine.commit(String(name))
      return ""
    },
    MonitorCommand("cont|c", "", "resume emulation") { (session, _) throws(MonitorError) in
      try session.machine.resume()
      return ""
    },
    MonitorCommand("cpu", "index", "set the default CPU") { (session, text) throws(MonitorError) in
      try session.selectHart(try session.number(&text))
      return ""
    },
    MonitorCommand("help|?", "[cmd]", "show the help") { (session, text) throws(MonitorError) in
      try session.help(session.word(&text), session.word(&text))
    },
    MonitorCommand("info", "[subcommand]", "show various information about the system state") {
      (session, text) throws(MonitorError) in try session.info(&text)
    },
    MonitorCommand("log", "item1[,...]", "activate logging of the specified items") {
      (session, text) throws(MonitorError) in try session.setLog(session.word(&text))
    },
    MonitorCommand("logfile", "filename", "output logs to 'filename'") {
      (session, text) throws(MonitorError) in try session.setLogFile(session.word(&text))
    },
    MonitorCommand("print|p", "/fmt expr", "print expression value (use $reg for CPU register access)") {
      (session, text) throws(MonitorError) in try session.printValue(&text)
    },
    MonitorCommand("quit|q", "", "quit the emulator") { session, _ in
      session.isOver = true
      session.machine.quit()
      return ""
    },
    MonitorCommand("stop|s", "", "stop emulation") { session, _ in
      session.machine.stop()
      return ""
    },
    MonitorCommand("system_powerdown", "", "send system power down event") {
      (session, _) throws(MonitorError) in
      try session.machine.powerDown()
      return ""
    },
    MonitorCommand("system_reset", "", "reset the system") { session, _ in
      session.machine.reset()
      return ""
    },
    MonitorCommand("x", "/fmt addr", "virtual memory dump starting at 'addr'") {
      (session, text) throws(MonitorError) in try session.dump(&text, isPhysical: false)
    },
    MonitorCommand("xp", "/fmt addr", "physical memory dump starting at 'addr'") {
      (session, text) throws(MonitorError) in try session.dump(&text, isPhysical: true)
    },
  ]

  static let information: [MonitorCommand] = [
    MonitorCommand("cpus", "", "show infos for each CPU") { session, _ in session.cpuListing },
    MonitorCommand("jit", "", "show dynamic compiler info") { session, _ in session.engineListing },
    MonitorCommand("mtree", "[-f]", "show memory tree (-f: dump flat view for address spaces)") {
      (session, text) throws(MonitorError) in
      session.memoryListing(isFlat: try session.flags(&text, "f").contains("f"))
    },
    MonitorCommand("qtree", "", "show device tree") { session, _ in session.deviceListing },
    MonitorCommand(
      "registers", "[-a|vcpu]",
      "show the cpu registers (-a: show register info for all cpus; vcpu: specific vCPU to query; "
        + "show the current CPU's registers if no argument is specified)"
    ) { (session, text) throws(MonitorError) in try session.registerListing(&text) },
    MonitorCommand("roms", "", "show roms") { session, _ in session.imageListing },
    MonitorCommand("status", "", "show the current VM status (running|paused)") { session, _ in
      "VM status: \(session.machine.runState.rawValue)\r\n"
    },
    MonitorCommand("version", "", "show the version of the emulator") { session, _ in "\(session.version)\r\n"
    },
  ]
}
