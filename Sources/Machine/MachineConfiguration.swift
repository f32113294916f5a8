import RISCV

/// `name=value` as the user spelt it.
package struct Assignment: Sendable, Equatable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// One `-device` option.
package struct DeviceRequest: Sendable, Equatable {
  /// "virtio-blk-device", "loader", …
  package var driver: String
  /// The properties in the order given, among them `id` and `bus`; a literal comma has been undoubled.
  package var properties: [Assignment]
  /// What messages about it begin with: the option as typed, `-device loader,file=x`, or its place in a
  /// configuration file, `:FILE:LINE`.
  package var option: String
  /// Made for a drive that asked for no device of its own.
  package var isAutomatic = false

  package init(driver: String, properties: [Assignment] = [], option: String) {
    self.driver = driver
    self.properties = properties
    self.option = option
  }

  /// `text` is the argument of a `-device`.
  package init(driver: String, properties: [Assignment] = [], text: String) {
    self.init(driver: driver, properties: properties, option: "-device \(text)")
  }

  /// The last value given for `name`.
  package subscript(_ name: String) -> String? { properties.last { $0.name == name }?.value }
}

/// One `-global driver.property=value`.
package struct GlobalProperty: Sendable, Equatable {
  package var driver: String
  package var property: String
  package var value: String

  package init(driver: String, property: String, value: String) {
    self.driver = driver
    self.property = property
    self.value = value
  }
}

/// How harts share host threads: `-accel tcg,thread=`.
package enum HartThreading: String, Sendable {
  /// A host thread per hart.
  case multi
  /// All harts in turn on one thread.
  case single
}

/// How instructions are executed: `-accel`.
package struct Accelerator: Sendable, Equatable {
  package enum Kind: String, Sendable {
    /// Guest code becomes host code, where the host has a back end for that.
    case translator = "tcg"
    case interpreter = "interp"
  }

  package var kind = Kind.translator
  /// `tb-size`: bytes of host code for all harts together; nil: the default.
  package var codeSize: Int?
  /// `one-insn-per-tb`: a region for each instruction.
  package var isOneByOne = false
  /// `x-region-limit`, for tests: guest instructions of a region at most; nil: as many as are worth it.
  package var regionLimit: Int?
  /// `x-trace-after`, for tests: slices that end in a region before it is traced; nil: as many as are worth it.
  package var slicesForTrace: Int?

  package init(_ kind: Kind = .translator) { self.kind = kind }
}

/// One `-fw_cfg` option: a file that the guest reads by the firmware configuration device.
package struct FirmwareFileRequest: Sendable, Equatable {
  package enum Contents: Sendable, Equatable {
    case text(String)
    /// Of a file of the host's.
    case file(String)
  }

  package var name: String
  package var contents: Contents
  /// As typed, for messages: `-fw_cfg name=opt/x,string=y`.
  package var option: String

  package init(name: String, contents: Contents, option: String) {
    self.name = name
    self.contents = contents
    self.option = option
  }
}

/// Everything that the command line says about the machine itself, as a plain value. The back ends that
/// it names travel beside it, in `BackEnds`.
package struct MachineConfiguration: Sendable {
  /// Which program it is that the user called.
  package var target = Target.riscv64
  /// `-machine`: nil where the user named none.
  package var machine: String?
  /// Machine properties other than those that have a field here (kernel, dumpdtb, …), in order.
  package var machineProperties: [Assignment] = []

  /// `-cpu` as typed, e.g. "rv64,svpbmt=off"; nil: the board's default.
  package var cpu: String?
  /// Harts; the board checks its limits.
  package var smp: UInt64 = 1
  /// RAM in bytes; nil: the board's default (also for `-m 0`).
  package var ramSize: UInt64?
  /// `-machine memory-backend=`, `-mem-path`, `-mem-prealloc`.
  package var ramBacking = RAMBacking()

  /// `-bios`: nil and "default" mean the found OpenSBI, "none" no firmware at all, "builtin" that
  /// of the emulator itself.
  package var bios: String?
  package var kernel: String?
  package var initrd: String?
  package var append: String?
  package var dtb: String?
  /// `-machine dumpdtb=FILE`: write the device tree and exit.
  package var dumpDTB: String?
  /// Keys of `BackEnds.drives`: what the flash banks hold, in order (`-pflash`, `if=pflash`, `-machine pflash0=`).
  package var flash: [String?] = []
  package var firmwareFiles: [FirmwareFileRequest] = []
  /// `-uuid`, 16 bytes.
  package var uuid: [UInt8]?
  /// `-nographic`, or `-machine graphics=off`.
  package var isNographic = false
  /// `-L` folders, in order: where firmware is looked for after the current folder.
  package var firmwareFolders: [String] = []

  /// Character back ends of the board's serial ports by index, as keys of `BackEnds.characters`; nil or
  /// absent: not connected.
  package var serial: [String?] = []
  package var devices: [DeviceRequest] = []
  package var globals: [GlobalProperty] = []

  /// `-seed`: makes every random choice of the machine repeatable.
  package var seed: UInt64?
  /// `-icount shift=N`: the machine is deterministic; an instruction takes 2^N nanoseconds.
  package var instructionShift: UInt64?
  /// `-icount shift=auto,align=on`.
  package var instructionPace: Clock.Pace = []
  /// `-rtc clock=`; nil: as `Clock` has it.
  package var realTimeSource: Clock.RealTimeSource?
  package var threading: HartThreading = .multi
  package var accelerator = Accelerator()
  package var noReboot = false
  /// `-S`: wait for the monitor's `cont`.
  package var startPaused = false

  package init() {}
}

/// Why a machine cannot be built: the sentence that the program prints after its own name.
package struct ConfigurationError: Error, CustomStringConvertible, Equatable {
  /// Begins with QEMU's words where scripts know them; our explanation follows on further lines.
  package let description: String
  /// A line that QEMU prints before, without the program's name ("nope: No such file or directory").
  package let preamble: String?

  package init(_ description: String, preamble: String? = nil) {
    self.description = description
    self.preamble = preamble
  }
}
