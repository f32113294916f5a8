// The options, as data: one row each, in the order of the help text. swift-argument-parser cannot
// express this grammar (long options with one dash, options whose meaning depends on their order and
// repetition, argument lists with doubled commas, and error sentences that scripts match word for
// word), hence a table and a small reader of our own.

/// One option of the command line.
struct Option: Sendable {
  /// What the reader does on meeting it. `argument` is empty for options without one.
  typealias Handler = @Sendable (inout CommandLineReader, _ argument: String) throws(CommandLineError) -> Void

  enum Section: String, CaseIterable {
    case standard = "Standard options"
    case block = "Block device options"
    case display = "Display options"
    case character = "Character device options"
    case boot = "Boot image or kernel options"
    case debug = "Debug and expert options"
    case object = "Generic object creation"
  }

  let name: String
  /// The argument's grammar for the help text; nil where there is none.
  let argument: String?
  let section: Section?
  let help: String
  let handle: Handler
  /// QEMU has it, Apus answers with a sentence.
  private(set) var isNotThereYet = false

  init(
    _ name: String, _ argument: String? = nil, _ section: Section? = nil, _ help: String = "",
    _ handle: @escaping Handler
  ) {
    self.name = name
    self.argument = argument
    self.section = section
    self.help = help
    self.handle = handle
  }

  /// An option that QEMU has and Apus does not have yet. `what` completes "… not there yet".
  static func later(_ name: String, _ argument: String? = nil, _ what: String) -> Option {
    var option = Option(name, argument) { (reader, _) throws(CommandLineError) in
      throw reader.error("\(what) not there yet in Apus")
    }
    option.isNotThereYet = true
    return option
  }

  /// An option that QEMU itself has dropped since 7.2.
  static func gone(_ name: String, _ argument: String? = nil, _ advice: String) -> Option {
    Option(name, argument) { (_, _) throws(CommandLineError) in
      throw CommandLineError("-\(name): invalid option (removed from QEMU too; \(advice))")
    }
  }

  /// An option that changes nothing here, for a reason that its row gives.
  static let ignored: Handler = { _, _ in }

  static let all: [Option] =
    standard + block + display + character + boot + debug + object + notThereYet + removed

  static let byName: [String: Option] = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

  // MARK: Standard

  private static let standard: [Option] = [
    Option("h", nil, .standard, "display this help and exit") { reader, _ in reader.answer = reader.helpText
    },
    Option("help", nil, .standard, "display this help and exit") { reader, _ in
      reader.answer = reader.helpText
    },
    Option("version", nil, .standard, "display version information and exit") { reader, _ in
      reader.answer = reader.versionText
    },
    Option(
      "machine", "[type=]name[,prop[=value][,...]]", .standard,
      """
      select the emulated machine ('-machine help' for the list, '-machine NAME,help' for its properties)
      accel=tcg|interp  how instructions are executed
      dumpdtb=FILE      write the machine's device tree to FILE and exit
      kernel=, initrd=, append=, dtb=, firmware=  as the options of these names (-bios)
      """
    ) { (reader, argument) throws(CommandLineError) in try reader.machine(argument) },
    Option("M", "[type=]name[,...]", .standard, "the same as -machine") {
      (reader, argument) throws(CommandLineError) in try reader.machine(argument)
    },
    Option(
      "cpu", "model[,feature=on|off|value][,...]", .standard,
      "select the CPU model ('-cpu help' for the list)"
    ) { reader, argument in
      if argument == "help" || argument == "?" {
        reader.answer = reader.catalog.cpuListing
      } else {
        reader.request.machine.cpu = argument
      }
    },
    Option(
      "accel", "[accel=]tcg|interp[,thread=single|multi]", .standard,
      """
      thread=multi      a host thread per hart (default)
      thread=single     all harts in turn on one thread
      """
    ) { (reader, argument) throws(CommandLineError) in try reader.accelerator(argument) },
    Option(
      "smp", "[[cpus=]n][,maxcpus=n][,sockets=n][,cores=n][,threads=n]", .standard, "set the number of harts"
    ) { (reader, argument) throws(CommandLineError) in try reader.harts(argument) },
    Option("m", "[size=]megs", .standard, "guest RAM, in MiB or with a suffix k, M, G, T") {
      (reader, argument) throws(CommandLineError) in try reader.memory(argument)
    },
    Option(
      "device", "driver[,prop=value][,...]", .standard,
      """
      add a device ('-device help' for the list, '-device driver,help' for its properties)
      loader,file=FILE[,addr=ADDR][,cpu-num=N] puts a file into guest memory
      """
    ) { (reader, argument) throws(CommandLineError) in try reader.device(argument) },
    Option(
      "global", "driver.property=value", .standard, "set a default for a property of all devices of a kind"
    ) { (reader, argument) throws(CommandLineError) in try reader.global(argument) },
    Option("name", "string[,process=string][,debug-threads=on|off]", .standard, "set the guest's name") {
      (reader, argument) throws(CommandLineError) in try reader.name(argument)
    },
    Option("uuid", "UUID", .standard, "set the machine's UUID") {
      (reader, argument) throws(CommandLineError) in try reader.uuid(argument)
    },
  ]

