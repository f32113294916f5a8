// Unsafe pointers: `emission`, `places` and the page tables are owned here; code is written only while
// `roomForRegion` bytes are free.
import RISCV

/// Translates regions: runs of instructions from one entry within one page, left by jumps only.
package final class RegionTranslator {
  /// Which host register holds which guest register throughout: the hottest by the calling convention.
  static let registerMap: [(guest: Int, host: HostRegister)] = [
    (10, .rbx), (11, .rsi), (12, .rdi), (13, .r8), (14, .r9), (15, .r10), (8, .r11), (9, .r12), (2, .r13),
    (1, .r14), (16, .r15),
  ]
  private static let roomForRegion = 64 << 10

  let memory: CodeMemory
  let emission: UnsafeMutablePointer<Emission>
  private let places: UnsafeMutablePointer<Int8>
  private let start: UnsafeMutableRawPointer
  /// By page: for each halfword the offset of its region in the code memory, 0 for none.
  private var pages: [UInt64: UnsafeMutablePointer<UInt32>] = [:]
  /// The page asked for last.
  private var lastPage: UInt64 = .max
  private var lastTable: UnsafeMutablePointer<UInt32>?

  package private(set) var instructionCount = 0
  package private(set) var regionCount = 0
  /// By opcode: how often an instruction was left to the interpreter at translation.
  package private(set) var left = [Int](repeating: 0, count: Opcode.allCases.count)

  package init(memory: CodeMemory, hasShortInstructions: Bool) {
    precondition(HartState.Offset.areCurrent)
    self.memory = memory
    places = .allocate(capacity: 256)
    places.initialize(repeating: -1, count: 256)
    for (guest, host) in Self.registerMap { places[guest] = Int8(host.number) }
    var assembler = Assembler(cursor: memory.writable, distance: memory.executable - memory.writable)
    assembler.long(0)  // Offset 0 means none.
    let stubs = assembler.emitStubs(Self.registerMap)
    start = assembler.cursor
    emission = .allocate(capacity: 1)
    emission.initialize(to: Emission(assembler, places, stubs, hasShortInstructions: hasShortInstructions))
  }

  deinit {
    removeAll()
    emission.pointee.deallocate()
    emission.deallocate()
    places.deallocate()
  }

  /// Bytes of code so far.
  package var codeSize: Int { emission.pointee.assembler.cursor - start }

  /// Forgets every region. The caller forgets what it knows of them.
  package func removeAll() {
    for table in pages.values { table.deallocate() }
    pages.removeAll(keepingCapacity: true)
    lastPage = .max
    lastTable = nil
    emission.pointee.assembler.cursor = start
  }

  private func table(_ page: UInt64) -> UnsafeMutablePointer<UInt32> {
    if page == lastPage, let lastTable { return lastTable }
    let table = findTable(page)
    lastPage = page
    lastTable = table
    return table
  }

  private func findTable(_ page: UInt64) -> UnsafeMutablePointer<UInt32> {
    if let table = pages[page] { return table }
    let table = UnsafeMutablePointer<UInt32>.allocate(capacity: CodePages.slotsPerPage)
    table.initialize(repeating: 0, count: CodePages.slotsPerPage)
    pages[page] = table
    return table
  }

  /// Where the code of the region at `pc` runs; nil where none was translated yet.
  package func code(at pc: UInt64) -> UnsafeRawPointer? {
    guard let offset = pages[pc & ~0xfff]?[Int(pc & 0xfff) / 2], offset != 0 else { return nil }
    return UnsafeRawPointer(memory.executable + Int(offset))
  }

  /// The first address of every region, page by page.
  package var regions: [UInt64] {
    pages.flatMap { page, table in
      (0..<CodePages.slotsPerPage).filter { table[$0] != 0 }.map { page + UInt64(2 * $0) }
    }
  }

  package var isFull: Bool {
    memory.size - (emission.pointee.assembler.cursor - memory.writable) < Self.roomForRegion
  }

  /// Translates the region at `pc` from its page's decoded slots, empty ones filled by `hart`. The caller has
  /// made sure that `isFull` is false.
  package func translate(_ pc: UInt64, _ slots: UnsafeMutablePointer<Operation>, _ hart: Hart) {
    let e = emission
    let table = table(pc & ~0xfff)
    table[Int(pc & 0xfff) / 2] = UInt32(truncatingIfNeeded: e.pointee.assembler.cursor - memory.writable)
    e.pointee.begin(pc)
    var emitter = Emitter(emission: e)
    while !e.pointee.hasEnded {
      let slot = slots + Int(e.pointee.pc & 0xfff) / 2
      if slot.pointee.opcode == .undecoded && !hart.decode(slot, at: e.pointee.pc) {
        e.pointee.endForInterpreter()
        break
      }
      let before = e.pointee.checkpoint
      e.pointee.length = 4
      e.pointee.slotsUsed = 0
      emitter.perform(slot.pointee)
      if e.pointee.isLeft {
        e.pointee.restore(before)
        left[Int(slot.pointee.opcode.rawValue)] += 1
        e.pointee.endForInterpreter()
        break
      }
      e.pointee.executed += 1
      if e.pointee.hasEnded { break }
      e.pointee.pc &+= UInt64(e.pointee.length)
      // A long instruction may end in the next page.
      if e.pointee.executed == Emission.regionLimit || e.pointee.pc & ~0xfff != e.pointee.page {
        e.pointee.end(at: e.pointee.pc)
      }
    }
    e.pointee.finish(table, memory)
    instructionCount += e.pointee.executed
    regionCount += 1
  }

  /// Lets the jump at `site` (an offset) go straight to the code at `pc`, where there is some now.
  package func link(_ site: Int, to pc: UInt64) {
    guard let code = code(at: pc) else { return }
    emission.pointee.assembler.complete(memory.writable + site, to: Int(bitPattern: code))
  }
}

