import RISCV

// General queries and settings.
extension GDBSession {
  func answerQuery(_ rest: inout PacketScanner) {
    if rest.takes("Supported") {
      readPeerFeatures(rest)
      send(supported)
    } else if rest.takes("Attached") {
      send(target.wasAttachedTo ? "1" : "0")
    } else if rest.takes("CRC:") {
      checksum(&rest)
    } else if rest.rest.elementsEqual("C".utf8) {
      send("QC" + name(of: general))
    } else if rest.takes("Search:memory:") {
      search(&rest)
    } else if rest.takes("fThreadInfo") {
      send("m" + target.threads.map(name(of:)).joined(separator: ","))
    } else if rest.takes("sThreadInfo") {
      send("l")
    } else if rest.takes("ThreadExtraInfo,") {
      guard let thread = one(&rest) else { return fail(GDBError.invalid) }
      let about = target.description(of: thread)
      send(PacketText.hex("\(about.name) [\(about.state)]".utf8))
    } else if rest.takes("Xfer:") {
      transfer(&rest)
    } else if rest.takes("Rcmd,") {
      command(rest)
    } else if rest.takes("Offsets"), rest.isAtEnd, let program = target.program {
      let offset = String(program.sectionOffset(of: general.process), radix: 16)
      send("Text=\(offset);Data=\(offset);Bss=\(offset)")
    } else if rest.takes("qemu.") {
      answerEmulatorQuery(&rest)
    } else {
      refuse()
    }
  }

  func answerSetting(_ rest: inout PacketScanner) {
    if rest.takes("StartNoAckMode"), rest.isAtEnd {
      stopAcknowledging()
    } else if rest.takes("CatchSyscalls:"), let program = target.program {
      catchSystemCalls(&rest, program)
    } else if rest.takes("PassSignals:"), let program = target.program {
      var signals: [Int] = []
      while !rest.isAtEnd {
        guard let signal = rest.integer(), rest.takes(";") || rest.isAtEnd else {
          return fail(GDBError.invalid)
        }
        signals.append(signal)
      }
      program.passSignals(signals)
      send("OK")
    } else if rest.takes("qemu.") {
      answerEmulatorSetting(&rest)
    } else {
      refuse()
    }
  }

  // MARK: Features

  private func readPeerFeatures(_ rest: PacketScanner) {
    let list = String(decoding: rest.rest.drop { $0 == UInt8(ascii: ":") }, as: UTF8.self)
    let features = Set(list.split(separator: ";"))
    peer.namesProcesses = features.contains("multiprocess+")
    peer.knowsSoftwareBreakpoints = features.contains("swbreak+")
    peer.knowsHardwareBreakpoints = features.contains("hwbreak+")
    var events: ProcessEvents = []
    if features.contains("fork-events+") { events.insert(.forks) }
    if features.contains("vfork-events+") { events.insert(.vforks) }
    if features.contains("exec-events+") { events.insert(.executions) }
    target.program?.report(events)
  }

  private var supported: String {
    var features = [
      "PacketSize=\(String(PacketReader.limit, radix: 16))", "qXfer:features:read+", "qXfer:threads:read+",
      "QStartNoAckMode+", "vContSupported+", "multiprocess+", "swbreak+", "hwbreak+", "binary-upload+",
    ]
    if target.memoryMap != nil { features.append("qXfer:memory-map:read+") }
    if target.program != nil {
      features += [
        "qXfer:auxv:read+", "qXfer:exec-file:read+", "qXfer:siginfo:read+", "QCatchSyscalls+",
        "QPassSignals+", "fork-events+", "vfork-events+", "exec-events+",
      ]
    }
    return features.joined(separator: ";")
  }

  // MARK: qXfer

  /// `OBJECT:read:ANNEX:OFFSET,LENGTH`
  private func transfer(_ rest: inout PacketScanner) {
    let colon = UInt8(ascii: ":")
    guard let object = rest.text(until: colon), let operation = rest.text(until: colon),
      let annex = rest.text(until: colon)
    else { return fail(0) }
    // Nothing can be written; what cannot is not known.
    guard operation.elementsEqual("read".utf8) else { return refuse() }
    guard let (offset, length) = rest.pair(), rest.isAtEnd else { return fail(0) }
    switch contents(of: String(decoding: object, as: UTF8.self), String(decoding: annex, as: UTF8.self)) {
    case .none: refuse()
    case .some(.none): fail(0)
    case .some(.some(let bytes)):
      guard let start = Int(exactly: offset), start <= bytes.count else { return fail(0) }
      let part = bytes[start...].prefix(Int(min(length, UInt64(Self.longestRead))))
      let isLast = part.endIndex == bytes.count
      send([UInt8(ascii: isLast ? "l" : "m")] + part)
    }
  }

