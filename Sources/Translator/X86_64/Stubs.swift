import RISCV

/// Why translated code came back; the state's pc and budget are exact.
package enum ExitReason: Int {
  /// There is no code for the pc at hand.
  case lookup = 0
  /// The instruction at the pc is the interpreter's.
  case interpret
  /// The budget does not reach for the next region.
  case budget
  /// A direct jump wants its target: in another page, in its own.
  case link
  case linkNear
  /// No window serves the access that the `Refusal` at the site describes. The pc is not current.
  case refuse
  /// The host's instruction that the site names (here an address) faulted; the pc is not current, and the budget is
  /// what the region has paid for.
  case fault
}

/// An entry of the jump cache: guest address, host address of the region's checked entry.
struct JumpCacheEntry {
  var pc: UInt64
  var code: UInt

  static let none: UInt64 = .max
  /// One per halfword of 8 KiB of code.
  static let count = 4096
}

extension Assembler {
  /// Bytes that calls may push before the stack starts over.
  private static let stackSize = 64 << 10

  /// The pieces of code that all regions share.
  mutating func emitStubs(
    _ map: [(guest: Int, host: HostRegister)], readTime: Hart.Call?, readClock: Hart.Call?
  ) -> Emission.Stubs {
    typealias Frame = Emission.Frame
    let constants = emitRealConstants()
    let saved: [HostRegister] = [.rbx, .rbp, .r12, .r13, .r14, .r15]
    var stubs = Emission.Stubs()
    stubs.constants = constants
    let pc = HartState.Offset.pc - 128
    let budget = HartState.Offset.budget - 128

    stubs.find = address
    memory(Opcodes.store, .rax, .rbp, pc)
    move(.rax, immediate: Int64(ExitReason.lookup.rawValue))
    let toOut = jump() as UnsafeMutableRawPointer

    stubs.lookup = address
    lookUp(otherwise: stubs.find)

    // The stack's last return address: a return with nothing to return to.
    let bottom = address
    move(.rcx, immediate: Int64(bottom))
    push(.rcx)
    jump(to: stubs.lookup)

    // enter(rdi: state, rsi: code) → rax: reason
    stubs.enter = address
    for r in saved { push(r) }
    memory(Opcodes.address, .rbp, .rdi, 128)
    memory(Opcodes.store, .rsp, .rbp, Frame.hostStack)
    memory(Opcodes.address, .rax, .rsp, -Self.stackSize)
    memory(Opcodes.store, .rax, .rbp, Frame.stackLimit)
    move(.rax, immediate: Int64(bottom))
    push(.rax)
    storeControl(.rbp, Frame.hostControl)
    loadControl(.rbp, Frame.control)
    move(.rax, .rsi)
    for (guest, host) in map { memory(Opcodes.load, host, .rbp, Emission.displacement(guest)) }
    memory(Opcodes.load, RegionTranslator.budget, .rbp, budget)
    compareReals()
    let unloaded: UnsafeMutableRawPointer = jump(.notEqual)
    for (guest, xmm) in Emission.realMap { load(xmm, .state(Emission.realDisplacement(guest))) }
    completeHere(unloaded)
    registers(Opcodes.indirect, HostRegister(4), .rax, wide: false)

    // Out, with the reason in eax.
    let out = address
    completeHere(toOut)
    memory(Opcodes.store, RegionTranslator.budget, .rbp, budget)
    for (guest, host) in map { memory(Opcodes.store, host, .rbp, Emission.displacement(guest)) }
    compareReals()
    let unchanged: UnsafeMutableRawPointer = jump(.notEqual)
    for (guest, xmm) in Emission.realMap {
      sse(0xf2, RealOpcodes.store, xmm, .state(Emission.realDisplacement(guest)))
    }
    completeHere(unchanged)
    storeControl(.rbp, Frame.controlAfter)
    loadControl(.rbp, Frame.hostControl)
    memory(Opcodes.load, .rsp, .rbp, Frame.hostStack)
    for r in saved.reversed() { pop(r) }
    byte(0xc3)

    stubs.interpret = address
    memory(Opcodes.store, .rcx, .rbp, Frame.uncounted)
    memory(Opcodes.store, .rdx, .rbp, Frame.resume)
    registers(Arithmetic.add.opcode, RegionTranslator.budget, .rcx)
    memory(Opcodes.store, .rax, .rbp, pc)
    move(.rax, immediate: Int64(ExitReason.interpret.rawValue))
    jump(to: out)

    stubs.budget = address
    registers(Arithmetic.add.opcode, RegionTranslator.budget, .rcx)
    memory(Opcodes.store, .rax, .rbp, pc)
    move(.rax, immediate: Int64(ExitReason.budget.rawValue))
    jump(to: out)

    stubs.open = emitOpen(forStores: false)
    stubs.openForStores = emitOpen(forStores: true)

    for i in 0..<4 { stubs.storeBesideCode[i] = emitStoreBesideCode(width: 1 << i, stubs) }

    // The host's signal handler leads here: rax is where it was, rdx the address that it names.
    stubs.fault = address
    memory(Opcodes.store, .rax, .rbp, Frame.site)
    memory(Opcodes.store, .rdx, .rbp, Frame.resume)
    move(.rax, immediate: Int64(ExitReason.fault.rawValue))
    jump(to: out)

    stubs.refuse = address
    pop(.rcx)
    memory(Opcodes.store, .rcx, .rbp, Frame.site)
    move(.rax, immediate: Int64(ExitReason.refuse.rawValue))
    jump(to: out)

    stubs.loadReals = address
    arithmetic(.compare, .rbp, HartState.Offset.frm - 128, immediate: 3)
    let foreign: UnsafeMutableRawPointer = jump(.above)
    arithmetic(.compare, .rbp, HartState.Offset.fs - 128, immediate: 3)
    let clean: UnsafeMutableRawPointer = jump(.notEqual)
    for (guest, xmm) in Emission.realMap { load(xmm, .state(Emission.realDisplacement(guest))) }
    // The flags stay.
    store(immediate: 0, .rbp, Frame.reals)
    completeHere(foreign)
    completeHere(clean)
    byte(0xc3)

    if let readTime { stubs.readTime = emitCall(readTime, map, saved) }
    if let readClock { stubs.readClock = emitCall(readClock, map, saved) }
    stubs.updateViews = emitCall(Hart.viewUpdater, map, saved)

    func linking(_ reason: ExitReason, _ assembler: inout Assembler) -> Int {
      let here = assembler.address
      assembler.memory(Opcodes.store, .rcx, .rbp, Frame.site)
      assembler.memory(Opcodes.store, .rax, .rbp, pc)
      assembler.move(.rax, immediate: Int64(reason.rawValue))
      assembler.jump(to: out)
      return here
    }
    stubs.link = linking(.link, &self)
    stubs.linkNear = linking(.linkNear, &self)
    return stubs
  }

