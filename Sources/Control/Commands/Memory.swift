import Glibc

extension MonitorCommand {
  /// Looking at memory, and saving it.
  static let memory: [MonitorCommand] = [
    MonitorCommand(
      "dump-guest-memory", "[-p] [-d] filename [begin length]", "dump guest memory into file 'filename'.",
      examples: [
        ("dump-guest-memory core", "an ELF core: 'gdb-multiarch kernel core' shows memory and registers"),
        ("dump-guest-memory -p core", "the same with the virtual addresses that hart 0 sees now"),
        ("dump-guest-memory part 0x80200000 0x100000", "1 MiB of physical memory"),
      ]
    ) { (session, text) throws(MonitorError) in try session.dumpGuestMemory(&text) },
    MonitorCommand(
      "dumpdtb", "filename", "dump the FDT in dtb format to 'filename'",
      examples: [("dumpdtb virt.dtb", "then: dtc -I dtb -O dts virt.dtb")]
    ) { (session, text) throws(MonitorError) in try session.dumpDeviceTree(&text) },
    MonitorCommand(
      "gpa2hpa", "addr", "print the host physical address corresponding to a guest physical address",
      examples: [("gpa2hpa 0x80000000", "where the host has it; wants privileges")]
    ) { (session, text) throws(MonitorError) in try session.hostPhysicalAddress(of: session.number(&text)) },
    MonitorCommand(
      "gpa2hva", "addr", "print the host virtual address corresponding to a guest physical address",
      examples: [("gpa2hva 0x80000000", "where this process has the guest's RAM")]
    ) { (session, text) throws(MonitorError) in try session.hostVirtualAddress(of: session.number(&text)) },
    MonitorCommand(
      "gva2gpa", "addr", "print the guest physical address corresponding to a guest virtual address",
      examples: [("gva2gpa $sp", "where the stack is; 'walk $sp' shows the way")], completion: .expressions
    ) { (session, text) throws(MonitorError) in try session.physicalAddress(of: session.number(&text)) },
    MonitorCommand(
      "memsave", "addr size file",
      "save to disk virtual memory dump starting at 'addr' of size 'size'",
      examples: [("memsave $sp 4096 stack", "a page of the stack into the file 'stack'")],
      completion: .expressions
    ) { (session, text) throws(MonitorError) in try session.saveMemory(&text, isPhysical: false) },
    MonitorCommand(
      "pmemsave", "addr size file",
      "save to disk physical memory dump starting at 'addr' of size 'size'",
      examples: [("pmemsave 0x80000000 0x1000 start", "the first page of RAM into the file 'start'")],
      completion: .expressions
    ) { (session, text) throws(MonitorError) in try session.saveMemory(&text, isPhysical: true) },
    MonitorCommand(
      "print|p", "/fmt expr", "print expression value (use $reg for CPU register access)",
      examples: [
        ("p $a0", "a register: x0 to x31, their ABI names, f0 to f31, pc, every CSR"),
        ("p main+4", "where a symbol of the kernel is"), ("p/d 0x10*3", "in decimal; also u o c"),
      ], completion: .expressions
    ) { (session, text) throws(MonitorError) in try session.printValue(&text) },
    MonitorCommand(
      "sum", "addr size", "compute the checksum of a memory region",
      examples: [("sum 0x80200000 0x1000", "sum(1) with -r of as many physical bytes")],
      completion: .expressions
    ) { (session, text) throws(MonitorError) in try session.checksum(&text) },
    MonitorCommand(
      "x", "/fmt addr", "virtual memory dump starting at 'addr'",
      examples: [
        ("x/10i $pc", "ten instructions from where the hart is"),
        ("x/4xg $sp", "four words of 64 bits in hexadecimal"),
        ("x/16c name", "sixteen characters at a symbol"),
        ("x/8dw 0x80001000", "formats: x d u o c i; sizes: b h w g (1, 2, 4, 8 bytes)"),
      ], completion: .expressions
    ) { (session, text) throws(MonitorError) in try session.dump(&text, isPhysical: false) },
    MonitorCommand(
      "xp", "/fmt addr", "physical memory dump starting at 'addr'",
      examples: [
        ("xp/8xw 0x80000000", "the beginning of RAM"),
        ("xp/1xw 0x10001000", "a device's register: reading it may change it"),
      ], completion: .expressions
    ) { (session, text) throws(MonitorError) in try session.dump(&text, isPhysical: true) },
  ]
}

