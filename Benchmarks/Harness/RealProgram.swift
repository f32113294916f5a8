/// Debian's riscv64 programs, each with work of about a second or two under QEMU.
package struct RealProgram {
  package var name: String
  package var commands: [[String]]

  package static let names = ["xz", "gzip", "openssl", "python3", "sqlite3", "lua", "perl", "cc1"]

  /// `root` is the folder of the unpacked packages, `scripts` that of our scripts, and `inputs` one
  /// that this fills.
  package static func all(root: String, scripts: String, inputs: String) throws -> [RealProgram] {
    let binaries = root + "/usr/bin/"
    let (text, part, program) = (inputs + "/text", inputs + "/text-part", inputs + "/program.c")
    let bytes = Inputs.text(bytes: 5 << 20)
    try writeFile(text, bytes)
    try writeFile(part, Array(bytes.prefix(1 << 20)))
    try writeFile(program, Array(Inputs.program(functions: 16).utf8))
    let key = String(repeating: "0123456789abcdef", count: 4)
    let mersenne = String(repeating: "f", count: 319)  // 2^1279 - 1 is a prime
    let openssl = binaries + "openssl"
    return [
      RealProgram(name: "xz", commands: [[binaries + "xz", "-T1", "-6", "-k", "-c", part]]),
      RealProgram(name: "gzip", commands: [[binaries + "gzip", "-9", "-n", "-k", "-c", text]]),
      RealProgram(
        name: "openssl",
        commands: [
          [openssl, "dgst", "-sha256", text],
          [openssl, "dgst", "-sha3-512", text],
          [openssl, "enc", "-aes-256-cbc", "-K", key, "-iv", String(key.prefix(32)), "-in", text],
          [
            openssl, "kdf", "-keylen", "64", "-kdfopt", "digest:SHA512", "-kdfopt", "pass:word", "-kdfopt",
            "salt:salt", "-kdfopt", "iter:100000", "PBKDF2",
          ],
          [openssl, "prime", "-checks", "40", "-hex", "7" + mersenne],
        ]),
      RealProgram(name: "python3", commands: [[binaries + "python3.13", "-I", "-B", scripts + "/work.py"]]),
      RealProgram(
        name: "sqlite3", commands: [[binaries + "sqlite3", ":memory:", ".read \(scripts)/work.sql"]]),
      RealProgram(name: "lua", commands: [[binaries + "lua5.4", scripts + "/work.lua"]]),
      RealProgram(name: "perl", commands: [[binaries + "perl", scripts + "/work.pl"]]),
      RealProgram(
        name: "cc1",
        commands: [
          [
            root + "/usr/libexec/gcc/riscv64-linux-gnu/14/cc1", "-quiet", "-O2", "-march=rv64gc",
            "-mabi=lp64d",
            program, "-o", "-",
          ]
        ]),
    ]
  }
}
