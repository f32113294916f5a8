import Foundation
import Logging
import Machine
import RISCV
import Testing
import Translator

/// A log that is kept in a file, and what it has got.
private final class Recording {
  let log: Log
  private let path = FileManager.default.temporaryDirectory.appendingPathComponent(
    "apus-log-\(UUID().uuidString)"
  )
  .path

  init(_ items: LogItems, filter: String = "") throws {
    log = Log(items, filter: try AddressFilter(filter)) { address in
      address & ~0xfff == Guest.base ? ("start", address - Guest.base) : nil
    }
    try log.open(path)
  }

  deinit { unlink(path) }

  var lines: [String] {
    get throws {
      try String(contentsOfFile: path, encoding: .utf8).split(
        separator: "\n", omittingEmptySubsequences: false
      ).map(String.init)
    }
  }
}

/// What translated code tells of itself.
@Suite struct TranslationLogTests {
  /// addi x5, x0, 50; addi x6, x6, 2; addi x5, x5, -1; bne x5, x0, -8; csrw mscratch, x6; wfi
  private static let loop = bytes([
    0x0320_0293, 0x0023_0313, 0xfff2_8293, 0xfe02_9ce3, Encoding.csr(1, 0, 0x340, 6), Encoding.wfi,
  ])
  private static let head = Guest.base + 4

  private func run(_ recording: Recording, interpreted: Bool = false) throws -> Guest {
    let guest = try Guest(Self.loop, log: recording.log)
    if !interpreted { _ = try TranslatedHart(guest.hart, codeSize: 1 << 20) }
    #expect(guest.hart.run(10_000) == .waiting)
    return guest
  }

  private func entries(_ lines: [String], at pc: UInt64) -> Int {
    lines.count { $0.hasPrefix("Trace 0: 0x") && $0.contains("/\(hexadecimal(pc, 16))/") }
  }

  @Test func unlinkedEveryTurnOfALoopIsShownAndLinkedOnlyTheFirst() throws {
    let linked = try Recording(.execution)
    _ = try run(linked)
    #expect(entries(try linked.lines, at: Self.head) == 1)
    let unlinked = try Recording([.execution, .unlinked])
    _ = try run(unlinked)
    // The first turn belongs to the region before.
    #expect(entries(try unlinked.lines, at: Self.head) == 49)
    #expect(try unlinked.lines.contains { $0.hasSuffix("] start") })
  }

  @Test func theInterpreterShowsEveryInstruction() throws {
    let recording = try Recording(.execution)
    let guest = try run(recording, interpreted: true)
    #expect(entries(try recording.lines, at: Self.head) == 50)
    let all = try recording.lines.count { $0.hasPrefix("Trace 0: 0x0 [") }
    #expect(UInt64(all) == guest.hart.instructionsRetired)
  }

  @Test func nothingThatIsLoggedChangesWhatRuns() throws {
    let plain = try run(try Recording([]))
    let everything = try LogItems("all,nochain")
    for interpreted in [false, true] {
      let logged = try run(try Recording(everything), interpreted: interpreted)
      #expect(logged.result == plain.result)
    }
  }

  @Test func theFilterHidesOtherAddresses() throws {
    let recording = try Recording([.execution, .guestCode, .hostCode, .unlinked], filter: "0x80000004+1")
    _ = try run(recording)
    let lines = try recording.lines
    #expect(entries(lines, at: Self.head) == 49)
    #expect(lines.count { $0.hasPrefix("Trace") } == 49)
    #expect(lines.count { $0 == "IN: start" } == 1)
    #expect(lines.count { $0.hasPrefix("OUT: [size=") } == 1)
  }

  @Test func anItemCanComeAndGoWhileTheHartRuns() throws {
    let recording = try Recording([])
    let guest = try Guest(Self.loop, log: recording.log)
    _ = try TranslatedHart(guest.hart, codeSize: 1 << 20)
    // Warm, and linked.
    #expect(guest.hart.run(40) == .budgetSpent)
    #expect(try recording.lines == [""])
    recording.log.items = [.execution, .unlinked]
    #expect(guest.hart.run(30) == .budgetSpent)
    let shown = entries(try recording.lines, at: Self.head)
    #expect(shown >= 8)
    recording.log.items = []
    let count = try recording.lines.count
    #expect(guest.hart.run(10_000) == .waiting)
    #expect(try recording.lines.count == count)
    #expect(guest.hart[x: 6] == 100)
  }

