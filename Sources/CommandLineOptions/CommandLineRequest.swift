import Logging
import Machine
import Network

/// All that a command line asks for.
package struct CommandLineRequest: Sendable {
  /// What the guest sees.
  package var machine = MachineConfiguration()

  // What stands around the machine: consoles, disks, how the program behaves.

  package var characters: [CharacterRequest] = []
  /// Character back ends that carry a monitor, in order.
  package var monitors: [MonitorRequest] = []
  /// `-s`, `-gdb`.
  package var debugServer: DebugServerRequest?
  package var drives: [DriveRequest] = []
  package var objects: [ObjectRequest] = []
  package var networks: [NetworkRequest] = []
  package var networkCards: [NetworkCardRequest] = []
  /// A network card without a network is worth a warning.
  package var warnsAboutCards = false
  /// `-snapshot`: no disk image is written.
  package var isSnapshot = false
  /// `-overcommit mem-lock=on`: the host may not swap what is used.
  package var locksMemory = false
  /// `-compat unstable-input=reject`: QMP has no commands that may change.
  package var refusesUnstable = false
  /// `-no-shutdown`: stop instead of ending when the guest powers off.
  package var noShutdown = false
  /// `-report`: where the account of the run goes when the machine ends; "-" is standard error.
  package var reportPath: String?
  package var log = LogRequest()
  package var explanations = ExplanationStyle.onTerminals
  /// nil: semihosting calls are breakpoints.
  package var semihosting: SemihostingRequest?
  package var grading: GradingRequest?
  /// `-perfmap`: name translated code for Linux perf.
  package var mapsForPerf = false
  /// `-icount sleep=`: an idle deterministic machine waits for its next timer in real time.
  package var idleSleeps = true
  package var realTimeClock = RealTimeClockBase.utc
  /// `-echr`: the multiplexer's escape byte, Ctrl-a unless told.
  package var escape: UInt8 = 1
  package var guestName: String?
  package var uuid: String?
  /// `-msg`: what stands before error messages.
  package var messagesHaveTimestamps = false
  package var messagesHaveGuestName = false
  /// Sentences to print before the machine starts, without the program's name.
  package var warnings: [String] = []
  /// `-pidfile`.
  package var processFile: String?
  /// `-name process=`: what process lists call the program.
  package var processName: String?
  /// One line for somebody who expected a window.
  package var hint: String?

  package init() {}
}

/// A monitor on the character back end `id`.
package struct MonitorRequest: Sendable, Equatable {
  package enum Mode: Sendable, Equatable {
    /// For people.
    case readline
    /// For programs: QMP, on one line or with line breaks.
    case control(isPretty: Bool)
  }

  package var id: String
  package var mode: Mode
  /// As typed, for messages; nil for what the program added by itself.
  package var option: String?
}

/// `-explain`: whether and how a guest that makes no progress is explained, on standard error.
package enum ExplanationStyle: Sendable, Equatable {
  /// Unless told: where standard error is a terminal.
  case onTerminals
  case on
  case off
  /// One object to a line.
  case json
}

/// `-d`, `-dfilter` and `-D`.
package struct LogRequest: Sendable, Equatable {
  package var items: LogItems = []
  package var filter = AddressFilter()
  /// nil: standard error.
  package var file: String?
  package init() {}
}

/// `-drive` and its short forms, `-blockdev`.
package struct DriveRequest: Sendable, Equatable {
  package enum Interface: String, Sendable {
    case none
    case virtio
    case flash = "pflash"
    // No machine that is there has these buses.
    case ide, scsi, floppy, sd, mtd
  }

  package var file: String?
  package var interface = Interface.virtio
  /// Its place on the machine's own bus of that kind.
  package var bus: UInt64 = 0
  package var unit: UInt64 = 0
  /// nil: to be guessed.
  package var format: String?
  package var id: String
  package var isReadOnly = false
  /// Writes go to a temporary file.
  package var isSnapshot = false
  /// `cache=` as spelt; nil: writeback.
  package var cache: String?
  /// `discard=unmap`.
  package var unmapsDiscarded = false
  /// `file.locking=`.
  package var locks = true
  /// Made by `-blockdev`: `id` is its node-name.
  package var isNode = false
  /// A node whose contents are those of the node of this id.
  package var storage: String?
  /// `driver=host_device`.
  package var isDevice = false
  /// `auto-read-only=on`: a file that may not be written is read.
  package var opensReadOnlyIfItMust = false
  /// As typed, for messages: `-drive file=x`, `-hda x`, `x`.
  package var option: String

  package init(id: String, option: String) {
    self.id = id
    self.option = option
  }

  /// A drive without a medium.
  package var isEmpty: Bool { file == nil && storage == nil }
}

/// `-object`.
package struct ObjectRequest: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// `rng-random`: bytes of a host file.
    case randomFile(String)
    /// `rng-builtin`: the emulator's own generator.
    case randomBuiltin
    /// `memory-backend-…`: what may be the machine's RAM.
    case memory(type: String, size: UInt64, RAMBacking)
    /// `iothread`.
    case ioThread
    /// `filter-dump`: a file of the frames of a `-netdev`.
    case packetCapture(CaptureRequest)
  }

  package struct CaptureRequest: Sendable, Equatable {
    /// The id of the network.
    package var network: String
    package var path: String
    /// Bytes kept of each frame.
    package var longest: UInt32 = 65536
    package var directions: Set<PacketCapture.Direction> = [.fromGuest, .toGuest]
  }

  package var id: String
  package var kind: Kind
  package var option: String
}

/// `-rtc base=`.
package enum RealTimeClockBase: Sendable, Equatable {
  case utc
  case localTime
  /// Seconds since 1970.
  case date(Int64)
}

/// What is to be done with a command line.
package enum CommandLineOutcome: Sendable {
  case run(CommandLineRequest)
  /// Print the text and end with success.
  case answer(String)
}
