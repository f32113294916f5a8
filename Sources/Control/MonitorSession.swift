import Logging
import RISCV

/// One conversation with the monitor, without the keys: a line goes in, an answer comes out. Lines of the
/// answer end in \r\n.
package final class MonitorSession: @unchecked Sendable {
  // One thread, the monitor's, calls `execute`; hence the unguarded state.
  let machine: any MonitoredMachine
  let version: String
  private(set) var hart = 0
  private var format = DumpFormat()
  /// `quit` has been said.
  package internal(set) var isOver = false

  package init(machine: any MonitoredMachine, version: String) {
    self.machine = machine
    self.version = version
  }

  /// Carries out one line.
  package func execute(_ line: String) -> String {
    var rest = line[...]
    // `x/4xw 0` needs no space before its format.
    let name = rest.drop(while: Self.isSpace).prefix { !Self.isSpace($0) && $0 != "/" }
    rest = rest[name.endIndex...]
    guard !name.isEmpty || !word(&rest).isEmpty else { return "" }
    guard let command = MonitorCommand.all.first(where: { $0.answers(to: name) }) else {
      return "unknown command: '\(name)'\r\n"
    }
    do throws(MonitorError) {
      return try run(command, &rest, helpName: String(name))
    } catch {
      return "\(error.sentence)\r\n"
    }
  }

  private func run(
    _ command: MonitorCommand, _ rest: inout Substring, helpName: String
  ) throws(MonitorError) -> String {
    do throws(MonitorError) {
      if command.arguments.isEmpty { try finish(rest, command) }
      let isInfo = command.names == "info"
      let answer = try command.run(self, &rest)
      if !isInfo { try finish(rest, command) }
      return answer
    } catch {
      guard error.suggestsHelp else { throw error }
      throw MonitorError("\(error.sentence)\r\nTry \"help \(helpName)\" for more information")
    }
  }

  private func finish(_ rest: Substring, _ command: MonitorCommand) throws(MonitorError) {
    guard rest.allSatisfy(Self.isSpace) else {
      throw MonitorError("\(command.names): extraneous characters at the end of line", suggestsHelp: true)
    }
  }

  // MARK: Arguments

  private static func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }

  func word(_ text: inout Substring) -> Substring {
    text = text.drop(while: Self.isSpace)
    let word = text.prefix { !Self.isSpace($0) }
    text = text[word.endIndex...]
    return word
  }

  func number(_ text: inout Substring) throws(MonitorError) -> UInt64 {
    text = text.drop(while: Self.isSpace)
    let registers = machine.registers(ofHart: hart)
    return try Expression.read(&text) { registers[$0] }
  }

  /// Leading words such as `-f`, each letter of which must be among `known`.
  func flags(_ text: inout Substring, _ known: String) throws(MonitorError) -> Set<Character> {
    var found: Set<Character> = []
    while text.drop(while: Self.isSpace).first == "-" {
      for letter in word(&text).dropFirst() {
        guard known.contains(letter) else {
          throw MonitorError("unsupported option -\(letter)", suggestsHelp: true)
        }
        found.insert(letter)
      }
    }
    return found
  }

  // MARK: help, info

  func help(_ name: Substring, _ subject: Substring) throws(MonitorError) -> String {
    if name.isEmpty { return MonitorCommand.all.map { $0.line() }.joined() }
    if name == "info" {
      let rows = MonitorCommand.information.filter { subject.isEmpty || $0.answers(to: subject) }
      guard !rows.isEmpty else { throw MonitorError("unknown command: 'info \(subject)'") }
      return rows.map { $0.line(prefix: "info ") }.joined()
    }
    if name == "log" { return logListing }
    guard let command = MonitorCommand.all.first(where: { $0.answers(to: name) }) else {
      throw MonitorError("unknown command: '\(name)'")
    }
    return command.line()
  }

  func info(_ text: inout Substring) throws(MonitorError) -> String {
    let name = word(&text)
    if name.isEmpty { return try help("info", "") }
    guard let row = MonitorCommand.information.first(where: { $0.answers(to: name) }) else {
      throw MonitorError("unknown command: 'info \(name)'")
    }
    let answer = try run(row, &text, helpName: "info \(name)")
    text = text[text.endIndex...]
    return answer
  }

  func selectHart(_ index: UInt64) throws(MonitorError) {
    guard index < UInt64(machine.hartCount) else { throw MonitorError("invalid CPU index") }
    hart = Int(index)
  }

  // MARK: log, logfile

  private var logListing: String {
    LogItems.listing(withNone: true).replacing("\n", with: "\r\n")
  }

  func setLog(_ text: Substring) throws(MonitorError) -> String {
    guard !text.isEmpty else { throw MonitorError("log: string expected", suggestsHelp: true) }
    do throws(LogError) {
      machine.log.items = text == "none" ? [] : try LogItems(String(text))
      return ""
    } catch {
      return error.showsListing ? logListing : "log: \(error)\r\n"
    }
  }

  func setLogFile(_ path: Substring) throws(MonitorError) -> String {
    guard !path.isEmpty else { throw MonitorError("logfile: filename expected", suggestsHelp: true) }
    do throws(LogError) {
      try machine.log.open(String(path))
      return ""
    } catch {
      throw MonitorError(error.description)
    }
  }

  // MARK: Numbers and memory

  func printValue(_ text: inout Substring) throws(MonitorError) -> String {
    text = text.drop(while: Self.isSpace)
    try format.read(&text)
    return format.print(try number(&text)) + "\r\n"
  }

  func dump(_ text: inout Substring, isPhysical: Bool) throws(MonitorError) -> String {
    text = text.drop(while: Self.isSpace)
    try format.read(&text)
    var address = try number(&text)
    let read = { [machine, hart] (address: UInt64, count: Int, width: Int) in
      isPhysical
        ? machine.readPhysical(address, count: count, width: width)
        : machine.readVirtual(address, count: count, width: width, hart: hart)
    }
    if format.radix == .instruction { return instructions(at: &address, read) }

    let digits = machine.registers(ofHart: hart).width / 4
    let width = format.size
    let shown = format.radix == .character ? 1 : width
    var left = format.count * width
    var answer = ""
    while left > 0 {
      let count = min(left, width == 1 ? 8 : 16)
      answer += zeroPadded(address, to: digits) + ":"
      guard let bytes = read(address, count, width) else { return answer + " Cannot access memory\r\n" }
      for start in stride(from: 0, to: count, by: shown) {
        let value = bytes[start..<start + shown].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        answer += " " + format.column(value)
      }
      answer += "\r\n"
      address &+= UInt64(count)
      left -= count
    }
    return answer
  }

  private func instructions(at address: inout UInt64, _ read: (UInt64, Int, Int) -> [UInt8]?) -> String {
    var answer = ""
    for _ in 0..<format.count {
      answer += "0x\(zeroPadded(address, to: 8)):  "
      // A compressed instruction may be the last thing in memory.
      guard let bytes = read(address, 4, 2) ?? read(address, 2, 2) else {
        return answer + "Cannot access memory\r\n"
      }
      let (text, length) = machine.disassemble(bytes, at: address)
      let word = bytes.prefix(length).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      answer += leftAligned(zeroPadded(word, to: length * 2), to: 18) + text + "\r\n"
      address &+= UInt64(max(length, 2))
    }
    return answer
  }
}

