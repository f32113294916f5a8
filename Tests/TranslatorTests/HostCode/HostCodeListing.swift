import Foundation
import RISCV
import Translator

/// Host code as text that changes only where the code does: registers of the guest, stubs, constants and jumps
/// have names instead of addresses.
struct HostCodeListing {
  /// Where the fragments stand.
  static let base = Guest.base + 0x10000

  private struct Entry {
    var fragment: GuestFragment
    /// By region: its layout, and where its bytes, ways out included, stand in `blob`.
    var regions: [(layout: RegionLayout, place: Int)]
  }
  private var entries: [Entry] = []
  private var blob: [UInt8] = []
  private let names: [Int: String]
  private let guestDisassembler: Disassembler

  /// Translates the fragments, each on its own, for a host with `features`.
  init(_ fragments: [GuestFragment], _ features: HostFeatures) throws {
    let extensions = try SystemGuest.features.get().extensions
    guestDisassembler = Disassembler(extensions: extensions, xlen: 64)
    let guest = try Guest([])
    let single = try TranslatedHart(guest.hart, codeSize: 1 << 18, regionLimit: 1, features: features)
    let whole = try TranslatedHart(guest.hart, codeSize: 1 << 18, features: features)
    names = whole.translator.names
    for fragment in fragments {
      let engine = fragment.regions.isEmpty ? single : whole
      guest.memory.copyIn([UInt8](repeating: 0, count: 256), to: Self.base)
      guest.memory.copyIn(fragment.code, to: Self.base)
      engine.forget()
      var regions: [(layout: RegionLayout, place: Int)] = []
      for offset in fragment.regions.isEmpty ? [0] : fragment.regions {
        engine.translator.layout = RegionLayout()
        engine.translate(at: Self.base + UInt64(offset))
        guard let layout = engine.translator.layout else { continue }
        regions.append((layout, blob.count))
        blob += withoutData(engine.translator.code(layout.start..<layout.exits.upperBound), layout)
      }
      entries.append(Entry(fragment: fragment, regions: regions))
    }
  }

  /// Behind calls to `refuse` lies data: breakpoints instead, which are left out below.
  private func withoutData(_ code: [UInt8], _ layout: RegionLayout) -> [UInt8] {
    var code = code
    guard let refuse = names.first(where: { $0.value == "refuse" })?.key else { return code }
    for i in max(0, layout.exits.lowerBound - layout.start)..<max(0, code.count - 4) where code[i] == 0xe8 {
      let distance = (1...4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(code[i + $1]) }
      guard layout.start + i + 5 + Int(Int32(bitPattern: distance)) == refuse else { continue }
      for k in 0..<RegionTranslator.refusalSize where i + 5 + k < code.count { code[i + 5 + k] = 0xcc }
    }
    return code
  }

  // MARK: Disassembling

  private struct HostLine {
    var place: Int
    var text: String
  }

