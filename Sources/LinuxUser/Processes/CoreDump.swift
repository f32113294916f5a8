import CHost
import Glibc
import RISCV

/// The file that a program leaves that dies by a signal (core(5)): System V ABI, "Object Files", with Linux's notes in
/// RISC-V's layout (include/uapi/linux/elfcore.h, arch/riscv/include/uapi/asm/{ptrace,elf}.h).
extension LinuxThread {
  /// SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS (signal(7)).
  static let coreSignals: [Int32] = [
    SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS,
  ]

  /// Writes the core file in the working folder, where the program's limit allows one. The host's own, which would
  /// be the emulator's, is then not written.
  func dumpCore(_ signal: PendingSignal) {
    guard Self.coreSignals.contains(signal.number) else { return }
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    var none = rlimit(rlim_cur: 0, rlim_max: limit.rlim_max)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    guard limit.rlim_cur > 0 else { return }
    let name = Self.coreName(process.executable)
    let failure = process.alone(self) { () -> Int32? in
      CoreDump(self, signal).write(name, limit: UInt64(limit.rlim_cur))
    }
    let what =
      "apus-riscv64: uncaught target signal \(signal.number) (\(String(cString: strsignal(signal.number))))"
    if let failure {
      LinuxProcess.say("\(what) - no core dumped: \(name): \(Errno(failure).sentence)\n")
    } else {
      LinuxProcess.say("\(what) - core dumped: \(name)\n")
    }
  }

  /// As QEMU names it: `qemu_PROGRAM_DATE-TIME_PROCESS.core`.
  private static func coreName(_ executable: String) -> String {
    var now = time(nil)
    var date = tm()
    localtime_r(&now, &date)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let day = "\(date.tm_year + 1900)\(two(date.tm_mon + 1))\(two(date.tm_mday))"
    let second = two(date.tm_hour) + two(date.tm_min) + two(date.tm_sec)
    let program = executable.split(separator: "/").last ?? "program"
    return "qemu_\(program)_\(day)-\(second)_\(getpid()).core"
  }
}

/// What a core file says; only while no other thread runs.
private struct CoreDump {
  private let memory: GuestMemory
  private var notes = FileBytes()
  private let ranges: [MappedRange]

  private enum Note {
    static let status: UInt32 = 1  // NT_PRSTATUS
    static let floats: UInt32 = 2  // NT_FPREGSET
    static let process: UInt32 = 3  // NT_PRPSINFO
    static let auxiliary: UInt32 = 6  // NT_AUXV
    static let signal: UInt32 = 0x5349_4749  // NT_SIGINFO
    static let files: UInt32 = 0x4649_4c45  // NT_FILE
  }

  init(_ thread: LinuxThread, _ signal: PendingSignal) {
    let process = thread.process
    memory = thread.memory
    ranges = memory.mappedRanges()
    // In Linux's order: whoever died comes first.
    add(Note.status, Self.status(thread, signal.number))
    add(Note.process, Self.process(process))
    add(Note.signal, signal.information)
    add(Note.auxiliary, process.stack.auxiliary)
    add(Note.files, files)
    add(Note.floats, Self.floats(thread))
    for other in process.allThreads where other !== thread {
      add(Note.status, Self.status(other, signal.number))
      add(Note.floats, Self.floats(other))
    }
  }

  private mutating func add(_ type: UInt32, _ content: [UInt8]) {
    notes.words32([5, content.count, Int(type)])
    notes.bytes += Array("CORE\0\0\0\0".utf8)
    notes.bytes += content
    notes.align(4)
  }

  // MARK: Notes

  /// struct elf_prstatus: 376 bytes. Times are not told.
  private static func status(_ thread: LinuxThread, _ signal: Int32) -> [UInt8] {
    var note = FileBytes()
    note.words32([Int(signal), 0, 0, Int(signal)])
    note.word64(0)
    note.word64(thread.mask)
    note.words32([Int(thread.id), Int(getppid()), Int(getpgrp()), Int(getsid(0))])
    note.zeros(64)
    note.word64(thread.hart.state.pointee.pc)
    for i in 1..<32 { note.word64(thread.hart[x: i]) }
    // pr_fpvalid
    note.words32([1, 0])
    return note.bytes
  }

  /// The floating-point registers and fcsr, 8 bytes each.
  private static func floats(_ thread: LinuxThread) -> [UInt8] {
    var note = FileBytes()
    for i in 0..<32 { note.word64(thread.hart[f: i]) }
    note.word64(thread.hart.floatingPointControl)
    return note.bytes
  }

  /// struct elf_prpsinfo: 136 bytes.
  private static func process(_ process: LinuxProcess) -> [UInt8] {
    var note = FileBytes()
    note.bytes += [0, UInt8(ascii: "R"), 0, 0, 0, 0, 0, 0]
    note.word64(0)
    note.words32([
      Int(getuid()), Int(getgid()), Int(getpid()), Int(getppid()), Int(getpgrp()), Int(getsid(0)),
    ])
    func text(_ bytes: [UInt8], _ size: Int) {
      let kept = bytes.prefix(size - 1)
      note.bytes += kept
      note.zeros(size - kept.count)
    }
    text(Array((process.executable.split(separator: "/").last ?? "").utf8), 16)
    text(Array(process.request.arguments.joined(separator: [0x20])), 80)
    return note.bytes
  }

