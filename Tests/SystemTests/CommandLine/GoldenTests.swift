import CommandLineOptions
import Foundation
import TestSupport
import Testing

/// One command line, and what is to come of it.
struct GoldenRow: Sendable, CustomTestStringConvertible {
  enum Verdict: Sendable {
    /// QEMU 10.0 ends with the same code and the same first line; it is asked each time.
    case asQEMU
    /// What QEMU does here is yet to come, and the line says so.
    case later
    /// QEMU does something else on purpose of ours: docs/compatibility.md has a line with these words.
    case differs(String)
  }

  /// Words as a shell would have them, with '' around those that hold spaces or quotes.
  let arguments: String
  let exit: Int32
  /// The first line of standard error without the program's name, and `#net` without its digits; empty where nothing
  /// is said.
  let line: String
  let verdict: Verdict

  init(_ arguments: String, _ exit: Int32, _ line: String, _ verdict: Verdict = .asQEMU) {
    self.arguments = arguments
    self.exit = exit
    self.line = line
    self.verdict = verdict
  }

  var testDescription: String { arguments }

  /// `{off}` is a guest that powers off at once: the machine was built and has run.
  var words: [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in arguments.replacingOccurrences(of: "{off}", with: "-bios none -kernel off.bin") {
      switch character {
      case quote: quote = nil
      case "'" where quote == nil, "\"" where quote == nil:
        quote = character
        word = word ?? ""
      case " " where quote == nil:
        if let complete = word { words.append(complete) }
        word = nil
      default: word = (word ?? "") + String(character)
      }
    }
    return words + (word.map { [$0] } ?? [])
  }
}

extension SystemTests {
  @Suite("Golden rows: what is typed, how it ends, and what is said first")
  struct GoldenTests {
    struct Outcome: Equatable, CustomStringConvertible {
      var exit: Int32
      var line: String
      var description: String { "exit \(exit), \"\(line)\"" }
    }

    /// Where the rows run, with the files that they name: one of each program's own, because images are locked.
    private static let folders = (ours: Result { try folder() }, theirs: Result { try folder() })

    private static func folder() throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      // lui t0, 0x100; lui t1, value; addi t1, t1, value; sw t1, 0(t0); j .: to the finisher.
      func finisher(_ value: Int32) -> [UInt8] {
        let upper = (value &+ 0x800) >> 12
        let words: [UInt32] = [
          0x0010_02b7, UInt32(bitPattern: upper << 12) | 0x337,
          UInt32(bitPattern: (value &- upper << 12) << 20) | 0x30313, 0x0062_a023, 0x0000_006f,
        ]
        return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
      }
      try folder.write(finisher(0x5555), "off.bin")
      try folder.write(finisher(0x7777), "reset.bin")
      try folder.write(finisher(0x3333), "fail0.bin")
      try folder.write(finisher(7 << 16 | 0x3333), "fail7.bin")
      try folder.write([UInt8](repeating: 0, count: 512), "k.bin")
      for (name, text) in GoldenRow.configurationFiles { try folder.write(Array(text.utf8), name) }
      return folder
    }

    private static let compatibility = Result {
      try String(contentsOf: Project.root.appendingPathComponent("docs/compatibility.md"), encoding: .utf8)
    }

    @Test("row by row", arguments: GoldenRow.tables.flatMap(\.rows))
    func row(_ row: GoldenRow) async throws {
      let expected = Outcome(exit: row.exit, line: row.line)
      async let ours = Self.run([try Programs.emulator], row.words, in: Self.folders.ours.get())
      switch row.verdict {
      case .asQEMU:
        async let theirs = Self.run(
          [Project.script("trixie-run"), "qemu-system-riscv64"], row.words, in: Self.folders.theirs.get())
        #expect(try await ours == expected, "Apus")
        #expect(try await theirs == expected, "QEMU 10.0")
      case .later:
        #expect(try await ours == expected)
        #expect(row.line.contains("not there yet"))
      case .differs(let words):
        async let theirs = Self.run(
          [Project.script("trixie-run"), "qemu-system-riscv64"], row.words, in: Self.folders.theirs.get())
        #expect(try await ours == expected, "Apus")
        #expect(try await theirs != expected, "QEMU 10.0 no longer differs")
        #expect(try Self.compatibility.get().contains(words), "docs/compatibility.md has no such words")
      }
    }

