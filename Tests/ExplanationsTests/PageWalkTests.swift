import Explanations
import RISCV
import Testing

@Suite struct PageWalkTests {
  /// Words of physical memory; what is missing is no memory, unless `zeros` covers it.
  private struct Memory {
    var words: [UInt64: UInt64] = [:]
    var zeros: ClosedRange<UInt64> = 0x8000_0000...0x8000_ffff
    func read(_ address: UInt64, _ width: Int) -> UInt64? {
      words[address] ?? (zeros.contains(address) ? 0 : nil)
    }
  }

  private func context(
    _ privilege: Privilege = .supervisor, _ change: (inout PageWalk.Context) -> Void = { _ in }
  )
    -> PageWalk.Context
  {
    var context = PageWalk.Context(satp: 8 << 60 | 0x80000, xlen: 64, privilege: privilege)
    change(&context)
    return context
  }

  private func outcome(
    _ leaf: UInt64, _ access: PageWalk.Access = .load, _ context: PageWalk.Context? = nil,
    virtual: UInt64 = 0x4000_1234
  ) -> PageWalk.Outcome {
    // A GiB at 0x40000000.
    let memory = Memory(words: [0x8000_0008: leaf])
    return PageWalk(virtual, access, context ?? self.context(), read: memory.read).outcome
  }

  private static let gib: UInt64 = 0x40000 << 10

  @Test func everyEndOfAWalkIsNamed() {
    let all = Self.gib | 0xcf
    #expect(outcome(all) == .physical(0x4000_1234))
    #expect(outcome(0) == .notValid)
    #expect(outcome(all & ~0xe | 4) == .reserved("W without R"))
    #expect(outcome(all | 1 << 54) == .reserved("bits 60 to 54"))
    #expect(outcome(0x2000_0401 | 0x40) == .reserved("U, A or D in an entry that leads to a table"))
    #expect(outcome(all | 0x10) == .wrongMode)
    #expect(outcome(all, .load, context(.user)) == .wrongMode)
    #expect(outcome(all | 0x10, .load, context { $0.sum = true }) == .physical(0x4000_1234))
    #expect(outcome(all | 0x10, .fetch, context { $0.sum = true }) == .wrongMode)
    #expect(outcome(all & ~8, .fetch) == .missing("X"))
    #expect(outcome(all & ~6) == .missing("R"))
    #expect(outcome(all & ~6, .load, context { $0.mxr = true }) == .physical(0x4000_1234))
    #expect(outcome(all & ~4, .store) == .missing("W"))
    #expect(outcome(all | 1 << 10) == .misaligned)
    #expect(outcome(all & ~0x40, .load, context { $0.updates = false }) == .notAccessed)
    #expect(outcome(all & ~0x80, .store, context { $0.updates = false }) == .notDirty)
    #expect(outcome(all, virtual: 0x80_0000_0000) == .notCanonical)
    #expect(outcome(0x400_0001) == .tableOutside(0x1000_0000))
    #expect(outcome(all, .load, context { $0.satp = 8 << 60 | 1 }) == .tableOutside(0x1008))
    #expect(outcome(0, .load, context(.machine)) == .physical(0x4000_1234))
  }

  @Test func theLastLevelAndSv32HaveTheirOwnRules() {
    var memory = Memory()
    memory.words = [
      0x8000_0008: 0x80001 << 10 | 1, 0x8000_1000: 0x80002 << 10 | 1, 0x8000_2008: 0x80003 << 10 | 1,
    ]
    let walk = PageWalk(0x4000_1000, .load, context(), read: memory.read)
    #expect(walk.outcome == .reserved("an entry of the last level without R, W and X"))
    #expect(walk.steps.map(\.level) == [2, 1, 0])
    #expect(walk.steps.map(\.address) == [0x8000_0008, 0x8000_1000, 0x8000_2008])

    let narrow = PageWalk.Context(satp: 1 << 31 | 0x80000, xlen: 32, privilege: .supervisor)
    memory.words = [0x8000_0400: 0x40000 << 10 | 0xcf]
    #expect(PageWalk(0x4012_3456, .store, narrow, read: memory.read).outcome == .physical(0x4012_3456))
    memory.words = [0x8000_0400: 0x40001 << 10 | 0xcf]
    #expect(PageWalk(0x4012_3456, .store, narrow, read: memory.read).outcome == .misaligned)
  }
}
