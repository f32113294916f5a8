import Glibc
import Machine

/// The choice of `-bios` and where firmware is found.
package enum Firmware: Sendable, Equatable {
  case none
  case file(String)
  /// The host itself, with a sentence for the user where it stands in for what was not found.
  case builtin(notice: String?)

  /// Debian's packages put OpenSBI here: opensbi, then qemu-system-data.
  private static let systemFiles64 = [
    "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin",
    "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
  ]
  private static let systemFiles32 = [
    "/usr/lib/riscv32-linux-gnu/opensbi/generic/fw_dynamic.bin",
    "/usr/share/qemu/opensbi-riscv32-generic-fw_dynamic.bin",
  ]

  /// Finds what `-bios` names; nil and "default" mean OpenSBI's fw_dynamic.
  ///
  /// A named file is sought in the current folder, then in `folders` (`-L`), then in the program's share
  /// folder; OpenSBI in `folders`, the share folder, and where Debian's packages put it. Where it is nowhere and
  /// `canStandIn`, the built-in firmware takes its place.
  package init(
    _ bios: String?, is64Bit: Bool, folders: [String], systemFiles: [String]? = nil,
    shareFolder: String? = Self.shareFolder, canStandIn: Bool = false
  ) throws(ConfigurationError) {
    let searched = folders + (shareFolder.map { [$0] } ?? [])
    switch bios {
    case "none":
      self = .none
    case "builtin":
      self = .builtin(notice: nil)
    case nil, "default":
      let name = "opensbi-riscv\(is64Bit ? 64 : 32)-generic-fw_dynamic.bin"
      let candidates =
        searched.map { "\($0)/\(name)" }
        + (systemFiles ?? (is64Bit ? Self.systemFiles64 : Self.systemFiles32))
      guard let found = candidates.first(where: Self.exists) else {
        if canStandIn {
          self = .builtin(
            notice:
              "Unable to find the RISC-V BIOS \"\(name)\": the built-in firmware stands in (-bios builtin)")
          return
        }
        throw ConfigurationError(
          """
          Unable to find the RISC-V BIOS "\(name)"
          The default firmware, OpenSBI, is in Debian's package 'opensbi': apt install opensbi. \
          A folder that holds the file can be named with -L, another firmware with -bios FILE; \
          -bios none starts the kernel in machine mode.
          """)
      }
      self = .file(found)
    case let name?:
      let candidates = [name] + (name.hasPrefix("/") ? [] : searched.map { "\($0)/\(name)" })
      guard let found = candidates.first(where: Self.exists) else {
        throw ConfigurationError("Unable to find the RISC-V BIOS \"\(name)\"")
      }
      self = .file(found)
    }
  }

  private static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }

  /// `PREFIX/share/apus`, where the program is `PREFIX/bin/…`.
  package static var shareFolder: String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0, count < buffer.count else { return nil }
    let parts = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
      separator: "/"
    ).dropLast(2)
    return "/" + (parts + ["share", "apus"]).joined(separator: "/")
  }
}