  /// Calls a function from the midst of a region, with the number in rdx; its result is in rax, and rcx and rdx are
  /// void. `saved` is what functions keep.
  private mutating func emitCall(
    _ function: Hart.Call, _ map: [(guest: Int, host: HostRegister)], _ saved: [HostRegister]
  ) -> Int {
    let here = address
    let volatile = map.filter { !saved.contains($0.host) }
    for (guest, host) in volatile { memory(Opcodes.store, host, .rbp, Emission.displacement(guest)) }
    compareReals()
    let unloaded: UnsafeMutableRawPointer = jump(.notEqual)
    for (guest, xmm) in Emission.realMap {
      sse(0xf2, RealOpcodes.store, xmm, .state(Emission.realDisplacement(guest)))
    }
    completeHere(unloaded)
    memory(Opcodes.address, .rdi, .rbp, -128)
    registers(Opcodes.load, .rsi, .rdx)
    // The stack is aligned as the convention wants it, and what it was lies on top.
    move(.rax, .rsp)
    arithmetic(.and, .rsp, immediate: -16)
    push(.rax)
    push(.rax)
    move(.rax, immediate: Int64(Int(bitPattern: unsafeBitCast(function, to: UnsafeRawPointer.self))))
    registers(Opcodes.indirect, HostRegister(2), .rax, wide: false)
    pop(.rsp)
    for (guest, host) in volatile { memory(Opcodes.load, host, .rbp, Emission.displacement(guest)) }
    compareReals()
    let stillUnloaded: UnsafeMutableRawPointer = jump(.notEqual)
    for (guest, xmm) in Emission.realMap { load(xmm, .state(Emission.realDisplacement(guest))) }
    completeHere(stillUnloaded)
    byte(0xc3)
    return here
  }