// MARK: The listings

extension MonitorSession {
  var cpuListing: String {
    (0..<machine.hartCount).map { "\($0 == hart ? "*" : " ") CPU #\($0):\r\n" }.joined()
  }

  var engineListing: String {
    var text = ""
    for (index, engine) in machine.engines.enumerated() {
      text += "CPU #\(index): "
      guard let engine else {
        text += "interpreted\r\n"
        continue
      }
      text += "translated\r\n"
      let rows =
        engine.figures.map { ($0.name, $0.value) }
        + [("left to the interpreter", engine.fallbacks.reduce(0) { $0 + $1.count })]
        + engine.fallbacks.prefix(20).map { ("  \($0.name)", $0.count) }
      for (name, value) in rows {
        text += "  \(name + String(repeating: " ", count: max(1, 26 - name.utf8.count)))\(value)\r\n"
      }
    }
    return text
  }

  func registerListing(_ text: inout Substring) throws(MonitorError) -> String {
    if try flags(&text, "a").contains("a") {
      return (0..<machine.hartCount).map { listing(ofHart: $0) }.joined()
    }
    guard !text.allSatisfy({ $0 == " " || $0 == "\t" }) else { return listing(ofHart: hart) }
    let index = try number(&text)
    guard index < UInt64(machine.hartCount) else { throw MonitorError("CPU#\(index) not available") }
    return listing(ofHart: Int(index))
  }