  private func hostLines() throws -> [HostLine] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
    try Data(blob).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let text = try Self.output(
      of: "objdump", ["-D", "-b", "binary", "-m", "i386:x86-64", "-Mintel", "--no-show-raw-insn", file.path])
    return text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: ":\t", maxSplits: 1)
      guard parts.count == 2, let place = Int(parts[0].trimmingCharacters(in: .whitespaces), radix: 16)
      else { return nil }
      let text = parts[1].trimmingCharacters(in: .whitespaces)
      return text == "int3" ? nil : HostLine(place: place, text: text)
    }
  }

  /// What a program prints; it is looked up in PATH.
  static func output(of program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus < 2 || program == "timeout" else {
      throw ListingError(
        "\(program) ended with \(process.terminationStatus): `make test` installs what is missing")
    }
    return String(decoding: data, as: UTF8.self)
  }

  // MARK: Writing

  /// The text of all entries. `showsWaysOut`: checks, payment and ways out, too.
  func text(showsWaysOut: Bool = false) throws -> String {
    let lines = try hostLines()
    var text = ""
    var next = 0
    for entry in entries {
      if entry.fragment.name != "" { text += "== \(entry.fragment.name)\n" }
      var (hostCount, guestCount) = (0, 0)
      for (number, region) in entry.regions.enumerated() {
        let (layout, place) = region
        let end = place + layout.exits.upperBound - layout.start
        while next < lines.count, lines[next].place < place { next += 1 }
        let first = next
        while next < lines.count, lines[next].place < end { next += 1 }
        let own = lines[first..<next]
        // Offsets as the layout counts them.
        func offset(_ line: HostLine) -> Int { line.place - place + layout.start }
        let earlier = entry.regions[...number].map(\.layout)
        let parts = Region(own.map { (offset($0), $0.text) }, layout, place, self, earlier)
        if entry.regions.count > 1 || showsWaysOut { text += "region \(number + 1)\n" }
        if showsWaysOut { text += parts.text(layout.start..<layout.body) }
        for instruction in layout.instructions {
          text += guestText(entry.fragment, instruction.pc) + "\n" + parts.text(instruction.code)
          hostCount += parts.count(instruction.code)
          guestCount += 1
        }
        if showsWaysOut {
          text += parts.text(
            (layout.instructions.last?.code.upperBound ?? layout.body)..<layout.exits.upperBound)
        }
      }
      text += guestCount > 1 ? "    = \(hostCount) for \(guestCount)\n\n" : "    = \(hostCount)\n\n"
    }
    return text
  }

  private func guestText(_ fragment: GuestFragment, _ pc: UInt64) -> String {
    let offset = Int(pc - Self.base)
    let bytes = fragment.code[offset...] + [0, 0]
    let word = bytes.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let line = guestDisassembler.line(word, at: pc)
    let text = line.text.replacing("\t", with: " ")
    return fragment.regions.isEmpty ? text : "+\(String(offset, radix: 16)) \(text)"
  }

  /// A region's lines, by their offsets in the code memory.
  private struct Region {
    let lines: [(offset: Int, text: String)]
    let layout: RegionLayout
    let place: Int
    let listing: HostCodeListing
    /// Those translated up to this one.
    let regions: [RegionLayout]
    /// Jump targets in the region.
    private var labels: [Int: String] = [:]

    init(
      _ lines: [(offset: Int, text: String)], _ layout: RegionLayout, _ place: Int,
      _ listing: HostCodeListing,
      _ regions: [RegionLayout]
    ) {
      self.regions = regions
      self.lines = lines
      self.layout = layout
      self.place = place
      self.listing = listing
      for line in lines {
        guard let target = target(line.text), target > layout.body, target < layout.exits.lowerBound,
          labels[target] == nil
        else { continue }
        labels[target] = "L\(labels.count + 1)"
      }
    }

    private func inside(_ range: Range<Int>) -> [(offset: Int, text: String)] {
      lines.filter { range.contains($0.offset) }
    }
    func count(_ range: Range<Int>) -> Int { inside(range).count }

    func text(_ range: Range<Int>) -> String {
      var text = ""
      for line in inside(range) {
        if let label = labels[line.offset] { text += "  \(label):\n" }
        let isLink = target(line.text).flatMap { listing.names[$0] }?.hasPrefix("link") == true
        // The jump to be linked, by its place in the code memory.
        if isLink, line.offset >= layout.exits.lowerBound {
          text.replace(/mov    ecx,0x[0-9a-f]+\n$/, with: "mov    ecx,{site}\n")
        }
        text += "    \(named(line.text))\n"
      }
      return text
    }

    /// Where a jump or a call leads to, as an offset.
    private func target(_ text: String) -> Int? {
      let words = text.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count == 2, words[0].hasPrefix("j") || words[0] == "call", words[1].hasPrefix("0x"),
        let address = UInt64(words[1].dropFirst(2), radix: 16)
      else { return nil }
      return Int(truncatingIfNeeded: address) - place + layout.start
    }

    private func named(_ text: String) -> String {
      let words = text.split(separator: " ", omittingEmptySubsequences: true)
      if let target = target(text) {
        return words[0] + String(repeating: " ", count: max(1, 7 - words[0].count)) + destination(target)
      }
      var result = text
      if let comment = result.range(of: "# 0x") {
        // A place in the code memory, by the instruction pointer.
        let address = UInt64(result[comment.upperBound...], radix: 16) ?? 0
        let offset = Int(truncatingIfNeeded: address) - place + layout.start
        result = result[..<comment.lowerBound].trimmingCharacters(in: .whitespaces)
        let name =
          listing.names[offset] ?? labels[offset] ?? (offset < layout.exits.lowerBound ? "back" : "code")
        result.replace(/\[rip\+0x[0-9a-f]+\]/, with: "{\(name)}")
      }
      result.replace(/\[rbp([+-])0x([0-9a-f]+)\]/) { match in
        let distance = Int(match.output.2, radix: 16) ?? 0
        return "{\(Self.stateName(match.output.1 == "-" ? -distance : distance))}"
      }
      result.replace("[rbp]", with: "{\(Self.stateName(0))}")
      return result
    }

    private static func stateName(_ displacement: Int) -> String {
      TranslatorNames.state[displacement] ?? TranslatorNames.state[displacement - 4].map { $0 + ".high" }
        ?? "other"
    }

    private func destination(_ offset: Int) -> String {
      if let name = listing.names[offset] { return name }
      if let label = labels[offset] { return label }
      if offset >= layout.exits.lowerBound && offset < layout.exits.upperBound { return wayOut(offset) }
      if let number = regions.firstIndex(where: { ($0.start...$0.body).contains(offset) }) {
        return "region \(number + 1)"
      }
      return "elsewhere"
    }

    /// What code behind the body is for, by how it ends.
    private func wayOut(_ offset: Int) -> String {
      guard let first = lines.firstIndex(where: { $0.offset == offset }) else { return "somewhere" }
      var guest = ""
      for line in lines[first...] {
        if line.text.hasPrefix("mov    eax,0x") || line.text.hasPrefix("mov    rax,0x") {
          let value = UInt64(line.text.split(separator: "0x").last ?? "", radix: 16) ?? 0
          guest = " +" + String(value &- HostCodeListing.base, radix: 16)
        }
        if line.text.hasPrefix("call"), let name = target(line.text).flatMap({ listing.names[$0] }),
          name.hasPrefix("open")
        {
          return name
        }
        guard line.text.hasPrefix("jmp") || line.text.hasPrefix("ret") else { continue }
        guard let target = target(line.text) else { return "out" }
        switch listing.names[target] {
        case "interpret": return "the interpreter"
        case "link", "link-near": return "link\(guest)"
        case let name?: return name
        case nil:
          return target > layout.body && target < layout.exits.lowerBound ? "rare code" : destination(target)
        }
      }
      return "out"
    }
  }
}

/// Looked up once.
private enum TranslatorNames {
  static let state = RegionTranslator.stateNames
}

struct ListingError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
