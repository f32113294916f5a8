// Unsafe pointers: the code memory's bytes are copied, never kept.
import RISCV

/// Where the parts of a region's host code lie, as offsets into the code memory: for whoever reads it.
package struct RegionLayout: Sendable {
  package struct Instruction: Sendable {
    package let pc: UInt64
    package let code: Range<Int>
    /// The interpreter performs it.
    package let isLeft: Bool
  }

  /// The checked entry, and the first byte behind checking and paying.
  package internal(set) var start = 0
  package internal(set) var body = 0
  /// In the order of translation.
  package internal(set) var instructions: [Instruction] = []
  /// The code behind the body: what is rare, and the ways out.
  package internal(set) var exits = 0..<0
  package init() {}
}

extension RegionTranslator {
  /// Notes in `layout` that the code from `begin` up to here is an instruction's. Not inlined: hardly ever called.
  @inline(never)
  func note(_ pc: UInt64, from begin: UnsafeMutableRawPointer, isLeft: Bool) {
    let code = begin - memory.writable..<emission.pointee.assembler.cursor - memory.writable
    layout?.instructions.append(RegionLayout.Instruction(pc: pc, code: code, isLeft: isLeft))
  }

  /// The host code in a range of offsets.
  package func code(_ range: Range<Int>) -> [UInt8] {
    [UInt8](UnsafeRawBufferPointer(start: memory.writable + range.lowerBound, count: range.count))
  }

  /// What lies at fixed offsets.
  package var names: [Int: String] {
    let stubs = emission.pointee.stubs
    var names: [Int: String] = [:]
    for (address, name) in [
      (stubs.lookup, "lookup"), (stubs.find, "find"), (stubs.interpret, "interpret"),
      (stubs.budget, "budget"), (stubs.link, "link"), (stubs.linkNear, "link-near"),
      (stubs.loadReals, "load-reals"), (stubs.open, "open"), (stubs.openForStores, "open-for-stores"),
      (stubs.refuse, "refuse"), (stubs.readTime, "read-time"), (stubs.readClock, "read-clock"),
      (stubs.updateViews, "update-views"),
    ] {
      names[address - Int(bitPattern: memory.executable)] = name
    }
    for constant in RealConstant.allCases {
      let address = stubs.constants + 16 * constant.rawValue
      names[address - Int(bitPattern: memory.executable)] = "\(constant)"
    }
    return names
  }

  /// Bytes of data behind each call to `refuse`.
  package static var refusalSize: Int { MemoryLayout<Emission.Refusal>.size }

  /// What lies at displacements from rbp.
  package static var stateNames: [Int: String] {
    typealias Offset = HartState.Offset
    typealias Frame = Emission.Frame
    var names: [Int: String] = [:]
    for i in 0..<32 {
      names[Emission.displacement(i)] = RegisterNames.integer[i]
      names[Emission.realDisplacement(i)] = RegisterNames.float[i]
    }
    for (offset, name) in [
      (Offset.pc, "pc"), (Offset.frm, "frm"), (Offset.fflags, "fflags"), (Offset.fs, "fs"),
      (Offset.reservation, "reservation"), (Offset.reservedWidth, "reserved-width"),
      (Offset.reservedValue, "reserved-value"), (Offset.privilege, "privilege"),
      (Offset.mstatus, "mstatus"), (Offset.table, "table"), (Offset.marks, "marks"),
    ] {
      names[offset - 128] = name
    }
    for number in [0x140, 0x141, 0x142, 0x143, 0x340, 0x341, 0x342, 0x343] {
      let features = HartFeatures(
        extensions: [], xlen: 64, hasSupervisor: true, hasUser: true, largestTranslation: 0, pmpCount: 0,
        vendor: 0, architecture: 0, implementation: 0, cacheBlockSize: 0)
      if let word = HartState.Control.plainWord(number, features) {
        names[word.offset - 128] = RegisterNames.csr(number) ?? "csr"
      }
    }
    for (displacement, name) in [
      (Frame.jumpCache, "jump-cache"), (Frame.hostControl, "host-control"), (Frame.control, "control"),
      (Frame.otherControl, "other-control"), (Frame.stackLimit, "stack-limit"), (Frame.reals, "reals"),
      (Frame.mayZeroBlocks, "may-zero-blocks"),
    ] {
      names[displacement] = name
    }
    for i in 0..<Windows.count {
      for (offset, name) in [
        (Offset.windowStarts, "start"), (Offset.windowLimits, "limit"),
        (Offset.narrowWindowLimits, "narrow-limit"), (Offset.windowDeltas, "delta"),
        (Offset.passingDeltas, "passing-delta"),
      ] {
        names[offset + 8 * i - 128] = name
      }
    }
    for i in 0..<Frame.slotCount { names[Frame.slot(i)] = "slot\(i)" }
    return names
  }
}
