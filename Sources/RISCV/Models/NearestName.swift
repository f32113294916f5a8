// What somebody who misspelt a name probably meant. It stands in this room because names of models and
// their properties do; the rooms above use it for options, devices and machines.

extension Sequence<String> {
  /// The name nearest to `word`, where one is near: at most a third of the letters are wrong, missing, too
  /// many or swapped with their neighbour. Among equals the first in alphabetical order.
  package func nearest(to word: String) -> String? {
    let letters = Array(word.utf8)
    // Longer words are no misspelt names, and the comparison is quadratic. A space is a mistake of its own.
    guard letters.count <= 64, !letters.contains(UInt8(ascii: " ")) else { return nil }
    var best: (distance: Int, name: String)?
    for name in self where name != word {
      let candidate = Array(name.utf8)
      let limit = Swift.max(1, Swift.min(letters.count, candidate.count) / 3)
      guard abs(candidate.count - letters.count) <= limit else { continue }
      let distance = editDistance(letters, candidate)
      guard distance <= limit, (distance, name) < (best?.distance ?? .max, best?.name ?? "") else { continue }
      best = (distance, name)
    }
    return best?.name
  }

  /// A line that offers the nearest name, to be put behind a sentence; empty where none is near.
  package func suggestion(for word: String, prefix: String = "") -> String {
    nearest(to: word).map { "\nDid you mean '\(prefix)\($0)'?" } ?? ""
  }
}

/// Damerau and Levenshtein's distance, no letter edited twice: insertions, deletions, replacements and swaps
/// of neighbours.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var beforePrevious: [Int] = []
  var previous = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var cost = Swift.min(previous[j + 1] + 1, row[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        cost = Swift.min(cost, beforePrevious[j - 1] + 1)
      }
      row.append(cost)
    }
    beforePrevious = previous
    previous = row
  }
  return previous[b.count]
}
