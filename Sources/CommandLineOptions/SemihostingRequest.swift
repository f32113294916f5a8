/// `-semihosting` and `-semihosting-config`.
package struct SemihostingRequest: Sendable, Equatable {
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
    switch list.take("target") {
    // No debugger offers to serve them here, so `auto` is always native.
    case "native", "auto", nil: break
    case "gdb":
      throw error("semihosting served by GDB is not there yet in Apus; target=native serves it here")
    case let target?: throw error("unsupported semihosting-config target=\(target)")
    }
    var semihosting = request.semihosting ?? SemihostingRequest()
    semihosting.console = list.take("chardev") ?? semihosting.console
    semihosting.servesUserMode = try list.takeFlag("userspace") ?? semihosting.servesUserMode
    semihosting.arguments += list.entries.filter { $0.name == "arg" }.map { $0.value ?? "" }
    request.semihosting = isEnabled ? semihosting : nil
  }
}
