import Glibc
import RISCV
import Semihosting
import Synchronization

/// Semihosting calls of a program (RISC-V Semihosting 1.0): the same as a machine's, always on, as in QEMU's user mode.
/// Where a debugger is connected it has files and console.
final class ProgramSemihosting: SemihostingHost {
  /// Outlives it.
  private unowned let process: LinuxProcess
  private let start: UInt64
  /// Bytes of the heap that `SYS_HEAPINFO` makes, QEMU's.
  private static let heapSize: UInt64 = 128 << 20
  private let heap = Mutex<Range<UInt64>?>(nil)

  init(_ process: LinuxProcess) {
    self.process = process
    start = Self.now
  }

  private static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private func thread(of hart: Hart) -> LinuxThread? { process.allThreads.first { $0.hart === hart } }

  func print(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        return
      }
    }
  }

  func readByte(for hart: Hart) -> SemihostingInput {
    var byte: UInt8 = 0
    let got = wait(hart) {
      var got = read(STDIN_FILENO, &byte, 1)
      while got < 0, errno == EINTR { got = read(STDIN_FILENO, &byte, 1) }
      return got
    }
    return got == 1 ? .byte(byte) : .none
  }

  /// `readByte` waits by itself.
  var hasInput: Bool { true }
  var nanoseconds: UInt64 { Self.now - start }
  var secondsOfDay: UInt64 { UInt64(time(nil)) }

  /// The program's break moves up for a heap, once.
  func memory(for hart: Hart) -> SemihostingMemory? {
    guard let thread = thread(of: hart) else { return nil }
    let known = heap.withLock { $0 }
    let heap = known ?? makeHeap(thread)
    self.heap.withLock { $0 = heap }
    return heap.map { SemihostingMemory(heap: $0, stackBase: process.stack.pointer, stackLimit: 0) }
  }

  private func makeHeap(_ thread: LinuxThread) -> Range<UInt64>? {
    let begin = process.brk.withLock { $0.end }
    let end = begin + Self.heapSize
    let arguments = SystemCall.Arguments(values: [end, 0, 0, 0, 0, 0])
    guard let reached = try? SystemCalls.setBreak(thread, arguments), UInt64(reached) == end else {
      return nil
    }
    return begin..<end
  }

  func end(_ hart: Hart, exitCode: Int32) {
    guard let thread = thread(of: hart) else { return }
    process.releaseRobustMutexes(thread)
    process.end(exitCode, of: thread)
  }

  func report(_ sentence: String) { LinuxProcess.say("apus-riscv64: \(sentence)\n") }

  /// A child of vfork(2) has its parent's memory and not its debugger.
  func fileServer(for hart: Hart) -> FileServer {
    process.debugger == nil || thread(of: hart)?.isBorrowed == true ? .host : .debugger
  }
  var debuggerHasConsole: Bool { true }

  func wait(_ hart: Hart, _ body: () -> Int) -> Int { thread(of: hart)?.rest(body) ?? body() }
}

extension LinuxProcess {
  /// What the program calls when it was started, with its arguments.
  func makeSemihosting() -> SemihostingServer {
    let words = request.arguments.map { String(decoding: $0, as: UTF8.self) }
    return SemihostingServer(
      commandLine: words.joined(separator: " "), servesUserMode: true, host: ProgramSemihosting(self))
  }
}

extension LinuxThread {
  /// Serves the semihosting call at the pc; false where there is a breakpoint of the program's own.
  func serveSemihosting() -> Bool {
    guard hart.isAtSemihostingCall else { return false }
    let server = process.semihosting.withLock { server in
      let made = server ?? process.makeSemihosting()
      server = made
      return made
    }
    switch server.serve(hart) {
    case .result(let result): hart.finishSemihosting(result)
    case .asks(let request):
      // It is answered while the thread is parked; without a debugger the call is made again.
      _ = process.debugger?.park(self, .event(hart.stop(for: request)))
    case .awaitInput, .ended: break
    }
    return true
  }
}
