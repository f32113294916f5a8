import JSONText
import Machine
import RISCV

/// An object of QEMU's object model (QOM) as the machine has it: a device, a bus, a container of such.
final class MachineObject {
  struct Attribute {
    let name: String
    /// `bool`, `uint32`, `str`, `link<bus>`, …
    let type: String
    let value: JSON
    /// From a declaration, fixed since the device was made.
    var isDeclared = false
  }

  let name: String
  var type: String
  /// From the root: `/machine/peripheral/d0`.
  let path: String
  /// The `id=` that the user gave.
  var id: String?
  var isDevice = false
  var attributes: [Attribute] = []
  private(set) var children: [MachineObject] = []

  init(_ name: String, _ type: String, path: String) {
    self.name = name
    self.type = type
    self.path = path
  }

  func child(_ name: String) -> MachineObject? { children.first { $0.name == name } }

  /// The child of this name, made as a container where there was none.
  func container(_ name: String, _ type: String = "container") -> MachineObject {
    if let known = child(name) { return known }
    let node = MachineObject(name, type, path: (path == "/" ? "" : path) + "/" + name)
    children.append(node)
    return node
  }

  func add(_ name: String, _ type: String, _ value: JSON) {
    attributes.append(Attribute(name: name, type: type, value: value))
  }

  /// This object and all below it.
  var all: [MachineObject] { [self] + children.flatMap(\.all) }

  /// Every property with its type, children as QOM has them, too.
  var listing: [(name: String, type: String)] {
    [("type", "string")] + attributes.map { ($0.name, $0.type) }
      + children.map { ($0.name, "child<\($0.type)>") }
  }

  /// The property's value; nil where there is none of that name.
  func value(of property: String) -> JSON? {
    if property == "type" { return .string(type) }
    if let child = child(property) { return .string(child.path) }
    return attributes.first { $0.name == property }?.value
  }

  /// What `info qom-tree` prints.
  func text(_ indent: String) -> String {
    "\(indent)/\(name) (\(type))\r\n"
      + children.sorted { $0.name < $1.name }.map { $0.text(indent + "  ") }.joined()
  }
}

/// All objects of a machine, at QEMU's paths.
struct ObjectTree {
  let root = MachineObject("", "container", path: "/")

  init(_ machine: any MonitoredMachine) {
    let board = root.container("machine", "\(machine.boardName)-machine")
    addProperties(of: machine, to: board)
    for name in ["peripheral", "peripheral-anon", "unattached"] { _ = board.container(name) }
    let systemBus = board.container("unattached").container("sysbus", "System")
    add(machine.deviceTree, on: systemBus.path)
    addHarts(of: machine, to: board)
    let chardevs = root.container("chardevs")
    for entry in machine.characterBackEnds { _ = chardevs.container(entry.label, "chardev-\(entry.kind)") }
    _ = root.container("backend")
    let objects = root.container("objects")
    for entry in machine.objects {
      let object = objects.container(entry.id, entry.typeName)
      for (name, value) in entry.properties {
        switch value {
        case .text(let text): object.add(name, "string", .string(text))
        case .flag(let flag): object.add(name, "bool", .flag(flag))
        case .number(let number): object.add(name, "int", JSON(number))
        }
      }
    }
  }

  private func addProperties(of machine: any MonitoredMachine, to board: MachineObject) {
    for (property, value) in machine.boardProperties?.declarations ?? [] {
      board.attributes.append(
        MachineObject.Attribute(
          name: property.name, type: property.kind == .text ? "string" : property.kind.listing,
          value: value.json(property.kind), isDeclared: true))
    }
    board.add("memory", "MemorySizeConfiguration", ["size": JSON(machine.ramSize)])
  }

  private func add(_ devices: [DeviceNode], on bus: String) {
    for device in devices {
      var node = root
      for name in device.path.split(separator: "/") { node = node.container(String(name)) }
      node.type = device.typeName
      node.id = device.id.isEmpty ? nil : device.id
      node.addDeviceProperties(bus: bus)
      for (property, value) in device.declared {
        node.attributes.append(
          MachineObject.Attribute(
            name: property.name, type: property.kind.listing, value: value.json(property.kind),
            isDeclared: true))
      }
      for bus in device.buses {
        let child = node.container(bus.name)
        child.type = bus.type
        add(bus.devices, on: child.path)
      }
    }
  }

