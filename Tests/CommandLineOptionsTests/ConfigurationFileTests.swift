import CommandLineOptions
import Foundation
import Machine
import TestSupport
import Testing

/// A file that goes away with the test.
private final class TemporaryFile {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)").path

  init(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite("-readconfig and -set")
struct ConfigurationFileTests {
  @Test("Groups are the options of their names")
  func groups() throws {
    let file = try TemporaryFile(
      """
      # a machine
      [machine]
        type = "virt"
        aclint = "on"

      [memory]
        size = "64M"
      [smp-opts]
        cpus = "2"
      [boot-opts]
        order = "c"
      [global]
        driver = "virtio-mmio"
        property = "force-legacy"
        value = "off"
      [drive "disk,0"]
      """.replacingOccurrences(of: "disk,0", with: "disk0") + """

          if = "none"
          file = "a,b.img"
        [ device  "d" ]
        \tdriver="virtio-blk-device"
          drive = "disk0"   # and what stands behind the quotes is no part of it
        [chardev "c"]
          backend = "null"
        [mon]
          chardev = "c"

        """)
    let asked = try request(of: ["-readconfig", file.path])
    #expect(asked.machine.machine == "virt")
    #expect(asked.machine.machineProperties == [Assignment("aclint", "on")])
    #expect(asked.machine.ramSize == 64 << 20)
    #expect(asked.machine.smp == 2)
    #expect(asked.machine.globals.map(\.property) == ["force-legacy"])
    #expect(asked.drives.map(\.id) == ["disk0"])
    #expect(asked.drives.map(\.file) == ["a,b.img"])
    #expect(asked.machine.devices.map(\.driver) == ["virtio-blk-device"])
    #expect(asked.machine.devices.first?["id"] == "d")
    #expect(asked.machine.devices.first?.option == ":\(file.path):21")
    #expect(asked.monitors.map(\.id) == ["c"])
  }

  @Test(
    "Mistakes are told with their line",
    arguments: [
      ("type = \"virt\"\n", "no group defined", 1), ("[nosuch]\n", "There is no option group 'nosuch'", 1),
      ("[devise]\n", "There is no option group 'devise'\nDid you mean 'device'?", 1),
      ("[machine]\njunk\n", "parse error\nAn entry is key = \"value\", the value in quotes.", 2),
      ("\n[machine]\ntype = virt\n", "parse error\nAn entry is key = \"value\", the value in quotes.", 3),
      ("[machine\n", "parse error\nA group is [group] or [group \"id\"].", 1),
      ("[device \"x]\n", "parse error\nA group is [group] or [group \"id\"].", 1),
      ("[]\n", "parse error\nA group is [group] or [group \"id\"].", 1),
      ("[\"x\"]\n", "parse error\nA group is [group] or [group \"id\"].", 1),
    ])
  func mistakes(_ text: String, _ sentence: String, _ line: Int) throws {
    let file = try TemporaryFile(text)
    #expect(
      complaints(of: ["-readconfig", file.path])
        == ["-readconfig \(file.path): \(sentence)\nThat is line \(line) of the file."])
  }

  @Test("What is wrong in a group is told with its place in the file")
  func places() throws {
    let file = try TemporaryFile("[rtc]\n  base = \"foo\"\n[icount]\nshift=\"77\"\n")
    #expect(
      complaints(of: ["-icount", "1", "-readconfig", file.path]).first?.hasPrefix("invalid datetime") == true)
    let other = try TemporaryFile("[icount]\n\nshift=\"77\"\n")
    #expect(complaints(of: ["-readconfig", other.path]) == [":\(other.path):3: icount: Invalid shift value"])
  }

  @Test("A group whose option is yet to come says so")
  func later() throws {
    let file = try TemporaryFile("[numa]\n  type = \"node\"\n")
    #expect(
      complaints(of: ["-readconfig", file.path]) == [":\(file.path):2: NUMA nodes are not there yet in Apus"])
  }

  @Test("No file, a folder, and a file that is none for this")
  func unreadable() throws {
    #expect(
      complaints("-readconfig /nope/x") == [
        "-readconfig /nope/x: Could not open '/nope/x': No such file or directory"
      ])
    #expect(
      complaints("-readconfig /").first?.hasPrefix("-readconfig /: Could not read '/': Is a directory")
        == true)
    #expect(complaints("-readconfig /dev/zero").first?.contains("larger than 1 MiB") == true)
  }

  @Test("-set adds to the option with that id, whichever way it was given")
  func set() throws {
    let file = try TemporaryFile("[device \"r\"]\n  driver = \"virtio-blk-device\"\n")
    let asked = try request(
      of: [
        "-readconfig", file.path, "-set", "device.r.drive=x", "-drive", "if=none,id=x,file=a", "-set",
        "drive.x.file=b,c", "-set", "drive.x.readonly=on",
      ])
    #expect(asked.machine.devices.first?["drive"] == "x")
    #expect(asked.drives.first?.file == "b,c")
    #expect(asked.drives.first?.isReadOnly == true)
  }

  @Test(
    "-set says what it does not find",
    arguments: [
      ("foo", "can't parse: \"foo\""), ("device.x=1", "can't parse: \"device.x=1\""),
      ("a..b=1", "can't parse: \"a..b=1\""), ("=", "can't parse: \"=\""), ("", "can't parse: \"\""),
      ("foo.x.y=1", "There is no option group 'foo'"),
      ("device.x.y=1", "there is no device \"x\" defined"),
    ])
  func badSet(_ text: String, _ sentence: String) {
    #expect(complaints(of: ["-set", text]) == ["-set \(text): \(sentence)"])
  }
}

