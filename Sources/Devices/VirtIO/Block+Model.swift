import Machine

extension VirtIOBlock {
  package static let properties: [Property] =
    [
      Property("drive", .reference("drive"), "Node name or ID of a block device to use as a backend"),
      Property("serial", .text, "what the guest reads as the disk's serial number, at most 20 bytes"),
      Property(
        "num-queues", .integer(maximum: 0xffff), default: .integer(0xffff),
        "request queues; 65535 means one"),
      Property("queue-size", .integer(maximum: 0xffff), default: .integer(256), "descriptors of a queue"),
      Property(
        "logical_block_size", .size, default: .integer(0), "A power of two between 512 B and 2 MiB"),
      Property(
        "physical_block_size", .size, default: .integer(0), "A power of two between 512 B and 2 MiB"),
      Property("min_io_size", .size, default: .integer(0), "the smallest transfer that performs well"),
      Property("opt_io_size", .size, default: .integer(0), "the transfer size that performs best"),
      Property(
        "iothread", .reference("iothread"),
        "ID of an -object iothread (disks work on threads of their own anyway)"),
      Property("config-wce", .flag, default: .flag(true), "let the driver switch the write cache"),
      Property("discard", .flag, default: .flag(true), "offer discard requests"),
      Property("write-zeroes", .flag, default: .flag(true), "offer write-zeroes requests"),
      Property(
        "max-discard-sectors", .integer(maximum: 0xffff_ffff), default: .integer(0x3f_ffff),
        "sectors of one discard request"),
      Property(
        "max-write-zeroes-sectors", .integer(maximum: 0xffff_ffff), default: .integer(0x3f_ffff),
        "sectors of one write-zeroes request"),
    ] + VirtIOOptions.properties

  package static let model = DeviceModel(
    typeName: typeName, bus: .virtio, summary: "virtio disk", properties: properties
  ) { values, backEnds, environment throws(PropertyError) in
    guard let id = values.text("drive") else { throw PropertyError("drive property not set") }
    guard let drive = backEnds.drives[id] else {
      throw PropertyError("Property '\(typeName).drive' can't find value '\(id)'")
    }
    if let thread = values.text("iothread"), !backEnds.ioThreads.contains(thread) {
      throw PropertyError("Device '\(thread)' not found")
    }
    return VirtIOBlock(
      drive: drive, settings: try Properties(values), options: VirtIOOptions(values),
      memory: environment.memory, gate: environment.gate)
  }
}

extension VirtIOBlock.Properties {
  /// Checks what the user gave, in QEMU's words.
  package init(_ values: PropertyValues) throws(PropertyError) {
    serial = values.text("serial") ?? ""
    let queueCount = values.integer("num-queues") ?? 1
    guard queueCount > 0 else { throw PropertyError("num-queues property must be larger than 0") }
    self.queueCount = queueCount == 0xffff ? 1 : UInt16(clamping: queueCount)
    guard self.queueCount <= 1024 else {
      throw PropertyError("invalid num-queues property (\(queueCount)), must be at most 1024")
    }
    let size = values.integer("queue-size") ?? 256
    guard size & (size &- 1) == 0, size <= UInt64(VirtQueue.maximumSize) else {
      throw PropertyError("invalid queue-size property (\(size)), must be a power of 2 (max 1024)")
    }
    guard size > 2 else { throw PropertyError("invalid queue-size property (\(size)), must be > 2") }
    queueSize = UInt16(clamping: size)

    logicalBlockSize = try Self.blockSize(values, "logical_block_size") ?? 512
    physicalBlockSize = try Self.blockSize(values, "physical_block_size") ?? max(512, logicalBlockSize)
    guard logicalBlockSize <= physicalBlockSize else {
      throw PropertyError("logical_block_size > physical_block_size not supported")
    }
    minimumIO = try Self.transferSize(values, "min_io_size", block: logicalBlockSize)
    optimalIO = try Self.transferSize(values, "opt_io_size", block: logicalBlockSize)
    offersWriteCacheSwitch = values.flag("config-wce")
    offersDiscard = values.flag("discard")
    offersWriteZeroes = values.flag("write-zeroes")
    discardSectors = try Self.sectors(values, "max-discard-sectors", isUsed: offersDiscard)
    writeZeroesSectors = try Self.sectors(values, "max-write-zeroes-sectors", isUsed: offersWriteZeroes)
  }

  private static func blockSize(_ values: PropertyValues, _ name: String) throws(PropertyError) -> UInt32? {
    guard let value = values.integer(name), value != 0 else { return nil }
    guard value >= 512, value <= 2 << 20 else {
      throw PropertyError(
        "Property .\(name) doesn't take value \(value) (minimum: 512, maximum: 2097152)")
    }
    guard value & (value - 1) == 0 else {
      throw PropertyError("Property .\(name) doesn't take value '\(value)', it's not a power of 2")
    }
    return UInt32(value)
  }

  private static func transferSize(
    _ values: PropertyValues, _ name: String, block: UInt32
  ) throws(PropertyError) -> UInt32 {
    let value = values.integer(name) ?? 0
    guard value % UInt64(block) == 0 else {
      throw PropertyError("\(name) must be a multiple of logical_block_size")
    }
    guard let value = UInt32(exactly: value) else { throw PropertyError("\(name) must be below 4 GiB") }
    return value
  }

  private static func sectors(
    _ values: PropertyValues, _ name: String, isUsed: Bool
  ) throws(PropertyError) -> UInt32 {
    let value = values.integer(name) ?? 0x3f_ffff
    guard !isUsed || (1...0x3f_ffff).contains(value) else {
      throw PropertyError("invalid \(name) property (\(value)), must be between 1 and 4194303")
    }
    return UInt32(clamping: value)
  }
}