extension MonitorSession {
  func printValue(_ text: inout Substring) throws(MonitorError) -> String {
    text = text.drop(while: Self.isSpace)
    try format.read(&text)
    return format.print(try number(&text)) + "\r\n"
  }

  /// Bytes of an answer, at most: what nobody reads is not collected.
  private static let longestAnswer = 1 << 24

  func dump(_ text: inout Substring, isPhysical: Bool) throws(MonitorError) -> String {
    text = text.drop(while: Self.isSpace)
    try format.read(&text)
    var address = try number(&text)
    let read = { [machine, hart] (address: UInt64, count: Int, width: Int) in
      isPhysical
        ? machine.readPhysical(address, count: count, width: width)
        : machine.readVirtual(address, count: count, width: width, hart: hart)
    }
    if format.radix == .instruction { return instructions(at: &address, read) }

    let digits = isPhysical ? 16 : machine.registers(ofHart: hart).width / 4
    let width = format.size
    let shown = format.radix == .character ? 1 : width
    var left = format.count * width
    var answer = ""
    while left > 0, answer.utf8.count < Self.longestAnswer {
      let count = min(left, width == 1 ? 8 : 16)
      answer += zeroPadded(address, to: digits) + ":"
      guard let bytes = read(address, count, width) else { return answer + " Cannot access memory\r\n" }
      for start in stride(from: 0, to: count, by: shown) {
        let value = bytes[start..<start + shown].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        answer += " " + format.column(value)
      }
      answer += "\r\n"
      address &+= UInt64(count)
      left -= count
    }
    return answer
  }

  /// QEMU's lines; where a symbol begins, and before the first, a line with its name.
  private func instructions(at address: inout UInt64, _ read: (UInt64, Int, Int) -> [UInt8]?) -> String {
    var answer = ""
    for index in 0..<format.count where answer.utf8.count < Self.longestAnswer {
      if let place = machine.symbols.place(of: address), index == 0 || place.offset == 0 {
        answer += "\(place.name)\(place.offset == 0 ? "" : "+0x\(String(place.offset, radix: 16))"):\r\n"
      }
      answer += "0x\(zeroPadded(address, to: 8)):  "
      // A compressed instruction may be the last thing in memory.
      guard let bytes = read(address, 4, 2) ?? read(address, 2, 2) else {
        return answer + "Cannot access memory\r\n"
      }
      let (text, length) = machine.disassemble(bytes, at: address)
      let word = bytes.prefix(length).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      answer += leftAligned(zeroPadded(word, to: length * 2), to: 18) + text + target(text) + "\r\n"
      address &+= UInt64(max(length, 2))
    }
    return answer
  }

  /// The symbol that a jump's comment "# 0x80000002" names.
  private func target(_ text: String) -> String {
    guard let mark = text.lastIndex(of: "#") else { return "" }
    let comment = text[text.index(after: mark)...].drop(while: Self.isSpace)
    guard comment.hasPrefix("0x"), let address = UInt64(comment.dropFirst(2), radix: 16),
      let label = machine.symbols.label(of: address)
    else { return "" }
    return " <\(label)>"
  }

  // MARK: Addresses

  private var tables: PageTables {
    let condition = machine.condition(ofHart: hart)
    return PageTables(satp: condition.satp, width: condition.width) { [machine] in
      machine.readMemory($0, count: $1)
    }
  }

  func physicalAddress(of virtual: UInt64) throws(MonitorError) -> String {
    let translates = machine.condition(ofHart: hart).privilege != .machine
    guard let physical = translates ? tables.physicalAddress(of: virtual) : virtual else {
      return "Unmapped\r\n"
    }
    return "gpa: 0x\(String(physical, radix: 16))\r\n"
  }

  func hostVirtualAddress(of address: UInt64) throws(MonitorError) -> String {
    let (range, host) = try hostPlace(of: address)
    return "Host virtual address for 0x\(String(address, radix: 16)) (\(range.name)) is "
      + "0x\(String(host, radix: 16))\r\n"
  }

  private func hostPlace(of address: UInt64) throws(MonitorError) -> (MemoryRange, UInt64) {
    let text = "0x\(String(address, radix: 16))"
    guard let range = machine.memoryMap.first(where: { $0.first <= address && address <= $0.last }) else {
      throw MonitorError("No memory is mapped at address \(text)")
    }
    guard let host = machine.hostAddress(of: address) else {
      throw MonitorError("Memory at address \(text) is not RAM")
    }
    return (range, host)
  }