  // MARK: Disks

  private static let block: [Option] = [
    Option(
      "drive", "file=FILE,if=none,format=raw,id=ID[,readonly=on|off][,snapshot=on|off]", .block,
      "make a disk image known as ID, for -device virtio-blk-device,drive=ID"
    ) { (reader, argument) throws(CommandLineError) in try reader.drive(argument) },
    Option("snapshot", nil, .block, "write to temporary files instead of disk images") { reader, _ in
      reader.request.isSnapshot = true
    },
    Option("hda", "FILE") { $0.shortDrive($1, index: 0) },
    Option("hdb", "FILE") { $0.shortDrive($1, index: 1) },
    Option("hdc", "FILE") { $0.shortDrive($1, index: 2) },
    Option("hdd", "FILE") { $0.shortDrive($1, index: 3) },
  ]

  // MARK: Display

  private static let display: [Option] = [
    Option("display", "none", .display, "no display; the serial port goes where -serial says") {
      (reader, argument) throws(CommandLineError) in try reader.display(argument)
    },
    Option(
      "nographic", nil, .display, "no display; serial port and monitor share the terminal (Ctrl-a h for help)"
    ) { reader, _ in reader.isNographic = true },
    Option("vga", "none") { reader, argument in
      guard argument != "none" else { return }
      reader.request.warnings.append(
        "warning: A -vga option was passed but this machine type does not use that option; "
          + "No VGA device has been created")
    },
  ]

  // MARK: Consoles

  private static let character: [Option] = [
    Option(
      "serial", "mon:stdio|stdio|file:FILE|null|none|chardev:ID", .character,
      "connect the next serial port (repeatable)"
    ) { reader, argument in reader.serials.append(.init(text: argument, option: reader.option)) },
    Option("monitor", "stdio|none|null|chardev:ID", .character, "where the monitor is") { reader, argument in
      reader.monitors.append(.init(text: argument, option: reader.option))
    },
    Option("mon", "[chardev=]ID[,mode=readline]", .character, "a monitor on a character back end") {
      (reader, argument) throws(CommandLineError) in try reader.monitor(argument)
    },
    Option(
      "chardev", "stdio|null|file,id=ID[,mux=on|off][,path=FILE][,append=on|off]", .character,
      "make a character back end known as ID"
    ) { (reader, argument) throws(CommandLineError) in try reader.character(argument) },
    Option("echr", "N", .character, "the code of the escape key instead of Ctrl-a") {
      (reader, argument) throws(CommandLineError) in try reader.escape(argument)
    },
    // There is no parallel port; wishing none is granted.
    Option("parallel", "none") { (reader, argument) throws(CommandLineError) in
      guard argument == "none" || argument == "null" else {
        throw reader.error("parallel ports are not there yet in Apus")
      }
    },
  ]

  // MARK: Boot

