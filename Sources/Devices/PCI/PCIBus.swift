import Machine

/// The functions of one PCI bus, and which of them answers where now.
///
/// All members are used with the machine lock held, or while the board is built.
package final class PCIBus: Sendable {
  /// "pcie.0".
  package let name: String
  private let memory: AddressSpace
  /// INTA to INTD of slot 0; other slots take them in turn.
  private let lines: [InterruptLine]

  package enum Space: Sendable { case ports, memory }

  /// A base address that a driver has placed.
  private struct Mapping {
    let function: any PCIFunction
    let index: Int
    let space: Space
    let first: UInt64
    let last: UInt64
  }

  private nonisolated(unsafe) var functions: [PCIPlace: any PCIFunction] = [:]
  private nonisolated(unsafe) var asserted: Set<PCIPlace> = []
  /// nil: to be made anew.
  private nonisolated(unsafe) var mappings: [Mapping]?

  package init(name: String, memory: AddressSpace, lines: [InterruptLine]) {
    self.name = name
    self.memory = memory
    self.lines = lines
  }

  // MARK: Building

  /// By slot and function.
  package var places: [(place: PCIPlace, function: any PCIFunction)] {
    functions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  package func function(at place: PCIPlace) -> (any PCIFunction)? { functions[place] }

  package func plug(_ function: any PCIFunction, at place: PCIPlace) {
    functions[place] = function
    mappings = nil
    function.connect(to: PCIConnection(bus: self, place: place, memory: memory))
  }

  // MARK: Configuration

  package func readConfiguration(_ place: PCIPlace, _ offset: Int, width: Int) -> UInt64 {
    functions[place]?.readConfiguration(offset, width: width) ?? Self.ones(width)
  }

  package func writeConfiguration(_ place: PCIPlace, _ offset: Int, width: Int, _ value: UInt64) {
    functions[place]?.writeConfiguration(offset, width: width, value)
  }

  func placementChanged() { mappings = nil }

  // MARK: Ports and memory

  /// Ones where nobody answers.
  package func read(_ space: Space, _ address: UInt64, width: Int) -> UInt64 {
    guard let mapping = mapping(space, address, width) else { return Self.ones(width) }
    return mapping.function.read(baseAddress: mapping.index, address - mapping.first, width: width)
      & Self.ones(width)
  }

  package func write(_ space: Space, _ address: UInt64, width: Int, _ value: UInt64) {
    guard let mapping = mapping(space, address, width) else { return }
    mapping.function.write(
      baseAddress: mapping.index, address - mapping.first, width: width, value & Self.ones(width))
  }

  /// Of base addresses that overlap, which no driver should make, the first by slot and number answers.
  private func mapping(_ space: Space, _ address: UInt64, _ width: Int) -> Mapping? {
    let all = mappings ?? place()
    let last = address &+ UInt64(width - 1)
    return all.first { $0.space == space && $0.first <= address && last <= $0.last && address <= last }
  }

  private func place() -> [Mapping] {
    var made: [Mapping] = []
    for (_, function) in places {
      let configuration = function.configuration
      for base in configuration.baseAddresses {
        guard let first = configuration.address(of: base) else { continue }
        let space: Space = base.kind == .ports ? .ports : .memory
        // Sizes divide addresses: the end cannot wrap.
        made.append(
          Mapping(
            function: function, index: base.index, space: space, first: first, last: first + (base.size - 1)))
      }
    }
    mappings = made
    return made
  }

  private static func ones(_ width: Int) -> UInt64 { .max >> UInt64(64 - 8 * width) }

  // MARK: Interrupts

  /// Pin A of device 1 is pin B's line of device 0, and so on: several functions share a line.
  private func line(of place: PCIPlace) -> Int { place.slot % max(1, lines.count) }

  func setInterrupt(of place: PCIPlace, _ level: Bool) {
    let changed = level ? asserted.insert(place).inserted : asserted.remove(place) != nil
    guard changed, !lines.isEmpty else { return }
    let line = line(of: place)
    lines[line].set(asserted.contains { self.line(of: $0) == line })
  }
}