  @Test func aRegionIsShownAsGuestCodeAsOperationsAndAsBytes() throws {
    let recording = try Recording([.guestCode, .operations, .hostCode], filter: "0x80000000+1")
    _ = try run(recording)
    let lines = try recording.lines
    let start = try #require(lines.firstIndex(of: "IN: start"))
    #expect(lines[start - 1] == "----------------")
    #expect(lines[start + 1] == "Priv: 3; Virt: 0")
    #expect(lines[start + 2] == "0x0000000080000000:  03200293          li                      t0,50")
    #expect(
      lines[start + 5] == "0x000000008000000c:  fe029ce3          bnez                    t0,0x80000004")
    #expect(lines[start + 6] == "")
    // The same bytes under both headings, as many as are announced, one address after the other.
    func hex(_ line: String) -> [Substring] {
      line.split(separator: ":", maxSplits: 1).last?.split(separator: " ") ?? []
    }
    let operations = lines.filter { $0.hasPrefix(" +0x") }.flatMap(hex)
    let host = try #require(lines.firstIndex { $0.hasPrefix("OUT: [size=") })
    let rows = lines[(host + 1)...].filter { $0.hasPrefix("0x") && !$0.hasPrefix("0x00000000") }
    #expect(rows.flatMap(hex) == operations)
    #expect(lines[host] == "OUT: [size=\(operations.count)]")
    var next = try #require(rows.first.flatMap { UInt64($0.dropFirst(2).prefix { $0 != ":" }, radix: 16) })
    for row in rows {
      #expect(row.hasPrefix("0x\(hexadecimal(next)):"))
      next += UInt64(hex(row).count)
    }
    #expect(lines.contains { $0.hasPrefix("  -- guest addr 0x0000000080000004") })
  }

  @Test func instructionsOfTheInterpreterAreMarked() throws {
    let recording = try Recording(.operations)
    let guest = try Guest(bytes([Encoding.csr(1, 0, 0x304, 6), Encoding.wfi]), log: recording.log)
    _ = try TranslatedHart(guest.hart, codeSize: 1 << 20)
    #expect(guest.hart.run(100) == .waiting)
    #expect(try recording.lines.contains { $0.contains("csrw") && $0.hasSuffix("mie,t1  (interpreter)") })
  }

  @Test func registersAreThoseBeforeTheRegion() throws {
    let recording = try Recording([.registers, .unlinked], filter: "0x80000004+1")
    _ = try run(recording)
    let counters = try recording.lines.filter { $0.hasPrefix(" x4/tp ") }.map { line in
      line.split(separator: " ").dropFirst(3).first.flatMap { UInt64($0, radix: 16) }
    }
    #expect(counters == (1...49).reversed().map { UInt64($0) })
    // Floating-point registers only where they are asked for.
    #expect(try !recording.lines.contains { $0.contains("f0/ft0") })
  }

  /// The line of this process's mappings that begins with `start`.
  private func mapping(at start: String) -> String? {
    // Foundation sees an empty file and guesses how much to read.
    guard let file = fopen("/proc/self/maps", "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 8192)
    while fgets(&buffer, Int32(buffer.count), file) != nil {
      let line = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if line.hasPrefix(start + "-") { return line }
    }
    return nil
  }

  /// What perf wants: names only for code in anonymous memory; and no page that is both writable and executable.
  @Test func hostCodeLiesInAnonymousMemoryMappedTwice() throws {
    let memory = try CodeMemory(size: 1 << 20)
    let start = hexadecimal(UInt(bitPattern: memory.executable))
    let line = try #require(mapping(at: start))
    #expect(line.contains(" r-xs ") && line.contains("/dev/zero"), "\(line)")
    memory.writable.storeBytes(of: 0x1234_5678, toByteOffset: 4096, as: UInt32.self)
    #expect(memory.executable.load(fromByteOffset: 4096, as: UInt32.self) == 0x1234_5678)
  }
}
