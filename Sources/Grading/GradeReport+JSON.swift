import CJansson
import Glibc

/// As JSON, by jansson. Every value made here has one owner, to whom it is handed at once.
extension GradeReport {
  /// An object with a newline behind it; nil where memory ran out.
  package var json: String? {
    let root = json_object()
    defer { json_decref(root) }
    set(root, "title", title)
    set(root, "script", file)
    json_object_set_new(root, "passed", passed ? json_true() : json_false())
    set(root, "points", points)
    set(root, "possiblePoints", possiblePoints)
    let list = json_array()
    for test in tests { json_array_append_new(list, object(test)) }
    json_object_set_new(root, "tests", list)
    if !passed {
      json_object_set_new(root, "consoles", evidence(consoles.map { ($0.console, $0.lines) }))
      json_object_set_new(root, "traps", evidence(traps.map { ("hart \($0.hart)", $0.lines) }))
      if let explanation { set(root, "explanation", explanation) }
    }
    let twoSpaces = 2
    guard let bytes = json_dumps(root, twoSpaces | 0x100) else { return nil }
    defer { free(bytes) }
    return String(cString: bytes) + "\n"
  }

  private func object(_ test: TestResult) -> UnsafeMutablePointer<json_t>? {
    let object = json_object()
    set(object, "name", test.name)
    set(object, "line", test.line)
    switch test.outcome {
    case .passed: set(object, "outcome", "passed")
    case .failed(let line, let sentence):
      set(object, "outcome", "failed")
      set(object, "failedLine", line)
      set(object, "message", sentence)
    case .notRun(let sentence):
      set(object, "outcome", "notRun")
      set(object, "message", sentence)
    }
    set(object, "points", test.points)
    set(object, "possiblePoints", test.possiblePoints)
    set(object, "guestNanoseconds", Int(clamping: test.nanoseconds))
    set(object, "instructions", Int(clamping: test.instructions))
    return object
  }

  private func evidence(_ groups: [(String, [String])]) -> UnsafeMutablePointer<json_t>? {
    let object = json_object()
    for (name, lines) in groups {
      let list = json_array()
      for line in lines { json_array_append_new(list, string(line)) }
      json_object_set_new(object, name, list)
    }
    return object
  }

  private func string(_ text: String) -> UnsafeMutablePointer<json_t>? {
    var text = text
    return text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { json_stringn($0.baseAddress, $0.count) }
    }
  }

  private func set(_ object: UnsafeMutablePointer<json_t>?, _ name: String, _ text: String) {
    json_object_set_new(object, name, string(text))
  }

  private func set(_ object: UnsafeMutablePointer<json_t>?, _ name: String, _ number: Int) {
    json_object_set_new(object, name, json_integer(json_int_t(number)))
  }
}
