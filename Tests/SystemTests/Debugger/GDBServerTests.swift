import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// The server itself, byte by byte.
  struct GDBServerTests {
    private func emulator(_ options: [String], in folder: TemporaryFolder) async throws -> DebuggedEmulator {
      try DebuggedEmulator(
        [try Programs.emulator] + DebuggedGuest.machine + ["-kernel", try await DebuggedGuest.kernel]
          + options,
        in: folder)
    }

    private static let served = ["-smp", "2", "-S", "-gdb", "unix:DIR/gdb"]

    @Test("one debugger after the other is served, and takes its breakpoints along")
    func connections() async throws {
      let folder = try TemporaryFolder()
      let machine = try await emulator(Self.served, in: folder)
      let address = try await DebuggedGuest.address("fibonacci")
      for round in 0..<3 {
        let client = try GDBClient(path: folder.path("gdb"))
        #expect(client.ask("?")?.hasPrefix("T05thread:01;") == true)
        // Left behind by the one before, it would stop this one in its first recursion.
        if round == 0 { #expect(client.ask("Z0,\(address),2") == "OK") }
      }
      let client = try GDBClient(path: folder.path("gdb"))
      #expect(client.ask("vCont;c") == "W03")
      #expect(machine.end() == 3)
    }

    @Test("a guest's breakpoint is told with its kind and the registers that GDB wants first")
    func breakpoints() async throws {
      let folder = try TemporaryFolder()
      let machine = try await emulator(Self.served, in: folder)
      let client = try GDBClient(path: folder.path("gdb"))
      let address = try await DebuggedGuest.address("high_work")
      _ = client.ask("qSupported:multiprocess+;swbreak+;hwbreak+")
      #expect(client.ask("QStartNoAckMode") == "OK")
      #expect(client.ask("Z1,\(address),4") == "OK")
      #expect(client.ask("vCont;c:p1.-1")?.hasPrefix("T05thread:p01.01;hwbreak:;") == true)
      #expect(client.pc.map { String($0, radix: 16) } == address)
      for packet in ["bc", "bs"] { #expect(client.ask(packet) == "E22") }
      #expect(client.ask("vCont;c:p1.-1") == "W03;process:1")
      #expect(machine.end() == 3)
    }

    @Test("a kernel's code can be read where it is linked before it is mapped there")
    func linkedAddresses() async throws {
      let folder = try TemporaryFolder()
      let machine = try await emulator(Self.served, in: folder)
      let client = try GDBClient(path: folder.path("gdb"))
      let address = try await DebuggedGuest.address("leave_supervisor")
      // li a7, 1; ecall
      #expect(client.ask("m\(address),8") == "9308100073000000")
      #expect(client.ask("mffffffff90000000,8") == "E14")
      #expect(client.ask("Qqemu.PhyMemMode:1") == "OK")
      #expect(client.ask("m\(address),8") == "E14")
      #expect(client.ask("m80010000,8") == "9308100073000000")
      withExtendedLifetime(machine) {}
    }

    @Test("devices are read and written by the accesses that they take")
    func devices() async throws {
      let folder = try TemporaryFolder()
      let machine = try await emulator(Self.served, in: folder)
      let client = try GDBClient(path: folder.path("gdb"))
      // The first virtio-mmio slot's magic value; a compare register of the CLINT.
      #expect(client.ask("m10001000,4") == "76697274")
      #expect(client.ask("M2004000,8:8877665544332211") == "OK")
      #expect(client.ask("m2004000,8") == "8877665544332211")
      #expect(client.ask("m100,4") == "E14")
      withExtendedLifetime(machine) {}
    }

    @Test("Ctrl-C stops, detaching goes on, coming back stops again")
    func interruption() async throws {
      let folder = try TemporaryFolder()
      let machine = try await emulator(Self.served, in: folder)
      let loop = try await DebuggedGuest.address("second_loop")
      let client = try GDBClient(path: folder.path("gdb"))
      #expect(client.ask("Z0,\(loop),2") == "OK")
      #expect(client.ask("vCont;c:2")?.hasPrefix("T05thread:02;") == true)
      #expect(client.ask("z0,\(loop),2") == "OK")
      client.send("vCont;c:2")
      #expect(client.receive(seconds: 0.3) == nil)
      client.send([3])
      #expect(client.receive()?.hasPrefix("T02thread:02;") == true)
      let counted = client.ask("m\(try await DebuggedGuest.address("turns")),8")
      #expect(counted != "0000000000000000")
      // The first hart has stood still.
      #expect(client.ask("Hg1") == "OK")
      #expect(client.pc.map { $0 < 0x8000_0100 } == true)
      #expect(client.ask("D") == "OK")
      #expect(machine.end() == 3)
    }

    @Test("kill ends the emulator in QEMU's words")
    func killing() async throws {
      for (packet, answer) in [("k", nil), ("vKill;1", "OK")] as [(String, String?)] {
        let folder = try TemporaryFolder()
        let machine = try await emulator(Self.served, in: folder)
        let client = try GDBClient(path: folder.path("gdb"))
        #expect(client.ask("?") != nil)
        #expect(client.ask(packet, seconds: 2) == answer)
        #expect(machine.end() == 0)
        #expect(machine.complaints.contains("QEMU: Terminated via GDBstub"))
      }
    }

    @Test("the reset packet starts the machine anew, standing still")
    func reset() async throws {
      let folder = try TemporaryFolder()
      let machine = try await emulator(Self.served, in: folder)
      let client = try GDBClient(path: folder.path("gdb"))
      _ = client.ask("Z0,\(try await DebuggedGuest.address("multiply")),2")
      _ = client.ask("vCont;c")
      client.send("R00")
      #expect(client.pc == 0x1000)
      #expect(client.ask("vCont;c")?.hasPrefix("T05") == true)
      withExtendedLifetime(machine) {}
    }

    @Test("32-bit harts have their own description")
    func narrow() async throws {
      let folder = try TemporaryFolder()
      let machine = try DebuggedEmulator(
        [try Programs.emulator32] + DebuggedGuest.machine + ["-S", "-gdb", "unix:DIR/gdb"], in: folder)
      let client = try GDBClient(path: folder.path("gdb"))
      #expect(client.ask("p20") == "00100000")
      #expect(client.ask("qXfer:features:read:target.xml:0,400")?.contains("riscv:rv32") == true)
      #expect(client.ask("g")?.count == 33 * 8)
      #expect(client.ask("vCont;s")?.hasPrefix("T05thread:01;08:00000000;02:00000000;20:04100000;") == true)
      #expect(client.ask("p344") == "00000000")  // mie
      #expect(client.ask("mffffffff,2") == "E14")
      withExtendedLifetime(machine) {}
    }

    @Test("names and numbers of registers are QEMU 10.0's")
    func registers() async throws {
      for cpu in ["rv64", "rva22s64", "rv64,d=off"] {
        var found: [[String: Substring]] = []
        for emulator in [[try Programs.emulator], Reference.qemu10.words] {
          let folder = try TemporaryFolder()
          let machine = try DebuggedEmulator(
            emulator + DebuggedGuest.machine
              + ["-cpu", cpu, "-S", "-gdb", "unix:DIR/gdb,server=on,wait=off"], in: folder)
          let client = try GDBClient(path: folder.path("gdb"), seconds: 60)
          _ = client.ask("qSupported:multiprocess+")
          var text = ""
          while let part = client.ask(
            "qXfer:features:read:riscv-csr.xml:\(String(text.utf8.count, radix: 16)),400")
          {
            text += part.dropFirst()
            if !part.hasPrefix("m") { break }
          }
          var numbers: [String: Substring] = [:]
          for row in text.matches(of: /name="([a-z0-9]+)" bitsize="64" regnum="([0-9]+)"/) {
            numbers[String(row.output.1)] = row.output.2
          }
          found.append(numbers)
          withExtendedLifetime(machine) {}
        }
        #expect(found[0].count > 100 && found[1].count > 80)
        let shared = found[0].filter { found[1][$0.key] != nil }
        #expect(shared.count > 80)
        #expect(shared.allSatisfy { found[1][$0.key] == $0.value })
        // What QEMU alone has belongs to the hypervisor extension, or is a trigger's.
        let missing = found[1].keys.filter { found[0][$0] == nil }
        #expect(
          missing.allSatisfy {
            $0.hasPrefix("h") || $0.hasPrefix("vs") || ["mtinst", "mtval2", "mcontext"].contains($0)
          },
          "\(missing.sorted())")
      }
    }

    /// More, and other noise: APUS_GDB_FUZZ, APUS_GDB_SEED.
    @Test("noise on the wire hurts neither guest nor server")
    func noise() async throws {
      let folder = try TemporaryFolder()
      // Without a kernel there are only traps, for ever: nothing ends this machine but a debugger that wants to.
      let machine = try DebuggedEmulator(
        [try Programs.emulator] + DebuggedGuest.machine + ["-smp", "2", "-gdb", "unix:DIR/gdb"], in: folder)
      let environment = ProcessInfo.processInfo.environment
      var numbers = SeededNumbers(seed: environment["APUS_GDB_SEED"].flatMap(UInt64.init) ?? 7)
      let pieces = [
        "vCont;c", "vCont;s:1", "s", "c", "g", "G00", "p20", "P20=0000008000000000", "m80000000,40",
        "M80000100,2:0000",
        "Z0,80000000,4", "z0,80000000,4", "Z2,80000100,8", "z2,80000100,8", "Hg1", "Hc2", "?", "qRcmd,7374",
        "R00",
        "qXfer:features:read:target.xml:0,80", "bc", "X80000000,4:abcd", "Qqemu.sstep=1",
        "Qqemu.PhyMemMode:1", "D",
        "vAttach;1", "qCRC:80000000,1000", "P41=0100000000000000", "P1c2=ffffffffffffffff", "\u{3}", "!",
        "T1",
      ]
      for _ in 0..<(environment["APUS_GDB_FUZZ"].flatMap(Int.init) ?? 40) {
        let client = try GDBClient(path: folder.path("gdb"))
        for _ in 0..<30 {
          var packet = Array(pieces.some(&numbers).utf8)
          if numbers.oneIn(6) { packet.append(UInt8(truncatingIfNeeded: numbers.next())) }
          if numbers.oneIn(6) {
            packet[Int(numbers.next() % UInt64(packet.count))] ^= 1 << UInt8(numbers.next() % 8)
          }
          // Neither ends the emulator: that is what they are for.
          if packet.first == UInt8(ascii: "k") || packet.starts(with: Array("vK".utf8)) { continue }
          let sum = packet.reduce(UInt8(0), &+)
          let digits = (sum < 16 ? "0" : "") + String(sum, radix: 16)
          client.send(Array("$".utf8) + packet + Array("#\(digits)".utf8))
          if numbers.oneIn(4) { client.send([3]) }
          if numbers.oneIn(8) { client.send((0..<50).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }) }
        }
        if numbers.oneIn(2) { _ = client.receive(seconds: 0.05) }
      }
      let client = try GDBClient(path: folder.path("gdb"))
      let answer = client.ask("?")
      #expect(answer?.hasPrefix("T") == true, "\(answer ?? "nothing") \(machine.complaints)")
    }
  }
}
