import Foundation
import Logging
import Synchronization
import Testing

@Suite struct LogItemsTests {
  @Test func listsOfItemsAreRead() throws {
    #expect(try LogItems("int") == .interrupts)
    #expect(try LogItems("in_asm,out_asm,op") == [.guestCode, .hostCode, .operations])
    for row in LogItems.table { #expect(try LogItems(row.name) == row.items) }
    // Everything that can be seen; nothing that changes how code runs.
    let all = try LogItems("all")
    #expect(all.contains([.hostCode, .interrupts, .invalidAccesses]) && !all.contains(.unlinked))
  }

  @Test(arguments: ["foo", "int,foo", "", "int,", "INT"])
  func unknownItemsAreErrorsThatNameTheRest(_ text: String) {
    let error = #expect(throws: LogError.self) { try LogItems(text) }
    #expect(error?.showsListing == true)
  }

  @Test(arguments: ["op_opt", "plugin", "strace", "trace:virtio*"])
  func itemsThatOnlyQEMUHasSayWhy(_ text: String) {
    let error = #expect(throws: LogError.self) { try LogItems(text) }
    #expect(error?.showsListing == false && error?.description.contains("'\(text)'") == true)
  }

  @Test func theListingHasQEMUsShape() {
    let lines = LogItems.listing().split(separator: "\n")
    #expect(lines.first == "Log items (comma separated):")
    #expect(lines.contains("int             show interrupts/exceptions in short format"))
    #expect(LogItems.listing(withNone: true).contains("\nnone            remove all logs\n"))
  }
}

@Suite struct AddressFilterTests {
  @Test func theThreeSpellingsOfARange() throws {
    let filter = try AddressFilter("0x1000+0x10,0x2fff-0x10,48..63")
    #expect(filter.ranges == [0x1000...0x100f, 0x2ff0...0x2fff, 48...63])
    #expect(filter.contains(0x100f) && !filter.contains(0x1010) && !filter.contains(0x2fef))
    #expect(try AddressFilter("").contains(0) && AddressFilter().contains(.max))
    #expect(try AddressFilter("0..0xffffffffffffffff").contains(.max))
    #expect(try AddressFilter("010+1").ranges == [8...8])
  }

  /// QEMU's sentences, measured.
  @Test(arguments: [
    ("zz", "Bad range specifier"), ("0x80000000", "Bad range specifier"), (",5+1", "Bad range specifier"),
    ("5+1,", "Bad range specifier"), ("10+", "Invalid number to the right of +"),
    ("1+2+3", "Invalid number to the right of +"), ("+5", "Invalid number to the left of +"),
    ("0xfffffffffffffffff+1", "Invalid number to the left of +"), ("09+1", "Invalid number to the left of +"),
    ("..5", "Invalid number to the left of .."), ("0x10...0x20", "Invalid number to the right of .."),
    ("5..10-3", "Invalid number to the left of -"), ("5+3-1", "Invalid number to the left of -"),
    ("0x10+5..6", "Invalid number to the right of +"), ("0x1..0", "Invalid range"),
    ("0x10+0", "Invalid range"), ("0x10-0", "Invalid range"), ("0x10-0x20", "Invalid range"),
    ("0x10+0xffffffffffffffff", "Invalid range"),
  ])
  func whatIsNoRangeIsSaidInQEMUsWords(_ text: String, _ sentence: String) {
    #expect(throws: LogError(sentence)) { try AddressFilter(text) }
  }
}

@Suite struct LogOutputTests {
  private func temporaryPath() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("apus-log-\(UUID().uuidString)").path
  }

  @Test func blocksOfManyThreadsStayWhole() async throws {
    let path = temporaryPath()
    defer { unlink(path) }
    let log = Log(.interrupts)
    try log.open(path)
    let writers = 8
    await withTaskGroup(of: Void.self) { group in
      for writer in 0..<writers {
        group.addTask {
          for _ in 0..<200 { log.write("begin \(writer)\nmiddle \(writer)\nend \(writer)\n") }
        }
      }
    }
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == writers * 200 * 3)
    for start in stride(from: 0, to: lines.count, by: 3) {
      let writer = lines[start].dropFirst(6)
      try #require(lines[start] == "begin \(writer)")
      try #require(lines[start + 1] == "middle \(writer)" && lines[start + 2] == "end \(writer)")
    }
  }

  @Test func theProcessNumberStandsForItsPlaceInTheName() throws {
    let path = temporaryPath()
    let log = Log()
    try log.open(path + "-%d.log")
    let actual = "\(path)-\(getpid()).log"
    defer { unlink(actual) }
    log.write("line\n")
    #expect(try String(contentsOfFile: actual, encoding: .utf8) == "line\n")
  }

  @Test(arguments: ["%", "a%s", "%d%d", "a%%"])
  func badTemplatesAreErrors(_ template: String) {
    #expect(throws: LogError("Bad logfile template: \(template)")) { try Log().open(template) }
  }

  @Test func aFileThatCannotBeMadeIsOneSentence() {
    #expect(throws: LogError("Error opening logfile /nonexistent/x: No such file or directory")) {
      try Log().open("/nonexistent/x")
    }
  }

  @Test func itemsChangeWhileTheLogIsInUse() {
    let log = Log(.interrupts)
    #expect(log.has([.interrupts, .pages]) && !log.has(.pages))
    log.items = .pages
    #expect(!log.has(.interrupts) && log.has(.pages))
  }
}
