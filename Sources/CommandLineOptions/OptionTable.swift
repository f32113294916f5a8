// The options, as data: one row each, in the order of the help text. swift-argument-parser cannot
// express this grammar (long options with one dash, options whose meaning depends on their order and
// repetition, argument lists with doubled commas, and error sentences that scripts match word for
// word), hence a table and a small reader of our own.

extension Option {
  package static let all: [Option] =
    standard + block + display + network + character + boot + debug + object + notThereYet + removed
    + foreign

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
      "machine", "[type=]NAME[,prop=value][,...]", .standard,
      """
      select the emulated machine ('-machine help' for the list, \
      '-machine NAME,help' for its own properties); repeated ones add up
      """,
      list: OptionList(
        "machine", implied: "type", .keyed,
        [
          .string("type", "NAME"), .string("accel", "A[:B]", "take the first of these that there is"),
          .string("kernel", "FILE", "as -kernel"), .string("initrd", "FILE", "as -initrd"),
          .string("append", "TEXT", "as -append"), .string("dtb", "FILE", "as -dtb"),
          .string("firmware", "FILE", "as -bios"),
          .string("pflash0", "ID", "the drive that the first bank of flash holds; pflash1: the second"),
          .string("pflash1", "ID"),
          .string("dumpdtb", "FILE", "write the machine's device tree to FILE and exit"),
          .boolean("graphics"), .boolean("mem-merge"), .boolean("suppress-vmdesc"), .boolean("usb"),
          .string("memory-backend", "ID", "the -object memory-backend-… that RAM consists of"),
        ])
    ) { (reader, argument) throws(CommandLineError) in try reader.machine(argument) },
    Option(
      "M", "[type=]NAME[,prop=value][,...]", .standard, "the same as -machine",
      list: OptionList("machine", implied: "type", .keyed)
    ) { (reader, argument) throws(CommandLineError) in try reader.machine(argument) },
    Option(
      "cpu", "MODEL[,feature=on|off|value][,...]", .standard,
      "select the CPU model ('-cpu help' for the list)"
    ) { reader, argument in
      if argument == "help" || argument == "?" {
        reader.answer = reader.catalog.cpuListing
      } else {
        reader.request.machine.cpu = argument
      }
    },
    Option(
      "accel", "[accel=]tcg|interp[,prop=value][,...]", .standard,
      "how instructions are executed: translated to the host's or interpreted; of several the first there is",
      list: OptionList(
        "accel", implied: "accel", .open,
        [
          .string("accel", "tcg|interp"),
          .string("thread", "single|multi", "all harts in turn on one thread, or a thread each (default)"),
          .number("tb-size", "N", "MiB of translated code for all harts together"),
          .boolean("one-insn-per-tb", "translate each instruction by itself"),
          .boolean("split-wx"),
        ])
    ) { (reader, argument) throws(CommandLineError) in try reader.accelerator(argument) },
    Option(
      "smp", "[cpus=]N[,maxcpus=N][,sockets=N][,cores=N][,threads=N]", .standard,
      "set the number of harts",
      list: OptionList(
        "smp-opts", implied: "cpus", .keyed,
        ["cpus", "drawers", "books", "sockets", "dies", "clusters", "modules", "cores", "threads", "maxcpus"]
          .map { .number($0) })
    ) { (reader, argument) throws(CommandLineError) in try reader.harts(argument) },
    Option(
      "m", "[size=]N[k|M|G|T]", .standard, "guest RAM, in MiB unless a suffix says otherwise",
      list: OptionList(
        "memory", implied: "size", .checked, [.size("size"), .number("slots"), .size("maxmem")])
    ) { (reader, argument) throws(CommandLineError) in try reader.memory(argument) },
    Option(
      "mem-path", "PATH", .standard,
      "make guest RAM of a file in the folder PATH, or of the contents of the file PATH"
    ) {
      $0.memoryPath = $1
    },
    Option("mem-prealloc", nil, .standard, "take all guest RAM from the host at once") { reader, _ in
      reader.isMemoryPreallocated = true
    },
    Option(
      "overcommit", "[mem-lock=on|off|on-fault][,cpu-pm=on|off]", .standard,
      "mem-lock: what the machine uses is not swapped by the host",
      list: OptionList("overcommit", .checked, [.string("mem-lock"), .boolean("cpu-pm")])
    ) { (reader, argument) throws(CommandLineError) in try reader.overcommit(argument) },
    Option(
      "device", "DRIVER[,prop=value][,...]", .standard,
      """
      add a device ('-device help' for the list, '-device DRIVER,help' for its properties); \
      also as JSON: '{"driver":"DRIVER","prop":value}'
      loader,file=FILE[,addr=ADDR][,cpu-num=N] puts a file into guest memory
      """,
      list: OptionList("device", implied: "driver", .open, takesJSON: true)
    ) { (reader, argument) throws(CommandLineError) in try reader.device(argument) },
    Option(
      "global", "DRIVER.PROPERTY=VALUE", .standard,
      "set a default for a property of all devices of a kind",
      list: OptionList("global", .checked, [.string("driver"), .string("property"), .string("value")])
    ) { (reader, argument) throws(CommandLineError) in try reader.global(argument) },
    // These two are carried out before the others: CommandLineReader+ConfigurationFile.
    Option(
      "readconfig", "FILE", .standard,
      "read options from FILE: groups such as [device \"ID\"] with lines such as driver = \"loader\"",
      Option.ignored),
    Option(
      "set", "GROUP.ID.ARG=VALUE", .standard,
      "add ARG=VALUE to the -GROUP option with id=ID that stands before", Option.ignored),
    Option(
      "boot", "[order=]DRIVES[,prop=value][,...]", .standard,
      """
      for firmware that looks at it; DRIVES are letters: \
      floppy (a), hard disk (c), CD-ROM (d), network (n)
      """,
      list: OptionList(
        "boot-opts", implied: "order", .keyed,
        [
          .string("order"), .string("once"), .boolean("menu"), .string("splash"), .number("splash-time"),
          .number("reboot-timeout"), .boolean("strict"),
        ])
    ) { (reader, argument) throws(CommandLineError) in try reader.bootOrder(argument) },
    Option(
      "name", "[guest=]TEXT[,process=TEXT]", .standard, "set the guest's name",
      list: OptionList(
        "name", implied: "guest", .checked,
        [
          .string("guest"), .string("process", "TEXT", "what process lists call the emulator"),
          .boolean("debug-threads"),
        ])
    ) { (reader, argument) throws(CommandLineError) in try reader.name(argument) },
    Option("uuid", "UUID", .standard, "set the machine's UUID") {
      (reader, argument) throws(CommandLineError) in try reader.uuid(argument)
    },
  ]

  // MARK: Disks

  private static let block: [Option] = [
    Option(
      "drive", "file=FILE[,if=none,id=ID][,format=raw][,prop=value][,...]", .block,
      """
      make a drive of a disk image. With if=none it is known as ID, \
      for -device virtio-blk-device,drive=ID; without, a virtio-blk-pci
      """,
      list: OptionList(
        "drive", .open,
        [
          .string("file", "FILE"), .string("if", "none|virtio|pflash"),
          .string("format", "raw", "the image's format; without it there is a warning"),
          .boolean("readonly", "refuse the guest's writes"), .boolean("read-only"),
          .boolean("snapshot", "write to a temporary file instead"),
          .string("media", "disk|cdrom", "cdrom is read-only"),
          .number("index"), .number("bus"), .number("unit"),
          .string("cache", "MODE", "writeback (default), writethrough, none, directsync, unsafe"),
          .string("discard", "ignore|unmap", "what becomes of blocks that the guest gives back"),
          .string("detect-zeroes", "on|off|unmap"), .string("aio", "threads"),
          .string("werror", "report|enospc"), .string("rerror", "report"), .boolean("copy-on-read"),
          .string("file.locking", "auto|on|off", "lock the image against other programs (default: auto)"),
        ])
    ) { (reader, argument) throws(CommandLineError) in try reader.drive(argument) },
    Option(
      "blockdev", "driver=file|host_device|raw,node-name=NAME[,filename=FILE|,file=NAME][,prop=value][,...]",
      .block,
      """
      make a node of an image file, for -device virtio-blk-device,drive=NAME \
      or -machine pflash0=NAME; also as JSON
      """,
      list: OptionList("blockdev", implied: "driver", .keyed, takesJSON: true)
    ) { (reader, argument) throws(CommandLineError) in try reader.blockNode(argument) },
    Option("pflash", "FILE", .block, "what the next bank of flash holds (32 MiB)") {
      (reader, argument) throws(CommandLineError) in try reader.shortDrive(argument, .flash)
    },
    Option("snapshot", nil, .block, "write to temporary files instead of disk images") { reader, _ in
      reader.request.isSnapshot = true
    },
    Option("hda", "FILE", .block, "a disk, as -drive file=FILE; also -hdb, -hdc, -hdd") {
      (reader, file) throws(CommandLineError) in try reader.shortDrive(file, index: 0)
    },
    Option("hdb", "FILE") { (reader, file) throws(CommandLineError) in try reader.shortDrive(file, index: 1)
    },
    Option("hdc", "FILE") { (reader, file) throws(CommandLineError) in try reader.shortDrive(file, index: 2)
    },
    Option("hdd", "FILE") { (reader, file) throws(CommandLineError) in try reader.shortDrive(file, index: 3)
    },
    Option("cdrom", "FILE", .block, "a read-only disk, as -drive file=FILE,media=cdrom") {
      (reader, file) throws(CommandLineError) in try reader.shortDrive(file, index: 2, isCDROM: true)
    },
    // No machine that is there has these, and each says so.
    Option("fda", "FILE") { (reader, file) throws(CommandLineError) in
      try reader.shortDrive(file, .floppy, index: 0)
    },
    Option("fdb", "FILE") { (reader, file) throws(CommandLineError) in
      try reader.shortDrive(file, .floppy, index: 1)
    },
    Option("sd", "FILE") { (reader, file) throws(CommandLineError) in
      try reader.shortDrive(file, .sd, index: 0)
    },
    Option("mtdblock", "FILE") { (reader, file) throws(CommandLineError) in
      try reader.shortDrive(file, .mtd, index: 0)
    },
  ]

  // MARK: Display

  private static let display: [Option] = [
    Option(
      "display", "none", .display, "no display; the serial port goes where -serial says",
      list: OptionList("display", implied: "type", .keyed, takesJSON: true)
    ) { (reader, argument) throws(CommandLineError) in try reader.display(argument) },
    Option(
      "nographic", nil, .display, "no display; serial port and monitor share the terminal (Ctrl-a h for help)"
    ) { reader, _ in reader.isNographic = true },
    Option("vga", "none") { (reader, argument) throws(CommandLineError) in
      switch argument {
      case "none": break
      case "std", "cirrus", "vmware", "qxl", "xenfb", "tcx", "cg3", "virtio":
        reader.request.warnings.append(
          "warning: A -vga option was passed but this machine type does not use that option; "
            + "No VGA device has been created")
      default: throw CommandLineError("unknown vga type: \(argument)")
      }
    },
  ]

  // MARK: Networks

  private static let network: [Option] = [
    Option(
      "netdev", "user,id=ID[,KEY=VALUE]...", .network,
      "a network behind this computer's, for -device virtio-net-device,netdev=ID or virtio-net-pci; also as JSON",
      list: OptionList(
        "netdev", implied: "type", .open, takesJSON: true, CommandLineReader.userNetworkParameters)
    ) { (reader, argument) throws(CommandLineError) in try reader.networkBackEnd(argument) },
    Option(
      "nic", "none | user[,model=MODEL][,mac=ADDR][,KEY=VALUE]...", .network,
      """
      none: no network
      user: as -netdev user, with a card that some machines make by themselves. None here does, and a warning
      says what to write in its place
      """, list: OptionList("nic", implied: "type", .open)
    ) { (reader, argument) throws(CommandLineError) in try reader.networkCard(argument) },
    Option(
      "net", "none | nic[,model=MODEL][,macaddr=ADDR] | user[,KEY=VALUE]...",
      list: OptionList("net", implied: "type", .open)
    ) { (reader, argument) throws(CommandLineError) in try reader.networkOnHub(argument) },
  ]

  // MARK: Consoles

  private static let character: [Option] = [
    Option(
      "serial", "BACKEND", .character,
      """
      connect the next serial port (repeatable); BACKEND is one of
      mon:stdio         this terminal, shared with the monitor (Ctrl-a h lists the keys)
      stdio, pty, file:FILE, pipe:FILE, /dev/ttyX, null, none, chardev:ID
      tcp:[HOST]:PORT[,server=on][,wait=off][,nodelay=on][,reconnect-ms=N]
      telnet:[HOST]:PORT,server=on[,wait=off], websocket:[HOST]:PORT,server=on[,wait=off]
      unix:PATH[,server=on][,wait=off], udp:[HOST]:PORT[@[HOST]:PORT]
      and mon: before any of them shares it with the monitor
      """
    ) { reader, argument in reader.serials.append(.init(text: argument, option: reader.option)) },
    Option("monitor", "BACKEND", .character, "where the monitor is, as for -serial") { reader, argument in
      reader.monitors.append(.init(text: argument, option: reader.option))
    },
    Option(
      "mon", "[chardev=]ID[,mode=readline|control[,pretty=on|off]]", .character,
      "a monitor on a character back end: for people, or QMP for programs",
      list: OptionList(
        "mon", implied: "chardev", .checked,
        [.string("chardev", "ID"), .string("mode", "readline|control"), .boolean("pretty")])
    ) { (reader, argument) throws(CommandLineError) in try reader.monitor(argument) },
    Option("qmp", "BACKEND", .character, "where QMP is, for programs; BACKEND as for -serial") {
      reader, argument in reader.machineProtocol(argument, isPretty: false)
    },
    Option("qmp-pretty", "BACKEND", .character, "the same with line breaks, for reading") {
      reader, argument in reader.machineProtocol(argument, isPretty: true)
    },
    Option(
      "chardev", "TYPE,id=ID[,mux=on|off][,logfile=FILE[,logappend=on|off]][,...]", .character,
      """
      make a character back end known as ID ('-chardev help' for the types)
      stdio[,signal=on|off], pty[,path=LINK], null, pipe,path=FILE, serial,path=DEVICE
      file,path=FILE[,append=on|off][,input-path=FILE], ringbuf[,size=N]
      socket,host=HOST,port=PORT[,to=PORT][,ipv4=on|off][,ipv6=on|off] or socket,path=PATH[,abstract=on]
        [,server=on][,wait=off][,telnet=on|,websocket=on][,nodelay=on][,reconnect-ms=N]
      udp,port=PORT[,host=HOST][,localport=PORT][,localaddr=HOST]
      mux,chardev=ID    several front ends on one back end
      hub,chardevs.0=ID,chardevs.1=ID,...  one front end on several back ends
      """,
      list: OptionList("chardev", implied: "backend", .open)
    ) { (reader, argument) throws(CommandLineError) in try reader.character(argument) },
    Option("echr", "N", .character, "the code of the escape key instead of Ctrl-a") {
      (reader, argument) throws(CommandLineError) in try reader.escape(argument)
    },
    Option("parallel", "none") { reader, argument in
      reader.parallels.append(.init(text: argument, option: reader.option))
    },
    Option("debugcon", "BACKEND") { (reader, argument) throws(CommandLineError) in
      try reader.debugConsole(argument)
    },
  ]

  // MARK: Boot

  private static let boot: [Option] = [
    Option(
      "bios", "default|builtin|none|FILE", .boot, "the firmware; builtin: the SBI served by the emulator"
    ) { $0.request.machine.bios = $1 },
    Option("kernel", "FILE", .boot, "the kernel: ELF, Image (also compressed) or raw") {
      $0.request.machine.kernel = $1
    },
    Option("append", "TEXT", .boot, "the kernel's command line") { $0.request.machine.append = $1 },
    Option("initrd", "FILE", .boot, "the initial RAM disk") { $0.request.machine.initrd = $1 },
    Option("dtb", "FILE", .boot, "the device tree instead of the machine's own") {
      $0.request.machine.dtb = $1
    },
    // Machines without x86's EFI ignore it, as QEMU's do.
    Option("shim", "FILE") { $0.shim = $1 },
    Option(
      "fw_cfg", "[name=]NAME,string=TEXT|file=FILE", .boot,
      "a file for the guest's firmware, NAME beginning with opt/; Linux shows it in /sys/firmware/qemu_fw_cfg",
      list: OptionList(
        "fw_cfg", implied: "name", .checked,
        [.string("name"), .string("file", "FILE"), .string("string"), .string("gen_id", "ID")])
    ) { (reader, argument) throws(CommandLineError) in try reader.firmwareFile(argument) },
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
    Option("S", nil, .debug, "do not start the harts; the monitor's 'c' does, and GDB's") { reader, _ in
      reader.request.machine.startPaused = true
    },
    Option("s", nil, .debug, "wait for GDB at port 1234: -gdb tcp::1234, or the next port that is free") {
      (reader, _) throws(CommandLineError) in try reader.standardDebugServer()
    },
    Option(
      "gdb", "DEVICE", .debug,
      "let GDB debug the machine by DEVICE: tcp:[HOST]:PORT, unix:PATH, stdio, chardev:ID, none"
    ) { (reader, argument) throws(CommandLineError) in try reader.debugServer(argument) },
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
    Option(
      "semihosting", nil, .debug,
      "serve the guest's semihosting calls: host files, console, exit code, command line, time"
    ) { reader, _ in reader.semihosting() },
    Option(
      "semihosting-config",
      "[enable=on|off][,target=native|gdb|auto][,chardev=ID][,userspace=on|off][,arg=TEXT...]",
      .debug, "the same, and how",
      list: OptionList(
        "semihosting-config", implied: "enable", .checked,
        [
          .boolean("enable"),
          .string("target", "native|gdb|auto", "who serves them (auto: GDB while one is connected)"),
          .string("chardev", "ID", "their console (default: standard error, and nothing to read)"),
          .boolean("userspace", "serve user mode, too"),
          .string("arg", "TEXT", "a word of the guest's command line; several add up"),
        ])
    ) { (reader, argument) throws(CommandLineError) in try reader.semihosting(argument) },
    Option(
      "grade", "[file=]FILE[,json=FILE][,junit=FILE][,quiet=on|off][,clock=guest|host]", .debug,
      """
      run the guest by the script in FILE, which says what its consoles must show and what is typed;
      ends with 0 if all is right, 1 if not, 2 if nothing could be graded
      """,
      list: OptionList(
        "grade", implied: "file", .checked,
        [
          .string("file", "FILE", "the script"), .string("json", "FILE", "results as JSON"),
          .string("junit", "FILE", "results as JUnit's XML"),
          .boolean("quiet", "do not show what the guest prints"),
          .string("clock", "guest|host", "guest: time is counted in instructions (-icount 2,sleep=off)"),
        ])
    ) { (reader, argument) throws(CommandLineError) in try reader.grade(argument) },
    Option("perfmap", nil, .debug, "name translated guest functions for Linux perf, in /tmp/perf-PID.map") {
      reader, _ in reader.request.mapsForPerf = true
    },
    Option("loadvm", "TAG") { (_, _) throws(CommandLineError) in
      throw CommandLineError(
        "no block device can store vmstate for snapshot\nSnapshots are not there yet in Apus.")
    }.isComing,
    Option(
      "explain", "on|off|json", .debug,
      """
      say why a guest makes no progress, on standard error, as text or as a JSON object to a line \
      (default: on a terminal)
      """
    ) { (reader, argument) throws(CommandLineError) in try reader.explain(argument) },
    Option("no-shutdown", nil, .debug, "stop instead of ending when the guest powers off") { reader, _ in
      reader.request.noShutdown = true
    },
    Option(
      "action", "reboot=reset|shutdown,shutdown=poweroff|pause", .debug, "the same, spelt otherwise",
      list: OptionList(
        "action", .checked, [.string("shutdown"), .string("reboot"), .string("panic"), .string("watchdog")])
    ) { (reader, argument) throws(CommandLineError) in try reader.action(argument) },
    Option("watchdog-action", "ACTION") { (reader, argument) throws(CommandLineError) in
      try reader.watchdogAction(argument)
    },
    Option(
      "icount", "[shift=]N|auto[,align=on|off][,sleep=on|off]", .debug,
      """
      deterministic mode: time is counted in instructions of 2^N ns (N from 0 to 10)
      the same guest without outside input then runs the same way every time
      auto, align=on: guest time is held near the host's, which is not deterministic
      """,
      list: OptionList(
        "icount", implied: "shift", .checked,
        [
          .string("shift", "N"), .boolean("align"), .boolean("sleep"), .string("rr"), .string("rrfile"),
          .string("rrsnapshot"),
        ])
    ) { (reader, argument) throws(CommandLineError) in try reader.instructionCount(argument) },
    Option("seed", "N", .debug, "seed the machine's random numbers") {
      (reader, argument) throws(CommandLineError) in try reader.seed(argument)
    },
    Option(
      "rtc", "[base=utc|localtime|DATE][,clock=host|rt|vm]", .debug,
      "what the real-time clock starts at, and what it follows: the host's time of day, time, or the machine's time",
      list: OptionList("rtc", .checked, [.string("base"), .string("clock"), .string("driftfix")])
    ) { (reader, argument) throws(CommandLineError) in try reader.realTimeClock(argument) },
    Option(
      "msg", "[timestamp=on|off][,guest-name=on|off]", .debug, "what stands before error messages",
      list: OptionList("msg", .checked, [.boolean("timestamp"), .boolean("guest-name")])
    ) { (reader, argument) throws(CommandLineError) in try reader.messages(argument) },
    Option(
      "compat", "[unstable-input=accept|reject][,...]", .debug,
      """
      what QMP does with commands that may change (x-...);
      also unstable-output, deprecated-input and deprecated-output, which have nothing to act on
      """,
      list: OptionList("compat", .keyed)
    ) { (reader, argument) throws(CommandLineError) in try reader.compatibility(argument) },
    Option("pidfile", "FILE", .debug, "write the emulator's process number to FILE while it runs") {
      $0.request.processFile = $1
    },
    Option("nodefaults", nil, .debug, "no serial port or monitor but those asked for") { reader, _ in
      reader.hasDefaults = false
    },
    // No user configuration file is ever read.
    Option("no-user-config", nil, .debug, "do not read configuration files (Apus has none)", ignored),
    Option("enable-kvm") { (_, _) throws(CommandLineError) in
      throw CommandLineError("invalid accelerator kvm")
    },
  ]

  private static let object: [Option] = [
    Option(
      "object",
      "TYPE,id=ID[,prop=value][,...]", .object,
      """
      rng-random,id=ID[,filename=FILE] or rng-builtin,id=ID:
      a source of random numbers for -device virtio-rng-device,rng=ID
      memory-backend-ram,id=ID,size=SIZE[,prealloc=on] or
      memory-backend-file,id=ID,size=SIZE,mem-path=FILE[,share=on]:
      RAM for -machine memory-backend=ID; share=on: stores reach the file
      filter-dump,id=ID,netdev=ID,file=FILE[,maxlen=N][,queue=all|rx|tx]:
      the frames of a network, for tcpdump and Wireshark
      iothread,id=ID: a name for -device virtio-blk-device,iothread=ID
      'help' lists the types; also as JSON
      """,
      list: OptionList("object", implied: "qom-type", .open, takesJSON: true)
    ) { (reader, argument) throws(CommandLineError) in try reader.object(argument) }
  ]

  // MARK: What QEMU has and Apus has not

  private static let notThereYet: [Option] = [
    .later("numa", "", "NUMA nodes are"), .later("add-fd", "", "passed file descriptors are"),
    .later("k", "", "keyboard layouts are"), .later("audio", "", "sound is"),
    .later("audiodev", "", "sound is"), .later("smbios", "", "SMBIOS tables are"),

    .later("fsdev", "", "shared folders are"),
    .later("virtfs", "", "shared folders are"), .later("iscsi", "", "iSCSI disks are"),
    .later("usb", nil, "USB is"), .later("usbdevice", "", "USB is"),
    .later("spice", "", "SPICE is"), .later("full-screen", nil, "a display is"),
    .later("vnc", "", "VNC is"),
    .later("tpmdev", "", "TPM devices are"),
    .later("preconfig", nil, "-preconfig is"),
    .later("daemonize", nil, "-daemonize is"),
    .later("option-rom", "", "option ROMs are"),
    .later("incoming", "", "migration is"), .later("only-migratable", nil, "migration is"),
    .later("sandbox", "", "the system call filter is"),
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
    .gone("portrait", nil, "leave it out: it concerned PXA displays only"),
    .gone("rotate", "", "leave it out: it concerned PXA displays only"),
    .gone("async-teardown", nil, "it is -run-with async-teardown=on now, which is yet to come here"),
    .gone("chroot", "", "it is -run-with chroot=FOLDER now, which is yet to come here"),
    .gone("runas", "", "it is -run-with user=NAME now, which is yet to come here"),
    .gone("audio-help", nil, "it is -audiodev help now, and sound is yet to come here"),
  ]
  private static let foreign: [Option] = [
    .foreign("no-fd-bootchk"), .foreign("win2k-hack"), .foreign("old-param"), .foreign("acpitable", ""),
    .foreign("prom-env", ""), .foreign("g", ""),
  ]
}