  /// Which files are mapped where: count, page size, then start, end and page of each, and their names.
  private var files: [UInt8] {
    let mapped = ranges.filter { !$0.isAnonymous && $0.path.hasPrefix("/") }
    var note = FileBytes()
    note.word64(UInt64(mapped.count))
    note.word64(GuestMemory.pageSize)
    for range in mapped {
      for word in [range.start, range.end, range.offset / GuestMemory.pageSize] { note.word64(word) }
    }
    for range in mapped { note.bytes += Array(range.path.utf8) + [0] }
    return note.bytes
  }

  // MARK: The file

  /// How much of a range is written (core(5), coredump_filter's default): all of private memory that can be written or
  /// belongs to no file, the first page of ELF files, nothing of files that are only read.
  private func count(_ range: MappedRange) -> UInt64 {
    let size = range.end - range.start
    guard !range.protection.isEmpty else { return 0 }
    if range.isAnonymous || range.protection.contains(.write) && !range.isShared { return size }
    guard range.offset == 0, let head = try? memory.bytes(at: range.start, count: 4) else { return 0 }
    return head == [0x7f, 0x45, 0x4c, 0x46] ? min(size, GuestMemory.pageSize) : 0
  }

  /// An error number where it failed. What is beyond `limit` bytes is left out, as Linux does it.
  func write(_ name: String, limit: UInt64) -> Int32? {
    // Not through somebody's link, and for its owner only.
    let file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { return errno }
    defer { close(file) }
    var head = FileBytes()
    head.bytes += [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    // ET_CORE, EM_RISCV
    for half in [4, 243] as [UInt16] { head.word16(half) }
    head.word32(1)
    for word in [0, 64, 0] as [UInt64] { head.word64(word) }
    // e_flags: double-precision arguments, compressed instructions allowed.
    head.word32(5)
    // More segments than 65,534 would want a section that says so.
    let ranges = ranges.prefix(0xfff0)
    for half in [64, ProgramImage.headerSize, ranges.count + 1, 0, 0, 0] { head.word16(UInt16(half)) }
    let notesStart = 64 + ProgramImage.headerSize * (ranges.count + 1)
    func segment(_ type: Int, _ flags: Int, _ words: [UInt64]) {
      head.words32([type, flags])
      for word in words { head.word64(word) }
    }
    segment(4, 0, [UInt64(notesStart), 0, 0, UInt64(notes.bytes.count), 0, 4])
    var offset = (UInt64(notesStart + notes.bytes.count) + 4095) & ~4095
    var pieces: [(start: UInt64, count: UInt64, offset: UInt64)] = []
    for range in ranges {
      let p = range.protection
      let flags = (p.contains(.read) ? 4 : 0) | (p.contains(.write) ? 2 : 0) | (p.contains(.execute) ? 1 : 0)
      let count = count(range)
      segment(1, flags, [offset, range.start, 0, count, range.end - range.start, 4096])
      pieces.append((range.start, count, offset))
      offset += count
    }
    head.bytes += notes.bytes
    guard put(head.bytes, at: 0, file, limit) else { return errno }
    for piece in pieces where piece.count > 0 {
      guard copy(piece, file, limit) else { return errno }
    }
    // Pages that are zero at the end are part of it.
    return ftruncate(file, off_t(min(offset, limit))) == 0 ? nil : errno
  }

  private func put(_ bytes: [UInt8], at offset: UInt64, _ file: Int32, _ limit: UInt64) -> Bool {
    let count = offset < limit ? Int(min(UInt64(bytes.count), limit - offset)) : 0
    var done = 0
    while done < count {
      let got = bytes.withUnsafeBytes {
        pwrite(file, $0.baseAddress.map { $0 + done }, count - done, off_t(offset) + off_t(done))
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { return false }
      done += got
    }
    return true
  }

  /// Pages of zeros become holes, and so do those that cannot be read.
  private func copy(_ piece: (start: UInt64, count: UInt64, offset: UInt64), _ file: Int32, _ limit: UInt64)
    -> Bool
  {
    var page = [UInt8](repeating: 0, count: Int(GuestMemory.pageSize))
    var at: UInt64 = 0
    while at < piece.count, piece.offset + at < limit {
      let isThere = page.withUnsafeMutableBytes { bytes -> Bool in
        guard let place = bytes.baseAddress,
          (try? memory.copyIn(piece.start + at, to: place, count: bytes.count)) != nil
        else { return false }
        return bytes.bindMemory(to: UInt64.self).contains { $0 != 0 }
      }
      if isThere, !put(page, at: piece.offset + at, file, limit) { return false }
      at += GuestMemory.pageSize
    }
    return true
  }
}
