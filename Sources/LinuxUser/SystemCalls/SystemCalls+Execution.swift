import CHost
import Glibc

/// execve(2): programs for RISC-V run by this program again, others by the host.
extension SystemCalls {
  static func execute(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let path = try thread.memory.string(at: a[0], limit: Int(PATH_MAX) - 1)
    return try execute(thread, thread.process.ownExecutable(path), a[1], a[2])
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
    return try execute(thread, path, a[2], a[3])
  }

  private static func execute(
    _ thread: LinuxThread, _ path: [UInt8], _ arguments: UInt64, _ environment: UInt64
  )
    throws(Errno) -> Int
  {
    let process = thread.process
    var arguments = arguments == 0 ? [] : try thread.memory.strings(at: arguments)
    let environment = environment == 0 ? [] : try thread.memory.strings(at: environment)
    // As Linux since 5.18: there is always a name.
    if arguments.isEmpty { arguments = [[]] }
    var program = process.paths.resolved(path)
    // Scripts name interpreters, which may be scripts (execve(2): at most four deep).
    for _ in 0..<5 {
      switch try kind(program) {
      case .riscv: return try start(thread, own: process, program, arguments, environment)
      case .other:
        return try replace(thread, program, arguments, environment)
      case .script(let interpreter, let argument):
        let name = process.paths.resolved(Array(interpreter.utf8))
        arguments =
          [Array(interpreter.utf8)] + (argument.map { [Array($0.utf8)] } ?? []) + [path]
          + arguments.dropFirst()
        program = name
      }
    }
    throw Errno(ELOOP)
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

  /// Has this program run `program` in this process's place.
  private static func start(
    _ thread: LinuxThread, own process: LinuxProcess, _ program: [UInt8], _ arguments: [[UInt8]],
    _ environment: [[UInt8]]
  ) throws(Errno) -> Int {
    guard let own = process.ownPath else {
      // The host may know by binfmt_misc what to do.
      return try replace(thread, program, arguments, environment)
    }
    // A path is no option.
    let path = program.first == 0x2d ? Array("./".utf8) + program : program
    let line =
      [Array("apus-riscv64".utf8)] + process.request.ownOptions.map { Array($0.utf8) }
      + [Array("-0".utf8), arguments[0], path] + arguments.dropFirst()
    return try replace(thread, Array(own.utf8), line, environment)
  }

  private static func replace(
    _ thread: LinuxThread, _ program: [UInt8], _ arguments: [[UInt8]], _ environment: [[UInt8]]
  ) throws(Errno) -> Int {
    func vector(_ strings: [[UInt8]]) -> UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?> {
      let vector = UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>.allocate(capacity: strings.count + 1)
      for (i, string) in strings.enumerated() {
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: string.count + 1)
        copy.initialize(from: string + [0], count: string.count + 1)
        vector[i] = copy
      }
      vector[strings.count] = nil
      return vector
    }
    func free(_ vector: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, _ count: Int) {
      for i in 0..<count { vector[i]?.deallocate() }
      vector.deallocate()
    }
    let (argumentVector, environmentVector) = (vector(arguments), vector(environment))
    defer {
      free(argumentVector, arguments.count)
      free(environmentVector, environment.count)
    }
    return try thread.withPath(program) { path throws(Errno) in
      try thread.host(
        Int(SYS_execve), path, Int(bitPattern: argumentVector), Int(bitPattern: environmentVector))
    }
  }
}
