import RISCV

/// A range of a program's address space with one protection.
package struct Mapping: Equatable, Sendable {
  /// Addresses of the first byte and behind the last, multiples of 4096.
  package var start: UInt64
  package var end: UInt64
  package var protection: PagePermissions
  /// Stores are seen by others (MAP_SHARED).
  package var isShared: Bool
  package var isAnonymous: Bool

  package init(
    start: UInt64, end: UInt64, protection: PagePermissions, isShared: Bool = false, isAnonymous: Bool = true
  ) {
    self.start = start
    self.end = end
    self.protection = protection
    self.isShared = isShared
    self.isAnonymous = isAnonymous
  }

  fileprivate func joins(_ next: Mapping) -> Bool {
    end == next.start && protection == next.protection && isShared == next.isShared
      && isAnonymous == next.isAnonymous
  }
}

/// The mappings of an address space: sorted, without overlap.
package struct Mappings: Sendable {
  package private(set) var all: [Mapping] = []

  package init() {}

  /// The index of the first mapping that ends behind `address`.
  private func index(behind address: UInt64) -> Int {
    var (low, high) = (0, all.count)
    while low < high {
      let middle = (low + high) / 2
      if all[middle].end > address { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// The mapping that holds `address`.
  package subscript(holding address: UInt64) -> Mapping? {
    let i = index(behind: address)
    return i < all.count && all[i].start <= address ? all[i] : nil
  }

  /// The parts of mappings that lie in `range`, in order.
  package func parts(in range: Range<UInt64>) -> [Mapping] {
    var parts: [Mapping] = []
    var i = index(behind: range.lowerBound)
    while i < all.count, all[i].start < range.upperBound {
      var part = all[i]
      part.start = max(part.start, range.lowerBound)
      part.end = min(part.end, range.upperBound)
      parts.append(part)
      i += 1
    }
    return parts
  }

  package func isFree(_ range: Range<UInt64>) -> Bool {
    let i = index(behind: range.lowerBound)
    return i == all.count || all[i].start >= range.upperBound
  }

  /// True where every byte of `range` is mapped.
  package func covers(_ range: Range<UInt64>) -> Bool {
    var at = range.lowerBound
    for part in parts(in: range) {
      guard part.start == at else { return false }
      at = part.end
    }
    return at >= range.upperBound
  }

  /// How many of `size` bytes at `start` are mapped.
  package func size(in start: UInt64, _ size: UInt64) -> UInt64 {
    let (end, overflow) = start.addingReportingOverflow(size)
    guard !overflow else { return 0 }
    return parts(in: start..<end).reduce(0) { $0 + ($1.end - $1.start) }
  }

  /// Takes `range` out.
  package mutating func remove(_ range: Range<UInt64>) {
    guard !range.isEmpty else { return }
    let first = index(behind: range.lowerBound)
    var last = first
    var kept: [Mapping] = []
    while last < all.count, all[last].start < range.upperBound {
      let mapping = all[last]
      if mapping.start < range.lowerBound {
        var left = mapping
        left.end = range.lowerBound
        kept.append(left)
      }
      if mapping.end > range.upperBound {
        var right = mapping
        right.start = range.upperBound
        kept.append(right)
      }
      last += 1
    }
    if first < last || !kept.isEmpty { all.replaceSubrange(first..<last, with: kept) }
  }

  /// Puts `mapping` in place of whatever is there.
  package mutating func insert(_ mapping: Mapping) {
    guard mapping.start < mapping.end else { return }
    remove(mapping.start..<mapping.end)
    var mapping = mapping
    var i = index(behind: mapping.start)
    var end = i
    if i > 0, all[i - 1].joins(mapping) {
      i -= 1
      mapping.start = all[i].start
    }
    if end < all.count, mapping.joins(all[end]) {
      mapping.end = all[end].end
      end += 1
    }
    all.replaceSubrange(i..<end, with: [mapping])
  }

  /// Gives everything mapped in `range` another protection.
  package mutating func protect(_ range: Range<UInt64>, _ protection: PagePermissions) {
    for part in parts(in: range) {
      var changed = part
      changed.protection = protection
      insert(changed)
    }
  }

  /// The start of the highest free range of `size` bytes that ends at or below `limit` and begins at or above `floor`.
  package func highestFree(_ size: UInt64, below limit: UInt64, from floor: UInt64, alignment: UInt64 = 4096)
    -> UInt64?
  {
    var end = limit
    var i = index(behind: limit)
    if i < all.count, all[i].start < limit { end = all[i].start }
    while true {
      let low = i > 0 ? max(all[i - 1].end, floor) : floor
      if end >= low, end - low >= size {
        let start = (end - size) & ~(alignment - 1)
        if start >= low { return start }
      }
      guard i > 0 else { return nil }
      i -= 1
      end = min(end, all[i].start)
      if end < floor { return nil }
    }
  }
}
