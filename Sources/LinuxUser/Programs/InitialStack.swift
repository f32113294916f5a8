import CHost
import Glibc
import RISCV

/// The stack that a program starts with: strings, vectors of pointers to them, and what the kernel tells
/// (System V ABI, "Process Initialization"; getauxval(3)).
struct InitialStack {
  let memory: GuestMemory
  /// Behind the last byte.
  let top: UInt64

  struct Written {
    /// The stack pointer.
    var pointer: UInt64
    /// auxv(7).
    var auxiliary: [UInt8]
    /// Where the strings are.
    var arguments: Range<UInt64>
    var environment: Range<UInt64>
  }

  func write(
    arguments: [[UInt8]], environment: [[UInt8]], path: [UInt8], random: [UInt8], program: LoadedProgram,
    hardware: UInt64, clock: UInt64 = 100, vdso: UInt64
  ) throws(Errno) -> Written {
    var pointer = top - 8
    func push(_ bytes: [UInt8], alignment: UInt64 = 1) throws(Errno) -> UInt64 {
      pointer = (pointer - UInt64(bytes.count)) & ~(alignment - 1)
      try memory.store(bytes, at: pointer)
      return pointer
    }
    let name = try push(path + [0])
    var environmentPointers: [UInt64] = []
    for string in environment.reversed() { environmentPointers.append(try push(string + [0])) }
    var argumentPointers: [UInt64] = []
    for string in arguments.reversed() { argumentPointers.append(try push(string + [0])) }
    let randomPointer = try push(random, alignment: 16)

    let auxiliary: [(UInt, UInt64)] = [
      (UInt(AT_SYSINFO_EHDR), vdso), (UInt(AT_HWCAP), hardware), (UInt(AT_PAGESZ), GuestMemory.pageSize),
      (UInt(AT_CLKTCK), clock),
      (UInt(AT_PHDR), program.headers), (UInt(AT_PHENT), UInt64(ProgramImage.headerSize)),
      (UInt(AT_PHNUM), UInt64(program.headerCount)), (UInt(AT_BASE), program.loaderBase),
      (UInt(AT_FLAGS), 0), (UInt(AT_ENTRY), program.entry), (UInt(AT_UID), UInt64(getuid())),
      (UInt(AT_EUID), UInt64(geteuid())), (UInt(AT_GID), UInt64(getgid())),
      (UInt(AT_EGID), UInt64(getegid())),
      (UInt(AT_SECURE), UInt64(host_auxiliary(UInt(AT_SECURE)))), (UInt(AT_RANDOM), randomPointer),
      (UInt(AT_EXECFN), name), (UInt(AT_MINSIGSTKSZ), UInt64(LinuxThread.signalFrameSize)),
      (UInt(AT_NULL), 0),
    ]
    let vectors =
      [UInt64(arguments.count)] + argumentPointers.reversed() + [0] + environmentPointers.reversed() + [0]
    let bytes = Self.bytes(vectors)
    let auxiliaryBytes = Self.bytes(auxiliary.flatMap { [UInt64($0.0), $0.1] })
    pointer = (pointer - UInt64(bytes.count + auxiliaryBytes.count)) & ~15
    try memory.store(bytes + auxiliaryBytes, at: pointer)
    let firstVariable = environmentPointers.last ?? name
    return Written(
      pointer: pointer, auxiliary: auxiliaryBytes,
      arguments: (argumentPointers.last ?? firstVariable)..<firstVariable,
      environment: firstVariable..<name)
  }

  private static func bytes(_ words: [UInt64]) -> [UInt8] { words.withUnsafeBytes { Array($0) } }
}
