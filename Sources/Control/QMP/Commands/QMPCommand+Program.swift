import Glibc
import JSONText
import Machine
import RISCV

extension QMPCommand {
  private static let version = QAPIType.record(
    "VersionInfo",
    [
      QAPIMember(
        "qemu",
        .record(
          "VersionTriple",
          [QAPIMember("major", .integer), QAPIMember("minor", .integer), QAPIMember("micro", .integer)])),
      QAPIMember("package", .text),
    ])

  /// What the program is and offers.
  static let program: [QMPCommand] = [
    QMPCommand(
      "query-version", gives: version, "the QEMU that Apus is compatible with, and Apus's own version"
    ) {
      $0.machine.program.versionObject
    },
    QMPCommand(
      "query-target",
      gives: .record("TargetInfo", [QAPIMember("arch", .choice("SysEmuTarget", ["riscv32", "riscv64"]))]),
      "whose instructions are emulated"
    ) { ["arch": .string("\($0.machine.program.target)")] },
    QMPCommand(
      "query-kvm",
      gives: .record("KvmInfo", [QAPIMember("enabled", .flag), QAPIMember("present", .flag)]),
      "whether KVM is used: never"
    ) { _ in ["enabled": false, "present": false] },
    QMPCommand(
      "query-name", gives: .record("NameInfo", [.optional("name", .text)]), "the guest's name, of `-name`"
    ) {
      call in call.machine.program.guestName.map { ["name": .string($0)] } ?? [:]
    },
    QMPCommand(
      "query-uuid", gives: .record("UuidInfo", [QAPIMember("UUID", .text)]), "the guest's UUID, of `-uuid`"
    ) {
      call in ["UUID": .string(call.machine.program.uuidText)]
    },
    QMPCommand(
      "query-machines",
      [.optional("compat-props", .flag, "with what older versions have otherwise: nothing")],
      gives: .list(machineInfo), "what `-machine` can name"
    ) { call in
      .array(
        call.machine.program.machines.map { machine in
          [
            "hotpluggable-cpus": false, "name": .string(machine.name), "numa-mem-supported": false,
            "default-cpu-type": .string("\(machine.defaultCPU)-riscv-cpu"), "acpi": false,
            "cpu-max": JSON(machine.mostHarts), "deprecated": false, "default-ram-id": "riscv_virt_board.ram",
          ]
        })
    },
    QMPCommand(
      "query-current-machine",
      gives: .record("CurrentMachineParams", [QAPIMember("wakeup-suspend-support", .flag)]),
      "what the machine can that is running"
    ) { _ in ["wakeup-suspend-support": false] },
    QMPCommand(
      "query-command-line-options", [.optional("option", .text, "only this list")],
      gives: .list(
        .record(
          "CommandLineOptionInfo",
          [
            QAPIMember("option", .text),
            QAPIMember(
              "parameters",
              .list(
                .record(
                  "CommandLineParameterInfo",
                  [
                    QAPIMember("name", .text),
                    QAPIMember(
                      "type",
                      .choice("CommandLineParameterType", ["string", "boolean", "number", "size"])),
                  ]))),
          ])), "options whose argument is a list, and its keys"
    ) { (call) throws(QMPError) in
      let name = call.text("option")
      let lists = call.machine.program.optionLists.filter { name == nil || $0.name == name }
      if let name, lists.isEmpty { throw QMPError("invalid option name: \(name)") }
      return .array(
        lists.map { list in
          [
            "parameters": .array(
              list.parameters.map { ["name": .string($0.name), "type": .string($0.type)] }),
            "option": .string(list.name),
          ]
        })
    },
    QMPCommand(
      "query-cpu-definitions",
      gives: .list(
        .record(
          "CpuDefinitionInfo",
          [
            QAPIMember("name", .text), QAPIMember("typename", .text), QAPIMember("static", .flag),
            QAPIMember("deprecated", .flag),
          ])), "what `-cpu` can name"
    ) { call in
      .array(
        call.machine.program.cpuModels.map { model in
          [
            "name": .string(model.name), "typename": .string("\(model.name)-riscv-cpu"),
            "static": .flag(model.kind != .generic), "deprecated": false,
          ]
        })
    },
    QMPCommand(
      "query-cpu-model-expansion",
      [
        QAPIMember(
          "type", .choice("CpuModelExpansionType", ["static", "full"]), "only `full` there is for RISC-V"),
        QAPIMember("model", cpuModel, "the model, and properties to set"),
      ],
      gives: .record("CpuModelExpansionInfo", [QAPIMember("model", cpuModel)]),
      "what a model with these properties comes to: each extension, on or off"
    ) { (call) throws(QMPError) in try call.expandedModel() },
  ]

  private static let machineInfo = QAPIType.record(
    "MachineInfo",
    [
      QAPIMember("name", .text), .optional("is-default", .flag), QAPIMember("cpu-max", .integer),
      QAPIMember("hotpluggable-cpus", .flag), QAPIMember("numa-mem-supported", .flag),
      QAPIMember("deprecated", .flag), .optional("default-cpu-type", .text),
      .optional("default-ram-id", .text),
      QAPIMember("acpi", .flag),
    ])

  private static let cpuModel = QAPIType.record(
    "CpuModelInfo", [QAPIMember("name", .text), .optional("props", .any)])
}

extension QMPCall {
  fileprivate func expandedModel() throws(QMPError) -> JSON {
    guard text("type") == "full" else { throw QMPError("The requested expansion type is not supported") }
    guard let model = arguments["model"], case .string(let name)? = model["name"] else { return .null }
    let models = machine.program.cpuModels
    guard models.contains(where: { $0.name == name }) else {
      throw QMPError("The CPU type '\(name)' is not a known RISC-V CPU type")
    }
    var settings: [(String, String)] = []
    switch model["props"] {
    case nil: break
    case .object(let members)?:
      let known = Set(CPUModel.switchableExtensions.map(\.name) + ["s", "u", "pmp", "mmu"])
      for member in members {
        guard known.contains(member.name) || Extension(name: member.name) != nil else {
          throw QMPError("Property '\(name)-riscv-cpu.\(member.name)' not found")
        }
        guard case .flag(let isOn) = member.value else {
          throw QMPError("Invalid parameter type for 'model.props.\(member.name)', expected: boolean")
        }
        settings.append((member.name, isOn ? "on" : "off"))
      }
    default: throw QMPError("Invalid parameter type for 'model.props', expected: object")
    }
    let text = ([name] + settings.map { "\($0.0)=\($0.1)" }).joined(separator: ",")
    do {
      let configuration = try CPUModel.configure(text, among: models)
      let switches = configuration.switches.map { JSON.Member($0.name, .flag($0.isOn)) }
      return ["model": ["name": .string(name), "props": .object(switches)]]
    } catch {
      throw QMPError(error.description)
    }
  }
}
