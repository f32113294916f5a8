import Consoles
import Control
import Foundation
import Logging
import Machine
import RISCV
import Synchronization
import Testing

@Suite("The monitor answers as QEMU's does")
struct MonitorCommandTests {
  static let answers: [(String, String)] = [
    ("", ""), ("   ", ""), ("foo", "unknown command: 'foo'\r\n"),
    ("info foo", "unknown command: 'info foo'\r\n"),
    ("info status", "VM status: running\r\n"), ("info version", "v\r\n"),
    (
      "quit 3",
      "quit|q: extraneous characters at the end of line\r\nTry \"help quit\" for more information\r\n"
    ),
    (
      "info roms x",
      "roms: extraneous characters at the end of line\r\nTry \"help info roms\" for more information\r\n"
    ),
    ("commit all", ""), ("commit foo", "Device 'foo' not found\r\n"),
    (
      "commit", "commit: block device name expected\r\nTry \"help commit\" for more information\r\n"
    ),
    ("cpu 7", "invalid CPU index\r\n"), ("cpu 1", ""),
    ("cpu", "unexpected end of expression\r\nTry \"help cpu\" for more information\r\n"),
    ("info registers 5", "CPU#5 not available\r\n"),
    (
      "help q", "quit|q  -- quit the emulator\r\n    q  the same as Ctrl-a x on the terminal\r\n"
    ),
    ("help foo", "unknown command: 'foo'\r\n"),
    (
      "help info status",
      "info status  -- show the current VM status (running|paused)\r\n"
        + "    info status  running, paused, or paused (shutdown)\r\n"
    ),
    ("info roms", "addr=0000000080000000 size=0x000100 mem=ram name=\"fdt\"\r\n"),
    ("p 1+2*3", "0x7\r\n"), ("p/d -5", "-5\r\n"), ("p/c 65", "'A'\r\n"), ("p/o 8", "010\r\n"),
    ("p/i 3", "3\r\n"),
    ("p/u -1", "18446744073709551615\r\n"), ("p/d 1+1&1", "2\r\n"), ("p/d (1+2)*4&3|8^1", "9\r\n"),
    ("p ( 3 )", "0x3\r\n"),
    ("p 7%%4", "invalid char '%' in expression\r\nTry \"help p\" for more information\r\n"),
    ("p 1/0", "division by zero\r\nTry \"help p\" for more information\r\n"),
    ("p 1+", "unexpected end of expression\r\nTry \"help p\" for more information\r\n"),
    ("p 1 2", "print|p: extraneous characters at the end of line\r\nTry \"help p\" for more information\r\n"),
    ("p $foo", "unknown register\r\nTry \"help p\" for more information\r\n"),
    ("p 0x10000000000000000", "number too large\r\nTry \"help p\" for more information\r\n"),
    ("p $pc", "0x80000000\r\n"), ("p $a0+$x1", "0xbb\r\n"), ("print $sp", "0x22\r\n"),
    ("xp/4xw 0x80000000", "0000000080000000: 0x03020100 0x07060504 0x0b0a0908 0x0f0e0d0c\r\n"),
    (
      "xp/10xb 0x80000000",
      "0000000080000000: 0x00 0x01 0x02 0x03 0x04 0x05 0x06 0x07\r\n0000000080000008: 0x08 0x09\r\n"
    ),
    ("xp/1xg 0x80000000", "0000000080000000: 0x0706050403020100\r\n"),
    ("xp /2dh 0x80000000", "0000000080000000:   256   770\r\n"),
    ("xp/2uw 0x80000000", "0000000080000000:   50462976  117835012\r\n"),
    ("xp/1ow 0x80000000", "0000000080000000:  0300400400\r\n"),
    ("xp/1cw 0x80000041", "0000000080000041: 'A' 'B' 'C' 'D'\r\n"),
    ("xp/1xw 0x10000000", "0000000010000000: 0xaaaaaaaa\r\n"), ("xp/0x 0x80000000", ""),
    ("xp/2xw 5", "0000000000000005: Cannot access memory\r\n"),
    ("xp/1xw -1", "ffffffffffffffff: Cannot access memory\r\n"),
    ("x/1xw 0", "0000000000000000: 0x03020100\r\n"),
    ("xp/2i 0x80000000", "0x80000000:  0100              nop\r\n0x80000002:  0302              nop\r\n"),
    ("xp/2zz 0", "invalid char in format: 'z'\r\nTry \"help xp\" for more information\r\n"),
    ("log", "log: string expected\r\nTry \"help log\" for more information\r\n"),
    (
      "log int extra",
      "log: extraneous characters at the end of line\r\nTry \"help log\" for more information\r\n"
    ),
    ("logfile /nonexistent/x", "Error opening logfile /nonexistent/x: No such file or directory\r\n"),
    (
      "help logfile",
      "logfile filename -- output logs to 'filename'\r\n"
        + "    logfile /tmp/log  from now on to that file, not to standard error\r\n"
    ),
    ("system_powerdown", "Error: no power button\r\n"),
    ("info cpus", "* CPU #0:\r\n  CPU #1:\r\n"),
  ]

