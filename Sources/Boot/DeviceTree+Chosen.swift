extension DeviceTree {
  /// What the boot loader tells the kernel (Devicetree Specification 0.4, §3.6; Linux, "chosen").
  package struct Chosen: Sendable {
    package var bootArguments: String?
    package var initrd: Range<UInt64>?
    /// Whether the RAM disk's bounds take two cells each: kernels read both widths.
    package var hasWideInitrd = true
    package var rngSeed: [UInt8]?

    package init() {}
  }

  /// Describes what was loaded for a hypervisor, the newest first; false where its address is taken.
  mutating func addModule(_ node: Node) -> Bool {
    var chosen = root[child: "chosen"]
    guard !chosen.children.contains(where: { $0.name == node.name }) else { return false }
    chosen.children.insert(node, at: 0)
    root[child: "chosen"] = chosen
    return true
  }

  /// Enters `chosen`; what it leaves open stays as the tree has it.
  package mutating func choose(_ chosen: Chosen) {
    if let arguments = chosen.bootArguments { root[child: "chosen"].set("bootargs", arguments) }
    if let initrd = chosen.initrd {
      for (name, bound) in [
        ("linux,initrd-start", initrd.lowerBound), ("linux,initrd-end", initrd.upperBound),
      ] {
        if !chosen.hasWideInitrd, let cell = UInt32(exactly: bound) {
          root[child: "chosen"].set(name, cell)
        } else {
          root[child: "chosen"].set(name, wide: bound)
        }
      }
    }
    if let seed = chosen.rngSeed { root[child: "chosen"]["rng-seed"] = seed }
  }
}
