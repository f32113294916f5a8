import Boards
import CommandLineOptions
import Glibc
import Machine
import Storage

/// Opens what `-drive` and `-object` name.
struct BackEndOpener {
  private let request: CommandLineRequest
  private let reporter: Reporter

  init(_ request: CommandLineRequest, _ reporter: Reporter) {
    self.request = request
    self.reporter = reporter
  }

  // MARK: Drives

  func openDrives() throws(CommandLineError) -> [String: any BlockBackEnd] {
    var drives: [String: any BlockBackEnd] = [:]
    for drive in request.drives {
      if let file = drive.file { drives[drive.id] = try open(drive, file) }
    }
    // What a node stands on is before it.
    for drive in request.drives {
      if let storage = drive.storage { drives[drive.id] = drives.removeValue(forKey: storage) }
    }
    for drive in request.drives where ![.none, .virtio, .flash].contains(drive.interface) {
      throw CommandLineError(
        "\(drive.option): machine type does not support "
          + "if=\(drive.interface.rawValue),bus=\(drive.bus),unit=\(drive.unit)")
    }
    for device in request.machine.devices {
      if let id = device["drive"], request.drives.contains(where: { $0.id == id && $0.isEmpty }) {
        throw CommandLineError(
          "\(device.option): Device needs media, but drive is empty\nName a file= in its -drive option.")
      }
    }
    return drives
  }

  private func open(_ drive: DriveRequest, _ file: String) throws(CommandLineError) -> any BlockBackEnd {
    switch drive.format {
    case "raw", nil: break
    case "qcow2", "qcow", "qed", "vmdk", "vdi", "vhdx", "vpc", "luks", "parallels", "bochs", "cloop", "dmg",
      "vvfat":
      throw CommandLineError(
        "\(drive.option): \(drive.format ?? "") images are not there yet in Apus; "
          + "'qemu-img convert -O raw' makes a raw one")
    case let format?: throw CommandLineError("\(drive.option): Unknown driver '\(format)'")
    }
    do {
      var options = RawImage.Options()
      // An overlay takes the writes, so the image itself may be one that others use or may not write.
      options.isReadOnly = drive.isReadOnly || drive.isSnapshot
      options.cache = drive.cache.flatMap(RawImage.Cache.init) ?? .writeback
      options.unmapsDiscarded = drive.unmapsDiscarded
      options.locks = drive.locks
      if drive.opensReadOnlyIfItMust, !options.isReadOnly, access(file, W_OK) != 0, access(file, R_OK) == 0 {
        options.isReadOnly = true
      }
      let image = try RawImage(path: file, options: options)
      if drive.isDevice, !image.isDevice {
        throw BackEndError("'host_device' driver requires '\(file)' to be either a character or block device")
      }
      if drive.format == nil { try probe(image, file, drive) }
      return drive.isSnapshot && !drive.isReadOnly ? try SnapshotOverlay(over: image) : image
    } catch {
      throw CommandLineError("\(drive.option): \(error)")
    }
  }

  /// Without `format=`: tells formats that would be destroyed by taking them for raw ones, and warns.
  private func probe(_ image: RawImage, _ file: String, _ drive: DriveRequest) throws(BackEndError) {
    var head = [UInt8](repeating: 0, count: 512)
    if image.size >= 512 {
      let outcome = head.withUnsafeMutableBytes { bytes -> Result<Void, BackEndError> in
        do throws(BackEndError) {
          return .success(try image.read(at: 0, into: [bytes]))
        } catch {
          return .failure(error)
        }
      }
      try outcome.get()
    }
    let magics: [(String, [UInt8])] = [
      ("qcow2", [0x51, 0x46, 0x49, 0xfb]), ("vmdk", Array("KDMV".utf8)), ("vhdx", Array("vhdxfile".utf8)),
      ("vpc", Array("conectix".utf8)), ("luks", Array("LUKS".utf8) + [0xba, 0xbe]),
      ("qed", Array("QED\0".utf8)),
    ]
    if let (format, _) = magics.first(where: { head.starts(with: $0.1) }) {
      throw BackEndError(
        "'\(file)' is a \(format) image; those are not there yet in Apus. 'qemu-img convert -O raw' makes a raw one"
      )
    }
    // Who never writes destroys nothing.
    if drive.isReadOnly { return }
    reporter.print(
      """
      WARNING: Image format was not specified for '\(file)' and probing guessed raw.
               Automatically detecting the format is dangerous for raw images, write operations on block 0 will be restricted.
               Specify the 'raw' format explicitly to remove the restrictions.
      """)
  }

  // MARK: Random numbers

  func openEntropy() throws(CommandLineError) -> [String: any EntropySource] {
    var sources: [String: any EntropySource] = [:]
    for object in request.objects {
      switch object.kind {
      case .randomBuiltin:
        sources[object.id] = request.machine.seed.map { SeededEntropy(seed: $0) } ?? HostEntropy()
      case .randomFile(let path): sources[object.id] = try FileEntropy(path: path)
      case .memory, .ioThread, .packetCapture: break
      }
    }
    return sources
  }
}

/// `rng-random`: bytes of a host device such as /dev/urandom.
final class FileEntropy: EntropySource {
  private let descriptor: Int32
  private let spare = HostEntropy()

  init(path: String) throws(CommandLineError) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CommandLineError("Could not open '\(path)': \(String(cString: strerror(errno)))")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else {
      close(descriptor)
      throw CommandLineError("'\(path)' is no source of random numbers: it must be a character device")
    }
  }

  deinit { close(descriptor) }

  func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    var rest = UnsafeMutableRawBufferPointer(rebasing: buffer[...])
    while let base = rest.baseAddress, !rest.isEmpty {
      let count = read(descriptor, base, rest.count)
      if count > 0 {
        rest = UnsafeMutableRawBufferPointer(rebasing: rest[count...])
      } else if count == 0 || errno != EINTR {
        // A device that has failed for good: the kernel's generator is as random.
        spare.fill(rest)
        return
      }
    }
  }
}
