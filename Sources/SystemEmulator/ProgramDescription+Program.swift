import Boards
import CommandLineOptions
import Control
import Machine
import RISCV

extension ProgramDescription {
  init(_ request: CommandLineRequest) {
    self.init(version: Program.version)
    target = request.machine.target
    guestName = request.guestName
    uuid = request.machine.uuid
    refusesUnstable = request.refusesUnstable
    machines = Boards.all.map { board in
      let kind = type(of: board)
      return Machine(
        name: board.name, mostHarts: Int(kind.harts.upperBound), defaultCPU: kind.defaultCPU(of: target),
        properties: board.properties)
    }
    deviceModels = Catalog.thisProgram(target).devices
    optionLists = CommandLineOptionInfo.all.map { info in
      OptionList(name: info.option, parameters: info.parameters.map { ($0.name, $0.kind.rawValue) })
    }
    characterKinds = CommandLineReader.characterBackEnds
  }
}

extension PropertyValues {
  /// The properties of the board that `configuration` names, as they were given; nil where there is no such board,
  /// or no such property.
  init?(ofBoardOf configuration: MachineConfiguration) {
    guard let board = Boards.all.first(where: { $0.name == configuration.machine }) else { return nil }
    let files = Catalog.commonMachineProperties
    self.init(of: "\(board.name)-machine", board.properties + files)
    let given: [(String, String?)] = [
      ("append", configuration.append), ("dtb", configuration.dtb), ("dumpdtb", configuration.dumpDTB),
      ("firmware", configuration.bios), ("initrd", configuration.initrd), ("kernel", configuration.kernel),
    ]
    let own = configuration.machineProperties.map { ($0.name, $0.value) }
    for (name, value) in given.compactMap({ row in row.1.map { (row.0, $0) } }) + own {
      guard (try? set(name, value)) != nil else { return nil }
    }
  }
}

extension ObjectEntry {
  init(_ request: ObjectRequest) {
    switch request.kind {
    case .randomBuiltin: self.init(id: request.id, typeName: "rng-builtin")
    case .randomFile(let path):
      self.init(id: request.id, typeName: "rng-random", properties: [("filename", .text(path))])
    case .ioThread: self.init(id: request.id, typeName: "iothread")
    case .packetCapture(let capture):
      self.init(
        id: request.id, typeName: "filter-dump",
        properties: [
          ("netdev", .text(capture.network)), ("file", .text(capture.path)),
          ("maxlen", .number(UInt64(capture.longest))),
        ])
    case .memory(let type, let size, let backing):
      self.init(
        id: request.id, typeName: type,
        properties: [
          ("size", .number(size)), ("share", .flag(backing.isShared)),
          ("prealloc", .flag(backing.isPreallocated)),
        ] + (backing.path.map { [("mem-path", .text($0))] } ?? []))
    }
  }
}
