import RISCV

/// A trap in a line for people.
extension TrapRecord {
  /// `symbol` names places where it can.
  package func summary(symbol: (UInt64) -> String?) -> String {
    func word(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
    func place(_ address: UInt64) -> String { word(address) + (symbol(address).map { " <\($0)>" } ?? "") }
    func name(_ privilege: Privilege) -> String {
      switch privilege {
      case .user: "U"
      case .supervisor: "S"
      case .machine: "M"
      }
    }
    let isCall = (8...11).contains(cause) && !isInterrupt
    let kind = Hart.name(ofCause: cause, isInterrupt: isInterrupt) + (isInterrupt ? " interrupt" : "")
    return "\(kind) in \(name(from))-mode at \(place(pc))"
      + (isInterrupt || isCall ? "" : ", tval \(word(value))")
      + ", to \(name(handler))-mode's handler at \(place(target)), after \(instructions) instructions"
      + (count > 1 ? ", \(count) times in a row" : "")
  }
}
