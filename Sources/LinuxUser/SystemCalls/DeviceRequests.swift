import CHost
import Glibc

/// A request of ioctl(2), whose number is the same on RISC-V as on x86-64, as are the structures but for addresses in
/// them. What is in no row is not passed on: nobody would know whether it holds addresses.
package struct DeviceRequest: Sendable {
  package let number: UInt32
  package let name: String
  let kind: Kind

  enum Kind: Sendable {
    /// The argument is a number, or nothing.
    case number
    /// It is the address of a structure without addresses.
    case address
    /// It is the address of a structure of `size` bytes with addresses at these offsets.
    case holding(size: Int, [Int])
    /// struct rtentry, which names a device by its address; for IPv6 another one without.
    case route
  }

  init(_ number: UInt32, _ name: String, _ kind: Kind) {
    self.number = number
    self.name = name
    self.kind = kind
  }

  /// By looking through the table: a dictionary would cost every program more at its start than its few requests take.
  static func kind(_ request: UInt32) -> Kind? { table.first { $0.number == request }?.kind }

  package static let table: [DeviceRequest] = [
    // Terminals (ioctl_tty(2)).
    DeviceRequest(0x5409, "TCSBRK", .number),
    DeviceRequest(0x540a, "TCXONC", .number),
    DeviceRequest(0x540b, "TCFLSH", .number),
    DeviceRequest(0x540c, "TIOCEXCL", .number),
    DeviceRequest(0x540d, "TIOCNXCL", .number),
    DeviceRequest(0x540e, "TIOCSCTTY", .number),
    DeviceRequest(0x5422, "TIOCNOTTY", .number),
    DeviceRequest(0x541d, "TIOCCONS", .number),
    DeviceRequest(0x5425, "TCSBRKP", .number),
    DeviceRequest(0x5427, "TIOCSBRK", .number),
    DeviceRequest(0x5428, "TIOCCBRK", .number),
    DeviceRequest(0x5451, "FIOCLEX", .number),
    DeviceRequest(0x5450, "FIONCLEX", .number),
    DeviceRequest(0x5437, "TIOCVHANGUP", .number),
    DeviceRequest(0x5441, "TIOCGPTPEER", .number),
    DeviceRequest(0x545c, "TIOCMIWAIT", .number),
    DeviceRequest(0x5401, "TCGETS", .address),
    DeviceRequest(0x5402, "TCSETS", .address),
    DeviceRequest(0x5403, "TCSETSW", .address),
    DeviceRequest(0x5404, "TCSETSF", .address),
    DeviceRequest(0x5405, "TCGETA", .address),
    DeviceRequest(0x5406, "TCSETA", .address),
    DeviceRequest(0x5407, "TCSETAW", .address),
    DeviceRequest(0x5408, "TCSETAF", .address),
    DeviceRequest(0x540f, "TIOCGPGRP", .address),
    DeviceRequest(0x5410, "TIOCSPGRP", .address),
    DeviceRequest(0x5411, "TIOCOUTQ", .address),
    DeviceRequest(0x5412, "TIOCSTI", .address),
    DeviceRequest(0x5413, "TIOCGWINSZ", .address),
    DeviceRequest(0x5414, "TIOCSWINSZ", .address),
    DeviceRequest(0x5415, "TIOCMGET", .address),
    DeviceRequest(0x5416, "TIOCMBIS", .address),
    DeviceRequest(0x5417, "TIOCMBIC", .address),
    DeviceRequest(0x5418, "TIOCMSET", .address),
    DeviceRequest(0x5419, "TIOCGSOFTCAR", .address),
    DeviceRequest(0x541a, "TIOCSSOFTCAR", .address),
    DeviceRequest(0x541b, "FIONREAD", .address),
    DeviceRequest(0x541c, "TIOCLINUX", .address),
    DeviceRequest(0x541e, "TIOCGSERIAL", .address),
    DeviceRequest(0x541f, "TIOCSSERIAL", .address),
    DeviceRequest(0x5420, "TIOCPKT", .address),
    DeviceRequest(0x5421, "FIONBIO", .address),
    DeviceRequest(0x5423, "TIOCSETD", .address),
    DeviceRequest(0x5424, "TIOCGETD", .address),
    DeviceRequest(0x5429, "TIOCGSID", .address),
    DeviceRequest(0x5452, "FIOASYNC", .address),
    DeviceRequest(0x5460, "FIOQSIZE", .address),
    DeviceRequest(0x802c_542a, "TCGETS2", .address),
    DeviceRequest(0x402c_542b, "TCSETS2", .address),
    DeviceRequest(0x402c_542c, "TCSETSW2", .address),
    DeviceRequest(0x402c_542d, "TCSETSF2", .address),
    DeviceRequest(0x542e, "TIOCGRS485", .address),
    DeviceRequest(0x542f, "TIOCSRS485", .address),
    DeviceRequest(0x8004_5430, "TIOCGPTN", .address),
    DeviceRequest(0x4004_5431, "TIOCSPTLCK", .address),
    DeviceRequest(0x8004_5432, "TIOCGDEV", .address),
    DeviceRequest(0x5432, "TCGETX", .address),
    DeviceRequest(0x5433, "TCSETX", .address),
    DeviceRequest(0x5434, "TCSETXF", .address),
    DeviceRequest(0x5435, "TCSETXW", .address),
    DeviceRequest(0x4004_5436, "TIOCSIG", .address),
    DeviceRequest(0x8004_5438, "TIOCGPKT", .address),
    DeviceRequest(0x8004_5439, "TIOCGPTLCK", .address),
    DeviceRequest(0x8004_5440, "TIOCGEXCL", .address),
    DeviceRequest(0x5459, "TIOCSERGETLSR", .address),
    DeviceRequest(0x545d, "TIOCGICOUNT", .address),
    DeviceRequest(0x5456, "TIOCGLCKTRMIOS", .address),
    DeviceRequest(0x5457, "TIOCSLCKTRMIOS", .address),
    // The console (ioctl_console(2)).
    DeviceRequest(0x5606, "VT_ACTIVATE", .number),
    DeviceRequest(0x5607, "VT_WAITACTIVE", .number),
    DeviceRequest(0x5605, "VT_RELDISP", .number),
    DeviceRequest(0x5608, "VT_DISALLOCATE", .number),
    DeviceRequest(0x560b, "VT_LOCKSWITCH", .number),
    DeviceRequest(0x560c, "VT_UNLOCKSWITCH", .number),
    DeviceRequest(0x4b3a, "KDSETMODE", .number),
    DeviceRequest(0x4b45, "KDSKBMODE", .number),
    DeviceRequest(0x4b65, "KDSKBLED", .number),
    DeviceRequest(0x4b32, "KDSETLED", .number),
    DeviceRequest(0x4b2f, "KIOCSOUND", .number),
    DeviceRequest(0x4b30, "KDMKTONE", .number),
    DeviceRequest(0x5600, "VT_OPENQRY", .address),
    DeviceRequest(0x5601, "VT_GETMODE", .address),
    DeviceRequest(0x5602, "VT_SETMODE", .address),
    DeviceRequest(0x5603, "VT_GETSTATE", .address),
    DeviceRequest(0x5609, "VT_RESIZE", .address),
    DeviceRequest(0x560a, "VT_RESIZEX", .address),
    DeviceRequest(0x4b3b, "KDGETMODE", .address),
    DeviceRequest(0x4b33, "KDGKBTYPE", .address),
    DeviceRequest(0x4b44, "KDGKBMODE", .address),
    DeviceRequest(0x4b64, "KDGKBLED", .address),
    DeviceRequest(0x4b31, "KDGETLED", .address),
    DeviceRequest(0x4b46, "KDGKBENT", .address),
    DeviceRequest(0x4b47, "KDSKBENT", .address),
    DeviceRequest(0x4b62, "KDGKBMETA", .address),
    // Block devices (linux/fs.h, blkpg.h, blkzoned.h, hdreg.h).
    DeviceRequest(0x125f, "BLKRRPART", .number),
    DeviceRequest(0x1261, "BLKFLSBUF", .number),
    DeviceRequest(0x1262, "BLKRASET", .number),
    DeviceRequest(0x1264, "BLKFRASET", .number),
    DeviceRequest(0x125d, "BLKROSET", .address),
    DeviceRequest(0x125e, "BLKROGET", .address),
    DeviceRequest(0x1260, "BLKGETSIZE", .address),
    DeviceRequest(0x1263, "BLKRAGET", .address),
    DeviceRequest(0x1265, "BLKFRAGET", .address),
    DeviceRequest(0x1267, "BLKSECTGET", .address),
    DeviceRequest(0x1268, "BLKSSZGET", .address),
    DeviceRequest(0x8008_1270, "BLKBSZGET", .address),
    DeviceRequest(0x4008_1271, "BLKBSZSET", .address),
    DeviceRequest(0x8008_1272, "BLKGETSIZE64", .address),
    DeviceRequest(0x1277, "BLKDISCARD", .address),
    DeviceRequest(0x1278, "BLKIOMIN", .address),
    DeviceRequest(0x1279, "BLKIOOPT", .address),
    DeviceRequest(0x127a, "BLKALIGNOFF", .address),
    DeviceRequest(0x127b, "BLKPBSZGET", .address),
    DeviceRequest(0x127c, "BLKDISCARDZEROES", .address),
    DeviceRequest(0x127d, "BLKSECDISCARD", .address),
    DeviceRequest(0x127e, "BLKROTATIONAL", .address),
    DeviceRequest(0x127f, "BLKZEROOUT", .address),
    DeviceRequest(0x8008_1280, "BLKGETDISKSEQ", .address),
    DeviceRequest(0xc010_1282, "BLKREPORTZONE", .address),
    DeviceRequest(0x4010_1283, "BLKRESETZONE", .address),
    DeviceRequest(0x8004_1284, "BLKGETZONESZ", .address),
    DeviceRequest(0x8004_1285, "BLKGETNRZONES", .address),
    DeviceRequest(0x301, "HDIO_GETGEO", .address),
    DeviceRequest(0x1269, "BLKPG", .holding(size: 24, [16])),
    // Files (linux/fs.h, fiemap.h, fscrypt.h, fsverity.h, msdos_fs.h).
    DeviceRequest(0x4004_9409, "FICLONE", .number),
    DeviceRequest(0xc004_5877, "FIFREEZE", .number),
    DeviceRequest(0xc004_5878, "FITHAW", .number),
    DeviceRequest(0x1, "FIBMAP", .address),
    DeviceRequest(0x2, "FIGETBSZ", .address),
    DeviceRequest(0xc018_5879, "FITRIM", .address),
    DeviceRequest(0x4020_940d, "FICLONERANGE", .address),
    DeviceRequest(0xc018_9436, "FIDEDUPERANGE", .address),
    DeviceRequest(0x8008_6601, "FS_IOC_GETFLAGS", .address),
    DeviceRequest(0x4008_6602, "FS_IOC_SETFLAGS", .address),
    DeviceRequest(0x8008_7601, "FS_IOC_GETVERSION", .address),
    DeviceRequest(0x4008_7602, "FS_IOC_SETVERSION", .address),
    DeviceRequest(0xc020_660b, "FS_IOC_FIEMAP", .address),
    DeviceRequest(0x801c_581f, "FS_IOC_FSGETXATTR", .address),
    DeviceRequest(0x401c_5820, "FS_IOC_FSSETXATTR", .address),
    DeviceRequest(0x8100_9431, "FS_IOC_GETFSLABEL", .address),
    DeviceRequest(0x4100_9432, "FS_IOC_SETFSLABEL", .address),
    DeviceRequest(0x800c_6613, "FS_IOC_SET_ENCRYPTION_POLICY", .address),
    DeviceRequest(0x4010_6614, "FS_IOC_GET_ENCRYPTION_PWSALT", .address),
    DeviceRequest(0x400c_6615, "FS_IOC_GET_ENCRYPTION_POLICY", .address),
    DeviceRequest(0xc009_6616, "FS_IOC_GET_ENCRYPTION_POLICY_EX", .address),
    DeviceRequest(0xc050_6617, "FS_IOC_ADD_ENCRYPTION_KEY", .address),
    DeviceRequest(0xc040_6618, "FS_IOC_REMOVE_ENCRYPTION_KEY", .address),
    DeviceRequest(0xc080_661a, "FS_IOC_GET_ENCRYPTION_KEY_STATUS", .address),
    DeviceRequest(0x8010_661b, "FS_IOC_GET_ENCRYPTION_NONCE", .address),
    DeviceRequest(0xc004_6686, "FS_IOC_MEASURE_VERITY", .address),
    DeviceRequest(0x8004_7210, "FAT_IOCTL_GET_ATTRIBUTES", .address),
    DeviceRequest(0x4004_7211, "FAT_IOCTL_SET_ATTRIBUTES", .address),
    DeviceRequest(0x8004_7213, "FAT_IOCTL_GET_VOLUME_ID", .address),
    DeviceRequest(0x8004_e500, "FUSE_DEV_IOC_CLONE", .address),
    DeviceRequest(0x4080_6685, "FS_IOC_ENABLE_VERITY", .holding(size: 128, [16, 32])),
    DeviceRequest(0xc028_6687, "FS_IOC_READ_VERITY_METADATA", .holding(size: 40, [24])),
    // Btrfs (linux/btrfs.h).
    DeviceRequest(0x9408, "BTRFS_IOC_SYNC", .number),
    DeviceRequest(0x5000_940e, "BTRFS_IOC_SUBVOL_CREATE", .address),
    DeviceRequest(0x5000_9401, "BTRFS_IOC_SNAP_CREATE", .address),
    DeviceRequest(0x5000_940f, "BTRFS_IOC_SNAP_DESTROY", .address),
    DeviceRequest(0x5000_9402, "BTRFS_IOC_DEFRAG", .address),
    DeviceRequest(0x5000_9403, "BTRFS_IOC_RESIZE", .address),
    DeviceRequest(0xd000_9411, "BTRFS_IOC_TREE_SEARCH", .address),
    DeviceRequest(0xd000_9412, "BTRFS_IOC_INO_LOOKUP", .address),
    DeviceRequest(0x4008_9413, "BTRFS_IOC_DEFAULT_SUBVOL", .address),
    DeviceRequest(0xc010_9414, "BTRFS_IOC_SPACE_INFO", .address),
    DeviceRequest(0x8008_9419, "BTRFS_IOC_SUBVOL_GETFLAGS", .address),
    DeviceRequest(0x4008_941a, "BTRFS_IOC_SUBVOL_SETFLAGS", .address),
    DeviceRequest(0x8400_941f, "BTRFS_IOC_FS_INFO", .address),
    DeviceRequest(0xd000_941e, "BTRFS_IOC_DEV_INFO", .address),
    DeviceRequest(0x8018_9439, "BTRFS_IOC_GET_FEATURES", .address),
    DeviceRequest(0x81f8_943c, "BTRFS_IOC_GET_SUBVOL_INFO", .address),
    // Loop devices (linux/loop.h). LOOP_SET_STATUS and LOOP_GET_STATUS are not the same on x86-64, and nobody's any more.
    DeviceRequest(0x4c00, "LOOP_SET_FD", .number),
    DeviceRequest(0x4c01, "LOOP_CLR_FD", .number),
    DeviceRequest(0x4c06, "LOOP_CHANGE_FD", .number),
    DeviceRequest(0x4c07, "LOOP_SET_CAPACITY", .number),
    DeviceRequest(0x4c08, "LOOP_SET_DIRECT_IO", .number),
    DeviceRequest(0x4c09, "LOOP_SET_BLOCK_SIZE", .number),
    DeviceRequest(0x4c80, "LOOP_CTL_ADD", .number),
    DeviceRequest(0x4c81, "LOOP_CTL_REMOVE", .number),
    DeviceRequest(0x4c82, "LOOP_CTL_GET_FREE", .number),
    DeviceRequest(0x4c04, "LOOP_SET_STATUS64", .address),
    DeviceRequest(0x4c05, "LOOP_GET_STATUS64", .address),
    DeviceRequest(0x4c0a, "LOOP_CONFIGURE", .address),
    // The device mapper (linux/dm-ioctl.h): all is in one block.
    DeviceRequest(0xc138_fd00, "DM_VERSION", .address),
    DeviceRequest(0xc138_fd01, "DM_REMOVE_ALL", .address),
    DeviceRequest(0xc138_fd02, "DM_LIST_DEVICES", .address),
    DeviceRequest(0xc138_fd03, "DM_DEV_CREATE", .address),
    DeviceRequest(0xc138_fd04, "DM_DEV_REMOVE", .address),
    DeviceRequest(0xc138_fd05, "DM_DEV_RENAME", .address),
    DeviceRequest(0xc138_fd06, "DM_DEV_SUSPEND", .address),
    DeviceRequest(0xc138_fd07, "DM_DEV_STATUS", .address),
    DeviceRequest(0xc138_fd08, "DM_DEV_WAIT", .address),
    DeviceRequest(0xc138_fd09, "DM_TABLE_LOAD", .address),
    DeviceRequest(0xc138_fd0a, "DM_TABLE_CLEAR", .address),
    DeviceRequest(0xc138_fd0b, "DM_TABLE_DEPS", .address),
    DeviceRequest(0xc138_fd0c, "DM_TABLE_STATUS", .address),
    DeviceRequest(0xc138_fd0d, "DM_LIST_VERSIONS", .address),
    DeviceRequest(0xc138_fd0e, "DM_TARGET_MSG", .address),
    DeviceRequest(0xc138_fd0f, "DM_DEV_SET_GEOMETRY", .address),
    DeviceRequest(0xc138_fd10, "DM_DEV_ARM_POLL", .address),
    DeviceRequest(0xc138_fd11, "DM_GET_TARGET_VERSION", .address),
    // Sockets and network devices (netdevice(7), linux/sockios.h).
    DeviceRequest(0x894c, "SIOCGSKNS", .number),
    DeviceRequest(0x8901, "FIOSETOWN", .address),
    DeviceRequest(0x8902, "SIOCSPGRP", .address),
    DeviceRequest(0x8903, "FIOGETOWN", .address),
    DeviceRequest(0x8904, "SIOCGPGRP", .address),
    DeviceRequest(0x8905, "SIOCATMARK", .address),
    DeviceRequest(0x8906, "SIOCGSTAMP_OLD", .address),
    DeviceRequest(0x8907, "SIOCGSTAMPNS_OLD", .address),
    DeviceRequest(0x8010_8906, "SIOCGSTAMP_NEW", .address),
    DeviceRequest(0x8010_8907, "SIOCGSTAMPNS_NEW", .address),
    DeviceRequest(0x8910, "SIOCGIFNAME", .address),
    DeviceRequest(0x8911, "SIOCSIFLINK", .address),
    DeviceRequest(0x8913, "SIOCGIFFLAGS", .address),
    DeviceRequest(0x8914, "SIOCSIFFLAGS", .address),
    DeviceRequest(0x8915, "SIOCGIFADDR", .address),
    DeviceRequest(0x8916, "SIOCSIFADDR", .address),
    DeviceRequest(0x8917, "SIOCGIFDSTADDR", .address),
    DeviceRequest(0x8918, "SIOCSIFDSTADDR", .address),
    DeviceRequest(0x8919, "SIOCGIFBRDADDR", .address),
    DeviceRequest(0x891a, "SIOCSIFBRDADDR", .address),
    DeviceRequest(0x891b, "SIOCGIFNETMASK", .address),
    DeviceRequest(0x891c, "SIOCSIFNETMASK", .address),
    DeviceRequest(0x891d, "SIOCGIFMETRIC", .address),
    DeviceRequest(0x891e, "SIOCSIFMETRIC", .address),
    DeviceRequest(0x8921, "SIOCGIFMTU", .address),
    DeviceRequest(0x8922, "SIOCSIFMTU", .address),
    DeviceRequest(0x8923, "SIOCSIFNAME", .address),
    DeviceRequest(0x8924, "SIOCSIFHWADDR", .address),
    DeviceRequest(0x8927, "SIOCGIFHWADDR", .address),
    DeviceRequest(0x8931, "SIOCADDMULTI", .address),
    DeviceRequest(0x8932, "SIOCDELMULTI", .address),
    DeviceRequest(0x8933, "SIOCGIFINDEX", .address),
    DeviceRequest(0x8934, "SIOCSIFPFLAGS", .address),
    DeviceRequest(0x8935, "SIOCGIFPFLAGS", .address),
    DeviceRequest(0x8936, "SIOCDIFADDR", .address),
    DeviceRequest(0x8937, "SIOCSIFHWBROADCAST", .address),
    DeviceRequest(0x8942, "SIOCGIFTXQLEN", .address),
    DeviceRequest(0x8943, "SIOCSIFTXQLEN", .address),
    DeviceRequest(0x8947, "SIOCGMIIPHY", .address),
    DeviceRequest(0x8948, "SIOCGMIIREG", .address),
    DeviceRequest(0x8949, "SIOCSMIIREG", .address),
    DeviceRequest(0x894b, "SIOCOUTQNSD", .address),
    DeviceRequest(0x8953, "SIOCDARP", .address),
    DeviceRequest(0x8954, "SIOCGARP", .address),
    DeviceRequest(0x8955, "SIOCSARP", .address),
    DeviceRequest(0x8970, "SIOCGIFMAP", .address),
    DeviceRequest(0x8971, "SIOCSIFMAP", .address),
    DeviceRequest(0x8982, "SIOCGIFVLAN", .address),
    DeviceRequest(0x8983, "SIOCSIFVLAN", .address),
    DeviceRequest(0x8990, "SIOCBONDENSLAVE", .address),
    DeviceRequest(0x8991, "SIOCBONDRELEASE", .address),
    DeviceRequest(0x8992, "SIOCBONDSETHWADDR", .address),
    DeviceRequest(0x8995, "SIOCBONDCHANGEACTIVE", .address),
    DeviceRequest(0x89a0, "SIOCBRADDBR", .address),
    DeviceRequest(0x89a1, "SIOCBRDELBR", .address),
    DeviceRequest(0x89a2, "SIOCBRADDIF", .address),
    DeviceRequest(0x89a3, "SIOCBRDELIF", .address),
    DeviceRequest(0x8912, "SIOCGIFCONF", .holding(size: 16, [8])),
    DeviceRequest(0x8946, "SIOCETHTOOL", .holding(size: 40, [16])),
    DeviceRequest(0x8994, "SIOCBONDINFOQUERY", .holding(size: 40, [16])),
    DeviceRequest(0x89b0, "SIOCSHWTSTAMP", .holding(size: 40, [16])),
    DeviceRequest(0x89b1, "SIOCGHWTSTAMP", .holding(size: 40, [16])),
    DeviceRequest(0x890b, "SIOCADDRT", .route),
    DeviceRequest(0x890c, "SIOCDELRT", .route),
    // Tunnels (linux/if_tun.h).
    DeviceRequest(0x4004_54c8, "TUNSETNOCSUM", .number),
    DeviceRequest(0x4004_54c9, "TUNSETDEBUG", .number),
    DeviceRequest(0x4004_54cb, "TUNSETPERSIST", .number),
    DeviceRequest(0x4004_54cc, "TUNSETOWNER", .number),
    DeviceRequest(0x4004_54cd, "TUNSETLINK", .number),
    DeviceRequest(0x4004_54ce, "TUNSETGROUP", .number),
    DeviceRequest(0x4004_54d0, "TUNSETOFFLOAD", .number),
    DeviceRequest(0x54e3, "TUNGETDEVNETNS", .number),
    DeviceRequest(0x4004_54ca, "TUNSETIFF", .address),
    DeviceRequest(0x8004_54cf, "TUNGETFEATURES", .address),
    DeviceRequest(0x4004_54d1, "TUNSETTXFILTER", .address),
    DeviceRequest(0x8004_54d2, "TUNGETIFF", .address),
    DeviceRequest(0x8004_54d3, "TUNGETSNDBUF", .address),
    DeviceRequest(0x4004_54d4, "TUNSETSNDBUF", .address),
    DeviceRequest(0x8004_54d7, "TUNGETVNETHDRSZ", .address),
    DeviceRequest(0x4004_54d8, "TUNSETVNETHDRSZ", .address),
    DeviceRequest(0x4004_54d9, "TUNSETQUEUE", .address),
    DeviceRequest(0x4004_54da, "TUNSETIFINDEX", .address),
    DeviceRequest(0x4004_54dc, "TUNSETVNETLE", .address),
    DeviceRequest(0x8004_54dd, "TUNGETVNETLE", .address),
    DeviceRequest(0x4004_54de, "TUNSETVNETBE", .address),
    DeviceRequest(0x8004_54df, "TUNGETVNETBE", .address),
    DeviceRequest(0x8004_54e0, "TUNSETSTEERINGEBPF", .address),
    DeviceRequest(0x8004_54e1, "TUNSETFILTEREBPF", .address),
    DeviceRequest(0x4004_54e2, "TUNSETCARRIER", .address),
    DeviceRequest(0x4010_54d5, "TUNATTACHFILTER", .holding(size: 16, [8])),
    DeviceRequest(0x4010_54d6, "TUNDETACHFILTER", .holding(size: 16, [8])),
    DeviceRequest(0x8010_54db, "TUNGETFILTER", .holding(size: 16, [8])),
    // Random numbers, clocks, watchdogs, namespaces.
    DeviceRequest(0x5204, "RNDZAPENTCNT", .number),
    DeviceRequest(0x5206, "RNDCLEARPOOL", .number),
    DeviceRequest(0x5207, "RNDRESEEDCRNG", .number),
    DeviceRequest(0x7001, "RTC_AIE_ON", .number),
    DeviceRequest(0x7002, "RTC_AIE_OFF", .number),
    DeviceRequest(0x7003, "RTC_UIE_ON", .number),
    DeviceRequest(0x7004, "RTC_UIE_OFF", .number),
    DeviceRequest(0x7005, "RTC_PIE_ON", .number),
    DeviceRequest(0x7006, "RTC_PIE_OFF", .number),
    DeviceRequest(0x4008_700c, "RTC_IRQP_SET", .number),
    DeviceRequest(0x4008_700e, "RTC_EPOCH_SET", .number),
    DeviceRequest(0xb701, "NS_GET_USERNS", .number),
    DeviceRequest(0xb702, "NS_GET_PARENT", .number),
    DeviceRequest(0xb703, "NS_GET_NSTYPE", .number),
    DeviceRequest(0x8004_5200, "RNDGETENTCNT", .address),
    DeviceRequest(0x4004_5201, "RNDADDTOENTCNT", .address),
    DeviceRequest(0x8008_5202, "RNDGETPOOL", .address),
    DeviceRequest(0x4008_5203, "RNDADDENTROPY", .address),
    DeviceRequest(0x4024_7007, "RTC_ALM_SET", .address),
    DeviceRequest(0x8024_7008, "RTC_ALM_READ", .address),
    DeviceRequest(0x8024_7009, "RTC_RD_TIME", .address),
    DeviceRequest(0x4024_700a, "RTC_SET_TIME", .address),
    DeviceRequest(0x8008_700b, "RTC_IRQP_READ", .address),
    DeviceRequest(0x8008_700d, "RTC_EPOCH_READ", .address),
    DeviceRequest(0x4028_700f, "RTC_WKALM_SET", .address),
    DeviceRequest(0x8028_7010, "RTC_WKALM_RD", .address),
    DeviceRequest(0xb704, "NS_GET_OWNER_UID", .address),
    DeviceRequest(0x8028_5700, "WDIOC_GETSUPPORT", .address),
    DeviceRequest(0x8004_5701, "WDIOC_GETSTATUS", .address),
    DeviceRequest(0x8004_5702, "WDIOC_GETBOOTSTATUS", .address),
    DeviceRequest(0x8004_5705, "WDIOC_KEEPALIVE", .address),
    DeviceRequest(0x8004_5704, "WDIOC_SETOPTIONS", .address),
    DeviceRequest(0xc004_5706, "WDIOC_SETTIMEOUT", .address),
    DeviceRequest(0x8004_5707, "WDIOC_GETTIMEOUT", .address),
    DeviceRequest(0x8004_570a, "WDIOC_GETTIMELEFT", .address),
  ]
}

