extension DeviceTree {
  /// What the boot loader tells the kernel (Devicetree Specification 0.4, §3.6; Linux, "chosen").
  package struct Chosen: Sendable {
    package var bootArguments: String?
    package var initrd: Range<UInt64>?
    package var rngSeed: [UInt8]?

    package init() {}
  }

  /// Enters `chosen`; what it leaves open stays as the tree has it.
  package mutating func choose(_ chosen: Chosen) {
    if let arguments = chosen.bootArguments { root[child: "chosen"].set("bootargs", arguments) }
    if let initrd = chosen.initrd {
      root[child: "chosen"].set("linux,initrd-start", wide: initrd.lowerBound)
      root[child: "chosen"].set("linux,initrd-end", wide: initrd.upperBound)
    }
    if let seed = chosen.rngSeed { root[child: "chosen"]["rng-seed"] = seed }
  }
}
