import Glibc

/// What the command line of `apus-bench` asks for.
package struct Options {
  package var apus = Options.neighbour("apus-system-riscv64")
  package var apusUser = Options.neighbour("apus-riscv64")
  package var measureConformers = Options.neighbour("measure-conformers")
  package var conformers = "Benchmarks/Conformers"
  package var qemu = "qemu-system-riscv64"
  package var qemuUser = "qemu-riscv64"
  package var compiler = "riscv64-linux-gnu-gcc"
  package var nativeCompiler = "gcc"
  package var linuxFolder = Options.cacheFolder + "/guests"
  package var root = Options.cacheFolder + "/trixie-riscv64/root"
  package var sources = "Benchmarks/Guests"
  package var buildFolder = ".build/benchmarks"
  package var rounds = 3
  package var factor = 1.0
  package var only: [String] = []
  package var jsonFile: String?
  package var listsOnly = false

  package static let usage = """
    usage: apus-bench [options]

    Runs the benchmark guests under Apus and under QEMU, in turn, and prints CPU times, ratios and
    the bars. To be started in the folder of the package; docs/benchmarks.md explains the figures.

      --quick         one round instead of three
      --rounds N      N rounds
      --only WORD     only benchmarks whose SET/NAME contains WORD (repeatable)
      --scale F       F times the work of the guests that need no operating system
      --apus PATH     the Apus to measure (default: beside this program)
      --qemu PATH     the QEMU to measure (default: qemu-system-riscv64)
      --apus-user PATH, --qemu-user PATH
                      the same for Linux programs: apus-riscv64 and qemu-riscv64
      --linux FOLDER  Image, initramfs.cpio.gz and OpenSBI as Scripts/fetch-linux leaves them
      --root FOLDER   Debian's riscv64 programs as Scripts/fetch-package leaves them
      --json FILE     write everything measured to FILE too
      --list          name the benchmarks and end

    """

  package init(_ words: [String]) throws {
    var words = words[...]
    func value(of option: String) throws -> String {
      guard let word = words.popFirst() else { throw BenchmarkError("\(option) needs a value") }
      return word
    }
    while let word = words.popFirst() {
      switch word {
      case "--quick": rounds = 1
      case "--rounds":
        guard let number = Int(try value(of: word)), (1...1000).contains(number) else {
          throw BenchmarkError("--rounds needs a number from 1 to 1000")
        }
        rounds = number
      case "--scale":
        guard let number = Double(try value(of: word)), number > 0, number <= 1000 else {
          throw BenchmarkError("--scale needs a factor above 0, at most 1000")
        }
        factor = number
      case "--only": only.append(try value(of: word))
      case "--apus": apus = try value(of: word)
      case "--qemu": qemu = try value(of: word)
      case "--apus-user": apusUser = try value(of: word)
      case "--qemu-user": qemuUser = try value(of: word)
      case "--linux": linuxFolder = try value(of: word)
      case "--root": root = try value(of: word)
      case "--json": jsonFile = try value(of: word)
      case "--list": listsOnly = true
      case "-h", "--help":
        print(Options.usage, terminator: "")
        exit(0)
      default: throw BenchmarkError("\(word) is no option of apus-bench; --help lists them")
      }
    }
  }

  package func wants(_ name: String) -> Bool { only.isEmpty || only.contains { name.contains($0) } }

  private static var cacheFolder: String {
    if let path = environment("APUS_CACHE") { return path }
    return (environment("XDG_CACHE_HOME") ?? (environment("HOME") ?? "") + "/.cache") + "/apus"
  }

  private static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// A program in the folder of this one.
  private static func neighbour(_ name: String) -> String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink("/proc/self/exe", &path, Int(PATH_MAX))
    let own = count > 0 ? path.prefix(count).map { UInt8(bitPattern: $0) } : []
    let folder = own.lastIndex(of: UInt8(ascii: "/")).map { own[..<$0] } ?? []
    return String(decoding: folder, as: UTF8.self) + "/" + name
  }
}

/// Why a measurement is impossible or worth nothing, as a sentence.
package struct BenchmarkError: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
