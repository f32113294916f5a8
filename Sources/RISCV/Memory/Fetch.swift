// Unsafe pointers: slots come from `CodePages` or are the hart's scratch page; instruction bytes come
// from host pages.
import Synchronization

/// Instruction fetch: finding and filling the slots that the interpreter runs.
extension Hart {
  /// The slots of the page that holds `pc`: the shared ones, or the scratch page with just the one
  /// instruction where the page cannot be cached.
  @inline(never)
  func enterPage(_ pc: UInt64) throws(Exit) -> UnsafeMutablePointer<Operation> {
    let (physical, host, isUniform) = try fetchPlace(pc, 2)
    if isUniform, let host {
      if let slots = enter(pc, physical, host) { return slots }
      if code.isFull { throw .codeFull }
    }
    let operation = try decode(at: pc)
    return scratchPage(Int(pc & 0xfff) / 2, code.hasBreakpoint(at: pc) ? Operation(opcode: .halt) : operation)
  }

  /// Makes a fetch entry for the page of `pc`, which is at `physical`; nil where it cannot have slots.
  private func enter(_ pc: UInt64, _ physical: UInt64, _ host: UnsafeMutableRawPointer)
    -> UnsafeMutablePointer<Operation>?
  {
    guard let slots = code.slots(at: physical, host: host - Int(physical & 0xfff), for: lookaside) else {
      return nil
    }
    code.plantBreakpoints(ofPage: pc & ~0xfff, in: slots)
    let isUnnoticed = code.validate(slots, operation)
    lookaside.fillFetch(fetchView, virtual: pc, physical: physical, slots: slots)
    if isUnnoticed { lookaside.noteUnnoticedFetch(fetchView, pc) }
    if log.has(.translation) { logTranslation(pc, .fetch, to: physical, readable: false, writable: false) }
    // Another hart may just have found that the page is data, before it could see our entry.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if !code.has(slots, at: physical) { lookaside.revokeFetches(from: slots) }
    return slots
  }

  /// Translates `width` bytes at `pc`, in one page, for execution. `isUniform`: one check stands for the whole page.
  private func fetchPlace(_ pc: UInt64, _ width: UInt64) throws(Exit) -> (
    UInt64, UnsafeMutableRawPointer?, isUniform: Bool
  ) {
    if let physical = lookaside.fetchedAddress(fetchView, pc), let page = memory.hostPage(at: physical) {
      return (physical, page.base + Int(physical & 0xfff), isUniform: true)
    }
    let privilege = state.pointee.privilege
    let translation = try translate(pc, .fetch, privilege)
    let physical = translation.physical
    guard pmp.allows(.fetch, physical, width, privilege), let page = memory.hostPage(at: physical)
    else { throw accessFault(.fetch, pc) }
    if translation.size > 4096 { lookaside.noteLargePage(pc, bytes: translation.size) }
    let isUniform = pmp.isUniform(page: physical & ~0xfff)
    return (physical, page.base + Int(physical & 0xfff), isUniform)
  }

  /// Fetches and decodes the instruction at `pc`, halfword by halfword.
  func decode(at pc: UInt64) throws(Exit) -> Operation {
    let low = try fetchHalf(pc)
    guard Decoder.length(of: low) == 4 else { return decoder.decode(UInt32(low)) }
    let high = try fetchHalf((pc &+ 2) & widthMask)
    return decoder.decode(UInt32(high) << 16 | UInt32(low))
  }

  private func fetchHalf(_ pc: UInt64) throws(Exit) -> UInt16 {
    let (physical, host, isUniform) = try fetchPlace(pc, 2)
    guard let host else { throw accessFault(.fetch, pc) }
    if isUniform { _ = enter(pc, physical, host) }
    return host.load(as: UInt16.self)
  }

  /// Fills the empty slot of the instruction at `pc`, from the page that the slot is of: whoever runs there
  /// has been let in, and stays until the next fetch from elsewhere.
  @inline(never)
  func fillSlot(_ slot: UnsafeMutablePointer<Operation>, _ pc: UInt64) {
    guard let bytes = code.bytes(of: slot) else { return }
    if code.isPlanted(slot) {
      slot.whole = Operation(opcode: .halt)
      return
    }
    slot.whole = operation(bytes, pc)
    code.didDecode(slot - Int(pc & 0xfff) / 2)
    // A program's stores count from `fence.i` on, which has the page validated.
    if userPages != nil { return }
    // A store by another hart may have come between our reading the bytes and publishing the slot, and have
    // cleared a slot that was still empty. Stores fence before they clear; we publish, fence and look again.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if operation(bytes, pc) != slot.pointee { code.takeBack(slot) }
  }

  /// What has been stored up to now is executed from now on.
  func fenceInstructions() { code.fence(lookaside) }

  /// The instruction that `bytes` are; what reaches into the next page is only named so.
  private func operation(_ bytes: UnsafeRawPointer, _ pc: UInt64) -> Operation {
    let low = bytes.load(as: UInt16.self)
    guard Decoder.length(of: low) == 4 else { return decoder.decode(UInt32(low)) }
    guard pc & 0xfff != 0xffe else { return Operation(opcode: .straddle) }
    return decoder.decode(UInt32((bytes + 2).load(as: UInt16.self)) << 16 | UInt32(low))
  }

  /// The instruction at `pc`, which begins in its page's last halfword, in the scratch page.
  @inline(never)
  func straddlingPage(_ pc: UInt64) throws(Exit) -> UnsafeMutablePointer<Operation> {
    scratchPage(CodePages.slotsPerPage - 1, try decode(at: pc))
  }

  /// The bits of the instruction at `pc` for `tval`; 0 where they cannot be read any more.
  package func instructionBits(at pc: UInt64) -> UInt32 {
    let (cause, value) = (state.pointee.trapCause, state.pointee.trapValue)
    defer { (state.pointee.trapCause, state.pointee.trapValue) = (cause, value) }
    guard let low = try? fetchHalf(pc) else { return 0 }
    guard Decoder.length(of: low) == 4 else { return UInt32(low) }
    guard let high = try? fetchHalf((pc &+ 2) & widthMask) else { return UInt32(low) }
    return UInt32(high) << 16 | UInt32(low)
  }
}
