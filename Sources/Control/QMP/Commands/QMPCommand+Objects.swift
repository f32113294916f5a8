import JSONText
import Machine
import RISCV

extension QMPCommand {
  private static let path = QAPIMember(
    "path", .text,
    "an absolute path, or the end of one that fits one object only: `/machine/peripheral/d0`, `d0`")
  private static let properties = QAPIType.list(
    .record(
      "ObjectPropertyInfo",
      [
        QAPIMember("name", .text), QAPIMember("type", .text), .optional("description", .text),
        .optional("default-value", .any),
      ]))
  private static let typeName = QAPIMember("typename", .text, "the type's name")

  /// The tree of objects, and the types that they have.
  static let objects: [QMPCommand] = [
    QMPCommand("qom-list", [path], gives: properties, "an object's properties, its children among them") {
      (call) throws(QMPError) in
      .array(try call.object().listing.map { ["name": .string($0.name), "type": .string($0.type)] })
    },
    QMPCommand(
      "qom-get", [path, QAPIMember("property", .text, "its name")], gives: .any, "the value of a property"
    ) { (call) throws(QMPError) in
      let object = try call.object()
      let name = call.text("property") ?? ""
      guard let value = object.value(of: name) else {
        throw QMPError("Property '\(object.type).\(name)' not found")
      }
      return value
    },
    QMPCommand(
      "qom-set",
      [path, QAPIMember("property", .text, "its name"), QAPIMember("value", .any, "what it is to be")],
      "change a property; none that there is can be changed once the machine is built"
    ) { (call) throws(QMPError) in try call.refuseToSet() },
    QMPCommand(
      "qom-list-types",
      [
        .optional("implements", .text, "only types below this one"),
        .optional("abstract", .flag, "also types of which there are no objects"),
      ],
      gives: .list(
        .record(
          "ObjectTypeInfo",
          [QAPIMember("name", .text), .optional("abstract", .flag), .optional("parent", .text)])),
      "types of objects"
    ) { call in
      let types = ObjectTypes(call.machine)
      return .array(
        types.all.filter { type in
          (!type.isAbstract || call.flag("abstract") == true)
            && call.text("implements").map { types.implements(type.name, $0) } ?? true
        }.map { type in
          let marks = type.isAbstract ? [JSON.Member("abstract", true)] : []
          let parent = type.parent.map { [JSON.Member("parent", .string($0))] } ?? []
          return .object(marks + [JSON.Member("name", .string(type.name))] + parent)
        })
    },
    QMPCommand("qom-list-properties", [typeName], gives: properties, "the properties of a type's objects") {
      (call) throws(QMPError) in
      let name = call.text("typename") ?? ""
      guard let type = ObjectTypes(call.machine).type(name) else {
        throw QMPError("Class '\(name)' not found", .deviceNotFound)
      }
      let common: [JSON] =
        [["name": "type", "type": "string"]]
        + (type.isDevice
          ? [
            ["name": "parent_bus", "type": "link<bus>"], ["name": "realized", "type": "bool"],
            ["name": "hotplugged", "type": "bool"], ["name": "hotpluggable", "type": "bool"],
          ] : [])
      return .array(common + type.properties.map(\.json))
    },
    QMPCommand(
      "device-list-properties", [typeName], gives: properties,
      "the properties that `-device` takes for a type"
    ) { (call) throws(QMPError) in
      let name = call.text("typename") ?? ""
      guard let type = ObjectTypes(call.machine).type(name) else {
        throw QMPError("Device '\(name)' not found", .deviceNotFound)
      }
      guard type.isDevice, !type.isAbstract else {
        throw QMPError("Parameter 'typename' expects a non-abstract device type")
      }
      return .array(type.properties.map(\.json))
    },
  ]
}

extension QMPCall {
  fileprivate func object() throws(QMPError) -> MachineObject {
    let path = text("path") ?? ""
    switch ObjectTree(machine).find(path) {
    case .found(let object): return object
    case .nothing: throw QMPError("Device '\(path)' not found", .deviceNotFound)
    case .ambiguous: throw QMPError("Path '\(path)' is ambiguous")
    }
  }

