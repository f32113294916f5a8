import Control
import Machine

extension RunningMachine {
  func readMemory(_ address: UInt64, count: Int) -> [UInt8]? {
    machine.memory.copyOut(address, count: count)
  }

  func untouchedBytes(at address: UInt64) -> UInt64 { machine.memory.untouchedBytes(at: address) }

  func hostAddress(of address: UInt64) -> UInt64? {
    machine.memory.ramBytes(at: address, count: 1, includingROM: true)?.baseAddress
      .map { UInt64(UInt(bitPattern: $0)) }
  }

  var flattenedDeviceTree: [UInt8] { machine.flattenedDeviceTree }
  var ramSize: UInt64 { machine.ramSize }

  var memoryMap: [MemoryRange] {
    let owners = machine.devices.flatMap { placed in
      placed.windows.map { ($0, path(of: placed)) }
    }
    return machine.memory.regions.map { region in
      let kind =
        switch region.kind {
        case .ram: "ram"
        case .rom: "rom"
        case .device: "i/o"
        case .romDevice: "romd"
        }
      return MemoryRange(
        name: region.name, first: region.base, last: region.last, kind: kind,
        owner: owners.first { $0.0.contains(region.base) }?.1)
    }
  }
}
