import Testing

import Semihosting

struct FileTableTests {
  @Test("handles begin with 1, and the lowest that is free is given out")
  func handles() {
    let table = FileTable()
    #expect(table[0] == nil && table[1] == nil && table[.max] == nil)
    #expect(table.add(.features(offset: 0)) == 1)
    #expect(table.add(.features(offset: 0)) == 2)
    #expect(table.add(.features(offset: 0)) == 3)
    #expect(table.remove(2))
    #expect(!table.remove(2) && !table.remove(0) && !table.remove(.max))
    #expect(table[2] == nil && table[3] != nil)
    #expect(table.add(.features(offset: 0)) == 2)
  }

  @Test("a guest that never closes meets an end")
  func capacity() {
    let table = FileTable()
    for handle in 1...UInt64(FileTable.capacity) { #expect(table.add(.features(offset: 0)) == handle) }
    #expect(table.add(.features(offset: 0)) == nil)
  }
}
