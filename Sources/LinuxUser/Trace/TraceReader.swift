import Glibc

/// Shows the arguments of one system call, as strace(1) writes them.
struct TraceReader {
  let memory: GuestMemory
  let arguments: SystemCall.Arguments
  /// Nil before the call has come back, or where it failed.
  var result: Int?

  /// Bytes of data that are shown.
  private static let mostBytes = 32
  /// Elements of a list that are shown.
  private static let mostElements = 16

  func text(_ format: TraceFormat, _ i: Int) -> String {
    let value = arguments[i]
    switch format {
    case .letter(let letter): return text(letter, value)
    case .names(let names):
      // Numbers of C's int, whatever is above.
      return names.text(value >> 32 == 0xffff_ffff ? value : names.bits.isEmpty ? value & 0xffff_ffff : value)
    case .int: return "\(arguments.int(i))"
    case .modeOfCreated: return "0" + String(value & 0o7777, radix: 8)
    case .buffer(let count):
      return data(value, arguments[count])
    case .filled:
      guard let result else { return Self.address(value) }
      return data(value, UInt64(max(0, result)))
    case .given(let structure): return text(structure, value) ?? Self.address(value)
    case .stored(let structure):
      guard result != nil else { return Self.address(value) }
      return text(structure, value) ?? Self.address(value)
    }
  }

  static func address(_ value: UInt64) -> String { value == 0 ? "NULL" : hexadecimal(value) }
  static func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

  private func text(_ letter: SystemCall.Argument, _ value: UInt64) -> String {
    let int = Int32(truncatingIfNeeded: value)
    switch letter {
    case .decimal: return "\(Int64(bitPattern: value))"
    case .unsigned: return "\(value)"
    case .hexadecimal: return value == 0 ? "0" : Self.hexadecimal(value)
    case .octal: return "0" + String(value, radix: 8)
    case .descriptor: return int == AT_FDCWD ? "AT_FDCWD" : "\(int)"
    case .pointer: return Self.address(value)
    case .signal: return SignalNames.name(int)
    case .string, .path:
      guard value != 0, let bytes = try? memory.string(at: value) else { return Self.address(value) }
      return Self.quoted(bytes, limit: Int(PATH_MAX))
    case .protection: return TraceNames.protection.text(value)
    case .openFlags: return TraceNames.openFlags.text(value)
    }
  }

  // MARK: Bytes

  /// As C writes strings; octal numbers where C has no letter.
  static func quoted(_ bytes: [UInt8], limit: Int = mostBytes, isCut: Bool = false) -> String {
    var text = "\""
    let shown = bytes.prefix(limit)
    for (i, byte) in shown.enumerated() {
      switch byte {
      case 0x0a: text += "\\n"
      case 0x09: text += "\\t"
      case 0x0d: text += "\\r"
      case 0x0b: text += "\\v"
      case 0x0c: text += "\\f"
      case 0x22: text += "\\\""
      case 0x5c: text += "\\\\"
      case 0x20...0x7e: text += String(UnicodeScalar(byte))
      default:
        // All three digits where a digit follows.
        let next = i + 1 < shown.count ? shown[shown.startIndex + i + 1] : 0
        let digits = String(byte, radix: 8)
        let isNumber = next >= 0x30 && next <= 0x39
        text += "\\" + String(repeating: "0", count: isNumber ? max(0, 3 - digits.utf8.count) : 0) + digits
      }
    }
    return text + "\"" + (isCut || bytes.count > limit ? "..." : "")
  }

  private func data(_ address: UInt64, _ count: UInt64) -> String {
    guard address != 0, count > 0 else { return count == 0 && address != 0 ? "\"\"" : Self.address(address) }
    let shown = Int(min(count, UInt64(Self.mostBytes)))
    guard let bytes = try? memory.bytes(at: address, count: shown) else { return Self.address(address) }
    return Self.quoted(bytes, isCut: count > UInt64(shown))
  }

