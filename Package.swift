// swift-tools-version: 6.2
// Apus: a machine emulator. Rooms and their order are explained in docs/architecture.md.
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error)
]
// The hot loop measures the same with and without exclusivity checks only because it uses
// raw pointers throughout; the flag keeps the class-based slow paths from paying for them.
let fast: [SwiftSetting] =
  strict + [
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
  ]

let package = Package(
  name: "apus",
  products: [
    .executable(name: "apus-system-riscv64", targets: ["apus-system-riscv64"]),
    .executable(name: "apus-system-riscv32", targets: ["apus-system-riscv32"]),
    .executable(name: "apus-riscv64", targets: ["apus-riscv64"]),
  ],
  targets: [
    // What Swift cannot express: variadic C (ioctl, fcntl, syscall), cmpxchg16b.
    .target(name: "CHost"),
    .target(name: "Logging", swiftSettings: strict),
    .target(name: "RISCV", dependencies: ["CHost", "Logging"], swiftSettings: fast),
    .target(name: "Translator", dependencies: ["RISCV", "CHost", "Logging"], swiftSettings: fast),
    .target(name: "Machine", dependencies: ["RISCV", "CHost", "Logging"], swiftSettings: fast),
    .target(name: "Storage", dependencies: ["Machine", "CHost"], swiftSettings: strict),
    .target(name: "Consoles", dependencies: ["Machine", "CHost"], swiftSettings: strict),
    // `-netdev user`. libslirp's pkg-config file wants glib's, which its package does not bring and nobody needs here.
    .systemLibrary(name: "CSlirp", providers: [.apt(["libslirp-dev"])]),
    .target(
      name: "Network", dependencies: ["Consoles", "Machine", "Logging", "CSlirp"], swiftSettings: strict),
    .target(name: "Devices", dependencies: ["Machine", "RISCV", "Logging"], swiftSettings: fast),
    // `-bios builtin`.
    .target(
      name: "SupervisorBinaryInterface", dependencies: ["Machine", "RISCV"], swiftSettings: strict),
    // Kernels come compressed: gzip, zstd, xz and lzma.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CLzma", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
    .target(
      name: "Boot", dependencies: ["Debugger", "Machine", "RISCV", "CZlib", "CZstd", "CLzma"],
      swiftSettings: strict),
    .target(
      name: "Boards",
      dependencies: [
        "Machine", "RISCV", "Translator", "Devices", "Boot", "Logging", "SupervisorBinaryInterface",
      ],
      swiftSettings: strict),
    // GDB's protocol without transport, symbols: whole machines and programs alike, so without Foundation.
    .target(name: "Debugger", dependencies: ["RISCV", "Logging"], swiftSettings: strict),
    // What is probably wrong with a guest that is silent.
    .target(
      name: "Explanations", dependencies: ["Debugger", "Machine", "RISCV", "Logging"], swiftSettings: strict),
    // What firmware and bare-metal programs ask of their debugger: files, console, exit code.
    .target(name: "Semihosting", dependencies: ["RISCV", "CHost"], swiftSettings: strict),
    // Scripts of what must appear on a console, and their results.
    .target(
      name: "Grading", dependencies: ["Consoles", "Machine", "RISCV", "CJansson"], swiftSettings: strict),
    // JSON: jansson adds 60 KB and nothing to the start-up; Foundation's decoder adds 12 MB, or 4 ms where
    // it is linked dynamically.
    .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
    .target(name: "JSONText", dependencies: ["CJansson"], swiftSettings: strict),
    // The monitor for people, QMP for programs, GDB's connections.
    .target(
      name: "Control",
      dependencies: ["Debugger", "Machine", "Consoles", "Network", "RISCV", "Logging", "JSONText"],
      swiftSettings: strict),
    .target(
      name: "CommandLineOptions",
      dependencies: ["Consoles", "Network", "Machine", "RISCV", "Logging", "JSONText"],
      swiftSettings: strict),
    .target(
      name: "SystemEmulator",
      dependencies: [
        "CommandLineOptions", "Control", "Debugger", "Explanations", "Semihosting", "Grading", "Boards",
        "Boot",
        "Devices", "Storage", "Network", "Consoles", "Machine", "RISCV", "Translator", "Logging",
      ], swiftSettings: strict),
    // One program in two: what they offer and what is the default differs.
    .executableTarget(name: "apus-system-riscv64", dependencies: ["SystemEmulator"], swiftSettings: strict),
    .executableTarget(name: "apus-system-riscv32", dependencies: ["SystemEmulator"], swiftSettings: strict),
    .target(
      name: "LinuxUser",
      dependencies: ["Debugger", "RISCV", "Semihosting", "Translator", "CHost", "Logging"],
      swiftSettings: fast),
    .target(name: "CStandalone"),
    // One file that depends on nothing, so that it works inside any chroot, container or initramfs.
    .executableTarget(
      name: "apus-riscv64", dependencies: ["LinuxUser", "Logging", "CStandalone"], swiftSettings: strict,
      linkerSettings: [.unsafeFlags(["-static-executable"])]),
    // Measures Apus against QEMU: docs/benchmarks.md.
    .executableTarget(name: "apus-bench", path: "Benchmarks/Harness", swiftSettings: strict),
    // docs/decision-1.md's figures.
    .executableTarget(
      name: "measure-conformers", dependencies: ["Machine", "RISCV", "Translator"],
      path: "Benchmarks/Conformers", exclude: ["kernels.c", "kernels.ld", "build-kernels"],
      swiftSettings: fast),
    // What tests of several rooms share.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "BootTests", dependencies: ["Boot", "Debugger", "Machine"], swiftSettings: strict),
    .testTarget(name: "MachineTests", dependencies: ["Machine"], swiftSettings: strict),
    .testTarget(name: "LoggingTests", dependencies: ["Logging"], swiftSettings: strict),
    .testTarget(
      name: "BoardsTests", dependencies: ["Boards", "Boot", "Devices", "Machine", "RISCV"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(name: "RISCVTests", dependencies: ["RISCV", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "TranslatorTests", dependencies: ["Translator", "Machine", "RISCV", "Logging", "TestSupport"],
      // Read where they stand, and written there.
      exclude: ["HostCode/Expected"], swiftSettings: strict),
    .testTarget(
      name: "DevicesTests", dependencies: ["Devices", "Machine", "RISCV", "Logging", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "VirtIOTests", dependencies: ["Devices", "Machine", "Logging", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "StorageTests", dependencies: ["Storage", "Machine", "CHost"], swiftSettings: strict),
    .testTarget(
      name: "NetworkTests", dependencies: ["Network", "Machine", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "CommandLineOptionsTests",
      dependencies: ["CommandLineOptions", "Machine", "Logging", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ConsolesTests", dependencies: ["Consoles", "Machine", "apus-system-riscv64", "TestSupport"],
      exclude: ["peers.py"], swiftSettings: strict),
    .testTarget(
      name: "DebuggerTests", dependencies: ["Debugger", "RISCV", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ExplanationsTests",
      dependencies: ["Explanations", "Debugger", "Machine", "RISCV", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "SemihostingTests", dependencies: ["Semihosting", "RISCV"], swiftSettings: strict),
    .testTarget(
      name: "GradingTests", dependencies: ["Grading", "Machine", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ControlTests",
      dependencies: [
        "Control", "Debugger", "Consoles", "Devices", "Machine", "RISCV", "Logging", "JSONText",
        "TestSupport",
      ],
      swiftSettings: strict),
    // It does not depend on the program that it runs, whose way of linking would become its own.
    .testTarget(
      name: "LinuxUserTests", dependencies: ["LinuxUser", "RISCV", "TestSupport"], swiftSettings: strict),
    // Guests on the program itself, beside the reference emulator.
    .testTarget(
      name: "SystemTests",
      dependencies: [
        "Boot", "CommandLineOptions", "RISCV", "Machine", "apus-system-riscv64", "apus-system-riscv32",
        "TestSupport",
      ],
      exclude: ["network-peer.py", "QMP/qmp.py"], swiftSettings: strict),
    .testTarget(name: "BenchTests", dependencies: ["apus-bench"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