  /// The lookaside's entry for an address.
  mutating func findEntry(_ entry: HostRegister, of address: HostRegister) {
    registers(Opcodes.load, entry, address)
    // The page's number modulo the table's size, times 32.
    shift(5, entry, immediate: 7, wide: true)
    arithmetic(.and, entry, immediate: -32, wide: false)
    memory(Arithmetic.add.opcode, entry, .rbp, HartState.Offset.table - 128)
  }

  /// Opens a window from the lookaside's entry. In: the address in rax, the window's displacement in rcx, the
  /// number of bytes less one in rdx. Equal where the entry serves them all and the window did not move too often.
  private mutating func emitOpen(forStores: Bool) -> Int {
    typealias Offset = HartState.Offset
    let here = address
    push(.rsi)
    push(.rdi)
    findEntry(.rsi, of: .rax)
    indexed(Opcodes.address, .rdi, .rax, .rdx)
    arithmetic(.or, .rdi, immediate: 0xfff)
    let access = forStores ? Emission.Access.store : .load
    memory(Arithmetic.compare.opcode, .rdi, .rsi, access.rawValue)
    let unserved: UnsafeMutableRawPointer = jump(.notEqual)
    arithmetic(.subtract, .rdi, immediate: 0xfff)
    // By rax, of which the displacement is from rbp.
    indexed(Opcodes.address, .rax, .rbp, .rcx)
    memory(Opcodes.load, .rdx, .rax, Offset.windowStarts - 128)
    // An access near the end of the last page that the window shows: it stays as it is.
    registers(Opcodes.load, .rcx, .rdi)
    registers(Arithmetic.subtract.opcode, .rcx, .rdx)
    memory(Arithmetic.compare.opcode, .rcx, .rax, Offset.windowLimits - 128)
    let shown: UnsafeMutableRawPointer = jump(.below)
    memory(Opcodes.store, .rdi, .rax, Offset.windowStarts - 128)
    memory(Opcodes.load, .rcx, .rsi, 16)
    memory(Opcodes.store, .rcx, .rax, Offset.windowDeltas - 128)
    store(immediate: 4097 - Windows.reach, .rax, Offset.windowLimits - 128)
    store(immediate: 4097 - Windows.narrowReach, .rax, Offset.narrowWindowLimits - 128)
    store(immediate: 1, .rbp, Offset.windowsAreUsed - 128)
    // Shut meanwhile.
    registers(Arithmetic.compare.opcode, .rdx, .rdi)
    let same: UnsafeMutableRawPointer = jump(.equal)
    memory(Opcodes.load, .rdi, .rax, Offset.windowOpenings - 128)
    memory(Opcodes.store, RegionTranslator.budget, .rax, Offset.windowOpenings - 128)
    registers(Arithmetic.subtract.opcode, .rdi, RegionTranslator.budget)
    arithmetic(.compare, .rdi, immediate: Windows.hastyDistance)
    let hasty: UnsafeMutableRawPointer = jump(.below)
    store(immediate: -1, .rax, Offset.windowHaste - 128)
    completeHere(hasty)
    arithmetic(.add, .rax, Offset.windowHaste - 128, immediate: 1)
    arithmetic(.add, .rax, Offset.windowMoves - 128, immediate: 1)
    arithmetic(.compare, .rax, Offset.windowMoves - 128, immediate: Windows.mostMoves)
    // Not equal then.
    let tooOften: UnsafeMutableRawPointer = jump(.greater)
    completeHere(shown)
    registers(Arithmetic.compare.opcode, .rax, .rax)
    completeHere(tooOften)
    completeHere(same)
    completeHere(unserved)
    pop(.rdi)
    pop(.rsi)
    byte(0xc3)
    return here
  }

