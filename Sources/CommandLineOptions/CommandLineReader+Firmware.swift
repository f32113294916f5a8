import Machine

// -pflash, -drive if=pflash and -machine pflash0= together, and -fw_cfg.
extension CommandLineReader {
  /// Banks of the boards that have flash.
  static let flashBanks = 2

  /// Connects what `-machine pflash0=` named, and else the drives of the interface pflash, whose units are the banks.
  mutating func connectFlash() throws(CommandLineError) {
    request.machine.flash = [String?](repeating: nil, count: Self.flashBanks)
    let drives = request.drives.filter { $0.interface == .flash }
    for drive in drives {
      guard drive.bus == 0, let bank = Int(exactly: drive.unit), bank < Self.flashBanks else {
        throw CommandLineError(
          "\(drive.option): machine type does not support if=pflash,bus=\(drive.bus),unit=\(drive.unit)\n"
            + "The machine has \(Self.flashBanks) banks of flash, unit 0 and 1.")
      }
      guard drive.file != nil else {
        throw CommandLineError("can't get size of \(drive.id) block backend: No medium found")
      }
      request.machine.flash[bank] = drive.id
    }
    for (bank, name) in flashLinks.enumerated() {
      guard let name, !name.isEmpty else { continue }
      if let drive = drives.first(where: { $0.unit == UInt64(bank) }) {
        throw CommandLineError("\(drive.option): clashes with -machine")
      }
      if let drive = drives.first(where: { $0.id == name }) {
        throw CommandLineError(
          "\(drive.option): Drive '\(name)' is already in use because it has been automatically connected to "
            + "another device (did you need 'if=none' in the drive options?)")
      }
      request.machine.flash[bank] = name
    }
  }

  /// `-fw_cfg [name=]NAME,file=FILE|string=TEXT`.
  mutating func firmwareFile(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "name")
    let name = list.take("name") ?? ""
    let file = list.take("file").flatMap { $0.isEmpty ? nil : $0 }
    let text = list.take("string").flatMap { $0.isEmpty ? nil : $0 }
    let generator = list.take("gen_id").flatMap { $0.isEmpty ? nil : $0 }
    try list.finish()
    guard !name.isEmpty, [file, text, generator].count(where: { $0 != nil }) == 1 else {
      throw error("name, plus exactly one of file, string and gen_id, are needed")
    }
    guard name.utf8.count <= 55 else { throw error("name too long (max. 55 char)") }
    if !name.hasPrefix("opt/") {
      request.warnings.append(
        "\(option): warning: externally provided fw_cfg item names should be prefixed with \"opt/\"")
    }
    // Objects that generate contents (tls-cipher-suites) are not there.
    if let generator { throw error("Cannot find object ID '\(generator)'") }
    let contents = file.map(FirmwareFileRequest.Contents.file) ?? .text(text ?? "")
    request.machine.firmwareFiles.append(
      FirmwareFileRequest(name: name, contents: contents, option: option))
  }
}
