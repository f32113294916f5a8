import Machine

/// Kernel, initial RAM disk and command line as they are handed to firmware in flash: whole, and not placed.
package struct KernelOffer: Sendable {
  package let kernel: [UInt8]
  package let initrd: [UInt8]
  package let commandLine: String

  /// Nil where no kernel is named.
  init?(_ configuration: MachineConfiguration) throws(ConfigurationError) {
    guard let name = configuration.kernel else { return nil }
    kernel = try Self.read(name, unpacks: true, failure: "could not load kernel '\(name)'")
    if let initrd = configuration.initrd {
      self.initrd = try Self.read(initrd, unpacks: false, failure: "could not load ramdisk '\(initrd)'")
    } else {
      initrd = []
    }
    commandLine = configuration.append ?? ""
  }

  /// The size of an item is a number of 32 bits.
  private static let limit: UInt64 = 1 << 31

  /// A RAM disk's packing is the kernel's affair; `unpacks` is for kernels.
  private static func read(
    _ name: String, unpacks: Bool, failure: String
  ) throws(ConfigurationError) -> [UInt8] {
    do {
      var source = try ImageSource(opening: name)
      if unpacks, source.prefix(3) == [0x1f, 0x8b, 8] {
        source = try ImageSource(unpacking: source, offset: 0, count: source.size, as: .gzip, limit: limit)
      }
      guard source.size < limit, let bytes = source.bytes(at: 0, count: Int(source.size)) else {
        throw ImageError("it has 2 GiB or more, or cannot be read")
      }
      return bytes
    } catch {
      throw ConfigurationError(
        "\(failure)\nThe file cannot be used: \(error).", preamble: "\(name): \(error)")
    }
  }
}