  func hostPhysicalAddress(of address: UInt64) throws(MonitorError) -> String {
    let (range, host) = try hostPlace(of: address)
    func failure(_ reason: String) -> MonitorError {
      MonitorError("Error: Unable to get physical address of 0x\(String(address, radix: 16)): \(reason)")
    }
    // proc(5): 64 bits per page, the frame in the lower 55, all zero without CAP_SYS_ADMIN.
    guard let file = fopen("/proc/self/pagemap", "r") else {
      throw failure(String(cString: strerror(errno)))
    }
    defer { fclose(file) }
    var entry: UInt64 = 0
    let size = UInt64(sysconf(Int32(_SC_PAGESIZE)))
    guard fseek(file, Int(host / size * 8), SEEK_SET) == 0, fread(&entry, 8, 1, file) == 1 else {
      throw failure(String(cString: strerror(errno)))
    }
    guard entry >> 63 != 0 else { throw failure("the page is not in the host's memory now") }
    let frame = entry & (1 << 55 - 1)
    guard frame != 0 else { throw failure("the host shows frames to privileged processes only") }
    return "Host physical address for 0x\(String(address, radix: 16)) (\(range.name)) is "
      + "0x\(String(frame * size + host % size, radix: 16))\r\n"
  }

  /// The 16-bit checksum of sum(1) -r.
  func checksum(_ text: inout Substring) throws(MonitorError) -> String {
    var address = try number(&text)
    var left = try number(&text)
    var sum: UInt16 = 0
    let memory = machine.memoryMap.filter { $0.kind != "i/o" }
    while left > 0 {
      if let range = memory.first(where: { $0.first <= address && address <= $0.last }) {
        let count = min(left - 1, 0xffff, range.last - address) + 1
        for byte in machine.readMemory(address, count: Int(count)) ?? [] {
          sum = (sum >> 1 | sum << 15) &+ UInt16(byte)
        }
        address &+= count
        left -= count
      } else {
        // Elsewhere bytes count as zeros, as in QEMU.
        let next = memory.first { $0.first > address }?.first
        let count = next.map { min(left, $0 - address) } ?? left
        let turns = UInt16(count % 16)
        if turns > 0 { sum = sum >> turns | sum << (16 - turns) }
        address &+= count
        left -= count
      }
    }
    let digits = String(sum)
    return String(repeating: "0", count: 5 - digits.utf8.count) + digits + "\r\n"
  }

  // MARK: Files

  /// Splits off a file's name at the end, so that the slash at its beginning is no division.
  private func splitFileName(_ text: inout Substring) -> String {
    while let last = text.last, Self.isSpace(last) { text.removeLast() }
    if text.last == "\"", let open = text.dropLast().lastIndex(of: "\""),
      text[..<open].last.map(Self.isSpace) == true
    {
      var quoted = text[open...]
      text = text[..<open]
      return quotedWord(&quoted)
    }
    let name = text.reversed().prefix { !Self.isSpace($0) }
    text = text.dropLast(name.count)
    return String(name.reversed())
  }

  func saveMemory(_ text: inout Substring, isPhysical: Bool) throws(MonitorError) -> String {
    let command = isPhysical ? "pmemsave" : "memsave"
    var arguments = text
    let name = splitFileName(&arguments)
    var rest = arguments
    guard !arguments.allSatisfy(Self.isSpace) else {
      throw MonitorError("unexpected end of expression", suggestsHelp: true)
    }
    let address = try number(&rest)
    guard !rest.allSatisfy(Self.isSpace) else {
      throw MonitorError("\(command): string expected", suggestsHelp: true)
    }
    let size = try number(&rest)
    guard rest.allSatisfy(Self.isSpace) else {
      throw MonitorError("\(command): extraneous characters at the end of line", suggestsHelp: true)
    }
    guard size <= UInt64(UInt32.max) else {
      throw MonitorError("'\(command)' has failed: integer is for 32-bit values", suggestsHelp: true)
    }
    text = text[text.endIndex...]
    try saveMemory(at: address, count: size, to: name, isPhysical: isPhysical)
    return ""
  }