  /// `Emission.Stubs.storeBesideCode`. Who decodes an instruction publishes it, fences, and reads the bytes
  /// again; here they are stored, and behind a fence the slots are looked at again: one of both sees the other.
  private mutating func emitStoreBesideCode(width: Int, _ stubs: Emission.Stubs) -> Int {
    typealias Offset = HartState.Offset
    // From the instruction that may begin a halfword earlier to that of the last byte.
    let displacements = (-1..<max(1, width / 2)).map { 8 * $0 }
    func compareSlots(_ assembler: inout Assembler) {
      assembler.memory(Opcodes.load, .rcx, .rsi, displacements[0])
      for displacement in displacements.dropFirst() {
        assembler.memory(Arithmetic.or.opcode, .rcx, .rsi, displacement)
      }
      assembler.registers(Opcodes.test, .rcx, .rcx)
    }
    let here = address
    push(.rsi)
    push(.rdi)
    var elsewhere: [UnsafeMutableRawPointer] = []
    if width > 1 {
      // test al, 1
      byte(0xa8)
      byte(1)
      elsewhere.append(jump(.notEqual))
    }
    findEntry(.rsi, of: .rax)
    memory(Opcodes.address, .rdi, .rax, width - 1)
    arithmetic(.or, .rdi, immediate: 0xfff)
    arithmetic(.subtract, .rdi, immediate: Int(LookasideEntry.noCode))
    memory(Arithmetic.compare.opcode, .rdi, .rsi, Emission.Access.store.rawValue)
    elsewhere.append(jump(.notEqual))
    registers(Opcodes.load, .rcx, .rax, wide: false)
    shift(5, .rcx, immediate: 12, wide: false)
    arithmetic(.and, .rcx, immediate: Windows.codeCount - 1, wide: false)
    memory(Opcodes.load, .rdi, .rsi, 24)
    indexed(Arithmetic.compare.opcode, .rdi, .rbp, .rcx, scale: 3, displacement: Offset.codePages - 128)
    elsewhere.append(jump(.notEqual))
    memory(Opcodes.load, .rdi, .rsi, 16)
    indexed(Opcodes.load, .rsi, .rbp, .rcx, scale: 3, displacement: Offset.codeSlots - 128)
    registers(Opcodes.load, .rcx, .rax, wide: false)
    arithmetic(.and, .rcx, immediate: 0xffe, wide: false)
    indexed(Opcodes.address, .rsi, .rsi, .rcx, scale: 2)
    compareSlots(&self)
    elsewhere.append(jump(.notEqual))
    indexed(
      width == 1 ? Opcodes.store8 : Opcodes.store, .rdx, .rax, .rdi, wide: width == 8, half: width == 2,
      isByte: width == 1)
    // A locked addition of nothing is a fence.
    byte(0xf0)
    arithmetic(.add, .rsp, 0, immediate: 0)
    compareSlots(&self)
    let quiet: UnsafeMutableRawPointer = jump(.equal)
    memory(Opcodes.store, .rsi, .rbp, Emission.Frame.unnoticedStore)
    byte(0xf9)  // stc
    let decoded: UnsafeMutableRawPointer = jump()
    // Not equal, not below.
    for site in elsewhere { completeHere(site) }
    registers(Opcodes.test, .rsp, .rsp)
    completeHere(quiet)
    completeHere(decoded)
    pop(.rdi)
    pop(.rsi)
    byte(0xc3)
    return here
  }

  /// Jumps to the code that the jump cache has for the guest address in rax. Two bytes of pc choose an entry
  /// of 16.
  mutating func lookUp(otherwise find: Int) {
    registers(Opcodes.load, .rcx, .rax, wide: false)
    arithmetic(.and, .rcx, immediate: JumpCacheEntry.count * 2 - 2, wide: false)
    memory(Opcodes.load, .rdx, .rbp, Emission.Frame.jumpCache)
    indexed(Arithmetic.compare.opcode, .rax, .rdx, .rcx, scale: 3)
    jump(.notEqual, to: find)
    indexed(Opcodes.indirect, HostRegister(4), .rdx, .rcx, scale: 3, displacement: 8, wide: false)
  }

  /// Equal where the floating-point registers are loaded.
  private mutating func compareReals() {
    memory(0x83, HostRegister(Arithmetic.compare.rawValue), .rbp, Emission.Frame.reals, wide: false)
    byte(0)
  }
}