  private func addHarts(of machine: any MonitoredMachine, to board: MachineObject) {
    let cluster = board.container("soc0", "riscv.hart_array")
    cluster.addDeviceProperties(bus: "")
    cluster.add("hartid-base", "uint32", 0)
    cluster.add("cpu-type", "str", .string("\(machine.cpuName)-riscv-cpu"))
    cluster.add("num-harts", "uint32", JSON(machine.hartCount))
    let properties = machine.cpu?.qomProperties ?? []
    for index in 0..<machine.hartCount {
      let hart = cluster.container("harts[\(index)]", "\(machine.cpuName)-riscv-cpu")
      hart.addDeviceProperties(bus: "")
      hart.attributes += properties
    }
  }

  // MARK: Finding

  enum Search {
    case found(MachineObject)
    case nothing
    case ambiguous
  }

  /// The object at an absolute path, or the one whose path ends in a relative one.
  func find(_ path: String) -> Search {
    let names = path.split(separator: "/").map(String.init)
    func walk(from start: MachineObject) -> MachineObject? {
      var node = start
      for name in names {
        if let child = node.child(name) {
          node = child
          continue
        }
        // A link leads on.
        guard
          case .string(let target)? = node.attributes.first(where: { $0.name == name && $0.isLink })?.value,
          case .found(let next) = find(target)
        else { return nil }
        node = next
      }
      return node
    }
    if path.hasPrefix("/") { return walk(from: root).map(Search.found) ?? .nothing }
    if names.isEmpty { return .ambiguous }
    let matches = root.all.compactMap { walk(from: $0) }
    guard let first = matches.first else { return .nothing }
    return matches.allSatisfy { $0 === first } ? .found(first) : .ambiguous
  }
}

extension MachineObject.Attribute {
  var isLink: Bool { type.hasPrefix("link<") }
}

extension MachineObject {
  /// What every device has.
  fileprivate func addDeviceProperties(bus: String) {
    isDevice = true
    add("parent_bus", "link<bus>", .string(bus))
    add("realized", "bool", true)
    add("hotplugged", "bool", false)
    add("hotpluggable", "bool", false)
  }
}

extension PropertyValue? {
  /// As `qom-get` tells it.
  func json(_ kind: Property.Kind) -> JSON {
    switch self {
    case .flag(let isOn): return .flag(isOn)
    case .integer(let number): return JSON(number)
    case .text(let text) where kind == .pciAddress:
      // "02.1" is slot 2, function 1: 17, as QEMU tells it.
      let parts = text.split(separator: ".").map { Int64($0, radix: 16) }
      guard let slot = parts.first ?? nil, let function = parts.count > 1 ? parts[1] : 0 else {
        return .string(text)
      }
      return .integer(slot << 3 | function)
    case .text(let text): return .string(text)
    case nil:
      switch kind {
      case .flag: return false
      case .integer, .size: return 0
      default: return ""
      }
    }
  }
}

extension CPUConfiguration {
  /// The properties of `-cpu` with the values that they have come to, as QEMU types them.
  var qomProperties: [MachineObject.Attribute] {
    typealias Attribute = MachineObject.Attribute
    func row(_ name: String, _ type: String, _ value: JSON) -> Attribute {
      Attribute(name: name, type: type, value: value, isDeclared: true)
    }
    return switches.map { row($0.name, "bool", .flag($0.isOn)) } + [
      row("cbom_blocksize", "uint16", JSON(cbomBlockSize)),
      row("cbop_blocksize", "uint16", JSON(cbopBlockSize)),
      row("cboz_blocksize", "uint16", JSON(cbozBlockSize)), row("marchid", "uint64", JSON(marchid)),
      row("mimpid", "uint64", JSON(mimpid)), row("mvendorid", "uint32", JSON(mvendorid)),
      row("pmu-mask", "uint32", JSON(UInt64(pmuCounters))), row("priv_spec", "str", .string(privSpec.name)),
      row("resetvec", "uint64", JSON(resetVector)),
    ]
  }

  /// Extensions and the other properties that are on or off.
  var switches: [(name: String, isOn: Bool)] {
    let extensions = CPUModel.switchableExtensions.map { ($0.name, self.extensions.contains($0)) }
    return (extensions + [("s", supervisor), ("u", user), ("pmp", pmp), ("mmu", maxSatpMode != .bare)])
      .sorted { $0.0 < $1.0 }
  }
}
