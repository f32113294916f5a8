import Foundation
import RISCV
import TestSupport
import Testing
import Translator

/// Random systems of the kind that has one right outcome leave the same memory and registers here, by translated
/// code, as on Debian 13's QEMU. `mtval` and `stval` of all traps are among it.
///
/// What may end in several ways:
/// - Instructions stored without `fence.i` (Unprivileged, Zifencei). The programs have one behind what stores to
///   code, but may have overwritten that. QEMU goes on with the old instructions in a block that it has begun; with
///   `one-insn-per-tb=on` it takes the new ones, as Apus does, and so runs here.
/// - Page tables stored without `sfence.vma` (Privileged 1.13, §10.2.1): either entry may be used. No program does:
///   PMP keeps lower privileges from stores to tables gone astray (a stack that grew into them), and machine mode
///   fences before it leaves for lower privileges or looks by their eyes (MPRV).
///
/// What QEMU 10.0 does against the manuals, left out of the programs:
/// - It executes an instruction that crosses into a page that PMP divides as it was before a store to it, even
///   behind `fence.i`. PMP divides no pages of code here.
/// - `mtval` of an `ebreak` seen in two windows is its address in the one where QEMU translated it first, and not
///   `mepc` (Privileged 1.13, §3.1.16). That of breakpoints is left out.
///
/// APUS_TRANSLATOR_REFERENCES (a number of programs) and APUS_TRANSLATOR_SEED ask for more and for others.
@Suite struct ReferenceTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let count = environment["APUS_TRANSLATOR_REFERENCES"].flatMap { UInt64($0) } ?? 8
  private static let firstSeed = environment["APUS_TRANSLATOR_SEED"].flatMap { UInt64($0) } ?? 1

  /// What a program prints here; nil where it does not come to its end, or has another one on another board.
  private static func ours(_ program: SystemProgram) throws -> [UInt8]? {
    var guest = try SystemGuest(program.image)
    try guest.translate(codeSize: 1 << 20, regionLimit: 100, features: .current)
    // Short slices, so that much of it runs along traces.
    guest.engines[0].slicesForTrace = 1
    var outcome = Hart.Outcome.budgetSpent
    for _ in 0..<300 where outcome == .budgetSpent { outcome = guest.harts[0].run(2000) }
    guard outcome == .waiting, !SystemProgram.wentOutside(guest.memory) else { return nil }
    return guest.device.state.printed
  }

  private static func theirs(_ program: SystemProgram) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let image = try folder.write(program.image, "image")
    let script = Project.script("trixie-run")
    _ = try HostCodeListing.output(
      of: "timeout",
      [
        "-s", "KILL", "10", script, "qemu-system-riscv64", "-M", "virt", "-m", "8M", "-cpu",
        Guest.model, "-accel", "tcg,one-insn-per-tb=on",
        "-bios", "none", "-display", "none", "-monitor", "none", "-serial", "file:" + folder.path("serial"),
        "-kernel",
        image,
      ])
    return [UInt8](try Data(contentsOf: folder.url.appendingPathComponent("serial")))
  }

  private static func words(_ bytes: [UInt8]) -> [UInt64] {
    stride(from: 0, to: bytes.count - 7, by: 8).map { place in
      (0..<8).reversed().reduce(0) { $0 << 8 | UInt64(bytes[place + $1]) }
    }
  }

  /// The words that differ, and the first trap behind which some do.
  private static func explanation(_ seed: UInt64) throws -> String {
    var (same, different) = (UInt64(0), traps)
    var text = ""
    while different - same > 1 || text.isEmpty {
      let middle = text.isEmpty ? different : (same + different) / 2
      let program = SystemProgram(seed: seed, freedom: [], traps: middle, printsResult: true)
      let (ours, theirs) = (words(try ours(program) ?? []), words(try theirs(program)))
      if ours == theirs {
        same = middle
        continue
      }
      different = middle
      let pairs = zip(ours, theirs).enumerated().filter { $0.element.0 != $0.element.1 }.map {
        let place = $0.offset
        let name = place < SystemProgram.printedPages ? "page" : "register"
        return "\(name) \(place) \(String($0.element.0, radix: 16)) and \(String($0.element.1, radix: 16))"
      }
      let trap = [ours, theirs].map { $0.suffix(2).map { String($0, radix: 16) } }
      text = "trap \(middle), \(trap): \(pairs.prefix(8).joined(separator: ", "))"
    }
    return "seed \(seed): \(text)"
  }

  private static let traps: UInt64 = 80

  @Test func randomSystemsLeaveTheSameAsOnTheReference() throws {
    var (compared, tried): (UInt64, UInt64) = (0, 0)
    for seed in Self.firstSeed..<Self.firstSeed + 40 * Self.count where compared < Self.count {
      let program = SystemProgram(seed: seed, freedom: [], traps: Self.traps, printsResult: true)
      guard let ours = try Self.ours(program) else { continue }
      compared += 1
      tried = seed - Self.firstSeed + 1
      if ours == (try Self.theirs(program)) {
        #expect(ours.count == 8 * SystemProgram.printedWords, "seed \(seed)")
      } else {
        Issue.record(Comment(rawValue: try Self.explanation(seed)))
      }
    }
    print("reference: \(compared) programs of \(tried)")
    #expect(compared == Self.count)
  }
}
