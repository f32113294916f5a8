import Foundation
import Machine
import RISCV
import TestSupport
import Testing

private final class NoTime: TimeSource {
  let ticks: UInt64 = 0
}

extension SystemTests {
  /// 32-bit harts: alone, and as guests of the 32-bit program.
  struct NarrowHartTests {
    static let features = HartFeatures(
      extensions: ExtensionSet([.i, .m, .a, .f, .d, .c, .zicsr, .zifencei, .zicntr, .zba, .zbb]).closed(
        xlen: 32),
      xlen: 32, hasSupervisor: true, hasUser: true, largestTranslation: 1, pmpCount: 16, vendor: 0,
      architecture: 0,
      implementation: 0, cacheBlockSize: 64)

    @Test func theNarrowHartKeepsItsClaims() async throws {
      let folder = try TemporaryFolder()
      let (elf, image) = (folder.path("rv32"), folder.path("rv32.bin"))
      let compiler = try Project.crossCompiler
      for words in [
        [
          compiler, "-nostdlib", "-nostartfiles", "-static", "-no-pie", "-fno-pic",
          "-march=rv32imac_zicsr_zifencei", "-mabi=ilp32", "-mcmodel=medany", "-Wl,-melf32lriscv",
          "-Wl,--no-relax",
          "-Wl,-N", "-Wl,--build-id=none", "-Wl,-Ttext=0x80000000", Project.guest("hart/rv32.S").path, "-o",
          elf,
        ],
        [compiler.replacingOccurrences(of: "gcc", with: "objcopy"), "-O", "binary", elf, image],
      ] {
        let ran = try await Programs.run(words, seconds: 60)
        guard ran.end == .exit(0) else { throw TestSetupError("\(ran)") }
      }
      let memory = AddressSpace(lock: MachineLock())
      try memory.addRAM("ram", base: 0x8000_0000, size: 1 << 20)
      // Where boards have sifive_test.
      try memory.addRAM("end", base: 0x10_0000, size: 0x1000)
      memory.copyIn([UInt8](try Data(contentsOf: URL(fileURLWithPath: image))), to: 0x8000_0000)
      let hart = Hart(id: 0, features: Self.features, memory: memory, time: NoTime(), port: InterruptPort())
      hart.resetPC = 0x8000_0000
      hart.reset()
      _ = hart.run(100_000)
      let end = memory.load(0x10_0000, as: UInt32.self) ?? 0
      #expect(end == 0x5555, "claim \(end >> 16), or \(hart[x: 3]) without end")
    }

    /// Whatever an RV32 hart executes, its registers hold 32 bits.
    @Test func randomCodeKeepsRegistersNarrow() throws {
      for seed: UInt64 in 1...40 {
        var numbers = SeededNumbers(seed: seed)
        let memory = AddressSpace(lock: MachineLock())
        try memory.addRAM("ram", base: 0x8000_0000, size: 1 << 16)
        let decoder = Decoder(extensions: Self.features.extensions, xlen: 32)
        var bytes: [UInt8] = []
        while bytes.count < 4096 {
          let word = UInt32(truncatingIfNeeded: numbers.next())
          guard let row = decoder.instruction(word) else { continue }
          for i in 0..<row.length { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(i * 8))) }
        }
        memory.copyIn(bytes, to: 0x8000_0000)
        let hart = Hart(id: 0, features: Self.features, memory: memory, time: NoTime(), port: InterruptPort())
        hart.resetPC = 0x8000_0000
        hart.reset()
        for register in 1..<32 { hart[x: register] = 0x8000_0000 + numbers.next() % 0x10000 }
        for _ in 0..<300 {
          _ = hart.run(20)
          for register in 0..<32 { #expect(hart[x: register] >> 32 == 0, "seed \(seed), x\(register)") }
          #expect(hart.state.pointee.pc >> 32 == 0)
        }
      }
    }

    // MARK: The 32-bit program

