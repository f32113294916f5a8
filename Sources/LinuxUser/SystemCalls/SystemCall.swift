import Glibc

/// A system call of RISC-V's Linux and what becomes of it here.
package struct SystemCall: Sendable {
  /// Linux's number on RISC-V (include/uapi/asm-generic/unistd.h).
  package let number: Int
  package let name: String
  /// What its arguments are, a letter each: what passing it to the host and printing it need.
  package let arguments: ArgumentList
  package let treatment: Treatment

  package enum Argument: UInt8, Sendable {
    case decimal = 0x64  // d
    case unsigned = 0x75  // u
    case hexadecimal = 0x78  // x
    case octal = 0x6f  // o
    /// A file descriptor, or AT_FDCWD.
    case descriptor = 0x66  // f
    /// An address of data that is laid out as on the host.
    case pointer = 0x70  // p
    /// An address of a string.
    case string = 0x73  // s
    /// An address of a file's path.
    case path = 0x50  // P
    case openFlags = 0x4f  // O
    case protection = 0x4d  // M
    case signal = 0x67  // g

    var isAddress: Bool { self == .pointer || self == .string || self == .path }
  }

  /// Up to eight letters in a word, so that the table of all calls costs nothing at the start.
  package struct ArgumentList: RandomAccessCollection, ExpressibleByStringLiteral, Sendable {
    private let letters: UInt64
    package let endIndex: Int
    package var startIndex: Int { 0 }

    package init(stringLiteral text: StaticString) {
      var letters: UInt64 = 0
      for i in 0..<text.utf8CodeUnitCount { letters |= UInt64(text.utf8Start[i]) << UInt64(8 * i) }
      self.letters = letters
      endIndex = text.utf8CodeUnitCount
    }

    package subscript(_ i: Int) -> Argument {
      Argument(rawValue: UInt8(truncatingIfNeeded: letters >> UInt64(8 * i))) ?? .hexadecimal
    }
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

  init(_ number: Int, _ name: String, _ arguments: ArgumentList, _ treatment: Treatment) {
    self.number = number
    self.name = name
    self.arguments = arguments
    self.treatment = treatment
  }
}
