// -blockdev: image files as a graph of named nodes, of which there are the file itself and `raw` above it.
extension CommandLineReader {
  mutating func blockNode(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    if list.asksForHelp { throw error("Help is not available for this option") }
    let node = try node(&list, "")
    if let stranger = list.untaken.first {
      throw error(
        KeyValueList.complaint("Parameter '\(stranger.name)' is unexpected", stranger.name)
          + Self.nodeKeys.suggestion(for: stranger.name))
    }
    guard list.has("node-name") else { throw error("'node-name' must be specified for the root node") }
    request.drives.append(node)
  }

  private static let nodeKeys = [
    "driver", "node-name", "filename", "file", "read-only", "auto-read-only", "discard", "detect-zeroes",
    "cache.direct", "cache.no-flush", "locking", "aio", "force-share",
  ]

  /// QEMU's other drivers, told apart from typing errors.
  private static let otherDrivers: Set<String> = [
    "blkdebug", "blklogwrites", "blkreplay", "blkverify", "bochs", "cloop", "compress", "copy-before-write",
    "copy-on-read", "dmg", "ftp", "ftps", "gluster", "host_cdrom", "http", "https", "io_uring", "iscsi",
    "luks",
    "nbd", "nfs", "null-aio", "null-co", "nvme", "nvme-io_uring", "parallels", "preallocate", "qcow", "qcow2",
    "qed",
    "quorum", "rbd", "replication", "snapshot-access", "ssh", "throttle", "vdi", "vhdx",
    "virtio-blk-vfio-pci",
    "virtio-blk-vhost-user", "virtio-blk-vhost-vdpa", "vmdk", "vpc", "vvfat",
  ]

  /// The node whose keys begin with `prefix`: "" for the outermost, "file." for what it is stored in.
  private mutating func node(_ list: inout KeyValueList, _ prefix: String) throws(CommandLineError)
    -> DriveRequest
  {
    guard let driver = list.take(prefix + "driver") else {
      throw error("Parameter '\(prefix)driver' is missing")
    }
    guard ["file", "host_device", "raw"].contains(driver) else {
      guard Self.otherDrivers.contains(driver) else {
        throw error(
          "Parameter '\(prefix)driver' does not accept value '\(driver)'"
            + ["file", "host_device", "raw"].suggestion(for: driver))
      }
      throw error("'\(driver)' nodes are not there yet in Apus; file, host_device and raw are")
    }
    var node = DriveRequest(id: try takeNodeName(&list, prefix), option: option)
    node.interface = .none
    node.format = "raw"
    try takeCommonOptions(&list, prefix, &node)
    if driver == "raw" {
      try takeStorage(&list, prefix, &node)
    } else {
      try takeFile(&list, prefix, &node)
      node.isDevice = driver == "host_device"
    }
    return node
  }

  private mutating func takeNodeName(_ list: inout KeyValueList, _ prefix: String) throws(CommandLineError)
    -> String
  {
    guard let name = list.take(prefix + "node-name") else {
      driveCount += 1
      return "#block\(driveCount)"
    }
    guard KeyValueList.isIdentifier(name), name.utf8.count < 32 else {
      throw error("Invalid node-name: '\(name)'")
    }
    if let drive = request.drives.first(where: { $0.id == name }) {
      throw error(
        drive.isNode
          ? "Duplicate nodes with node-name='\(name)'" : "node-name=\(name) is conflicting with a device id")
    }
    return name
  }

  private func takeCommonOptions(
    _ list: inout KeyValueList, _ prefix: String, _ node: inout DriveRequest
  ) throws(CommandLineError) {
    node.isNode = true
    node.isReadOnly = try list.takeFlag(prefix + "read-only") ?? false
    node.opensReadOnlyIfItMust = try list.takeFlag(prefix + "auto-read-only") ?? false
    let discard = try list.takeChoice(prefix + "discard", of: ["ignore", "unmap"])
    node.unmapsDiscarded = discard == "unmap"
    // A hint: a block of zeroes may be stored like any other.
    let zeroes = try list.takeChoice(prefix + "detect-zeroes", of: ["off", "on", "unmap"])
    if zeroes == "unmap", !node.unmapsDiscarded {
      throw error("setting detect-zeroes to unmap is not allowed without setting discard operation to unmap")
    }
    if list.has(prefix + "cache") {
      throw error("Invalid parameter type for '\(prefix)cache', expected: object")
    }
    let isDirect = try list.takeFlag(prefix + "cache.direct") ?? false
    let ignoresFlushes = try list.takeFlag(prefix + "cache.no-flush") ?? false
    node.cache = ignoresFlushes ? "unsafe" : isDirect ? "none" : "writeback"
    if try list.takeFlag(prefix + "force-share") == true {
      guard node.isReadOnly else { throw error("force-share=on can only be used with read-only images") }
      node.locks = false
    }
  }

  /// `raw`: the whole of another node, which has a name or is told in place.
  private mutating func takeStorage(
    _ list: inout KeyValueList, _ prefix: String, _ node: inout DriveRequest
  ) throws(CommandLineError) {
    for name in ["offset", "size"] where list.has(prefix + name) {
      throw error("a raw node with \(name)= is not there yet in Apus; it holds all of its file")
    }
    var storage: DriveRequest
    if let name = list.take(prefix + "file") {
      guard let place = request.drives.firstIndex(where: { $0.id == name && $0.isNode }) else {
        throw error("Cannot find device='\(name)' nor node-name='\(name)'")
      }
      storage = request.drives.remove(at: place)
    } else if list.entries.contains(where: { $0.name.hasPrefix(prefix + "file.") }) {
      storage = try self.node(&list, prefix + "file.")
    } else {
      throw error("Parameter '\(prefix)file' is missing")
    }
    if let user = user(of: storage.id) { throw error(Self.conflict(storage.id, user, "node '\(node.id)'")) }
    // What is only read through this node is opened for reading.
    storage.isReadOnly = storage.isReadOnly || node.isReadOnly
    node.storage = storage.id
    request.drives.append(storage)
  }

  /// The node whose contents are those of the node `id`, in QEMU's words.
  func user(of id: String) -> String? {
    request.drives.first { $0.storage == id }.map { "node '\($0.id)' (uses node '\(id)' as 'file' child)" }
  }

  /// QEMU's sentence about a node that has a writer already.
  static func conflict(_ node: String, _ first: String, _ second: String) -> String {
    "Permission conflict on node '\(node)': permissions 'write' are both required by \(first) "
      + "and unshared by \(second) (uses node '\(node)')."
  }

  private func takeFile(
    _ list: inout KeyValueList, _ prefix: String, _ node: inout DriveRequest
  ) throws(CommandLineError) {
    guard let name = list.take(prefix + "filename") else {
      throw error("Parameter '\(prefix)filename' is missing")
    }
    node.file = name
    let locking = try list.takeChoice(prefix + "locking", of: ["auto", "on", "off"])
    node.locks = node.locks && locking != "off"
    if let aio = try list.takeChoice(prefix + "aio", of: ["threads", "native", "io_uring"]), aio != "threads"
    {
      throw error("aio=\(aio) is not there yet in Apus; aio=threads is")
    }
  }
}
