// Unsafe pointers: `groups` and `openGroups` have room for a region's worst case; `Refusal`s lie in the code memory.
import RISCV

/// Loads and stores through the hart's windows (see `Windows`): the first access through a base register proves
/// its page, those that follow through the unchanged register need no proof of their own.
extension Emission {
  /// Accesses through one base register that one proof stands for.
  struct Group {
    /// The base.
    var register: Int
    var access: Access
    var window: Int
    /// Bytes that the accesses touch, from what the base was at the first one: `low` to before `high`.
    var low: Int
    var high: Int
    /// The first access.
    var offset: Int
    var width: Int
    var pc: UInt64
    var executed: Int
    /// Registers to be made whole on the way out.
    var owed: UInt32
    /// Where the displacement of the address that is compared is written, and the jump for one that the window
    /// does not serve. `last`, where the base wanders: the displacement from there to the last byte.
    var address: UnsafeMutableRawPointer
    var last: UnsafeMutableRawPointer?
    /// Where the window's limit is named, or, where the base wanders, its delta noted.
    var limit: UnsafeMutableRawPointer
    var isAlone = true
    var site: UnsafeMutableRawPointer
    /// Where the first access begins, and where it goes on once the window is open.
    var leader: Int
    var resume: Int

    /// Where the delta is, from rbp.
    var delta: Int {
      let deltas = last == nil ? HartState.Offset.windowDeltas : HartState.Offset.passingDeltas
      return deltas + 8 * window - 128
    }
  }

  /// Behind a call to `Stubs.refuse`: what was to be accessed, for `TranslatedHart`.
  struct Refusal {
    var pc: UInt64
    /// Where the access begins, as an offset into the code memory.
    var resume: UInt32
    /// The region's first instruction.
    var entry: UInt64
    var low: Int16
    var offset: Int16
    var extent: UInt8
    /// Instructions of the region from this one on.
    var uncounted: UInt8
    var register: UInt8
    var width: UInt8
    var isStore: UInt8
    var window: UInt8
  }

  /// A store that is checked for itself and may go to a page with decoded code.
  struct CarefulStore {
    var value: Leaf
    var immediate: Int64
    var width: Int
    var pc: UInt64
    var length: Int
    var executed: Int
    var site: UnsafeMutableRawPointer
    var resume: Int
  }

  /// `register` becomes `t`: where that is another register and a constant, its groups go on through this one, too.
  @inline(never) mutating func carryGroups(to register: Int, _ t: Term) {
    guard register < 32 else { return }
    if register == 1 { link = 0 }
    guard let (origin, distance) = Self.split(t) else { return closeGroups(of: register) }
    for access in [0, 32] {
      openGroups[access + register] = openGroups[access + origin]
      // One that is closed has none: a sum over all regions would grow without end.
      let isOpen = openGroups[access + origin] >= 0
      shifts[access + register] = isOpen ? shifts[access + origin] + Int32(distance) : 0
    }
  }

  mutating func closeGroups(of register: Int) {
    guard register < 32 else { return }
    if register == 1 { link = 0 }
    openGroups[register] = -1
    openGroups[32 + register] = -1
  }

  mutating func closeAllGroups() {
    openGroups.update(repeating: -1, count: 64)
    link = 0
    delta = -1
    nextDelta = -1
  }

  /// The instruction is emitted: rcx stays what it is while nothing else follows.
  @inline(__always) mutating func keepDelta() {
    delta = nextDelta
    nextDelta = -1
    deltaCursor = assembler.cursor
  }