    @Test("No row stands twice")
    func once() {
      let lines = GoldenRow.tables.flatMap(\.rows).map(\.arguments)
      #expect(Set(lines).count == lines.count)
    }

    private static func run(_ program: [String], _ words: [String], in folder: TemporaryFolder) async throws
      -> Outcome
    {
      let said = folder.path("stderr-\(UUID().uuidString)")
      guard FileManager.default.createFile(atPath: said, contents: nil) else {
        throw TestSetupError("cannot make \(said)")
      }
      let process = Process()
      process.executableURL = URL(fileURLWithPath: program[0])
      process.arguments = program.dropFirst() + words
      process.currentDirectoryURL = folder.url
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: said))
      let watchdog = DispatchWorkItem { process.interrupt() }
      DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: watchdog)
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        process.terminationHandler = { _ in continuation.resume() }
        do { try process.run() } catch { continuation.resume(throwing: error) }
      }
      watchdog.cancel()
      let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: said)), as: UTF8.self)
      try FileManager.default.removeItem(atPath: said)
      var line = text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? ""
      for name in ["apus-system-riscv64", "qemu-system-riscv64"] where line.hasPrefix(name) {
        line.removeFirst(name.count)
        if line.hasPrefix(": ") { line.removeFirst(2) }
      }
      // What QEMU calls a network without a name ends in random digits.
      line.replace(#/#net[0-9]+/#, with: "#net")
      // A death by signal is no exit code that any row has.
      let isExit = process.terminationReason == .exit
      return Outcome(exit: isExit ? process.terminationStatus : -process.terminationStatus, line: line)
    }
  }

  @Suite("The list of options for QMP")
  struct OptionInformationTests {
    private struct Answer: Decodable {
      struct Entry: Decodable {
        struct Parameter: Decodable, Hashable {
          let name: String
          let type: String
        }
        let option: String
        let parameters: [Parameter]
      }
      let `return`: [Entry]
    }

    @Test("Lists have the names, keys and types that QEMU 10.0 tells by query-command-line-options")
    func sameAsQEMU() async throws {
      let folder = try TemporaryFolder()
      let commands = try folder.write(
        Array(
          #"{"execute":"qmp_capabilities"}{"execute":"query-command-line-options"}{"execute":"quit"}"#.utf8),
        "commands")
      let shell = "exec \"$0\" qemu-system-riscv64 -M none -display none -qmp stdio <\"$1\""
      let ran = try await Programs.run(
        ["/bin/sh", "-c", shell, Project.script("trixie-run"), commands], seconds: 60)
      let answer = try #require(
        ran.output.split(whereSeparator: \.isNewline).lazy
          .compactMap { try? JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }.first, "\(ran)")
      let theirs = Dictionary(answer.return.map { ($0.option, Set($0.parameters)) }) { first, _ in first }
      let ours = CommandLineOptionInfo.all
      #expect(ours.count > 15)
      let grammars = Dictionary(
        Option.all.compactMap(\.list).map { ($0.group, $0.grammar) }, uniquingKeysWith: { first, _ in first })
      for info in ours {
        // -display, -blockdev and -compat have no list of that kind in QEMU, and -grade is ours.
        if ["blockdev", "compat", "display", "grade"].contains(info.option) { continue }
        let known = try #require(theirs[info.option], "\(info.option)")
        let mine = Set(
          info.parameters.map { Answer.Entry.Parameter(name: $0.name, type: $0.kind.rawValue) })
        if grammars[info.option] == .checked {
          #expect(mine == known, "\(info.option)")
        } else {
          // Open lists have keys that QEMU reads elsewhere; those that both name have one type.
          for parameter in mine {
            let twin = known.first { $0.name == parameter.name }
            #expect(twin == nil || twin == parameter, "\(info.option).\(parameter.name)")
          }
        }
      }
    }
  }
}
