/// Addresses that drivers write in two halves.
extension UInt64 {
  mutating func replaceLow(_ value: UInt32) { self = self & ~0xffff_ffff | UInt64(value) }
  mutating func replaceHigh(_ value: UInt32) { self = self & 0xffff_ffff | UInt64(value) << 32 }
}
