extension MonitorCommand {
  /// The machine as a whole, and the monitor itself.
  static let runControl: [MonitorCommand] = [
    MonitorCommand(
      "cont|c", "", "resume emulation", examples: [("c", "let the machine run on, after 'stop' or -S")]
    ) { (session, _) throws(MonitorError) in
      try session.machine.resume()
      return ""
    },
    MonitorCommand(
      "gdbserver", "[device]", "start gdbserver on given device (default 'tcp::1234'), stop with 'none'",
      examples: [
        ("gdbserver", "then: gdb-multiarch kernel -ex 'target remote :1234'"),
        ("gdbserver unix:/tmp/gdb", "as -gdb takes it"), ("gdbserver none", "no more"),
      ]
    ) { (session, text) throws(MonitorError) in
      let device = session.word(&text)
      try session.expectEnd(text, of: "gdbserver")
      return try session.machine.startDebugServer(device.isEmpty ? nil : String(device))
    },
    MonitorCommand(
      "help|?", "[cmd]", "show the help",
      examples: [("help x", "what 'x' does, with examples"), ("help info mem", "the same of a subcommand")],
      completion: .commands
    ) { (session, text) throws(MonitorError) in
      try session.help(session.word(&text), session.word(&text))
    },
    MonitorCommand(
      "info", "[subcommand]", "show various information about the system state",
      examples: [("info registers", "the current hart's registers"), ("help info", "all subcommands")],
      completion: .information
    ) { (session, text) throws(MonitorError) in try session.info(&text) },
    MonitorCommand(
      "one-insn-per-tb", "[on|off]", "run emulation with one guest instruction per translation block",
      examples: [("one-insn-per-tb on", "for logs in which every instruction counts; slow")],
      completion: .words(["on", "off"])
    ) { (session, text) throws(MonitorError) in try session.setOneByOne(&text) },
    MonitorCommand(
      "quit|q", "", "quit the emulator", examples: [("q", "the same as Ctrl-a x on the terminal")]
    ) { session, _ in
      session.isOver = true
      session.machine.quit()
      return ""
    },
    MonitorCommand(
      "stop|s", "", "stop emulation", examples: [("stop", "all harts stand still, until 'cont'")]
    ) { session, _ in
      session.machine.stop()
      return ""
    },
    MonitorCommand(
      "system_powerdown", "", "send system power down event",
      examples: [("system_powerdown", "press the power button, where the machine has one")]
    ) { (session, _) throws(MonitorError) in
      try session.machine.powerDown()
      return ""
    },
    MonitorCommand(
      "system_reset", "", "reset the system",
      examples: [("system_reset", "back to power-on; kernel and firmware are loaded anew")]
    ) { session, _ in
      session.machine.reset()
      return ""
    },
    MonitorCommand(
      "system_wakeup", "", "wakeup guest from suspend",
      examples: [("system_wakeup", "only for guests that have said that they can be woken")]
    ) { (session, _) throws(MonitorError) in
      try session.machine.wakeUp()
      return ""
    },
  ]
}

extension MonitorSession {
  func setOneByOne(_ text: inout Substring) throws(MonitorError) -> String {
    let word = word(&text)
    try expectEnd(text, of: "one-insn-per-tb")
    switch word {
    case "", "on": break
    case "off": break
    default: throw MonitorError("unexpected option \(word)")
    }
    guard machine.translatesOneByOne != nil else {
      return "the harts are interpreted: they run one instruction at a time anyway\r\n"
    }
    machine.setTranslatesOneByOne(word != "off")
    return ""
  }
}
