/// A reason for which a guest makes no progress.
///
/// docs/explanations.md is written from these rows.
package struct Cause: Sendable, Equatable {
  package enum Family: String, CaseIterable, Sendable {
    case loading = "Found before the first instruction"
    case protection = "Physical memory protection"
    case handlers = "Trap handlers"
    case paging = "Page tables"
    case addresses = "Addresses and devices"
    case instructions = "Instructions"
    case control = "Returns, jumps and stacks"
    case calls = "Calls to firmware and debuggers"
    case interrupts = "Interrupts"
    case standstill = "Standing still"
    case drivers = "virtio drivers"
  }

  /// Stable: scripts compare it.
  package let id: String
  package let family: Family
  /// What its author sees of it elsewhere.
  package let looksLike: String
  package let why: String
  /// What to do, as a sentence.
  package let advice: String

  init(_ id: String, _ family: Family, looksLike: String, why: String, advice: String) {
    self.id = id
    self.family = family
    self.looksLike = looksLike
    self.why = why
    self.advice = advice
  }
}
