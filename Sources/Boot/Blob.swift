import Machine

/// Bytes that are put into guest memory before the first instruction and again at every reset:
/// firmware, kernel, initrd, device tree, reset vector.
package struct Blob: Sendable {
  /// Whose map the address is in, by QEMU's names: loads for the board, or by the generic loader.
  package enum Space: String, Sendable {
    case memory = "memory"
    case firstHart = "cpu-memory-0"
  }

  /// As `info roms` shows it.
  package let name: String
  package let address: UInt64
  /// Bytes that it takes; those beyond `dataSize` become zero.
  package let size: UInt64
  package let dataSize: UInt64
  package let source: ImageSource
  /// Of the first byte in `source`.
  package let offset: UInt64
  package let space: Space
  /// False where the user does not miss it when there is no memory for it: linkers add segments of notes
  /// far from the program.
  package let isEssential: Bool

  /// Nil where the blob would end beyond the last address.
  package init?(
    _ name: String, at address: UInt64, _ source: ImageSource, offset: UInt64 = 0, dataSize: UInt64? = nil,
    size: UInt64? = nil, space: Space = .memory, isEssential: Bool = true
  ) {
    let dataSize = dataSize ?? source.size - min(offset, source.size)
    let size = max(size ?? dataSize, dataSize)
    guard !address.addingReportingOverflow(size).overflow else { return nil }
    self.name = name
    self.address = address
    self.size = size
    self.dataSize = dataSize
    self.source = source
    self.offset = offset
    self.space = space
    self.isEssential = isEssential
  }

  /// One past its last address.
  package var end: UInt64 { address &+ size }

  /// Puts the bytes into `memory`: RAM and ROM alike. What lies outside of both is left out.
  ///
  /// Returns sentences about bytes that found no place.
  package func place(in memory: AddressSpace) -> [String] {
    var placed: UInt64 = 0
    var warnings: [String] = []
    for region in memory.regions where size > 0 && region.base < end && address <= region.last {
      let first = max(address, region.base)
      let last = min(end - 1, region.last)
      guard last - first < UInt64(Int.max),
        let target = memory.ramBytes(at: first, count: Int(last - first) + 1, includingROM: true)
      else { continue }
      let skipped = first - address
      let data = Int(min(UInt64(target.count), dataSize - min(skipped, dataSize)))
      let isRead = source.place(from: offset &+ skipped, count: data, at: first, in: memory)
      if !isRead {
        warnings.append("'\(name)' can no longer be read; memory at \(first.hex()) keeps what it has")
      }
      if data < target.count {
        UnsafeMutableRawBufferPointer(rebasing: target[data...]).initializeMemory(
          as: UInt8.self, repeating: 0)
      }
      memory.didWrite(first, count: target.count)
      placed += UInt64(target.count)
    }
    if placed < size && (isEssential || placed > 0) {
      warnings.append(
        "\(size - placed) of the \(size) bytes of '\(name)' at \(address.hex()) lie outside of memory and are left out"
      )
    }
    return warnings
  }
}

/// All blobs of a machine.
package struct ROMBlobs: Sendable {
  /// In the order of loading.
  package private(set) var blobs: [Blob] = []

  package init() {}

  package mutating func add(_ blob: Blob) { blobs.append(blob) }

  /// As `info roms` lists them: by space, then address.
  package var sorted: [Blob] {
    blobs.enumerated().sorted { a, b in
      if a.element.space != b.element.space { return a.element.space == .memory }
      return (a.element.address, a.offset) < (b.element.address, b.offset)
    }.map(\.element)
  }

  /// Refuses blobs of one space that overlap, in QEMU's words. Parts of one file may.
  package func checkOverlaps(firmware: String?) throws(ConfigurationError) {
    let sorted = self.sorted.filter { $0.size > 0 }
    for (first, second) in zip(sorted, sorted.dropFirst())
    where first.space == second.space && first.end > second.address && first.source !== second.source {
      throw ConfigurationError(Self.message(first, second, firmware: firmware))
    }
  }

  private static func message(_ first: Blob, _ second: Blob, firmware: String?) -> String {
    var text = """
      Some ROM regions are overlapping
      These ROM regions might have been loaded by direct user request or by default.
      They could be BIOS/firmware images, a guest kernel, initrd or some other file loaded into guest memory.
      Check whether you intended to load all this guest code, and whether it has been built to load to the correct addresses.

      The following two regions overlap (in the \(first.space.rawValue) address space):
        \(first.name) (addresses \(first.address.hex(16)) - \(first.end.hex(16)))
        \(second.name) (addresses \(second.address.hex(16)) - \(second.end.hex(16)))
      """
    if let firmware, first.name == firmware || second.name == firmware {
      let (resident, other) = first.name == firmware ? (first, second) : (second, first)
      text += """


        '\(other.name)' is linked to where the firmware lives (\(resident.address.hex())). A kernel that starts in \
        machine mode wants -bios none; one that runs above the firmware is to be linked at \
        \((resident.end.aligned(upTo: 0x20_0000) ?? resident.end).hex()) or above.
        """
    }
    return text
  }

  /// Puts all of them into `memory`, those of the generic loader last. Returns sentences for the user.
  package func place(in memory: AddressSpace) -> [String] {
    var warnings: [String] = []
    for blob in sorted {
      if blob.source.hasChanged {
        warnings.append("'\(blob.source.name)' has changed since the machine was started")
      }
      warnings += blob.place(in: memory)
    }
    for blob in blobs { blob.source.forget() }
    return warnings
  }
}
