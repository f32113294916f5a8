import Boards
import CommandLineOptions
import Consoles
import Glibc
import Machine
import RISCV
import Semihosting
import Synchronization

/// Semihosting calls of a machine's harts: what they reach of the world.
///
/// Their console is a front end of the machine's like a serial port: input comes by the machine's gate, so that
/// deterministic machines stay so.
final class SemihostingConsole: SemihostingHost, CharacterFrontEnd {
  private let machine: BuiltMachine
  private let runner: MachineRunner
  private let reporter: Reporter
  private let backEnd: (any CharacterBackEnd)?
  private let target: SemihostingRequest.Target
  private let debugServers: DebugServers
  private struct Input {
    var bytes: [UInt8] = []
    var server: SemihostingServer?
    var hasComplained = false
  }
  private let input = Mutex(Input())
  private static let capacity = 4096

  /// Serves the harts of `assembly`, which do not run yet.
  static func serve(
    _ request: CommandLineRequest, _ assembly: Assembly, _ characters: [String: any CharacterOutlet],
    _ debugServers: DebugServers, _ reporter: Reporter
  ) throws(CommandLineError) {
    guard let semihosting = request.semihosting else { return }
    var backEnd: (any CharacterBackEnd)?
    if let id = semihosting.console {
      guard let outlet = characters[id] else {
        throw CommandLineError("semihosting chardev '\(id)' not found")
      }
      do throws(BackEndError) {
        backEnd = try outlet.plug()
      } catch {
        throw CommandLineError("semihosting chardev '\(id)': \(error)")
      }
    }
    let console = SemihostingConsole(assembly, backEnd, semihosting.target, debugServers, reporter)
    let server = SemihostingServer(
      commandLine: commandLine(semihosting, request.machine), servesUserMode: semihosting.servesUserMode,
      host: console)
    console.input.withLock { $0.server = server }
    backEnd?.attach(console)
    for hart in assembly.runner.harts { hart.semihost = server }
  }

  /// Without `arg=`, the kernel's file and the words of its command line.
  private static func commandLine(
    _ semihosting: SemihostingRequest, _ machine: MachineConfiguration
  ) -> String {
    if !semihosting.arguments.isEmpty { return semihosting.arguments.joined(separator: " ") }
    let words = (machine.append ?? "").split(separator: " ").map(String.init)
    return ((machine.kernel.map { [$0] } ?? []) + words).joined(separator: " ")
  }

  private init(
    _ assembly: Assembly, _ backEnd: (any CharacterBackEnd)?, _ target: SemihostingRequest.Target,
    _ debugServers: DebugServers, _ reporter: Reporter
  ) {
    self.target = target
    self.debugServers = debugServers
    machine = assembly.machine
    runner = assembly.runner
    self.reporter = reporter
    self.backEnd = backEnd
  }

  // MARK: SemihostingHost

  func print(_ bytes: [UInt8]) {
    guard let backEnd else { return printToStandardError(bytes) }
    runner.lock.withLock { backEnd.send(bytes) }
  }

  private func printToStandardError(_ bytes: [UInt8]) {
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
    guard let backEnd else {
      let isNew = input.withLock { input in
        defer { input.hasComplained = true }
        return !input.hasComplained
      }
      if isNew {
        reporter.report(
          "the guest reads from the semihosting console, which has no input: name one by chardev=ID in "
            + "-semihosting-config")
      }
      return .none
    }
    let (byte, wasFull) = input.withLock { input -> (UInt8?, Bool) in
      guard let first = input.bytes.first else { return (nil, false) }
      defer { input.bytes.removeFirst() }
      return (first, input.bytes.count >= Self.capacity)
    }
    if wasFull { runner.lock.withLock { backEnd.acceptInput() } }
    return byte.map(SemihostingInput.byte) ?? .notYet
  }

  var hasInput: Bool { input.withLock { !$0.bytes.isEmpty } }
  var nanoseconds: UInt64 { runner.clock.nanoseconds }
  var secondsOfDay: UInt64 { runner.clock.timeOfDay / 1_000_000_000 }

  /// The largest gap between what was loaded to RAM, as QEMU gives it.
  func memory(for hart: Hart) -> SemihostingMemory? {
    let (begin, end) = (machine.ramBase, machine.ramBase &+ machine.ramSize)
    var best: Range<UInt64>?
    var next = begin
    let blobs = machine.plan.roms.blobs.filter { $0.end > begin && $0.address < end }
    for blob in blobs.sorted(by: { $0.address < $1.address }) {
      if blob.address > next, blob.address - next > UInt64(best?.count ?? 0) { best = next..<blob.address }
      next = max(next, blob.end)
    }
    if end > next, end - next > UInt64(best?.count ?? 0) { best = next..<end }
    return best.map {
      SemihostingMemory(heap: $0, stackBase: $0.upperBound, stackLimit: $0.lowerBound)
    }
  }

  func fileServer(for hart: Hart) -> FileServer {
    switch target {
    case .native: .host
    case .gdb: debugServers.hasDebugger ? .debugger : .nobody
    case .automatic: debugServers.hasDebugger ? .debugger : .host
    }
  }

  var debuggerHasConsole: Bool { backEnd == nil }

  func end(_ hart: Hart, exitCode: Int32) { runner.endProgram(exitCode: exitCode) }
  func report(_ sentence: String) { reporter.report(sentence) }

  // MARK: CharacterFrontEnd

  var receiveCapacity: Int { input.withLock { max(0, Self.capacity - $0.bytes.count) } }

  func receive(_ bytes: ArraySlice<UInt8>) {
    let server = input.withLock { input in
      input.bytes += bytes
      return input.server
    }
    server?.inputArrived()
  }

  func receiveBreak() {}
}
