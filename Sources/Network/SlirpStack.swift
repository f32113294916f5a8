// Unsafe pointers: the callbacks' table is allocated once and freed after the stack; the stack calls back only
// during calls of this class, with a pointer to it that is then alive. Frames are read for the length of a call.
import CSlirp
import Glibc
import Machine

/// libslirp's TCP/IP stack. It knows no threads: all members are for one at a time.
final class SlirpStack {
  /// Frames for the guest since `takeFrames`.
  private var frames: [[UInt8]] = []
  private var timers: [Timer] = []
  /// What the stack wants to hear of; the index is its name for a descriptor.
  private var watched: [pollfd] = []
  private var forwards: [CharacterForward] = []
  private var slirp: OpaquePointer?
  private let callbacks: UnsafeMutablePointer<SlirpCb>
  /// Takes what a guest did wrong.
  private let complain: (String) -> Void

  /// Counts down to a call of `slirp_handle_timer`.
  fileprivate final class Timer {
    let id: SlirpTimerId
    let context: UnsafeMutableRawPointer?
    /// Milliseconds of the stack's clock; nil: it stands.
    var deadline: Int64?

    init(_ id: SlirpTimerId, _ context: UnsafeMutableRawPointer?) {
      self.id = id
      self.context = context
    }
  }

  init(
    _ options: UserNetworkOptions, _ plan: UserNetworkPlan, complain: @escaping (String) -> Void
  ) throws(BackEndError) {
    self.complain = complain
    callbacks = .allocate(capacity: 1)
    callbacks.initialize(to: Self.callbackTable)
    slirp = Self.make(options, plan, callbacks, context)
    guard slirp != nil else { throw BackEndError("libslirp does not start") }
  }

  deinit {
    if let slirp { slirp_cleanup(slirp) }
    callbacks.deallocate()
  }

  private var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  private static func make(
    _ options: UserNetworkOptions, _ plan: UserNetworkPlan, _ callbacks: UnsafePointer<SlirpCb>,
    _ context: UnsafeMutableRawPointer
  ) -> OpaquePointer? {
    // The stack copies texts while it is made.
    var texts: [UnsafeMutablePointer<CChar>] = []
    defer { for text in texts { free(text) } }
    func text(_ text: String?) -> UnsafePointer<CChar>? {
      guard let text, let copy = strdup(text) else { return nil }
      texts.append(copy)
      return UnsafePointer(copy)
    }
    var config = SlirpConfig()
    config.version = 4
    config.restricted = options.isRestricted ? 1 : 0
    config.in_enabled = plan.usesIPv4
    config.vnetwork = plan.ipv4.network.native
    config.vnetmask = plan.ipv4.mask.native
    config.vhost = plan.ipv4.host.native
    config.vdhcp_start = plan.ipv4.firstLease.native
    config.vnameserver = plan.ipv4.nameServer.native
    config.in6_enabled = plan.usesIPv6
    config.vprefix_addr6 = plan.ipv6.prefix.native
    config.vprefix_len = plan.ipv6.prefixLength
    config.vhost6 = plan.ipv6.host.native
    config.vnameserver6 = plan.ipv6.nameServer.native
    config.vhostname = text(options.hostname)
    config.tftp_server_name = text(options.tftpServerName)
    config.tftp_path = text(options.tftp)
    config.bootfile = text(options.bootFile)
    config.vdomainname = text(options.domainName)
    var domains = options.dnsSearch.map { text($0) } + [nil]
    return domains.withUnsafeMutableBufferPointer { domains in
      config.vdnssearch = options.dnsSearch.isEmpty ? nil : domains.baseAddress
      return slirp_new(&config, callbacks, context)
    }
  }

  // MARK: Callbacks

  private static func stack(_ context: UnsafeMutableRawPointer?) -> SlirpStack? {
    context.map { Unmanaged<SlirpStack>.fromOpaque($0).takeUnretainedValue() }
  }

  private static func timer(_ timer: UnsafeMutableRawPointer?) -> Timer? {
    timer.map { Unmanaged<Timer>.fromOpaque($0).takeUnretainedValue() }
  }

