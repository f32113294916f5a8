/// `-semihosting` and `-semihosting-config`.
package struct SemihostingRequest: Sendable, Equatable {
  package enum Target: Sendable {
    case native, gdb
    /// GDB while one is connected.
    case automatic
  }

  /// Who serves the calls about files and console.
  package var target = Target.native
  /// The character back end of the console; nil: standard error, and nothing to read.
  package var console: String?
  /// Calls from user mode are served, too.
  package var servesUserMode = false
  /// `arg=`: the words of the guest's command line; empty: the kernel and its own command line.
  package var arguments: [String] = []
  package init() {}
}

extension CommandLineReader {
  mutating func semihosting() { request.semihosting = request.semihosting ?? SemihostingRequest() }

  mutating func semihosting(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    let isEnabled = try list.takeFlag("enable") ?? true
    var semihosting = request.semihosting ?? SemihostingRequest()
    switch list.take("target") {
    case nil: break
    case "native": semihosting.target = .native
    case "gdb": semihosting.target = .gdb
    case "auto": semihosting.target = .automatic
    case let target?: throw error("unsupported semihosting-config target=\(target)")
    }
    semihosting.console = list.take("chardev") ?? semihosting.console
    semihosting.servesUserMode = try list.takeFlag("userspace") ?? semihosting.servesUserMode
    semihosting.arguments += list.entries.filter { $0.name == "arg" }.map { $0.value ?? "" }
    request.semihosting = isEnabled ? semihosting : nil
  }
}
