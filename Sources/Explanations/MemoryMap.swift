import Logging
import Machine

/// What is where in guest-physical memory.
package struct MemoryMap: Sendable {
  package enum Kind: Sendable, Equatable {
    case ram
    case rom
    case flash
    case device(widths: ClosedRange<Int>)
  }

  package struct Region: Sendable {
    package var name: String
    package var first: UInt64
    package var last: UInt64
    package var kind: Kind

    package init(name: String, first: UInt64, last: UInt64, kind: Kind) {
      self.name = name
      self.first = first
      self.last = last
      self.kind = kind
    }

    /// As people call it, with its addresses.
    var title: String {
      "\(MemoryMap.title(of: name)) (0x\(hexadecimal(first))-0x\(hexadecimal(last)))"
    }
  }

  package var regions: [Region]

  package init(_ regions: [Region]) { self.regions = regions }

  package init(_ memory: AddressSpace) {
    regions = memory.regions.map { region in
      let kind: Kind =
        switch region.kind {
        case .ram: .ram
        case .rom: .rom
        case .romDevice: .flash
        case .device(_, let widths, _): .device(widths: widths)
        }
      return Region(name: region.name, first: region.base, last: region.last, kind: kind)
    }
  }

  package func region(at address: UInt64) -> Region? {
    regions.first { $0.first <= address && address <= $0.last }
  }

  /// RAM, ROM or flash, from which code can be fetched.
  func hasMemory(at address: UInt64) -> Bool {
    guard let region = region(at: address) else { return false }
    if case .device = region.kind { return false }
    return true
  }

  /// The region whose bounds are closest to an address in none.
  func nearest(to address: UInt64) -> Region? {
    func distance(_ region: Region) -> UInt64 {
      address < region.first ? region.first - address : address > region.last ? address - region.last : 0
    }
    return regions.min { distance($0) < distance($1) }
  }

  private static func title(of name: String) -> String {
    switch name {
    case "riscv_virt_board.ram": "RAM"
    case "riscv_virt_board.mrom": "the boot ROM"
    case "riscv.sifive.plic": "the PLIC"
    case "riscv.sifive.test": "the power-off register"
    case "riscv.aclint.mtimer": "the machine timer"
    case "riscv.aclint.swi": "the software interrupts"
    case "serial": "the UART"
    case "goldfish_rtc": "the real-time clock"
    case "virtio-mmio": "a virtio slot"
    case "gpex_ioport": "PCI's ports"
    case "pcie-mmio", "pcie-mmio-high": "PCI's memory window"
    case "pcie-mmcfg-mmio": "PCI's configuration space"
    default: "'\(name)'"
    }
  }

  /// Consoles of other boards, at addresses that people carry over.
  private static let elsewhere: [(first: UInt64, size: UInt64, what: String)] = [
    (0x1001_0000, 0x1000, "the SiFive UART of sifive_u"),
    (0x1001_1000, 0x1000, "the second SiFive UART of sifive_u"),
    (0x1001_3000, 0x1000, "the SiFive UART of sifive_e and the FE310"),
    (0x3800_0000, 0x1000, "the UARTHS of the Kendryte K210"),
    (0x0250_0000, 0x1000, "the UART of the Allwinner D1"),
    (0x0900_0000, 0x1000, "the PL011 of Arm's virt board"),
    (0x101f_1000, 0x1000, "the PL011 of the Versatile board"),
    (0x3f20_1000, 0x1000, "the PL011 of the Raspberry Pi 3"),
    (0xfe20_1000, 0x1000, "the PL011 of the Raspberry Pi 4"),
    (0x3f8, 8, "a PC's COM1, which is an I/O port"),
    (0xb8000, 0x8000, "a PC's text screen"),
    (0x1300_0000, 0x1000, "a UART of other boards"),
  ]

  static func otherBoard(at address: UInt64) -> String? {
    elsewhere.first { address &- $0.first < $0.size }?.what
  }
}
