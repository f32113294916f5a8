import Glibc

/// A system call of RISC-V's Linux and what becomes of it here.
package struct SystemCall: Sendable {
  /// Linux's number on RISC-V (include/uapi/asm-generic/unistd.h).
  package let number: Int
  package let name: String
  /// What its arguments are, a letter each: what passing it to the host and printing it need.
  package let arguments: [Argument]
  package let treatment: Treatment

  package enum Argument: Character, Sendable {
    case decimal = "d"
    case unsigned = "u"
    case hexadecimal = "x"
    case octal = "o"
    /// A file descriptor, or AT_FDCWD.
    case descriptor = "f"
    /// An address of data that is laid out as on the host.
    case pointer = "p"
    /// An address of a string.
    case string = "s"
    /// An address of a file's path.
    case path = "P"
    case openFlags = "O"
    case protection = "M"
    case signal = "g"

    var isAddress: Bool { self == .pointer || self == .string || self == .path }
  }

  package typealias Handler = @Sendable (LinuxThread, Arguments) throws(Errno) -> Int

  package enum Treatment: Sendable {
    /// The host does it: its number there; arguments differ in nothing but where addresses are.
    case passed(host: Int32, Restart)
    /// The host does it, with arguments or results in another layout.
    case converted(Handler)
    /// Done here: the host must not see it.
    case emulated(Handler)
    /// ENOSYS, and why.
    case refused(String)
    /// The same for what every program asks for and does without: nothing is said.
    case declined(String)
  }

  /// What a signal handler with SA_RESTART means for a waiting call (signal(7)).
  package enum Restart: Sendable {
    case again
    /// EINTR whatever the handler's flags.
    case never
  }

  /// The values of a0 to a5.
  package struct Arguments {
    var values: InlineArray<6, UInt64>
    subscript(_ i: Int) -> UInt64 { values[i] }
    /// As a C `int`.
    func int(_ i: Int) -> Int32 { Int32(truncatingIfNeeded: values[i]) }
    /// As a C `long` for the host.
    func word(_ i: Int) -> Int { Int(truncatingIfNeeded: values[i]) }
  }

  init(_ number: Int, _ name: String, _ arguments: String, _ treatment: Treatment) {
    self.number = number
    self.name = name
    self.arguments = arguments.map { Argument(rawValue: $0) ?? .hexadecimal }
    self.treatment = treatment
  }
}
