import Control
import JSONText
import TestSupport
import Testing

/// Whatever comes over the wire, each value gets one reply, and the next one is read. The seed is fixed.
@Suite struct QMPFuzzTests {
  private static let pieces = [
    "{", "}", "[", "]", ",", ":", "\"", "'", "\\", "\\u", "0000", "d83d", "-", "0", "1", ".", "e", "E", "+",
    "true",
    "nul", "null", " ", "\n", "\t", "\"execute\"", "\"id\"", "\"arguments\"", "\"query-name\"", "'stop'",
    "\u{1}",
    "é", "%", "9223372036854775808", "1e999", "\"\\u0000\"",
  ]

  /// A value in which much may be wrong.
  private func value(_ numbers: inout SeededNumbers, depth: Int) -> JSON {
    switch numbers.below(depth > 3 ? 8 : 10) {
    case 0: return .null
    case 1: return .flag(numbers.below(2) == 0)
    case 2: return .integer([0, -1, 1, .max, .min, 0x8000_0000][numbers.below(6)])
    case 3: return .large(.max)
    case 4: return .real([0, -1.5, 1e300, .infinity][numbers.below(3)])
    case 5...7:
      let words = [
        "", "/machine", "/", "d", "rv64", "r", "/dev/null", "file:/dev/null", "full", "\0", "type",
        "info jit",
      ]
      return .string(words[numbers.below(words.count)])
    case 8: return .array((0..<numbers.below(4)).map { _ in value(&numbers, depth: depth + 1) })
    default:
      return .object(
        (0..<numbers.below(4)).map { JSON.Member("m\($0)", value(&numbers, depth: depth + 1)) })
    }
  }

  @Test("pieces of JSON, and bytes that are none, hurt nobody")
  func bytes() {
    var numbers = SeededNumbers(seed: 0x5eed_1234)
    let client = QMPClient()
    var (values, failures) = (0, 0)
    for _ in 0..<3000 {
      var stream = JSONStream()
      var text: [UInt8] = []
      for _ in 0...numbers.below(20) { text += Self.pieces[numbers.below(Self.pieces.count)].utf8 }
      if numbers.below(3) == 0 { text[numbers.below(text.count)] = UInt8(numbers.below(256)) }
      // After a newline and a bracket for each that may be open the stream is at its beginning again.
      let sentinel = Array("\n@\n".utf8) + Array(#"{"execute":"query-name","id":"mark"}"#.utf8)
      let items = stream.read(text + sentinel)
      for item in items {
        if case .failure = item { failures += 1 } else { values += 1 }
        let reply = client.session.reply(to: item)
        #expect((reply["return"] == nil) != (reply["error"] == nil))
      }
      #expect(items.last == .value(["execute": "query-name", "id": "mark"]), "\(text)")
    }
    #expect(values > 3000 && failures > 3000)
  }

  @Test("arguments of any type, for every command, are taken or refused")
  func arguments() {
    var numbers = SeededNumbers(seed: 0x5eed_4321)
    let client = QMPClient()
    var (taken, refused) = (0, 0)
    // They would write files, wherever this is run.
    let writers = ["dump-guest-memory", "dumpdtb", "memsave", "pmemsave"]
    for command in QMPCommand.all where !writers.contains(command.name) {
      for _ in 0..<60 {
        var members = command.arguments.filter { !$0.isOptional || numbers.below(2) == 0 }.map {
          JSON.Member($0.name, value(&numbers, depth: 0))
        }
        if numbers.below(8) == 0 { members.append(JSON.Member("x", .null)) }
        let reply = client.ask(command.name, .object(members))
        client.session.replyIsSent()
        if reply["return"] != nil { taken += 1 } else { refused += 1 }
        #expect((reply["return"] == nil) != (reply["error"] == nil))
      }
    }
    #expect(taken > 500 && refused > 500)
  }

  @Test("depth and size have limits, in QEMU's words")
  func limits() {
    var stream = JSONStream()
    let deep = stream.read([UInt8](repeating: UInt8(ascii: "["), count: 5000))
    #expect(deep == [JSONStream.Item](repeating: .failure("JSON nesting depth limit exceeded"), count: 4))
    #expect(stream.read("@".utf8) == [.failure("JSON parse error, stray '@'")])
    #expect(stream.read("\n[[1]]".utf8) == [.value([[1]])])
    let nested =
      [UInt8](repeating: UInt8(ascii: "["), count: 1024) + [UInt8](repeating: UInt8(ascii: "]"), count: 1024)
    guard case .value = stream.read(nested).first else {
      Issue.record("1024 brackets are allowed")
      return
    }
    let many = stream.read([UInt8(ascii: "[")] + [UInt8](repeating: UInt8(ascii: ","), count: 2 << 20))
    #expect(many.first == .failure("JSON token count limit exceeded"))
    var long = JSONStream()
    var items = long.read("[\"".utf8)
    let part = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
    for _ in 0..<64 { items += long.read(part) }
    #expect(items == [.failure("JSON token size limit exceeded")])
  }
}
