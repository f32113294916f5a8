/// Why a program cannot be run: a sentence for the user, and what the process ends with.
package struct ProgramError: Error, Equatable, CustomStringConvertible {
  package let description: String
  package let exitCode: Int32

  package init(_ description: String, exitCode: Int32 = 255) {
    self.description = description
    self.exitCode = exitCode
  }
}