@Suite("JSON arguments")
struct JSONArgumentTests {
  @Test("A device as JSON is the same as in words")
  func device() throws {
    let asked = try request(
      of: [
        "-device",
        #"{"driver": "virtio-blk-device", "id": "d", "drive": "a,b", "n": 12, "s": true, "o": {"p": [1, "q"]}}"#,
      ])
    #expect(
      asked.machine.devices.first?.properties == [
        Assignment("id", "d"), Assignment("drive", "a,b"), Assignment("n", "12"), Assignment("s", "on"),
        Assignment("o.p.0", "1"), Assignment("o.p.1", "q"),
      ])
  }

  @Test(
    "What is no JSON is told",
    arguments: [
      ("{", "JSON parse error, premature EOI"), (#"{"driver":"x"} y"#, "Expecting at most one JSON value"),
      ("{}", "Parameter 'driver' is missing"),
      (#"{"driver":}"#, "JSON parse error, unexpected token near '}' at character 11"),
      (#"{"a":1,"a":2}"#, "JSON parse error, duplicate object key near '\"a\"' at character 10"),
      (#"{"driver":"\u0000"}"#, "JSON parse error, \\u0000 is not allowed without JSON_ALLOW_NUL"),
    ])
  func broken(_ text: String, _ sentence: String) throws {
    let message = try #require(complaints(of: ["-device", text]).first)
    #expect(message.hasPrefix("-device \(text): \(sentence)"), "\(message)")
  }

  @Test("Deep nesting is refused, not recursed into")
  func deep() {
    let text = "{\"driver\":" + String(repeating: "[", count: 100_000)
    #expect(complaints(of: ["-device", text]).first?.contains("maximum parsing depth") == true)
  }

  @Test("Options that QEMU gives no JSON take a brace for what it is")
  func notJSON() {
    #expect(complaints(of: ["-smp", "{}"]).first == "Parameter 'smp.cpus' expects integer")
  }
}

@Suite("Hostile words")
struct HostileWordsTests {
  /// APUS_OPTIONS_SEED and APUS_OPTIONS_ROUNDS make other and longer runs.
  private static let environment = ProcessInfo.processInfo.environment
  private static let rounds = environment["APUS_OPTIONS_ROUNDS"].flatMap { Int($0) } ?? 20_000
  private static var numbers: SeededNumbers {
    let text = environment["APUS_OPTIONS_SEED"] ?? "5"
    return SeededNumbers(seed: text == "fresh" ? .random(in: 0 ... .max) : UInt64(text) ?? 5)
  }

  private static let pieces = [
    ",", ",,", "=", "=", ".", ":", "virt", "help", "?", "id=", "x", "-1", "18446744073709551615", "0x", "é",
    "", " ", "file=", "shift=", "mon:", "chardev:", "{", "}", "\"", "[", "]", "\\", "on", "off", "no", "1.5E",
    "e",
    "user,id=n,", "tcp::0-:22", "tcp:10.0.2.100:80-cmd:x", "driver", "null", "true", "raw", "none", "\u{0}",
    "\n", "🦎", "device.x.y=1", "null,id=x", "if=",
  ]

  /// Every complaint is some sentence: it begins with no line break and is no empty word.
  private func check(_ messages: [String], _ words: [String]) {
    for message in messages {
      let first = message.split(separator: "\n", omittingEmptySubsequences: false).first ?? ""
      if first.isEmpty { Issue.record("no sentence for \(words)") }
    }
  }

  @Test("No words make the reader stumble, and each complaint is a sentence")
  func options() {
    var numbers = Self.numbers
    // Reading a file would be another test.
    let options = Option.all.filter { $0.name != "readconfig" && !$0.name.isEmpty }
    let keys = options.flatMap { $0.list?.parameters.map(\.name) ?? [] }
    for _ in 0..<Self.rounds {
      var words: [String] = []
      for _ in 0..<Int.random(in: 1...3, using: &numbers) {
        let option = options.randomElement(using: &numbers) ?? options[0]
        words.append("-" + option.name)
        guard option.argument != nil else { continue }
        var argument = ""
        for _ in 0..<Int.random(in: 0...6, using: &numbers) {
          let isKey = Int.random(in: 0..<4, using: &numbers) == 0
          argument += (isKey ? keys : Self.pieces).randomElement(using: &numbers) ?? ""
        }
        words.append(argument)
      }
      check(complaints(of: words), words)
    }
  }

  @Test("No configuration file makes the reader stumble")
  func files() throws {
    var numbers = Self.numbers
    let lines = [
      "[machine]", "[device \"x\"]", "[drive \"x\"]", "[chardev \"x\"]", "[memory]", "[numa]", "[", "]", "[]",
      "[\"\"]", "[device \"\"]", "type = \"virt\"", "driver = \"virtio-blk-device\"", "file = \"\"",
      "= \"x\"",
      "size = \"1E\"", "x", "x = ", "x = \"", "x = y", "#", "\t", "\r", "\u{0}", "é = \"é\"", "id = \"x\"",
      "a=\"b\" c=\"d\"", "backend = \"null\"",
    ]
    for _ in 0..<Self.rounds / 20 {
      var text = (0..<Int.random(in: 0...8, using: &numbers)).map { _ in
        lines.randomElement(using: &numbers) ?? ""
      }.joined(separator: "\n")
      if Int.random(in: 0..<3, using: &numbers) == 0 {
        text = String(
          decoding: text.utf8.map { $0 ^ (Int.random(in: 0..<40, using: &numbers) == 0 ? 0x55 : 0) },
          as: UTF8.self)
      }
      let file = try TemporaryFile(text)
      check(complaints(of: ["-readconfig", file.path, "-set", "device.x.y=1"]), [text])
    }
  }
}
