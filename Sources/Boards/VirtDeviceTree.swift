import Boot
import Devices
import Machine

/// The device tree of the board `virt`: QEMU's nodes and properties for what this board has, nothing else.
struct VirtDeviceTree {
  let version: VirtVersion
  let hart: HartDescription
  let harts: Int
  let ramSize: UInt64
  let timebase: UInt64
  let isACLINT: Bool
  let highPCIMemory: Virt.Window

  // MARK: Handles

  /// QEMU counts handles from the last hart to the first: hart, then its interrupt controller.
  private func hartHandle(_ index: Int) -> UInt32 { UInt32(2 * (harts - 1 - index) + 1) }
  private func interruptHandle(_ index: Int) -> UInt32 { hartHandle(index) + 1 }
  private var plicHandle: UInt32 { UInt32(2 * harts + 1) }
  private var testHandle: UInt32 { plicHandle + 1 }

  /// Bits of `mip`, which number a hart's own interrupts.
  private enum Cause {
    static let supervisorSoftware: UInt32 = 1
    static let machineSoftware: UInt32 = 3
    static let machineTimer: UInt32 = 7
    static let supervisorExternal: UInt32 = 9
    static let machineExternal: UInt32 = 11
  }

  static let uartClock: UInt32 = 3_686_400
  private static let uartPath = "/soc/serial@10000000"

  // MARK: Nodes

  var tree: DeviceTree {
    var tree = DeviceTree()
    tree.root.set("#address-cells", 2)
    tree.root.set("#size-cells", 2)
    tree.root.set("compatible", "riscv-virtio")
    tree.root.set("model", "riscv-virtio,qemu")
    var chosen = DeviceTree.Node("chosen")
    chosen.set("stdout-path", Self.uartPath)
    if version.tree.beginsWithFirmware {
      [firmwareConfiguration, flash, chosen].forEach { tree.root.add($0) }
    }
    tree.root.add(syscon("poweroff", value: 0x5555))
    tree.root.add(syscon("reboot", value: 0x7777))
    tree.root.add(ram)
    tree.root.add(cpus)
    if !version.tree.beginsWithFirmware { [firmwareConfiguration, flash].forEach { tree.root.add($0) } }
    if version.tree.hasAliases {
      var aliases = DeviceTree.Node("aliases")
      aliases.set("serial0", Self.uartPath)
      tree.root.add(aliases)
    }
    if !version.tree.beginsWithFirmware { tree.root.add(chosen) }
    tree.root.add(soc)
    return tree
  }

  private func syscon(_ name: String, value: UInt32) -> DeviceTree.Node {
    var node = DeviceTree.Node(name)
    node.set("value", value)
    node.set("offset", 0)
    node.set("regmap", testHandle)
    node.set("compatible", "syscon-\(name)")
    return node
  }

  private var ram: DeviceTree.Node {
    var node = DeviceTree.Node("memory@\(unit(Virt.Map.ram))")
    node.set("device_type", "memory")
    node.set("reg", wide: Virt.Map.ram, ramSize)
    return node
  }

  private var firmwareConfiguration: DeviceTree.Node {
    var node = DeviceTree.Node("fw-cfg@\(unit(Virt.Map.firmwareConfiguration.base))")
    node.set("dma-coherent")
    node.set("reg", wide: Virt.Map.firmwareConfiguration.base, Virt.Map.firmwareConfiguration.size)
    node.set("compatible", "qemu,fw-cfg-mmio")
    return node
  }

  /// Both banks, as one flash of two chips' width (Linux, "mtd/cfi-flash").
  private var flash: DeviceTree.Node {
    let (base, size) = (Virt.Map.flash.base, Virt.Map.flash.size)
    var node = DeviceTree.Node("flash@\(unit(base))")
    node.set("bank-width", 4)
    node.set("reg", wide: base, size, base + size, size)
    node.set("compatible", "cfi-flash")
    return node
  }

