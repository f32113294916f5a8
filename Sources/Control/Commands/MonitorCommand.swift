/// A row of the monitor's table.
struct MonitorCommand: Sendable {
  typealias Handler = @Sendable (MonitorSession, inout Substring) throws(MonitorError) -> String

  /// What Tab offers behind the command's name.
  enum Completion: Sendable {
    case nothing
    /// Registers behind a dollar sign, the guest's symbols.
    case expressions
    case commands
    case information
    case logItems
    /// Drives' ids.
    case drives
    case ringBuffers
    case virtioDevices
    case words([String])
  }

  /// "quit|q": every spelling.
  let names: String
  let arguments: String
  let help: String
  /// Lines to try, and what each does.
  let examples: [(line: String, meaning: String)]
  let completion: Completion
  let run: Handler

  init(
    _ names: String, _ arguments: String = "", _ help: String,
    examples: [(line: String, meaning: String)] = [], completion: Completion = .nothing,
    _ run: @escaping Handler
  ) {
    self.names = names
    self.arguments = arguments
    self.help = help
    self.examples = examples
    self.completion = completion
    self.run = run
  }

  /// Its first spelling, the long one.
  var name: String { names.split(separator: "|").first.map(String.init) ?? names }

  func answers(to name: Substring) -> Bool { names.split(separator: "|").contains(name) }

  /// As QEMU's `help` lists it.
  func line(prefix: String = "") -> String { "\(prefix)\(names) \(arguments) -- \(help)\r\n" }

  /// The line and its examples.
  func page(prefix: String = "") -> String {
    let width = examples.map(\.line.utf8.count).max() ?? 0
    return line(prefix: prefix)
      + examples.map { "    \(leftAligned($0.line, to: width))  \($0.meaning)\r\n" }.joined()
  }

  /// By name, as QEMU lists them.
  package static let all: [MonitorCommand] =
    (runControl + memory + harts + logging + back + network).sorted { $0.name < $1.name }

  static let information: [MonitorCommand] =
    (hartInformation + machineInformation + deviceInformation + networkInformation).sorted {
      $0.name < $1.name
    }
}