  private static let callbackTable: SlirpCb = {
    var table = SlirpCb()
    table.send_packet = { bytes, count, context in
      SlirpStack.stack(context)?.frames.append(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
      return count
    }
    table.guest_error = { message, context in
      guard let message else { return }
      SlirpStack.stack(context)?.complain(String(cString: message))
    }
    table.clock_get_ns = { _ in Int64(bitPattern: Clock.hostNanoseconds()) }
    table.timer_new_opaque = { id, timerContext, context in
      guard let stack = SlirpStack.stack(context) else { return nil }
      let timer = Timer(id, timerContext)
      stack.timers.append(timer)
      return Unmanaged.passUnretained(timer).toOpaque()
    }
    table.timer_free = { timer, context in
      let gone = SlirpStack.timer(timer)
      SlirpStack.stack(context)?.timers.removeAll { $0 === gone }
    }
    table.timer_mod = { timer, deadline, _ in SlirpStack.timer(timer)?.deadline = deadline }
    // The poll set is made anew each time, and whoever calls the stack looks at it afterwards.
    table.register_poll_fd = { _, _ in }
    table.unregister_poll_fd = { _, _ in }
    table.notify = { _ in }
    table.init_completed = { _, _ in }
    return table
  }()

  private static let conditions: [(slirp: Int32, host: Int16)] = [
    (Int32(SLIRP_POLL_IN), Int16(POLLIN)), (Int32(SLIRP_POLL_OUT), Int16(POLLOUT)),
    (Int32(SLIRP_POLL_PRI), Int16(POLLPRI)), (Int32(SLIRP_POLL_ERR), Int16(POLLERR)),
    (Int32(SLIRP_POLL_HUP), Int16(POLLHUP)),
  ]

  // MARK: Frames and time

  func input(_ frame: [UInt8]) { slirp_input(slirp, frame, Int32(clamping: frame.count)) }

  func takeFrames() -> [[UInt8]] {
    defer { frames = [] }
    return frames
  }

  /// What is to be polled, and for how many milliseconds at most; -1: for ever.
  func prepare() -> (descriptors: [pollfd], timeout: Int32) {
    for forward in forwards { forward.serve(slirp) }
    watched = []
    var timeout = UInt32.max
    slirp_pollfds_fill(
      slirp, &timeout,
      { descriptor, events, context in
        guard let stack = SlirpStack.stack(context) else { return -1 }
        let wanted = SlirpStack.conditions.filter { events & $0.slirp != 0 }.reduce(0) { $0 | $1.host }
        stack.watched.append(pollfd(fd: descriptor, events: wanted, revents: 0))
        return Int32(stack.watched.count - 1)
      }, context)
    var left = timeout == .max ? Int64.max : Int64(timeout)
    for timer in timers { left = min(left, timer.deadline.map { max(0, $0 - Self.now) } ?? .max) }
    return (watched, left == .max ? -1 : Int32(clamping: left))
  }

  /// What has become of the descriptors of `prepare`.
  func process(_ descriptors: [pollfd], failed: Bool) {
    watched = descriptors
    slirp_pollfds_poll(
      slirp, failed ? 1 : 0,
      { index, context in
        guard let stack = SlirpStack.stack(context), stack.watched.indices.contains(Int(index)) else {
          return 0
        }
        let seen = stack.watched[Int(index)].revents
        return SlirpStack.conditions.filter { seen & $0.host != 0 }.reduce(0) { $0 | $1.slirp }
      }, context)
    for timer in timers where timer.deadline.map({ $0 <= Self.now }) ?? false {
      timer.deadline = nil
      slirp_handle_timer(slirp, timer.id, timer.context)
    }
  }

  private static var now: Int64 { Int64(bitPattern: Clock.hostNanoseconds() / 1_000_000) }

  // MARK: Forwarding

  /// nil where it is done; or else why the host refuses.
  func add(_ forward: HostForward) -> Int32? {
    errno = 0
    let outcome = slirp_add_hostfwd(
      slirp, forward.place.isDatagram ? 1 : 0, forward.place.address.native, Int32(forward.place.port),
      (forward.guest ?? IPv4Address(0)).native, Int32(forward.guestPort))
    return outcome < 0 ? errno : nil
  }

  /// False where there is no such forwarding.
  func remove(_ place: HostPlace) -> Bool {
    slirp_remove_hostfwd(slirp, place.isDatagram ? 1 : 0, place.address.native, Int32(place.port)) == 0
  }

  /// False where the address is taken, or none of the network's.
  func add(
    _ forward: GuestForward, served character: (any CharacterBackEnd)?, _ bell: @escaping @Sendable () -> Void
  )
    -> Bool
  {
    var address = (forward.server ?? IPv4Address(0)).native
    if case .command(let command) = forward.target {
      return slirp_add_exec(slirp, command, &address, Int32(forward.port)) >= 0
    }
    guard let character else { return false }
    let served = CharacterForward(character, port: forward.port, ring: bell)
    let outcome = slirp_add_guestfwd(
      slirp,
      { bytes, count, context in
        guard let context else { return -1 }
        let forward = Unmanaged<CharacterForward>.fromOpaque(context).takeUnretainedValue()
        forward.send(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
        return count
      }, Unmanaged.passUnretained(served).toOpaque(), &address, Int32(forward.port))
    guard outcome >= 0 else { return false }
    // The stack has chosen it where the user has not.
    served.address = address
    forwards.append(served)
    character.attach(served)
    return true
  }

  /// A line per connection, below a headline, as `info usernet` shows them.
  var connections: String {
    guard let text = slirp_connection_info(slirp) else { return "" }
    defer { free(text) }
    return String(cString: text)
  }
}
