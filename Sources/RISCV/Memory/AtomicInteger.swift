// Unsafe pointers: callers pass naturally aligned addresses inside a host page.
import Synchronization

/// Integers that the host reads and exchanges atomically at an address. `Atomic`'s operations exist once
/// per width, not generically; this is the bridge.
protocol AtomicInteger: FixedWidthInteger & SignedInteger {
  static func load(_ host: UnsafeMutableRawPointer) -> Self
  static func compareExchange(_ host: UnsafeMutableRawPointer, _ expected: Self, _ desired: Self) -> (
    exchanged: Bool, original: Self
  )
}

extension Int8: AtomicInteger {
  static func load(_ host: UnsafeMutableRawPointer) -> Int8 {
    host.assumingMemoryBound(to: Atomic<Int8>.self).pointee.load(ordering: .sequentiallyConsistent)
  }
  static func compareExchange(_ host: UnsafeMutableRawPointer, _ expected: Int8, _ desired: Int8) -> (
    exchanged: Bool, original: Int8
  ) {
    host.assumingMemoryBound(to: Atomic<Int8>.self).pointee.compareExchange(
      expected: expected, desired: desired, ordering: .sequentiallyConsistent)
  }
}

extension Int16: AtomicInteger {
  static func load(_ host: UnsafeMutableRawPointer) -> Int16 {
    host.assumingMemoryBound(to: Atomic<Int16>.self).pointee.load(ordering: .sequentiallyConsistent)
  }
  static func compareExchange(_ host: UnsafeMutableRawPointer, _ expected: Int16, _ desired: Int16) -> (
    exchanged: Bool, original: Int16
  ) {
    host.assumingMemoryBound(to: Atomic<Int16>.self).pointee.compareExchange(
      expected: expected, desired: desired, ordering: .sequentiallyConsistent)
  }
}

extension Int32: AtomicInteger {
  static func load(_ host: UnsafeMutableRawPointer) -> Int32 {
    host.assumingMemoryBound(to: Atomic<Int32>.self).pointee.load(ordering: .sequentiallyConsistent)
  }
  static func compareExchange(_ host: UnsafeMutableRawPointer, _ expected: Int32, _ desired: Int32) -> (
    exchanged: Bool, original: Int32
  ) {
    host.assumingMemoryBound(to: Atomic<Int32>.self).pointee.compareExchange(
      expected: expected, desired: desired, ordering: .sequentiallyConsistent)
  }
}

extension Int64: AtomicInteger {
  static func load(_ host: UnsafeMutableRawPointer) -> Int64 {
    host.assumingMemoryBound(to: Atomic<Int64>.self).pointee.load(ordering: .sequentiallyConsistent)
  }
  static func compareExchange(_ host: UnsafeMutableRawPointer, _ expected: Int64, _ desired: Int64) -> (
    exchanged: Bool, original: Int64
  ) {
    host.assumingMemoryBound(to: Atomic<Int64>.self).pointee.compareExchange(
      expected: expected, desired: desired, ordering: .sequentiallyConsistent)
  }
}
