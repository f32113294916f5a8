import RISCV

/// A loop borrows host registers: where it does not touch the guest registers that these hold throughout, they hold
/// others that it does touch, as long as it runs. The region's way in makes the exchange, each way out undoes it, and
/// its jump back to its beginning skips both.
struct Loan {
  var guest: Int
  /// Whose place it is; its value lies in `Emission.Frame.lent` meanwhile.
  var owner: Int
  var host: HostRegister
}

extension Emission {
  static let mostLoans = 4
  /// Uses in one turn from which on borrowing pays.
  private static let worthwhileUses = 2
  /// A loop is left often where there are many ways out, and each takes the exchange back: one more use for so many.
  private static let waysPerUse = 2

  /// What the loop that was just emitted, the region, would better borrow; nothing where it is none.
  mutating func chooseLoans() -> [Loan] {
    guard linksRegions, !isCareful, !leavesInline, sideCount + missCount + groupCount < 100,
      (0..<sideCount).contains(where: { isLoop(sides[$0]) })
    else {
      return []
    }
    let free = RegionTranslator.registerMap.filter { uses[$0.guest] == 0 }
    if free.isEmpty { return [] }
    let ways = (0..<sideCount).count { !isLoop(sides[$0]) }
    let least = max(Self.worthwhileUses, ways / Self.waysPerUse)
    let wanted = (1..<32).filter { places[$0] < 0 && uses[$0] >= least }
      .sorted { uses[$0] > uses[$1] }
    return zip(wanted, free).prefix(Self.mostLoans).map {
      Loan(guest: $0, owner: $1.guest, host: $1.host)
    }
  }

  /// The loop, emitted again, still does not touch what it has borrowed from.
  var loansHold: Bool {
    mutating get { loans.allSatisfy { uses[$0.owner] == 0 } && !leavesInline }
  }

  /// From now on the borrowed registers are the places of others.
  mutating func beginLoans(_ new: [Loan]) {
    loans = new
    for loan in loans {
      places[loan.owner] = -1
      places[loan.guest] = Int8(loan.host.number)
    }
  }

  mutating func endLoans() {
    for loan in loans {
      places[loan.guest] = -1
      places[loan.owner] = Int8(loan.host.number)
    }
    loans = []
  }

  /// The jump leads back to the region's beginning.
  func isLoop(_ side: SideExit) -> Bool {
    side.target == entryPC && side.isNear && side.calls.count == 0 && !side.isOutside
  }

  /// On the way in.
  mutating func borrow() {
    for (i, loan) in loans.enumerated() {
      assembler.memory(Opcodes.store, loan.host, .rbp, Frame.lent(i))
      assembler.memory(Opcodes.load, loan.host, .rbp, Self.displacement(loan.guest))
    }
  }

  /// On the way out. Changes neither flags nor other registers.
  mutating func giveBack() {
    for (i, loan) in loans.enumerated() {
      assembler.memory(Opcodes.store, loan.host, .rbp, Self.displacement(loan.guest))
      assembler.memory(Opcodes.load, loan.host, .rbp, Frame.lent(i))
    }
  }

  /// The way back in to `target`, which the interpreter's stub or a refusal takes: where it begins.
  mutating func wayBack(to target: Int) -> Int {
    if loans.isEmpty { return target }
    let here = assembler.address
    borrow()
    assembler.jump(to: target)
    return here
  }
}
