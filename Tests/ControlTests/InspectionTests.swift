import Control
import Debugger
import Foundation
import RISCV
import Testing

/// A kernel with one function of 32 bytes at 0x80000000 and an object behind it.
private enum Kernel {
  static func bytes() -> [UInt8] {
    func bytes(_ fields: [(UInt64, Int)]) -> [UInt8] {
      fields.flatMap { value, size in (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    }
    let base: UInt64 = 0x8000_0000
    let names: [UInt8] = [0] + "main\0counter\0".utf8
    var table = [UInt8](repeating: 0, count: 24)
    table += bytes([(1, 4), (0x12, 1), (0, 1), (1, 2), (base, 8), (32, 8)])
    table += bytes([(6, 4), (0x11, 1), (0, 1), (2, 2), (base + 0x100, 8), (8, 8)])
    let start = 64 + 56
    let tableOffset = UInt64(start)
    let namesOffset = tableOffset + UInt64(table.count)
    let headers = namesOffset + UInt64(names.count)
    var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    file += bytes([(2, 2), (243, 2), (1, 4), (base, 8), (64, 8), (headers, 8), (0, 4)])
    file += bytes([(64, 2), (56, 2), (1, 2), (64, 2), (5, 2), (0, 2)])
    file += bytes([(1, 4), (7, 4), (0, 8), (base, 8), (base, 8), (0x200, 8), (0x200, 8), (4096, 8)])
    file += table + names
    for row: [UInt64] in [
      [0, 0, 0, 0, 0, 0], [1, 6, base, 0, 0x100, 0], [1, 3, base + 0x100, 0, 0x100, 0],
      [2, 0, 0, tableOffset, UInt64(table.count), 4], [3, 0, 0, namesOffset, UInt64(names.count), 0],
    ] {
      file += bytes(
        [(0, 4), (row[0], 4)] + row[1...4].map { ($0, 8) } + [(row[5], 4), (0, 4), (8, 8), (24, 8)])
    }
    return file
  }

  static func machine() throws -> MockMachine {
    MockMachine(symbols: GuestSymbols(images: [try #require(GuestImage(bytes: bytes(), name: "kernel"))]))
  }
}

@Suite("What QEMU's monitor lacks")
struct InspectionTests {
  @Test("symbols and registers stand in expressions, and a misspelt one is named")
  func expressions() throws {
    let session = session(try Kernel.machine())
    let answers: [(String, String)] = [
      ("p main", "0x80000000\r\n"), ("p main+4", "0x80000004\r\n"), ("p counter-main", "0x100\r\n"),
      ("p $mie", "0x80\r\n"), ("p $priv", "0x1\r\n"), ("p $x10", "0xaa\r\n"), ("p $a0", "0xaa\r\n"),
      (
        "p mian",
        "invalid char 'm' in expression: the guest has no symbol 'mian'; did you mean 'main'?\r\n"
          + "Try \"help p\" for more information\r\n"
      ),
      (
        "p pc",
        "invalid char 'p' in expression: the guest has no symbol 'pc'; the register is $pc\r\n"
          + "Try \"help p\" for more information\r\n"
      ),
      (
        "xp/2i main",
        "main:\r\n0x80000000:  0100              nop\r\n0x80000002:  0302              nop\r\n"
      ),
      ("xp/1i main+2", "main+0x2:\r\n0x80000002:  0302              nop\r\n"),
      ("symbols", "kernel: symbols\r\n"),
      (
        "symbols /nonexistent",
        "Error: '/nonexistent' is no linked ELF file for RISC-V, or cannot be read\r\n"
      ),
    ]
    for (line, answer) in answers { #expect(session.execute(line) == answer, "\(line)") }
    // Without symbols QEMU's sentence stands alone.
    #expect(
      MonitorSession(machine: MockMachine(), version: "").execute("p main")
        == "invalid char 'm' in expression\r\nTry \"help p\" for more information\r\n")
  }

  @Test("unknown commands: what was meant, and what QEMU has")
  func unknown() {
    let session = session()
    let answers: [(String, String)] = [
      ("foo", "unknown command: 'foo'\r\n"), ("stpo", "unknown command: 'stpo'\r\nDid you mean 'stop'?\r\n"),
      ("info regsters", "unknown command: 'info regsters'\r\nDid you mean 'info registers'?\r\n"),
      ("registers", "unknown command: 'registers'\r\nDid you mean 'info registers'?\r\n"),
      ("savevm a", "savevm: this command exists in QEMU; it is not there yet in Apus\r\n"),
      ("info usb", "info usb: this command exists in QEMU; it is not there yet in Apus\r\n"),
    ]
    for (line, answer) in answers { #expect(session.execute(line) == answer, "\(line)") }
    let help = session.execute("help")
    #expect(help.contains("\r\nwalk addr -- show the page walk"))
    #expect(help.contains("QEMU also has, and Apus has not yet:\r\n    announce_self balloon"))
    for line in help.split(separator: "\r\n").filter({ $0.hasPrefix("    ") }) {
      #expect(line.utf8.count <= 78)
    }
  }

  /// Every row of both tables: an example is a command that there is.
  @Test("each command has examples, and all of them are lines that it takes")
  func examples() {
    let session = session()
    for line in session.execute("help").split(separator: "\r\n") where line.contains(" -- ") {
      let name = line.split(whereSeparator: { " |".contains($0) })[0]
      let page = session.execute("help \(name)")
      if name == "log" { continue }
      #expect(page.split(separator: "\r\n").count > 1, "\(name)")
      for example in page.split(separator: "\r\n").dropFirst() {
        let command = example.split(separator: " ").first?.prefix { $0 != "/" } ?? ""
        #expect(!session.execute("help \(command)").hasPrefix("unknown"), "\(example)")
      }
    }
    for line in session.execute("info").split(separator: "\r\n") {
      let name = line.split(separator: " ")[1]
      #expect(session.execute("help info \(name)").split(separator: "\r\n").count > 1, "\(name)")
    }
  }

  @Test("info trap: causes by name, places, repeats")
  func traps() throws {
    let machine = try Kernel.machine()
    machine.state.withLock {
      $0.condition.trapCount = 8
      $0.condition.traps = [
        TrapRecord(
          pc: 0x8000_0004, cause: 7, isInterrupt: true, value: 0, from: .user, handler: .machine,
          target: 0x8000_0010, instructions: 5),
        TrapRecord(
          pc: 0x8000_0008, cause: 13, isInterrupt: false, value: 0x8000_0104, from: .supervisor,
          handler: .supervisor, target: 0, instructions: 9, count: 3),
      ]
    }
    #expect(
      session(machine).execute("info trap 0") == """
        CPU #0: 8 traps since reset, the last 4 of them\r
          machine timer interrupt at 0x80000004 <main+0x4>, U -> M, handler 0x80000010 <main+0x10>, instruction 5\r
          load page fault at 0x80000008 <main+0x8>, tval 0x80000104 <counter+0x4>, S -> S, handler 0x0, instruction 9, 3 times in a row\r

        """)
    #expect(session().execute("info trap 1") == "CPU #1: no traps since reset\r\n")
    #expect(session().execute("info trap 2") == "CPU#2 not available\r\n")
  }

  /// Sv39: the page at 0 is 0x80004000, user and not writable; 2 MiB at 0x200000; the next is not mapped.
  private func paged() -> MockMachine {
    let machine = MockMachine()
    machine.state.withLock { state in
      state.condition.satp = 8 << 60 | 0x80001
      func put(_ entry: UInt64, _ offset: Int) {
        for i in 0..<8 { state.ram[offset + i] = UInt8(truncatingIfNeeded: entry >> UInt64(8 * i)) }
      }
      for i in 0x1000..<0x4000 { state.ram[i] = 0 }
      put(0x80002 << 10 | 1, 0x1000)
      put(0x80003 << 10 | 1, 0x2000)
      put(0x80200 << 10 | 0xe7, 0x2008)
      put(0x80004 << 10 | 0x53, 0x3000)
      put(0x80005 << 10 | 0x53, 0x3008)
    }
    return machine
  }

  @Test("info mem has QEMU's columns, then the pages")
  func mappings() {
    #expect(session().execute("info mem") == "No translation or protection\r\n")
    #expect(
      session(paged()).execute("info mem") == """
        vaddr            paddr            size             attr     pages\r
        ---------------- ---------------- ---------------- -------  ----------\r
        0000000000000000 0000000080004000 0000000000002000 r--u-a-  2 x 4 KiB\r
        0000000000200000 0000000080200000 0000000000200000 rw--gad  1 x 2 MiB\r

        """)
  }

  @Test("tables that contain themselves come to an end")
  func endlessTables() {
    let machine = MockMachine()
    machine.state.withLock { state in
      state.condition.satp = 10 << 60 | 0x80001
      for i in 0..<512 {
        for j in 0..<8 {
          state.ram[0x1000 + 8 * i + j] = UInt8(
            truncatingIfNeeded: (UInt64(0x80001) << 10 | 1) >> UInt64(8 * j))
        }
      }
    }
    #expect(
      session(machine).execute("info mem").contains("page tables: some of them probably contain themselves"))
  }

  @Test("walk shows each step, the page, PMP and who may do what")
  func walk() {
    let session = session(paged())
    #expect(
      session.execute("walk 0x10") == """
        CPU #0 in supervisor mode, satp 0x8000000000080001: Sv39, ASID 0, root table at 0x80001000\r
        level 2: entry 0 of the table at 0x80001000, at 0x80001000: 0x0000000020000801, the next table is at 0x80002000\r
        level 1: entry 0 of the table at 0x80002000, at 0x80002000: 0x0000000020000c01, the next table is at 0x80003000\r
        level 0: entry 0 of the table at 0x80003000, at 0x80003000: 0x0000000020001053, a page: r--u-a-\r
        0x10 is 0x80004010, in a page of 4 KiB\r
        there: ram (ram), 0x4010 bytes in\r
        PMP: the hart has none\r
        supervisor mode: load page fault (a user page, and SUM is 0); store page fault (a user page, and SUM is 0); fetch page fault (a user page)\r

        """)
    #expect(
      session.execute("walk 0x400000").hasSuffix(
        "page fault: the entry's V bit is 0, 0x400000 is not mapped\r\n"))
    #expect(
      session.execute("walk 0x8000000000").hasSuffix(
        "page fault: bits 39 to 63 of 0x8000000000 must all equal bit 38\r\n"))
    #expect(session.execute("gva2gpa 0x1008") == "gpa: 0x80005008\r\n")
    #expect(session.execute("gva2gpa 0x400000") == "Unmapped\r\n")
  }