  /// Finds the data of an access: at `dataBase` plus rcx plus `dataDisplacement`. Uses rax and rdx.
  @inline(never) mutating func look(up address: Term, _ width: Int, _ access: Access) {
    if direct != nil { return lookDirectly(address) }
    // No two groups of a region share a window.
    guard !isCareful, groupCount < Windows.count / 2, let (register, offset) = Self.split(address) else {
      return lookEntry(up: address, width, access)
    }
    // A refusal comes back to the beginning.
    forgetPassing()
    var loaded = delta >= 0 && deltaCursor == assembler.cursor ? delta : -1
    let leader = assembler.address
    let base = source(Leaf(.guest, register), 0, .rax, true)
    // What was proved for stores is so for loads.
    let place = access == .store || openGroups[32 + register] >= 0 ? 32 + register : register
    var index = Int(openGroups[place])
    let low = offset + Int(shifts[place])
    if index >= 0, max(groups[index].high, low + width) - min(groups[index].low, low) <= Windows.reach {
      groups[index].isAlone = false
      groups[index].low = min(groups[index].low, low)
      groups[index].high = max(groups[index].high, low + width)
    } else {
      index = groupCount
      loaded = -1
      lead(register, base, offset, width, access, leader)
      let place = access == .store ? 32 + register : register
      openGroups[place] = Int8(index)
      shifts[place] = 0
    }
    let window = groups[index].window
    if loaded != window && !(groups[index].last != nil && groups[index].isAlone) {
      assembler.memory(Opcodes.load, .rcx, .rbp, groups[index].delta)
    }
    nextDelta = window
    dataBase = base
    dataDisplacement = offset
  }

  /// An SSE instruction on the memory that `look` found.
  mutating func accessReal(_ prefix: Int, _ opcode: Int, _ xmm: Int) {
    guard let direct else {
      return assembler.sse(
        prefix, opcode, xmm, .found(base: dataBase.number, displacement: dataDisplacement))
    }
    if direct.usesSegment { assembler.byte(0x65) }
    assembler.sse(prefix, opcode, xmm, .direct(base: dataBase.number, displacement: dataDisplacement))
  }

  /// The base register and the offset of an address; nil where it is no such sum.
  static func split(_ address: Term) -> (register: Int, offset: Int)? {
    guard address.isWide, !address.isSignExtended, !address.isZeroExtended, address.left.kind == .guest,
      !address.left.isZero
    else { return nil }
    if address.form == .leaf { return (address.left.number, 0) }
    guard address.form == .operation, address.op == .add, address.right.kind == .constant,
      abs(address.immediate) < 1 << 15
    else { return nil }
    return (address.left.number, Int(address.immediate))
  }

  /// A window that was opened for loads proves nothing for stores: these have the odd ones.
  private mutating func freshWindow(_ access: Access) -> Int {
    defer { nextWindow = (nextWindow + 2) % Windows.count }
    return nextWindow + (access == .store ? 1 : 0)
  }

  /// The window of the same instruction in an earlier turn of the loop, if nobody counts on what it shows now.
  private mutating func windowOfTurnBefore(_ access: Access) -> Int? {
    for i in (0..<groupCount).reversed() where groups[i].pc == pc && groups[i].access == access {
      for j in 0..<64 where openGroups[j] == i { return nil }
      return groups[i].window
    }
    return nil
  }

  /// The proof: the address of the group's first byte lies within the window; or, for a base that wanders, the
  /// page has a lookaside entry.
  private mutating func lead(
    _ register: Int, _ base: HostRegister, _ offset: Int, _ width: Int, _ access: Access, _ leader: Int
  ) {
    typealias Offset = HartState.Offset
    let window = windowOfTurnBefore(access) ?? freshWindow(access)
    let address = assembler.loadAddress(.rdx, base, displacementBytes: 4)
    var last: UnsafeMutableRawPointer?
    let limit: UnsafeMutableRawPointer
    let site: UnsafeMutableRawPointer
    if wanders {
      assembler.findEntry(.rcx, of: .rdx)
      last = assembler.loadAddress(.rdx, .rdx, displacementBytes: 1)
      assembler.arithmetic(.or, .rdx, immediate: 0xfff)
      assembler.memory(Arithmetic.compare.opcode, .rdx, .rcx, access.rawValue)
      site = assembler.jump(.notEqual)
      assembler.memory(Opcodes.load, .rcx, .rcx, 16)
      limit = assembler.cursor
      assembler.memory(Opcodes.store, .rcx, .rbp, Offset.passingDeltas + 8 * window - 128)
    } else {
      assembler.memory(Arithmetic.subtract.opcode, .rdx, .rbp, Offset.windowStarts + 8 * window - 128)
      assembler.memory(Arithmetic.compare.opcode, .rdx, .rbp, Offset.windowLimits + 8 * window - 128)
      limit = assembler.cursor - 4
      site = assembler.jump(.aboveOrEqual)
    }
    groups[groupCount] = Group(
      register: register, access: access, window: window, low: offset, high: offset + width, offset: offset,
      width: width, pc: pc, executed: executed, owed: halves.owed, address: address, last: last, limit: limit,
      site: site,
      leader: leader,
      resume: assembler.address)
    groupCount += 1
  }

