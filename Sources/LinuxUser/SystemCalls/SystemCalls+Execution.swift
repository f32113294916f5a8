// Unsafe pointers: a plan is one block, written once; its vectors point into it.
import CHost
import Glibc

/// execve(2): programs for RISC-V run by this program again, others by the host.
extension SystemCalls {
  static func execute(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let path = try thread.memory.string(at: a[0], limit: Int(PATH_MAX) - 1)
    return try execute(thread, thread.process.ownExecutable(path), a, vectors: 1)
  }

  static func executeAt(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    var path = try thread.memory.string(at: a[1], limit: Int(PATH_MAX) - 1)
    let (emptyPath, noFollow): (UInt64, UInt64) = (0x1000, 0x100)
    guard a[4] & ~(emptyPath | noFollow) == 0 else { throw .invalid }
    if path.isEmpty {
      guard a[4] & emptyPath != 0 else { throw Errno(ENOENT) }
      path = Array("/proc/self/fd/\(a.int(0))".utf8)
    } else if path.first != 0x2f, a.int(0) != AT_FDCWD {
      path = Array("/proc/self/fd/\(a.int(0))/".utf8) + path
    }
    return try execute(thread, path, a, vectors: 2)
  }

  /// A child of vfork(2) leaves whatever it holds when the host goes on elsewhere, so nothing is held then but `plan`,
  /// which its parent frees.
  /// `vectors` is the index of the argument that points to the program's arguments; its environment is the next.
  private static func execute(
    _ thread: LinuxThread, _ path: [UInt8], _ a: Arguments, vectors: Int
  ) throws(Errno) -> Int {
    let plan = try plan(thread, path, a[vectors], a[vectors + 1])
    // The program that is executed has the debugger from then on.
    guard let debugger = thread.process.debugger,
      let inheritance = debugger.inheritance(
        thread, String(decoding: path, as: UTF8.self), isDebuggable: plan.isDebuggable)
    else { return try execute(thread, plan, a) }
    plan.block.deallocate()
    do throws(Errno) {
      let plan = try self.plan(thread, path, a[vectors], a[vectors + 1], inheritance)
      _ = fcntl(inheritance.descriptor, F_SETFD, 0)
      return try execute(thread, plan, a)
    } catch {
      debugger.server?.takeBack(thread)
      throw error
    }
  }

  private static func execute(_ thread: LinuxThread, _ plan: Plan, _ a: Arguments) throws(Errno) -> Int {
    // All that can be wrong with the program has been looked at: the host hardly fails.
    thread.process.releaseRobustMutexes(thread)
    thread.execution = plan.block
    defer { thread.forgetExecution() }
    thread.process.flushPerfMap()
    if thread.traces, let call = SystemCalls.call(thread.hart[x: 17]) { thread.traceExecution(call, a) }
    // Only Linux can give rights, where it starts this program by itself (binfmt_misc). Else there are none to be had.
    if let program = plan.program {
      let path = UnsafePointer<Int>(bitPattern: program)?.pointee ?? 0
      _ = try? thread.host(Int(SYS_execve), path, program, plan.environment)
    }
    return try thread.host(Int(SYS_execve), plan.path, plan.arguments, plan.environment)
  }

  /// What the host is to execute, as addresses in one block of memory.
  private struct Plan {
    let block: UnsafeMutableRawPointer
    let path: Int
    let arguments: Int
    let environment: Int
    /// Among the arguments, from where on they are a program's that is to have its owner's rights.
    let program: Int?
    /// It is for RISC-V, this emulator runs it, and with the same rights.
    let isDebuggable: Bool

    init(
      _ path: [UInt8], _ arguments: [[UInt8]], _ environment: [[UInt8]], givingRightsFrom number: Int? = nil,
      isForEmulator: Bool = false
    ) {
      isDebuggable = isForEmulator && number == nil
      let strings = [path] + arguments + environment
      let vectors = 8 * (arguments.count + environment.count + 2)
      let size = strings.reduce(vectors) { $0 + $1.count + 1 }
      let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
      var pointers: [Int] = []
      var at = block + vectors
      for string in strings {
        pointers.append(Int(bitPattern: at))
        at.copyMemory(from: string + [0], byteCount: string.count + 1)
        at += string.count + 1
      }
      let words = pointers[1..<1 + arguments.count] + [0] + pointers[(1 + arguments.count)...] + [0]
      for (i, word) in words.enumerated() { block.storeBytes(of: word, toByteOffset: 8 * i, as: Int.self) }
      self.block = block
      self.path = pointers[0]
      self.arguments = Int(bitPattern: block)
      self.environment = Int(bitPattern: block + 8 * (arguments.count + 1))
      program = number.map { Int(bitPattern: block + 8 * $0) }
    }
  }

