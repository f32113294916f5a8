import Logging
import Machine

/// All that a command line asks for.
package struct CommandLineRequest: Sendable {
  /// What the guest sees.
  package var machine = MachineConfiguration()

  // What stands around the machine: consoles, disks, how the program behaves.

  package var characters: [CharacterRequest] = []
  /// The ids of the character back ends that carry a monitor, in order.
  package var monitors: [String] = []
  package var drives: [DriveRequest] = []
  package var objects: [ObjectRequest] = []
  /// `-snapshot`: no disk image is written.
  package var isSnapshot = false
  /// `-no-shutdown`: stop instead of ending when the guest powers off.
  package var noShutdown = false
  /// `-report`: where the account of the run goes when the machine ends; "-" is standard error.
  package var reportPath: String?
  package var log = LogRequest()
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
  /// One line for somebody who expected a window.
  package var hint: String?

  package init() {}
}

/// `-d`, `-dfilter` and `-D`.
package struct LogRequest: Sendable, Equatable {
  package var items: LogItems = []
  package var filter = AddressFilter()
  /// nil: standard error.
  package var file: String?
  package init() {}
}

/// The other end of a serial line or monitor.
package struct CharacterRequest: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// The terminal. `signals`: Ctrl-C ends the emulator instead of going to the guest.
    case standardIO(signals: Bool)
    case null
    case file(path: String, appends: Bool)
  }

  package var id: String
  package var kind: Kind
  /// Several front ends share it, switched by Ctrl-a c.
  package var isMultiplexed: Bool
  /// As typed, for messages: `-serial file:x`; nil for what the program added by itself.
  package var option: String?
  /// The argument's own words: `file:x`.
  package var text: String

  package init(id: String, kind: Kind, isMultiplexed: Bool = false, option: String? = nil, text: String = "")
  {
    self.id = id
    self.kind = kind
    self.isMultiplexed = isMultiplexed
    self.option = option
    self.text = text
  }
}

/// `-drive` and its short forms.
package struct DriveRequest: Sendable, Equatable {
  package enum Interface: String, Sendable {
    case none
    case virtio
  }

  package var file: String?
  package var interface = Interface.virtio
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
  /// As typed, for messages: `-drive file=x`, `-hda x`, `x`.
  package var option: String

  package init(id: String, option: String) {
    self.id = id
    self.option = option
  }
}

/// `-object`.
package struct ObjectRequest: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// `rng-random`: bytes of a host file.
    case randomFile(String)
    /// `rng-builtin`: the emulator's own generator.
    case randomBuiltin
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
