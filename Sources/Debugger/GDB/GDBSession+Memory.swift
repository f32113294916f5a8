import RISCV

// Registers, memory, breakpoints.
extension GDBSession {
  // MARK: Registers

  func readGeneralRegisters() {
    var text: [UInt8] = []
    for number in 0..<RegisterLayout.generalCount {
      guard let (register, size) = target.registers[number] else { continue }
      if let value = target.read(register, of: general) {
        text += PacketText.hex(value, size: size)
      } else {
        text += [UInt8](repeating: UInt8(ascii: "x"), count: 2 * size)
      }
    }
    send(text)
  }

  /// As many registers as GDB sends whole.
  func writeGeneralRegisters(_ rest: PacketScanner) {
    guard let bytes = PacketText.bytes(hex: rest.rest), !bytes.isEmpty else {
      return fail(GDBError.invalid)
    }
    var left = bytes[...]
    for number in 0..<RegisterLayout.generalCount {
      guard let (register, size) = target.registers[number], left.count >= size else { break }
      _ = target.write(register, Self.value(left.prefix(size)), of: general)
      left = left.dropFirst(size)
    }
    send("OK")
  }

  func readRegister(_ rest: inout PacketScanner) {
    guard let number = rest.integer(), rest.isAtEnd, let (register, size) = target.registers[number],
      let value = target.read(register, of: general)
    else { return fail(GDBError.fault) }
    send(PacketText.hex(value, size: size))
  }

  func writeRegister(_ rest: inout PacketScanner) {
    guard let number = rest.integer(), rest.takes("="), let bytes = PacketText.bytes(hex: rest.rest) else {
      return fail(GDBError.invalid)
    }
    guard let (register, size) = target.registers[number] else { return fail(GDBError.fault) }
    guard bytes.count == size, target.write(register, Self.value(bytes[...]), of: general) else {
      return fail(GDBError.invalid)
    }
    send("OK")
  }