extension Emission {
  /// What giving up an instruction takes back.
  struct Checkpoint {
    var cursor: UnsafeMutableRawPointer
    var sideCount: Int
    var missCount: Int
    var rareCount: Int
    var checkedFloatingPoint: Bool
    var checkedRounding: Bool
    var markedDirty: Bool
  }

  var checkpoint: Checkpoint {
    @inline(__always) get {
      Checkpoint(
        cursor: assembler.cursor, sideCount: sideCount, missCount: missCount, rareCount: rareCount,
        checkedFloatingPoint: checkedFloatingPoint, checkedRounding: checkedRounding, markedDirty: markedDirty
      )
    }
  }

  mutating func restore(_ c: Checkpoint) {
    assembler.cursor = c.cursor
    sideCount = c.sideCount
    missCount = c.missCount
    rareCount = c.rareCount
    checkedFloatingPoint = c.checkedFloatingPoint
    checkedRounding = c.checkedRounding
    markedDirty = c.markedDirty
    hasEnded = false
    isLeft = false
  }

  /// Starts a region: pays for all of it, or goes to the interpreter where the budget does not reach.
  mutating func begin(_ pc: UInt64) {
    self.pc = pc
    page = pc & ~0xfff
    executed = 0
    hasEnded = false
    checkedFloatingPoint = false
    checkedRounding = false
    markedDirty = false
    sideCount = 0
    missCount = 0
    rareCount = 0
    // sub qword [rbp + budget], count: completed by `finish`.
    assembler.memory(0x83, HostRegister(Arithmetic.subtract.rawValue), .rbp, HartState.Offset.budget - 128)
    entry = assembler.cursor
    assembler.byte(0)
    entryJump = assembler.jump(.less)
    entryPC = pc
  }

  /// Ends the region before the instruction at `pc`.
  mutating func endForInterpreter() {
    misses[missCount] = Miss(site: assembler.jump(), pc: pc, executed: executed)
    missCount += 1
    hasEnded = true
  }

  /// The code behind the region: its ways out.
  mutating func finish(_ table: UnsafeMutablePointer<UInt32>, _ memory: CodeMemory) {
    let count = executed
    entry.storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
    for i in 0..<rareCount { emit(rares[i]) }
    for i in 0..<sideCount {
      let side = sides[i]
      let unexecuted = side.executed < 0 ? 0 : count - side.executed
      var site = side.site
      let isNear = side.target & ~0xfff == page
      if unexecuted != 0 || !isNear {
        assembler.completeHere(site)
        if unexecuted != 0 {
          assembler.arithmetic(.add, .rbp, HartState.Offset.budget - 128, immediate: unexecuted)
        }
        if !isNear {
          // Another page: where it is decides the jump cache.
          assembler.move(.rax, immediate: Int64(bitPattern: side.target))
          assembler.jump(to: stubs.lookup)
          continue
        }
        site = assembler.jump()
      }
      let offset = Int(table[Int(side.target & 0xfff) / 2])
      if offset != 0 {
        assembler.complete(site, to: Int(bitPattern: memory.executable) + offset)
      } else {
        assembler.completeHere(site)
        assembler.move(.rax, immediate: Int64(bitPattern: side.target))
        assembler.move(.rcx, immediate: Int64(site - memory.writable))
        assembler.jump(to: stubs.link)
      }
    }
    for i in 0..<missCount {
      let miss = misses[i]
      assembler.completeHere(miss.site)
      assembler.move(.rax, immediate: Int64(bitPattern: miss.pc))
      assembler.move(.rcx, immediate: Int64(count - miss.executed))
      assembler.jump(to: stubs.interpret)
    }
    assembler.completeHere(entryJump)
    assembler.move(.rax, immediate: Int64(bitPattern: entryPC))
    assembler.move(.rcx, immediate: Int64(count))
    assembler.jump(to: stubs.budget)
  }
}