  /// The group's extent is known: its proof, and what happens where that fails.
  mutating func complete(_ group: Group, _ memory: CodeMemory) {
    group.address.storeBytes(of: Int32(truncatingIfNeeded: group.low), as: Int32.self)
    let extent = group.high - group.low
    if let last = group.last {
      last.storeBytes(of: UInt8(extent - 1), as: UInt8.self)
      if group.isAlone {
        // Nobody wants the delta: nop dword [rax + 0], in seven bytes.
        group.limit.storeBytes(of: 0x0080_1f0f, as: UInt32.self)
        (group.limit + 4).storeBytes(of: 0, as: UInt16.self)
        (group.limit + 6).storeBytes(of: 0, as: UInt8.self)
      }
    } else if extent <= Windows.narrowReach {
      let limit = HartState.Offset.narrowWindowLimits + 8 * group.window - 128
      group.limit.storeBytes(of: Int32(truncatingIfNeeded: limit), as: Int32.self)
    }
    assembler.completeHere(group.site)
    let leaf = Leaf(.guest, group.register)
    assembler.memory(Opcodes.address, .rax, source(leaf, 0, .rax, true), group.low)
    assembler.move(.rcx, immediate: Int64(8 * group.window))
    assembler.move(.rdx, immediate: Int64(extent - 1))
    assembler.call(group.access == .store ? stubs.openForStores : stubs.open)
    // No instruction between touches the flags.
    _ = source(leaf, 0, .rax, true)
    if group.last != nil {
      // From the window that was just opened, into where those that follow look.
      assembler.memory(Opcodes.load, .rcx, .rbp, HartState.Offset.windowDeltas + 8 * group.window - 128)
      assembler.memory(Opcodes.store, .rcx, .rbp, group.delta)
    }
    assembler.jump(.equal, to: group.resume)
    makeWhole(group.owed)
    let uncounted = self.executed - group.executed
    assembler.arithmetic(.add, RegionTranslator.budget, immediate: uncounted)
    giveBack()
    assembler.call(stubs.refuse)
    let place = assembler.cursor
    assembler.cursor += MemoryLayout<Refusal>.size
    let resume = wayBack(to: group.leader)
    let refusal = Refusal(
      pc: group.pc, resume: UInt32(truncatingIfNeeded: resume - Int(bitPattern: memory.executable)),
      entry: entryPC, low: Int16(truncatingIfNeeded: group.low),
      offset: Int16(truncatingIfNeeded: group.offset),
      extent: UInt8(truncatingIfNeeded: extent), uncounted: UInt8(uncounted),
      register: UInt8(group.register), width: UInt8(group.width), isStore: group.access == .store ? 1 : 0,
      window: UInt8(group.window))
    place.storeBytes(of: refusal, as: Refusal.self)
  }

  // MARK: Careful stores

  mutating func storeCarefully(_ value: Leaf, _ immediate: Int64, _ address: Term, _ width: Int) {
    compareTag(address, width, .store, false)
    let site: UnsafeMutableRawPointer = assembler.jump(.notEqual)
    assembler.memory(Opcodes.load, .rcx, .rcx, 16)
    dataBase = .rax
    dataDisplacement = 0
    put(source(value, immediate, .rdx, true), width)
    careful[carefulCount] = CarefulStore(
      value: value, immediate: immediate, width: width, pc: pc, length: length, executed: executed,
      site: site,
      resume: assembler.address)
    carefulCount += 1
  }

  mutating func complete(_ store: CarefulStore) {
    assembler.completeHere(store.site)
    assembler.move(.rdx, source(store.value, store.immediate, .rdx, true))
    assembler.call(stubs.storeBesideCode[store.width.trailingZeroBitCount])
    // The store is done; the interpreter goes on, and the hart looks at what was decoded there.
    misses[missCount] = Miss(
      site: assembler.jump(.below), pc: (store.pc &+ UInt64(store.length)) & addressMask,
      executed: store.executed + 1,
      isFinal: true)
    misses[missCount + 1] = Miss(
      site: assembler.jump(.notEqual), pc: store.pc, executed: store.executed, resume: store.resume)
    missCount += 2
    assembler.jump(to: store.resume)
  }
}