  // MARK: Structures

  private func word(_ address: UInt64, _ offset: UInt64 = 0) throws(Errno) -> UInt64 {
    try memory.load(UInt64.self, at: address &+ offset)
  }
  private func half(_ address: UInt64, _ offset: UInt64 = 0) throws(Errno) -> UInt32 {
    try memory.load(UInt32.self, at: address &+ offset)
  }
  private func int(_ address: UInt64, _ offset: UInt64 = 0) throws(Errno) -> Int32 {
    try memory.load(Int32.self, at: address &+ offset)
  }

  /// Nil where there is nothing to be seen.
  private func text(_ structure: TraceStructure, _ address: UInt64) -> String? {
    guard address != 0 else { return nil }
    return try? contents(structure, address)
  }

  private func contents(_ structure: TraceStructure, _ a: UInt64) throws(Errno) -> String? {
    switch structure {
    case .status: return try status(a)
    case .extendedStatus:
      let mode = try memory.load(UInt16.self, at: a &+ 28)
      return
        "{stx_mask=\(TraceNames.statusFields.text(UInt64(try half(a)))), stx_mode=\(Self.mode(UInt32(mode))), stx_size=\(try word(a, 40)), ...}"
    case .time: return try time(a, "tv_nsec")
    case .timeval: return try time(a, "tv_usec")
    case .times: return "[\(try time(a, "tv_nsec")), \(try time(a &+ 16, "tv_nsec"))]"
    case .intervalTimer:
      return "{it_interval=\(try time(a, "tv_usec")), it_value=\(try time(a &+ 16, "tv_usec"))}"
    case .limit: return "{rlim_cur=\(Self.limit(try word(a))), rlim_max=\(Self.limit(try word(a, 8)))}"
    case .usage: return "{ru_utime=\(try time(a, "tv_usec")), ru_stime=\(try time(a &+ 16, "tv_usec")), ...}"
    case .systemName:
      let names = ["sysname", "nodename", "release", "version", "machine"]
      var parts: [String] = []
      for (i, name) in names.enumerated() where i < 3 || i == 4 {
        parts.append("\(name)=\(Self.quoted(try memory.string(at: a &+ UInt64(65 * i)), limit: 65))")
      }
      return "{\(parts.joined(separator: ", ")), ...}"
    case .signalAction: return try action(a)
    case .signalSet: return Self.signalSet(try word(a))
    case .signalStack:
      let flags = TraceNames.stackFlags.text(UInt64(try half(a, 8)))
      return "{ss_sp=\(Self.address(try word(a))), ss_flags=\(flags), ss_size=\(try word(a, 16))}"
    case .waitStatus: return "[\(Self.waitStatus(try int(a)))]"
    case .int: return "[\(try int(a))]"
    case .ints(let count):
      var parts: [String] = []
      for i in 0..<UInt64(count) { parts.append("\(try int(a, 4 * i))") }
      return "[\(parts.joined(separator: ", "))]"
    case .vector(let count): return try vector(a, arguments[count])
    case .polled(let count):
      return try list(arguments[count]) { i throws(Errno) in
        let at = a &+ 8 * i
        let events = UInt64(try memory.load(UInt16.self, at: at &+ 4))
        return "{fd=\(try int(at)), events=\(TraceNames.pollEvents.text(events))}"
      }
    case .probes(let count):
      return try list(arguments[count]) { i throws(Errno) in
        let key = try word(a, 16 * i)
        let name =
          TraceNames.probeKeys.numbers[key].map { "RISCV_HWPROBE_KEY_\($0)" } ?? "\(Int64(bitPattern: key))"
        return "{key=\(name), value=\(Self.hexadecimal(try word(a, 16 * i + 8)))}"
      }
    case .message:
      let name = try word(a) == 0 ? "NULL" : try socketAddress(try word(a), UInt64(try half(a, 8)))
      let vector = try vector(try word(a, 16), try word(a, 24))
      let flags = TraceNames.messageFlags.text(UInt64(try half(a, 48)))
      return
        "{msg_name=\(name), msg_namelen=\(try half(a, 8)), msg_iov=\(vector), msg_iovlen=\(try word(a, 24)), msg_controllen=\(try word(a, 40)), msg_flags=\(flags)}"
    case .string: return Self.quoted(try memory.string(at: a), limit: Int(PATH_MAX))
    case .strings:
      let strings = try memory.strings(at: a)
      let shown = strings.prefix(Self.mostElements).map { Self.quoted($0) }
      return "[\((shown + (strings.count > shown.count ? ["..."] : [])).joined(separator: ", "))]"
    case .variables:
      let count = try memory.strings(at: a).count
      return "\(Self.address(a)) /* \(count) var\(count == 1 ? "" : "s") */"
    case .epollEvent: return try epollEvent(a)
    case .epollEvents:
      return try list(UInt64(max(0, result ?? 0))) { i throws(Errno) in try epollEvent(a &+ 16 * i) }
    case .socketAddress(let size): return try socketAddress(a, arguments[size])
    case .returnedSocketAddress(let size):
      guard arguments[size] != 0 else { return nil }
      return try socketAddress(a, UInt64(try half(arguments[size])))
    case .windowSize:
      let words = try memory.load(UInt64.self, at: a)
      return
        "{ws_row=\(words & 0xffff), ws_col=\(words >> 16 & 0xffff), ws_xpixel=\(words >> 32 & 0xffff), ws_ypixel=\(words >> 48)}"
    case .entries:
      var (count, at) = (0, 0)
      while at < result ?? 0 {
        let size = Int(try memory.load(UInt16.self, at: a &+ UInt64(at) &+ 16))
        guard size > 0 else { break }
        (count, at) = (count + 1, at + size)
      }
      return "\(Self.address(a)) /* \(count) entr\(count == 1 ? "y" : "ies") */"
    }
  }

