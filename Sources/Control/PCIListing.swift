/// A PCI function as `info pci` and `info qtree` show it.
package struct PCIFunctionEntry: Sendable {
  /// A base address register.
  package struct Range: Sendable {
    package var index: Int
    package var isPorts: Bool
    package var isWide: Bool
    package var isPrefetchable: Bool
    package var size: UInt64
    /// nil: the driver has given it no place.
    package var address: UInt64?

    package init(
      index: Int, isPorts: Bool, isWide: Bool, isPrefetchable: Bool, size: UInt64, address: UInt64?
    ) {
      self.index = index
      self.isPorts = isPorts
      self.isWide = isWide
      self.isPrefetchable = isPrefetchable
      self.size = size
      self.address = address
    }

    fileprivate var bounds: (first: UInt64, last: UInt64) {
      // An address that is none, as QEMU prints it.
      let first = address ?? .max
      return (first, first &+ (size - 1))
    }
  }

  package var slot: Int
  package var function: Int
  package var id: String
  package var vendor: UInt64
  package var device: UInt64
  package var subsystemVendor: UInt64
  package var subsystem: UInt64
  /// Class and subclass.
  package var classCode: UInt64
  /// What firmware wrote into the interrupt line register.
  package var line: UInt64
  /// 0: none, 1: INTA.
  package var pin: UInt64
  package var ranges: [Range]

  package init(
    slot: Int, function: Int, id: String, vendor: UInt64, device: UInt64, subsystemVendor: UInt64,
    subsystem: UInt64, classCode: UInt64, line: UInt64, pin: UInt64, ranges: [Range]
  ) {
    self.slot = slot
    self.function = function
    self.id = id
    self.vendor = vendor
    self.device = device
    self.subsystemVendor = subsystemVendor
    self.subsystem = subsystem
    self.classCode = classCode
    self.line = line
    self.pin = pin
    self.ranges = ranges
  }

  var className: String? {
    switch classCode {
    case 0x0100: "SCSI controller"
    case 0x0180: "Storage controller"
    case 0x0600: "Host bridge"
    default: nil
    }
  }

  /// The paragraph of `info pci`.
  package var paragraph: String {
    func padded(_ number: Int, to width: Int) -> String {
      let digits = String(number)
      return String(repeating: " ", count: max(0, width - digits.count)) + digits
    }
    let decimal = String(classCode)
    let name = className ?? "Class " + String(repeating: "0", count: max(0, 4 - decimal.count)) + decimal
    var lines = [
      "  Bus  0, device \(padded(slot, to: 3)), function \(function):",
      "    \(name): PCI device \(hex(vendor, 4)):\(hex(device, 4))",
      "      PCI subsystem \(hex(subsystemVendor, 4)):\(hex(subsystem, 4))",
    ]
    if pin > 0, let letter = Unicode.Scalar(UInt32(0x40 + pin)) {
      lines.append("      IRQ \(line), pin \(Character(letter))")
    }
    for range in ranges {
      let width = range.isPorts ? "I/O" : "\(range.isWide ? 64 : 32) bit "
      let kind = range.isPorts ? "" : (range.isPrefetchable ? "prefetchable " : "") + "memory"
      let (first, last) = range.bounds
      let place = range.address == nil ? "(not mapped)" : "at 0x\(hex(first)) [0x\(hex(last))]"
      lines.append("      BAR\(range.index): \(width)\(kind) \(place)")
    }
    lines.append("      id \"\(id)\"")
    return lines.map { $0 + "\r\n" }.joined()
  }

  /// The lines behind the properties in `info qtree`.
  package var treeLines: [String] {
    let name = className ?? "Class \(hex(classCode, 4))"
    let ids = "\(hex(vendor, 4)):\(hex(device, 4)) (sub \(hex(subsystemVendor, 4)):\(hex(subsystem, 4)))"
    return ["class \(name), addr 00:\(hex(UInt64(slot), 2)).\(function), pci id \(ids)"]
      + ranges.map { range in
        let (first, last) = range.bounds
        return "bar \(range.index): \(range.isPorts ? "i/o" : "mem") at 0x\(hex(first)) [0x\(hex(last))]"
      }
  }

  private func hex(_ value: UInt64, _ width: Int = 0) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
