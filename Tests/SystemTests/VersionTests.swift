import Boot
import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// `virt-7.2` and `virt-10.0` beside the releases that they are named after.
  struct VersionTests {
    /// Without the hypervisor extension, which Apus does not have yet.
    private static let cpu = ["-cpu", "rv64,h=off"]

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

    private static func files() throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      try folder.write(LoaderFiles.code, "k.bin")
      try folder.write([UInt8](repeating: 7, count: 300_000), "initrd")
      return folder
    }

    // MARK: Device trees

    /// QEMU's nodes for what Apus may not have yet.
    private static let missing: Set<String> = [
      "/platform-bus@4000000", "/pmu", "/fw-cfg@10100000", "/flash@20000000", "/soc/pci@30000000",
    ]

    private static let treeOptions = [
      "", "-smp 2", "-smp 5", "-m 64M", "-m 1G", "-m 8G", "aclint=on", "aclint=on -smp 2",
      "-kernel k.bin -append x=1", "-kernel k.bin -initrd initrd -append console=ttyS0",
      "-m 64M -kernel k.bin -initrd initrd", "-m 1G -kernel k.bin -initrd initrd",
      "-m 8G -kernel k.bin -initrd initrd", "-cpu rv64,h=off,c=off", "-cpu rv64,h=off,svinval=on,zbkb=on",
      "-cpu sifive-u54", "-cpu rv64,h=off,d=off -smp 2",
      "-device guest-loader,addr=0x81000000,kernel=k.bin,bootargs=x "
        + "-device guest-loader,addr=0x82000000,initrd=initrd",
    ]

    @Test(arguments: Reference.allCases) func theTreeIsTheReleases(_ reference: Reference) async throws {
      try await reference.checkVersion()
      let folder = try Self.files()
      for text in Self.treeOptions { try await Self.compare(reference, "riscv64", text, folder) }
      for text in ["", "-smp 2", "-m 1G -kernel k.bin -initrd initrd -append x=1", "-cpu rv32,h=off,d=off"] {
        try await Self.compare(reference, "riscv32", text, folder)
      }
    }

    private static func compare(
      _ reference: Reference, _ target: String, _ text: String, _ folder: TemporaryFolder
    ) async throws {
      var options = words(text)
      var property = ""
      if let first = options.first, !first.hasPrefix("-") { property = "," + options.removeFirst() }
      let ours = try await tree(
        [Programs.emulator.dropLast(7) + target], reference.machine + property, options, folder)
      let cpu = options.contains("-cpu") ? [] : ["-cpu", "rv\(target.suffix(2)),h=off"]
      let theirs = try await tree(
        reference.program(target), "virt" + property, cpu + options, folder)
      let (mine, other) = (nodes(ours.root), nodes(theirs.root))
      let context = "\(reference) \(target) \(text)"
      #expect(Set(mine.map(\.path)).isSubset(of: other.map(\.path)), "\(context)")
      #expect(Set(other.map(\.path)).subtracting(mine.map(\.path)).isSubset(of: missing), "\(context)")
      // In the same order, too: drivers are started in it.
      let common = other.map(\.path).filter { path in mine.contains { $0.path == path } }
      #expect(mine.map(\.path) == common, "\(context)")
      for node in mine {
        let reference = other.first { $0.path == node.path }
        #expect(node.properties == reference?.properties, "\(context) \(node.path)")
      }
    }

    private struct Node {
      let path: String
      let properties: [String: [UInt8]]
    }

    private static func nodes(_ node: DeviceTree.Node, _ path: String = "") -> [Node] {
      var properties = Dictionary(uniqueKeysWithValues: node.properties.map { ($0.name, $0.value) })
      properties["rng-seed"] = nil
      // QEMU goes on telling parts of the hypervisor extension that was turned off, and of 32-bit harts that their
      // supervisor's and user's registers have 64 bits.
      if let isa = properties["riscv,isa"] {
        let isNarrow = isa.starts(with: "rv32".utf8)
        let isUntrue = { (name: ArraySlice<UInt8>) in
          name.starts(with: "sh".utf8) || isNarrow && name.prefix(7).elementsEqual("ssu64xl".utf8)
        }
        func truth(_ list: [UInt8], separator: UInt8) -> [UInt8] {
          Array(list.split(separator: separator).filter { !isUntrue($0) }.joined(separator: [separator]))
        }
        properties["riscv,isa"] = truth(isa, separator: UInt8(ascii: "_"))
        properties["riscv,isa-extensions"] = properties["riscv,isa-extensions"].map {
          truth($0, separator: 0)
        }
      }
      return [Node(path: path, properties: properties)]
        + node.children.flatMap { nodes($0, "\(path)/\($0.name)") }
    }

    private static func tree(
      _ program: [String], _ machine: String, _ options: [String], _ folder: TemporaryFolder
    ) async throws -> DeviceTree {
      let file = folder.path("tree")
      try? FileManager.default.removeItem(atPath: file)
      let ran = try await Programs.run(
        ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder.url.path] + program
          + ["-M", "\(machine),dumpdtb=tree", "-display", "none", "-bios", "none"] + options, seconds: 60)
      guard ran.end == .exit(0), let bytes = FileManager.default.contents(atPath: file) else {
        throw TestSetupError("no device tree: \(ran)")
      }
      return try DeviceTree(flattened: [UInt8](bytes))
    }

    // MARK: Places

    @Test(arguments: Reference.allCases) func everythingLiesWhereTheReleasePutsIt(
      _ reference: Reference
    ) async throws {
      let folder = try Self.files()
      try folder.write([UInt8](repeating: 0x13, count: 200_000), "firmware")
      for bios in ["none", "firmware"] {
        for size in ["24M", "64M", "127M", "1G", "3G", "8G"] {
          for kernel in ["", "-kernel k.bin", "-kernel k.bin -initrd initrd"] {
            let options = ["-bios", bios, "-m", size] + Self.words(kernel)
            let at = ["0x1010", "0x1020", "0x1030"]
            let ours = try await Sight(
              of: [Programs.emulator], ["-M", reference.machine] + options, in: folder, at: at)
            let theirs = try await Sight(of: reference.words, ["-M", "virt"] + options, in: folder, at: at)
            let context: Comment = "\(reference) \(options)\n\(ours)\n\(theirs)"
            #expect(ours.exitCode == 0, context)
            // The reset vector with its addresses, and what lies in RAM.
            #expect(ours.memory == theirs.memory, context)
            #expect(Self.places(ours) == Self.places(theirs), context)
          }
        }
      }
    }

    /// Name and address of each image; sizes of device trees are compared with them.
    private static func places(_ sight: Sight) -> [String] {
      sight.images.compactMap { line in
        let words = line.split(separator: " ")
        return words.last.map { "\($0) \(words[0])" }
      }.sorted()
    }

    // MARK: Harts

    /// `note`s of Guests/loader/registers.S, in their order.
    private static let registers = [
      "mvendorid", "marchid", "mimpid", "mstatus", "mip", "mie", "medeleg", "mtvec", "mcounteren", "menvcfg",
      "pmpcfg0", "satp", "satp with Sv57",
    ]

    @Test(arguments: Reference.allCases) func hartsBeginAsTheReleases(_ reference: Reference) async throws {
      let folder = try TemporaryFolder()
      let program = try await folder.assemble("loader/registers", at: 0x8000_0000)
      var found: [[UInt64]] = []
      for words in [
        [try Programs.emulator, "-M", reference.machine], reference.words + ["-M", "virt"] + Self.cpu,
      ] {
        let ran = try await Programs.run(
          words + ["-bios", "none", "-nographic", "-kernel", program],
          conversation: [("Z", "\u{1}c"), ("(qemu)", "xp/\(Self.registers.count + 1)gx 0x80100000\nquit\n")],
          seconds: 60)
        #expect(ran.end == .exit(0), "\(ran)")
        let values = ran.output.split(whereSeparator: \.isWhitespace).filter {
          $0.count == 18 && $0.hasPrefix("0x")
        }.compactMap { UInt64($0.dropFirst(2), radix: 16) }
        try #require(values.count == Self.registers.count + 1 && values[0] == 1, "\(ran)")
        found.append(Array(values.dropFirst()))
      }
      for (name, (ours, theirs)) in zip(Self.registers, zip(found[0], found[1])) {
        // The release's last number is Debian's to raise.
        let shift: UInt64 = name == "marchid" || name == "mimpid" ? 8 : 0
        #expect(ours >> shift == theirs >> shift, "\(reference) \(name)")
      }
    }

    // MARK: Flash

    /// What is in a bank of flash, and what runs by it: the bank, and the mode.
    @Test(arguments: Reference.allCases) func flashRunsAsTheReleases(_ reference: Reference) async throws {
      let folder = try TemporaryFolder()
      for (bank, base) in [UInt64(0x2000_0000), 0x2200_0000].enumerated() {
        let program = try await folder.assemble("loader/flash", at: base)
        let image = folder.path("bank\(bank)")
        let copied = try await Programs.run(
          [
            try Project.crossCompiler.replacingOccurrences(of: "-gcc", with: "-objcopy"), "-O", "binary",
            program, image,
          ], seconds: 60)
        guard copied.end == .exit(0), truncate(image, 32 << 20) == 0 else {
          throw TestSetupError("\(copied)")
        }
      }
      let inRAM = try await folder.assemble("loader/flash", at: 0x8000_0000)
      func bank(_ number: Int) -> [String] {
        ["-drive", "if=pflash,unit=\(number),format=raw,readonly=on,file=" + folder.path("bank\(number)")]
      }
      for options in [
        bank(0), bank(0) + ["-bios", "none"], bank(0) + ["-bios", "none", "-kernel", inRAM],
        bank(0) + bank(1),
        bank(0) + bank(1) + ["-bios", "none"], bank(0) + ["-bios", inRAM], bank(1) + ["-bios", inRAM],
      ] + (reference == .qemu7 ? [bank(1)] : [bank(1) + ["-bios", "none", "-kernel", inRAM]]) {
        var said: [String] = []
        for words in [[try Programs.emulator, "-M", reference.machine], reference.words + ["-M", "virt"]] {
          let ran = try await Programs.run(
            words + ["-display", "none", "-monitor", "none", "-serial", "stdio"] + options, seconds: 30)
          #expect(ran.end == .exit(0), "\(ran)")
          said.append(String(ran.output.suffix(2)))
        }
        #expect(
          said[0] == said[1] && said[0].wholeMatch(of: /[01R][MS]/) != nil, "\(reference) \(options) \(said)")
      }
    }

    // MARK: Names

    @Test func machinesAreListedWithTheirVersions() async throws {
      let ran = try await Programs.run([Programs.emulator, "-M", "help"], seconds: 20)
      #expect(ran.end == .exit(0))
      for line in [
        "virt                 RISC-V VirtIO board (alias of virt-10.0)",
        "virt-10.0            RISC-V VirtIO board",
        "virt-7.2             RISC-V VirtIO board",
      ] {
        #expect(ran.output.contains("\n\(line)\n"), "\(ran)")
      }
    }

    @Test func versionsHaveTheirOwnProperties() async throws {
      let later = try await Programs.run(
        [Programs.emulator, "-M", "virt-7.2,acpi=off", "-display", "none"], seconds: 20)
      #expect(later.end == .exit(1))
      #expect(later.output.contains("Property 'virt-7.2-machine.acpi' not found"), "\(later)")
    }
  }
}
