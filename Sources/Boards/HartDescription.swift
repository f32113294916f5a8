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
}
