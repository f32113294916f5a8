import Boot
import Control
import Machine

extension RunningMachine: DebuggedMachine {
  func startDebugServer(_ device: String?) throws(MonitorError) -> String {
    try debugServers.restart(device)
  }

  func willRun() { noteStart() }

  func didStep() { debugServers.didStep() }

  func kill() {
    debugServers.didAnnounceKill()
    ending.quit(nil)
  }

  func linkedPlace(of address: UInt64) -> UInt64? {
    for segment in linkedSegments where address &- segment.virtualAddress < segment.memorySize {
      return segment.physicalAddress &+ (address &- segment.virtualAddress)
    }
    return nil
  }

  static func linkedSegments(ofKernel path: String?) -> [ELF.Segment] {
    guard let path, let source = try? ImageSource(opening: path), let elf = try? ELF(source) else {
      return []
    }
    return elf.segments.filter { $0.virtualAddress != $0.physicalAddress }
  }
}
