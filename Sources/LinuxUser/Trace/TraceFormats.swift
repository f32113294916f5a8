/// How an argument of a system call is shown. What is in no row of `formats` is shown as the table of system calls says.
enum TraceFormat: Sendable {
  case letter(SystemCall.Argument)
  case names(TraceNames)
  /// An `int` as it is, negative ones too.
  case int
  /// A file's mode, where the flags before it create one.
  case modeOfCreated
  /// Bytes whose number is that argument.
  case buffer(count: Int)
  /// Bytes that the call stored: as many as its result.
  case filled
  /// What the call looks at.
  case given(TraceStructure)
  /// What the call stored.
  case stored(TraceStructure)

  /// Known only when the call has come back.
  var isOutput: Bool {
    switch self {
    case .filled, .stored: true
    default: false
    }
  }
}

/// What lies at an address.
enum TraceStructure: Sendable {
  case status, extendedStatus, time, timeval, times, intervalTimer, limit, usage, systemName
  case signalAction, signalSet, signalStack, waitStatus
  case int, ints(Int)
  /// Elements as many as that argument says.
  case vector(count: Int), polled(count: Int), probes(count: Int)
  case message, string, strings, variables, epollEvent, epollEvents
  /// Of as many bytes as that argument says, or the word that it points to.
  case socketAddress(size: Int), returnedSocketAddress(size: Int)
  case windowSize, entries
}

extension TraceFormat {
  private typealias N = TraceNames
  private static let fd = TraceFormat.letter(.descriptor)
  private static let path = TraceFormat.letter(.path)
  private static let number = TraceFormat.letter(.decimal)
  private static let address = TraceFormat.letter(.pointer)
  private static let octal = TraceFormat.letter(.octal)
  private static let signal = TraceFormat.letter(.signal)
  private static let at = TraceFormat.names(.atFlags)

