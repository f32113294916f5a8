import Glibc

package func median(_ samples: [Double]) -> Double {
  let sorted = samples.sorted()
  guard !sorted.isEmpty else { return .nan }
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

package func geometricMean(_ values: [Double]) -> Double {
  exp(values.reduce(0) { $0 + log($1) } / Double(values.count))
}

/// `value` with `digits` decimals, right-aligned in `width` columns.
package func decimal(_ value: Double, _ digits: Int, width: Int = 0) -> String {
  guard value.isFinite else { return padded("–", width) }
  var text = String(Int64((abs(value) * pow(10, Double(digits))).rounded()))
  if digits > 0 {
    text = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    text.insert(".", at: text.index(text.endIndex, offsetBy: -digits))
  }
  return padded((value < 0 ? "-" : "") + text, width)
}

package func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}