    /// Debian 13's OpenSBI for RV32, and a kernel built from `Guests/supervisor32`.
    private static func guests(_ folder: TemporaryFolder) async throws -> (firmware: String, kernel: String) {
      let fetched = try await Programs.run(
        [Project.script("fetch-package"), "trixie", "riscv64", "opensbi"], seconds: 300)
      guard fetched.end == .exit(0), let root = fetched.output.split(separator: "\n").last else {
        throw TestSetupError("cannot fetch OpenSBI: \(fetched)")
      }
      let kernel = folder.path("kernel")
      let built = try await Programs.run(
        [
          try Project.crossCompiler, "-O2", "-Wall", "-Wextra", "-Werror", "-march=rv32imac_zicsr_zifencei",
          "-mabi=ilp32", "-nostdlib", "-nostartfiles", "-static", "-no-pie", "-fno-pic", "-ffreestanding",
          "-fno-stack-protector", "-fno-tree-loop-distribute-patterns", "-mcmodel=medany",
          "-Wl,-melf32lriscv,--build-id=none,--no-warn-rwx-segments,-N,-Ttext=0x80400000,-e,_start",
          Project.guest("supervisor32/kernel.c").path, "-o", kernel,
        ], seconds: 60)
      guard built.end == .exit(0) else { throw TestSetupError("\(built)") }
      return ("\(root)/usr/lib/riscv32-linux-gnu/opensbi/generic/fw_dynamic.bin", kernel)
    }

    /// Firmware's banner and what a kernel finds of Sv32, traps and counters, above 4 GiB and around the end of
    /// the addresses, are the reference emulator's.
    @Test func aKernelOnOpenSBIFindsWhatItFindsOnTheReference() async throws {
      let folder = try TemporaryFolder()
      let (firmware, kernel) = try await Self.guests(folder)
      let options = [
        "-M", "virt", "-m", "4G", "-bios", firmware, "-kernel", kernel, "-display", "none", "-monitor",
        "none", "-serial", "stdio",
      ]
      var outputs: [[Substring]] = []
      for program in [
        [Project.script("trixie-run"), "qemu-system-riscv32"], [try Programs.emulator32],
        [try Programs.emulator32, "-accel", "interp"], [try Programs.emulator, "-cpu", "rv32"],
      ] {
        let ran = try await Programs.run(program + options, seconds: 60)
        #expect(ran.end == .exit(0), "\(ran)")
        #expect(ran.output.hasSuffix("done\r\n"), "\(ran)")
        // Of the hypervisor extension, and how many counters there are.
        let different = ["Boot HART Base ISA", "Boot HART MHPM", "Boot HART MIDELEG", "Boot HART MEDELEG"]
        outputs.append(
          ran.output.split(separator: "\r\n").filter { line in
            !different.contains { line.hasPrefix($0) }
          })
      }
      #expect(outputs[0].count > 80)
      for output in outputs.dropFirst() { #expect(output == outputs[0]) }
    }

    /// Each line of ours begins with the reference's.
    @Test(
      arguments: [
        ["-cpu", "rv64"], ["-cpu", "max32"], ["-cpu", "rv32,sv39=on"], ["-cpu", "rv32,f=off,d=off"],
        ["-M", "virt,aia=nonsense"], ["-smp", "513"],
      ])
    func whatCannotBeIsSaidInTheReferencesWords(options: [String]) async throws {
      let common = ["-M", "virt", "-display", "none", "-bios", "none"]
      let ours = try await Programs.run([try Programs.emulator32] + common + options, seconds: 20)
      let theirs = try await Programs.run(
        [Project.script("trixie-run"), "qemu-system-riscv32"] + common + options, seconds: 20)
      #expect(ours.end == .exit(1) && theirs.end == .exit(1), "\(ours) \(theirs)")
      func sentence(_ ran: Ran) -> Substring {
        (ran.output.split(separator: "\n").first ?? "").drop { $0 != ":" }
      }
      #expect(sentence(ours) == sentence(theirs), "\(ours) \(theirs)")
    }

    @Test func theListOfCPUsIsTheReferencesButForWhatIsMissing() async throws {
      let ours = try await Programs.run([try Programs.emulator32, "-cpu", "help"], seconds: 20)
      let theirs = try await Programs.run(
        [Project.script("trixie-run"), "qemu-system-riscv32", "-cpu", "help"], seconds: 20)
      #expect(ours.output == theirs.output.replacingOccurrences(of: "  rv32e\n", with: ""))
    }
  }
}
