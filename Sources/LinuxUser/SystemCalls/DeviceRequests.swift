/// Requests of ioctl(2) that are passed to the host: numbers and structures are the same on RISC-V as on x86-64, and
/// no structure holds an address.
enum DeviceRequests {
  enum Kind: Sendable {
    /// The argument is a number, or nothing.
    case number
    /// It is the address of a structure.
    case address
  }

  static func kind(_ request: UInt32) -> Kind? { kinds[request] }

  private static let kinds: [UInt32: Kind] = {
    var kinds: [UInt32: Kind] = [:]
    for request in numbers { kinds[request] = .number }
    for request in addresses { kinds[request] = .address }
    return kinds
  }()

  /// ioctl_tty(2), ioctl_console(2), linux/fs.h, linux/loop.h, linux/if_tun.h.
  private static let numbers: [UInt32] = [
    // TCSBRK, TCXONC, TCFLSH, TIOCEXCL, TIOCNXCL, TIOCSCTTY, TIOCNOTTY, TIOCCONS, TCSBRKP, TIOCSBRK, TIOCCBRK,
    0x5409, 0x540a, 0x540b, 0x540c, 0x540d, 0x540e, 0x5422, 0x541d, 0x5425, 0x5427, 0x5428,
    // FIOCLEX, FIONCLEX, TIOCVHANGUP, TIOCGPTPEER
    0x5451, 0x5450, 0x5437, 0x5441,
    // BLKRRPART, BLKFLSBUF, FICLONE
    0x125f, 0x1261, 0x4004_9409,
    // LOOP_SET_FD, LOOP_CLR_FD, LOOP_CHANGE_FD, LOOP_SET_CAPACITY, LOOP_CTL_ADD, LOOP_CTL_REMOVE, LOOP_CTL_GET_FREE
    0x4c00, 0x4c01, 0x4c06, 0x4c07, 0x4c80, 0x4c81, 0x4c82,
    // NS_GET_USERNS, NS_GET_PARENT, NS_GET_NSTYPE
    0xb701, 0xb702, 0xb703,
  ]

  private static let addresses: [UInt32] = [
    // TCGETS, TCSETS, TCSETSW, TCSETSF, TCGETA, TCSETA, TCSETAW, TCSETAF
    0x5401, 0x5402, 0x5403, 0x5404, 0x5405, 0x5406, 0x5407, 0x5408,
    // TIOCGPGRP, TIOCSPGRP, TIOCOUTQ, TIOCSTI, TIOCGWINSZ, TIOCSWINSZ, TIOCMGET, TIOCMBIS, TIOCMBIC, TIOCMSET
    0x540f, 0x5410, 0x5411, 0x5412, 0x5413, 0x5414, 0x5415, 0x5416, 0x5417, 0x5418,
    // TIOCGSOFTCAR, TIOCSSOFTCAR, FIONREAD, TIOCPKT, FIONBIO, TIOCSETD, TIOCGETD, TIOCGSID, FIOASYNC
    0x5419, 0x541a, 0x541b, 0x5420, 0x5421, 0x5423, 0x5424, 0x5429, 0x5452,
    // TCGETS2, TCSETS2, TCSETSW2, TCSETSF2, TIOCGPTN, TIOCSPTLCK, TIOCGDEV, TIOCSIG, TIOCGPKT, TIOCGPTLCK, TIOCGEXCL
    0x802c_542a, 0x402c_542b, 0x402c_542c, 0x402c_542d, 0x8004_5430, 0x4004_5431, 0x8004_5432, 0x4004_5436,
    0x8004_5438, 0x8004_5439, 0x8004_5440,
    // BLKROSET, BLKROGET, BLKGETSIZE, BLKSSZGET, BLKPBSZGET, BLKIOMIN, BLKIOOPT, BLKBSZGET, BLKBSZSET, BLKGETSIZE64,
    // BLKDISCARD, BLKZEROOUT
    0x125d, 0x125e, 0x1260, 0x1268, 0x127b, 0x1278, 0x1279, 0x8008_1270, 0x4008_1271, 0x8008_1272, 0x1277,
    0x127f,
    // FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IOC_GETVERSION, FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR, FICLONERANGE,
    // FIGETBSZ, FIBMAP
    0x8008_6601, 0x4008_6602, 0x8008_7601, 0x801c_581f, 0x401c_5820, 0x4020_940d, 0x2, 0x1,
    // LOOP_SET_STATUS, LOOP_GET_STATUS, LOOP_SET_STATUS64, LOOP_GET_STATUS64
    0x4c02, 0x4c03, 0x4c04, 0x4c05,
    // SIOCGIFNAME, SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCGIFADDR, SIOCSIFADDR, SIOCGIFDSTADDR, SIOCGIFBRDADDR,
    // SIOCGIFNETMASK, SIOCSIFNETMASK, SIOCGIFMETRIC, SIOCGIFMTU, SIOCSIFMTU, SIOCGIFHWADDR, SIOCGIFINDEX,
    // SIOCGIFTXQLEN, SIOCATMARK, SIOCGPGRP, SIOCSPGRP, SIOCGSTAMP, SIOCADDRT, SIOCDELRT
    0x8910, 0x8913, 0x8914, 0x8915, 0x8916, 0x8917, 0x8919, 0x891b, 0x891c, 0x891d, 0x8921, 0x8922, 0x8927,
    0x8933, 0x8942, 0x8905, 0x8904, 0x8902, 0x8906, 0x5207,
    // VT_GETSTATE, VT_GETMODE, KDGKBTYPE, KDGETMODE
    0x5603, 0x5601, 0x4b33, 0x4b3b,
    // RNDGETENTCNT
    0x8004_5200,
    // FS_IOC_FIEMAP
    0xc020_660b,
  ]
}

extension LinuxProcess {
  /// Says once what is not passed on.
  func reportRequest(_ request: UInt32) {
    guard request >> 8 != 0, self.request.reportsRefusals || self.request.traces else { return }
    Self.say("apus-riscv64: ioctl 0x\(String(request, radix: 16)) is not passed to the host: ENOTTY\n")
  }
}
