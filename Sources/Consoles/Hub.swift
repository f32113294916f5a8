import Machine

/// `-chardev hub`: one front end on several streams. All get what it prints, and it hears all of them.
package final class Hub: HostStream {
  /// As many as QEMU takes.
  package static let mostStreams = 4

  private let streams: [any HostStream]

  package init(_ streams: [any HostStream]) { self.streams = streams }

  package var name: String { "hub" }
  package var isConnected: Bool { streams.contains(where: \.isConnected) }

  package func start(_ consumer: any StreamConsumer) {
    let member = Member(self, consumer)
    for stream in streams { stream.start(member) }
  }

  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    streams.reduce(false) { $1.send(bytes) || $0 }
  }

  package func waitForRoom() { for stream in streams { stream.waitForRoom() } }
  package func ring() { for stream in streams { stream.ring() } }
  package func flush(patience: Int?) { for stream in streams { stream.flush(patience: patience) } }
  package func stopWaiting() { for stream in streams { stream.stopWaiting() } }

  /// Tells the consumer of the first that comes and the last that goes, and nothing between.
  private final class Member: StreamConsumer {
    private let hub: Hub
    private let consumer: any StreamConsumer
    private let wasConnected = Condition(false)

    init(_ hub: Hub, _ consumer: any StreamConsumer) {
      self.hub = hub
      self.consumer = consumer
    }

    func receive(_ bytes: ArraySlice<UInt8>) { consumer.receive(bytes) }
    func receiveBreak() { consumer.receiveBreak() }
    func pump() { consumer.pump() }
    var hasRoom: Bool { consumer.hasRoom }

    func connectionChanged(isConnected: Bool) {
      let now = hub.isConnected
      let hasChanged = wasConnected.withLock { was in
        defer { was = now }
        return was != now
      }
      if hasChanged { consumer.connectionChanged(isConnected: now) }
    }
  }
}
