import Logging
import Machine
import RISCV
import Synchronization

/// The platform-level interrupt controller as SiFive lays it out (RISC-V PLIC 1.0.0): 95 sources, seven
/// priorities, and two contexts per hart, machine mode first.
///
/// Callable from any thread without the machine lock; it has its own small one, and calls nothing but
/// the harts' atomic ports while holding it.
package final class PLIC: MMIODevice, InterruptController {
  /// How a source's wire becomes interrupt requests (PLIC §1.2).
  package enum Gateway: Sendable {
    /// A high level is a request, and a request again at completion while it stays high: the
    /// specification's gateway for level-triggered sources.
    case level
    /// Every `setInput(_, true)` is a request, also while the source is in service; a level that merely
    /// stays high is none. This is QEMU's gateway for all sources, and guests lean on it: xv6's older
    /// UART and disk handlers leave THRE and the virtio interrupt status set, and would be interrupted
    /// for ever by a level gateway. It wants devices that set their line at every event, not only when
    /// the level changes.
    case request
  }

  package struct State: Codable, Sendable, Equatable {
    /// By source; entry 0 stays zero.
    package var priorities: [UInt8] = []
    /// One bit per source, 32 to a word, as in the three fields that follow.
    package var pending: [UInt32] = []
    /// Claimed and not completed.
    package var inService: [UInt32] = []
    /// The wires.
    package var levels: [UInt32] = []
    /// `words` entries per context.
    package var enables: [UInt32] = []
    /// By context.
    package var thresholds: [UInt8] = []
    package init() {}
  }

  package static let typeName = "riscv.sifive.plic"
  package static let regionName = "riscv.sifive.plic"
  package static let windowSize: UInt64 = 0x60_0000
  package static let accessWidths = 4...4
  /// Interrupt sources, numbered from 1.
  package static let sources = 95
  package static let maximumPriority: UInt8 = 7

  private static let words = 3
  private static let pendingBase: UInt64 = 0x1000
  private static let enableBase: UInt64 = 0x2000
  private static let enableStride: UInt64 = 0x80
  private static let contextBase: UInt64 = 0x20_0000
  private static let contextStride: UInt64 = 0x1000

  /// The registers of all sources and of the first two contexts; more contexts follow at their strides.
  package static let registers: [Register] = {
    var list: [Register] = []
    for source in 1...sources {
      list.append(
        Register("priority\(source)", offset: UInt64(source) * 4, width: 4, .readWrite, section: "PLIC §4"))
    }
    for word in 0..<words {
      list.append(
        Register(
          "pending\(word)", offset: pendingBase + UInt64(word) * 4, width: 4, .readOnly, section: "PLIC §5"))
    }
    for context in 0..<2 {
      for word in 0..<words {
        list.append(
          Register(
            "enable\(context).\(word)",
            offset: enableBase + UInt64(context) * enableStride + UInt64(word) * 4, width: 4, .readWrite,
            section: "PLIC §6"))
      }
      let base = contextBase + UInt64(context) * contextStride
      list.append(Register("threshold\(context)", offset: base, width: 4, .readWrite, section: "PLIC §7"))
      list.append(Register("claim\(context)", offset: base + 4, width: 4, .readWrite, section: "PLIC §8, §9"))
    }
    return list
  }()

  private struct Storage {
    var state = State()
    /// By context: what its hart has been told.
    var isSignalled: [Bool]
  }

  private let ports: [InterruptPort]
  private let gateways: [Gateway]
  private let contexts: Int
  private let storage: Mutex<Storage>

  /// - Parameters:
  ///   - ports: the harts' interrupt inputs; contexts 2n and 2n+1 are hart n's machine and supervisor mode.
  ///   - requestInputs: the sources whose gateway is `.request`; the others' is `.level`.
  package init(ports: [InterruptPort], requestInputs: Set<Int>) {
    self.ports = ports
    contexts = ports.count * 2
    gateways = (0...Self.sources).map { requestInputs.contains($0) ? .request : .level }
    let empty = Self.fitted(State(), contexts: ports.count * 2)
    storage = Mutex(Storage(state: empty, isSignalled: Array(repeating: false, count: ports.count * 2)))
  }

  package var state: State {
    get { storage.withLock { $0.state } }
    set {
      let fitted = Self.fitted(newValue, contexts: contexts)
      storage.withLock {
        $0.state = fitted
        signal(&$0)
      }
    }
  }

  /// Forgets the wires' levels too: every device drives its line when it is reset itself.
  package func reset() { state = State() }

  /// `state` with every array of this controller's size and nothing but writable bits set.
  private static func fitted(_ state: State, contexts: Int) -> State {
    func fit<T: FixedWidthInteger>(_ values: [T], _ count: Int, _ mask: T) -> [T] {
      (0..<count).map { $0 < values.count ? values[$0] & mask : 0 }
    }
    var result = State()
    result.priorities = fit(state.priorities, sources + 1, maximumPriority)
    result.priorities[0] = 0
    result.pending = fit(state.pending, words, .max)
    result.inService = fit(state.inService, words, .max)
    result.levels = fit(state.levels, words, .max)
    result.enables = fit(state.enables, contexts * words, .max)
    result.thresholds = fit(state.thresholds, contexts, maximumPriority)
    result.pending[0] &= ~1
    for context in 0..<contexts { result.enables[context * words] &= ~1 }
    return result
  }

  // MARK: Sources

  package func setInput(_ input: Int, _ level: Bool) {
    guard (1...Self.sources).contains(input) else { return }
    let (word, bit) = (input >> 5, UInt32(1) << UInt32(input & 31))
    storage.withLock {
      if level {
        $0.state.levels[word] |= bit
        if gateways[input] == .level, $0.state.inService[word] & bit != 0 { return }
        if $0.state.pending[word] & bit != 0 { return }
        $0.state.pending[word] |= bit
        signal(&$0)
      } else {
        // A request that has been made stays (PLIC §1.2).
        $0.state.levels[word] &= ~bit
      }
    }
  }

  // MARK: Registers

  package func read(_ offset: UInt64, width: Int) -> UInt64 {
    storage.withLock { storage in
      switch target(of: offset) {
      case .priority(let source): UInt64(storage.state.priorities[source])
      case .pending(let word): UInt64(storage.state.pending[word])
      case .enable(let index): UInt64(storage.state.enables[index])
      case .threshold(let context): UInt64(storage.state.thresholds[context])
      case .claim(let context): UInt64(claim(&storage, context))
      case .nothing: 0
      }
    }
  }

  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    let value = UInt32(truncatingIfNeeded: value)
    storage.withLock { storage in
      switch target(of: offset) {
      case .priority(let source):
        guard source != 0 else { return }
        storage.state.priorities[source] = UInt8(truncatingIfNeeded: value) & Self.maximumPriority
      case .enable(let index):
        storage.state.enables[index] = index % Self.words == 0 ? value & ~1 : value
      case .threshold(let context):
        storage.state.thresholds[context] = UInt8(truncatingIfNeeded: value) & Self.maximumPriority
      case .claim(let context):
        complete(&storage, context, value)
      case .pending, .nothing:
        return
      }
      signal(&storage)
    }
  }

  private enum Target {
    case priority(Int)
    case pending(Int)
    /// An index into `State.enables`.
    case enable(Int)
    case threshold(Int)
    case claim(Int)
    case nothing
  }

  private func target(of offset: UInt64) -> Target {
    guard offset & 3 == 0 else { return .nothing }
    switch offset {
    case 0..<Self.pendingBase:
      let source = Int(offset / 4)
      return source <= Self.sources ? .priority(source) : .nothing
    case Self.pendingBase..<Self.enableBase:
      let word = Int((offset - Self.pendingBase) / 4)
      return word < Self.words ? .pending(word) : .nothing
    case Self.enableBase..<Self.contextBase:
      let (context, rest) = (offset - Self.enableBase).quotientAndRemainder(dividingBy: Self.enableStride)
      guard context < UInt64(contexts), rest / 4 < UInt64(Self.words) else { return .nothing }
      return .enable(Int(context) * Self.words + Int(rest / 4))
    default:
      let (context, rest) = (offset - Self.contextBase).quotientAndRemainder(dividingBy: Self.contextStride)
      guard context < UInt64(contexts) else { return .nothing }
      return rest == 0 ? .threshold(Int(context)) : rest == 4 ? .claim(Int(context)) : .nothing
    }
  }

  package func remark(on access: DeviceAccess) -> DeviceRemark? {
    let place = "0x\(hexadecimal(access.offset))"
    switch (target(of: access.offset), access.value) {
    case (.nothing, nil): return .guestError("sifive_plic_read: Invalid register read \(place)")
    case (.nothing, _), (.priority(0), .some):
      return .guestError("sifive_plic_write: Invalid register write \(place)")
    case (.pending, .some): return .guestError("sifive_plic_write: invalid pending write: \(place)")
    default: return nil
    }
  }

  // MARK: Claims

  /// The pending, enabled source of the highest priority, the lowest number among equals, or 0; whatever
  /// the threshold (PLIC §8). It is in service from now on.
  private func claim(_ storage: inout Storage, _ context: Int) -> Int {
    let source = best(storage.state, context, above: 0)
    guard source != 0 else { return 0 }
    let (word, bit) = (source >> 5, UInt32(1) << UInt32(source & 31))
    storage.state.pending[word] &= ~bit
    storage.state.inService[word] |= bit
    signal(&storage)
    return source
  }

  /// Ends the service of `source`, unless it is not enabled for this context (PLIC §9).
  private func complete(_ storage: inout Storage, _ context: Int, _ source: UInt32) {
    guard source >= 1, source <= UInt32(Self.sources) else { return }
    let (word, bit) = (Int(source >> 5), UInt32(1) << (source & 31))
    guard storage.state.enables[context * Self.words + word] & bit != 0,
      storage.state.inService[word] & bit != 0
    else { return }
    storage.state.inService[word] &= ~bit
    if gateways[Int(source)] == .level { storage.state.pending[word] |= storage.state.levels[word] & bit }
  }

  /// Tells every hart what has changed for it.
  private func signal(_ storage: inout Storage) {
    for context in 0..<contexts {
      let level = best(storage.state, context, above: storage.state.thresholds[context]) != 0
      guard level != storage.isSignalled[context] else { continue }
      storage.isSignalled[context] = level
      ports[context >> 1].set(context & 1 == 0 ? 1 << 11 : 1 << 9, level)
    }
  }

  private func best(_ state: State, _ context: Int, above threshold: UInt8) -> Int {
    var best = 0
    var priority = threshold
    for word in 0..<Self.words {
      var bits = state.pending[word] & ~state.inService[word] & state.enables[context * Self.words + word]
      while bits != 0 {
        let source = word << 5 + bits.trailingZeroBitCount
        bits &= bits &- 1
        if state.priorities[source] > priority {
          priority = state.priorities[source]
          best = source
        }
      }
    }
    return best
  }
}
