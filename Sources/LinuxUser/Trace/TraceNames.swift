/// Names of numbers and bits, as Linux's headers have them; all are RISC-V's (asm-generic).
struct TraceNames: Sendable {
  /// Of bits that are one, or of groups of bits.
  var bits: [(value: UInt64, name: String)] = []
  /// Of what is left under `mask`, or of the whole number where there are no bits.
  var numbers: [UInt64: String] = [:]
  var mask: UInt64 = .max
  /// What no bit at all is called.
  var none = "0"

  /// Bits from the lowest on; nil where one has no name.
  static func flags(_ names: [String?], none: String = "0") -> TraceNames {
    TraceNames(
      bits: names.enumerated().compactMap { i, name in name.map { (1 << UInt64(i), $0) } }, none: none)
  }

  /// Numbers from `first` on.
  static func numbers(_ names: [String?], from first: Int = 0) -> TraceNames {
    var numbers: [UInt64: String] = [:]
    for (i, name) in names.enumerated() where name != nil {
      numbers[UInt64(bitPattern: Int64(first + i))] = name
    }
    return TraceNames(numbers: numbers)
  }

  func text(_ value: UInt64) -> String {
    if bits.isEmpty { return numbers[value] ?? decimalOrHexadecimal(value) }
    var parts: [String] = []
    var rest = value
    if !numbers.isEmpty {
      parts.append(numbers[value & mask] ?? hexadecimal(value & mask))
      rest &= ~mask
    }
    for bit in bits where rest & bit.value == bit.value && bit.value != 0 {
      parts.append(bit.name)
      rest &= ~bit.value
    }
    if rest != 0 { parts.append(hexadecimal(rest)) }
    return parts.isEmpty ? none : parts.joined(separator: "|")
  }

  private func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
  private func decimalOrHexadecimal(_ value: UInt64) -> String {
    value < 1 << 16
      ? "\(value)" : Int64(bitPattern: value) < 0 ? "\(Int64(bitPattern: value))" : hexadecimal(value)
  }
}

