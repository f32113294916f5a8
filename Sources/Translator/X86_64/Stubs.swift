import RISCV

/// What `enter` is given besides registers; its fields' offsets are in `Context`.
package struct Context {
  var table: UInt = 0
  var jumpCache: UInt = 0
  /// MXCSR to run with, and as it was afterwards.
  var control: UInt32 = 0
  var controlAfter: UInt32 = 0
  /// The jump that `ExitReason.link` wants linked.
  var site = 0

  enum Offset {
    static let table = 0
    static let jumpCache = 8
    static let control = 16
    static let controlAfter = 20
    static let site = 24
  }
}

/// Why translated code came back; the state's pc and budget are exact.
package enum ExitReason: Int {
  /// The jump cache does not know the pc.
  case lookup = 0
  /// The instruction at the pc is the interpreter's.
  case interpret
  /// The budget does not reach for the next region.
  case budget
  /// A direct jump in a page wants its target.
  case link
}

/// An entry of the jump cache: guest address, host address.
struct JumpCacheEntry {
  var pc: UInt64
  var code: UInt

  static let none: UInt64 = .max
  /// One per halfword of 8 KiB of code.
  static let count = 4096
}

extension Assembler {
  private mutating func push(_ r: HostRegister) {
    if r.number >= 8 { byte(0x41) }
    byte(0x50 | r.number & 7)
  }
  private mutating func pop(_ r: HostRegister) {
    if r.number >= 8 { byte(0x41) }
    byte(0x58 | r.number & 7)
  }

  /// The pieces of code that all regions share.
  mutating func emitStubs(_ map: [(guest: Int, host: HostRegister)]) -> Emission.Stubs {
    let saved: [HostRegister] = [.rbx, .rbp, .r12, .r13, .r14, .r15]
    var stubs = Emission.Stubs()
    let pc = HartState.Offset.pc - 128
    let budget = HartState.Offset.budget - 128

    // enter(rdi: state, rsi: code, rdx: context) → rax: reason
    stubs.enter = address
    for r in saved { push(r) }
    arithmetic(.subtract, .rsp, immediate: Emission.Frame.size)
    memory(Opcodes.address, .rbp, .rdi, 128)
    memory(Opcodes.store, .rdx, .rsp, Emission.Frame.context)
    memory(Opcodes.load, .rax, .rdx, Context.Offset.table)
    memory(Opcodes.store, .rax, .rsp, Emission.Frame.table)
    memory(Opcodes.load, .rax, .rdx, Context.Offset.jumpCache)
    memory(Opcodes.store, .rax, .rsp, Emission.Frame.jumpCache)
    storeControl(.rsp, Emission.Frame.hostControl)
    loadControl(.rdx, Context.Offset.control)
    move(.rax, .rsi)
    for (guest, host) in map { memory(Opcodes.load, host, .rbp, Emission.displacement(guest)) }
    registers(Opcodes.indirect, HostRegister(4), .rax, wide: false)

    // Out, with the reason in eax.
    let out = address
    for (guest, host) in map { memory(Opcodes.store, host, .rbp, Emission.displacement(guest)) }
    memory(Opcodes.load, .rdx, .rsp, Emission.Frame.context)
    storeControl(.rdx, Context.Offset.controlAfter)
    loadControl(.rsp, Emission.Frame.hostControl)
    arithmetic(.add, .rsp, immediate: Emission.Frame.size)
    for r in saved.reversed() { pop(r) }
    byte(0xc3)

    // lookup: to the code for rax. Two bytes of pc choose an entry of 16.
    stubs.lookup = address
    registers(Opcodes.load, .rcx, .rax, wide: false)
    arithmetic(.and, .rcx, immediate: JumpCacheEntry.count * 2 - 2, wide: false)
    memory(Opcodes.load, .rdx, .rsp, Emission.Frame.jumpCache)
    indexed(Arithmetic.compare.opcode, .rax, .rdx, .rcx, scale: 3)
    let miss: UnsafeMutableRawPointer = jump(.notEqual)
    indexed(Opcodes.indirect, HostRegister(4), .rdx, .rcx, scale: 3, displacement: 8, wide: false)
    completeHere(miss)
    memory(Opcodes.store, .rax, .rbp, pc)
    move(.rax, immediate: Int64(ExitReason.lookup.rawValue))
    jump(to: out)

    // Back to the Swift side with the pc in rax and the uncounted instructions in rcx.
    func leaving(_ reason: ExitReason, _ assembler: inout Assembler) -> Int {
      let here = assembler.address
      assembler.memory(0x01, .rcx, .rbp, budget)
      assembler.memory(Opcodes.store, .rax, .rbp, pc)
      assembler.move(.rax, immediate: Int64(reason.rawValue))
      assembler.jump(to: out)
      return here
    }
    stubs.interpret = leaving(.interpret, &self)
    stubs.budget = leaving(.budget, &self)

    stubs.link = address
    memory(Opcodes.load, .rdx, .rsp, Emission.Frame.context)
    memory(Opcodes.store, .rcx, .rdx, Context.Offset.site)
    memory(Opcodes.store, .rax, .rbp, pc)
    move(.rax, immediate: Int64(ExitReason.link.rawValue))
    jump(to: out)
    return stubs
  }
}