  private var cpus: DeviceTree.Node {
    var cpus = DeviceTree.Node("cpus")
    cpus.set("#address-cells", 1)
    cpus.set("#size-cells", 0)
    cpus.set("timebase-frequency", UInt32(truncatingIfNeeded: timebase))
    var cluster = DeviceTree.Node("cluster0")
    for index in 0..<harts {
      cpus.add(cpu(index))
      var core = DeviceTree.Node("core\(index)")
      core.set("cpu", hartHandle(index))
      cluster.add(core)
    }
    var map = DeviceTree.Node("cpu-map")
    map.add(cluster)
    cpus.add(map)
    return cpus
  }

  private func cpu(_ index: Int) -> DeviceTree.Node {
    var node = DeviceTree.Node("cpu@\(unit(UInt64(index)))")
    node.set("phandle", hartHandle(index))
    node.set("device_type", "cpu")
    node.set("reg", UInt32(index))
    node.set("status", "okay")
    node.set("compatible", "riscv")
    if let size = hart.cbopBlockSize { node.set("riscv,cbop-block-size", size) }
    if let size = hart.cbozBlockSize { node.set("riscv,cboz-block-size", size) }
    if let size = hart.cbomBlockSize { node.set("riscv,cbom-block-size", size) }
    if version.tree.listsExtensions {
      node.set("riscv,isa-extensions", strings: hart.extensions)
      node.set("riscv,isa-base", hart.is64Bit ? "rv64i" : "rv32i")
    }
    node.set("riscv,isa", hart.isa)
    node.set("mmu-type", hart.mmuType ?? "riscv,none")
    var controller = DeviceTree.Node("interrupt-controller")
    controller.set("#interrupt-cells", 1)
    controller.set("interrupt-controller")
    controller.set("compatible", "riscv,cpu-intc")
    controller.set("phandle", interruptHandle(index))
    node.add(controller)
    return node
  }

  private var soc: DeviceTree.Node {
    var soc = DeviceTree.Node("soc")
    soc.set("#address-cells", 2)
    soc.set("#size-cells", 2)
    soc.set("compatible", "simple-bus")
    soc.set("ranges")

    var clock = device("rtc", Virt.Map.realTimeClock, "google,goldfish-rtc")
    connect(&clock, Virt.Line.realTimeClock)
    soc.add(clock)
    var uart = device("serial", Virt.Map.uart, "ns16550a")
    connect(&uart, Virt.Line.uart)
    uart.set("clock-frequency", Self.uartClock)
    soc.add(uart)
    var test = device("test", Virt.Map.test, "sifive,test1", "sifive,test0", "syscon")
    test.set("phandle", testHandle)
    soc.add(test)
    if version.tree.hasPCIBeforeVirtIO { soc.add(pci) }
    for slot in (0..<Virt.virtioSlots).reversed() {
      let base = Virt.Map.virtio.base + UInt64(slot) * Virt.Map.virtio.size
      var node = device("virtio_mmio", Virt.Window(base: base, size: Virt.Map.virtio.size), "virtio,mmio")
      connect(&node, Virt.Line.virtio + slot)
      soc.add(node)
    }
    soc.add(plic)
    if isACLINT { aclint.forEach { soc.add($0) } } else { soc.add(clint) }
    if !version.tree.hasPCIBeforeVirtIO { soc.add(pci) }
    return soc
  }

  private var plic: DeviceTree.Node {
    var node = device("plic", Virt.Map.plic, "sifive,plic-1.0.0", "riscv,plic0")
    node.set("phandle", plicHandle)
    node.set("riscv,ndev", version.tree.interruptSources)
    node.set("interrupts-extended", cells: toEveryHart(Cause.machineExternal, Cause.supervisorExternal))
    node.set("interrupt-controller")
    node.set("#address-cells", 0)
    node.set("#interrupt-cells", 1)
    return node
  }

