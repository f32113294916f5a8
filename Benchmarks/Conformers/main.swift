// Measures the two conformers of the instruction semantics: kernels from flat binaries, bare machine mode.
import Glibc
import Machine
import RISCV

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
    let extensions = ExtensionSet.available.closed(xlen: 64)
    let features = HartFeatures(
      extensions: extensions, xlen: 64, hasSupervisor: true, hasUser: true, largestTranslation: 10, pmpCount: 16,
      vendor: 0, architecture: 0, implementation: 0, cacheBlockSize: 64)
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

for path in CommandLine.arguments.dropFirst() {
  guard let image = contents(path) else { continue }
  let bench = try Bench(image)
  let start = cpuSeconds()
  while bench.hart.run(10_000_000) == .budgetSpent {}
  let seconds = cpuSeconds() - start
  let count = bench.hart.state.pointee.instructionsRetired
  print(path.split(separator: "/").last ?? "", "interpreter", count, "instructions", seconds, "s", Double(count) / seconds / 1e6, "MIPS", "a0", bench.hart[x: 10])
}