extension TraceNames {
  static let openFlags = TraceNames(
    bits: [
      (0o20200000, "O_TMPFILE"), (0o4010000, "O_SYNC"), (0o100, "O_CREAT"), (0o200, "O_EXCL"),
      (0o400, "O_NOCTTY"), (0o1000, "O_TRUNC"), (0o2000, "O_APPEND"), (0o4000, "O_NONBLOCK"),
      (0o10000, "O_DSYNC"), (0o20000, "O_ASYNC"), (0o40000, "O_DIRECT"), (0o100000, "O_LARGEFILE"),
      (0o200000, "O_DIRECTORY"), (0o400000, "O_NOFOLLOW"), (0o1000000, "O_NOATIME"),
      (0o2000000, "O_CLOEXEC"), (0o10000000, "O_PATH"),
    ],
    numbers: [0: "O_RDONLY", 1: "O_WRONLY", 2: "O_RDWR", 3: "O_ACCMODE"], mask: 3)
  static let protection = TraceNames(
    bits: [
      (1, "PROT_READ"), (2, "PROT_WRITE"), (4, "PROT_EXEC"), (0x0100_0000, "PROT_GROWSDOWN"),
      (0x0200_0000, "PROT_GROWSUP"),
    ], none: "PROT_NONE")
  static let mapFlags = TraceNames(
    bits: [
      (0x10, "MAP_FIXED"), (0x20, "MAP_ANONYMOUS"), (0x100, "MAP_GROWSDOWN"), (0x800, "MAP_DENYWRITE"),
      (0x2000, "MAP_LOCKED"), (0x4000, "MAP_NORESERVE"), (0x8000, "MAP_POPULATE"), (0x10000, "MAP_NONBLOCK"),
      (0x20000, "MAP_STACK"), (0x40000, "MAP_HUGETLB"), (0x80000, "MAP_SYNC"),
      (0x100000, "MAP_FIXED_NOREPLACE"),
    ],
    numbers: [1: "MAP_SHARED", 2: "MAP_PRIVATE", 3: "MAP_SHARED_VALIDATE"], mask: 3)
  static let remapFlags = flags(["MREMAP_MAYMOVE", "MREMAP_FIXED", "MREMAP_DONTUNMAP"])
  static let advice = TraceNames(
    numbers: [
      0: "MADV_NORMAL", 1: "MADV_RANDOM", 2: "MADV_SEQUENTIAL", 3: "MADV_WILLNEED", 4: "MADV_DONTNEED",
      8: "MADV_FREE", 9: "MADV_REMOVE", 10: "MADV_DONTFORK", 11: "MADV_DOFORK", 12: "MADV_MERGEABLE",
      13: "MADV_UNMERGEABLE", 14: "MADV_HUGEPAGE", 15: "MADV_NOHUGEPAGE", 16: "MADV_DONTDUMP",
      17: "MADV_DODUMP", 18: "MADV_WIPEONFORK", 19: "MADV_KEEPONFORK", 20: "MADV_COLD", 21: "MADV_PAGEOUT",
      22: "MADV_POPULATE_READ", 23: "MADV_POPULATE_WRITE",
    ])
  static let atFlags = TraceNames(bits: [
    (0x100, "AT_SYMLINK_NOFOLLOW"), (0x200, "AT_REMOVEDIR"), (0x400, "AT_SYMLINK_FOLLOW"),
    (0x800, "AT_NO_AUTOMOUNT"), (0x1000, "AT_EMPTY_PATH"), (0x2000, "AT_STATX_FORCE_SYNC"),
    (0x4000, "AT_STATX_DONT_SYNC"),
  ])
  static let accessFlags = TraceNames(
    bits: [(0x100, "AT_SYMLINK_NOFOLLOW"), (0x200, "AT_EACCESS"), (0x1000, "AT_EMPTY_PATH")])
  static let accessMode = TraceNames(bits: [(4, "R_OK"), (2, "W_OK"), (1, "X_OK")], none: "F_OK")
  static let whence = numbers(["SEEK_SET", "SEEK_CUR", "SEEK_END", "SEEK_DATA", "SEEK_HOLE"])
  static let maskChange = numbers(["SIG_BLOCK", "SIG_UNBLOCK", "SIG_SETMASK"])
  static let actionFlags = TraceNames(bits: [
    (1, "SA_NOCLDSTOP"), (2, "SA_NOCLDWAIT"), (4, "SA_SIGINFO"), (0x0400_0000, "SA_RESTORER"),
    (0x0800_0000, "SA_ONSTACK"), (0x1000_0000, "SA_RESTART"), (0x4000_0000, "SA_NODEFER"),
    (0x8000_0000, "SA_RESETHAND"),
  ])
  static let stackFlags = TraceNames(bits: [
    (1, "SS_ONSTACK"), (2, "SS_DISABLE"), (0x8000_0000, "SS_AUTODISARM"),
  ])
  static let fileCommands = TraceNames(
    numbers: [
      0: "F_DUPFD", 1: "F_GETFD", 2: "F_SETFD", 3: "F_GETFL", 4: "F_SETFL", 5: "F_GETLK", 6: "F_SETLK",
      7: "F_SETLKW", 8: "F_SETOWN", 9: "F_GETOWN", 10: "F_SETSIG", 11: "F_GETSIG", 15: "F_SETOWN_EX",
      16: "F_GETOWN_EX", 36: "F_OFD_GETLK", 37: "F_OFD_SETLK", 38: "F_OFD_SETLKW", 1024: "F_SETLEASE",
      1025: "F_GETLEASE", 1026: "F_NOTIFY", 1030: "F_DUPFD_CLOEXEC", 1031: "F_SETPIPE_SZ",
      1032: "F_GETPIPE_SZ", 1033: "F_ADD_SEALS", 1034: "F_GET_SEALS",
    ])
  static let descriptorFlags = flags(["FD_CLOEXEC"])
  static let requests = TraceNames(
    numbers: [
      0x5401: "TCGETS", 0x5402: "TCSETS", 0x5403: "TCSETSW", 0x5404: "TCSETSF", 0x5409: "TCSBRK",
      0x540a: "TCXONC", 0x540b: "TCFLSH", 0x540e: "TIOCSCTTY", 0x540f: "TIOCGPGRP", 0x5410: "TIOCSPGRP",
      0x5411: "TIOCOUTQ", 0x5413: "TIOCGWINSZ", 0x5414: "TIOCSWINSZ", 0x541b: "FIONREAD", 0x5421: "FIONBIO",
      0x5422: "TIOCNOTTY", 0x5429: "TIOCGSID", 0x5450: "FIONCLEX", 0x5451: "FIOCLEX", 0x5452: "FIOASYNC",
      0x8004_5430: "TIOCGPTN", 0x4004_5431: "TIOCSPTLCK", 0x802c_542a: "TCGETS2", 0x402c_542b: "TCSETS2",
      0x8008_6601: "FS_IOC_GETFLAGS", 0x4008_6602: "FS_IOC_SETFLAGS", 0x4004_9409: "FICLONE",
      0x4020_940d: "FICLONERANGE", 0xc020_660b: "FS_IOC_FIEMAP", 0x8910: "SIOCGIFNAME", 0x8912: "SIOCGIFCONF",
      0x8913: "SIOCGIFFLAGS", 0x8915: "SIOCGIFADDR", 0x8927: "SIOCGIFHWADDR", 0x8933: "SIOCGIFINDEX",
    ])
  static let cloneFlags = TraceNames(bits: [
    (0x100, "CLONE_VM"), (0x200, "CLONE_FS"), (0x400, "CLONE_FILES"), (0x800, "CLONE_SIGHAND"),
    (0x1000, "CLONE_PIDFD"), (0x2000, "CLONE_PTRACE"), (0x4000, "CLONE_VFORK"), (0x8000, "CLONE_PARENT"),
    (0x10000, "CLONE_THREAD"), (0x20000, "CLONE_NEWNS"), (0x40000, "CLONE_SYSVSEM"),
    (0x80000, "CLONE_SETTLS"),
    (0x100000, "CLONE_PARENT_SETTID"), (0x200000, "CLONE_CHILD_CLEARTID"), (0x400000, "CLONE_DETACHED"),
    (0x1000000, "CLONE_CHILD_SETTID"), (0x2000000, "CLONE_NEWCGROUP"), (0x4000000, "CLONE_NEWUTS"),
    (0x8000000, "CLONE_NEWIPC"), (0x10000000, "CLONE_NEWUSER"), (0x20000000, "CLONE_NEWPID"),
    (0x40000000, "CLONE_NEWNET"), (0x80000000, "CLONE_IO"), (0x1_0000_0000, "CLONE_CLEAR_SIGHAND"),
  ])
  static let clocks = numbers([
    "CLOCK_REALTIME", "CLOCK_MONOTONIC", "CLOCK_PROCESS_CPUTIME_ID", "CLOCK_THREAD_CPUTIME_ID",
    "CLOCK_MONOTONIC_RAW", "CLOCK_REALTIME_COARSE", "CLOCK_MONOTONIC_COARSE", "CLOCK_BOOTTIME",
    "CLOCK_REALTIME_ALARM", "CLOCK_BOOTTIME_ALARM", nil, "CLOCK_TAI",
  ])
  static let timerFlags = flags(["TIMER_ABSTIME"])
  static let intervalTimers = numbers(["ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF"])
  static let waitOptions = TraceNames(bits: [
    (1, "WNOHANG"), (2, "WSTOPPED"), (4, "WEXITED"), (8, "WCONTINUED"), (0x0100_0000, "WNOWAIT"),
    (0x2000_0000, "__WNOTHREAD"), (0x4000_0000, "__WALL"), (0x8000_0000, "__WCLONE"),
  ])
  static let waitKinds = numbers(["P_ALL", "P_PID", "P_PGID", "P_PIDFD"])
  static let resources = numbers([
    "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC",
    "RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE",
    "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
  ])
  static let usage = numbers(["RUSAGE_CHILDREN", "RUSAGE_SELF", "RUSAGE_THREAD"], from: -1)
  static let processControl = TraceNames(
    numbers: [
      1: "PR_SET_PDEATHSIG", 2: "PR_GET_PDEATHSIG", 3: "PR_GET_DUMPABLE", 4: "PR_SET_DUMPABLE",
      7: "PR_GET_KEEPCAPS", 8: "PR_SET_KEEPCAPS", 15: "PR_SET_NAME", 16: "PR_GET_NAME", 22: "PR_SET_SECCOMP",
      23: "PR_CAPBSET_READ", 24: "PR_CAPBSET_DROP", 36: "PR_SET_CHILD_SUBREAPER",
      37: "PR_GET_CHILD_SUBREAPER", 38: "PR_SET_NO_NEW_PRIVS", 39: "PR_GET_NO_NEW_PRIVS",
      47: "PR_CAP_AMBIENT",
      69: "PR_RISCV_V_SET_CONTROL", 70: "PR_RISCV_V_GET_CONTROL", 0x5356_4d41: "PR_SET_VMA",
    ])
  static let families = TraceNames(
    numbers: [0: "AF_UNSPEC", 1: "AF_UNIX", 2: "AF_INET", 10: "AF_INET6", 16: "AF_NETLINK", 17: "AF_PACKET"])
  static let socketTypes = TraceNames(
    bits: [(0o4000, "SOCK_NONBLOCK"), (0o2000000, "SOCK_CLOEXEC")],
    numbers: [
      1: "SOCK_STREAM", 2: "SOCK_DGRAM", 3: "SOCK_RAW", 4: "SOCK_RDM", 5: "SOCK_SEQPACKET", 10: "SOCK_PACKET",
    ], mask: 15)
  static let socketFlags = TraceNames(bits: [(0o4000, "SOCK_NONBLOCK"), (0o2000000, "SOCK_CLOEXEC")])
  static let messageFlags = TraceNames(bits: [
    (1, "MSG_OOB"), (2, "MSG_PEEK"), (4, "MSG_DONTROUTE"), (8, "MSG_CTRUNC"), (0x20, "MSG_TRUNC"),
    (0x40, "MSG_DONTWAIT"), (0x80, "MSG_EOR"), (0x100, "MSG_WAITALL"), (0x4000, "MSG_NOSIGNAL"),
    (0x8000, "MSG_MORE"), (0x10000, "MSG_WAITFORONE"), (0x4000_0000, "MSG_CMSG_CLOEXEC"),
  ])
  static let socketLevels = TraceNames(
    numbers: [0: "SOL_IP", 1: "SOL_SOCKET", 6: "SOL_TCP", 17: "SOL_UDP", 41: "SOL_IPV6", 270: "SOL_NETLINK"])
  static let socketOptions = numbers(
    [
      "SO_DEBUG", "SO_REUSEADDR", "SO_TYPE", "SO_ERROR", "SO_DONTROUTE", "SO_BROADCAST", "SO_SNDBUF",
      "SO_RCVBUF",
      "SO_KEEPALIVE", "SO_OOBINLINE", "SO_NO_CHECK", "SO_PRIORITY", "SO_LINGER", "SO_BSDCOMPAT",
      "SO_REUSEPORT",
      "SO_PASSCRED", "SO_PEERCRED", "SO_RCVLOWAT", "SO_SNDLOWAT", "SO_RCVTIMEO_OLD", "SO_SNDTIMEO_OLD",
    ], from: 1)
  static let shutdown = numbers(["SHUT_RD", "SHUT_WR", "SHUT_RDWR"])
  static let pollEvents = flags([
    "POLLIN", "POLLPRI", "POLLOUT", "POLLERR", "POLLHUP", "POLLNVAL", "POLLRDNORM", "POLLRDBAND",
    "POLLWRNORM",
    "POLLWRBAND", nil, nil, nil, "POLLRDHUP",
  ])
  static let epollEvents = TraceNames(bits: [
    (1, "EPOLLIN"), (2, "EPOLLPRI"), (4, "EPOLLOUT"), (8, "EPOLLERR"), (0x10, "EPOLLHUP"),
    (0x40, "EPOLLRDNORM"), (0x2000, "EPOLLRDHUP"), (1 << 28, "EPOLLEXCLUSIVE"), (1 << 29, "EPOLLWAKEUP"),
    (1 << 30, "EPOLLONESHOT"), (1 << 31, "EPOLLET"),
  ])
  static let epollCommands = numbers(["EPOLL_CTL_ADD", "EPOLL_CTL_DEL", "EPOLL_CTL_MOD"], from: 1)
  static let epollFlags = TraceNames(bits: [(0o2000000, "EPOLL_CLOEXEC")])
  static let eventFlags = TraceNames(bits: [
    (1, "EFD_SEMAPHORE"), (0o4000, "EFD_NONBLOCK"), (0o2000000, "EFD_CLOEXEC"),
  ])
  static let futexOperations: TraceNames = {
    let names: [UInt64: String] = [
      0: "FUTEX_WAIT", 1: "FUTEX_WAKE", 3: "FUTEX_REQUEUE", 4: "FUTEX_CMP_REQUEUE", 5: "FUTEX_WAKE_OP",
      6: "FUTEX_LOCK_PI", 7: "FUTEX_UNLOCK_PI", 8: "FUTEX_TRYLOCK_PI", 9: "FUTEX_WAIT_BITSET",
      10: "FUTEX_WAKE_BITSET", 11: "FUTEX_WAIT_REQUEUE_PI", 12: "FUTEX_CMP_REQUEUE_PI", 13: "FUTEX_LOCK_PI2",
    ]
    var numbers = names
    for (number, name) in names { numbers[number | 0x80] = name + "_PRIVATE" }
    return TraceNames(bits: [(0x100, "FUTEX_CLOCK_REALTIME")], numbers: numbers, mask: 0xff)
  }()
  /// Flags of descriptors that are made.
  static let creationFlags = TraceNames(
    bits: [(0o4000, "O_NONBLOCK"), (0o40000, "O_DIRECT"), (0o2000000, "O_CLOEXEC")])
  static let protocols = TraceNames(
    numbers: [0: "IPPROTO_IP", 1: "IPPROTO_ICMP", 6: "IPPROTO_TCP", 17: "IPPROTO_UDP", 58: "IPPROTO_ICMPV6"])
  static let randomFlags = flags(["GRND_NONBLOCK", "GRND_RANDOM", "GRND_INSECURE"])
  static let statusFields = TraceNames(
    bits: [
      (0xfff, "STATX_ALL"), (0x7ff, "STATX_BASIC_STATS"), (1, "STATX_TYPE"), (2, "STATX_MODE"),
      (4, "STATX_NLINK"), (8, "STATX_UID"), (0x10, "STATX_GID"), (0x20, "STATX_ATIME"), (0x40, "STATX_MTIME"),
      (0x80, "STATX_CTIME"), (0x100, "STATX_INO"), (0x200, "STATX_SIZE"), (0x400, "STATX_BLOCKS"),
      (0x800, "STATX_BTIME"), (0x1000, "STATX_MNT_ID"),
    ])
  static let renameFlags = flags(["RENAME_NOREPLACE", "RENAME_EXCHANGE", "RENAME_WHITEOUT"])
  static let memoryFileFlags = flags([
    "MFD_CLOEXEC", "MFD_ALLOW_SEALING", "MFD_HUGETLB", "MFD_NOEXEC_SEAL", "MFD_EXEC",
  ])
  static let closeRangeFlags = flags([nil, "CLOSE_RANGE_UNSHARE", "CLOSE_RANGE_CLOEXEC"])
  static let lockOperations = TraceNames(
    bits: [(4, "LOCK_NB")], numbers: [1: "LOCK_SH", 2: "LOCK_EX", 8: "LOCK_UN"], mask: 11)
  static let probeKeys = numbers([
    "MVENDORID", "MARCHID", "MIMPID", "BASE_BEHAVIOR", "IMA_EXT_0", "CPUPERF_0", "ZICBOZ_BLOCK_SIZE",
    "HIGHEST_VIRT_ADDRESS", "TIME_CSR_FREQ", "MISALIGNED_SCALAR_PERF",
  ])
  static let fileKinds: [UInt64: String] = [
    0o140000: "S_IFSOCK", 0o120000: "S_IFLNK", 0o100000: "S_IFREG", 0o060000: "S_IFBLK", 0o040000: "S_IFDIR",
    0o020000: "S_IFCHR", 0o010000: "S_IFIFO",
  ]
}
