import Testing

import apus_bench

@Suite struct BenchTests {
  @Test func theMedianOfAnEvenNumberLiesBetweenTheMiddleTwo() {
    #expect(median([4, 1, 3, 2]) == 2.5)
    #expect(median([9, 1, 5]) == 5)
    #expect(median([]).isNaN)
  }

  @Test func theEmptyGuestsTimeIsTakenOffBothSides() {
    var measurements = Measurements()
    measurements.record("integer", "x", apus: 1.5, qemu: 2.5)
    measurements.rows[0].apusOverhead = 0.5
    measurements.rows[0].qemuOverhead = 0.5
    #expect(measurements.row("integer", "x")?.ratio == 2)
  }

  @Test func aRowWithoutBothEmulatorsIsNoFigure() {
    var measurements = Measurements()
    measurements.record("integer", "x", apus: 1)
    #expect(measurements.complete.isEmpty)
    #expect(measurements.geomean("integer") == nil)
  }

  @Test func aBarSaysPassMissOrThatItWasNotMeasured() throws {
    func interpreterBar(_ measurements: Measurements) -> Bar? {
      Bar.all(measurements).first { $0.claim.hasPrefix("interpreter, bare") }
    }
    var measurements = Measurements()
    #expect(interpreterBar(measurements)?.verdict == .unmeasured)
    measurements.record(figure: "interpreter MIPS bare", 499)
    #expect(interpreterBar(measurements)?.verdict == .miss)
    measurements.record(figure: "interpreter MIPS bare", 501)
    #expect(interpreterBar(measurements)?.verdict == .pass)
  }

  @Test func ramThatOnlyTheEmulatorTouchedCountsAgainstIt() {
    var measurements = Measurements()
    measurements.record(figure: "resident beside RAM MiB, Apus, 1 harts", 20)
    measurements.record(figure: "guest RAM resident MiB, Apus, 1 harts", 256)
    measurements.record(figure: "guest RAM resident MiB, QEMU, 1 harts", 90)
    #expect(Bar.all(measurements).first { $0.claim.hasPrefix("resident") }?.verdict == .miss)
  }

  @Test func thePlaceWhereUserModeIsSlowerIsNamed() {
    func bar(_ measurements: Measurements) -> Bar? {
      Bar.all(measurements).first { $0.claim.hasPrefix("system calls and processes: none") }
    }
    var measurements = Measurements()
    #expect(bar(measurements)?.verdict == .unmeasured)
    measurements.record("user/system", "fork", apus: 1, qemu: 2)
    #expect(bar(measurements)?.verdict == .pass)
    measurements.record("user/system", "mmap", apus: 2, qemu: 1)
    #expect(bar(measurements)?.verdict == .miss)
    #expect(bar(measurements)?.detail == "slower: mmap 0.50 of 2")
  }

  @Test func theLimitIsTheHostsOwnTimeWithoutItsEmptyProgram() {
    var measurements = Measurements()
    measurements.record("user/integer", "x", apus: 2, qemu: 4, native: 1.5)
    measurements.rows[0].nativeOverhead = 0.5
    #expect(measurements.row("user/integer", "x")?.limit == 4)
    measurements.record("integer", "x", apus: 2, qemu: 4)
    #expect(measurements.row("integer", "x")?.limit == nil)
  }

  @Test func everyIssueHasItsBars() {
    #expect(Set(Bar.all(Measurements()).map(\.issue)) == [2, 3, 4, 5, 6])
  }

  @Test func anArchiveEntryIsPaddedToWords() {
    let entry = Archive.entry("ab", mode: 0o100644, [1, 2, 3])
    #expect(entry.count % 4 == 0)
    #expect(entry.count == 116 + 4)
    #expect(entry.prefix(6).elementsEqual("070701".utf8))
  }

  @Test func numbersAreWrittenWithTheirDecimals() {
    #expect(decimal(0.05, 1) == "0.1")
    #expect(decimal(-2.5, 2, width: 7) == "  -2.50")
    #expect(decimal(.nan, 2, width: 3) == "  –")
    #expect(JSON.object([("a\n\"", .numbers([1, 2.5, .nan]))]).text == "{\"a\\u000a\\\"\": [1, 2.5, null]}")
  }

  @Test func aProgramThatEndsEarlyIsAnErrorWithItsLastWords() throws {
    let process = try HostProcess(["/bin/echo", "so long"])
    #expect(throws: BenchmarkError.self) { try process.wait(for: "never", within: 5) }
    #expect(process.lastWords.contains("so long"))
    #expect(try process.finish(within: 5).exitCode == 0)
  }

  @Test func namesOfBenchmarksAreUnique() {
    #expect(Set(Bench.names).count == Bench.names.count)
  }
}
