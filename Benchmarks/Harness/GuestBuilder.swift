import Glibc

/// Compiles guests with the cross compiler; what is newer than its sources is left alone.
package struct GuestBuilder {
  package var options: Options

  package init(_ options: Options) throws {
    self.options = options
    for folder in [".build", options.buildFolder] {
      guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
        throw BenchmarkError("cannot make the folder \(folder): \(lastError())")
      }
    }
  }

  package func build(_ guest: BareGuest) throws -> String {
    let count = max(1, Int(Double(guest.iterations) * options.factor))
    let name = guest.id.replacing("/", with: "-") + "-\(count)"
    var flags = guest.defines.map { "-D" + $0 } + ["-DITERATIONS=\(count)"]
    if guest.paging == .sv39 { flags.append("-DSV39") }
    let sources = ["bare/start.S", "bare/runtime.c", "bare/memory.c", guest.source].map {
      options.sources + "/" + $0
    }
    return try compile(
      name, sources: sources,
      others: ["bare/link.ld"] + GuestBuilder.headers,
      flags: ["-march=rv64gc" + guest.extensions] + GuestBuilder.riscv + GuestBuilder.common + flags + [
        "-I", options.sources + "/bare", "-T", options.sources + "/bare/link.ld",
      ] + sources + ["-lgcc"])
  }

  /// A program of riscv64 Linux.
  package func build(_ guest: UserGuest) throws -> String {
    try build(
      guest, as: "riscv64", ["-march=rv64gc" + guest.extensions] + GuestBuilder.riscv, options.compiler)
  }

  /// The same for this machine.
  package func buildNative(_ guest: UserGuest) throws -> String {
    try build(guest, as: "native", GuestBuilder.x86, options.nativeCompiler)
  }

  private func build(_ guest: UserGuest, as kind: String, _ machine: [String], _ compiler: String) throws
    -> String
  {
    let count = max(1, Int(Double(guest.iterations) * options.factor))
    let sources = ["user/runtime.c", "bare/memory.c", guest.source].map { options.sources + "/" + $0 }
    return try compile(
      guest.id.replacing("/", with: "-") + "-\(count)-\(kind)", sources: sources,
      others: GuestBuilder.headers,
      flags: machine + GuestBuilder.common + guest.defines.map { "-D" + $0 } + [
        "-DITERATIONS=\(count)", "-I", options.sources + "/bare",
      ] + sources + ["-lgcc"], by: compiler)
  }

  /// The guest whose first instructions print a byte.
  package func buildFirst() throws -> String {
    let source = options.sources + "/bare/first.S"
    return try compile(
      "first", sources: [source], others: ["bare/link.ld"],
      flags: ["-march=rv64gc"] + GuestBuilder.riscv + GuestBuilder.common + [
        "-T", options.sources + "/bare/link.ld", source,
      ])
  }

  /// The same for supervisor mode, above firmware.
  package func buildFirstAboveFirmware() throws -> String {
    let source = options.sources + "/bare/first-supervisor.S"
    return try compile(
      "first-supervisor", sources: [source], others: [],
      flags: ["-march=rv64gc"] + GuestBuilder.riscv + GuestBuilder.common + ["-Wl,-Ttext=0x80200000", source])
  }

  /// One of the guests that fall silent, by its name.
  package func buildSilence(_ name: String) throws -> String {
    let folder = options.sources + "/../../Guests/silence/"
    return try compile(
      "silence-" + name, sources: [],
      others: ["../../Guests/silence/\(name).S", "../../Guests/silence/silence.h"],
      flags: [
        "-march=rv64gc_zicsr_zifencei", "-g", "-Wl,--no-relax", "-Wl,-N", "-Wl,-Ttext=0x80000000",
        folder + name + ".S",
      ] + GuestBuilder.riscv + GuestBuilder.common)
  }

  /// An initial file system in which `/kernel-work` is the program of that name: the one from
  /// `Scripts/fetch-linux` with a second archive behind it.
  package func buildKernelWork() throws -> String {
    let program = try build(linux: "kernel-work", from: ["linux/kernel-work.c", "linux/work.c"])
    let path = options.buildFolder + "/kernel-work.cpio"
    var bytes = try readFile(options.linuxFolder + "/initramfs.cpio.gz")
    bytes += [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    bytes += Archive.entry("kernel-work", mode: 0o100755, try readFile(program))
    bytes += Archive.entry("TRAILER!!!", mode: 0, [])
    try writeFile(path, bytes)
    return path
  }

  /// A static program with the C library, for riscv64 Linux or for this machine.
  package func build(linux name: String, from sources: [String], native: Bool = false) throws -> String {
    let sources = sources.map { options.sources + "/" + $0 }
    return try compile(
      name + (native ? "-native" : ""), sources: sources, others: ["linux/work.h"],
      flags: ["-O2", "-static", "-Wall", "-Wextra", "-Werror"] + sources + ["-lpthread"],
      by: native ? options.nativeCompiler : nil)
  }

  private static let headers = [
    "bare/runtime.h", "calls/bytecode.h", "changing/code.h", "floating/real.h",
  ]

  private static let riscv = ["-mabi=lp64d", "-mcmodel=medany", "-Wl,--no-warn-rwx-segments"]

  /// The host's instructions that stand against RISC-V's FMA and bit manipulation.
  private static let x86 = ["-march=x86-64-v3"]

  private static let common = [
    "-O2", "-std=gnu11", "-ffreestanding", "-fno-pie", "-no-pie", "-static",
    "-nostdlib", "-nostartfiles", "-ffp-contract=off", "-fno-math-errno",
    "-fno-tree-loop-distribute-patterns",
    "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror",
    "-Wl,--build-id=none",
  ]

  private func compile(
    _ name: String, sources: [String], others: [String], flags: [String], by compiler: String? = nil
  ) throws -> String {
    let compiler = compiler ?? options.compiler
    let target = options.buildFolder + "/" + name
    let inputs = sources + others.map { options.sources + "/" + $0 }
    if let built = modified(target), inputs.allSatisfy({ modified($0).map { $0 < built } ?? false }) {
      return target
    }
    let run = try HostProcess([compiler] + flags + ["-o", target])
    guard try run.finish(within: 120).exitCode == 0 else {
      throw BenchmarkError("\(compiler) does not build \(name):\n\(run.text)")
    }
    return target
  }

  private func modified(_ path: String) -> Double? {
    var file = stat()
    guard stat(path, &file) == 0 else { return nil }
    return Double(file.st_mtim.tv_sec) + Double(file.st_mtim.tv_nsec) / 1e9
  }
}

