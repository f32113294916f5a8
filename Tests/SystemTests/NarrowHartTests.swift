import Foundation
import Machine
import RISCV
import Testing

private final class NoTime: TimeSource {
  let ticks: UInt64 = 0
}

extension SystemTests {
  /// RV32 has no board yet; a hart on a bare address space shows that it is compiled and right.
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
      let compiler = try Programs.crossCompiler
      for words in [
        [
          compiler, "-nostdlib", "-nostartfiles", "-static", "-no-pie", "-fno-pic",
          "-march=rv32imac_zicsr_zifencei", "-mabi=ilp32", "-mcmodel=medany", "-Wl,-melf32lriscv",
          "-Wl,--no-relax",
          "-Wl,-N", "-Wl,--build-id=none", "-Wl,-Ttext=0x80000000", Programs.guest("hart/rv32.S").path, "-o",
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
  }
}
