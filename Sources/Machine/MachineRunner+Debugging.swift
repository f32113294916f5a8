import Glibc
import RISCV

/// What debuggers and other observers are told of a machine.
package enum MachineStop: Sendable, Equatable {
  /// A hart came to a breakpoint, or a watchpoint; the machine stands still.
  case event(hart: Int, DebugEvent)
  /// Somebody stopped the machine, and had it go on.
  case stopped, resumed
  case reset(ShutdownCause)
  /// It is about to end; or to stand still, where that was asked for.
  case shutDown(ShutdownCause)
  /// Somebody has pressed the power button.
  case powerButton
  case device(DeviceEvent)
  /// Nil: not by the guest.
  case ended(exitCode: Int32?)
}

/// What a debugger asks of a machine. From its own thread, not under the machine lock.
extension MachineRunner {
  /// Has `observer` told of all that happens from now on; from a hart's thread or any other. It must not wait for the
  /// machine.
  package func observe(_ observer: @escaping @Sendable (MachineStop) -> Void) {
    withControl { $0.observers.append(observer) }
  }

  func withControl<R>(_ body: (inout Control) -> R) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&control)
  }

  package func tell(_ stop: MachineStop) {
    for observer in withControl({ $0.observers }) { observer(stop) }
  }

  var suspendedHarts: Set<Int> { withControl { $0.suspended } }

  /// On the hart's thread.
  func report(_ event: DebugEvent, of hart: Int) {
    let isFirst = withControl { control in
      if control.stop(clock) { return true }
      // Neither instruction has run: it will be reported again.
      harts[hart].forgetReported()
      return false
    }
    demandAttention()
    if isFirst { tell(.event(hart: hart, event)) }
  }

  func prepareToGoOn() {
    memory.code.dropRemovedBreakpoints()
    for hart in harts { hart.prepareToGoOn() }
  }

  // MARK: Breakpoints and watchpoints, for all harts

  /// `pc` is virtual where translation is on, and need not be mapped yet.
  package func insertBreakpoint(_ pc: UInt64) {
    atRest {
      if memory.code.insertBreakpoint(pc) { for hart in harts { hart.lookForBreakpoints() } }
    }
  }

  package func removeBreakpoint(_ pc: UInt64) { atRest { memory.code.removeBreakpoint(pc) } }

  package func insert(_ watchpoint: Watchpoint) { atRest { for hart in harts { hart.insert(watchpoint) } } }

  package func remove(_ watchpoint: Watchpoint) { atRest { for hart in harts { hart.remove(watchpoint) } } }

  package func removeAllBreakpoints() {
    atRest {
      for pc in memory.code.breakpointPCs { memory.code.removeBreakpoint(pc) }
      memory.code.dropRemovedBreakpoints()
      for hart in harts { hart.watchpoints.forEach(hart.remove) }
    }
  }

  // MARK: Steps

  /// How long the others go on while one hart makes a step, in microseconds: a spinlock's owner shall get
  /// somewhere.
  private static let momentOfOthers: UInt32 = 100

  /// Has one hart run an instruction, or take the trap that it raises; with `takingInterrupts` an interrupt that
  /// is due is taken instead. Where `othersRun`, the other harts then go on for a moment; what they come to is
  /// told as ever, and the machine stands still in any case. Only while it is stopped.
  package func step(hart index: Int, takingInterrupts: Bool, othersRun: Bool) -> DebugEvent {
    let event = atRest { () -> DebugEvent in
      clock.goOn()
      defer { clock.pause() }
      let hart = harts[index]
      while true {
        let before = hart.instructionsRetired
        let outcome = clock.withSlice({ hart.instructionsInSlice }) {
          hart.step(takingInterrupts: takingInterrupts)
        }
        clock.advance(instructions: hart.instructionsRetired &- before)
        switch outcome {
        case .codeFull: memory.code.removeAll()
        case .debug(let event): return event
        default: return .step
        }
      }
    }
    if othersRun, harts.count > 1 {
      atRest { prepareToGoOn() }
      withControl { control in
        control.suspended = [index]
        _ = control.goOn(clock)
        pthread_cond_broadcast(changed)
      }
      usleep(Self.momentOfOthers)
      withControl { control in
        control.suspended = []
        _ = control.stop(clock)
      }
      atRest {}
    }
    return event
  }
}
