import JSONText
import Machine
import RISCV

/// What of the program QMP tells: nothing that changes while it runs.
package struct ProgramDescription: Sendable {
  /// A machine that `-machine` can name.
  package struct Machine: Sendable {
    package var name: String
    package var isDefault = false
    package var mostHarts: Int
    /// `rv64`
    package var defaultCPU: String
    package var properties: [Property]

    package init(name: String, mostHarts: Int, defaultCPU: String, properties: [Property]) {
      self.name = name
      self.mostHarts = mostHarts
      self.defaultCPU = defaultCPU
      self.properties = properties
    }
  }

  /// A list of the command line.
  package struct OptionList: Sendable {
    package var name: String
    package var parameters: [(name: String, type: String)]

    package init(name: String, parameters: [(name: String, type: String)]) {
      self.name = name
      self.parameters = parameters
    }
  }

  /// "0.1.0"
  package var version: String
  package var target = Target.riscv64
  /// `-name`
  package var guestName: String?
  /// `-uuid`, 16 bytes.
  package var uuid: [UInt8]?
  package var machines: [Machine] = []
  /// What `-device` can make.
  package var deviceModels: [DeviceModel] = []
  package var optionLists: [OptionList] = []
  /// What `-chardev` can make.
  package var characterKinds: [String] = []
  /// `-compat unstable-input=reject`
  package var refusesUnstable = false

  package init(version: String) { self.version = version }

  /// The release of QEMU whose words and commands are ours.
  private static let compatible = (major: 10, minor: 0, micro: 0)

  /// Apus 0.1.0, compatible with QEMU 10.0
  package var versionLine: String {
    "Apus \(version), compatible with QEMU \(Self.compatible.major).\(Self.compatible.minor)"
  }

  /// Clients look at the number to know what there is: it is that of the QEMU that we are compatible with.
  var versionObject: JSON {
    [
      "qemu": [
        "micro": JSON(Self.compatible.micro), "minor": JSON(Self.compatible.minor),
        "major": JSON(Self.compatible.major),
      ], "package": .string("Apus \(version)"),
    ]
  }

  /// 00000000-0000-0000-0000-000000000000 where none was given.
  var uuidText: String {
    let digits = (uuid ?? [UInt8](repeating: 0, count: 16)).map { zeroPadded(UInt64($0), to: 2) }
    return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
  }

  /// The models that can be had.
  var cpuModels: [CPUModel] { CPUModel.all(of: target).filter { $0.missing.isEmpty } }
}
