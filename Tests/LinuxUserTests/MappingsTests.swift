import LinuxUser
import TestSupport
import Testing

@Suite struct MappingsTests {
  private func pages(_ range: Range<UInt64>) -> Range<UInt64> {
    range.lowerBound << 12..<range.upperBound << 12
  }
  private func mapping(_ range: Range<UInt64>, shared: Bool = false) -> Mapping {
    let range = pages(range)
    return Mapping(start: range.lowerBound, end: range.upperBound, protection: [.read], isShared: shared)
  }

  @Test func neighboursOfOneKindBecomeOne() {
    var mappings = Mappings()
    mappings.insert(mapping(10..<12))
    mappings.insert(mapping(14..<16))
    mappings.insert(mapping(12..<14))
    #expect(mappings.all == [mapping(10..<16)])
    mappings.insert(mapping(16..<18, shared: true))
    #expect(mappings.all == [mapping(10..<16), mapping(16..<18, shared: true)])
  }

  @Test func whatIsInsertedTakesTheOldOnesPlace() {
    var mappings = Mappings()
    mappings.insert(mapping(0..<100))
    mappings.insert(mapping(40..<60, shared: true))
    #expect(mappings.all == [mapping(0..<40), mapping(40..<60, shared: true), mapping(60..<100)])
    mappings.remove(pages(30..<70))
    #expect(mappings.all == [mapping(0..<30), mapping(70..<100)])
    #expect(mappings.isFree(pages(30..<70)))
    #expect(!mappings.isFree(pages(29..<31)))
    #expect(mappings.covers(pages(70..<100)))
    #expect(!mappings.covers(pages(20..<80)))
  }

  @Test func theHighestGapThatIsLargeEnoughIsFound() {
    var mappings = Mappings()
    mappings.insert(mapping(90..<100))
    mappings.insert(mapping(50..<85))
    func highest(_ count: UInt64) -> UInt64? {
      mappings.highestFree(count << 12, below: 100 << 12, from: 10 << 12).map { $0 >> 12 }
    }
    #expect(highest(5) == 85)
    #expect(highest(6) == 44)
    #expect(highest(40) == 10)
    #expect(highest(41) == nil)
    #expect(
      mappings.highestFree(4 << 12, below: 50 << 12, from: 0, alignment: 8 << 12) == 40 << 12)
  }

  /// Against a page-by-page model.
  @Test func randomChangesAreAsAModelHasThem() {
    var numbers = SeededNumbers(seed: 1)
    for _ in 0..<200 {
      var mappings = Mappings()
      var model = [UInt8](repeating: 0, count: 64)
      for _ in 0..<60 {
        let start = numbers.next() % 64
        let end = start + numbers.next() % (65 - start)
        let kind = UInt8(numbers.next() % 4)
        let range = pages(start..<end)
        switch kind {
        case 0: mappings.remove(range)
        case 3:
          mappings.protect(range, [.read, .write])
          for i in start..<end where model[Int(i)] != 0 { model[Int(i)] |= 4 }
          continue
        default: mappings.insert(mapping(start..<end, shared: kind == 2))
        }
        for i in start..<end { model[Int(i)] = kind }
      }
      for i in 0..<64 {
        let found = mappings[holding: UInt64(i) << 12 | 0xfff]
        let value =
          found.map { ($0.isShared ? 2 : 1) | ($0.protection.contains(.write) ? 4 : 0) } ?? 0
        #expect(value == model[i])
      }
      for (a, b) in zip(mappings.all, mappings.all.dropFirst()) { #expect(a.end <= b.start) }
    }
  }
}