  static let formats: [String: [TraceFormat]] = [
    "openat": [fd, path, .names(.openFlags), .modeOfCreated],
    "read": [fd, .filled, number], "write": [fd, .buffer(count: 2), number],
    "pread64": [fd, .filled, number, number], "pwrite64": [fd, .buffer(count: 2), number, number],
    "readv": [fd, .stored(.vector(count: 2)), number], "writev": [fd, .given(.vector(count: 2)), number],
    "preadv": [fd, .stored(.vector(count: 2)), number, number],
    "pwritev": [fd, .given(.vector(count: 2)), number, number],
    "newfstatat": [fd, path, .stored(.status), at], "fstat": [fd, .stored(.status)],
    "statx": [fd, path, at, .names(.statusFields), .stored(.extendedStatus)],
    "readlinkat": [fd, path, .filled, number], "getcwd": [.stored(.string), number],
    "getdents64": [fd, .stored(.entries), number], "faccessat": [fd, path, .names(.accessMode)],
    "faccessat2": [fd, path, .names(.accessMode), .names(.accessFlags)],
    "unlinkat": [fd, path, at], "mkdirat": [fd, path, octal], "lseek": [fd, number, .names(.whence)],
    "renameat2": [fd, path, fd, path, .names(.renameFlags)], "linkat": [fd, path, fd, path, at],
    "fcntl": [fd, .names(.fileCommands), .letter(.hexadecimal)],
    "ioctl": [fd, .names(.requests), address], "flock": [fd, .names(.lockOperations)],
    "pipe2": [.stored(.ints(2)), .names(.creationFlags)], "dup3": [fd, fd, .names(.creationFlags)],
    "utimensat": [fd, path, .given(.times), at],
    "memfd_create": [.letter(.string), .names(.memoryFileFlags)],
    "close_range": [fd, fd, .names(.closeRangeFlags)], "eventfd2": [number, .names(.eventFlags)],
    "rseq": [address, number, .letter(.hexadecimal), .letter(.hexadecimal)], "umask": [octal],
    "fchmod": [fd, octal], "fchmodat": [fd, path, octal],
    "mmap": [address, number, .names(.protection), .names(.mapFlags), .int, .letter(.hexadecimal)],
    "munmap": [address, number], "mprotect": [address, number, .names(.protection)],
    "mremap": [address, number, number, .names(.remapFlags), address], "brk": [address],
    "madvise": [address, number, .names(.advice)],
    "rt_sigaction": [signal, .given(.signalAction), .stored(.signalAction), number],
    "rt_sigprocmask": [.names(.maskChange), .given(.signalSet), .stored(.signalSet), number],
    "rt_sigsuspend": [.given(.signalSet), number], "rt_sigpending": [.stored(.signalSet), number],
    "rt_sigtimedwait": [.given(.signalSet), address, .given(.time), number],
    "sigaltstack": [.given(.signalStack), .stored(.signalStack)],
    "clock_gettime": [.names(.clocks), .stored(.time)], "clock_getres": [.names(.clocks), .stored(.time)],
    "clock_settime": [.names(.clocks), .given(.time)],
    "clock_nanosleep": [.names(.clocks), .names(.timerFlags), .given(.time), address],
    "nanosleep": [.given(.time), address], "gettimeofday": [.stored(.timeval), address],
    "setitimer": [.names(.intervalTimers), .given(.intervalTimer), .stored(.intervalTimer)],
    "getitimer": [.names(.intervalTimers), .stored(.intervalTimer)],
    "futex": [address, .names(.futexOperations), number, address, address, .letter(.hexadecimal)],
    "wait4": [.int, .stored(.waitStatus), .names(.waitOptions), .stored(.usage)],
    "waitid": [.names(.waitKinds), .int, address, .names(.waitOptions), .stored(.usage)],
    "execve": [path, .given(.strings), .given(.variables)],
    "clone": [.names(.cloneFlags), address, address, address, address],
    "getrlimit": [.names(.resources), .stored(.limit)], "setrlimit": [.names(.resources), .given(.limit)],
    "prlimit64": [number, .names(.resources), .given(.limit), .stored(.limit)],
    "getrusage": [.names(.usage), .stored(.usage)], "uname": [.stored(.systemName)],
    "prctl": [
      .names(.processControl), .letter(.hexadecimal), .letter(.hexadecimal), .letter(.hexadecimal),
      .letter(.hexadecimal),
    ],
    "getrandom": [.filled, number, .names(.randomFlags)],
    "riscv_hwprobe": [.stored(.probes(count: 1)), number, number, address, number],
    "ppoll": [.given(.polled(count: 1)), number, .given(.time), .given(.signalSet), number],
    "epoll_create1": [.names(.epollFlags)],
    "epoll_ctl": [fd, .names(.epollCommands), fd, .given(.epollEvent)],
    "epoll_pwait": [fd, .stored(.epollEvents), number, .int, .given(.signalSet), number],
    "socket": [.names(.families), .names(.socketTypes), number],
    "socketpair": [.names(.families), .names(.socketTypes), number, .stored(.ints(2))],
    "bind": [fd, .given(.socketAddress(size: 2)), number],
    "connect": [fd, .given(.socketAddress(size: 2)), number],
    "accept": [fd, .stored(.returnedSocketAddress(size: 2)), .stored(.int)],
    "accept4": [fd, .stored(.returnedSocketAddress(size: 2)), .stored(.int), .names(.socketFlags)],
    "getsockname": [fd, .stored(.returnedSocketAddress(size: 2)), .stored(.int)],
    "getpeername": [fd, .stored(.returnedSocketAddress(size: 2)), .stored(.int)],
    "sendto": [
      fd, .buffer(count: 2), number, .names(.messageFlags), .given(.socketAddress(size: 5)), number,
    ],
    "recvfrom": [
      fd, .filled, number, .names(.messageFlags), .stored(.returnedSocketAddress(size: 5)), .stored(.int),
    ],
    "sendmsg": [fd, .given(.message), .names(.messageFlags)],
    "recvmsg": [fd, .stored(.message), .names(.messageFlags)],
    "setsockopt": [fd, .names(.socketLevels), .names(.socketOptions), .given(.int), number],
    "getsockopt": [fd, .names(.socketLevels), .names(.socketOptions), .stored(.int), .stored(.int)],
    "shutdown": [fd, .names(.shutdown)],
  ]
}
