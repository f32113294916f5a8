import Machine

/// What firmware and kernels ask of the machine: numbered items, some of which are files with names
/// (QEMU, "QEMU Firmware Configuration (fw_cfg) Device", by memory-mapped registers and DMA).
package final class FirmwareConfiguration: MMIODevice {
  package static let typeName = "fw_cfg_mem"
  package static let properties = [
    Property(
      "data_width", .integer(maximum: 0xffff_ffff), default: .integer(8), "bytes of the data register"),
    Property("dma_enabled", .flag, default: .flag(true), "items can be copied to memory"),
    Property(
      "x-file-slots", .integer(maximum: 0xffff), default: .integer(UInt64(fileSlots)), "files at most"),
    Property("acpi-mr-restore", .flag, default: .flag(true), "no effect: there are no ACPI tables"),
  ]

  private static let dataSize: UInt64 = 8
  private static let selectorOffset: UInt64 = 8
  private static let dmaOffset: UInt64 = 16

  package static let registers = [
    Register("data", offset: 0, width: 8, .readOnly, section: "Data Register"),
    Register(
      "selector", offset: selectorOffset, width: 2, .writeOnly, section: "Selector (Control) Register"),
    Register(
      "DMA address", offset: dmaOffset, width: 8, .readWrite, reset: UInt64(bigEndian: dmaSignature),
      section: "Guest-side DMA Interface"),
  ]

  /// Each register is a window of its own; between them there is nothing.
  package struct Window: Sendable {
    package let name: String
    package let offset: UInt64
    package let size: UInt64
    package let widths: ClosedRange<Int>
  }
  package static let windows = [
    Window(name: "fwcfg.data", offset: 0, size: dataSize, widths: 1...8),
    Window(name: "fwcfg.ctl", offset: selectorOffset, size: 2, widths: 1...2),
    Window(name: "fwcfg.dma", offset: dmaOffset, size: 8, widths: 1...8),
  ]

  /// "QEMU CFG", which says that there is DMA.
  private static let dmaSignature: UInt64 = 0x5145_4d55_2043_4647

  /// The items of fixed number ("Firmware Configuration Items").
  package enum Key {
    package static let signature: UInt16 = 0x00
    package static let identifier: UInt16 = 0x01
    package static let uuid: UInt16 = 0x02
    package static let noGraphics: UInt16 = 0x04
    package static let harts: UInt16 = 0x05
    package static let kernelSize: UInt16 = 0x08
    package static let initrdSize: UInt16 = 0x0b
    package static let bootMenu: UInt16 = 0x0e
    package static let kernel: UInt16 = 0x11
    package static let initrd: UInt16 = 0x12
    package static let commandLineSize: UInt16 = 0x14
    package static let commandLine: UInt16 = 0x15
    package static let directory: UInt16 = 0x19
    package static let firstFile: UInt16 = 0x20
    /// The bits that make a number: 0x8000 is for the architecture's own items, 0x4000 once was for writing.
    static let mask: UInt16 = 0xbfff
  }

  /// How many files there may be, and bytes in a name.
  package static let fileSlots = 32
  package static let longestName = 55

  /// The fields of a DMA descriptor's `control`.
  private enum Control {
    static let error: UInt32 = 0x01
    static let read: UInt32 = 0x02
    static let skip: UInt32 = 0x04
    static let select: UInt32 = 0x08
    static let write: UInt32 = 0x10
  }

  package struct State: Codable, Equatable, Sendable {
    package var selected: UInt16 = Key.signature
    package var offset = 0
    /// The descriptor's address as far as it was written.
    package var dmaAddress: UInt64 = 0
    package init() {}
  }

  private let memory: AddressSpace
  /// Written only while the board is built.
  private nonisolated(unsafe) var items: [UInt16: [UInt8]] = [:]
  private nonisolated(unsafe) var files: [String: [UInt8]] = [:]
  private nonisolated(unsafe) var current = State()

  package init(memory: AddressSpace) {
    self.memory = memory
    items[Key.signature] = Array("QEMU".utf8)
    // Bit 0: the registers; bit 1: DMA.
    items[Key.identifier] = [3, 0, 0, 0]
    listFiles()
  }

  package var state: State {
    get { current }
    set { current = newValue }
  }

  package func reset() { current = State() }

  // MARK: Items

  package func set(_ key: UInt16, _ bytes: [UInt8]) { items[key] = bytes }

  package func set(_ key: UInt16, number: UInt16) { set(key, [UInt8(number & 0xff), UInt8(number >> 8)]) }

  package func set(_ key: UInt16, number: UInt32) {
    set(key, withUnsafeBytes(of: number.littleEndian) { [UInt8]($0) })
  }

  /// Adds a file.
  package func add(_ name: String, _ bytes: [UInt8]) throws(PropertyError) {
    guard name.utf8.count <= Self.longestName else {
      throw PropertyError("name too long (max. \(Self.longestName) char)")
    }
    guard files[name] == nil else { throw PropertyError("duplicate fw_cfg file name: \(name)") }
    guard files.count < Self.fileSlots else {
      throw PropertyError("there is room for \(Self.fileSlots) files in fw_cfg, and '\(name)' is one more")
    }
    files[name] = bytes
    listFiles()
  }

  /// Numbers the files in the order of their names, and writes the directory: how many there are; of each size,
  /// number, two bytes of nothing, name; numbers are big-endian.
  private func listFiles() {
    var directory = Self.bytes(UInt32(files.count))
    var key = Key.firstFile
    for (name, bytes) in files.sorted(by: { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }
    ) {
      items[key] = bytes
      directory += Self.bytes(UInt32(truncatingIfNeeded: bytes.count)) + Self.bytes(key) + [0, 0]
      directory += Array(name.utf8) + [UInt8](repeating: 0, count: Self.longestName + 1 - name.utf8.count)
      key += 1
    }
    items[Key.directory] = directory
  }

  private static func bytes<T: FixedWidthInteger>(_ number: T) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) }
  }

  private func select(_ key: UInt16) {
    current.selected = key & Key.mask
    current.offset = 0
  }

  /// The next bytes of the selected item, as many as there are, at most `count`.
  private func next(_ count: Int) -> ArraySlice<UInt8> {
    guard let item = items[current.selected], current.offset < item.count else { return [] }
    let end = current.offset + min(count, item.count - current.offset)
    defer { current.offset = end }
    return item[current.offset..<end]
  }

  // MARK: Registers

  package func read(_ offset: UInt64, width: Int) -> UInt64 {
    if offset == 0 {
      // A string of bytes, whatever the width; behind the item's end there are zeroes.
      return next(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard offset >= Self.dmaOffset else { return 0 }
    let shift = (offset - Self.dmaOffset) * 8
    return UInt64(bigEndian: Self.dmaSignature) >> shift & (.max >> UInt64(64 - 8 * width))
  }

  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    switch (offset, width) {
    case (Self.selectorOffset, 2): select(UInt16(truncatingIfNeeded: value).byteSwapped)
    case (Self.dmaOffset, 8): startDMA(value.byteSwapped)
    case (Self.dmaOffset, 4): current.dmaAddress = UInt64(UInt32(truncatingIfNeeded: value).byteSwapped) << 32
    case (Self.dmaOffset + 4, 4):
      startDMA(current.dmaAddress | UInt64(UInt32(truncatingIfNeeded: value).byteSwapped))
    // Items cannot be written by the data register.
    default: break
    }
  }

  // MARK: DMA

  /// Carries out the descriptor at `address`: control, length, address of the data, all big-endian. Control
  /// becomes zero, or says that there was an error.
  private func startDMA(_ address: UInt64) {
    current.dmaAddress = 0
    guard let control: UInt32 = memory.load(address), let length: UInt32 = memory.load(address &+ 4),
      let target: UInt64 = memory.load(address &+ 8)
    else { return }
    let isDone = transfer(control.byteSwapped, Int(length.byteSwapped), target.byteSwapped)
    memory.store(address, (isDone ? 0 : Control.error).byteSwapped)
  }

  private func transfer(_ control: UInt32, _ length: Int, _ address: UInt64) -> Bool {
    if control & Control.select != 0 { select(UInt16(truncatingIfNeeded: control >> 16)) }
    if control & Control.read != 0 {
      guard length > 0 else { return true }
      // They are passed by even if there is no place for them.
      let bytes = next(length)
      guard let target = memory.ramBytes(at: address, count: length) else { return false }
      bytes.withUnsafeBytes { target.copyMemory(from: $0) }
      target[bytes.count...].withMemoryRebound(to: UInt8.self) { $0.update(repeating: 0) }
      memory.didWrite(address, count: length)
      return true
    }
    // There is no item that may be written.
    if control & Control.write != 0 { return false }
    if control & Control.skip != 0 { _ = next(length) }
    return true
  }
}
