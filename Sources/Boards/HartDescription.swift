import RISCV

/// What a device tree tells of a hart.
package struct HartDescription: Sendable, Equatable {
  package var is64Bit = true
  /// `riscv,isa`: "rv64imafdc_zicbom_…".
  package var isa: String
  /// `riscv,isa-extensions`, in the same order.
  package var extensions: [String]
  /// "riscv,sv57"; nil without translation.
  package var mmuType: String?
  /// Bytes; nil where the extension is missing.
  package var cbomBlockSize: UInt32?
  package var cbopBlockSize: UInt32?
  package var cbozBlockSize: UInt32?

  package init(isa: String, extensions: [String]) {
    self.isa = isa
    self.extensions = extensions
  }

  /// Truthful: what the hart that is made from `cpu` does.
  package init(_ cpu: CPUConfiguration) {
    self.init(isa: cpu.isaString, extensions: cpu.isaExtensions)
    is64Bit = cpu.xlen == 64
    mmuType = cpu.mmuType
    let advertised = cpu.advertised
    if advertised.contains(.zicbom) { cbomBlockSize = UInt32(clamping: cpu.cbomBlockSize) }
    if advertised.contains(.zicbop) { cbopBlockSize = UInt32(clamping: cpu.cbopBlockSize) }
    if advertised.contains(.zicboz) { cbozBlockSize = UInt32(clamping: cpu.cbozBlockSize) }
  }
}
