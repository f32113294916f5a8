import Logging
import RISCV

extension MonitorSession {
  /// What the word at the end of `line` could become: whole words, sorted, and how much of `line` they replace.
  package func completions(of line: String) -> (words: [String], replaced: Int) {
    let parts = line.split(omittingEmptySubsequences: true, whereSeparator: Self.isSpace)
    let isNewWord = line.last.map(Self.isSpace) ?? true
    let fragment = isNewWord ? "" : parts.last ?? ""
    let before = isNewWord ? parts : parts.dropLast()
    guard let first = before.first else {
      // `x/4i` has its format behind the name.
      return matching(
        MonitorCommand.all.flatMap { $0.names.split(separator: "|").map(String.init) }, fragment)
    }
    let name = first.prefix { $0 != "/" }
    guard var row = MonitorCommand.all.first(where: { $0.answers(to: name) }) else { return ([], 0) }
    var given = before.dropFirst()
    if row.name == "help" {
      guard let subject = given.first else {
        return matching(MonitorCommand.all.map(\.name), fragment)
      }
      return subject == "info" ? matching(MonitorCommand.information.map(\.name), fragment) : ([], 0)
    }
    if row.name == "info" {
      guard let subject = given.popFirst() else {
        return matching(MonitorCommand.information.map(\.name), fragment)
      }
      guard let found = MonitorCommand.information.first(where: { $0.answers(to: subject) }) else {
        return ([], 0)
      }
      row = found
    }
    return candidates(row.completion, fragment)
  }

  private func candidates(
    _ completion: MonitorCommand.Completion, _ fragment: Substring
  ) -> (words: [String], replaced: Int) {
    switch completion {
    case .nothing, .commands, .information: return ([], 0)
    case .words(let words): return matching(words, fragment)
    case .drives: return matching(machine.drives.map(\.id), fragment)
    case .ringBuffers:
      return matching(machine.characterBackEnds.filter { $0.ringBuffer != nil }.map(\.label), fragment)
    case .virtioDevices: return matching(machine.virtioDevices.map(\.path), fragment)
    case .logItems:
      let last = fragment.suffix(while: { $0 != "," })
      return matching(LogItems.table.map(\.name) + ["none"], last)
    case .expressions:
      let last = fragment.suffix(while: { $0.isLetter || $0.isNumber || "_.$".contains($0) })
      if last.first == "$" { return matching(registerNames.map { "$" + $0 }, last) }
      guard let letter = last.first, !letter.isNumber else { return ([], 0) }
      return (machine.symbols.names(beginningWith: String(last), limit: 200), last.utf8.count)
    }
  }

  private var registerNames: [String] {
    let dump = machine.registers(ofHart: hart)
    return ["pc", "priv"] + dump.controls.map(\.name) + RegisterNames.integer
      + (dump.floats.isEmpty ? [] : RegisterNames.float)
  }

  private func matching(_ words: [String], _ fragment: Substring) -> (words: [String], replaced: Int) {
    (Set(words.filter { $0.hasPrefix(fragment) && $0.utf8.count > 1 }).sorted(), fragment.utf8.count)
  }
}

extension Substring {
  /// The longest end of which all characters satisfy `condition`.
  fileprivate func suffix(while condition: (Character) -> Bool) -> Substring {
    var start = endIndex
    while start > startIndex, condition(self[index(before: start)]) { start = index(before: start) }
    return self[start...]
  }
}
