import CHost
import Glibc
import Logging
import RISCV

/// What a command line of `apus-riscv64` asks for.
package enum UserRequest: Sendable {
  case run(ProgramRequest, UserLog)
  /// Text for standard output, and nothing to run.
  case answer(String)
}

/// What is logged, and where to.
package struct UserLog: Sendable {
  package var items: LogItems = []
  package var filter = AddressFilter()
  package var file: String?
  package var namesRegions = false
  package init() {}
}

/// Reads `apus-riscv64`'s options: QEMU's user-mode grammar. An option may also come from the environment, as `QEMU_`
/// or `APUS_` with its name; then the command line has the last word.
package struct UserCommandLine {
  private let environment: [[UInt8]]
  private var request: ProgramRequest
  private var log = UserLog()
  /// -E and -U in their order.
  private var changes: [(isSet: Bool, text: [UInt8])] = []
  private var name: [UInt8]?
  private var answer: String?
  /// The option that is read, for sentences.
  private var option = ""

  private static let program = "apus-riscv64"

  /// `words` without the program's own name; `environment` as it is.
  package static func read(
    _ words: [[UInt8]], environment: [[UInt8]], isSecure: Bool = host_auxiliary(UInt(AT_SECURE)) != 0
  ) throws(ProgramError) -> UserRequest {
    var reader = UserCommandLine(environment)
    // Who has started a program with rights that are not his does not say which files it writes.
    if !isSecure { try reader.readEnvironment() }
    return try reader.read(words)
  }

  private init(_ environment: [[UInt8]]) {
    self.environment = environment
    request = ProgramRequest(path: "", arguments: [], environment: [])
    request.explains = isatty(STDERR_FILENO) == 1
    request.reportsRefusals = request.explains
  }

  // MARK: The table

  private struct Option: Sendable {
    var name: String
    var variable: String?
    var argument: String?
    /// nil: the emulator gives it to itself.
    var help: String?
    var perform: @Sendable (inout UserCommandLine, String) throws(ProgramError) -> Void
  }

  private static let options: [Option] = [
    Option(name: "h", help: "print this help") { reader, _ throws(ProgramError) in reader.answer = help },
    Option(name: "help", help: "") { reader, _ throws(ProgramError) in reader.answer = help },
    Option(
      name: "g", variable: "GDB", argument: "port",
      help: "wait gdb connection to 'port', or to a socket's path"
    ) { reader, text throws(ProgramError) in
      guard !text.isEmpty, Int(text) == nil || UInt16(text) != nil else {
        throw reader.error("expects a port below 65536, or the path of a socket")
      }
      reader.request.debugger = text
    },
    Option(
      name: "L", variable: "LD_PREFIX", argument: "path", help: "set the elf interpreter prefix to 'path'"
    ) { reader, text throws(ProgramError) in reader.request.prefix = text },
    Option(
      name: "s", variable: "STACK_SIZE", argument: "size", help: "set the stack size to 'size' bytes"
    ) { reader, text throws(ProgramError) in try reader.stackSize(text) },
    Option(name: "cpu", variable: "CPU", argument: "model", help: "select CPU (-cpu help for list)") {
      reader, text throws(ProgramError) in
      if text == "help" || text == "?" { reader.answer = CPUModel.help } else { reader.request.cpu = text }
    },
    Option(
      name: "E", variable: "SET_ENV", argument: "var=value",
      help: "sets targets environment variable (see below)"
    ) { reader, text throws(ProgramError) in try reader.change(text, isSet: true) },
    Option(
      name: "U", variable: "UNSET_ENV", argument: "var",
      help: "unsets targets environment variable (see below)"
    ) { reader, text throws(ProgramError) in try reader.change(text, isSet: false) },
    Option(
      name: "0", variable: "ARGV0", argument: "argv0",
      help: "forces target process argv[0] to be 'argv0'"
    ) { reader, text throws(ProgramError) in reader.name = Array(text.utf8) },
    Option(
      name: "r", variable: "UNAME", argument: "uname", help: "set uname release string to 'uname'"
    ) { reader, text throws(ProgramError) in reader.request.release = text },
    Option(
      name: "B", variable: "GUEST_BASE", argument: "address",
      help: "set guest_base address to 'address', where 256 GiB\nof the host's addresses must be free"
    ) { reader, text throws(ProgramError) in try reader.guestBase(text) },
    Option(
      name: "R", variable: "RESERVED_VA", argument: "size",
      help: "the program's addresses end at 'size', 256 GiB at most"
    ) { reader, text throws(ProgramError) in try reader.reserved(text) },
    Option(
      name: "d", variable: "LOG", argument: "item[,...]",
      help: "enable logging of specified items (use '-d help' for a list of items)"
    ) { reader, text throws(ProgramError) in try reader.logItems(text) },
    Option(
      name: "dfilter", variable: "DFILTER", argument: "range[,...]",
      help: "filter logging based on address range"
    ) { reader, text throws(ProgramError) in
      do throws(LogError) { reader.log.filter = try AddressFilter(text) } catch {
        throw reader.error(error.description)
      }
    },
    Option(
      name: "D", variable: "LOG_FILENAME", argument: "logfile",
      help: "write logs to 'logfile' (default stderr)"
    ) { reader, text throws(ProgramError) in reader.log.file = text },
    Option(
      name: "p", variable: "PAGESIZE", argument: "pagesize", help: "deprecated; changes nothing"
    ) { _, _ throws(ProgramError) in },
    Option(
      name: "one-insn-per-tb", variable: "ONE_INSN_PER_TB", help: "run with one guest instruction per region"
    ) { reader, _ throws(ProgramError) in reader.request.regionLimit = 1 },
    Option(name: "singlestep", variable: "SINGLESTEP", help: "the same as -one-insn-per-tb") {
      reader, _ throws(ProgramError) in
      reader.request.regionLimit = 1
    },
    Option(name: "tb-size", variable: "TB_SIZE", argument: "size", help: "MiB of host code for each thread") {
      reader, text throws(ProgramError) in try reader.codeSize(text)
    },
    Option(
      name: "accel", variable: "ACCEL", argument: "tcg|interp",
      help: "how instructions are run: translated, or one by one"
    ) { reader, text throws(ProgramError) in
      let words = text.split(separator: ",", omittingEmptySubsequences: false)
      guard let kind = words.first, kind == "tcg" || kind == "interp" else {
        throw reader.error("there is tcg, and interp")
      }
      guard words.count == 1 || words == ["tcg", "x-at-once=on"] else {
        throw reader.error("'\(words.dropFirst().joined(separator: ","))' is no property of \(kind)")
      }
      reader.request.isTranslated = kind == "tcg"
      reader.request.translatesAtOnce = words.count > 1
    },
    Option(name: "strace", variable: "STRACE", help: "log system calls") { reader, _ throws(ProgramError) in
      reader.request.traces = true
    },
    Option(
      name: "explain", variable: "EXPLAIN", argument: "on|off",
      help:
        "say why a signal has killed the program, and which\nsystem calls are not there yet (default: on a terminal)"
    ) { reader, text throws(ProgramError) in
      guard text == "on" || text == "off" else { throw reader.error("expects 'on' or 'off'") }
      reader.request.explains = text == "on"
      reader.request.reportsRefusals = text == "on"
    },
    Option(
      name: "seed", variable: "RAND_SEED", argument: "number", help: "what AT_RANDOM is made from"
    ) { reader, text throws(ProgramError) in
      guard let seed = number(text) else {
        throw ProgramError("Invalid seed number: \(text)", exitCode: 1)
      }
      reader.request.seed = seed
    },
    Option(name: DebuggerInheritance.option, argument: "connection", help: nil) {
      reader, text throws(ProgramError) in
      guard let inheritance = DebuggerInheritance(text) else {
        throw reader.error("'\(text)' is no connection")
      }
      reader.request.inheritance = inheritance
    },
    absent(
      "trace", "TRACE", "", "[[enable=]<pattern>][,events=<file>][,file=<file>]",
      "trace events are not there yet"),
    absent("plugin", "PLUGIN", "", "[file=]<file>[,<argname>=<argvalue>]", "plugins are not there yet"),
    absent("t", "RTSIG_MAP", "tsig hsig n", "map target rt signals", "they are the host's own, unchanged"),
    Option(
      name: "perfmap", variable: "PERFMAP", help: "Generate a /tmp/perf-${pid}.map file for perf"
    ) { reader, _ throws(ProgramError) in reader.request.mapsForPerf = true },
    absent("jitdump", "JITDUMP", nil, "Generate a jit-${pid}.dump file for perf", "it is not there yet"),
    Option(name: "version", variable: "VERSION", help: "display version information and exit") {
      reader, _ throws(ProgramError) in reader.answer = version
    },
  ]

  /// An option of QEMU's that says why it is not there.
  private static func absent(
    _ name: String, _ variable: String, _ argument: String?, _ help: String, _ why: String
  ) -> Option {
    Option(name: name, variable: variable, argument: argument, help: help + " (\(why))") {
      _, _ throws(ProgramError) in
      throw ProgramError("-\(name): \(why)", exitCode: 1)
    }
  }

  // MARK: Reading

  private func error(_ sentence: String) -> ProgramError {
    ProgramError("\(option): \(sentence)", exitCode: 1)
  }

  private mutating func read(_ words: [[UInt8]]) throws(ProgramError) -> UserRequest {
    var rest = words[...]
    while let word = rest.first, word.first == 0x2d {
      rest = rest.dropFirst()
      var name = String(decoding: word.dropFirst(), as: UTF8.self)
      // A lone dash ends the options.
      if name.isEmpty { break }
      if name.hasPrefix("-") { name.removeFirst() }
      if name == "-" || name.isEmpty { break }
      guard let row = Self.options.first(where: { $0.name == name }) else {
        throw ProgramError("unknown option '\(name)'", exitCode: 1)
      }
      option = "-\(name)"
      var argument = ""
      if row.argument != nil {
        guard let next = rest.first else {
          throw ProgramError("missing argument for option '\(name)'", exitCode: 1)
        }
        rest = rest.dropFirst()
        argument = String(decoding: next, as: UTF8.self)
      }
      try row.perform(&self, argument)
      if let answer { return .answer(answer) }
    }
    if let answer { return .answer(answer) }
    guard let path = rest.first else { throw ProgramError("no user program specified", exitCode: 1) }
    request.path = String(decoding: path, as: UTF8.self)
    request.arguments = [name ?? path] + rest.dropFirst()
    request.environment = changedEnvironment()
    request.ownOptions = ownOptions
    return .run(request, log)
  }

  /// The words of a command line where Linux started the emulator by itself with the flag P (binfmt_misc): the
  /// program's path comes first, then the name that it was called by, which `flags` (AT_FLAGS) say since Linux 5.12.
  package static func words(_ words: [[UInt8]], startedWith flags: UInt = host_auxiliary(UInt(AT_FLAGS)))
    -> [[UInt8]]
  {
    guard flags & 1 != 0, words.count >= 2 else { return words }
    return [Array("-0".utf8), words[1], Array("--".utf8), words[0]] + words.dropFirst(2)
  }

  private mutating func readEnvironment() throws(ProgramError) {
    let prefixes = ["QEMU_", "APUS_"]
    // Most environments have none of them.
    let own = environment.filter { entry in prefixes.contains { entry.starts(with: $0.utf8) } }
    guard !own.isEmpty else { return }
    for row in Self.options {
      guard let variable = row.variable else { continue }
      for prefix in prefixes {
        let start = Array("\(prefix)\(variable)=".utf8)
        guard let entry = own.last(where: { $0.starts(with: start) }) else { continue }
        option = prefix + variable
        try row.perform(&self, String(decoding: entry.dropFirst(start.count), as: UTF8.self))
      }
    }
  }

  /// As C writes numbers.
  private static func number(_ text: String) -> UInt64? {
    if text.hasPrefix("0x") || text.hasPrefix("0X") { return UInt64(text.dropFirst(2), radix: 16) }
    return text.hasPrefix("0") ? UInt64(text, radix: 8) : UInt64(text)
  }

  private mutating func guestBase(_ text: String) throws(ProgramError) {
    guard let base = Self.number(text) else { throw error("'\(text)' is no address") }
    guard base & 4095 == 0 else {
      throw ProgramError(
        "Requested guest base 0x\(String(base, radix: 16)) does not satisfy host minimum alignment (0x1000)",
        exitCode: 1)
    }
    // As QEMU: zero is no wish.
    request.guestBase = base == 0 ? nil : base
  }

  private mutating func reserved(_ text: String) throws(ProgramError) {
    let digits = text.prefix { $0.isHexDigit || $0 == "x" || $0 == "X" }
    let shift: UInt64
    switch text.dropFirst(digits.count) {
    case "": shift = 0
    case "k", "K": shift = 10
    case "M", "m": shift = 20
    case "G", "g": shift = 30
    default: throw ProgramError("Unrecognised -R size suffix '\(text)'", exitCode: 1)
    }
    guard let value = Self.number(String(digits)) else {
      throw ProgramError("Unrecognised -R size suffix '\(text)'", exitCode: 1)
    }
    guard value <= GuestMemory.size >> shift else {
      throw ProgramError("Reserved virtual address too big: a program has 256 GiB at most", exitCode: 1)
    }
    guard value << shift & 4095 == 0 else {
      throw ProgramError("Reserved virtual address not aligned mod 4 KiB", exitCode: 1)
    }
    // As QEMU: zero is no wish.
    if value > 0 { request.reserved = min(value << shift, GuestMemory.end) }
  }

  private mutating func stackSize(_ text: String) throws(ProgramError) {
    let shift: UInt64 =
      switch text.last {
      case "k", "K": 10
      case "m", "M": 20
      case "g", "G": 30
      default: 0
      }
    let digits = shift == 0 ? Substring(text) : text.dropLast()
    let value = digits.hasPrefix("0x") ? UInt64(digits.dropFirst(2), radix: 16) : UInt64(digits)
    // No larger than what is left for everything else.
    guard let value, value > 0, value <= (GuestMemory.size / 4) >> shift else {
      throw error("'\(text)' is no size of a stack, in bytes or with k, M or G behind it")
    }
    request.stackSize = value << shift
  }

  private mutating func codeSize(_ text: String) throws(ProgramError) {
    guard let value = Int(text), value > 0, value <= 1024 else { throw error("expects 1 to 1024 MiB") }
    request.codeSize = value << 20
  }

  private mutating func logItems(_ text: String) throws(ProgramError) {
    var words = text.split(separator: ",")
    if words.contains("help") || words.contains("?") {
      answer = LogItems.listing() + "strace          log every user-mode syscall, its input, and its result\n"
      return
    }
    if words.contains("strace") {
      request.traces = true
      words.removeAll { $0 == "strace" }
    }
    guard !words.isEmpty else { return }
    do throws(LogError) {
      log.items = try LogItems(words.joined(separator: ","))
    } catch {
      throw self.error(error.description + (error.showsListing ? "\n" + LogItems.listing().dropLast() : ""))
    }
  }

  // MARK: The environment

  private mutating func change(_ text: String, isSet: Bool) throws(ProgramError) {
    for word in text.split(separator: ",") {
      guard isSet == word.contains("=") else {
        throw error(isSet ? "'\(word)' is no var=value" : "'\(word)' is not only a variable's name")
      }
      changes.append((isSet, Array(word.utf8)))
    }
  }

  private func changedEnvironment() -> [[UInt8]] {
    var result = environment
    for change in changes {
      let name = change.text.prefix { $0 != 0x3d } + [0x3d]
      result.removeAll { $0.starts(with: name) }
      if change.isSet { result.append(change.text) }
    }
    return result
  }

  /// What makes another run of this program like this one. Changes of the environment are in the environment by then.
  private var ownOptions: [String] {
    var options: [String] = []
    if let prefix = request.prefix { options += ["-L", prefix] }
    options += ["-s", "\(request.stackSize)", "-cpu", request.cpu]
    if let release = request.release { options += ["-r", release] }
    if request.traces { options.append("-strace") }
    if !request.isTranslated { options += ["-accel", "interp"] }
    if request.translatesAtOnce { options += ["-accel", "tcg,x-at-once=on"] }
    if request.regionLimit == 1 { options.append("-one-insn-per-tb") }
    if let base = request.guestBase { options += ["-B", "\(base)"] }
    if request.reserved != GuestMemory.end { options += ["-R", "\(request.reserved)"] }
    if let seed = request.seed { options += ["-seed", "\(seed)"] }
    if request.mapsForPerf { options.append("-perfmap") }
    options += ["-explain", request.explains ? "on" : "off"]
    return options
  }

  // MARK: Texts

  private static let version = """
    apus-riscv64 version 0.1.0 (compatible: qemu-riscv64 version 10.0.0)
    Apus runs RISC-V Linux programs; its options are those of QEMU's user mode.

    """

  private static var help: String {
    var text =
      "usage: \(program) [options] program [arguments...]\nLinux CPU emulator (for riscv64 programs)\n\n"
    text += "Options and associated environment variables (QEMU_… or APUS_…):\n\n"
    text += "Argument             Env-variable      Description\n"
    for row in options {
      guard let help = row.help else { continue }
      let argument = "-\(row.name)" + (row.argument.map { $0.isEmpty ? "" : " \($0)" } ?? "")
      let variable = row.variable.map { "QEMU_\($0)" } ?? ""
      text += padded(argument, 20) + " " + padded(variable, 17) + " "
      text += help.replacing("\n", with: "\n" + String(repeating: " ", count: 39)) + "\n"
    }
    text += "\nDefaults:\nQEMU_LD_PREFIX  = \(GuestPaths.defaultPrefix)\nQEMU_STACK_SIZE = 8388608 byte\n\n"
    text += "-E and -U may be given several times, and take several variables separated by commas.\n"
    text += "-L names the folder below which programs find their dynamic loader, libraries and other\n"
    text += "files first, e.g. /usr/riscv64-linux-gnu.\n"
    return text
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.utf8.count))
  }
}
