/// Files for programs to work on: made, the same each time, since nothing so large belongs into a repository.
package struct Inputs {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// Below `bound`, by the high bits of a linear congruential generator.
  private mutating func random(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }

  // MARK: - Text

  /// Words of which few are frequent, in lines and paragraphs, with a number now and then: about as
  /// compressible as prose.
  package static func text(bytes count: Int) -> [UInt8] {
    var inputs = Inputs(seed: 1)
    let syllables = ["an", "ber", "ti", "so", "le", "mon", "ra", "ck", "ing", "e", "ou", "str", "th", "al"]
    let words = (0..<6000).map { _ in
      Array((0...inputs.random(4)).map { _ in syllables[inputs.random(syllables.count)] }.joined().utf8)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 64)
    var column = 0
    while bytes.count < count {
      // The square of the square prefers the first words.
      let x = inputs.random(1 << 15), y = (x * x) >> 15
      let word =
        inputs.random(20) == 0
        ? Array(String(inputs.random(100_000)).utf8) : words[(y * y * words.count) >> 30]
      bytes += word
      column += word.count + 1
      bytes.append(UInt8(ascii: column > 72 ? "\n" : " "))
      if column > 72 { column = 0 }
    }
    return Array(bytes.prefix(count))
  }

  // MARK: - C

  /// A program of `count` functions with loops, branches, switches, arrays and calls of each other.
  package static func program(functions count: Int) -> String {
    var inputs = Inputs(seed: 2)
    var text = "struct item { long key; int count; struct item *next; double weight; };\n"
    text += "static long table[256];\nlong f0(long a, long b) { return a ^ b; }\n"
    for number in 1..<count {
      text += "long f\(number)(long a, long b) {\n  long c = \(number), d = a - b, i;\n"
      for _ in 0..<(4 + inputs.random(5)) { text += inputs.statement(before: number, depth: 2, indent: "  ") }
      text += "  return a + b * c - d;\n}\n"
      if number % 4 == 0 { text += list(number) }
    }
    return text
  }

  private static func list(_ number: Int) -> String {
    """
    struct item *find\(number)(struct item *list, long key) {
      struct item *best = 0;
      for (; list; list = list->next) {
        if (list->key == key + \(number)) { list->count++; return list; }
        if (!best || list->weight * \(number).5 > best->weight + list->count) best = list;
      }
      return best;
    }

    """
  }

  private mutating func variable() -> String { ["a", "b", "c", "d"][random(4)] }

  private mutating func expression(depth: Int) -> String {
    switch depth == 0 ? random(3) : random(8) {
    case 0: return "\(random(1000))"
    case 1, 2: return variable()
    case 3: return "table[\(expression(depth: depth - 1)) & 255]"
    case 4: return "(\(expression(depth: depth - 1)) >> \(1 + random(20)))"
    default:
      let operation = ["+", "-", "*", "^", "&", "|", "<"][random(7)]
      return "(\(expression(depth: depth - 1)) \(operation) \(expression(depth: depth - 1)))"
    }
  }

  private mutating func statement(before number: Int, depth: Int, indent: String) -> String {
    let deeper = indent + "  "
    switch depth == 0 ? random(3) : random(8) {
    case 0, 1: return "\(indent)\(variable()) = \(expression(depth: 3));\n"
    case 2: return "\(indent)table[\(expression(depth: 1)) & 255] += \(expression(depth: 2));\n"
    case 3:
      return
        "\(indent)\(variable()) += f\(random(number))(\(expression(depth: 2)), \(expression(depth: 1)));\n"
    case 4:
      let body = statement(before: number, depth: depth - 1, indent: deeper)
      return "\(indent)for (i = 0; i < (\(expression(depth: 1)) & 63); i++) {\n\(body)\(indent)}\n"
    case 5:
      let cases = (0..<(3 + random(5))).map {
        "\(indent)case \($0): \(variable()) = \(expression(depth: 2)); break;\n"
      }
      return "\(indent)switch (\(expression(depth: 1)) & 7) {\n\(cases.joined())\(indent)}\n"
    default:
      let body = statement(before: number, depth: depth - 1, indent: deeper)
      let other = statement(before: number, depth: depth - 1, indent: deeper)
      return "\(indent)if (\(expression(depth: 2))) {\n\(body)\(indent)} else {\n\(other)\(indent)}\n"
    }
  }
}
