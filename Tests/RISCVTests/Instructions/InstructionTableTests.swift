import TestSupport
import Testing

import RISCV

/// Every set of extensions that makes a difference to which rows exist together.
private func harts() -> [(ExtensionSet, Int)] {
  var rich = ExtensionSet.available
  rich.remove(.zcf)
  return [(rich, 64), (.available, 32)]
}

@Suite("The table of instructions")
struct InstructionTableTests {
  @Test("A row matches only bits that its mask covers")
  func maskCoversMatch() {
    for row in Instruction.table {
      #expect(row.match & ~row.mask == 0, "\(row.mnemonic)")
      #expect(row.nonzero & row.mask == 0, "\(row.mnemonic): a fixed field cannot vary")
      if row.length == 2 {
        #expect((row.match | row.mask) >> 16 == 0 && row.mask & 3 == 3, "\(row.mnemonic)")
      } else {
        #expect(row.mask & 0x7f == 0x7f, "\(row.mnemonic)")
      }
    }
  }

  @Test("Where two rows match one word, the first is a special case of the second")
  func overlapsAreNested() {
    for (extensions, xlen) in harts() {
      let rows = Instruction.table.filter { $0.requirement.isMet(by: extensions, xlen: xlen) }
      for (index, one) in rows.enumerated() {
        for other in rows[(index + 1)...] {
          guard one.length == other.length, (one.match ^ other.match) & one.mask & other.mask == 0 else {
            continue
          }
          // A field that must not be zero keeps the rows apart where the other row fixes it to zero.
          let apart =
            (one.nonzero != 0 && other.mask & one.nonzero == one.nonzero && other.match & one.nonzero == 0)
            || (other.nonzero != 0 && one.mask & other.nonzero == other.nonzero
              && one.match & other.nonzero == 0)
          if apart { continue }
          #expect(
            other.mask & ~one.mask == 0 && one.mask != other.mask,
            "\(one.mnemonic) and \(other.mnemonic) on RV\(xlen)")
        }
      }
    }
  }

  @Test("Every row is found by the decoder where no special case stands before it")
  func everyRowIsReachable() {
    for (extensions, xlen) in harts() {
      let decoder = Decoder(extensions: extensions, xlen: xlen)
      var random = SeededNumbers(seed: 1)
      for row in Instruction.table where row.requirement.isMet(by: extensions, xlen: xlen) {
        let found = (0..<200).contains { _ in
          let word = row.match | UInt32(truncatingIfNeeded: random.next()) & ~row.mask
          return decoder.instruction(word)?.mnemonic == row.mnemonic
        }
        #expect(found, "\(row.mnemonic) on RV\(xlen)")
      }
    }
  }

  @Test("The decoder finds what a search through the whole table finds")
  func listsAgreeWithTable() {
    for (extensions, xlen) in harts() {
      let decoder = Decoder(extensions: extensions, xlen: xlen)
      let rows = Instruction.table.filter { $0.requirement.isMet(by: extensions, xlen: xlen) }
      var random = SeededNumbers(seed: 2)
      for index in 0..<20_000 {
        var word = UInt32(truncatingIfNeeded: random.next())
        if index & 1 == 0 { word = rows[index % rows.count].match | word & ~rows[index % rows.count].mask }
        if word & 3 != 3 { word &= 0xffff }
        let expected = rows.first { $0.length == (word & 3 == 3 ? 4 : 2) && $0.matches(word) }
        #expect(decoder.instruction(word)?.mnemonic == expected?.mnemonic, "\(Disassembler.hex(word))")
      }
    }
  }

  @Test("Every opcode but the states of a page has a row")
  func everyOpcodeHasARow() {
    let states: Set<Opcode> = [.undecoded, .illegal, .pageEnd, .straddle, .halt]
    let rows = Set(Instruction.table.map(\.opcode))
    for opcode in Opcode.allCases where !states.contains(opcode) {
      #expect(rows.contains(opcode), "\(opcode)")
    }
  }
}
