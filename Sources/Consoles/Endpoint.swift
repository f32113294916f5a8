/// How a stream comes to its other end: by waiting for one, by going to one, by having one.
///
/// All calls come from the stream's thread.
package protocol Endpoint: AnyObject, Sendable {
  /// As `info chardev` names it, beside the word "disconnected:".
  var name: String { get }
  /// The other end that has been there from the beginning. Asked once, before the stream begins: the guest's
  /// first words must not come too early for it.
  func first() -> Connection?
  /// The other end, where there is one now. Asked while the stream has none.
  func connect() -> Connection?
  /// Descriptors whose becoming readable says that it is time to ask again.
  var watched: [Int32] { get }
  /// Milliseconds until it is time to ask again; nil: only a watched descriptor tells.
  var retry: Int32? { get }
  /// Lets nobody in any more. The last call.
  func stopListening()
}

extension Endpoint {
  package func stopListening() {}
}

/// An open way to the other end, by descriptors that never block.
package struct Connection: Sendable {
  package var input: Int32
  package var output: Int32
  package var framing: Framing.Kind
  /// The protocol's first word is ours.
  package var greets: Bool
  /// What the end of the input means.
  package var end: End
  /// Each read and write is a message of its own, which may be empty, and may meet nobody.
  package var isDatagram: Bool

  package enum End: Sendable {
    /// The other end has gone; the descriptor is closed.
    case closes
    /// The other end has gone, and may come back to the same descriptor (a pseudoterminal).
    case leaves
    /// Nothing: output goes on (a pipe, datagrams).
    case nothing
  }

  package init(
    input: Int32, output: Int32, framing: Framing.Kind = .raw, greets: Bool = false, end: End = .closes,
    isDatagram: Bool = false
  ) {
    self.input = input
    self.output = output
    self.framing = framing
    self.greets = greets
    self.end = end
    self.isDatagram = isDatagram
  }
}

/// Descriptors that are there from the beginning and stay: named pipes, serial lines, datagrams.
package final class FixedEndpoint: Endpoint {
  package let name: String
  private let connection: Connection

  package init(name: String, _ connection: Connection) {
    self.name = name
    self.connection = connection
  }

  package func first() -> Connection? { connection }
  package func connect() -> Connection? { nil }
  package var watched: [Int32] { [] }
  package var retry: Int32? { nil }
}
