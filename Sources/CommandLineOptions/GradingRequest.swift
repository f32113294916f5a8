/// `-grade`.
package struct GradingRequest: Sendable, Equatable {
  /// The script.
  package var file: String
  /// Where results go, besides standard error.
  package var json: String?
  package var junit: String?
  /// What the guest prints is not shown.
  package var isQuiet = false
  /// Time goes by as on the wall, where it else is counted in instructions.
  package var usesHostClock = false

  package init(file: String) { self.file = file }
}

extension CommandLineReader {
  mutating func grade(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    guard let file = list.take("file"), !file.isEmpty else { throw error("Parameter 'file' is missing") }
    var grading = GradingRequest(file: file)
    grading.json = list.take("json")
    grading.junit = list.take("junit")
    grading.isQuiet = try list.takeFlag("quiet") ?? false
    switch list.take("clock") {
    case "guest", nil: break
    case "host": grading.usesHostClock = true
    case let clock?: throw error("Parameter 'clock' does not accept value '\(clock)': guest or host")
    }
    request.grading = grading
  }

  /// A graded machine counts time in instructions, so that a slow host fails nobody.
  mutating func chooseGradedClock() throws(CommandLineError) {
    guard let grading = request.grading else { return }
    if grading.usesHostClock {
      if request.machine.instructionShift != nil {
        throw CommandLineError("-grade \(grading.file),clock=host: -icount is the other clock; leave out one")
      }
      return
    }
    guard request.machine.instructionShift == nil else { return }
    request.machine.instructionShift = 2
    request.idleSleeps = false
  }
}