  private static let boot: [Option] = [
    Option("bios", "default|none|FILE", .boot, "the firmware") { $0.request.machine.bios = $1 },
    Option("kernel", "FILE", .boot, "the kernel: ELF, Image (also compressed) or raw") {
      $0.request.machine.kernel = $1
    },
    Option("append", "TEXT", .boot, "the kernel's command line") { $0.request.machine.append = $1 },
    Option("initrd", "FILE", .boot, "the initial RAM disk") { $0.request.machine.initrd = $1 },
    Option("dtb", "FILE", .boot, "the device tree instead of the machine's own") {
      $0.request.machine.dtb = $1
    },
    Option("L", "FOLDER", .boot, "look for firmware here ('-L help' for the folders)") { reader, argument in
      if argument == "help" || argument == "?" {
        reader.asksForFolders = true
      } else {
        reader.request.machine.firmwareFolders.append(argument)
      }
    },
  ]

  // MARK: Debugging and the rest

  private static let debug: [Option] = [
    Option("S", nil, .debug, "do not start the harts; the monitor's 'c' does") { reader, _ in
      reader.request.machine.startPaused = true
    },
    Option("no-reboot", nil, .debug, "end instead of rebooting") { reader, _ in
      reader.request.machine.noReboot = true
    },
    Option(
      "report", "FILE", .debug,
      "write instruction counts and state hashes to FILE (- for standard error) when the machine ends"
    ) { reader, argument in
      reader.request.reportPath = argument
    },
    Option("d", "item1,...", .debug, "log the items to standard error ('-d help' for the list)") {
      (reader, argument) throws(CommandLineError) in try reader.log(argument)
    },
    Option("D", "FILE", .debug, "log to FILE instead; %d in it becomes the process's number") {
      reader, argument in
      reader.request.log.file = argument
    },
    Option(
      "dfilter", "range,...", .debug,
      """
      log only translations and executions of guest addresses in the ranges:
      START+SIZE, END-SIZE or FIRST..LAST
      """
    ) { (reader, argument) throws(CommandLineError) in try reader.logFilter(argument) },
    Option("perfmap", nil, .debug, "name translated guest functions for Linux perf, in /tmp/perf-PID.map") {
      reader, _ in reader.request.mapsForPerf = true
    },
    Option("no-shutdown", nil, .debug, "stop instead of ending when the guest powers off") { reader, _ in
      reader.request.noShutdown = true
    },
    Option("action", "reboot=reset|shutdown,shutdown=poweroff|pause", .debug, "the same, spelt otherwise") {
      (reader, argument) throws(CommandLineError) in try reader.action(argument)
    },
    Option(
      "icount", "[shift=]N[,align=off][,sleep=on|off]", .debug,
      """
      deterministic mode: time is counted in instructions of 2^N ns (N from 0 to 10)
      the same guest without outside input then runs the same way every time
      """
    ) { (reader, argument) throws(CommandLineError) in try reader.instructionCount(argument) },
    Option("seed", "N", .debug, "seed the machine's random numbers") {
      (reader, argument) throws(CommandLineError) in try reader.seed(argument)
    },
    Option("rtc", "[base=utc|localtime|DATE][,clock=host]", .debug, "what the real-time clock starts at") {
      (reader, argument) throws(CommandLineError) in try reader.realTimeClock(argument)
    },
    Option("msg", "[timestamp=on|off][,guest-name=on|off]", .debug, "what stands before error messages") {
      (reader, argument) throws(CommandLineError) in try reader.messages(argument)
    },
    Option("nodefaults", nil, .debug, "no serial port or monitor but those asked for") { reader, _ in
      reader.hasDefaults = false
    },
    // No user configuration file is ever read.
    Option("no-user-config", nil, .debug, "do not read configuration files (Apus has none)", ignored),
    Option("enable-kvm") { (_, _) throws(CommandLineError) in
      throw CommandLineError("invalid accelerator kvm")
    },
    // Without networks, wishing none is granted.
    Option("nic", "none") { (reader, argument) throws(CommandLineError) in try reader.noNetwork(argument) },
    Option("net", "none") { (reader, argument) throws(CommandLineError) in try reader.noNetwork(argument) },
  ]

