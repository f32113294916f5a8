import RISCV

/// How translated code reaches the memory of a program whose addresses all lie at one distance on the host: with no
/// look-up and no check. The host's protections are the program's, and an access that faults comes back as
/// `ExitReason.fault`, from where a `FaultSite` says which instruction it was.
struct DirectAccess {
  /// The host address of address zero.
  let base: Int

  /// The base register of gs holds `base`, which does not fit into an operand beside a guest's offset.
  var usesSegment: Bool { base > Int(Int32.max) - 1 << 15 }
  /// What is added to each access's displacement.
  var displacement: Int { usesSegment ? 0 : base }
}

/// What an access that faults has to undo.
package struct FaultSite {
  /// From where on, as an offset into the code memory, up to the next one's.
  var offset: UInt32
  /// Instructions that the region has counted, from this one on.
  var uncounted: UInt32
  /// Registers to be made whole.
  var owed: UInt32
  var pc: UInt64
  var loans: Loans

  /// `Loan`s: guest registers and owners; x0 for none.
  typealias Loans = InlineArray<4, (UInt8, UInt8)>
  static let noLoan: (UInt8, UInt8) = (0, 0)
}

extension Emission {
  /// A direct access of the instruction at `pc`, from `cursor` on.
  struct Site {
    var cursor: UnsafeMutableRawPointer
    var pc: UInt64
    var executed: Int
    var owed: UInt32
  }

  /// Accesses from here on are the instruction's.
  mutating func noteSite() {
    sites[siteCount] = Site(cursor: assembler.cursor, pc: pc, executed: executed, owed: halves.owed)
    siteCount += 1
  }

  /// The data of an access is at its address. Uses rax.
  mutating func lookDirectly(_ address: Term) {
    let displacement = direct?.displacement ?? 0
    noteSite()
    if let (register, offset) = Self.split(address) {
      dataBase = source(Leaf(.guest, register), 0, .rax, true)
      dataDisplacement = offset + displacement
    } else {
      compute(address, .rax)
      dataBase = .rax
      dataDisplacement = displacement
    }
  }
}