  private func list(_ count: UInt64, _ element: (UInt64) throws(Errno) -> String) throws(Errno) -> String {
    var parts: [String] = []
    for i in 0..<min(count, UInt64(Self.mostElements)) { parts.append(try element(i)) }
    if count > UInt64(Self.mostElements) { parts.append("...") }
    return "[\(parts.joined(separator: ", "))]"
  }

  /// struct stat of asm-generic/stat.h.
  private func status(_ a: UInt64) throws(Errno) -> String {
    let mode = try half(a, 16)
    let isDevice = [0o020000, 0o060000].contains(mode & 0o170000)
    let device = try word(a, 32)
    let what =
      isDevice
      ? "st_rdev=makedev(\(Self.hexadecimal(device >> 8 & 0xfff)), \(Self.hexadecimal(device & 0xff)))"
      : "st_size=\(try word(a, 48))"
    return "{st_mode=\(Self.mode(mode)), \(what), ...}"
  }

  private static func mode(_ mode: UInt32) -> String {
    let kind = UInt64(mode & 0o170000)
    let permissions = "0" + String(mode & 0o7777, radix: 8)
    return (TraceNames.fileKinds[kind] ?? "0" + String(kind, radix: 8)) + "|" + permissions
  }

  private func time(_ a: UInt64, _ fraction: String) throws(Errno) -> String {
    "{tv_sec=\(Int64(bitPattern: try word(a))), \(fraction)=\(Int64(bitPattern: try word(a, 8)))}"
  }

  private static func limit(_ value: UInt64) -> String {
    if value == .max { return "RLIM64_INFINITY" }
    return value > 1024 && value & 1023 == 0 ? "\(value >> 10)*1024" : "\(value)"
  }

