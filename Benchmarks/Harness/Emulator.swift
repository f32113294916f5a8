/// One of the programs that are compared.
package struct Emulator {
  package var label: String
  package var path: String
  package var extra: [String] = []

  /// Runs a bare-metal guest to its end.
  package func run(_ program: String, harts: Int, within seconds: Double = 120) throws -> BareRun {
    let process = try HostProcess(
      [path] + extra + [
        "-M", "virt", "-cpu", "rv64", "-m", "128M", "-smp", "\(harts)", "-bios", "none", "-display", "none",
        "-serial", "stdio", "-monitor", "none", "-kernel", program,
      ])
    let end = try process.finish(within: seconds)
    var values: [String: UInt64] = [:]
    for line in process.text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      if words.count == 2, let value = UInt64(words[1], radix: 16) { values[String(words[0])] = value }
    }
    guard end.exitCode == 0, let result = values["result"], let instructions = values["instructions"] else {
      throw BenchmarkError("\(program) failed under \(label): \(process.lastWords)")
    }
    return BareRun(cpu: end.cpu, wall: end.wall, result: result, instructions: instructions)
  }
}

package struct BareRun {
  package var cpu: Double
  package var wall: Double
  package var result: UInt64
  /// By the guest's own `instret`: true under Apus, meaningless under QEMU.
  package var instructions: UInt64
}