  @Test("word for word", arguments: answers)
  func answer(_ line: String, _ expected: String) {
    #expect(session().execute(line) == expected)
  }

  @Test("Commands reach the machine")
  func control() {
    let machine = MockMachine()
    let session = session(machine)
    for line in ["stop", "info status"] { _ = session.execute(line) }
    #expect(session.execute("info status") == "VM status: paused\r\n")
    _ = session.execute("c")
    #expect(session.execute("info status") == "VM status: running\r\n")
    _ = session.execute("system_reset")
    _ = session.execute("q")
    #expect(machine.state.withLock { $0.log } == ["reset", "quit"])
    #expect(session.isOver)
  }

  @Test("log turns items on and off while the machine runs")
  func log() {
    let machine = MockMachine()
    let session = session(machine)
    #expect(session.execute("log int,cpu") == "")
    #expect(machine.log.items == [.interrupts, .registers])
    // Nothing changes for a word that is no item.
    #expect(
      session.execute("log foo").hasPrefix(
        "Log items (comma separated):\r\nnone            remove all logs\r\n"))
    #expect(machine.log.items == [.interrupts, .registers])
    #expect(session.execute("help log") == session.execute("log foo"))
    #expect(session.execute("log none") == "")
    #expect(machine.log.items == [])
  }

  @Test("info registers prints QEMU's columns")
  func registers() {
    let text = session().execute("info registers")
    let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
    #expect(
      lines.prefix(5) == [
        "", "CPU#0", " pc       0000000080000000", " mhartid  0000000000000000", " satp     0000000000000000",
      ])
    #expect(
      lines[5]
        == " x0/zero  0000000000000000 x1/ra    0000000000000011 x2/sp    0000000000000022 x3/gp    0000000000000033"
    )
    #expect(lines[13] == " fcsr     0000000000000000")
    #expect(lines[14].hasPrefix(" f0/ft0   0000000000000000 f1/ft1   0000000000000001"))
    #expect(session().execute("info registers -a").contains("CPU#1\r\n"))
    #expect(!session().execute("info registers 1").contains("f0/ft0"))
  }

  @Test("info mtree and info qtree list what is there")
  func trees() {
    #expect(
      session().execute("info mtree").contains("    0000000080000000-000000008000ffff (prio 0, ram): ram\r\n")
    )
    #expect(
      session().execute("info mtree -f").contains(
        "\r\n  0000000080000000-000000008000ffff (prio 0, ram): ram\r\n"))
    #expect(
      session().execute("info qtree")
        == """
        bus: main-system-bus
          type System
          dev: virtio-mmio, id ""
            mmio 0000000010008000/0000000000000200
            bus: virtio-mmio-bus.7
              type virtio-mmio-bus
              dev: virtio-blk-device, id "d"
                serial = S

        """.replacingLineEnds)
  }

  @Test("The format of one command holds for the next")
  func sticky() {
    let session = session()
    _ = session.execute("p/u 1")
    #expect(session.execute("p 16") == "16\r\n")
    #expect(session.execute("cpu 1") == "")
    #expect(session.execute("p/x $pc") == "0x80000004\r\n")
  }

  /// `APUS_MONITOR_SEED=fresh` and `APUS_MONITOR_ROUNDS=` a factor for more.
  @Test("No line makes the monitor stumble")
  func garbage() {
    let session = session()
    let environment = ProcessInfo.processInfo.environment
    var state: UInt64 =
      environment["APUS_MONITOR_SEED"] == "fresh" ? .random(in: 1 ... .max) : 0x9e37_79b9_7f4a_7c15
    let rounds = 5000 * (environment["APUS_MONITOR_ROUNDS"].flatMap { Int($0) } ?? 1)
    func next(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    // Each command that writes no file.
    let writers: Set<String> = ["memsave", "pmemsave", "dumpdtb", "dump-guest-memory", "logfile", "log"]
    func names(_ text: String, _ column: Int) -> [String] {
      text.split(separator: "\r\n").filter { $0.contains(" -- ") }.map {
        String($0.split(whereSeparator: { " |".contains($0) })[column])
      }
    }
    let commands = names(session.execute("help"), 0).filter { !writers.contains($0) }
    let information = names(session.execute("info"), 1).map { "info " + $0 }
    let pieces = [
      "/", "4", "-", "(", ")", "0x", "$", "$pc", "$satp", "'", "\"", "99999999999", "é", "i", "c", "w", "g",
      " ",
      "~", "0x80000000", "-1", "0xffffffffffffffff", "main", "%", "*", "+", "-a", "-f",
      "/machine/peripheral/d",
      "0", "1", "\t", "\u{0}", ",",
    ]
    for _ in 0..<rounds {
      var line =
        next(8) == 0
        ? "" : next(2) == 0 ? commands[next(commands.count)] : information[next(information.count)]
      for _ in 0..<next(8) { line += (next(3) == 0 ? " " : "") + pieces[next(pieces.count)] }
      // A count of millions is no accident.
      guard !line.contains("999") || !line.contains("/") else { continue }
      _ = session.execute(line)
      _ = session.completions(of: line)
    }
    for writer in writers.subtracting(["log", "logfile"]) {
      for _ in 0..<rounds / 50 {
        // Their file's name is the last word, or the first.
        var arguments = ""
        for _ in 0..<next(4) { arguments += pieces[next(pieces.count)] + " " }
        arguments = arguments.replacing("\"", with: "")
        _ = session.execute(
          writer.hasSuffix("save") ? "\(writer) \(arguments) /dev/null" : "\(writer) /dev/null \(arguments)")
      }
    }
    #expect(session.execute("p " + String(repeating: "(", count: 5000)).contains("nested"))
    for length in [0, 1, 4096] { _ = session.completions(of: String(repeating: "x", count: length)) }
  }
}

