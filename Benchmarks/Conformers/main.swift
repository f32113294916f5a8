// Measures the two conformers of the instruction semantics: kernels from flat binaries, bare machine mode.
import Glibc
import Machine
import RISCV
import Translator

final class Standstill: TimeSource {
  let ticks: UInt64 = 0
}

/// A machine of one hart and 64 MiB of RAM, a kernel loaded at its start.
struct Bench {
  static let base: UInt64 = 0x8000_0000
  let memory: AddressSpace
  let hart: Hart

  init(_ image: [UInt8]) throws {
    memory = AddressSpace(lock: MachineLock())
    try memory.addRAM("ram", base: Self.base, size: 64 << 20)
    memory.copyIn(image, to: Self.base)

    let features = try CPUModel.configure("rv64").features
    hart = Hart(id: 0, features: features, memory: memory, time: Standstill(), port: InterruptPort())
    hart.resetPC = Self.base
    hart.reset()
  }
}

func cpuSeconds() -> Double {
  var t = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)
  return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
}

func contents(_ path: String) -> [UInt8]? {
  guard let file = fopen(path, "rb") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    let n = fread(&buffer, 1, buffer.count, file)
    if n == 0 { return bytes }
    bytes += buffer[0..<n]
  }
}

/// Runs to the kernel's `wfi`; its checksum, instructions and seconds.
func measure(_ hart: Hart, _ run: (Int) -> Hart.Outcome) -> (checksum: UInt64, count: UInt64, seconds: Double)
{
  let start = cpuSeconds()
  while run(10_000_000) == .budgetSpent {}
  return (hart[x: 10], hart.state.pointee.instructionsRetired, cpuSeconds() - start)
}

func rounded(_ v: Double) -> Double { (v * 100).rounded() / 100 }

for path in CommandLine.arguments.dropFirst() {
  guard let image = contents(path) else {
    print("\(path): cannot be read")
    continue
  }
  let plain = try Bench(image).hart
  let slow = measure(plain, { plain.run($0) })
  let hart = try Bench(image).hart
  let translated = try TranslatedHart(hart)
  let fast = measure(hart, { hart.run($0) })
  let agree = slow.checksum == fast.checksum && slow.count == fast.count
  print(
    String(path.split(separator: "/").last ?? ""), "interpreter",
    rounded(Double(slow.count) / slow.seconds / 1e6), "MIPS, emitted",
    rounded(Double(fast.count) / fast.seconds / 1e6), "MIPS,", agree ? "agree" : "DISAGREE: \(slow) \(fast)")
  let translator = translated.translator
  print(
    "  ", translator.instructionCount, "instructions in", translator.regionCount, "regions,",
    translator.codeSize, "bytes,", translated.exits, "exits")
  let left = Opcode.allCases.filter { translated.interpreted[Int($0.rawValue)] > 0 }
  print(
    "  ", "interpreted:",
    left.map { "\($0) \(translated.interpreted[Int($0.rawValue)])" }.joined(separator: ", "))
  // Emission alone, from decoded slots.
  let regions = translated.regions
  let before = translator.instructionCount
  let start = cpuSeconds()
  for _ in 0..<2000 {
    translated.forget()
    for pc in regions { translated.translate(at: pc) }
  }
  print(
    "  ", "emission", rounded((cpuSeconds() - start) * 1e9 / Double(translator.instructionCount - before)),
    "ns per instruction")
}
