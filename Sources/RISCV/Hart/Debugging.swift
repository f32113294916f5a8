/// What a watchpoint looks for.
package enum WatchKind: Sendable, Hashable {
  case read, write, access
}

package struct Watchpoint: Sendable, Hashable {
  /// As the hart's loads and stores name it: virtual where translation is on.
  package var address: UInt64
  /// Bytes.
  package var length: UInt64
  package var kind: WatchKind

  package init(address: UInt64, length: UInt64, kind: WatchKind) {
    self.address = address
    self.length = length
    self.kind = kind
  }
}

/// Why a hart stopped for its debugger.
package enum DebugEvent: Sendable, Equatable {
  /// The instruction at this pc, the hart's, has not run yet.
  case breakpoint(UInt64)
  /// The access to `address` has not been made, and the pc is the instruction's: GDB takes RISC-V's watchpoints
  /// for such, makes the step itself and looks then. It is reported again unless the watchpoint is removed.
  case watchpoint(Watchpoint, address: UInt64)
  /// One instruction has run, or the trap or interrupt that came instead has been taken.
  case step
  /// The semihosting call at the pc wants this of the debugger, whose answer `Hart.answer` takes. Where the hart goes
  /// on without one it makes the call again.
  case request(String)
}

/// Where a debugger has its breakpoints. The decoded instruction there becomes `halt`, so that the others run as ever.
struct Breakpoints {
  /// By pc; false where it was removed, and comes again more often than not: what is planted stays until
  /// `CodePages.dropRemovedBreakpoints`.
  var places: [UInt64: Bool] = [:]
  /// The instructions that are `halt`, by their physical addresses, and the pcs for which they are.
  var planted: [UInt64: Set<UInt64>] = [:]
}

extension CodePages {
  /// Only while all harts rest, whose fetch entries are to be revoked then: `Hart.lookForBreakpoints`. True where
  /// that is needed.
  package func insertBreakpoint(_ pc: UInt64) -> Bool {
    hasBreakpoints = true
    return breakpoints.withLock { $0.places.updateValue(true, forKey: pc) == nil }
  }

  package func removeBreakpoint(_ pc: UInt64) {
    breakpoints.withLock { if $0.places[pc] != nil { $0.places[pc] = false } }
  }

  package var breakpointPCs: [UInt64] {
    breakpoints.withLock { $0.places.filter(\.value).map(\.key).sorted() }
  }

  /// Before harts go on for long: instructions whose breakpoints were removed run as ever again.
  package func dropRemovedBreakpoints() {
    guard hasBreakpoints else { return }
    let dropped = breakpoints.withLock { points -> [UInt64] in
      let count = points.places.count
      points.places = points.places.filter(\.value)
      guard points.places.count < count else { return [] }
      let wanted = points.planted.mapValues { pcs in pcs.filter { points.places[$0] != nil } }
      points.planted = wanted.filter { !$0.value.isEmpty }
      return wanted.filter(\.value.isEmpty).map(\.key)
    }
    for address in dropped { redecode(address) }
    hasBreakpoints = breakpoints.withLock { !$0.places.isEmpty }
  }

  func hasBreakpoint(at pc: UInt64) -> Bool {
    hasBreakpoints && breakpoints.withLock { $0.places[pc] == true }
  }

  /// The instruction of this slot is to be `halt`.
  func isPlanted(_ slot: UnsafeMutablePointer<Operation>) -> Bool {
    guard hasBreakpoints else { return false }
    let address = address(of: slot)
    return breakpoints.withLock { $0.planted[address] != nil }
  }

  /// A hart enters the virtual page, whose instructions have these slots.
  func plantBreakpoints(ofPage page: UInt64, in slots: UnsafeMutablePointer<Operation>) {
    guard hasBreakpoints else { return }
    let physical = address(of: slots)
    let new = breakpoints.withLock { points in
      points.places.keys.filter { $0 & ~0xfff == page }.map { pc in
        let address = physical | pc & 0xfff
        let isNew = points.planted[address] == nil
        points.planted[address, default: []].insert(pc)
        return isNew ? address : nil
      }.compactMap { $0 }
    }
    for address in new { redecode(address) }
  }
}

extension Hart {
  /// Breakpoints were inserted: every page is looked at anew when the hart comes there. Only while it rests.
  package func lookForBreakpoints() { lookaside.revokeAllFetches() }

  /// Only while the hart rests.
  package func insert(_ watchpoint: Watchpoint) {
    guard !watchpoints.contains(watchpoint) else { return }
    watchpoints.append(watchpoint)
    lookaside.flush()
  }

  /// Only while the hart rests.
  package func remove(_ watchpoint: Watchpoint) { watchpoints.removeAll { $0 == watchpoint } }

  /// The debugger has seen what was reported; a breakpoint counts again wherever else the hart goes on.
  package func prepareToGoOn() {
    debuggerRequest = nil
    if reported != .breakpoint(state.pointee.pc) { reported = nil }
  }

  /// Nobody was told of the event: the breakpoint is to be hit again.
  package func forgetReported() {
    reported = nil
    debuggerRequest = nil
  }

  /// The scratch page with the instruction at `pc`, which has a breakpoint that was told, or is no more one.
  @inline(never)
  func pageBehindBreakpoint(_ pc: UInt64) throws(Exit) -> UnsafeMutablePointer<Operation> {
    if code.hasBreakpoint(at: pc), reported != .breakpoint(pc) {
      reported = .breakpoint(pc)
      throw .debug
    }
    reported = nil
    return scratchPage(Int(pc & 0xfff) / 2, try decode(at: pc))
  }

  func watchesPage(of virtual: UInt64) -> Bool {
    let page = virtual & ~0xfff
    return watchpoints.contains { $0.address &- page < 4096 || page &- $0.address < max($0.length, 1) }
  }

  /// Reports an access that a watchpoint looks for, before it is made.
  @inline(never)
  func checkWatchpoints(_ access: Access, _ address: UInt64, _ width: UInt64) throws(Exit) {
    for point in watchpoints {
      let isMeant =
        switch point.kind {
        case .access: access != .fetch
        case .read: access == .load
        case .write: access == .store
        }
      guard isMeant, address &- point.address < point.length || point.address &- address < width else {
        continue
      }
      reported = .watchpoint(point, address: max(address, point.address))
      throw .debug
    }
  }

  /// Runs one instruction, or takes the trap that it raises; with `takingInterrupts` an interrupt that is due is
  /// taken instead. Only while the hart rests, on the thread that asks.
  package func step(takingInterrupts: Bool) -> Outcome {
    let isWanted = port.attention.exchange(false, ordering: .sequentiallyConsistent)
    let engine = self.engine
    self.engine = nil
    masksInterrupts = true
    defer {
      masksInterrupts = false
      self.engine = engine
      if isWanted { port.attention.store(true, ordering: .sequentiallyConsistent) }
    }
    if takingInterrupts {
      updateTimers()
      masksInterrupts = false
      let before = traps.total
      takeInterrupt()
      masksInterrupts = true
      if traps.total != before { return .budgetSpent }
    }
    reported = .breakpoint(state.pointee.pc)
    return run(1)
  }
}
