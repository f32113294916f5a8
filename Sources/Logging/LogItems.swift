/// What can be logged: `-d` and the monitor's `log`.
package struct LogItems: OptionSet, Sendable, Hashable {
  package let rawValue: UInt32
  @inlinable package init(rawValue: UInt32) { self.rawValue = rawValue }
  /// The library's own is generic, and looked for at run time.
  package init(arrayLiteral elements: LogItems...) {
    self.init(rawValue: elements.reduce(0) { $0 | $1.rawValue })
  }

  /// The host code of each translated region.
  package static let hostCode = LogItems(rawValue: 1 << 0)
  /// Its guest instructions.
  package static let guestCode = LogItems(rawValue: 1 << 1)
  /// Each guest instruction beside its host code.
  package static let operations = LogItems(rawValue: 1 << 2)
  package static let interrupts = LogItems(rawValue: 1 << 3)
  package static let execution = LogItems(rawValue: 1 << 4)
  package static let registers = LogItems(rawValue: 1 << 5)
  package static let floats = LogItems(rawValue: 1 << 6)
  package static let translation = LogItems(rawValue: 1 << 7)
  package static let resets = LogItems(rawValue: 1 << 8)
  package static let unimplemented = LogItems(rawValue: 1 << 9)
  package static let guestErrors = LogItems(rawValue: 1 << 10)
  package static let pages = LogItems(rawValue: 1 << 11)
  /// Not something to see: regions are not linked, so that execution and registers show each one.
  package static let unlinked = LogItems(rawValue: 1 << 12)
  package static let invalidAccesses = LogItems(rawValue: 1 << 13)
  /// Each instruction, as Spike's `-l` has it.
  package static let spike = LogItems(rawValue: 1 << 14)
  /// What each instruction writes, as Spike's `--log-commits` has it.
  package static let commits = LogItems(rawValue: 1 << 15)
  @inlinable package static var instructionTrace: LogItems { LogItems(rawValue: 3 << 14) }

  /// A row of the listing.
  package struct Row: Sendable {
    package let name: String
    package let items: LogItems
    package let help: String
  }

  /// QEMU's names, in its order, and then ours.
  package static let table: [Row] = [
    Row(name: "out_asm", items: .hostCode, help: "show generated host code for each translated region"),
    Row(name: "in_asm", items: .guestCode, help: "show target assembly code for each translated region"),
    Row(name: "op", items: .operations, help: "show each guest instruction with its host code"),
    Row(name: "int", items: .interrupts, help: "show interrupts/exceptions in short format"),
    Row(name: "exec", items: .execution, help: "show trace before each executed region (lots of logs)"),
    Row(name: "cpu", items: .registers, help: "show CPU registers before entering a region (lots of logs)"),
    Row(name: "fpu", items: .floats, help: "include FPU registers in the 'cpu' logging"),
    Row(name: "mmu", items: .translation, help: "log MMU-related activities"),
    Row(name: "cpu_reset", items: .resets, help: "show CPU state before CPU resets"),
    Row(name: "unimp", items: .unimplemented, help: "log unimplemented functionality"),
    Row(
      name: "guest_errors", items: .guestErrors,
      help: "log when the guest OS does something invalid (eg accessing a\nnon-existent register)"),
    Row(
      name: "page", items: .pages, help: "log flushes of address translations, pages of code that come and go"
    ),
    Row(
      name: "nochain", items: .unlinked,
      help: "do not chain translated regions so that \"exec\" and \"cpu\" show\ncomplete traces"),
    Row(name: "invalid_mem", items: .invalidAccesses, help: "log invalid memory accesses"),
    Row(
      name: "spike", items: .spike,
      help: "show each instruction as 'spike -l' does (lots of logs, slow)"),
    Row(
      name: "commits", items: .commits,
      help: "show what each instruction writes as 'spike --log-commits' does\n(lots of logs, slow)"),
  ]

  /// What `all` names: everything that can be seen without having harts run by other means.
  private static let all = table.reduce(into: LogItems()) { $0.formUnion($1.items) }
    .subtracting(.instructionTrace)

  /// What QEMU 10.0 logs besides, and why Apus does not.
  private static let absent: [(name: String, reason: String)] = [
    ("op_opt", "the translator has no intermediate code; 'op' shows the host code of each instruction"),
    ("op_ind", "the translator has no intermediate code; 'op' shows the host code of each instruction"),
    ("op_plugin", "plugins are not there yet in Apus"), ("plugin", "plugins are not there yet in Apus"),
    ("vpu", "vector registers are not there yet in Apus"), ("pcall", "it concerns x86 guests only"),
    ("strace", "it concerns user-mode emulation only"),
    ("tid", "a log file per thread is not there yet in Apus"),
  ]

  /// The listing of `-d help`; the monitor's has `none` too.
  package static func listing(withNone: Bool = false) -> String {
    let none = withNone ? [Row(name: "none", items: [], help: "remove all logs")] : []
    let rows = (none + table).map { row in
      row.name + String(repeating: " ", count: max(0, 15 - row.name.utf8.count)) + " \(row.help)\n"
    }
    return "Log items (comma separated):\n" + rows.joined()
  }

  /// Reads a list such as "int,cpu". An empty one names nothing.
  package init(_ text: String) throws(LogError) {
    var items: LogItems = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      if word == "all" {
        items.formUnion(Self.all.subtracting(.unlinked))
      } else if let row = Self.table.first(where: { $0.name == word }) {
        items.formUnion(row.items)
      } else if let (name, reason) = Self.absent.first(where: { $0.name == word }) {
        throw LogError("no '\(name)': \(reason)")
      } else if word.hasPrefix("trace:") {
        throw LogError("no '\(word)': trace events are not there yet in Apus")
      } else {
        throw LogError("there is no log item '\(word)'", showsListing: true)
      }
    }
    self = items
  }
}

/// What is wrong with a log option: a sentence without the option.
package struct LogError: Error, CustomStringConvertible, Equatable {
  package let description: String
  /// The items that there are would help.
  package let showsListing: Bool

  package init(_ description: String, showsListing: Bool = false) {
    self.description = description
    self.showsListing = showsListing
  }
}
