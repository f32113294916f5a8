import RISCV

extension MonitorSession {
  func help(_ name: Substring, _ subject: Substring) throws(MonitorError) -> String {
    if name.isEmpty { return overview }
    if name == "info" {
      if subject.isEmpty { return MonitorCommand.information.map { $0.line(prefix: "info ") }.joined() }
      guard let row = MonitorCommand.information.first(where: { $0.answers(to: subject) }) else {
        throw unknownInformation(subject)
      }
      return row.page(prefix: "info ")
    }
    if name == "log" { return logListing }
    guard let command = MonitorCommand.all.first(where: { $0.answers(to: name) }) else {
      throw unknownCommand(name)
    }
    return command.page()
  }

  private var overview: String {
    MonitorCommand.all.map { $0.line() }.joined()
      + "'help x' shows examples of the command x, 'info' what it can show. Tab completes on a terminal.\r\n"
      + "QEMU also has, and Apus has not yet:\r\n"
      + Self.wrapped(MonitorCommand.absent.sorted())
  }

  private static func wrapped(_ words: [String]) -> String {
    var text = ""
    var line = "   "
    for word in words {
      if line.utf8.count + word.utf8.count + 1 > 78 {
        text += line + "\r\n"
        line = "   "
      }
      line += " " + word
    }
    return text + line + "\r\n"
  }

  func unknownCommand(_ name: Substring) -> MonitorError {
    if MonitorCommand.absent.contains(String(name)) {
      return MonitorError("\(name): this command exists in QEMU; it is not there yet in Apus")
    }
    if MonitorCommand.information.contains(where: { $0.answers(to: name) }) {
      return MonitorError("unknown command: '\(name)'\r\nDid you mean 'info \(name)'?")
    }
    let names = MonitorCommand.all.flatMap { $0.names.split(separator: "|").map(String.init) }
      .filter { $0.utf8.count > 1 }
    return MonitorError("unknown command: '\(name)'" + Self.hint(names, name))
  }

  func unknownInformation(_ name: Substring) -> MonitorError {
    if MonitorCommand.absentInformation.contains(String(name)) {
      return MonitorError("info \(name): this command exists in QEMU; it is not there yet in Apus")
    }
    return MonitorError(
      "unknown command: 'info \(name)'"
        + Self.hint(MonitorCommand.information.map(\.name), name, prefix: "info "))
  }

  private static func hint(_ names: [String], _ name: Substring, prefix: String = "") -> String {
    names.suggestion(for: String(name), prefix: prefix).replacing("\n", with: "\r\n")
  }
}

extension MonitorCommand {
  /// QEMU 10.0's commands that are not there yet.
  static let absent: Set<String> = [
    "announce_self", "balloon", "block_job_cancel", "block_job_complete", "block_job_pause",
    "block_job_resume", "block_job_set_speed", "block_resize", "block_set_io_throttle", "block_stream",
    "boot_set", "calc_dirty_rate", "cancel_vcpu_dirty_limit", "change", "chardev-add", "chardev-change",
    "chardev-remove", "chardev-send-break", "client_migrate_info", "closefd", "delvm", "device_add",
    "device_del", "drive_add", "drive_backup", "drive_del", "drive_mirror", "eject", "exit_preconfig",
    "expire_password", "getfd", "i", "loadvm", "migrate",
    "migrate_cancel", "migrate_continue", "migrate_incoming", "migrate_pause", "migrate_recover",
    "migrate_set_capability", "migrate_set_parameter", "migrate_start_postcopy", "mouse_button",
    "mouse_move", "mouse_set", "nbd_server_add", "nbd_server_remove", "nbd_server_start", "nbd_server_stop",
    "netdev_add", "netdev_del", "nmi", "o", "object_add", "object_del", "pcie_aer_inject_error", "qemu-io",
    "qom-get", "qom-list", "qom-set", "replay_break", "replay_delete_break", "replay_seek", "savevm",
    "screendump", "sendkey", "set_password", "set_vcpu_dirty_limit", "snapshot_blkdev",
    "snapshot_blkdev_internal", "snapshot_delete_blkdev_internal", "stopcapture", "sync-profile",
    "trace-event", "watchdog_action", "wavcapture", "x_colo_lost_heartbeat",
  ]

  static let absentInformation: Set<String> = [
    "balloon", "block-jobs", "blockstats", "capture", "cryptodev", "dirty_rate", "dump",
    "hotpluggable-cpus", "iothreads", "kvm", "memdev", "memory-devices", "mice", "migrate",
    "migrate_capabilities", "migrate_parameters", "numa", "opcount", "qdm", "replay",
    "rocker", "rocker-of-dpa-flows", "rocker-of-dpa-groups", "rocker-ports", "snapshots", "spice", "stats",
    "sync-profile", "tpm", "trace-events", "usb", "usbhost", "vcpu_dirty_limit",
    "virtio-queue-element", "virtio-vhost-queue-status", "vm-generation-id", "vnc",
  ]
}