extension String {
  fileprivate var replacingLineEnds: String { split(separator: "\n").map { $0 + "\r\n" }.joined() }
}

@Suite("The monitor on a terminal")
struct MonitorTerminalTests {
  fileprivate final class Screen: CharacterBackEnd {
    let bytes = Mutex<[UInt8]>([])
    let frontEnd = Mutex<(any CharacterFrontEnd)?>(nil)
    func send(_ more: [UInt8]) { bytes.withLock { $0 += more } }
    func attach(_ new: (any CharacterFrontEnd)?) { frontEnd.withLock { $0 = new } }
    func acceptInput() {}
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
  }

  @Test("It greets, echoes each key once, edits and remembers")
  func conversation() async throws {
    let screen = Screen()
    Monitor(session: session(), output: screen, banner: "hello").start()
    let frontEnd = try #require(screen.frontEnd.withLock { $0 })
    frontEnd.receive(Array("p 1x\u{7f}2\r\u{1b}[A\n".utf8)[...])
    let expected =
      "hello\r\n(qemu) p 1x\u{8} \u{8}2\r\n0xc\r\n(qemu) p 12\r\n0xc\r\n(qemu) "
    for _ in 0..<500 where screen.text != expected { try await Task.sleep(nanoseconds: 10_000_000) }
    #expect(screen.text == expected)
  }
}

