import Glibc
import Synchronization

/// Where a machine's parts write what `-d` asks for.
///
/// Who could log asks `has` first: one relaxed load and a test, always outside of hot loops. What is written in
/// one call stays together, whichever threads write.
package final class Log: Sendable {
  /// A guest symbol and how far behind it an address is.
  package typealias Place = (name: String, offset: UInt64)

  package let filter: AddressFilter
  /// Finds guest symbols. Called only for what is logged.
  private let symbols: @Sendable (UInt64) -> Place?
  @usableFromInline let chosen: Atomic<UInt32>

  private struct Output {
    var descriptor: Int32
    var isOwned: Bool
  }
  private let output = Mutex(Output(descriptor: STDERR_FILENO, isOwned: false))

  package init(
    _ items: LogItems = [], filter: AddressFilter = AddressFilter(),
    symbols: @escaping @Sendable (UInt64) -> Place? = { _ in nil }
  ) {
    self.filter = filter
    self.symbols = symbols
    chosen = Atomic(items.rawValue)
  }

  deinit { output.withLock { if $0.isOwned { close($0.descriptor) } } }

  // MARK: What is wanted

  package var items: LogItems {
    @inlinable get { LogItems(rawValue: chosen.load(ordering: .relaxed)) }
    set { chosen.store(newValue.rawValue, ordering: .relaxed) }
  }

  /// True where any of `items` is wanted.
  @inlinable package func has(_ items: LogItems) -> Bool {
    chosen.load(ordering: .relaxed) & items.rawValue != 0
  }

  /// The guest symbol that covers `address`.
  package func place(of address: UInt64) -> Place? { symbols(address) }

  /// The name of the guest symbol that covers `address`, empty where none does.
  package func symbol(at address: UInt64) -> String { symbols(address)?.name ?? "" }

  // MARK: Writing

  /// Writes whole lines, which nobody else's come between. What the file does not take is lost: a log must not
  /// stop the machine.
  package func write(_ text: String) {
    var text = text
    output.withLock { output in
      text.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)[...]
        while !rest.isEmpty {
          let count = Glibc.write(
            output.descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
          if count > 0 {
            rest = rest.dropFirst(count)
          } else if errno != EINTR {
            return
          }
        }
      }
    }
  }

  /// Writes to a new file from now on. One `%d` in `template` becomes the process's number.
  package func open(_ template: String) throws(LogError) {
    let path = try Self.path(template)
    let file = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o666)
    guard file >= 0 else {
      throw LogError("Error opening logfile \(path): \(String(cString: strerror(errno)))")
    }
    output.withLock { output in
      if output.isOwned { close(output.descriptor) }
      output = Output(descriptor: file, isOwned: true)
    }
  }

  private static func path(_ template: String) throws(LogError) -> String {
    guard let percent = template.firstIndex(of: "%") else { return template }
    let rest = template[template.index(after: percent)...]
    guard rest.first == "d", !rest.contains("%") else { throw LogError("Bad logfile template: \(template)") }
    return "\(template[..<percent])\(getpid())\(rest.dropFirst())"
  }
}

/// `value` in hexadecimal, with zeros before it up to `digits`.
package func hexadecimal(_ value: some BinaryInteger, _ digits: Int = 1) -> String {
  let text = String(value, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}