  private func action(_ a: UInt64) throws(Errno) -> String {
    let handler = try word(a)
    let name = handler == 0 ? "SIG_DFL" : handler == 1 ? "SIG_IGN" : Self.hexadecimal(handler)
    let flags = TraceNames.actionFlags.text(try word(a, 8))
    return "{sa_handler=\(name), sa_mask=\(Self.signalSet(try word(a, 16))), sa_flags=\(flags)}"
  }

  /// `[INT TERM]`, or `~[…]` of those that are missing, whatever is shorter.
  static func signalSet(_ set: UInt64) -> String {
    func names(_ set: UInt64) -> String {
      (1...Int32(64)).filter { set >> UInt64($0 - 1) & 1 != 0 }
        .map { SignalNames.name($0) }.map { $0.hasPrefix("SIG") ? String($0.dropFirst(3)) : $0 }
        .joined(separator: " ")
    }
    return set.nonzeroBitCount > 32 ? "~[\(names(~set))]" : "[\(names(set))]"
  }

  private static func waitStatus(_ status: Int32) -> String {
    let signal = status & 0x7f
    if signal == 0 { return "{WIFEXITED(s) && WEXITSTATUS(s) == \(status >> 8 & 0xff)}" }
    if status & 0xff == 0x7f {
      return "{WIFSTOPPED(s) && WSTOPSIG(s) == \(SignalNames.name(status >> 8 & 0xff))}"
    }
    if status == 0xffff { return "{WIFCONTINUED(s)}" }
    let core = status & 0x80 != 0 ? " && WCOREDUMP(s)" : ""
    return "{WIFSIGNALED(s) && WTERMSIG(s) == \(SignalNames.name(signal))\(core)}"
  }

  private func vector(_ a: UInt64, _ count: UInt64) throws(Errno) -> String {
    // What a call has filled is as much as its result.
    var left = result.map { UInt64(max(0, $0)) } ?? .max
    return try list(count) { i throws(Errno) in
      let (base, size) = (try word(a, 16 * i), try word(a, 16 * i + 8))
      let shown = min(size, left)
      left -= min(left, size)
      return "{iov_base=\(data(base, shown)), iov_len=\(size)}"
    }
  }

  private func epollEvent(_ a: UInt64) throws(Errno) -> String {
    let events = TraceNames.epollEvents.text(UInt64(try half(a)))
    return "{events=\(events), data={u32=\(try half(a, 8)), u64=\(try word(a, 8))}}"
  }

  private func socketAddress(_ a: UInt64, _ size: UInt64) throws(Errno) -> String {
    guard size >= 2 else { return Self.address(a) }
    let bytes = try memory.bytes(at: a, count: Int(min(size, 128)))
    let family = UInt64(bytes[0]) | UInt64(bytes[1]) << 8
    func port() -> Int { Int(bytes[2]) << 8 | Int(bytes[3]) }
    var text = "{sa_family=\(TraceNames.families.text(family))"
    switch family {
    case 1:
      let isAbstract = bytes.count > 2 && bytes[2] == 0
      let path = isAbstract ? bytes[3...] : bytes[2...].prefix { $0 != 0 }
      if bytes.count > 2 {
        text += ", sun_path=\(isAbstract ? "@" : "")\(Self.quoted(Array(path), limit: 108))"
      }
    case 2 where bytes.count >= 8:
      let address = bytes[4..<8].map { "\($0)" }.joined(separator: ".")
      text += ", sin_port=htons(\(port())), sin_addr=inet_addr(\"\(address)\")"
    case 10 where bytes.count >= 24:
      var name = [CChar](repeating: 0, count: 64)
      _ = bytes[8..<24].withUnsafeBytes { inet_ntop(AF_INET6, $0.baseAddress, &name, socklen_t(name.count)) }
      let address = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      text += ", sin6_port=htons(\(port())), inet_pton(AF_INET6, \"\(address)\", &sin6_addr)"
    default: text += ", sa_data=\(Self.quoted(Array(bytes[2...])))"
    }
    return text + "}"
  }
}
