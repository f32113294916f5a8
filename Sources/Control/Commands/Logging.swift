import Logging

extension MonitorCommand {
  static let logging: [MonitorCommand] = [
    MonitorCommand(
      // `help log` lists the items, as in QEMU.
      "log", "item1[,...]", "activate logging of the specified items", completion: .logItems
    ) { (session, text) throws(MonitorError) in try session.setLog(&text) },
    MonitorCommand(
      "logfile", "filename", "output logs to 'filename'",
      examples: [("logfile /tmp/log", "from now on to that file, not to standard error")]
    ) { (session, text) throws(MonitorError) in try session.setLogFile(&text) },
  ]
}

extension MonitorSession {
  var logListing: String {
    LogItems.listing(withNone: true).replacing("\n", with: "\r\n")
  }

  func setLog(_ text: inout Substring) throws(MonitorError) -> String {
    let items = word(&text)
    guard !items.isEmpty else { throw MonitorError("log: string expected", suggestsHelp: true) }
    try expectEnd(text, of: "log")
    do throws(LogError) {
      machine.log.items = items == "none" ? [] : try LogItems(String(items))
      return ""
    } catch {
      return error.showsListing ? logListing : "log: \(error)\r\n"
    }
  }

  func setLogFile(_ text: inout Substring) throws(MonitorError) -> String {
    let path = fileName(&text)
    guard !path.isEmpty else { throw MonitorError("logfile: filename expected", suggestsHelp: true) }
    try expectEnd(text, of: "logfile")
    do throws(LogError) {
      try machine.log.open(path)
      return ""
    } catch {
      throw MonitorError(error.description)
    }
  }
}
