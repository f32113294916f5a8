/// A failed transfer: the sentence for a person. Guests see an I/O error.
package struct BackEndError: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// A disk as a device sees it. Transfers block; devices call it from a worker thread and never while
/// holding the machine lock (deterministic machines call it from the one hart thread instead).
package protocol BlockBackEnd: AnyObject, Sendable {
  /// Bytes, a multiple of 512.
  var size: UInt64 { get }
  var isReadOnly: Bool { get }
  func read(at offset: UInt64, into buffers: [UnsafeMutableRawBufferPointer]) throws(BackEndError)
  func write(at offset: UInt64, from buffers: [UnsafeRawBufferPointer]) throws(BackEndError)
  func flush() throws(BackEndError)
  func discard(at offset: UInt64, count: UInt64) throws(BackEndError)
  func writeZeroes(at offset: UInt64, count: UInt64) throws(BackEndError)
}

/// What a character back end delivers into: a UART's receiver, a virtio console's queue, a monitor.
///
/// All calls come through the machine's input gate, hence with the machine lock held.
package protocol CharacterFrontEnd: AnyObject, Sendable {
  /// How many bytes it takes at once now. When it grows from zero the front end calls
  /// `CharacterBackEnd.acceptInput()`.
  var receiveCapacity: Int { get }
  func receive(_ bytes: ArraySlice<UInt8>)
  /// A serial break (Ctrl-a b).
  func receiveBreak()
  /// Somebody came to the other end, or went away.
  func connectionChanged(isConnected: Bool)
}

extension CharacterFrontEnd {
  package func connectionChanged(isConnected: Bool) {}
}

/// Where front ends find a character back end: one finds it itself, several a multiplexer's places.
package protocol CharacterOutlet: AnyObject, Sendable {
  /// A place for one more front end of the machine's. Fails where there is none left.
  func plug() throws(BackEndError) -> any CharacterBackEnd
}

/// A serial line's other end: the terminal, a file, a socket, nothing.
package protocol CharacterBackEnd: CharacterOutlet {
  /// Takes all of `bytes` and never waits: devices call it with the machine lock held. A back end that has
  /// more than the host takes holds the sender up once the lock is free (`InputGate.afterRelease`).
  func send(_ bytes: [UInt8])
  /// Connects the device; nil disconnects.
  func attach(_ frontEnd: (any CharacterFrontEnd)?)
  /// The front end can take bytes again.
  func acceptInput()
  /// Somebody is at the other end. What is sent while nobody is goes nowhere.
  var isConnected: Bool { get }
}

extension CharacterBackEnd {
  package func plug() throws(BackEndError) -> any CharacterBackEnd { self }
  package var isConnected: Bool { true }
}

/// Random bytes for virtio-rng and `rng-seed`: the host's, or a seeded generator on deterministic machines.
package protocol EntropySource: AnyObject, Sendable {
  func fill(_ buffer: UnsafeMutableRawBufferPointer)
}
