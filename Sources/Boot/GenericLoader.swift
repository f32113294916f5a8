import Machine

/// `-device loader,…`: data, images and program counters from the command line, at every reset.
package struct GenericLoader: Sendable {
  package static let typeName = "loader"
  package static let properties: [Property] = [
    Property("addr", .integer(maximum: .max), default: .integer(0), "where to load, or the program counter"),
    Property(
      "cpu-num", .integer(maximum: UInt64(UInt32.max)), default: .integer(noHart),
      "the hart that starts there"),
    Property("data", .integer(maximum: .max), default: .integer(0), "a number to write"),
    Property("data-be", .flag, default: .flag(false), "write the number's bytes in big-endian order"),
    Property("data-len", .integer(maximum: 0xff), default: .integer(0), "bytes of the number, at most 8"),
    Property("file", .text, "an image: ELF, U-Boot, Intel HEX, or else raw"),
    Property("force-raw", .flag, default: .flag(false), "load the file as plain bytes whatever it is"),
  ]
  private static let noHart = UInt64(UInt32.max)

  /// A number written to memory.
  package struct DataWrite: Sendable, Equatable {
    package let address: UInt64
    package let bytes: [UInt8]
  }

  package private(set) var write: DataWrite?
  package private(set) var blobs: [Blob] = []
  /// Hart and program counter at reset.
  package private(set) var start: (hart: Int, pc: UInt64)?
  package private(set) var warnings: [String] = []

  /// Does what `request` asks of a machine with `harts` harts. `limit` bounds what may be unpacked.
  package init(
    _ request: DeviceRequest, globals: [GlobalProperty] = [], harts: Int, limit: UInt64
  ) throws(ConfigurationError) {
    do {
      let values = try PropertyValues(ofLoader: request, Self.properties, globals: globals)
      try self.init(values, harts: harts, limit: limit)
    } catch {
      throw ConfigurationError("\(request.option): \(error.description)", preamble: error.preamble)
    }
  }

  /// What is meant follows from which values are not zero, in this order: data, file, program counter.
  private init(_ values: PropertyValues, harts: Int, limit: UInt64) throws(ConfigurationError) {
    let address = values.integer("addr") ?? 0
    let data = values.integer("data") ?? 0
    let dataLength = values.integer("data-len") ?? 0
    let isBigEndian = values.flag("data-be")
    let file = values.text("file")
    let isRaw = values.flag("force-raw")
    let number = values.integer("cpu-num") ?? Self.noHart
    let hart = number == Self.noHart ? nil : number

    if data != 0 || dataLength != 0 || isBigEndian {
      if file != nil {
        throw ConfigurationError("Specifying a file is not supported when loading memory values")
      }
      if isRaw {
        throw ConfigurationError("Specifying force-raw is not supported when loading memory values")
      }
      if dataLength == 0 { throw ConfigurationError("Both data and data-len must be specified") }
      if dataLength > 8 { throw ConfigurationError("data-len cannot be greater then 8 bytes") }
      try check(hart, harts)
      setWrite(address, data, length: Int(dataLength), isBigEndian: isBigEndian)
    } else if file != nil || isRaw {
      try check(hart, harts)
      guard let file else { return }
      let entry = try load(file, at: address, isRaw: isRaw, limit: limit)
      if let hart { start = (Int(hart), entry) }
    } else if address != 0 {
      guard let hart else {
        throw ConfigurationError("cpu_num must be specified when setting a program counter")
      }
      try check(hart, harts)
      start = (Int(hart), address)
    } else {
      throw ConfigurationError("please include valid arguments")
    }
  }

  private func check(_ hart: UInt64?, _ harts: Int) throws(ConfigurationError) {
    if let hart, hart >= UInt64(harts) {
      throw ConfigurationError("Specified boot CPU#\(hart) is nonexistent")
    }
  }

  private mutating func setWrite(_ address: UInt64, _ data: UInt64, length: Int, isBigEndian: Bool) {
    var bytes: [UInt8] = []
    bytes.append(little: data)
    bytes = Array(bytes.prefix(length))
    if isBigEndian {
      bytes.reverse()
      if length < 8 {
        warnings.append(
          "loader: data-be with data-len=\(length) writes the \(length) low bytes of data, highest first, as documented;"
            + " QEMU writes the bytes above them")
      }
    }
    write = DataWrite(address: address, bytes: bytes)
  }

  /// Loads `file` and returns where it starts.
  private mutating func load(_ file: String, at address: UInt64, isRaw: Bool, limit: UInt64)
    throws(ConfigurationError)
    -> UInt64
  {
    let failure = "Cannot load specified image \(file)"
    let source: ImageSource
    do {
      source = try ImageSource(opening: file)
    } catch {
      throw ConfigurationError(failure, preamble: file.isEmpty ? "\(error)" : "\(file): \(error)")
    }
    do {
      if !isRaw {
        if let entry = try loadFormatted(source, limit: limit) { return entry }
      }
    } catch {
      throw ConfigurationError("\(failure)\n\(error); force-raw=on loads it as plain bytes.")
    }
    guard let blob = Blob(source.name, at: address, source, space: .firstHart) else {
      throw ConfigurationError("\(failure)\nIt ends beyond the last address.")
    }
    blobs = [blob]
    return address
  }

  /// Loads an image that says itself where it goes; nil where it is none.
  private mutating func loadFormatted(_ source: ImageSource, limit: UInt64) throws(ImageError) -> UInt64? {
    if let elf = try ELF(source) {
      guard case .placed(let parts, let entry) = KernelImage.layout(of: elf) else { return nil }
      blobs = parts.compactMap { Blob($0, of: source, space: .firstHart) }
      return entry ?? elf.virtualEntry
    }
    if try UImage(source) != nil {
      let image = try KernelImage(source, limit: limit)
      guard case .placed(let parts, let entry) = image.layout else { return nil }
      blobs = parts.compactMap { Blob($0, of: image.source, space: .firstHart) }
      return entry
    }
    if let hex = try IntelHex(source, limit: limit) {
      blobs = hex.runs.compactMap {
        Blob(source.name, at: $0.address, ImageSource(name: source.name, bytes: $0.bytes), space: .firstHart)
      }
      return hex.entry ?? hex.runs.map(\.address).min() ?? 0
    }
    return nil
  }
}

extension Blob {
  /// A part of a kernel image.
  package init?(_ part: KernelImage.Part, of source: ImageSource, space: Space = .memory) {
    self.init(
      source.name + part.suffix, at: part.address, source, offset: part.offset, dataSize: part.dataSize,
      size: part.size, space: space, isEssential: part.isEssential)
  }
}