  /// Linux, "host-generic-pci"; IEEE 1275, PCI bus binding.
  private var pci: DeviceTree.Node {
    enum Space {
      static let ports: UInt32 = 0x0100_0000
      static let memory: UInt32 = 0x0200_0000
      static let wideMemory: UInt32 = 0x0300_0000
    }
    /// What the bus calls it, what harts call it, how much.
    func range(_ space: UInt32, _ busAddress: UInt64, _ window: Virt.Window) -> [UInt32] {
      var cells = [space]
      for number in [busAddress, window.base, window.size] {
        cells.append(UInt32(number >> 32))
        cells.append(UInt32(truncatingIfNeeded: number))
      }
      return cells
    }
    var ranges = range(Space.ports, 0, Virt.Map.pciPorts)
    ranges += range(Space.memory, Virt.Map.pciMemory.base, Virt.Map.pciMemory)
    ranges += range(Space.wideMemory, highPCIMemory.base, highPCIMemory)
    // Devices take the four lines in turn: pin A of device 1 is pin B's line of device 0. The map has four
    // devices, for which two bits of the device's number are looked at.
    let lines = UInt32(Virt.pciLines)
    var map: [UInt32] = []
    for slot in 0..<lines {
      for pin in 0..<lines {
        let line = UInt32(Virt.Line.pci) + (slot + pin) % lines
        map += [slot << 11, 0, 0, pin + 1, plicHandle, line]
      }
    }
    let (base, size) = (Virt.Map.pciConfiguration.base, Virt.Map.pciConfiguration.size)
    var node = DeviceTree.Node("pci@\(unit(base))")
    node.set("interrupt-map-mask", (lines - 1) << 11, 0, 0, 7)
    node.set("interrupt-map", cells: map)
    node.set("ranges", cells: ranges)
    node.set("reg", wide: base, size)
    node.set("dma-coherent")
    node.set("bus-range", 0, UInt32(size >> 20) - 1)
    node.set("linux,pci-domain", 0)
    node.set("device_type", "pci")
    node.set("compatible", "pci-host-ecam-generic")
    node.set("#size-cells", 2)
    node.set("#interrupt-cells", 1)
    node.set("#address-cells", 3)
    return node
  }

  private var clint: DeviceTree.Node {
    var node = device("clint", Virt.Map.clint, "sifive,clint0", "riscv,clint0")
    node.set("interrupts-extended", cells: toEveryHart(Cause.machineSoftware, Cause.machineTimer))
    return node
  }

  /// RISC-V ACLINT, draft of the device tree binding.
  private var aclint: [DeviceTree.Node] {
    var supervisor = device("sswi", Virt.Map.supervisorSoftwareInterrupt, "riscv,aclint-sswi")
    supervisor.set("interrupts-extended", cells: toEveryHart(Cause.supervisorSoftware))
    var machine = device("mswi", Virt.Map.softwareInterrupt, "riscv,aclint-mswi")
    machine.set("interrupts-extended", cells: toEveryHart(Cause.machineSoftware))
    supervisor.set("#interrupt-cells", 0)
    supervisor.set("interrupt-controller")
    machine.set("#interrupt-cells", 0)
    machine.set("interrupt-controller")
    var timer = device("mtimer", Virt.Map.timer, "riscv,aclint-mtimer")
    // mtime first, then the compare registers, which lie below it.
    let compareSize: UInt64 = 0x7ff8
    let base = Virt.Map.timer.base
    timer.set("reg", wide: base + compareSize, Virt.Map.clint.size - 0x4000 - compareSize, base, compareSize)
    timer.set("interrupts-extended", cells: toEveryHart(Cause.machineTimer))
    return [supervisor, timer, machine]
  }

  // MARK: Pieces

  private func unit(_ address: UInt64) -> String { String(address, radix: 16) }

  private func device(_ name: String, _ window: Virt.Window, _ compatible: String...) -> DeviceTree.Node {
    var node = DeviceTree.Node("\(name)@\(unit(window.base))")
    node.set("reg", wide: window.base, window.size)
    node.set("compatible", strings: compatible)
    return node
  }

  private func connect(_ node: inout DeviceTree.Node, _ line: Int) {
    node.set("interrupts", UInt32(line))
    node.set("interrupt-parent", plicHandle)
  }

  private func toEveryHart(_ causes: UInt32...) -> [UInt32] {
    (0..<harts).flatMap { index in causes.flatMap { [interruptHandle(index), $0] } }
  }
}
