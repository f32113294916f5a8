import Consoles

/// The other end of a serial line or monitor: `-chardev`, `-serial`, `-monitor`.
package struct CharacterRequest: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// The terminal. `signals`: Ctrl-C ends the emulator instead of going to the guest.
    case standardIO(signals: Bool)
    case null
    case file(path: String, appends: Bool, inputPath: String? = nil)
    case pipe(path: String)
    case serialLine(path: String)
    /// `link`: a symbolic link to the device.
    case pseudoterminal(link: String?)
    case socket(SocketOptions)
    case datagrams(DatagramOptions)
    case ringBuffer(size: UInt64)
    /// Another back end, for several front ends.
    case multiplexer(of: String)
    /// Several back ends, for one front end.
    case hub([String])

    /// As `-chardev` has it.
    package var name: String {
      switch self {
      case .standardIO: "stdio"
      case .null: "null"
      case .file: "file"
      case .pipe: "pipe"
      case .serialLine: "serial"
      case .pseudoterminal: "pty"
      case .socket: "socket"
      case .datagrams: "udp"
      case .ringBuffer: "ringbuf"
      case .multiplexer: "mux"
      case .hub: "hub"
      }
    }
  }

  /// `logfile=`: where all that the guest prints is kept.
  package struct Log: Sendable, Equatable {
    package var path: String
    package var appends: Bool
  }

  package var id: String
  package var kind: Kind
  /// Several front ends share it, switched by Ctrl-a c.
  package var isMultiplexed: Bool
  package var log: Log?
  /// As typed, for messages: `-serial file:x`; nil for what the program added by itself.
  package var option: String?
  /// The argument's own words: `file:x`.
  package var text: String

  package init(
    id: String, kind: Kind, isMultiplexed: Bool = false, log: Log? = nil, option: String? = nil,
    text: String = ""
  ) {
    self.id = id
    self.kind = kind
    self.isMultiplexed = isMultiplexed
    self.log = log
    self.option = option
    self.text = text
  }
}
