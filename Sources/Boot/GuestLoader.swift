import Machine

/// `-device guest-loader,…`: a kernel or RAM disk for a hypervisor to start, put into memory as it is and
/// described below `/chosen` (Multiboot 2's modules in a device tree; Xen, "Device Tree: Boot Modules").
package struct GuestLoader: Sendable {
  package static let typeName = "guest-loader"
  package static let properties: [Property] = [
    Property("addr", .integer(maximum: .max), default: .integer(0), "where to load"),
    Property("bootargs", .text, "the command line of the kernel"),
    Property("initrd", .text, "a RAM disk"),
    Property("kernel", .text, "a kernel"),
  ]

  package let blob: Blob
  /// What `/chosen` says of it.
  package let node: DeviceTree.Node

  package init(_ request: DeviceRequest, globals: [GlobalProperty] = []) throws(ConfigurationError) {
    do {
      let values = try PropertyValues(ofLoader: request, Self.properties, globals: globals)
      self = try Self(values)
    } catch {
      throw ConfigurationError("\(request.option): \(error.description)", preamble: error.preamble)
    }
  }

  private init(_ values: PropertyValues) throws(ConfigurationError) {
    let kernel = values.text("kernel")
    let initrd = values.text("initrd")
    let arguments = values.text("bootargs")
    if kernel != nil, initrd != nil {
      throw ConfigurationError("Cannot specify a kernel and initrd in same stanza")
    }
    guard let file = kernel ?? initrd else {
      throw ConfigurationError("Need to specify a kernel or initrd image")
    }
    guard let address = values.integer("addr"), address != 0 else {
      throw ConfigurationError("Need to specify the address of guest blob")
    }
    if arguments != nil, kernel == nil {
      throw ConfigurationError("Boot args only relevant to kernel blobs")
    }
    let failure = "Cannot load specified image \(file)"
    let source: ImageSource
    do {
      source = try ImageSource(opening: file)
    } catch {
      throw ConfigurationError("\(failure)\n\(error)")
    }
    guard let blob = Blob(source.name, at: address, source) else {
      throw ConfigurationError("\(failure)\nIt ends beyond the last address.")
    }
    self.blob = blob
    var node = DeviceTree.Node("module@\(address.hex())")
    node.set("reg", wide: address, source.size)
    node.set("compatible", "multiboot,module", kernel != nil ? "multiboot,kernel" : "multiboot,ramdisk")
    if let arguments { node.set("bootargs", arguments) }
    self.node = node
  }
}