/// The "newc" archive format of Linux (buffer-format.rst).
package enum Archive {
  package static func entry(_ name: String, mode: Int, _ content: [UInt8]) -> [UInt8] {
    let fields = [1_000_000, mode, 0, 0, 1, 0, content.count, 0, 0, 0, 0, name.utf8.count + 1, 0]
    let digits = fields.map { field in
      let text = String(field, radix: 16)
      return String(repeating: "0", count: 8 - text.count) + text
    }
    return padded(Array(("070701" + digits.joined() + name).utf8) + [0]) + padded(content)
  }

  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
  }
}

package func readFile(_ path: String) throws -> [UInt8] {
  guard let file = fopen(path, "r") else { throw BenchmarkError("cannot read \(path): \(lastError())") }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 1 << 20)
  while case let count = fread(&part, 1, part.count, file), count > 0 { bytes += part[..<count] }
  return bytes
}

package func writeFile(_ path: String, _ bytes: [UInt8]) throws {
  guard let file = fopen(path, "w") else { throw BenchmarkError("cannot write \(path): \(lastError())") }
  let count = fwrite(bytes, 1, bytes.count, file)
  guard fclose(file) == 0, count == bytes.count else {
    throw BenchmarkError("cannot write \(path): \(lastError())")
  }
}