extension SystemCalls {
  static func deviceControl(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let request = UInt32(truncatingIfNeeded: a[1])
    func pass(_ argument: Int) throws(Errno) -> Int {
      try thread.waiting(Int(SYS_ioctl), a.word(0), Int(request), argument)
    }
    switch DeviceRequest.kind(request) {
    case .number: return try pass(a.word(2))
    case .address: return try pass(thread.memory.hostPointer(a[2]))
    case .holding(let size, let offsets): return try control(thread, a[2], size, offsets, pass)
    case .route:
      var family = [UInt8](repeating: 0, count: 4) + [4, 0, 0, 0]
      let (length, domain) = (4, 39)
      let found = try? thread.withBytes(&family) { place throws(Errno) in
        try thread.host(Int(SYS_getsockopt), a.word(0), Int(SOL_SOCKET), domain, place, place + length)
      }
      guard found != nil, family[0] == AF_INET else { return try pass(thread.memory.hostPointer(a[2])) }
      return try control(thread, a[2], 120, [88], pass)
    case nil:
      // A descriptor that is none says so first.
      _ = try thread.host(Int(SYS_fcntl), a.word(0), Int(F_GETFD))
      thread.process.reportRequest(request)
      throw Errno(ENOTTY)
    }
  }

  /// Passes a copy with the host's addresses. What the host changed goes back.
  private static func control(
    _ thread: LinuxThread, _ address: UInt64, _ size: Int, _ offsets: [Int],
    _ body: (Int) throws(Errno) -> Int
  ) throws(Errno) -> Int {
    let given = try thread.memory.bytes(at: address, count: size)
    var bytes = given
    func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
      bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }
    for offset in offsets {
      let host = thread.memory.hostPointer(word(given, offset))
      bytes.withUnsafeMutableBytes { $0.storeBytes(of: host, toByteOffset: offset, as: Int.self) }
    }
    let result = try thread.withBytes(&bytes, body)
    for offset in offsets { bytes.replaceSubrange(offset..<offset + 8, with: given[offset..<offset + 8]) }
    if bytes != given { try thread.memory.store(bytes, at: address) }
    return result
  }
}

extension LinuxProcess {
  /// Says what is not passed on.
  func reportRequest(_ request: UInt32) {
    guard request >> 8 != 0, self.request.reportsRefusals || self.request.traces else { return }
    Self.say("apus-riscv64: ioctl 0x\(String(request, radix: 16)) is not passed to the host: ENOTTY\n")
  }
}
