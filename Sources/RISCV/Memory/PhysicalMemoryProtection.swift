/// Physical memory protection (RISC-V Privileged 1.13, §3.7) with Smepmp (chapter 7), precomputed from
/// the CSRs into address ranges.
struct PhysicalMemoryProtection {
  private struct Entry {
    /// First and last byte.
    var first: UInt64
    var last: UInt64
    var configuration: UInt8
  }

  private var entries: [Entry] = []
  private var count = 0
  /// mseccfg.MML and MMWP.
  private var machineLockdown = false
  private var machineWhitelist = false

  enum Access { case load, store, fetch }

  static let locked: UInt8 = 0x80

  mutating func update(_ s: UnsafeMutablePointer<HartState>, _ features: HartFeatures) {
    count = features.pmpCount
    machineLockdown = s.pointee.mseccfg & 1 != 0
    machineWhitelist = s.pointee.mseccfg & 2 != 0
    entries = []
    for i in 0..<count {
      let configuration = s.pointee.pmpcfg[i]
      let address = s.pointee.pmpaddr[i]
      switch configuration >> 3 & 3 {
      case 1:
        let start = i == 0 ? 0 : s.pointee.pmpaddr[i - 1] << 2
        let end = address << 2
        // An empty range matches nothing.
        if start < end { entries.append(Entry(first: start, last: end - 1, configuration: configuration)) }
      case 2: entries.append(Entry(first: address << 2, last: address << 2 + 3, configuration: configuration))
      case 3:
        // NAPOT: the number of trailing ones gives the size, 8 bytes for none. All ones match everything.
        let ones = UInt64((~address).trailingZeroBitCount)
        if ones >= 54 {
          entries.append(Entry(first: 0, last: .max, configuration: configuration))
        } else {
          let size = UInt64(8) << ones
          let first = address << 2 & ~(size - 1)
          entries.append(Entry(first: first, last: first + (size - 1), configuration: configuration))
        }
      default: break
      }
    }
  }

  /// True where every byte of the access is allowed by the first entry that matches any.
  func allows(_ access: Access, _ address: UInt64, _ width: UInt64, _ privilege: Privilege) -> Bool {
    let last = address &+ (width - 1)
    for entry in entries where entry.first <= last && address <= entry.last {
      guard entry.first <= address, last <= entry.last else { return false }
      return permits(entry.configuration, access, privilege)
    }
    if privilege == .machine {
      if machineWhitelist { return false }
      return !(machineLockdown && access == .fetch)
    }
    return count == 0
  }

  /// True where no entry begins or ends inside the page, so that one check stands for all of it.
  func isUniform(page: UInt64) -> Bool {
    let last = page | 0xfff
    for entry in entries where entry.first <= last && page <= entry.last {
      return entry.first <= page && last <= entry.last
    }
    return true
  }

  private func permits(_ configuration: UInt8, _ access: Access, _ privilege: Privilege) -> Bool {
    let isMachine = privilege == .machine
    let isLocked = configuration & Self.locked != 0
    let (r, w, x) = (configuration & 1 != 0, configuration & 2 != 0, configuration & 4 != 0)
    guard machineLockdown else {
      if isMachine && !isLocked { return true }
      switch access {
      case .load: return r
      case .store: return w
      case .fetch: return x
      }
    }
    // Smepmp table 2. R=0 W=1 means a region shared between M and the others.
    if !r && w {
      if isLocked { return access == .fetch || access == .load && x && isMachine }
      switch access {
      case .load: return true
      case .store: return isMachine || x
      case .fetch: return false
      }
    }
    // L=1 R=W=X=1: shared, read only.
    if isLocked && r && w && x { return access == .load }
    guard isLocked == isMachine else { return false }
    switch access {
    case .load: return r
    case .store: return w
    case .fetch: return x
    }
  }
}

extension Hart {
  private func isLocked(_ i: Int) -> Bool {
    guard i < features.pmpCount, state.pointee.mseccfg & 4 == 0 else { return false }
    if state.pointee.pmpcfg[i] & PhysicalMemoryProtection.locked != 0 { return true }
    return false
  }

  /// An address register is locked with its entry, and by a locked TOR entry above it.
  private func isAddressLocked(_ i: Int) -> Bool {
    if isLocked(i) { return true }
    return i + 1 < features.pmpCount && isLocked(i + 1) && state.pointee.pmpcfg[i + 1] >> 3 & 3 == 1
  }

  func readPMP(_ number: Int) throws(Exit) -> UInt64 {
    if number >= 0x3b0 {
      guard number - 0x3b0 < features.pmpCount else { throw illegal() }
      return state.pointee.pmpaddr[number - 0x3b0]
    }
    let (first, count) = try pmpConfigurations(number)
    var value: UInt64 = 0
    for i in 0..<count { value |= UInt64(state.pointee.pmpcfg[first + i]) << UInt64(8 * i) }
    return value
  }

  /// The entries that configuration register `number` holds: 8 on RV64, whose odd registers do not exist.
  private func pmpConfigurations(_ number: Int) throws(Exit) -> (first: Int, count: Int) {
    let index = number - 0x3a0
    let isRV64 = features.xlen == 64
    guard index * 4 < features.pmpCount, !(isRV64 && index & 1 != 0) else { throw illegal() }
    return (index * 4, isRV64 ? 8 : 4)
  }

  func writePMP(_ number: Int, _ value: UInt64) throws(Exit) {
    if number >= 0x3b0 {
      let i = number - 0x3b0
      guard i < features.pmpCount else { throw illegal() }
      guard !isAddressLocked(i) else { return }
      state.pointee.pmpaddr[i] = value & (features.xlen == 64 ? (1 << 54) - 1 : 0xffff_ffff)
    } else {
      let (first, count) = try pmpConfigurations(number)
      for i in 0..<count where !isLocked(first + i) {
        writePMPConfiguration(first + i, UInt8(truncatingIfNeeded: value >> UInt64(8 * i)) & 0x9f)
      }
    }
    pmp.update(state, features)
    lookaside.flush()
  }

  private func writePMPConfiguration(_ i: Int, _ value: UInt8) {
    var new = value
    let lockdown = state.pointee.mseccfg & 1 != 0
    if lockdown {
      // Smepmp §3: with MML and without RLB no executable machine-mode rule can be added.
      let executable = new & 0x80 != 0 && (new & 4 != 0 && new & 7 != 7 || new & 3 == 2)
      if executable && state.pointee.mseccfg & 4 == 0 { return }
    } else if new & 3 == 2 {
      new &= ~2  // W without R is reserved.
    }
    state.pointee.pmpcfg[i] = new
  }

  /// mseccfg: MML and MMWP stick; RLB cannot be set again once an entry is locked.
  func writeSecurity(_ value: UInt64) {
    let old = state.pointee.mseccfg
    var new = value & 7
    new |= old & 3
    let anyLocked = (0..<features.pmpCount).contains {
      state.pointee.pmpcfg[$0] & PhysicalMemoryProtection.locked != 0
    }
    if old & 4 == 0 && anyLocked { new &= ~4 }
    state.pointee.mseccfg = new
    pmp.update(state, features)
    lookaside.flush()
  }
}