  @Test("walk without translation tells of PMP")
  func bareWalk() {
    let machine = MockMachine()
    machine.state.withLock {
      $0.condition.privilege = .machine
      $0.condition.pmp = [(0, 0), (0x1f, 0x2000_1fff)]
    }
    #expect(
      session(machine).execute("walk 0x80000010") == """
        CPU #0 in machine mode, satp 0x0000000000000000: Bare, addresses are physical\r
        there: ram (ram), 0x10 bytes in\r
        PMP entry 1: NAPOT 0x80000000-0x8000ffff rwx\r
        machine mode: load allowed; store allowed; fetch allowed\r
        supervisor mode: load allowed; store allowed; fetch allowed\r
        user mode: load allowed; store allowed; fetch allowed\r

        """)
    #expect(
      session(machine).execute("walk 0x10").contains(
        "there: nothing, every access is an access fault\r\nPMP: no entry matches: only machine mode may come here\r\n"
      ))
  }

  @Test("info pic says who is interrupted, and why not")
  func interrupts() {
    let text = session().execute("info pic")
    #expect(text.contains("       8 virtio-mmio-bus.7        high  yes     no             1 hart 0 S\r\n"))
    #expect(!text.contains("      20"))
    #expect(text.contains("  hart 0 S: threshold 0, interrupted by source 8\r\n"))
    #expect(
      text.contains(
        "  hart 1 S: threshold 0, not interrupted (source 10 is pending, but its priority 0 is not above the threshold)\r\n"
      ))
    #expect(
      text.contains("  hart 0: msip 1, mtimecmp 0x32 (due)\r\n  hart 1: msip 0, mtimecmp 0x63 (in 3 us)\r\n"))
    #expect(
      text.contains(
        "CPU #0 in supervisor mode: pending MTI; enabled in mie MTI; mideleg SSI STI SEI; mstatus.MIE 0, SIE 0\r\n"
      ))
  }

  @Test("devices: drives, virtio, objects")
  func devices() {
    let session = session()
    let answers: [(String, String)] = [
      (
        "info block",
        "d0: disk.img (raw, read-only)\r\n    Attached to:      /machine/peripheral/d\r\n"
          + "    Cache mode:       writeback\r\n"
      ), ("info block nope", ""), ("info virtio", "/machine/peripheral/d [virtio-blk]\r\n"),
      ("info virtio-status nope", "Error: Path nope is not a realized VirtIODevice\r\n"),
      ("info virtio-queue-status /machine/peripheral/d 7", "Error: Invalid virtqueue number 7\r\n"),
      (
        "info qom-tree /machine/peripheral", "/peripheral (container)\r\n  /d (virtio-blk-device)\r\n"
      ), ("info qom-tree /foo", "Path '/foo' could not be resolved.\r\n"),
      (
        "info qtree -b",
        "bus: main-system-bus\r\n  type System\r\n  dev: virtio-mmio, id \"\"\r\n"
          + "    bus: virtio-mmio-bus.7\r\n      type virtio-mmio-bus\r\n"
          + "      dev: virtio-blk-device, id \"d\"\r\n"
      ),
      ("info mtree -z", "mtree: unsupported option -z\r\nTry \"help info mtree\" for more information\r\n"),
      (
        "info tlb",
        "vaddr            paddr            attr view\r\n0000000000001000 0000000080001000 r-x  user\r\n"
      ),
      ("info uuid", "00000000-0000-0000-0000-000000000000\r\n"), ("info name", ""),
      ("info memory_size_summary", "base memory: 65536\r\n"),
    ]
    for (line, answer) in answers { #expect(session.execute(line) == answer, "\(line)") }
    #expect(session.execute("info block -v d0").contains("virtual size: 7.5 KiB (7680 bytes)\r\n"))
    #expect(session.execute("info history").hasPrefix("0: 'info block'\r\n1: 'info block nope'\r\n"))
    let status = session.execute("info virtio-status /machine/peripheral/d")
    #expect(status.contains("\tVIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready\r\n"))
    #expect(status.contains("Host features:\r\n\tVIRTIO_BLK_F_FLUSH,\r\n\tVIRTIO_RING_F_EVENT_IDX\r\n"))
    #expect(
      session.execute("info virtio-queue-status /machine/peripheral/d 0").contains(
        "  used_idx:             2\r\n"))
  }

  @Test("Tab offers commands, registers, symbols, ids")
  func completion() throws {
    let session = session(try Kernel.machine())
    let lines: [(String, [String])] = [
      ("sto", ["stop"]), ("info vir", ["virtio", "virtio-queue-status", "virtio-status"]),
      ("help wal", ["walk"]), ("help info tl", ["tlb"]), ("p mai", ["main"]), ("x/4i 3+cou", ["counter"]),
      ("p $mhart", ["$mhartid"]), ("p $s1", ["$s1", "$s10", "$s11"]),
      ("log in", ["in_asm", "int", "invalid_mem"]),
      ("log int,exe", ["exec"]), ("commit d", ["d0"]), ("info virtio-status /m", ["/machine/peripheral/d"]),
      ("ringbuf_read ", []), ("ringbuf_read r", []), ("one-insn-per-tb o", ["off", "on"]), ("foo b", []),
      ("p 12", []), ("quit x", []),
    ]
    for (line, words) in lines where !line.hasPrefix("ringbuf") {
      #expect(session.completions(of: line).words == words, "\(line)")
    }
    #expect(session.completions(of: "").words.count > 20)
    #expect(session.completions(of: "x/4i 3+cou").replaced == 3)
  }

  @Test("saving memory, the device tree, and all of it")
  func files() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func contents(_ name: String) throws -> [UInt8] {
      [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    }
    let session = session()
    let answers: [(String, String)] = [
      ("pmemsave 0x80000002 4 \(folder.path)/a", ""), ("memsave 2 4 \"\(folder.path)/b c\"", ""),
      ("dumpdtb \(folder.path)/d", "DTB dumped to '\(folder.path)/d'\r\n"),
      ("dump-guest-memory \(folder.path)/core", ""),
      ("memsave 0x80000000 16", "memsave: string expected\r\nTry \"help memsave\" for more information\r\n"),
      ("memsave", "unexpected end of expression\r\nTry \"help memsave\" for more information\r\n"),
      (
        "memsave 0x80000000 16 \(folder.path)/e",
        "Error: Invalid addr 0x0000000080000000/size 16 specified\r\n"
      ),
      (
        "pmemsave 0 0x1ffffffff x",
        "'pmemsave' has failed: integer is for 32-bit values\r\nTry \"help pmemsave\" for more information\r\n"
      ),
      (
        "memsave 0 16 /nonexistent/x", "Error: Could not open '/nonexistent/x': No such file or directory\r\n"
      ),
      (
        "dump-guest-memory /nonexistent/x",
        "Error: Could not create '/nonexistent/x': No such file or directory\r\n"
      ), ("dump-guest-memory x 0x80000000", "Error: Parameter 'length' is missing\r\n"),
      ("dump-guest-memory x 0 0x500", "Error: dump: no guest memory to dump\r\n"),
      ("dump-guest-memory -z -l x", "Error: only one of '-z|-l|-s|-w' can be set\r\n"),
      ("sum 0x80000000 0x100", "00512\r\n"), ("sum 0x80000000 0", "00000\r\n"),
      ("gpa2hva 0x80000000", "Host virtual address for 0x80000000 (ram) is 0x700080000000\r\n"),
      ("gpa2hva 0", "No memory is mapped at address 0x0\r\n"),
      ("one-insn-per-tb foo", "unexpected option foo\r\n"), ("one-insn-per-tb", ""),
      ("system_wakeup", "Error: wake-up from suspend is not supported by this guest\r\n"),
    ]
    for (line, answer) in answers { #expect(session.execute(line) == answer, "\(line)") }
    // Nothing happens before the line is known to be right.
    #expect(
      session.execute("dumpdtb \(folder.path)/never x")
        == "dumpdtb: extraneous characters at the end of line\r\nTry \"help dumpdtb\" for more information\r\n"
    )
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/never"))
    #expect(try contents("a") == [2, 3, 4, 5])
    #expect(try contents("b c") == [2, 3, 4, 5])
    #expect(try contents("d") == [0xd0, 0x0d, 0xfe, 0xed])
    let core = try contents("core")
    #expect(core.count == 4096 + 65536)
    #expect(core[16] == 4)
    #expect(core[4096 + 0x1234] == 0x34)
  }
}
