/// The guest addresses that `-dfilter` names: all where it names none.
package struct AddressFilter: Sendable, Equatable {
  package let ranges: [ClosedRange<UInt64>]

  /// Every address.
  package init() { ranges = [] }

  /// Reads ranges separated by commas: `start+length`, `end-length` (the bytes up to and with `end`),
  /// `first..last`; numbers in C's notation.
  package init(_ text: String) throws(LogError) {
    var ranges: [ClosedRange<UInt64>] = []
    if !text.isEmpty {
      for word in text.split(separator: ",", omittingEmptySubsequences: false) {
        ranges.append(try Self.range(word))
      }
    }
    self.ranges = ranges
  }

  package func contains(_ address: UInt64) -> Bool {
    ranges.isEmpty || ranges.contains { $0.contains(address) }
  }

  private static func range(_ word: Substring) throws(LogError) -> ClosedRange<UInt64> {
    // Which of several counts decides the sentence: QEMU's order.
    guard let kind = ["-", "+", ".."].first(where: { firstRange(of: $0, in: word) != nil }),
      let place = firstRange(of: kind, in: word)
    else { throw LogError("Bad range specifier") }
    guard let left = number(word[..<place.lowerBound]) else {
      throw LogError("Invalid number to the left of \(kind)")
    }
    guard let right = number(word[place.upperBound...]) else {
      throw LogError("Invalid number to the right of \(kind)")
    }
    let invalid = LogError("Invalid range")
    switch kind {
    case "+":
      let (last, overflow) = left.addingReportingOverflow(right &- 1)
      guard right > 0, !overflow else { throw invalid }
      return left...last
    case "-":
      guard right > 0, right - 1 <= left else { throw invalid }
      return left - (right - 1)...left
    default:
      guard left <= right else { throw invalid }
      return left...right
    }
  }

  private static func firstRange(of kind: String, in word: Substring) -> Range<Substring.Index>? {
    var at = word.startIndex
    while at < word.endIndex {
      if word[at...].hasPrefix(kind) { return at..<word.index(at, offsetBy: kind.count) }
      at = word.index(after: at)
    }
    return nil
  }

  /// Decimal, or hexadecimal behind 0x, or octal behind 0.
  private static func number(_ text: Substring) -> UInt64? {
    if text.hasPrefix("0x") || text.hasPrefix("0X") { return UInt64(text.dropFirst(2), radix: 16) }
    guard text.first?.isNumber == true else { return nil }
    return text.first == "0" ? UInt64(text, radix: 8) : UInt64(text)
  }
}