extension MonitorTerminalTests {
  @Test("Tab completes, and lists what there is where it cannot")
  func completion() async throws {
    let screen = Screen()
    Monitor(session: session(), output: screen, banner: "hello").start()
    let frontEnd = try #require(screen.frontEnd.withLock { $0 })
    frontEnd.receive(Array("inf\tstat\t\ninfo virtio-\ts\t nope\nfo\t\u{15}p $mi\tp\n".utf8)[...])
    let expected =
      "hello\r\n(qemu) info status \r\nVM status: running\r\n(qemu) info virtio-\r\n"
      + "virtio-queue-status  virtio-status        \r\n(qemu) info virtio-status  nope\r\n"
      + "Error: Path nope is not a realized VirtIODevice\r\n(qemu) fo\u{8} \u{8}\u{8} \u{8}p $mip\r\n"
      + "0x80\r\n(qemu) "
    for _ in 0..<500 where screen.text != expected { try await Task.sleep(nanoseconds: 10_000_000) }
    #expect(screen.text == expected)
  }
}

@Suite("Page tables, looked at")
struct PageTableTests {
  @Test("Sv39 leaves of all sizes, and holes")
  func sv39() {
    var memory: [UInt64: UInt64] = [:]
    memory[0x1000] = 0x2 << 10 | 1  // root[0] → table at 0x2000
    memory[0x1008] = 0x4_0000 << 10 | 0xf  // root[1]: 1 GiB at 0x4000_0000
    memory[0x2000] = 0x3 << 10 | 1  // → table at 0x3000
    memory[0x2008] = 0x200 << 10 | 0xf  // 2 MiB at 0x20_0000
    memory[0x3000] = 0x55 << 10 | 0xf  // 4 KiB at 0x5_5000
    memory[0x3080] = 1 << 63 | 0x68 << 10 | 0xf  // index 16: 64 KiB at 0x6_0000
    let tables = PageTables(satp: 8 << 60 | 1, width: 64) { address, count in
      guard count == 8, let entry = memory[address] else { return nil }
      return withUnsafeBytes(of: entry.littleEndian) { Array($0) }
    }
    #expect(tables.physicalAddress(of: 0x123) == 0x5_5123)
    #expect(tables.physicalAddress(of: 0x1_0123) == 0x6_0123)
    #expect(tables.physicalAddress(of: 0x20_1234) == 0x20_1234)
    #expect(tables.physicalAddress(of: 0x4012_3456) == 0x4012_3456)
    #expect(tables.physicalAddress(of: 0x1000) == nil)
    #expect(tables.physicalAddress(of: 0x8000_0000) == nil)
  }

  @Test("No translation leaves addresses as they are")
  func bare() {
    #expect(PageTables(satp: 0, width: 64) { _, _ in nil }.physicalAddress(of: 42) == 42)
  }
}

@Suite("Character back ends in the monitor")
struct CharacterBackEndCommandTests {
  @Test("ringbuf_write and ringbuf_read, and what QEMU says where they cannot")
  func ringBuffers() {
    let session = session()
    #expect(session.execute("info chardev") == "serial0: filename=pty:/dev/pts/3\r\nr: filename=ringbuf\r\n")
    #expect(session.execute("ringbuf_write r abcdefgh") == "")
    #expect(session.execute("ringbuf_read r 3") == "abc\r\n")
    #expect(session.execute("ringbuf_write r 01234567890123456789") == "")
    #expect(session.execute("ringbuf_read r 100") == "4567890123456789\r\n")
    #expect(session.execute("ringbuf_write r \"a b\"") == "")
    #expect(session.execute("ringbuf_read r 9") == "a b\r\n")
    #expect(session.execute("ringbuf_write r a\\nb") == "")
    #expect(session.execute("ringbuf_read r 9") == "a\\\\nb\r\n")
    #expect(session.execute("ringbuf_read r 0") == "Error: size must be greater than zero\r\n")
    #expect(session.execute("ringbuf_read x 1") == "Error: Device 'x' not found\r\n")
    #expect(session.execute("ringbuf_write serial0 a") == "Error: serial0 is not a ringbuf device\r\n")
    #expect(
      session.execute("ringbuf_read r")
        == "unexpected end of expression\r\nTry \"help ringbuf_read\" for more information\r\n")
    #expect(
      session.execute("ringbuf_write r a b")
        == "ringbuf_write: extraneous characters at the end of line\r\n"
        + "Try \"help ringbuf_write\" for more information\r\n")
  }
}
