import Machine

/// Where a board's boot loader puts what has no address of its own. Unless told otherwise as QEMU 10.0 does.
package struct BootPlacement: Sendable {
  /// The initial RAM disk lies half of memory above the kernel, at most this far.
  package var farthestInitrd: UInt64
  /// Whether the device tree tells its bounds in two cells each.
  package var hasWideInitrd: Bool
  /// The device tree of 64-bit boards too lies below 3 GiB, wherever RAM ends.
  package var keepsTreeBelow3GiB: Bool
  /// Bytes that the board's own device tree takes at least: free space follows its contents.
  package var smallestTree: Int

  package init(
    farthestInitrd: UInt64 = 512 << 20, hasWideInitrd: Bool = true, keepsTreeBelow3GiB: Bool = false,
    smallestTree: Int = 0
  ) {
    self.farthestInitrd = farthestInitrd
    self.hasWideInitrd = hasWideInitrd
    self.keepsTreeBelow3GiB = keepsTreeBelow3GiB
    self.smallestTree = smallestTree
  }
}

/// A bank of flash that was given contents, which are to run.
package struct FlashProgram: Sendable {
  package enum Role: Sendable {
    /// Harts start in it; firmware has no part.
    case machineMode
    /// Firmware goes on with it; harts that have none do not find it.
    case supervisorMode
    /// Firmware goes on with it; without firmware harts start in it.
    case either
  }

  package var base: UInt64
  package var role: Role

  package init(base: UInt64, role: Role = .either) {
    self.base = base
    self.role = role
  }
}

/// What booting needs to know of a board.
package struct BoardMemory: Sendable {
  package var ramBase: UInt64
  package var ramSize: UInt64
  /// Where the reset vector goes and harts start.
  package var resetVector: UInt64
  package var is64Bit: Bool
  package var harts: Int
  package var flash: FlashProgram?
  package var placement: BootPlacement

  package init(
    ramBase: UInt64, ramSize: UInt64, resetVector: UInt64, is64Bit: Bool, harts: Int,
    flash: FlashProgram? = nil,
    placement: BootPlacement = BootPlacement()
  ) {
    self.flash = flash
    self.ramBase = ramBase
    self.ramSize = ramSize
    self.resetVector = resetVector
    self.is64Bit = is64Bit
    self.harts = harts
    self.placement = placement
  }

  var ramEnd: UInt64 { ramBase &+ ramSize }

  func contains(_ address: UInt64) -> Bool { address >= ramBase && address < ramEnd }
}

