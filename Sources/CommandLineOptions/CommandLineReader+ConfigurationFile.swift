import Glibc

// -readconfig and -set: options that are other options in disguise.
extension CommandLineReader {
  /// Puts the groups of configuration files in the place of each `-readconfig`, and what `-set` says into the
  /// options that it names.
  mutating func expand(_ occurrences: [Occurrence]) throws(CommandLineError) -> [Occurrence] {
    var expanded: [Occurrence] = []
    for occurrence in occurrences {
      option = occurrence.text
      switch occurrence.option.name {
      case "readconfig": expanded += try readConfiguration(occurrence.argument)
      case "set": try amend(&expanded, occurrence.argument)
      default: expanded.append(occurrence)
      }
    }
    return expanded
  }

  // MARK: -set

  /// `group.id.key=value`: one more `key=value` of an option that stands before.
  private func amend(_ occurrences: inout [Occurrence], _ text: String) throws(CommandLineError) {
    let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let path = halves[0].split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).map(
      String.init)
    guard halves.count == 2, path.count == 3, path.allSatisfy({ !$0.isEmpty }) else {
      throw error("can't parse: \"\(text)\"")
    }
    let (group, id) = (path[0], path[1])
    guard Self.option(ofGroup: group) != nil else { throw error(Self.unknownGroup(group)) }
    let index = occurrences.lastIndex { candidate in
      guard candidate.option.list?.group == group, !candidate.isJSON else { return false }
      var list = KeyValueList(
        candidate.argument, option: candidate.text, implied: candidate.option.list?.implied)
      return list.take("id") == id
    }
    guard let index else { throw error("there is no \(group) \"\(id)\" defined") }
    occurrences[index].argument += "," + KeyValueList.spell([(path[2], String(halves[1]))])
  }

  // MARK: -readconfig

  private func readConfiguration(_ path: String) throws(CommandLineError) -> [Occurrence] {
    guard let file = fopen(path, "r") else {
      throw error("Could not open '\(path)': \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
      bytes += chunk[..<count]
      guard bytes.count <= Self.largestConfiguration else {
        throw error("'\(path)' is no configuration file: it is larger than 1 MiB")
      }
    }
    guard ferror(file) == 0 else {
      throw error("Could not read '\(path)': \(String(cString: strerror(errno)))")
    }
    var occurrences: [Occurrence] = []
    do throws(ConfigurationFile.Mistake) {
      for group in try ConfigurationFile.groups(of: String(decoding: bytes, as: UTF8.self)) {
        guard let option = Self.option(ofGroup: group.name) else {
          throw .init(group.line, Self.unknownGroup(group.name))
        }
        var pairs = group.pairs.map { (name: $0.name, value: $0.value) }
        if let id = group.id { pairs.insert(("id", id), at: 0) }
        occurrences.append(
          Occurrence(
            option: option, argument: KeyValueList.spell(pairs),
            text: ":\(path):\(group.pairs.last?.line ?? group.line)"))
      }
    } catch {
      throw self.error("\(error.sentence)\nThat is line \(error.line) of the file.")
    }
    return occurrences
  }

  private static let largestConfiguration = 1 << 20

  // MARK: Groups

  static func unknownGroup(_ name: String) -> String {
    "There is no option group '\(name)'" + Option.all.lazy.compactMap(\.list?.group).suggestion(for: name)
  }

  /// The option whose arguments `group` collects. Those that are yet to come say so when they are met.
  private static func option(ofGroup group: String) -> Option? {
    if let option = Option.all.first(where: { $0.list?.group == group }) { return option }
    return Option.byName[group].flatMap { $0.isNotThereYet && $0.argument != nil ? $0 : nil }
  }
}

/// QEMU's configuration file: groups with pairs, `#` before a comment.
///
///     [drive "disk0"]
///       file = "fs.img"
struct ConfigurationFile {
  struct Group: Equatable {
    var name: String
    var id: String?
    /// Counted from 1.
    var line: Int
    var pairs: [Pair] = []
  }

  struct Pair: Equatable {
    var name: String
    var value: String
    var line: Int
  }

  struct Mistake: Error, Equatable {
    let line: Int
    let sentence: String

    init(_ line: Int, _ sentence: String) {
      self.line = line
      self.sentence = sentence
    }
  }

  static func groups(of text: String) throws(Mistake) -> [Group] {
    var groups: [Group] = []
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let number = index + 1
      let line = trimmed(raw)
      if line.isEmpty || line.first == "#" { continue }
      if line.first == "[" {
        groups.append(try header(line, number))
        continue
      }
      let pair = try pair(line, number)
      guard !groups.isEmpty else { throw Mistake(number, "no group defined") }
      groups[groups.count - 1].pairs.append(pair)
    }
    return groups
  }

  /// `[group]` or `[group "id"]`.
  private static func header(_ line: Substring, _ number: Int) throws(Mistake) -> Group {
    let mistake = Mistake(number, "parse error\nA group is [group] or [group \"id\"].")
    guard let end = line.lastIndex(of: "]") else { throw mistake }
    let inner = trimmed(line[line.index(after: line.startIndex)..<end])
    let name = inner.prefix { !isSpace($0) && $0 != "\"" }
    let rest = trimmed(inner[name.endIndex...])
    guard !name.isEmpty else { throw mistake }
    if rest.isEmpty { return Group(name: String(name), id: nil, line: number) }
    guard rest.count >= 2, rest.first == "\"", rest.last == "\"" else { throw mistake }
    return Group(name: String(name), id: String(rest.dropFirst().dropLast()), line: number)
  }

  /// `key = "value"`.
  private static func pair(_ line: Substring, _ number: Int) throws(Mistake) -> Pair {
    let mistake = Mistake(number, "parse error\nAn entry is key = \"value\", the value in quotes.")
    guard let equals = line.firstIndex(of: "=") else { throw mistake }
    let name = trimmed(line[..<equals])
    let quoted = trimmed(line[line.index(after: equals)...])
    guard !name.isEmpty, !name.contains(where: isSpace), quoted.first == "\"",
      let end = quoted.dropFirst().firstIndex(of: "\"")
    else { throw mistake }
    return Pair(name: String(name), value: String(quoted.dropFirst()[..<end]), line: number)
  }

  private static func isSpace(_ character: Character) -> Bool {
    character == " " || character == "\t" || character == "\r" || character == "\r\n"
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop(while: isSpace)
    while let last = text.last, isSpace(last) { text.removeLast() }
    return text
  }
}
