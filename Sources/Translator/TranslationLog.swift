// Unsafe pointers: the bytes of the region that was just translated, in the code memory.
import Logging
import RISCV

/// Where the instructions of the region that was translated last begin in its code. Kept only while somebody
/// reads it.
struct RegionTrail {
  struct Step {
    var pc: UInt64
    var code: UnsafeMutableRawPointer
    /// The interpreter performs it.
    var isLeft = false
  }

  /// In the order of translation.
  var steps: [Step] = []
  /// Where the region's instructions end, and its ways out begin.
  var end: UnsafeMutableRawPointer?

  @inline(never) mutating func begin(_ pc: UInt64, _ code: UnsafeMutableRawPointer) {
    steps.append(Step(pc: pc, code: code))
  }

  @inline(never) mutating func markLeft() {
    if !steps.isEmpty { steps[steps.count - 1].isLeft = true }
  }
}

/// What `-d in_asm,op,out_asm` shows of a translated region.
struct RegionListing {
  let hart: Hart
  let trail: RegionTrail
  /// The region's code where it was written, from its check on.
  let code: UnsafeRawBufferPointer
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
    let entry = trail.steps.first?.pc ?? 0
    let lines = trail.steps.map { hart.listing(of: $0.pc).line }.joined()
    return "----------------\nIN: \(hart.log.symbol(at: entry))\n"
      + "Priv: \(hart.state.pointee.privilege.rawValue); Virt: 0\n\(lines)\n"
  }

  private func offset(_ place: UnsafeMutableRawPointer) -> Int {
    guard let base = code.baseAddress else { return 0 }
    return min(max(0, UnsafeRawPointer(place) - base), code.count)
  }

  /// The pieces of the code: the entry, the instructions, the ways out.
  private var pieces: [(title: String, range: Range<Int>)] {
    let end = trail.end.map(offset) ?? code.count
    let starts = trail.steps.map { offset($0.code) }
    var pieces = [("check and entry", 0..<(starts.first ?? end))]
    for (index, step) in trail.steps.enumerated() {
      let next = index + 1 < starts.count ? starts[index + 1] : end
      let note = step.isLeft ? "  (interpreter)" : ""
      pieces.append(
        (String(hart.listing(of: step.pc).line.dropLast()) + note, starts[index]..<max(starts[index], next)))
    }
    pieces.append(("ways out", end..<code.count))
    return pieces
  }

  private var operations: String {
    var text = "OP:\n"
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
    var titles = trail.steps.map { (offset($0.code), "guest addr 0x\(hexadecimal($0.pc, 16))") }
    if let end = trail.end { titles.append((offset(end), "ways out")) }
    titles.insert((0, "check and entry"), at: 0)
    for (index, (start, title)) in titles.enumerated() {
      let end = index + 1 < titles.count ? titles[index + 1].0 : code.count
      text += "  -- \(title)\n"
      for line in stride(from: start, to: end, by: 16) {
        text += "0x\(hexadecimal(address + UInt(line))):  \(bytes(line..<min(line + 16, end)))\n"
      }
    }
    return text + "\n"
  }

  private func bytes(_ range: Range<Int>) -> String {
    code[range].map { hexadecimal($0, 2) }.joined(separator: " ")
  }
}
