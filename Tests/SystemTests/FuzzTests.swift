import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// Whatever a file or a guest holds, the program neither crashes nor hangs, and refuses with a sentence.
  ///
  /// APUS_FUZZ_SEED and APUS_FUZZ_RUNS ask for other and for more inputs.
  struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let firstSeed = environment["APUS_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    private static let runs = environment["APUS_FUZZ_RUNS"].flatMap { UInt64($0) } ?? 40

    private static let quiet = ["-display", "none", "-monitor", "none", "-serial", "none", "-m", "64M"]

    /// Runs for a moment; a guest that goes on for ever is ended, which is no failure of the program.
    private static func run(_ options: [String], seconds: Double = 0.4) async throws -> Ran {
      try await Programs.run([try Programs.emulator, "-M", "virt"] + quiet + options, seconds: seconds)
    }

    private static func check(_ ran: Ran, _ seed: UInt64, mustEnd: Bool = false) {
      switch ran.end {
      case .signal(let number):
        Issue.record("seed \(seed): ended by signal \(number): \(ran)")
      case .timeout: #expect(!mustEnd, "seed \(seed): \(ran)")
      case .exit(0): break
      case .exit(let code):
        // A guest may choose its exit code; a refusal is a sentence of the program's.
        #expect(code != 1 || ran.output.hasPrefix("apus-system-riscv64: "), "seed \(seed): \(ran)")
      }
    }

    @Test func randomBytesAreAKernelLikeAnyOther() async throws {
      let folder = try TemporaryFolder()
      let resumer = Self.resumer(step: 2)
      for seed in firstSeeds {
        var numbers = SeededNumbers(seed: seed)
        var bytes = (0..<4096).flatMap { _ in
          let word = numbers.next()
          return (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
        // Half of them with exceptions that go on behind the instruction, so that much is executed.
        if seed % 2 == 0 {
          bytes.replaceSubrange(0..<resumer.count * 4, with: resumer.flatMap(Self.little))
        }
        let kernel = try folder.write(bytes, "kernel")
        let harts = 1 + seed % 3
        Self.check(
          try await Self.run(["-bios", "none", "-kernel", kernel, "-smp", "\(harts)", "-cpu", "max"]), seed)
      }
    }

    private var firstSeeds: Range<UInt64> { Self.firstSeed..<Self.firstSeed + Self.runs }

    private static func little(_ word: UInt32) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
    }

    /// mtvec points to a handler that steps over what trapped; then random code follows.
    private static func resumer(step: Int) -> [UInt32] {
      [
        Encoding.u(0x17, 5, 0), Encoding.i(0x13, 0, 5, 5, 24), Encoding.i(0x73, 1, 0, 5, 0x305),
        Encoding.u(0x37, 6, 6), Encoding.i(0x73, 2, 0, 6, 0x300), 0x6f | Encoding.offset(.jump, 24),
        Encoding.i(0x73, 2, 31, 0, 0x341), Encoding.i(0x13, 0, 31, 31, step),
        Encoding.i(0x73, 1, 0, 31, 0x341),
        0x3020_0073, 0x13,
      ]
    }

    /// A guest that reads and writes registers of every device, at random, with every width.
    @Test func devicesTakeAnyAccess() async throws {
      let folder = try TemporaryFolder()
      let disk = try folder.write([UInt8](repeating: 0x5a, count: 1 << 16), "disk")
      var ended = 0
      for seed in Self.firstSeed..<Self.firstSeed + max(1, Self.runs / 3) {
        let kernel = try folder.write(Self.pokes(seed), "kernel")
        let legacy = seed % 2 == 0 ? "on" : "off"
        let ran = try await Self.run(
          [
            "-bios", "none", "-kernel", kernel, "-smp", "2", "-global",
            "virtio-mmio.force-legacy=\(legacy)", "-drive",
            "file=\(disk),if=none,format=raw,id=d", "-device", "virtio-blk-device,drive=d", "-device",
            "virtio-rng-device", "-device", "virtio-serial-device", "-device", "virtconsole",
          ], seconds: 2)
        Self.check(ran, seed)
        if ran.end == .exit(0) { ended += 1 }
      }
      // Some end by what a device wrote over them.
      #expect(ended > 0)
    }

    /// Loads and stores with fixed addresses and values, over and over, in other orders than drivers would.
    private static func pokes(_ seed: UInt64) -> [UInt8] {
      var numbers = SeededNumbers(seed: seed)
      // Where devices are, and how much of each matters.
      var windows: [(UInt64, UInt64)] = [
        (0x10_1000, 0x30), (0x200_0000, 0x20), (0x200_4000, 0x20), (0x200_bff0, 0x10), (0xc00_0000, 0x190),
        (0xc00_1000, 0x20), (0xc00_2000, 0x200), (0xc20_0000, 0x2000), (0x1000_0000, 0x10), (0x1000, 0x60),
        (0x300_0000, 0x10), (0x3000_0000, 0x10), (0x1010_0000, 0x18),
        // Where windows end: an access may begin in one and end outside.
        (0x10_1ff0, 0x18), (0x200_bff0, 0x18), (0xc5f_fff0, 0x18), (0x1000_00f0, 0x18), (0x1000_8ff0, 0x18),
        (0x87ff_fff0 - 0x400_0000, 0x18),
      ]
      for slot in 0..<8 { windows.append((0x1000_1000 + UInt64(slot) * 0x1000, 0x140)) }
      windows.append((0x1000_8000, 0x140))
      var code = resumer(step: 4)
      for _ in 0..<3000 {
        let (base, size) = windows.some(&numbers)
        let width = UInt32(numbers.next() % 4)
        var address = base + numbers.next() % size
        if !numbers.oneIn(16) { address &= ~((1 << UInt64(width)) - 1) }
        let value: UInt64 =
          switch numbers.next() % 6 {
          case 0: numbers.next() & 0xf
          case 1: 0x8000_0000 + numbers.next() % 0x400_0000
          case 2: 1 << (numbers.next() % 32)
          case 3: numbers.next()
          case 4: numbers.next() & 0x3ff
          default: 0x8010
          }
        // Addresses are below 2^31: lui and addi make them.
        let low = Int(Int32(truncatingIfNeeded: address << 20) >> 20)
        code.append(Encoding.u(0x37, 5, (Int(address) - low) >> 12))
        code.append(Encoding.i(0x13, 0, 5, 5, low))
        if numbers.oneIn(3) {
          code.append(Encoding.i(0x03, width, 7, 5, 0))
        } else {
          let low = Int(Int32(truncatingIfNeeded: value << 20) >> 20)
          code.append(Encoding.u(0x37, 6, (Int(UInt32(truncatingIfNeeded: value)) - low) >> 12))
          code.append(Encoding.i(0x13, 0, 6, 6, low))
          code.append(Encoding.s(0x23, width, 5, 6, 0))
        }
      }
      // Power off.
      code += [
        Encoding.u(0x37, 6, 0x100), Encoding.u(0x37, 7, 5), Encoding.i(0x13, 0, 7, 7, 0x555),
        Encoding.s(0x23, 2, 6, 7, 0), 0x6f,
      ]
      return code.flatMap(little)
    }

    /// Kernels, device trees and ramdisks with a few bytes wrong, cut, or grown.
    @Test func damagedFilesAreRefusedOrRun() async throws {
      let folder = try TemporaryFolder()
      let tree = folder.path("tree")
      let dumped = try await Self.run(["-M", "virt,dumpdtb=\(tree)"], seconds: 20)
      guard dumped.end == .exit(0) else { throw TestSetupError("no device tree: \(dumped)") }
      let originals: [(option: String, bytes: [UInt8])] = [
        ("-kernel", Self.elf), ("-bios", Self.elf), ("-kernel", Self.linuxImage),
        ("-dtb", [UInt8](try Data(contentsOf: URL(fileURLWithPath: tree)))),
        ("-initrd", [UInt8](repeating: 0x30, count: 5000)),
      ]
      for seed in firstSeeds {
        var numbers = SeededNumbers(seed: seed)
        let (option, original) = originals[Int(seed) % originals.count]
        var bytes = original
        for _ in 0..<1 + numbers.next() % 6 {
          // Headers matter most.
          let place = Int(numbers.next() % UInt64(numbers.oneIn(3) ? bytes.count : min(bytes.count, 128)))
          bytes[place] =
            numbers.oneIn(2)
            ? [0, 1, 0x7f, 0x80, 0xff].some(&numbers) : UInt8(truncatingIfNeeded: numbers.next())
        }
        if numbers.oneIn(4) { bytes.removeLast(Int(numbers.next() % UInt64(bytes.count))) }
        let file = try folder.write(bytes, "file")
        var options = [option, file]
        if option != "-bios" { options += ["-bios", "none"] }
        if option == "-dtb" || option == "-initrd" {
          options += ["-kernel", try folder.write(Self.elf, "kernel")]
        }
        Self.check(try await Self.run(options), seed)
      }
    }

    /// No regular file, one that is too large, one that nobody may read: each is one sentence.
    @Test(arguments: ["-kernel", "-bios", "-dtb", "-initrd"])
    func filesThatAreNoneAreRefused(option: String) async throws {
      let folder = try TemporaryFolder()
      let large = try folder.write([], "large")
      guard truncate(large, 1 << 40) == 0 else {
        throw TestSetupError("no sparse file in \(folder.path(""))")
      }
      for file in [folder.path("."), "/nonexistent", large, "/dev/null"] {
        var options = option == "-bios" ? [option, file] : [option, file, "-bios", "none"]
        if option == "-dtb" || option == "-initrd" {
          options += ["-kernel", try folder.write(Self.elf, "kernel")]
        }
        let ran = try await Self.run(options, seconds: file == "/dev/null" ? 0.4 : 5)
        if file == "/dev/null" {
          // Nothing to load is no error but for a device tree.
          Self.check(ran, 0)
        } else {
          #expect(ran.end == .exit(1), "\(ran)")
          #expect(ran.output.contains("apus-system-riscv64: "), "\(ran)")
        }
      }
    }

    /// Powers off at once.
    private static let stub: [UInt8] =
      [
        Encoding.u(0x37, 6, 0x100), Encoding.u(0x37, 7, 5), Encoding.i(0x13, 0, 7, 7, 0x555),
        Encoding.s(0x23, 2, 6, 7, 0), 0x6f,
      ].flatMap(little)

    private static func number(_ value: UInt64, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// An executable for RV64 with one segment at the start of RAM (System V ABI, "ELF Header").
    private static let elf: [UInt8] = {
      let header: [UInt8] =
        [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + number(0, 8) + number(2, 2) + number(243, 2) + number(1, 4)
        + number(0x8000_0000, 8) + number(64, 8) + number(0, 8) + number(0, 4) + number(64, 2) + number(56, 2)
        + number(1, 2) + number(64, 2) + number(0, 2) + number(0, 2)
      let segment: [UInt8] =
        number(1, 4) + number(7, 4) + number(120, 8) + number(0x8000_0000, 8) + number(0x8000_0000, 8)
        + number(UInt64(stub.count), 8) + number(0x1000, 8) + number(8, 8)
      return header + segment + stub
    }()

    /// The header of Documentation/arch/riscv/boot-image-header.rst, which is also two instructions.
    private static let linuxImage: [UInt8] =
      number(UInt64(0x6f | Encoding.offset(.jump, 64)), 4) + number(0, 4) + number(0, 8) + number(0x1000, 8)
      + number(0, 8) + number(2, 4) + number(0, 12) + Array("RISCV\0\0\0".utf8) + Array("RSC\u{5}".utf8)
      + number(0, 4) + stub
  }
}
