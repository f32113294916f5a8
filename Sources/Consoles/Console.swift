import Machine

/// A front end alone on a stream: `-serial stdio`.
package final class Console: CharacterBackEnd, StreamConsumer {
  private let stream: any HostStream
  private let line: InputLine

  /// `gate` is nil for a monitor.
  package init(_ stream: any HostStream, gate: (any InputGate)?) {
    self.stream = stream
    line = InputLine(gate: gate) { stream.ring() }
  }

  // MARK: CharacterBackEnd

  package var isConnected: Bool { stream.isConnected }

  package func send(_ bytes: [UInt8]) {
    if stream.send(bytes) { line.throttle { [stream] in stream.waitForRoom() } }
  }

  package func attach(_ frontEnd: (any CharacterFrontEnd)?) {
    line.attach(frontEnd)
    stream.ring()
  }

  package func acceptInput() { line.acceptInput() }

  // MARK: StreamConsumer

  package func receive(_ bytes: ArraySlice<UInt8>) { line.append(bytes) }
  package func receiveBreak() { line.sendBreak() }
  package func connectionChanged(isConnected: Bool) { line.announce(isConnected: isConnected) }
  package func pump() { line.pump() }
  package var hasRoom: Bool { line.hasRoom }
}
