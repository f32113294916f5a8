import Machine
import Synchronization

/// A console between a device and the world: the grader hears what the guest prints and types what it is told to.
/// What people type does not reach the guest, whose run is to be the same each time.
package final class GradedConsole: CharacterOutlet {
  private let outlet: any CharacterOutlet
  private let index: Int
  private let grader: Grader
  private let timers: TimersBox
  private let isQuiet: Bool

  /// The timers are known once there is a machine.
  package final class TimersBox: Sendable {
    private let timers = Mutex<(Timers, Clock)?>(nil)
    package init() {}
    package func connect(_ timers: Timers, _ clock: Clock) { self.timers.withLock { $0 = (timers, clock) } }

    /// Runs `action` with the machine lock held, between turns, soon.
    func soon(_ action: @escaping @Sendable () -> Void) {
      guard let (timers, clock) = timers.withLock({ $0 }) else { return }
      timers.schedule(at: clock.nanoseconds, action)
    }
  }

  /// `isQuiet`: nothing of it is shown.
  package init(
    _ outlet: any CharacterOutlet, index: Int, grader: Grader, timers: TimersBox, isQuiet: Bool
  ) {
    self.outlet = outlet
    self.index = index
    self.grader = grader
    self.timers = timers
    self.isQuiet = isQuiet
  }

  package func plug() throws(BackEndError) -> any CharacterBackEnd {
    let line = GradedLine(
      try outlet.plug(), index: index, grader: grader, timers: timers, isQuiet: isQuiet)
    grader.connect(console: index) { [line] bytes in line.type(bytes) }
    return line
  }
}

/// One front end's place.
private final class GradedLine: CharacterBackEnd {
  private let backEnd: any CharacterBackEnd
  private let index: Int
  private let grader: Grader
  private let timers: GradedConsole.TimersBox
  private let isQuiet: Bool
  private struct Keyboard {
    var frontEnd: (any CharacterFrontEnd)?
    var bytes: [UInt8] = []
    var isTyping = false
  }
  private let keyboard = Mutex(Keyboard())

  init(
    _ backEnd: any CharacterBackEnd, index: Int, grader: Grader, timers: GradedConsole.TimersBox,
    isQuiet: Bool
  ) {
    self.backEnd = backEnd
    self.index = index
    self.grader = grader
    self.timers = timers
    self.isQuiet = isQuiet
  }

  // MARK: CharacterBackEnd

  func send(_ bytes: [UInt8]) {
    if !isQuiet { backEnd.send(bytes) }
    grader.didPrint(bytes, console: index)
  }

  func attach(_ frontEnd: (any CharacterFrontEnd)?) {
    keyboard.withLock { $0.frontEnd = frontEnd }
    backEnd.attach(frontEnd == nil ? nil : Deaf())
  }

  func acceptInput() { typeSoon() }

  /// Somebody is always there: the script.
  var isConnected: Bool { true }

  // MARK: Typing

  func type(_ bytes: [UInt8]) {
    keyboard.withLock { $0.bytes += bytes }
    typeSoon()
  }

  /// Not at once: the guest may be in the midst of printing.
  private func typeSoon() {
    let isNew = keyboard.withLock { keyboard in
      guard !keyboard.isTyping, !keyboard.bytes.isEmpty else { return false }
      keyboard.isTyping = true
      return true
    }
    guard isNew else { return }
    timers.soon { [self] in
      let frontEnd = keyboard.withLock { keyboard in
        keyboard.isTyping = false
        return keyboard.frontEnd
      }
      guard let frontEnd else { return }
      while true {
        let room = frontEnd.receiveCapacity
        let bytes = keyboard.withLock { keyboard in
          let bytes = keyboard.bytes.prefix(room)
          keyboard.bytes.removeFirst(bytes.count)
          return bytes
        }
        if bytes.isEmpty { return }
        frontEnd.receive(bytes)
      }
    }
  }

  /// What hears what people type, and forgets it.
  private final class Deaf: CharacterFrontEnd {
    var receiveCapacity: Int { 4096 }
    func receive(_ bytes: ArraySlice<UInt8>) {}
    func receiveBreak() {}
  }
}