  private static let object: [Option] = [
    Option(
      "object", "rng-random,id=ID[,filename=FILE] | rng-builtin,id=ID", .object,
      "a source of random numbers for -device virtio-rng-device,rng=ID"
    ) { (reader, argument) throws(CommandLineError) in try reader.object(argument) }
  ]

  // MARK: What QEMU has and Apus has not

  private static let notThereYet: [Option] = [
    .later("numa", "", "NUMA nodes are"), .later("add-fd", "", "passed file descriptors are"),
    .later("set", "", "-set is"), .later("boot", "", "a boot order is"),
    .later("mem-path", "", "file-backed guest RAM is"),
    .later("mem-prealloc", nil, "preallocated guest RAM is"),
    .later("k", "", "keyboard layouts are"), .later("audio", "", "sound is"),
    .later("audiodev", "", "sound is"), .later("smbios", "", "SMBIOS tables are"),
    .later("fda", "", "floppy disks are"), .later("fdb", "", "floppy disks are"),
    .later("cdrom", "", "CD-ROM drives are"), .later("blockdev", "", "block node graphs are"),
    .later("mtdblock", "", "flash images are"), .later("sd", "", "SD cards are"),
    .later("pflash", "", "flash images are"), .later("fsdev", "", "shared folders are"),
    .later("virtfs", "", "shared folders are"), .later("iscsi", "", "iSCSI disks are"),
    .later("usb", nil, "USB is"), .later("usbdevice", "", "USB is"),
    .later("spice", "", "SPICE is"), .later("full-screen", nil, "a display is"),
    .later("vnc", "", "VNC is"), .later("g", "", "a display is"), .later("netdev", "", "networks are"),
    .later("tpmdev", "", "TPM devices are"), .later("shim", "", "EFI shims are"),
    .later("compat", "", "compatibility policies are"), .later("fw_cfg", "", "fw_cfg entries are"),
    .later("qmp", "", "QMP is"), .later("qmp-pretty", "", "QMP is"),
    .later("debugcon", "", "the debug console is"), .later("pidfile", "", "a PID file is"),
    .later("preconfig", nil, "-preconfig is"), .later("overcommit", "", "overcommit hints are"),
    .later("gdb", "", "the GDB server is"), .later("s", nil, "the GDB server is"),
    .later("loadvm", "", "snapshots are"), .later("daemonize", nil, "-daemonize is"),
    .later("option-rom", "", "option ROMs are"), .later("watchdog-action", "", "watchdogs are"),
    .later("incoming", "", "migration is"), .later("only-migratable", nil, "migration is"),
    .later("semihosting", nil, "semihosting is"), .later("semihosting-config", "", "semihosting is"),
    .later("sandbox", "", "the system call filter is"), .later("readconfig", "", "configuration files are"),
    .later("trace", "", "tracing is"), .later("plugin", "", "plugins are"),
    .later("run-with", "", "-run-with is"),
    .later("jitdump", nil, "perf's dump files are"),
    .later("dump-vmstate", "", "migration is"), .later("enable-sync-profile", nil, "lock profiling is"),
    .later("qtest", "", "the test protocol is"), .later("qtest-log", "", "the test protocol is"),
  ]

  private static let removed: [Option] = [
    .gone("singlestep", nil, "use -accel tcg,one-insn-per-tb=on"),
    .gone("no-acpi", nil, "leave it out: this machine has no ACPI tables"),
    .gone("no-hpet", nil, "leave it out: it concerned PCs only"),
    .gone("no-fd-bootchk", nil, "leave it out: it concerned PCs only"),
    .gone("portrait", nil, "leave it out: it concerned PXA displays only"),
    .gone("rotate", "", "leave it out: it concerned PXA displays only"),
    .gone("async-teardown", nil, "use -run-with async-teardown=on"),
    .gone("chroot", "", "use -run-with chroot=FOLDER"),
    .gone("runas", "", "use -run-with user=NAME"),
    .gone("audio-help", nil, "use -audiodev help"),
  ]
}
