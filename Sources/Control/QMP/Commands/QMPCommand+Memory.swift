import Consoles
import JSONText
import Machine
import Synchronization

/// The last dump of the guest's memory.
struct DumpProgress: Sendable {
  enum Status: String, CaseIterable, Sendable { case none, active, completed, failed }

  var status = Status.none
  /// Bytes.
  var completed: UInt64 = 0
  var total: UInt64 = 0

  var json: JSON {
    ["total": JSON(total), "status": .string(status.rawValue), "completed": JSON(completed)]
  }

  static let type = QAPIType.record(
    "DumpQueryResult",
    [
      QAPIMember("status", .choice("DumpStatus", Status.allCases.map(\.rawValue))),
      QAPIMember("completed", .integer), QAPIMember("total", .integer),
    ])
}

extension QMPCommand {
  private static let formats = QAPIType.choice(
    "DumpGuestMemoryFormat",
    [
      "elf", "kdump-zlib", "kdump-lzo", "kdump-snappy", "kdump-raw-zlib", "kdump-raw-lzo", "kdump-raw-snappy",
      "win-dmp",
    ])

  private static let place: [QAPIMember] = [
    QAPIMember("val", .unsigned, "the first address"), QAPIMember("size", .unsigned, "how many bytes"),
    QAPIMember("filename", .text, "the file that is written"),
  ]

  /// The guest's memory, into files.
  static let memory: [QMPCommand] = [
    QMPCommand(
      "memsave",
      place + [.optional("cpu-index", .integer, "the hart whose addresses these are; 0 unless told")],
      "save memory by virtual addresses"
    ) { (call) throws(QMPError) in try call.save(isPhysical: false) },
    QMPCommand("pmemsave", place, "save memory by physical addresses") { (call) throws(QMPError) in
      try call.save(isPhysical: true)
    },
    QMPCommand("dumpdtb", [QAPIMember("filename", .text, "the file that is written")], "save the device tree")
    {
      (call) throws(QMPError) in
      let name = call.text("filename") ?? ""
      do throws(MonitorError) {
        let file = try OutputFile(name)
        defer { file.close() }
        try file.write(call.machine.flattenedDeviceTree)
      } catch {
        let reason = error.sentence.split(separator: ": ").last ?? ""
        throw QMPError("Error saving FDT to file \(name): \(reason)")
      }
    },
    QMPCommand(
      "dump-guest-memory",
      [
        QAPIMember("paging", .flag, "with the virtual addresses that hart 0 sees"),
        QAPIMember("protocol", .text, "`file:` and the name of the file that is written"),
        .optional("detach", .flag, "reply at once; `DUMP_COMPLETED` tells the end"),
        .optional("begin", .integer, "only from this physical address"),
        .optional("length", .integer, "and only so many bytes"),
        .optional("format", formats, "`elf` is all that is there yet"),
      ], "save memory and registers as an ELF core"
    ) { (call) throws(QMPError) in try call.dumpGuestMemory() },
    QMPCommand("query-dump", gives: DumpProgress.type, "how far a dump has come") { call in
      call.session.events.dump.withLock { $0.json }
    },
    QMPCommand(
      "query-dump-guest-memory-capability",
      gives: .record("DumpGuestMemoryCapability", [QAPIMember("formats", .list(formats))]),
      "the formats that dumps can have"
    ) { _ in ["formats": ["elf"]] },
  ]
}

extension QMPCall {
  private func monitor(hart: Int) -> MonitorSession {
    let monitor = MonitorSession(machine: machine, version: machine.program.versionLine)
    monitor.hart = hart
    return monitor
  }

  fileprivate func save(isPhysical: Bool) throws(QMPError) {
    let monitor = monitor(hart: try hart())
    try carryOut { () throws(MonitorError) in
      try monitor.saveMemory(
        at: unsigned("val") ?? 0, count: unsigned("size") ?? 0, to: text("filename") ?? "",
        isPhysical: isPhysical)
    }
  }

  fileprivate func dumpGuestMemory() throws(QMPError) {
    let format = text("format") ?? "elf"
    guard format == "elf" else {
      throw QMPError("dump-guest-memory: the format \(format) is not there yet in Apus; elf is")
    }
    let part: (begin: UInt64, length: UInt64)?
    switch (integer("begin"), integer("length")) {
    case (nil, nil): part = nil
    case (let begin?, let length?): part = (UInt64(bitPattern: begin), UInt64(bitPattern: length))
    case (_?, nil): throw QMPError("Parameter 'length' is missing")
    case (nil, _?): throw QMPError("Parameter 'begin' is missing")
    }
    let destination = text("protocol") ?? ""
    if destination.hasPrefix("fd:") {
      throw QMPError(
        "File descriptor named '\(destination.dropFirst(3))' has not been found\n"
          + "There is no getfd yet in Apus.")
    }
    guard destination.hasPrefix("file:") else {
      throw QMPError("parameter 'protocol' must start with 'file:' or 'fd:'")
    }
    let (events, seesVirtual) = (session.events, flag("paging") ?? false)
    let begins = events.dump.withLock { dump in
      guard dump.status != .active else { return false }
      dump = DumpProgress(status: .active, total: part?.length ?? machine.ramSize)
      return true
    }
    guard begins else { throw QMPError.dumpIsActive }
    let monitor = monitor(hart: 0)
    let dump: @Sendable () -> MonitorError? = {
      do throws(MonitorError) {
        let size = try monitor.writeCore(
          to: String(destination.dropFirst(5)), seesVirtual: seesVirtual, part: part)
        events.complete(DumpProgress(status: .completed, completed: size, total: size), nil)
        return nil
      } catch {
        events.dump.withLock { $0.status = .failed }
        return error
      }
    }
    guard flag("detach") == true else {
      if let error = dump() { throw QMPError(error) }
      return
    }
    HostThread.start {
      if let error = dump() { events.complete(events.dump.withLock { $0 }, QMPError(error).sentence) }
    }
  }
}

extension QMPError {
  fileprivate static let dumpIsActive = QMPError("There is a dump in process, please wait.")
}

extension QMPCall {
  /// The machine rests while its memory is dumped.
  func expectNoDump() throws(QMPError) {
    if session.events.dump.withLock({ $0.status == .active }) { throw QMPError.dumpIsActive }
  }
}

extension QMPEvents {
  fileprivate func complete(_ progress: DumpProgress, _ error: String?) {
    dump.withLock { $0 = progress }
    var data = [JSON.Member("result", progress.json)]
    if let error { data.append(JSON.Member("error", .string(error))) }
    send(QMPEvent("DUMP_COMPLETED", .object(data)))
  }
}