  private static func plan(
    _ thread: LinuxThread, _ path: [UInt8], _ arguments: UInt64, _ environment: UInt64,
    _ inheritance: DebuggerInheritance? = nil
  ) throws(Errno) -> Plan {
    let process = thread.process
    var arguments = arguments == 0 ? [] : try thread.memory.strings(at: arguments)
    let environment = environment == 0 ? [] : try thread.memory.strings(at: environment)
    // As Linux since 5.18: there is always a name.
    if arguments.isEmpty { arguments = [[]] }
    // As it is told to an interpreter, and where it is.
    var name = path
    var program = process.paths.resolved(path)
    // Scripts name interpreters, which may be scripts (execve(2): at most four deep).
    for _ in 0..<5 {
      switch try kind(program) {
      case .riscv:
        // Where this program cannot be found, the host may know by binfmt_misc what to do.
        guard let own = process.ownPath else { return Plan(program, arguments, environment) }
        // A path is no option.
        let path = program.first == 0x2d ? Array("./".utf8) + program : program
        let options =
          [Array("apus-riscv64".utf8)]
          + (process.request.ownOptions + stackOption(thread) + option(inheritance)).map { Array($0.utf8) }
          + [Array("-0".utf8), arguments[0]]
        return Plan(
          Array(own.utf8), options + [path] + arguments.dropFirst(), environment,
          givingRightsFrom: givesRights(path) ? options.count : nil, isForEmulator: true)
      case .other: return Plan(program, arguments, environment)
      case .script(let interpreter, let argument):
        let interpreter = Array(interpreter.utf8)
        arguments = [interpreter] + (argument.map { [Array($0.utf8)] } ?? []) + [name] + arguments.dropFirst()
        name = interpreter
        program = process.paths.resolved(name)
      }
    }
    throw Errno(ELOOP)
  }

  /// The program is to run as another user or group (inode(7), the set-user-ID bit).
  private static func givesRights(_ path: [UInt8]) -> Bool {
    var status = stat()
    guard stat(String(decoding: path, as: UTF8.self), &status) == 0 else { return false }
    return status.st_mode & S_ISUID != 0 && status.st_uid != geteuid()
      || status.st_mode & S_ISGID != 0 && status.st_gid != getegid()
  }

  /// RLIMIT_STACK, where the program has set it, is the next program's.
  private static func stackOption(_ thread: LinuxThread) -> [String] {
    guard let limit = thread.attributes.limits.withLock({ $0[Int32(RLIMIT_STACK.rawValue)] }) else {
      return []
    }
    return ["-s", "\(min(limit.soft, GuestMemory.size / 4))"]
  }

  private static func option(_ inheritance: DebuggerInheritance?) -> [String] {
    inheritance.map { ["-" + DebuggerInheritance.option, $0.text] } ?? []
  }

  private enum Kind {
    case riscv
    /// The host's, or nobody's.
    case other
    case script(interpreter: String, argument: String?)
  }

  private static func kind(_ path: [UInt8]) throws(Errno) -> Kind {
    let name = String(decoding: path, as: UTF8.self)
    // Bytes that are no text: the host's kernel knows what to do.
    guard Array(name.utf8) == path else { return .other }
    guard access(name, X_OK) == 0 else { throw Errno(errno) }
    let file: ProgramFile
    do throws(Errno) {
      file = try ProgramFile(name)
    } catch {
      // What may be executed but not read.
      if error.code == EACCES { return .other }
      throw error
    }
    defer { file.close() }
    if let script = file.script { return .script(interpreter: script.interpreter, argument: script.argument) }
    do throws(ProgramImage.Flaw) {
      _ = try file.image()
      return .riscv
    } catch {
      switch error {
      case .malformed: throw Errno(ENOEXEC)
      default: return .other
      }
    }
  }
}
