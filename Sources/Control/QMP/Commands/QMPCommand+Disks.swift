import Glibc
import JSONText

extension QMPCommand {
  /// Drives and their images.
  static let disks: [QMPCommand] = [
    QMPCommand(
      "query-block", gives: .list(blockInfo), "the drives, their images, and the devices that have them"
    ) { call in .array(call.machine.drives.map(\.qmpEntry)) },
    QMPCommand(
      "eject",
      [
        .optional("device", .text, "the drive's id"), .optional("id", .text, "or its device's"),
        .optional("force", .flag, "also where the guest has locked it"),
      ], "take a medium out; none of the disks that there are can be"
    ) { (call) throws(QMPError) in try call.findRemovable() },
    QMPCommand(
      "blockdev-change-medium",
      [
        .optional("device", .text, "the drive's id"), .optional("id", .text, "or its device's"),
        QAPIMember("filename", .text, "the image that is put in"), .optional("format", .text, "its format"),
        .optional("force", .flag, "also where the guest has locked it"),
        .optional(
          "read-only-mode",
          .choice("BlockdevChangeReadOnlyMode", ["retain", "read-only", "read-write"]),
          "whether the guest may write"),
      ], "change a medium; none of the disks that there are can be"
    ) { (call) throws(QMPError) in try call.findRemovable() },
  ]

  private static let image = QAPIType.record(
    "ImageInfo",
    [
      QAPIMember("filename", .text), QAPIMember("format", .text), .optional("dirty-flag", .flag),
      .optional("actual-size", .integer), QAPIMember("virtual-size", .integer),
    ])

  private static let limits = ["bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"]

  private static let blockInfo = QAPIType.record(
    "BlockInfo",
    [
      QAPIMember("device", .text), .optional("qdev", .text), QAPIMember("type", .text),
      QAPIMember("removable", .flag), QAPIMember("locked", .flag),
      .optional(
        "inserted",
        .record(
          "BlockDeviceInfo",
          [
            QAPIMember("file", .text), QAPIMember("ro", .flag), QAPIMember("drv", .text),
            QAPIMember("backing_file_depth", .integer), QAPIMember("active", .flag),
            QAPIMember("encrypted", .flag),
            QAPIMember(
              "detect_zeroes", .choice("BlockdevDetectZeroesOptions", ["off", "on", "unmap"])),
          ] + limits.map { QAPIMember($0, .integer) } + [
            QAPIMember("image", image),
            QAPIMember(
              "cache",
              .record(
                "BlockdevCacheInfo",
                [QAPIMember("writeback", .flag), QAPIMember("direct", .flag), QAPIMember("no-flush", .flag)])),
            QAPIMember("write_threshold", .integer),
          ])),
      .optional("io-status", .choice("BlockDeviceIoStatus", ["ok", "failed", "nospace"])),
    ])
}

extension QMPCall {
  /// QEMU's words for disks that stay where they are.
  fileprivate func findRemovable() throws(QMPError) {
    let name: String
    switch (text("device"), text("id")) {
    case (let drive?, nil):
      guard machine.drives.contains(where: { $0.id == drive }) else {
        throw QMPError("Device '\(drive)' not found", .deviceNotFound)
      }
      name = drive
    case (nil, let device?):
      guard machine.drives.contains(where: { $0.ownerName == device }) else {
        throw QMPError("Device '\(device)' not found", .deviceNotFound)
      }
      name = device
    default: throw QMPError("Need exactly one of 'device' and 'id'")
    }
    throw QMPError("Device '\(name)' is not removable")
  }
}

extension DriveCondition {
  /// The id of the device that has it, or the device's path where it has none.
  fileprivate var ownerName: String? {
    owner.map { $0.hasPrefix("/machine/peripheral/") ? String($0.dropFirst(20)) : $0 }
  }

  fileprivate var qmpEntry: JSON {
    var members: [JSON.Member] = []
    if owner != nil { members.append(JSON.Member("io-status", "ok")) }
    members += [
      JSON.Member("device", .string(id)), JSON.Member("locked", false),
      JSON.Member("removable", .flag(owner == nil)), JSON.Member("inserted", medium),
    ]
    if let ownerName { members.append(JSON.Member("qdev", .string(ownerName))) }
    return .object(members + [JSON.Member("type", "unknown")])
  }

  private var medium: JSON {
    var status = stat()
    let isThere = stat(file, &status) == 0
    let image: JSON = [
      "virtual-size": JSON(size), "filename": .string(file), "format": "raw",
      // Blocks of 512 bytes, whatever the file system's are (stat(2)).
      "actual-size": JSON(isThere ? Int(status.st_blocks) * 512 : 0), "dirty-flag": false,
    ]
    return [
      "iops_rd": 0, "detect_zeroes": "off", "active": true, "image": image, "iops_wr": 0,
      "ro": .flag(isReadOnly), "backing_file_depth": 0, "drv": "raw", "iops": 0, "bps_wr": 0,
      "write_threshold": 0, "encrypted": false, "bps": 0, "bps_rd": 0,
      "cache": [
        "no-flush": .flag(cache == "unsafe"), "direct": .flag(cache == "none" || cache == "directsync"),
        "writeback": .flag(cache != "writethrough" && cache != "directsync"),
      ], "file": .string(file),
    ]
  }
}
