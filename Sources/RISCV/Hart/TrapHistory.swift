// Unsafe pointers: one block of records, allocated for the hart's life. Only the hart's thread writes; others look
// while it rests, or take what they read for a hint.

/// A trap that a hart took.
package struct TrapRecord: Sendable, Equatable {
  /// Where it happened: `mepc` or `sepc` afterwards.
  package var pc: UInt64
  /// The number without the interrupt bit (RISC-V Privileged 1.13, table 14).
  package var cause: UInt64
  package var isInterrupt: Bool
  /// `mtval` or `stval`.
  package var value: UInt64
  package var from: Privilege
  /// Whose handler it went to; machine mode's is the firmware where Apus serves that itself.
  package var handler: Privilege
  /// Where the handler begins.
  package var target: UInt64
  /// Instructions retired before.
  package var instructions: UInt64
  /// How often in a row the same trap was taken from the same place: one at least.
  package var count: UInt64

  package init(
    pc: UInt64, cause: UInt64, isInterrupt: Bool, value: UInt64, from: Privilege, handler: Privilege,
    target: UInt64, instructions: UInt64, count: UInt64 = 1
  ) {
    self.pc = pc
    self.cause = cause
    self.isInterrupt = isInterrupt
    self.value = value
    self.from = from
    self.handler = handler
    self.target = target
    self.instructions = instructions
    self.count = count
  }

  fileprivate func repeats(_ other: TrapRecord) -> Bool {
    pc == other.pc && cause == other.cause && isInterrupt == other.isInterrupt && value == other.value
      && from == other.from && target == other.target
  }
}

/// The last traps of a hart. Keeping them costs a healthy guest some nanoseconds a trap.
package final class TrapHistory: @unchecked Sendable {
  package static let capacity = 32
  private let records: UnsafeMutablePointer<TrapRecord>
  /// Traps ever taken since reset; what repeats counts, too.
  package private(set) var total: UInt64 = 0
  /// Records ever made.
  private var made = 0

  init() {
    records = .allocate(capacity: Self.capacity)
    records.initialize(
      repeating: TrapRecord(
        pc: 0, cause: 0, isInterrupt: false, value: 0, from: .machine, handler: .machine, target: 0,
        instructions: 0, count: 0), count: Self.capacity)
  }

  deinit { records.deallocate() }

  /// The oldest first.
  package var all: [TrapRecord] {
    // Read once: the hart may go on while somebody looks.
    let made = made
    let count = min(made, Self.capacity)
    return (made - count..<made).map { records[$0 % Self.capacity] }
  }

  package var last: TrapRecord? {
    let made = made
    return made > 0 ? records[(made - 1) % Self.capacity] : nil
  }

  func add(_ record: TrapRecord) {
    total &+= 1
    if made > 0 {
      let last = records + (made - 1) % Self.capacity
      if last.pointee.repeats(record) {
        last.pointee.count &+= 1
        return
      }
    }
    records[made % Self.capacity] = record
    made += 1
  }

  func clear() {
    made = 0
    total = 0
  }
}