  private func listing(ofHart index: Int) -> String {
    "\r\nCPU#\(index)\r\n" + machine.registers(ofHart: index).text.replacing("\n", with: "\r\n")
  }

  func memoryListing(isFlat: Bool) -> String {
    let rows = machine.memoryMap.map { range in
      "\(zeroPadded(range.first, to: 16))-\(zeroPadded(range.last, to: 16)) (prio 0, \(range.kind)): \(range.name)"
    }
    let spaces = (0..<machine.hartCount).map { "cpu-memory-\($0)" }
    if isFlat {
      return "FlatView #0\r\n AS \"memory\", root: system\r\n"
        + spaces.map { " AS \"\($0)\", root: system\r\n" }.joined()
        + " Root memory region: system\r\n" + rows.map { "  \($0)\r\n" }.joined() + "\r\n"
    }
    return spaces.map { "address-space: \($0)\r\n" }.joined() + "address-space: memory\r\n"
      + "  0000000000000000-ffffffffffffffff (prio 0, i/o): system\r\n"
      + rows.map { "    \($0)\r\n" }.joined() + "\r\n"
  }

  var deviceListing: String {
    func bus(_ name: String, _ type: String, _ devices: [DeviceNode], _ indent: String) -> String {
      "\(indent)bus: \(name)\r\n\(indent)  type \(type)\r\n"
        + devices.map { device($0, indent + "  ") }.joined()
    }
    func device(_ node: DeviceNode, _ indent: String) -> String {
      var text = "\(indent)dev: \(node.typeName), id \"\(node.id)\"\r\n"
      for (name, value) in node.properties { text += "\(indent)  \(name) = \(value)\r\n" }
      for (base, size) in node.windows {
        text += "\(indent)  mmio \(zeroPadded(base, to: 16))/\(zeroPadded(size, to: 16))\r\n"
      }
      return text + node.buses.map { bus($0.name, $0.type, $0.devices, indent + "  ") }.joined()
    }
    return bus("main-system-bus", "System", machine.deviceTree, "")
  }

  var imageListing: String {
    machine.images.map {
      "addr=\(zeroPadded($0.address, to: 16)) size=0x\(zeroPadded($0.size, to: 6)) "
        + "mem=\($0.memory) name=\"\($0.name)\"\r\n"
    }.joined()
  }

}

extension RegisterDump {
  /// The value of `$name`: pc, x5, t0, fp, fa0, mstatus.
  subscript(name: String) -> UInt64? {
    if name == "pc" { return pc }
    if name == "fp" { return integers.count > 8 ? integers[8] : nil }
    if let index = RegisterNames.integer.firstIndex(of: name), index < integers.count {
      return integers[index]
    }
    if let index = RegisterNames.float.firstIndex(of: name), index < floats.count { return floats[index] }
    if name.first == "x", let index = Int(name.dropFirst()), integers.indices.contains(index) {
      return integers[index]
    }
    if name.first == "f", let index = Int(name.dropFirst()), floats.indices.contains(index) {
      return floats[index]
    }
    return controls.first { $0.name == name }?.value
  }
}
