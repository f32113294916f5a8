import Logging
import RISCV

/// What `-d in_asm,op,out_asm` shows of a translated region.
struct RegionListing {
  let hart: Hart
  let layout: RegionLayout
  /// The region's code, from its check on.
  let code: [UInt8]
  /// Where that runs.
  let address: UInt

  func text(_ items: LogItems) -> String {
    var text = ""
    if items.contains(.guestCode) { text += guestCode }
    if items.contains(.operations) { text += operations }
    if items.contains(.hostCode) { text += hostCode }
    return text
  }

  private var guestCode: String {
    let entry = layout.instructions.first?.pc ?? 0
    // A loop's turns are one.
    var seen: Set<UInt64> = []
    let lines = layout.instructions.filter { seen.insert($0.pc).inserted }.map {
      hart.listing(of: $0.pc).line
    }
    .joined()
    return "----------------\nIN: \(hart.log.symbol(at: entry))\n"
      + "Priv: \(hart.state.pointee.privilege.rawValue); Virt: 0\n\(lines)\n"
  }

  /// The pieces of the code, one behind the other, as `title` has them: the entry, the instructions, the ways
  /// out. An instruction's ends where the next begins: the last one's with what leaves the region.
  private func pieces(
    _ title: (RegionLayout.Instruction) -> String
  ) -> [(title: String, range: Range<Int>)] {
    let titles = ["check and entry"] + layout.instructions.map(title) + ["ways out"]
    let ends = layout.instructions.map { $0.code.lowerBound } + [layout.exits.lowerBound]
    let places = [0] + ends.map { $0 - layout.start } + [code.count]
    return zip(titles, zip(places, places.dropFirst())).map { ($0, $1.0..<$1.1) }
  }

  private var operations: String {
    var text = "OP:\n"
    let pieces = pieces { instruction in
      String(hart.listing(of: instruction.pc).line.dropLast()) + (instruction.isLeft ? "  (interpreter)" : "")
    }
    for (title, range) in pieces {
      text += " ---- \(title)\n"
      for start in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
        text += " +0x\(hexadecimal(start, 4)):  \(bytes(start..<min(start + 16, range.upperBound)))\n"
      }
    }
    return text + "\n"
  }

  private var hostCode: String {
    var text = "OUT: [size=\(code.count)]\n"
    for (title, range) in pieces({ "guest addr 0x\(hexadecimal($0.pc, 16))" }) {
      text += "  -- \(title)\n"
      for line in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
        text += "0x\(hexadecimal(address + UInt(line))):  \(bytes(line..<min(line + 16, range.upperBound)))\n"
      }
    }
    return text + "\n"
  }

  private func bytes(_ range: Range<Int>) -> String {
    code[range].map { hexadecimal($0, 2) }.joined(separator: " ")
  }
}
