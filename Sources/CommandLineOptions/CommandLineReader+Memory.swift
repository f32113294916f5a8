import Machine
import RISCV

// What guest RAM is made of: -object memory-backend-…, -machine memory-backend=, -mem-path, -mem-prealloc, -overcommit.
extension CommandLineReader {
  /// The rest of `-object memory-backend-ram|file|memfd`.
  func memoryBackEnd(_ type: String, _ list: inout KeyValueList) throws(CommandLineError)
    -> ObjectRequest.Kind
  {
    guard let text = list.take("size") else { throw error("Parameter 'size' is missing") }
    guard let size = try? UInt64(size: text, parameter: "size", unit: 1) else {
      throw error("Parameter 'size' expects a size value")
    }
    guard size > 0 else { throw CommandLineError("property 'size' of \(type) doesn't take value '0'") }
    var backing = RAMBacking()
    backing.isShared = try list.takeFlag("share") ?? (type == "memory-backend-memfd")
    backing.isPreallocated = try list.takeFlag("prealloc") ?? false
    // Advice for the host's kernel which it has no use for: no pages of shared memory are merged.
    for name in ["merge", "dump", "reserve", "x-use-canonical-path-for-ramblock-id"] {
      _ = try list.takeFlag(name)
    }
    _ = try list.takeNumber("prealloc-threads")
    for name in ["host-nodes", "policy", "prealloc-context"] where list.has(name) {
      throw error("\(name)= is not there yet in Apus")
    }
    if type == "memory-backend-memfd" {
      _ = try list.takeFlag("seal")
      for name in ["hugetlb", "hugetlbsize"] where list.has(name) {
        throw error(
          "\(name)= is not there yet in Apus; memory-backend-file,mem-path=/dev/hugepages has huge pages")
      }
    }
    if type == "memory-backend-file" {
      guard let path = list.take("mem-path") else { throw error("Parameter 'mem-path' is missing") }
      backing.path = path
      for name in ["discard-data", "pmem", "readonly", "rom"] where try list.takeFlag(name) == true {
        throw error("\(name)=on is not there yet in Apus")
      }
      for name in ["align", "offset"] where try takeSize(name, &list) ?? 0 != 0 {
        throw error("\(name)= is not there yet in Apus")
      }
    }
    return .memory(type: type, size: size, backing)
  }

  mutating func overcommit(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    if let lock = list.take("mem-lock") {
      guard let locks = lock == "on-fault" ? true : Bool(switch: lock) else {
        throw error("parameter 'mem-lock' expects one of 'on', 'off', 'on-fault'")
      }
      request.locksMemory = locks
    }
    // A hint for machines that run on the host's own processor.
    _ = try list.takeFlag("cpu-pm")
    try list.finish()
  }

  /// Connects what `-machine memory-backend=` names, or makes RAM of what `-mem-path` and `-mem-prealloc` say.
  mutating func connectMemory() throws(CommandLineError) {
    guard let name = memoryLink else {
      request.machine.ramBacking = RAMBacking(path: memoryPath, isPreallocated: isMemoryPreallocated)
      warnOfUnusedMemory(nil)
      return
    }
    if memoryPath != nil {
      throw CommandLineError("'-mem-path' can't be used together with'-machine memory-backend'")
    }
    let object = request.objects.first { $0.id == name }
    guard case .memory(_, let size, let backing)? = object?.kind else {
      throw CommandLineError("Memory backend '\(name)' not found")
    }
    if let wanted = request.machine.ramSize, wanted != size {
      throw CommandLineError("Machine memory size does not match the size of the memory backend")
    }
    request.machine.ramSize = size
    request.machine.ramBacking = backing
    request.machine.ramBacking.id = name
    if isMemoryPreallocated { request.machine.ramBacking.isPreallocated = true }
    warnOfUnusedMemory(name)
  }

  private mutating func warnOfUnusedMemory(_ used: String?) {
    for object in request.objects where object.id != used {
      guard case .memory = object.kind else { continue }
      request.warnings.append(
        "\(object.option): warning: nothing uses this memory; -machine memory-backend=\(object.id) makes it the machine's"
      )
    }
  }
}
