import Foundation
import RISCV
import Testing
import Translator

/// What each guest instruction becomes stands in the files of `Expected`, so that a change of the code's
/// quality shows in a change of theirs. They are written anew by
///
///     APUS_UPDATE=1 Scripts/test --filter HostCodeTests
@Suite struct HostCodeTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Expected")

  private static let integer: ExtensionSet = [.i, .zicsr, .zifencei]
  private static let singles: ExtensionSet = [.i, .zicsr, .f]
  private static let atomics: ExtensionSet = [.i, .a, .zaamo, .zalrsc, .zacas, .zabha]

  private static let files: [(name: String, about: String, fragments: [GuestFragment])] = [
    (
      "integer", "RV64I with operands in host registers, then in memory.",
      GuestFragment.all(of: integer) + GuestFragment.all(of: integer, .inMemory)
    ),
    (
      "multiplication", "M with operands in host registers, then in memory.",
      GuestFragment.all(of: [.i, .m, .zmmul], without: integer)
        + GuestFragment.all(of: [.i, .m, .zmmul], without: integer, .inMemory)
    ),
    ("atomics", "A, Zacas and Zabha.", GuestFragment.all(of: atomics, without: integer)),
    ("single-precision", "F.", GuestFragment.all(of: singles, without: integer)),
    (
      "double-precision", "D with operands in host registers, then in memory.",
      GuestFragment.all(of: [.i, .zicsr, .f, .d], without: singles)
        + GuestFragment.all(of: [.i, .zicsr, .f, .d], without: singles, .inMemory)
    ),
    ("compressed", "C.", GuestFragment.all(of: [.i, .f, .d, .c, .zca, .zcd], without: [.i, .f, .d])),
    (
      "bits", "Zba, Zbb, Zbc, Zbs, Zbkb, Zbkx and Zicond.",
      GuestFragment.all(of: [.i, .zba, .zbb, .zbc, .zbs, .zbkb, .zbkx, .zicond], without: integer)
    ),
    ("control-registers", "Accesses to control and status registers.", GuestFragment.controlRegisters),
    ("programs", "Loops and functions as compilers write them.", GuestFragment.programs),
  ]

  /// A processor with all that the translator has use for.
  private static let features: HostFeatures = [
    .sse41, .avx, .fma, .f16c, .popcnt, .bmi1, .bmi2, .ssse3, .pclmul, .cx16,
  ]

  private static let introduction = """
    # a0-a5, s0, s1, sp, ra live in rbx rsi rdi r8 r9 r10 r11 r12 r13 r14, fa5-fa0, ft0-ft3, fs0, fs1 in xmm4-xmm15;
    # the budget is r15; rax rcx rdx and xmm0-xmm3 are free. {name} is a word of the hart's state, or a constant;
    # jumps name what code behind the body is for. Behind = stands the count of host instructions.


    """

  @Test(arguments: files.map(\.name)) func hostCodeIsAsTheFileHasIt(name: String) throws {
    for file in Self.files where file.name == name {
      let listing = try HostCodeListing(file.fragments, Self.features)
      try Self.compare(name, "# \(file.about)\n#\n" + Self.introduction + listing.text())
    }
  }

  /// All of a region: the check of its page, its payment, its body, what lies behind.
  @Test func aRegionIsAsTheFileHasIt() throws {
    let fragments = GuestFragment.programs.prefix(2) + [GuestFragment(Encoding.i(0x03, 3, 10, 11, 8))]
    let listing = try HostCodeListing(Array(fragments), Self.features)
    try Self.compare(
      "region", "# Whole regions.\n#\n" + Self.introduction + listing.text(showsWaysOut: true))
  }

  private static func compare(_ name: String, _ text: String) throws {
    let file = folder.appendingPathComponent(name + ".txt")
    if ProcessInfo.processInfo.environment["APUS_UPDATE"] == "1" {
      try Data(text.utf8).write(to: file)
      return
    }
    let expected = try? String(contentsOf: file, encoding: .utf8)
    if expected == text { return }
    let actual = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
    try Data(text.utf8).write(to: actual)
    defer { try? FileManager.default.removeItem(at: actual) }
    let difference = try HostCodeListing.output(
      of: "diff", ["-u", "--label", "\(name).txt", "--label", "now", file.path, actual.path])
    Issue.record(
      """
      The host code is another one. Where that is meant: APUS_UPDATE=1 Scripts/test --filter HostCodeTests
      \(difference)
      """)
  }
}