/// Everything that lies in memory when the first hart starts, and where harts start: decided once from
/// the command line, applied at power-on and at every reset.
package struct BootPlan: Sendable {
  package private(set) var roms = ROMBlobs()
  package private(set) var writes: [GenericLoader.DataWrite] = []
  /// Program counters that the generic loader sets; other harts start at the reset vector.
  package private(set) var startPCs: [Int: UInt64] = [:]
  /// With /chosen filled in.
  package private(set) var deviceTree: DeviceTree
  package private(set) var vector: ResetVector
  /// What firmware in flash is to find by the firmware configuration device: it loads the kernel itself.
  package private(set) var offer: KernelOffer?
  package private(set) var warnings: [String] = []

  /// As it lies in memory.
  package private(set) var flattenedDeviceTree: [UInt8] = []

  private let board: BoardMemory
  private(set) var firmwareName: String?
  /// One past the firmware's last byte; the start of RAM where there is none.
  private var firmwareEnd: UInt64
  /// One past the last byte that the running kernel takes.
  private var kernelEnd: UInt64
  private var kernelStart: UInt64
  package private(set) var kernelEntry: UInt64?
  /// The host serves as the firmware.
  package private(set) var usesBuiltinFirmware = false

  /// Where kernels and device trees may start: Linux wants 2 MiB (4 MiB for 32 bits).
  private var alignment: UInt64 { board.is64Bit ? 2 << 20 : 4 << 20 }
  private static let deviceTreeAlignment: UInt64 = 2 << 20

  /// Finds and places all files that `configuration` names. `tree` describes the board.
  package init(
    _ configuration: MachineConfiguration, board: BoardMemory, deviceTree tree: DeviceTree, rngSeed: [UInt8]?,
    shareFolder: String? = Firmware.shareFolder
  ) throws(ConfigurationError) {
    self.board = board
    deviceTree = tree
    vector = ResetVector(is64Bit: board.is64Bit, start: board.ramBase, deviceTree: 0, next: 0)
    firmwareEnd = board.ramBase
    kernelStart = board.ramBase
    kernelEnd = board.ramBase

    if configuration.kernel == nil {
      if configuration.append?.isEmpty == false {
        throw ConfigurationError("-append only allowed with -kernel option")
      }
      if configuration.initrd != nil { throw ConfigurationError("-initrd only allowed with -kernel option") }
    }
    if let file = configuration.dtb { deviceTree = try Self.readTree(file, limit: board.ramSize) }

    for request in configuration.devices { try load(request, configuration.globals) }
    let flash = board.flash
    let firmware = try Firmware(
      flash?.role == .machineMode ? "none" : configuration.bios, is64Bit: board.is64Bit,
      folders: configuration.firmwareFolders,
      shareFolder: shareFolder, canStandIn: flash != nil || Self.mayHaveProgram(configuration))
    switch firmware {
    case .none: break
    case .file(let path): try placeFirmware(path)
    case .builtin(let notice):
      usesBuiltinFirmware = true
      if let notice { warnings.append(notice) }
    }
    var chosen = DeviceTree.Chosen()
    chosen.rngSeed = rngSeed
    chosen.hasWideInitrd = board.placement.hasWideInitrd
    if let flash, flash.role == .supervisorMode || firmware != .none {
      // Firmware for S-mode is in the flash, and the kernel is its affair.
      vector.next = flash.base
      kernelEntry = flash.base
      offer = try KernelOffer(configuration)
    } else {
      if let kernel = configuration.kernel { try placeKernel(kernel) }
      if usesBuiltinFirmware { try findProgram() }
      if firmwareName == nil, let start = flash?.base ?? kernelEntry { vector.start = start }
      vector.next = kernelEntry ?? 0
      if let append = configuration.append, !append.isEmpty { chosen.bootArguments = append }
      if let initrd = configuration.initrd { chosen.initrd = try placeInitrd(initrd) }
    }
    deviceTree.choose(chosen)
    flattenedDeviceTree = deviceTree.flattened(
      size: configuration.dtb == nil ? board.placement.smallestTree : 0)
    try placeDeviceTree(after: chosen.initrd?.upperBound ?? kernelEnd)
    if !usesBuiltinFirmware { placeResetVector() }

    warnAboutCoveredWrites()
    try roms.checkOverlaps(firmware: firmwareName)
  }

  // MARK: Deciding

  /// There may be something for firmware to start.
  private static func mayHaveProgram(_ configuration: MachineConfiguration) -> Bool {
    configuration.kernel != nil || configuration.devices.contains { $0.driver == GenericLoader.typeName }
  }

  /// Where the built-in firmware goes on, unless that is said: where firmware that jumps to a fixed address does.
  private mutating func findProgram() throws(ConfigurationError) {
    guard kernelEntry == nil, startPCs.isEmpty else { return }
    let entry = board.ramBase &+ alignment
    guard roms.blobs.contains(where: { $0.address <= entry && entry < $0.end }) else {
      throw ConfigurationError(
        "-bios builtin: there is nothing to start. The built-in firmware has no prompt of its own: name a kernel "
          + "with -kernel, or load one to \(entry.hex()) with -device loader.")
    }
    kernelEntry = entry
  }

  private static func readTree(_ file: String, limit: UInt64) throws(ConfigurationError) -> DeviceTree {
    let source: ImageSource
    do {
      source = try ImageSource(opening: file)
    } catch {
      throw ConfigurationError(
        "Unable to get size of device tree file '\(file)'\nload_device_tree() failed: \(error)")
    }
    do {
      guard source.size <= limit, let bytes = source.bytes(at: 0, count: Int(source.size)) else {
        throw ImageError("it is larger than the machine's memory")
      }
      return try DeviceTree(flattened: bytes)
    } catch {
      throw ConfigurationError(
        "load_device_tree: Unable to copy device tree into memory: \(error)\n"
          + "load_device_tree() failed: '\(file)' is no usable flattened device tree (.dtb).")
    }
  }

  /// Carries out `request` where it is a loader's.
  private mutating func load(_ request: DeviceRequest, _ globals: [GlobalProperty])
    throws(ConfigurationError)
  {
    switch request.driver {
    case GenericLoader.typeName:
      let loader = try GenericLoader(request, globals: globals, harts: board.harts, limit: board.ramSize)
      loader.blobs.forEach { roms.add($0) }
      if let write = loader.write { writes.append(write) }
      if let start = loader.start { startPCs[start.hart] = start.pc }
      warnings += loader.warnings
    case GuestLoader.typeName:
      let loader = try GuestLoader(request, globals: globals)
      guard deviceTree.addModule(loader.node) else {
        throw ConfigurationError(
          "\(request.option): qemu_fdt_add_subnode: Failed to create subnode "
            + "/chosen/\(loader.node.name): FDT_ERR_EXISTS\nEach guest-loader wants an address of its own.")
      }
      roms.add(loader.blob)
    default: break
    }
  }

  private mutating func placeFirmware(_ path: String) throws(ConfigurationError) {
    let failure = "could not load firmware '\(path)'"
    let source: ImageSource
    let elf: ELF?
    do {
      source = try ImageSource(opening: path)
      elf = try ELF(source)
    } catch {
      throw ConfigurationError("\(failure)\nThe file cannot be used: \(error).")
    }
    firmwareName = path
    guard let elf else {
      guard source.size <= board.ramSize else {
        throw ConfigurationError("\(failure)\n\(tooLarge(source.size))")
      }
      add(path, at: board.ramBase, source)
      firmwareEnd = board.ramBase &+ source.size
      return
    }
    for segment in elf.segments {
      let name = "\(path) ELF program header segment \(segment.index)"
      guard
        let blob = Blob(
          name, at: segment.physicalAddress, source, offset: segment.offset, dataSize: segment.fileSize,
          size: segment.memorySize)
      else {
        throw ConfigurationError("\(failure)\nIts segment \(segment.index) ends beyond the last address.")
      }
      roms.add(blob)
      if board.contains(blob.address) { firmwareEnd = max(firmwareEnd, blob.end) }
    }
    vector.start = elf.physicalEntry ?? elf.virtualEntry
    warnAboutWidth(of: path, elf.is64Bit)
  }

  private mutating func warnAboutWidth(of name: String, _ is64Bit: Bool) {
    guard is64Bit != board.is64Bit else { return }
    let (file, harts) = is64Bit ? (64, 32) : (32, 64)
    warnings.append("'\(name)' is made for \(file)-bit harts, and this machine's have \(harts) bits (-cpu)")
  }

  private mutating func placeKernel(_ name: String) throws(ConfigurationError) {
    let failure = "could not load kernel '\(name)'"
    let file: ImageSource
    do {
      file = try ImageSource(opening: name)
    } catch {
      throw ConfigurationError(failure, preamble: "\(name): \(error)")
    }
    let image: KernelImage
    do {
      image = try KernelImage(file, limit: board.ramSize)
    } catch {
      throw ConfigurationError("\(failure)\nThe file cannot be used: \(error).")
    }
    if let is64Bit = image.is64Bit { warnAboutWidth(of: name, is64Bit) }
    switch image.layout {
    case .movable(let size, let textOffset):
      try placeMovable(image, size: size, textOffset: textOffset, failure: failure)
    case .placed(let parts, let entry):
      let blobs = parts.compactMap { Blob($0, of: image.source) }
      guard blobs.count == parts.count else {
        throw ConfigurationError("\(failure)\nA part of it ends beyond the last address.")
      }
      blobs.forEach { roms.add($0) }
      let inRAM = blobs.filter { board.contains($0.address) || board.contains($0.end &- 1) }
      kernelStart = max(board.ramBase, inRAM.map(\.address).min() ?? board.ramBase)
      kernelEnd = inRAM.map(\.end).max() ?? kernelStart
      if let entry {
        kernelEntry = entry
      } else {
        kernelEntry = kernelStart
        warnings.append(
          "the entry point of '\(name)' lies in none of its segments; it is started at \(kernelStart.hex())")
      }
      if inRAM.isEmpty {
        warnings.append(
          "no part of '\(name)' lies in the machine's memory (\(board.ramBase.hex())-\((board.ramEnd &- 1).hex()))"
        )
      }
    }
  }

  private mutating func placeMovable(_ image: KernelImage, size: UInt64, textOffset: UInt64, failure: String)
    throws(ConfigurationError)
  {
    var address = board.ramBase
    if firmwareName != nil || usesBuiltinFirmware {
      // Kernels without an address of their own are linked to where OpenSBI starts them.
      let end = usesBuiltinFirmware ? board.ramBase &+ 1 : firmwareEnd
      guard let above = end.aligned(upTo: alignment) else { throw ConfigurationError(failure) }
      address = above
      // A Linux image's own wish, where it lies higher.
      if textOffset < board.ramSize { address = max(address, board.ramBase + textOffset) }
    }
    // One that merely reaches too far is reported with the device tree, as QEMU does.
    guard image.source.size <= board.ramSize else {
      throw ConfigurationError("\(failure)\n\(tooLarge(image.source.size))")
    }
    add(image.source.name, at: address, image.source)
    kernelStart = address
    let (end, overflow) = address.addingReportingOverflow(size)
    guard !overflow, size <= board.ramSize || size == image.source.size else {
      throw ConfigurationError("\(failure)\n\(tooLarge(size))")
    }
    kernelEnd = end
    kernelEntry = address
  }

  private func tooLarge(_ size: UInt64) -> String {
    "Its \(size) bytes do not fit into the machine's \(board.ramSize >> 20) MiB of memory; -m gives it more."
  }

  /// Half of memory, within the board's limit, above the kernel's start, or behind a kernel that reaches further.
  private mutating func placeInitrd(_ name: String) throws(ConfigurationError) -> Range<UInt64> {
    let source: ImageSource
    do {
      source = try ImageSource(opening: name)
    } catch {
      throw ConfigurationError("could not load ramdisk '\(name)'\n\(name): \(error)")
    }
    var start = kernelStart &+ min(board.ramSize / 2, board.placement.farthestInitrd)
    if kernelEnd > start { start = kernelEnd.aligned(upTo: 4096) ?? kernelEnd }
    let (end, overflow) = start.addingReportingOverflow(source.size)
    guard !overflow else {
      throw ConfigurationError("could not load ramdisk '\(name)'\n\(tooLarge(source.size))")
    }
    add(name, at: start, source)
    return start..<end
  }

  /// The device tree goes to the top of memory.
  private mutating func placeDeviceTree(after end: UInt64) throws(ConfigurationError) {
    let bytes = flattenedDeviceTree
    let size = UInt64(bytes.count)
    let isLow = !board.is64Bit || board.placement.keepsTreeBelow3GiB
    let top = isLow ? min(board.ramEnd, 3 << 30) : board.ramEnd
    let address = top >= size ? (top - size).aligned(downTo: Self.deviceTreeAlignment) : 0
    guard address >= board.ramBase, address >= max(end, kernelEnd) else {
      throw ConfigurationError(
        """
        No enough memory to place DTB after kernel/initrd
        They end at \(max(end, kernelEnd).hex()), memory at \(board.ramEnd.hex()), and the device tree wants the \
        last 2 MiB of it; -m gives the machine more.
        """)
    }
    add("fdt", at: address, ImageSource(name: "fdt", bytes: bytes))
    vector.deviceTree = address
  }

  private mutating func placeResetVector() {
    let code = vector.code
    add("mrom.reset", at: board.resetVector, ImageSource(name: "mrom.reset", bytes: code))
    add(
      "mrom.finfo", at: board.resetVector &+ UInt64(code.count),
      ImageSource(name: "mrom.finfo", bytes: vector.dynamicInfo))
  }

  /// Adds a blob whose end has been checked.
  private mutating func add(_ name: String, at address: UInt64, _ source: ImageSource) {
    if let blob = Blob(name, at: address, source) { roms.add(blob) }
  }

  /// QEMU applies images after numbers; people who patch an image expect the opposite.
  private mutating func warnAboutCoveredWrites() {
    for write in writes {
      let last = write.address &+ UInt64(write.bytes.count - 1)
      for blob in roms.blobs where blob.size > 0 && write.address < blob.end && last >= blob.address {
        warnings.append(
          "loader: data at \(write.address.hex()) is overwritten by '\(blob.name)', loaded after it")
      }
    }
  }

  // MARK: Applying

  /// Puts everything into memory. Called with harts at rest; devices are called as if the machine lock
  /// were held, which it may be.
  ///
  /// Returns sentences about what did not find its place.
  package func apply(to memory: AddressSpace) -> [String] {
    var warnings: [String] = []
    for write in writes where !memory.copyIn(write.bytes, to: write.address, includingROM: true) {
      if Self.write(write, toDeviceIn: memory) { continue }
      // What reaches over an end of memory is cut off there.
      let taken = write.bytes.indices.count {
        memory.copyIn([write.bytes[$0]], to: write.address &+ UInt64($0), includingROM: true)
      }
      let total = write.bytes.count
      let what = taken == 0 ? "nothing takes the" : "memory takes only \(taken) of the \(total) bytes of"
      warnings.append("loader: \(what) data at \(write.address.hex())")
    }
    return warnings + roms.place(in: memory)
  }

  private static func write(_ write: GenericLoader.DataWrite, toDeviceIn memory: AddressSpace) -> Bool {
    let width = write.bytes.count
    let last = write.address &+ UInt64(width - 1)
    for region in memory.regions where write.address >= region.base && last <= region.last {
      guard case .device(let device, let widths, _) = region.kind, widths.contains(width),
        [1, 2, 4, 8].contains(width)
      else { return false }
      let bytes = write.bytes + [UInt8](repeating: 0, count: 8 - width)
      device.write(write.address - region.base, width: width, bytes.little(UInt64.self, at: 0) ?? 0)
      return true
    }
    return false
  }
}