  func saveMemory(
    at address: UInt64, count size: UInt64, to name: String, isPhysical: Bool
  ) throws(MonitorError) {
    let file = try OutputFile(name)
    defer { file.close() }
    var done: UInt64 = 0
    while done < size {
      let at = address &+ done
      let count = min(size - done, isPhysical ? 1 << 16 : 4096 - at & 0xfff)
      let bytes =
        isPhysical
        ? machine.readMemory(at, count: Int(count))
          ?? [UInt8](repeating: 0, count: Int(count))
        : machine.readVirtual(at, count: Int(count), width: 1, hart: hart)
      guard let bytes else {
        throw MonitorError(
          "Error: Invalid addr 0x\(zeroPadded(address, to: 16))/size \(size) specified"
            + (done > 0 ? "\r\nNothing is mapped from 0x\(String(at, radix: 16)) on." : ""))
      }
      try file.write(bytes)
      done += count
    }
  }

  func dumpDeviceTree(_ text: inout Substring) throws(MonitorError) -> String {
    let name = fileName(&text)
    guard !name.isEmpty else { throw MonitorError("dumpdtb: filename expected", suggestsHelp: true) }
    try expectEnd(text, of: "dumpdtb")
    do throws(MonitorError) {
      let file = try OutputFile(name)
      defer { file.close() }
      try file.write(machine.flattenedDeviceTree)
    } catch {
      let reason = error.sentence.split(separator: ": ").last ?? ""
      throw MonitorError("Error: Error saving FDT to file \(name): \(reason)")
    }
    return "DTB dumped to '\(name)'\r\n"
  }

  func dumpGuestMemory(_ text: inout Substring) throws(MonitorError) -> String {
    let name = "dump-guest-memory"
    let flags = try flags(&text, "pdzlswR", of: name)
    let formats = flags.intersection("zlsw")
    guard formats.count <= 1 else { throw MonitorError("Error: only one of '-z|-l|-s|-w' can be set") }
    if let format = formats.first ?? flags.intersection("R").first {
      throw MonitorError(
        "Error: \(name) -\(format) is not there yet in Apus: without it the dump is an ELF core, which gdb and crash read"
      )
    }
    let path = fileName(&text)
    guard !path.isEmpty else { throw MonitorError("\(name): filename expected", suggestsHelp: true) }
    var part: (begin: UInt64, length: UInt64)?
    if !text.allSatisfy(Self.isSpace) {
      let begin = try number(&text)
      guard !text.allSatisfy(Self.isSpace) else {
        throw MonitorError("Error: Parameter 'length' is missing")
      }
      part = (begin, try number(&text))
    }
    try expectEnd(text, of: name)
    _ = try writeCore(to: path, seesVirtual: flags.contains("p"), part: part)
    return ""
  }

  /// An ELF core of all memory, or of a part of it; with virtual addresses as hart 0 sees them, or without. Gives
  /// the number of bytes of memory.
  func writeCore(
    to path: String, seesVirtual: Bool, part: (begin: UInt64, length: UInt64)?
  ) throws(MonitorError) -> UInt64 {
    if seesVirtual, part != nil {
      throw MonitorError("Error: cannot use both 'paging' and 'begin' / 'length'")
    }
    let condition = machine.condition(ofHart: 0)
    var core = CoreFile(
      is64Bit: condition.width == 64,
      harts: (0..<machine.hartCount).map { machine.registers(ofHart: $0) })
    for range in machine.memoryMap where ["ram", "rom"].contains(range.kind) {
      guard let part else {
        core.add(physical: range.first, size: range.last - range.first + 1)
        continue
      }
      let first = max(range.first, part.begin)
      let (end, overflow) = part.begin.addingReportingOverflow(part.length)
      let last = min(range.last, overflow ? .max : end &- 1)
      if part.length > 0, first <= last { core.add(physical: first, size: last - first + 1) }
    }
    if seesVirtual {
      let tables = PageTables(satp: condition.satp, width: condition.width) { [machine] in
        machine.readMemory($0, count: $1)
      }
      core.map(tables.mappings().rows)
    }
    guard !core.isEmpty else { throw MonitorError("Error: dump: no guest memory to dump") }
    let wasRunning = machine.runState == .running
    if wasRunning { machine.stop() }
    defer { if wasRunning { try? machine.resume() } }
    let file: OutputFile
    do throws(MonitorError) {
      file = try OutputFile(path)
    } catch {
      throw MonitorError(error.sentence.replacing("Could not open", with: "Could not create"))
    }
    defer { file.close() }
    try core.write(
      to: file, untouched: { [machine] in machine.untouchedBytes(at: $0) },
      reading: { [machine] in machine.readMemory($0, count: $1) })
    return core.size
  }
}