  private static func value(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  // MARK: Memory

  /// What fits into a packet, were every byte of it escaped.
  package static let longestRead = PacketReader.limit / 2 - 16

  /// Where only the first bytes are there, they are the answer.
  func readMemory(_ rest: inout PacketScanner, isBinary: Bool) {
    guard let (address, length) = rest.pair(), rest.isAtEnd else { return fail(GDBError.invalid) }
    let count = Int(min(length, UInt64(Self.longestRead)))
    let bytes = count > 0 ? target.readMemory(address, count: count, of: general) : []
    guard count == 0 || !bytes.isEmpty else { return fail(GDBError.fault) }
    send(isBinary ? [UInt8(ascii: "b")] + bytes : PacketText.hex(bytes))
  }

  func writeMemory(_ rest: inout PacketScanner, isBinary: Bool) {
    guard let (address, length) = rest.pair(), rest.takes(":") else { return fail(GDBError.invalid) }
    let bytes = isBinary ? Array(rest.rest) : PacketText.bytes(hex: rest.rest)
    guard let bytes, UInt64(bytes.count) == length else { return fail(GDBError.invalid) }
    guard bytes.isEmpty || target.writeMemory(address, bytes, of: general) else {
      return fail(GDBError.fault)
    }
    send("OK")
  }

  /// While GDB waits for the answer, nobody can interrupt it.
  private static let longestSearch: UInt64 = 4 << 30

  /// `qCRC`: the CRC of IEEE 802.3 without its inversions, from all ones, for `compare-sections`.
  func checksum(_ rest: inout PacketScanner) {
    guard let (start, length) = rest.pair(), rest.isAtEnd, length <= Self.longestSearch else {
      return fail(GDBError.invalid)
    }
    var crc: UInt32 = .max
    var address = start
    var left = length
    while left > 0 {
      let bytes = target.readMemory(address, count: Int(min(left, 4096)), of: general)
      guard !bytes.isEmpty else { return fail(GDBError.fault) }
      for byte in bytes {
        crc ^= UInt32(byte) << 24
        for _ in 0..<8 { crc = crc << 1 ^ (crc >> 31 == 0 ? 0 : 0x04c1_1db7) }
      }
      address &+= UInt64(bytes.count)
      left -= UInt64(bytes.count)
    }
    send("C" + String(crc, radix: 16))
  }

  /// `qSearch:memory`: up to the first byte that is not there.
  func search(_ rest: inout PacketScanner) {
    guard let (start, length) = rest.pair(";"), rest.takes(";"), !rest.isAtEnd,
      length <= Self.longestSearch
    else {
      return fail(GDBError.invalid)
    }
    let pattern = Array(rest.rest)
    var window: [UInt8] = []
    var windowStart = start
    var address = start
    var left = length
    while left > 0 {
      let bytes = target.readMemory(address, count: Int(min(left, 1 << 16)), of: general)
      guard !bytes.isEmpty else { break }
      window += bytes
      if let place = Self.firstPlace(of: pattern, in: window) {
        return send("1," + String(windowStart &+ UInt64(place), radix: 16))
      }
      let kept = min(window.count, pattern.count - 1)
      windowStart &+= UInt64(window.count - kept)
      window = Array(window.suffix(kept))
      address &+= UInt64(bytes.count)
      left -= UInt64(bytes.count)
    }
    if address == start, length > 0 { return fail(GDBError.fault) }
    send("0")
  }

  private static func firstPlace(of pattern: [UInt8], in window: [UInt8]) -> Int? {
    guard window.count >= pattern.count else { return nil }
    return (0...window.count - pattern.count).first { place in
      window[place] == pattern[0] && window[place..<place + pattern.count].elementsEqual(pattern)
    }
  }

  // MARK: Breakpoints

  /// More than anybody sets; what comes over the wire must not fill the host's memory.
  private static let mostBreakpoints = 10_000

  func changeBreakpoint(_ rest: inout PacketScanner, inserts: Bool) {
    guard let type = rest.byte(), rest.takes(","), let (address, length) = rest.pair() else {
      return fail(GDBError.invalid)
    }
    // GDB takes its breakpoints out of a child that it leaves: they are its parent's alone.
    if target.program?.isNewborn(general.process) == true { return send("OK") }
    // Behind the length stand conditions, which this server does not announce.
    guard rest.isAtEnd else { return fail(GDBError.invalid) }
    switch Unicode.Scalar(type) {
    case "0": changeBreakpoint(at: address, .software, inserts)
    case "1": changeBreakpoint(at: address, .hardware, inserts)
    case "2": changeWatchpoint(Watchpoint(address: address, length: length, kind: .write), inserts)
    case "3": changeWatchpoint(Watchpoint(address: address, length: length, kind: .read), inserts)
    case "4": changeWatchpoint(Watchpoint(address: address, length: length, kind: .access), inserts)
    default: refuse()
    }
  }

  private func changeBreakpoint(at address: UInt64, _ kind: BreakpointKind, _ inserts: Bool) {
    var kinds = breakpoints[address] ?? []
    if inserts {
      guard !kinds.isEmpty || breakpoints.count < Self.mostBreakpoints else {
        return fail(GDBError.noSpace)
      }
      if kinds.isEmpty { target.insertBreakpoint(address) }
      kinds.insert(kind)
    } else if kinds.remove(kind) != nil, kinds.isEmpty {
      target.removeBreakpoint(address)
    }
    breakpoints[address] = kinds.isEmpty ? nil : kinds
    send("OK")
  }

  private func changeWatchpoint(_ point: Watchpoint, _ inserts: Bool) {
    if inserts {
      guard point.length > 0 else { return fail(GDBError.invalid) }
      guard watchpoints.count < Self.mostBreakpoints else { return fail(GDBError.noSpace) }
      if !watchpoints.contains(point) {
        guard target.insert(point) else { return refuse() }
        watchpoints.insert(point)
      }
    } else {
      guard watchpoints.remove(point) != nil else { return fail(GDBError.invalid) }
      target.remove(point)
    }
    send("OK")
  }
}