  /// nil: there are no such objects; nil within: there is none of this name.
  private func contents(of object: String, _ annex: String) -> [UInt8]?? {
    switch object {
    case "features": return .some(target.registers.file(annex).map { Array($0.utf8) })
    case "threads": return .some(Array(threadList.utf8))
    case "memory-map":
      guard let map = target.memoryMap else { return .none }
      return .some(Array(text(of: map).utf8))
    default: return target.program.flatMap { contents(of: object, annex, $0) }
    }
  }

  private var threadList: String {
    let rows = target.threads.map { thread in
      let about = target.description(of: thread)
      let core = about.core.map { " core=\"\($0)\"" } ?? ""
      // As QEMU's threads look in `info threads`: with a name of its own GDB would show both.
      return "<thread id=\"\(name(of: thread))\"\(core)>"
        + "\(Self.quoted("\(about.name) [\(about.state)]"))</thread>"
    }
    return "<?xml version=\"1.0\"?><threads>\(rows.joined())</threads>"
  }

  private func text(of map: [DebugMemoryRange]) -> String {
    let rows = map.map { range in
      // The length of everything does not fit: 0 is taken for it.
      let length = String(range.last &- range.first &+ 1, radix: 16)
      let start = String(range.first, radix: 16)
      return "<memory type=\"\(range.kind.rawValue)\" start=\"0x\(start)\" length=\"0x\(length)\"/>"
    }
    return
      "<?xml version=\"1.0\"?><!DOCTYPE memory-map PUBLIC \"+//IDN gnu.org//DTD GDB Memory Map V1.0//EN\" "
      + "\"http://sourceware.org/gdb/gdb-memory-map.dtd\"><memory-map>\(rows.joined())</memory-map>"
  }

  private static func quoted(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }

  // MARK: monitor

  private func command(_ rest: PacketScanner) {
    guard let bytes = PacketText.bytes(hex: rest.rest) else { return fail(GDBError.invalid) }
    guard let answer = target.command(String(decoding: bytes, as: UTF8.self)) else { return refuse() }
    var left = Array(answer.utf8)[...]
    while !left.isEmpty {
      let part = left.prefix(Self.longestRead)
      send([UInt8(ascii: "O")] + PacketText.hex(part))
      left = left.dropFirst(part.count)
    }
    send("OK")
  }

  // MARK: QEMU's own ("GDB usage", Advanced debugging options)

  private func answerEmulatorQuery(_ rest: inout PacketScanner) {
    if rest.takes("sstepbits"), target.stepMask != nil {
      send("ENABLE=1,NOIRQ=2,NOTIMER=4")
    } else if rest.takes("sstep"), let mask = target.stepMask {
      send("0x" + String(mask.rawValue, radix: 16))
    } else if rest.takes("PhyMemMode"), let isPhysical = target.usesPhysicalAddresses {
      send(isPhysical ? "1" : "0")
    } else if rest.takes("Supported") {
      let names =
        (target.stepMask != nil ? ["sstepbits", "sstep"] : [])
        + (target.usesPhysicalAddresses != nil ? ["PhyMemMode"] : [])
      send(names.joined(separator: ";"))
    } else {
      refuse()
    }
  }

  private func answerEmulatorSetting(_ rest: inout PacketScanner) {
    if rest.takes("sstep"), target.stepMask != nil {
      guard rest.takes("=") || rest.takes(":"), let value = value(&rest), value < 8 else {
        return fail(GDBError.invalid)
      }
      target.stepMask = StepMask(rawValue: value)
    } else if rest.takes("PhyMemMode"), target.usesPhysicalAddresses != nil {
      guard rest.takes(":") || rest.takes("="), let value = value(&rest) else {
        return fail(GDBError.invalid)
      }
      target.usesPhysicalAddresses = value != 0
    } else {
      return refuse()
    }
    send("OK")
  }

  /// In hexadecimal, with 0x or without.
  private func value(_ rest: inout PacketScanner) -> Int? {
    _ = rest.takes("0x")
    guard let value = rest.integer(), rest.isAtEnd else { return nil }
    return value
  }
}
