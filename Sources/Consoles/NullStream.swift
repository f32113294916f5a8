/// `-chardev null`: swallows everything, says nothing.
package final class NullStream: HostStream {
  package init() {}
  package var name: String { "null" }
  package var isConnected: Bool { true }
  package func start(_ consumer: any StreamConsumer) {}
  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool { false }
  package func waitForRoom() {}
  package func ring() {}
  package func flush(patience: Int?) {}
  package func stopWaiting() {}
}
