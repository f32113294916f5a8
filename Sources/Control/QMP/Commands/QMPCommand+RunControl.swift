import JSONText
import Machine

extension QMPCommand {
  private static let watchdogActions = QAPIType.choice(
    "WatchdogAction", ["reset", "shutdown", "poweroff", "pause", "debug", "none", "inject-nmi"])

  /// The machine as a whole: that it runs, stops, ends.
  static let runControl: [QMPCommand] = [
    QMPCommand(
      "query-status",
      gives: .record(
        "StatusInfo",
        [
          QAPIMember("running", .flag),
          QAPIMember(
            "status",
            .choice(
              "RunState",
              [
                "debug", "inmigrate", "internal-error", "io-error", "paused", "postmigrate", "prelaunch",
                "finish-migrate", "restore-vm", "running", "save-vm", "shutdown", "suspended", "watchdog",
                "guest-panicked", "colo",
              ])),
        ]), "whether the machine runs, and why not"
    ) { call in
      let state = call.machine.runState
      return ["status": .string(state.qapiName), "running": .flag(state == .running)]
    },
    QMPCommand("stop", "have all harts stand still") { (call) throws(QMPError) in
      try call.expectNoDump()
      call.machine.stop()
    },
    QMPCommand("cont", "let them go on") { (call) throws(QMPError) in
      try call.expectNoDump()
      // The reply comes before anything that the guest does then.
      let release = call.machine.hold()
      call.session.afterReply(release)
      try call.carryOut { () throws(MonitorError) in try call.machine.resume() }
    },
    QMPCommand("system_reset", "back to power-on; what `-action` and `set-action` say may happen instead") {
      call in call.machine.reset()
    },
    QMPCommand(
      "system_powerdown", "press the power button, which no machine has that there is: the event comes"
    ) {
      call in call.machine.pressPowerButton()
    },
    QMPCommand("system_wakeup", "wake the guest from suspend") { (call) throws(QMPError) in
      try call.carryOut { () throws(MonitorError) in try call.machine.wakeUp() }
    },
    QMPCommand("inject-nmi", "an interrupt that cannot be masked") { (_) throws(QMPError) in
      throw QMPError("machine does not provide NMIs")
    },
    QMPCommand("quit", "end the program") { call in
      call.machine.quit()
      call.session.end()
    },
    QMPCommand(
      "set-action",
      [
        .optional("reboot", .choice("RebootAction", ["reset", "shutdown"]), "what a reset comes to"),
        .optional(
          "shutdown", .choice("ShutdownAction", ["poweroff", "pause"]), "what the guest's power-off comes to"),
        .optional(
          "panic", .choice("PanicAction", ["pause", "shutdown", "exit-failure", "none"]),
          "no device that there is reports panics"),
        .optional("watchdog", watchdogActions, "no machine that there is has a watchdog"),
      ], "what the machine does from now on, as `-action` has it"
    ) { call in
      var actions = call.machine.endActions
      if let reboot = call.text("reboot") { actions.endsAtReset = reboot == "shutdown" }
      if let shutdown = call.text("shutdown") { actions.stopsAtShutdown = shutdown == "pause" }
      call.machine.endActions = actions
    },
    QMPCommand(
      "watchdog-set-action", [QAPIMember("action", watchdogActions)],
      "what a watchdog does; no machine that there is has one"
    ) { _ in },
  ]
}
