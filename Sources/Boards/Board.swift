import Machine
import RISCV

/// A kind of machine.
package protocol Board: Sendable {
  /// As `-machine` spells it.
  var name: String { get }
  /// As `-machine help` describes it.
  var summary: String { get }
  var properties: [Property] { get }
  static var harts: ClosedRange<UInt64> { get }
  static func defaultCPU(of target: Target) -> String
  static var defaultRAM: UInt64 { get }
  /// Properties that harts of this model have before `-global` and `-cpu` set theirs.
  func hartDefaults(ofModel model: String) -> [Assignment]
  /// Builds the board around `harts` harts of one kind with `ramSize` bytes of RAM.
  func build(_ request: BoardRequest) throws(ConfigurationError) -> BuiltMachine
}

/// What a board is built from; limits have been checked.
package struct BoardRequest: Sendable {
  package let configuration: MachineConfiguration
  package let properties: PropertyValues
  package let cpu: CPUConfiguration
  /// What the device tree tells of `cpu`.
  package let hart: HartDescription
  package let harts: Int
  package let ramSize: UInt64
  package let backEnds: BackEnds
  package let services: MachineServices
  /// Sentences that are to be among the machine's.
  package let warnings: [String]

  package init(
    configuration: MachineConfiguration, properties: PropertyValues, cpu: CPUConfiguration,
    hart: HartDescription,
    harts: Int, ramSize: UInt64, backEnds: BackEnds, services: MachineServices, warnings: [String]
  ) {
    self.configuration = configuration
    self.properties = properties
    self.cpu = cpu
    self.hart = hart
    self.harts = harts
    self.ramSize = ramSize
    self.backEnds = backEnds
    self.services = services
    self.warnings = warnings
  }
}

/// The boards that there are.
package enum Boards {
  package static let all: [any Board] = Virt.all

  /// QEMU's boards for RISC-V that are still to come.
  private static let announced = [
    "amd-microblaze-v-generic", "microchip-icicle-kit", "none", "shakti_c", "sifive_e", "sifive_u", "spike",
    "xiangshan-kunminghu",
  ]

  /// The board that `configuration` names. QEMU's default is spike.
  package static func board(named name: String?) throws(ConfigurationError) -> any Board {
    let asked = name ?? "spike"
    if let board = all.first(where: { $0.name == asked }) { return board }
    let choice = "-machine virt"
    if name == nil {
      throw ConfigurationError(
        "No machine specified: the default, 'spike', is not there yet. Use \(choice).")
    }
    if announced.contains(asked) {
      throw ConfigurationError("machine '\(asked)' is not there yet. Use \(choice).")
    }
    throw ConfigurationError(
      "unsupported machine type: \"\(asked)\"\nUse -machine help to list supported machines"
        + all.map { $0.name }.suggestion(for: asked))
  }

  /// Builds the machine that `configuration` describes, its harts apart.
  package static func build(
    _ configuration: MachineConfiguration, backEnds: BackEnds,
    services: MachineServices
  ) throws(ConfigurationError) -> BuiltMachine {
    let board = try board(named: configuration.machine)
    var properties = PropertyValues(of: "\(board.name)-machine", board.properties)
    for property in configuration.machineProperties {
      do {
        try properties.set(property.name, property.value)
      } catch {
        throw ConfigurationError(error.description)
      }
    }
    let smp = configuration.smp
    guard smp > 0 else {
      throw ConfigurationError("Invalid CPU topology: CPU topology parameters must be greater than zero")
    }
    let kind = type(of: board)
    guard smp <= kind.harts.upperBound else {
      throw ConfigurationError(
        "Invalid SMP CPUs \(smp). The max CPUs supported by machine '\(board.name)' is \(kind.harts.upperBound)"
      )
    }
    guard smp >= kind.harts.lowerBound else {
      throw ConfigurationError(
        "Invalid SMP CPUs \(smp). The min CPUs supported by machine '\(board.name)' is \(kind.harts.lowerBound)"
      )
    }
    let cpu = try cpu(of: configuration, board: board)
    let warnings = cpu.notices + (0..<smp).flatMap { cpu.warnings(hart: $0) }
    return try board.build(
      BoardRequest(
        configuration: configuration, properties: properties, cpu: cpu, hart: HartDescription(cpu),
        harts: Int(smp), ramSize: configuration.ramSize ?? kind.defaultRAM, backEnds: backEnds,
        services: services, warnings: warnings))
  }

  /// The hart that `-cpu`, and `-global` for its class, describe.
  private static func cpu(of configuration: MachineConfiguration, board: any Board)
    throws(ConfigurationError)
    -> CPUConfiguration
  {
    let text = configuration.cpu ?? type(of: board).defaultCPU(of: configuration.target)
    let model = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
    let globals =
      board.hartDefaults(ofModel: String(model)).map {
        GlobalProperty(driver: "\(model)-riscv-cpu", property: $0.name, value: $0.value)
      } + configuration.globals.filter { $0.driver == "\(model)-riscv-cpu" }
    do {
      return try CPUModel.configure(
        text, globals: globals.map { ($0.property, $0.value) }, among: CPUModel.all(of: configuration.target))
    } catch {
      throw ConfigurationError(error.description)
    }
  }
}
