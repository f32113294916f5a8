import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// Functions on the board's PCI bus beside QEMU 10.0's, and under firmware and kernels that know them.
  struct PCITests {
    // MARK: Loads and stores, one by one

    /// A script for `Guests/pci/poke.c`.
    private struct Script {
      private(set) var bytes: [UInt8] = []
      private(set) var names: [String] = []

      private mutating func add(_ kind: UInt64, _ address: UInt64, _ value: UInt64) {
        for word in [kind, address, value] { withUnsafeBytes(of: word.littleEndian) { bytes += $0 } }
      }

      mutating func read(_ address: UInt64, _ width: UInt64 = 4, _ name: String? = nil) {
        add(width, address, 0)
        names.append("\(name ?? "") \(String(address, radix: 16))/\(width)")
      }

      mutating func write(_ address: UInt64, _ value: UInt64, _ width: UInt64 = 4) {
        add(0x100 | width, address, value)
      }

      mutating func wait(_ address: UInt64, for value: UInt64) { add(0x202, address, value) }

      // Where the tests put the ranges of a slot.
      func space(_ slot: UInt64, _ offset: UInt64 = 0) -> UInt64 { 0x3000_0000 + slot << 15 + offset }
      func legacy(_ slot: UInt64) -> UInt64 { 0x300_0000 + 0x1000 * slot }
      func messages(_ slot: UInt64) -> UInt64 { 0x4000_0000 + 0x1_0000 * slot }
      func modern(_ slot: UInt64) -> UInt64 { 0x4_0000_0000 + 0x100_0000 * slot }

      mutating func place(_ slots: UInt64..., command: UInt64 = 3) {
        for slot in slots {
          write(space(slot, 0x10), 0x1000 * slot)
          write(space(slot, 0x14), messages(slot))
          write(space(slot, 0x20), modern(slot) & 0xffff_ffff)
          write(space(slot, 0x24), modern(slot) >> 32)
          write(space(slot, 4), command, 2)
        }
      }

      static let rings: UInt64 = 0x8020_0000

      /// A modern driver of random numbers up to DRIVER_OK.
      mutating func start(_ slot: UInt64, vector: UInt64? = nil) {
        let base = modern(slot)
        for status: UInt64 in [0, 3] { write(base + 0x14, status, 1) }
        write(base + 8, 1)
        write(base + 0xc, 1)
        write(base + 0x14, 0xb, 1)
        write(base + 0x16, 0, 2)
        write(base + 0x18, 8, 2)
        for (offset, page): (UInt64, UInt64) in [(0x20, 0), (0x28, 0x1000), (0x30, 0x2000)] {
          write(base + offset, Self.rings + page)
          write(base + offset + 4, 0)
        }
        if let vector { write(base + 0x1a, vector, 2) }
        write(Self.rings, Self.rings + 0x3000, 8)
        write(Self.rings + 8, 0x2_0000_0010, 8)
        for offset: UInt64 in [0x1000, 0x1008, 0x2000, 0x2008] { write(Self.rings + offset, 0, 8) }
        write(base + 0x1c, 1, 2)
        write(base + 0x14, 0xf, 1)
      }

      mutating func request(_ slot: UInt64, number: UInt64, waits: Bool = true) {
        write(Self.rings + 0x1002, number, 2)
        write(modern(slot) + 0x3000, 0, 2)
        if waits { wait(Self.rings + 0x2002, for: number) }
      }
    }

    private static func poker(_ folder: TemporaryFolder) async throws -> String {
      let elf = folder.path("poke.elf")
      let built = try await Programs.run(
        [
          try Project.crossCompiler, "-nostdlib", "-static", "-ffreestanding", "-fno-pic", "-O1", "-Wall",
          "-march=rv64g", "-mabi=lp64d", "-mcmodel=medany", "-mno-relax", "-ffixed-gp", "-ffixed-tp",
          "-fno-stack-protector", "-Wl,-Ttext=0x80000000", "-Wl,-n", "-Wl,--build-id=none",
          "-Wl,--no-warn-rwx-segments", Project.guest("pci/poke.c").path, "-o", elf,
        ], seconds: 60)
      guard built.end == .exit(0), built.output.isEmpty else { throw TestSetupError("\(built)") }
      return elf
    }

    /// What both machines answer, with what was asked.
    private static func answers(
      _ script: Script, _ devices: [String], machine: String = "virt"
    ) async throws -> (ours: [String], theirs: [String]) {
      let folder = try TemporaryFolder()
      let disk = try folder.write([UInt8](repeating: 0, count: 1 << 20), "disk")
      let words =
        [
          "-m", "256M", "-display", "none", "-monitor", "none", "-serial", "stdio", "-bios", "none",
          "-kernel",
          try await poker(folder), "-device",
          "loader,addr=0x80100000,force-raw=on,file="
            + (try folder.write(script.bytes + [UInt8](repeating: 0, count: 24), "script")), "-drive",
          "if=none,id=d,format=raw,file=\(disk)",
        ] + devices.flatMap { ["-device", $0] }
      func ask(_ program: [String], _ machine: String) async throws -> [String] {
        let ran = try await Programs.run(program + ["-M", machine] + words, seconds: 60)
        let lines = ran.output.split(separator: "\n").map(String.init)
        guard ran.end == .exit(0), lines.count == script.names.count else {
          throw TestSetupError("\(lines.count) answers to \(script.names.count) questions: \(ran)")
        }
        return zip(script.names, lines).map { "\($0) \($1)" }
      }
      return (
        try await ask([Programs.emulator], machine), try await ask(Reference.qemu10.words, "virt")
      )
    }

    private static func expectTheSame(
      _ script: Script, _ devices: [String], machine: String = "virt", besides known: Set<String> = []
    ) async throws {
      var (ours, theirs) = try await answers(script, devices, machine: machine)
      // The reference completes requests when its threads come to it.
      for _ in 0..<20 where ours != theirs {
        (ours, theirs) = try await answers(script, devices, machine: machine)
      }
      for (a, b) in zip(ours, theirs) where !known.contains(where: { a.hasPrefix($0) }) {
        #expect(a == b)
      }
    }

    /// Every word of every configuration space: as it is, after ones and after zeroes.
    @Test func configurationSpacesAreQEMUs() async throws {
      let devices = [
        "virtio-blk-pci,drive=d", "virtio-rng-pci-non-transitional", "virtio-serial-pci,vectors=0",
        "virtio-rng-pci,vectors=200", "virtio-rng-pci,vectors=2048", "virtio-rng-pci,page-per-vq=on",
        "virtio-rng-pci,disable-modern=on", "virtio-rng-pci,modern-pio-notify=on",
        "virtio-serial-pci,class=0xff", "virtio-serial-pci-transitional,addr=1f.3",
        "virtio-rng-pci,addr=10,multifunction=on", "virtio-rng-pci,addr=10.7",
        "virtio-net-pci,romfile=", "virtio-net-pci-non-transitional,romfile=",
      ]
      var script = Script()
      for place: UInt64 in Array(0...11).map({ $0 << 3 }) + [0x1f << 3 | 3, 0x10 << 3, 0x10 << 3 | 7] {
        let base = 0x3000_0000 + place << 12
        for offset in stride(from: UInt64(0), to: 256, by: 4) where ![0x94, 0xa8].contains(offset) {
          script.read(base + offset)
          // Writing here would reach a structure: the data of the access capability, which QEMU aborts over.
          script.write(base + offset, 0xffff_ffff)
          script.read(base + offset, 4, "ones")
          script.write(base + offset, 0)
          script.read(base + offset, 4, "zeroes")
        }
        for (offset, width): (UInt64, UInt64) in [
          (0x100, 4), (0xffc, 4), (0xf8, 8), (0, 8), (0, 1), (2, 2), (0x41, 1),
        ] {
          script.read(base + offset, width)
        }
      }
      try await Self.expectTheSame(script, devices)
    }

    @Test(arguments: ["virt", "virt-7.2"]) func registersAreQEMUs(machine: String) async throws {
      var script = Script()
      script.place(1, 2, 3)
      for slot: UInt64 in [1, 2, 3] {
        for offset in stride(from: UInt64(0), to: 0x40, by: 2) where offset != 0x18 {
          script.read(script.modern(slot) + offset, 2)
        }
        for offset: UInt64 in [0x1000, 0x1ffc, 0x2000, 0x2004, 0x2034, 0x2ffc, 0x3000, 0x4000] {
          script.read(script.modern(slot) + offset)
        }
        for offset: UInt64 in [0, 4, 0xc, 0x10, 0x1c, 0x20, 0x7fc, 0x800, 0x804, 0x808, 0xffc] {
          script.read(script.messages(slot) + offset)
        }
      }
      script.read(script.modern(1) + 0x2000, 8)
      script.read(script.modern(1) + 0x2001, 1)
      // The legacy header, but for the features, of which QEMU offers one that means nothing, and queue sizes.
      for offset in (UInt64(1)..<0x40) where ![0xc].contains(offset) {
        script.read(script.legacy(1) + offset, 1)
      }
      for offset in stride(from: UInt64(4), to: 0x80, by: 4) where offset != 0xc {
        script.read(script.legacy(1) + offset)
      }
      // Vectors, selectors, features, addresses.
      let base = script.modern(1)
      for (offset, value, width): (UInt64, UInt64, UInt64) in [
        (0x10, 0, 2), (0x10, 2, 2), (0x1a, 1, 2), (0x1a, 5, 2), (0x16, 5, 2), (0x16, 2000, 2), (0x16, 0, 2),
        (0, 2, 4), (8, 5, 4), (0xc, 0xffff_ffff, 4), (8, 1, 4), (0xc, 0xff, 4), (8, 0, 4),
        (0xc, 0xff00_ff00, 4),
        (0x20, 0x1234_5678, 4), (0x24, 0x9abc_def0, 4), (0x30, 0x1234, 4), (0x14, 3, 1), (0x14, 0, 1),
      ] {
        script.write(base + offset, value, width)
        script.read(base + offset, width, "written")
      }
      script.read(base + 0x10, 2, "after reset")
      script.read(base + 0x20, 8, "after reset")
      // Moved, overlapped by nothing, and off.
      script.write(script.space(1, 0x10), 0)
      script.read(0x300_0012, 1, "ports at 0")
      script.write(script.space(1, 0x20), 0x4800_0000)
      script.write(script.space(1, 0x24), 0)
      script.read(0x4800_0012, 2, "in the lower window")
      script.write(script.space(1, 0x20), 0x8000_0000)
      script.read(0x8000_0000, 4, "RAM stays RAM")
      script.write(script.space(1, 4), 0, 2)
      script.read(0x300_0012, 1, "off")
      try await Self.expectTheSame(
        script,
        ["virtio-blk-pci,drive=d", "virtio-rng-pci-non-transitional", "virtio-serial-pci,max_ports=2"],
        machine: machine)
    }

    /// The bus master bit, the status register, lines, messages and their masks, as a driver of random numbers
    /// sees them.
    @Test func interruptsAreQEMUs() async throws {
      var script = Script()
      let pending: UInt64 = 0xc00_1004
      let rings = Script.rings
      script.place(2, command: 7)
      script.start(2)
      script.request(2, number: 1)
      for _ in 0..<2 {
        script.read(pending, 4, "pending")
        script.read(script.space(2, 4), 4, "command and status")
        script.read(script.modern(2) + 0x1000, 1, "interrupt status")
      }
      script.write(script.space(2, 4), 0x407, 2)
      script.request(2, number: 2)
      script.read(script.space(2, 4), 4, "disabled")
      script.write(script.space(2, 4), 7, 2)
      script.read(script.modern(2) + 0x1003, 1, "status again")
      script.write(script.space(2, 4), 3, 2)
      script.read(script.modern(2) + 0x14, 1, "no bus master")
      script.request(2, number: 3, waits: false)
      script.read(rings + 0x2002, 2)
      script.write(script.space(2, 4), 7, 2)
      script.read(rings + 0x2002, 2, "bus master again")
      script.write(script.modern(2) + 0x14, 0xf, 1)
      script.wait(rings + 0x2002, for: 3)
      script.read(rings + 0x2002, 2, "and DRIVER_OK")

      let entry = script.messages(2) + 16
      script.write(script.modern(2) + 0x14, 0, 1)
      script.write(entry, rings + 0x4000)
      script.write(entry + 4, 0)
      script.write(entry + 8, 0x1234)
      script.write(entry + 12, 0)
      script.write(script.space(2, 0x98), 0x8000_0000)
      script.start(2, vector: 1)
      func askForMessage(_ number: UInt64, _ name: String) {
        script.write(rings + 0x4000, 0)
        script.request(2, number: number)
        script.read(rings + 0x4000, 4, name)
        script.read(script.messages(2) + 0x800, 4, "pending")
      }
      askForMessage(1, "message")
      script.read(script.modern(2) + 0x1000, 1)
      script.write(entry + 12, 1)
      askForMessage(2, "masked")
      script.write(entry + 12, 0)
      script.read(rings + 0x4000, 4, "unmasked")
      script.write(script.space(2, 0x98), 0xc000_0000)
      askForMessage(3, "all masked")
      script.write(script.space(2, 0x98), 0x8000_0000)
      script.read(rings + 0x4000, 4, "unmasked")
      // A message to the software interrupt of hart 0.
      script.write(entry, 0x200_0000)
      script.write(entry + 8, 1)
      script.request(2, number: 4)
      script.read(0x200_0000, 4, "msip")
      script.write(script.modern(2) + 0x14, 0, 1)
      script.read(script.modern(2) + 0x1a, 2, "vector after reset")
      script.read(entry + 8)
      // A driver of old gets the bus master bit for nothing.
      script.place(1)
      for status: UInt64 in [1, 3, 7] {
        script.write(script.legacy(1) + 0x12, status, 1)
        script.read(script.space(1, 4), 2)
      }
      try await Self.expectTheSame(
        script, ["virtio-blk-pci,drive=d", "virtio-rng-pci", "virtio-serial-pci,max_ports=2"])
    }

    // MARK: Linux

    /// What sysfs, /proc and the disks say, line by line, on either machine; and what is written arrives.
    @Test func linuxSeesWhatItSeesUnderQEMU() async throws {
      let guests = try await BootTests.guests()
      let folder = try TemporaryFolder()
      var numbers = SeededNumbers(seed: 5)
      let content = (0..<(1 << 20)).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      let initrd = folder.path("initrd")
      let packed = try await Programs.run(
        [
          "/bin/bash", "-ec",
          """
          cd "$1"; modules="${APUS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/apus}"/trixie-riscv64/root/usr/lib/modules
          for name in virtio_blk virtio-rng; do
            xz -dc "$(find "$modules" -name $name.ko.xz | head -n 1)" >$name.ko
          done
          { cat "$2"; ls ./*.ko | cpio -o -H newc 2>/dev/null | gzip; } >initrd
          """, "pack", folder.url.path, guests + "/initramfs.cpio.gz",
        ], seconds: 30)
      guard packed.end == .exit(0) else { throw TestSetupError("\(packed)") }
      let command = """
        insmod /virtio_blk.ko; insmod /virtio-rng.ko; echo begin; \
        for d in /sys/bus/pci/devices/*; do echo $d; \
        cat $d/vendor $d/device $d/class $d/revision $d/subsystem_device $d/irq; head -n 6 $d/resource; done; \
        grep pci /proc/iomem /proc/ioports; grep virtio /proc/interrupts | sed 's/  *[0-9][0-9]*  *[0-9][0-9]* / /'; \
        md5sum /dev/vda /dev/vdb; cat /sys/class/misc/hw_random/rng_current; \
        dd if=/dev/hwrng bs=64 count=1 2>/dev/null | wc -c; cat /sys/block/vda/serial; \
        ls /sys/class/virtio-ports; echo to the host >/dev/hvc0; \
        echo hello | dd of=/dev/vdb bs=512 seek=3 conv=sync 2>/dev/null; sync; md5sum /dev/vdb; \
        dmesg -r | grep -c '^<[0-3]>'; echo end
        """
      var seen: [[Substring]] = []
      for (name, program) in [
        ("apus", [try Programs.emulator, "-bios", guests + "/opensbi-trixie/fw_dynamic.bin"]),
        ("qemu", Reference.qemu10.words),
      ] {
        // The first disk is one that says nothing of where it belongs; it comes last on the bus.
        let (first, second) = (
          try folder.write(content, "\(name)-a"), try folder.write(Array(content.reversed()), "\(name)-b")
        )
        let ran = try await Programs.run(
          program + [
            "-M", "virt", "-m", "512M", "-smp", "2", "-nographic", "-kernel", guests + "/Image", "-initrd",
            initrd, "-append", "console=ttyS0 quiet apus.run=\"\(command)\"", "-drive",
            "file=\(first),format=raw", "-drive", "file=\(second),format=raw,if=none,id=b", "-device",
            "virtio-blk-pci,drive=b,serial=B,addr=7.0", "-device", "virtio-rng-pci-transitional", "-device",
            "virtio-serial-pci-non-transitional,id=s", "-device", "virtconsole,chardev=c", "-chardev",
            "file,id=c,path=\(folder.path("\(name)-console"))",
          ], seconds: 240)
        #expect(ran.end == .exit(0), "\(ran)")
        #expect(!ran.output.contains("shows no sign"), "\(ran)")
        let lines = ran.output.split(whereSeparator: \.isNewline)
        let begin = try #require(lines.firstIndex(of: "begin"), "\(ran)")
        let end = try #require(lines.lastIndex(of: "end"), "\(ran)")
        seen.append(Array(lines[begin...end]))
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: first))) == content)
        #expect(
          try Data(contentsOf: URL(fileURLWithPath: second))[1536..<1542] == Data("hello\n".utf8))
        #expect(
          try String(contentsOfFile: folder.path("\(name)-console"), encoding: .utf8).contains("to the host"))
      }
      #expect(seen[0] == seen[1])
      #expect(seen[0].count > 60)
    }

    // MARK: Firmware

    private static func textDisk(_ folder: TemporaryFolder) throws -> String {
      let line = Array("A disk on PCI says hello".utf8)
      let sector = line + [UInt8](repeating: 0x2e, count: 512 - line.count)
      return try folder.write((0..<2048).flatMap { _ in sector }, "disk")
    }

    @Test(arguments: [
      ["-drive", "format=raw,file=DISK"],
      ["-drive", "if=none,id=d,format=raw,file=DISK", "-device", "virtio-blk-pci,drive=d,disable-modern=on"],
      ["-drive", "if=none,id=d,format=raw,file=DISK", "-device", "virtio-blk-pci,drive=d,disable-legacy=on"],
    ])
    func uBootReadsADisk(options: [String]) async throws {
      let guests = try await FirmwareTests.guests()
      let folder = try TemporaryFolder()
      let disk = try Self.textDisk(folder)
      let ran = try await Programs.run(
        [
          try Programs.emulator, "-M", "virt", "-m", "256M", "-nographic", "-bios",
          guests + "/u-boot-trixie/qemu-riscv64/u-boot.bin",
        ] + options.map { $0.replacingOccurrences(of: "DISK", with: disk) },
        conversation: [
          ("stop autoboot", "\r"), ("=> ", "virtio info\r"),
          ("Capacity", "virtio read 81000000 0 8; md.b 81000000 20\r"), ("on PCI", "\u{1}x"),
        ], seconds: 60)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("8 blocks read: OK"), "\(ran)")
      #expect(ran.output.contains("A disk on PCI"), "\(ran)")
    }

    @Test func uefiReadsADisk() async throws {
      let folder = try TemporaryFolder()
      let (ran, _) = try await FirmwareTests.uefi(
        folder, ["-drive", "format=raw,file=\(try Self.textDisk(folder))"],
        [
          ("for boot options", "\r"), ("any other key to continue", "\r"), ("Shell> ", "dblk blk0 5 1\r"),
          ("on PCI", "reset -s\r"),
        ])
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("PciRoot(0x0)/Pci(0x1,0x0)"), "\(ran)")
    }

    // MARK: What people are told

    /// Both listings as QEMU 10.0 prints them, with addresses that a driver has chosen.
    @Test func theMonitorListsFunctionsAsQEMU() async throws {
      let folder = try TemporaryFolder()
      var script = Script()
      script.place(1, 2)
      script.read(0x3000_0000)
      let words = [
        "-M", "virt", "-nographic", "-no-shutdown", "-bios", "none", "-kernel",
        try await Self.poker(folder), "-device",
        "loader,addr=0x80100000,force-raw=on,file="
          + (try folder.write(script.bytes + [UInt8](repeating: 0, count: 24), "script")), "-device",
        "virtio-rng-pci,id=r", "-device", "virtio-serial-pci-non-transitional", "-device",
        "virtio-rng-pci,addr=1f.1",
      ]
      var seen: [[Substring]] = []
      for program in [[try Programs.emulator], Reference.qemu10.words] {
        let ran = try await Programs.run(
          program + words,
          conversation: [
            ("00081b36", "\u{1}c"), ("(qemu)", "info pci\ninfo qtree\nquit\n"),
          ], seconds: 30)
        #expect(ran.end == .exit(0), "\(ran)")
        seen.append(
          ran.output.split(whereSeparator: \.isNewline).filter { line in
            ["  Bus ", " PCI ", "BAR", "IRQ ", "      id \"", ", addr 00:", " bar ", "type virtio-pci-bus"]
              .contains {
                line.contains($0)
              } || line.hasPrefix("        addr = ")
          })
      }
      #expect(seen[0] == seen[1])
      #expect(seen[0].count > 30)
    }

    /// A kernel that does not know PCI: the disk is where QEMU has it, and one line helps.
    @Test func aKernelWithoutPCIGetsAHintAndOthersDoNot() async throws {
      let folder = try TemporaryFolder()
      let disk = try folder.write([UInt8](repeating: 0, count: 4096), "disk")
      // Powers off.
      let guest: [UInt8] =
        [
          Encoding.u(0x37, 6, 0x100), Encoding.u(0x37, 7, 5), Encoding.i(0x13, 0, 7, 7, 0x555),
          Encoding.s(0x23, 2, 6, 7, 0), 0x6f,
        ].flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
      for (text, options, isTold) in [
        ("virtio mmio", ["-drive", "file=\(disk),format=raw"], true),
        (
          "virtio mmio",
          ["-drive", "file=\(disk),format=raw,if=none,id=x", "-device", "virtio-blk-pci,drive=x"], false
        ),
        ("virtio-pci", ["-drive", "file=\(disk),format=raw"], false),
      ] {
        let kernel = try folder.write(guest + [0, 0, 0, 0] + Array(text.utf8) + [0, 0], "kernel")
        let ran = try await Programs.run(
          [try Programs.emulator, "-M", "virt", "-display", "none", "-bios", "none", "-kernel", kernel]
            + options,
          seconds: 20)
        #expect(ran.end == .exit(0), "\(ran)")
        let hints = ran.output.split(separator: "\n").filter { $0.contains("shows no sign of knowing PCI") }
        #expect(hints.count == (isTold ? 1 : 0), "\(ran)")
        #expect(ran.output.contains("-device virtio-blk-device,drive=x") == isTold, "\(ran)")
      }
    }
  }
}
