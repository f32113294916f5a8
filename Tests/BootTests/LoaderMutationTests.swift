import Foundation
import Machine
import Testing

import Boot

/// Whatever the loaders are given, as options or as files, is loaded or refused in one sentence.
///
/// APUS_LOADER_SEED (a number, or `fresh`) and _ROUNDS ask for more than the fixed cases.
@Suite struct LoaderMutationTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let rounds = environment["APUS_LOADER_ROUNDS"].flatMap { Int($0) } ?? 4000
  private static let seed: UInt64 =
    switch environment["APUS_LOADER_SEED"] {
    case nil: 5
    case "fresh"?: UInt64.random(in: 0...UInt64.max)
    case let text?: UInt64(text) ?? 5
    }

  private static let board = BoardMemory(
    ramBase: 0x8000_0000, ramSize: 8 << 20, resetVector: 0x1000, is64Bit: true, harts: 2)

  private func machine() throws -> AddressSpace {
    let memory = AddressSpace(lock: MachineLock())
    try memory.addROM("mrom", base: 0x1000, size: 0xf000, contents: [])
    try memory.addRAM("ram", base: Self.board.ramBase, size: Self.board.ramSize)
    return memory
  }

  /// Plans a machine with `requests` and loads it twice; true where it could be had.
  private func load(_ requests: [DeviceRequest], into memory: AddressSpace, _ context: String) throws -> Bool
  {
    var configuration = MachineConfiguration()
    configuration.bios = "none"
    configuration.devices = requests
    let plan: BootPlan
    do {
      plan = try BootPlan(configuration, board: Self.board, deviceTree: DeviceTree(), rngSeed: nil)
    } catch {
      let lines = error.description.split(separator: "\n", omittingEmptySubsequences: false)
      let isOverlap = lines.first == "Some ROM regions are overlapping"
      #expect(lines.allSatisfy { !$0.isEmpty } || isOverlap, "\(context): \(error)")
      #expect(lines.count <= 2 || isOverlap, "\(context): \(error)")
      let isPrefixed = requests.contains { error.description.hasPrefix("\($0.option): ") }
      #expect(isPrefixed || isOverlap, "\(context): \(error)")
      return false
    }
    for _ in 0..<2 { _ = plan.apply(to: memory) }
    #expect(plan.deviceTree.flattened().count > 40)
    return true
  }

  private static func request(_ driver: String, _ properties: [Assignment]) -> DeviceRequest {
    DeviceRequest(
      driver: driver, properties: properties,
      text: ([driver] + properties.map { "\($0.name)=\($0.value)" }).joined(separator: ","))
  }

  @Test func optionsNeverTrap() throws {
    let memory = try machine()
    try withFile(MutationTests.seeds[0]) { elf in
      try withFile([UInt8](repeating: 1, count: 5000)) { raw in
        let numbers = [
          "0", "1", "-1", "2", "8", "9", "255", "256", "0x80001000", "0x80000000", "0x807ffffe", "0x1000",
          "0xffffffffffffffff", "18446744073709551615", "0x7fffffffffffffff", "4294967295", "", "zz", "1k",
          "0x",
        ]
        let texts = ["on", "off", "", "nope", elf, raw, "/", "/dev/null", "\u{fc}\u{0}x", "a,b"]
        let names: [String: [String]] = [
          "loader": ["addr", "addr", "data", "data-len", "data-be", "cpu-num", "file", "force-raw"],
          "guest-loader": ["addr", "addr", "addr", "kernel", "kernel", "initrd", "bootargs"],
        ]
        let strange = ["id", "bus", "", " addr", "foo"]
        var random = MutationTests.Random(state: Self.seed)
        var taken = 0
        for round in 0..<Self.rounds {
          let requests = (0...random.below(2)).map { _ in
            let driver = random.below(3) == 0 ? "guest-loader" : "loader"
            let usual = names[driver] ?? []
            return Self.request(
              driver,
              (0..<random.below(6)).map { _ in
                let name = random.below(16) == 0 ? strange[random.below(5)] : usual[random.below(usual.count)]
                let isText = ["file", "kernel", "initrd", "bootargs", "force-raw", "data-be"].contains(name)
                let values = isText == (random.below(16) != 0) ? texts : numbers
                return Assignment(name, values[random.below(values.count)])
              })
          }
          if try load(requests, into: memory, "seed \(Self.seed), round \(round)") { taken += 1 }
        }
        #expect(taken > Self.rounds / 200)
      }
    }
  }

  @Test func filesNeverTrap() throws {
    let memory = try machine()
    let seeds =
      MutationTests.seeds + [
        Array(Samples.hex.utf8), Samples.uImage(load: 0x8040_0000, entry: 0x8040_0000, Samples.text),
        Samples.uImage(load: 0x8040_0000, entry: 0x8040_0000, Samples.lzma, compression: 3),
      ]
    var random = MutationTests.Random(state: Self.seed &+ 1)
    var taken = 0
    for round in 0..<Self.rounds {
      let bytes = MutationTests.mutate(seeds[round % seeds.count], &random)
      try withFile(bytes) { path in
        var properties = [Assignment("file", path)]
        if random.below(2) == 0 { properties.append(Assignment("addr", "0x80001000")) }
        if random.below(2) == 0 { properties.append(Assignment("cpu-num", "1")) }
        let loader = Self.request("loader", properties)
        let guest = Self.request(
          "guest-loader", [Assignment("kernel", path), Assignment("addr", "0x80500000")])
        if try load([loader, guest], into: memory, "seed \(Self.seed), round \(round)") { taken += 1 }
      }
    }
    #expect(taken > Self.rounds / 10)
  }
}
