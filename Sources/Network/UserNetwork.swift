import Consoles
import Glibc
import Logging
import Machine
import Synchronization

/// `-netdev user`: a network of its own behind the guest's card, whose TCP and UDP connections become sockets
/// of this process. It needs no rights and changes nothing on the host.
///
/// One thread does everything: it polls the stack's sockets and timers, and carries frames to and from two
/// queues, which the card fills and empties under the machine lock when this thread tells it to. So a card that
/// sends has many frames taken at once, and is interrupted once for all answers.
package final class UserNetwork: NetworkBackEnd, Sendable {
  package let id: String
  package let plan: UserNetworkPlan
  private let isRestricted: Bool
  private let gate: any InputGate
  private let captures: [PacketCapture]
  private let bell: PollBell
  private let fromCard = FrameQueue()
  private let toCard = FrameQueue()
  private let card = Mutex<(any NetworkCard)?>(nil)
  /// The card has frames to be collected.
  private let isCalled = Atomic(false)
  /// The thread looks at `fromCard` next, whoever fills it.
  private let isCollecting = Atomic(false)
  /// The card has been told and has not looked yet: a deterministic machine that is stopped lets it wait.
  private let isTold = Atomic(false)
  private let isClosing = Atomic(false)
  /// Guards `stack`. Who holds it waits for nobody and never takes the machine lock.
  private let stackLock = Mutex(())
  private nonisolated(unsafe) let stack: SlirpStack

  /// Opens the host's ports. `characters` finds what serves guest forwardings.
  package init(
    id: String, _ options: UserNetworkOptions, gate: any InputGate, captures: [PacketCapture] = [],
    log: Log = Log(),
    characters: (_ id: String) throws(BackEndError) -> any CharacterBackEnd = { (id) throws(BackEndError) in
      throw BackEndError("chardev '\(id)' not found")
    }
  ) throws(BackEndError) {
    self.id = id
    self.gate = gate
    self.captures = captures
    isRestricted = options.isRestricted
    plan = try UserNetworkPlan(options)
    bell = try PollBell()
    stack = try SlirpStack(options, plan) { message in
      if log.has(.guestErrors) { log.write("\(id): \(message)\n") }
    }
    for rule in options.hostForwards { try addHostForward(rule) }
    for forward in options.guestForwards { try add(forward, characters) }
  }

  private func add(
    _ request: UserNetworkOptions.GuestForward,
    _ characters: (String) throws(BackEndError) -> any CharacterBackEnd
  ) throws(BackEndError) {
    let forward = try GuestForward(request.rule)
    let character = try request.character.map { id throws(BackEndError) in
      do throws(BackEndError) {
        return try characters(id)
      } catch {
        throw BackEndError("Could not open guest forwarding device 'guestfwd.tcp.\(forward.port)'\n\(error)")
      }
    }
    let isDone = stackLock.withLock { _ in stack.add(forward, served: character) { [bell] in bell.ring() } }
    guard isDone else {
      throw BackEndError(
        "Conflicting/invalid host:port in guest forwarding rule '\(request.rule)'\n"
          + "The address must be in the guest's network, \(plan.ipv4.network), and free: "
          + "\(plan.ipv4.host) and \(plan.ipv4.nameServer) are taken.")
    }
  }

  // MARK: NetworkBackEnd

  package func attach(_ card: any NetworkCard) throws(BackEndError) {
    let isFree = self.card.withLock { place in
      guard place == nil else { return false }
      place = card
      return true
    }
    guard isFree else { throw BackEndError("it's in use") }
  }

  package var hasCard: Bool { card.withLock { $0 != nil } }
  package var room: Int { fromCard.room }

  /// On deterministic machines what the guest sends leaves the card at the instruction that says so.
  package func collects() -> Bool {
    guard !gate.isDeterministic else { return false }
    isCalled.store(true, ordering: .releasing)
    bell.ring()
    return true
  }

  package func send(_ frames: [[UInt8]]) {
    fromCard.append(frames)
    if !isCollecting.load(ordering: .acquiring) { bell.ring() }
  }

  package var firstFrame: [UInt8]? { toCard.first }
  package func removeFirstFrame() { toCard.removeFirst() }

  // MARK: The thread

  /// Begins to carry frames. False where the host gives no thread.
  @discardableResult
  package func start() -> Bool { HostThread.start { [self] in run() } }

  /// Ends the thread; what is under way is lost.
  package func close() {
    isClosing.store(true, ordering: .releasing)
    bell.ring()
  }

  private func run() {
    var ready: [pollfd] = []
    var failed = false
    // There is something for the card: frames, or room where it found none.
    var hasNews = false
    while !isClosing.load(ordering: .acquiring) {
      if isCalled.exchange(false, ordering: .acquiringAndReleasing) || hasNews { tellCard() }
      let sent = fromCard.takeAll()
      for frame in sent { capture(frame, .fromGuest) }
      let (watched, timeout, frames) = stackLock.withLock { _ in
        stack.process(ready, failed: failed)
        for frame in sent { stack.input(frame) }
        let (watched, timeout) = stack.prepare()
        return (watched, timeout, stack.takeFrames())
      }
      for frame in frames { capture(frame, .toGuest) }
      if hasCard { toCard.append(frames) }
      hasNews = !frames.isEmpty || sent.count >= FrameQueue.most
      ready = [pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)] + watched
      failed = poll(&ready, nfds_t(ready.count), hasNews ? 0 : timeout) < 0
      if ready[0].revents != 0 { bell.quiet() }
      ready.removeFirst()
    }
  }

  private func tellCard() {
    guard let card = card.withLock({ $0 }), !isTold.exchange(true, ordering: .acquiringAndReleasing) else {
      return
    }
    isCollecting.store(true, ordering: .releasing)
    gate.deliver { [self] in
      isTold.store(false, ordering: .releasing)
      card.attend()
    }
    isCollecting.store(false, ordering: .releasing)
  }

  private func capture(_ frame: [UInt8], _ direction: PacketCapture.Direction) {
    for capture in captures { frame.withUnsafeBytes { capture.note($0, direction) } }
  }

  // MARK: For people

  /// As `info network` describes it.
  package var summary: String {
    "index=0,type=user,net=\(plan.ipv4.network),restrict=\(isRestricted ? "on" : "off")"
  }

  /// A headline and a line per connection.
  package var connections: String { stackLock.withLock { _ in stack.connections } }

  /// Errors begin with QEMU's words.
  package func addHostForward(_ rule: String) throws(BackEndError) {
    let forward = try HostForward(rule)
    if let reason = stackLock.withLock({ _ in stack.add(forward) }) {
      throw BackEndError(
        "Could not set up host forwarding rule '\(rule)'" + Self.hint(reason, forward.place))
    }
    bell.ring()
  }

  private static func hint(_ reason: Int32, _ place: HostPlace) -> String {
    let kind = place.isDatagram ? "UDP" : "TCP"
    switch reason {
    case 0: return ""
    case EADDRINUSE: return "\n\(kind) port \(place.port) of this computer is taken: choose another one."
    case EADDRNOTAVAIL: return "\nThis computer has no address \(place.address)."
    case EACCES: return "\n\(kind) port \(place.port) is for the administrator: choose one above 1023."
    default: return "\nThe host says: \(String(cString: strerror(reason)))."
    }
  }

  /// False where nothing is forwarded from there.
  package func removeHostForward(_ place: HostPlace) -> Bool {
    defer { bell.ring() }
    return stackLock.withLock { _ in stack.remove(place) }
  }
}
