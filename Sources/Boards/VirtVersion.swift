import Boot
import Machine

/// What differs between QEMU's releases in the machine that each of them calls `virt`, for guests and scripts
/// that were made for one of them. Measured on Debian's QEMU 7.2.22 and 10.0.13.
///
/// QEMU itself keeps no versions of this machine; the names follow those of its other machines.
package struct VirtVersion: Sendable {
  /// As `-machine` spells it.
  package let name: String
  let placement: BootPlacement
  /// Machine properties of later releases.
  let laterProperties: Set<String>
  /// What the release's generic harts (`rv64`, `rv32`) do not have, or have otherwise; `-global` and `-cpu` come
  /// after it.
  let hartDefaults: [Assignment]
  /// What each bank of flash is, where it was given contents; the first that was is what runs.
  let flashRoles: [FlashProgram.Role?]
  let tree: TreeFacts

  /// How the release writes its device tree.
  struct TreeFacts: Sendable {
    /// `/aliases`.
    let hasAliases: Bool
    /// What concerns firmware and `/chosen` stands first, not before `/soc`.
    let beginsWithFirmware: Bool
    /// PCI's bridge stands before the virtio connectors, not last.
    let hasPCIBeforeVirtIO: Bool
    /// The PLIC's `riscv,ndev`.
    let interruptSources: UInt32
    /// `riscv,isa-base` and `riscv,isa-extensions` stand beside `riscv,isa`.
    let listsExtensions: Bool
    /// Extensions without a name in `riscv,isa`: parts and statements that got theirs later.
    let unnamed: Set<String>
    /// `mmu-type` of a 64-bit hart that translates; nil: the largest mode that it has.
    let mmuType: String?
  }

  /// The newest, which `virt` stands for.
  package static let v10_0 = VirtVersion(
    name: "virt-10.0", placement: BootPlacement(), laterProperties: [], hartDefaults: [],
    // The second bank holds the first one's variables.
    flashRoles: [.either, nil],
    tree: TreeFacts(
      hasAliases: true, beginsWithFirmware: false, hasPCIBeforeVirtIO: false, interruptSources: 95,
      listsExtensions: true, unnamed: [],
      mmuType: nil))

  package static let v7_2 = VirtVersion(
    name: "virt-7.2",
    placement: BootPlacement(
      farthestInitrd: 128 << 20, hasWideInitrd: false, keepsTreeBelow3GiB: true, smallestTree: 1 << 20),
    laterProperties: ["acpi", "iommu-sys"],
    hartDefaults: [
      "zicbom", "zicbop", "zicboz", "zihintntl", "zawrs", "zfa", "svadu", "svvptc",
    ].map { Assignment($0, "off") } + ["marchid", "mimpid"].map { Assignment($0, "0x70200") },
    flashRoles: [.machineMode, .supervisorMode],
    tree: TreeFacts(
      hasAliases: false, beginsWithFirmware: true, hasPCIBeforeVirtIO: true, interruptSources: 96,
      listsExtensions: false,
      unnamed: [
        "zic64b", "ziccamoa", "ziccif", "zicclsm", "ziccrse", "zicntr", "zihpm", "zmmul", "za64rs", "zaamo",
        "zalrsc", "zca", "zcd", "zcf", "ssccptr", "sscounterenw", "sstvala", "sstvecd", "ssu64xl",
      ],
      // Whatever satp takes.
      mmuType: "riscv,sv48"))

  package static let all = [v10_0, v7_2]

  /// Which of the banks runs. `isFilled` tells of each whether it was given contents.
  func flashProgram(in isFilled: [Bool]) -> FlashProgram? {
    for (bank, role) in flashRoles.enumerated() {
      guard let role, bank < isFilled.count, isFilled[bank] else { continue }
      return FlashProgram(base: Virt.Map.flash.base + UInt64(bank) * Virt.Map.flash.size, role: role)
    }
    return nil
  }

  /// `hart` in the words of this release's device tree.
  func description(of hart: HartDescription) -> HartDescription {
    var hart = hart
    hart.extensions.removeAll(where: tree.unnamed.contains)
    let letters = hart.extensions.filter { $0.utf8.count == 1 }.joined()
    let names = hart.extensions.filter { $0.utf8.count > 1 }.map { "_" + $0 }.joined()
    hart.isa = (hart.is64Bit ? "rv64" : "rv32") + letters + names
    if hart.is64Bit, let mmuType = tree.mmuType, hart.mmuType?.hasPrefix("riscv,sv") == true {
      hart.mmuType = mmuType
    }
    return hart
  }
}