  fileprivate func refuseToSet() throws(QMPError) {
    let object = try object()
    let name = text("property") ?? ""
    guard object.value(of: name) != nil else { throw QMPError("Property '\(object.type).\(name)' not found") }
    guard object.attributes.contains(where: { $0.name == name && $0.isDeclared }) else {
      throw QMPError("Property '\(object.type).\(name)' is not writable")
    }
    guard object.isDevice else {
      throw QMPError("Property '\(object.type).\(name)' is not writable once the machine is built")
    }
    let device = object.id.map { "device '\($0)'" } ?? "anonymous device"
    throw QMPError(
      "Attempt to set property '\(name)' on \(device) (type '\(object.type)') after it was realized")
  }
}

/// The types of objects that the program can make, with those that they are kinds of.
struct ObjectTypes {
  struct ObjectType {
    let name: String
    let parent: String?
    var isAbstract = false
    var properties: [Property] = []
    var isDevice = false
  }

  private(set) var all: [ObjectType] = []

  private static let abstract: [(name: String, parent: String?)] = [
    ("object", nil), ("device", "object"), ("bus", "object"), ("machine", "object"), ("chardev", "object"),
    ("rng-backend", "object"), ("cpu", "device"), ("riscv-cpu", "cpu"), ("sys-bus-device", "device"),
    ("virtio-device", "device"), ("virtio-serial-port", "device"), ("pci-device", "device"),
    ("virtio-pci", "pci-device"),
  ]

  init(_ machine: any MonitoredMachine) {
    let program = machine.program
    for (name, parent) in Self.abstract {
      all.append(ObjectType(name: name, parent: parent, isAbstract: true))
    }
    add("container", "object")
    for board in program.machines { add("\(board.name)-machine", "machine", board.properties) }
    for model in program.cpuModels { add("\(model.name)-riscv-cpu", "riscv-cpu", model.properties) }
    for model in program.deviceModels { add(model.typeName, model.parent, model.properties) }
    for kind in program.characterKinds { add("chardev-\(kind)", "chardev") }
    for name in ["rng-builtin", "rng-random"] { add(name, "rng-backend") }
    add("riscv.hart_array", "sys-bus-device")
    add("System", "bus")
    add(machine.deviceTree)
    for index in all.indices { all[index].isDevice = implements(all[index].name, "device") }
  }

  private mutating func add(_ name: String, _ parent: String, _ properties: [Property] = []) {
    guard !all.contains(where: { $0.name == name }) else { return }
    all.append(ObjectType(name: name, parent: parent, properties: properties))
  }

  /// The board's own, which `-device` does not make.
  private mutating func add(_ devices: [DeviceNode], on bus: String = "System") {
    for device in devices {
      add(
        device.typeName, bus == "PCIE" ? "pci-device" : bus == "System" ? "sys-bus-device" : "device",
        device.declared.map(\.property))
      for bus in device.buses {
        add(bus.type, "bus")
        add(bus.devices, on: bus.type)
      }
    }
  }

  func type(_ name: String) -> ObjectType? { all.first { $0.name == name } }

  func implements(_ name: String, _ ancestor: String) -> Bool {
    var next: String? = name
    while let name = next {
      if name == ancestor { return true }
      next = type(name)?.parent
    }
    return false
  }
}

extension DeviceModel {
  fileprivate var parent: String {
    switch bus {
    case .virtio: "virtio-device"
    case .virtioSerial: "virtio-serial-port"
    case .pci: classes.first ?? "pci-device"
    case .system: "device"
    }
  }
}

extension CPUModel {
  /// The properties that `-cpu` takes, as far as they are on or off.
  fileprivate var properties: [Property] {
    (Self.switchableExtensions.map(\.name) + ["s", "u", "pmp", "mmu"]).sorted().map {
      Property($0, .flag, "")
    }
  }
}

extension Property {
  fileprivate var json: JSON {
    var members = [JSON.Member("name", .string(name)), JSON.Member("type", .string(kind.listing))]
    if !help.isEmpty { members.append(JSON.Member("description", .string(help))) }
    if defaultValue != nil { members.append(JSON.Member("default-value", defaultValue.json(kind))) }
    return .object(members)
  }
}
