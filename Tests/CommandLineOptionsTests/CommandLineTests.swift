import CommandLineOptions
import Logging
import Machine
import Testing

let catalog = Catalog(
  machines: [
    .init(
      name: "virt", summary: "RISC-V VirtIO board",
      properties: [Property("aclint", .flag, default: .flag(false), "x")])
  ],
  cpus: ["rv64", "max"],
  devices: [
    DeviceModel(
      typeName: "virtio-blk-device", bus: .virtio, summary: "",
      properties: [Property("drive", .reference("drive"), "Node name or ID")]
    ) { _, _, _ throws(PropertyError) in throw PropertyError("not made here") }
  ], firmwareFolders: ["/share"], version: "9.9")

/// The messages that a command line gets; empty where it is good.
func complaints(_ line: String) -> [String] {
  complaints(of: line.split(separator: " ").map(String.init))
}

func complaints(of words: [String]) -> [String] {
  do throws(CommandLineError) {
    _ = try CommandLineReader.read(words, programName: "apus", catalog: catalog)
    return []
  } catch {
    return error.messages
  }
}

func request(_ line: String) throws -> CommandLineRequest {
  try request(of: line.split(separator: " ").map(String.init))
}

func request(of words: [String]) throws -> CommandLineRequest {
  switch try CommandLineReader.read(words, programName: "apus", catalog: catalog) {
  case .run(let request): return request
  case .answer(let text): throw CommandLineError("an answer: \(text)")
  }
}

private func accelerator(_ line: String) throws -> String {
  try request(line).machine.accelerator.kind.rawValue
}

func answer(_ line: String) throws -> String {
  switch try CommandLineReader.read(
    line.split(separator: " ").map(String.init), programName: "apus", catalog: catalog)
  {
  case .run: throw CommandLineError("no answer")
  case .answer(let text): return text
  }
}

@Suite("Error texts are QEMU's")
struct ErrorTexts {
  /// Word for word what QEMU 10.0 (or 7.2 where noted in docs) prints after the program's name.
  static let exact: [(String, [String])] = [
    ("-foo", ["-foo: invalid option"]),
    ("--foo", ["--foo: invalid option"]),
    ("-M virt -bios", ["-bios: requires an argument"]),
    ("-M virt -kernel", ["-kernel: requires an argument"]),
    ("-M virt -append a -kernel", ["-kernel: requires an argument"]),
    ("-M virt -smp 0", ["Invalid CPU topology: CPU topology parameters must be greater than zero"]),
    (
      "-M virt -smp 2,cores=3",
      [
        "Invalid CPU topology: product of the hierarchy must match maxcpus: "
          + "sockets (0) * cores (3) * threads (1) != maxcpus (2)"
      ]
    ),
    (
      "-M virt -smp 4,maxcpus=2",
      [
        "Invalid CPU topology: maxcpus must be equal to or greater than smp: "
          + "sockets (1) * cores (2) * threads (1) == maxcpus (2) < smp_cpus (4)"
      ]
    ),
    ("-M virt -smp x", ["Parameter 'smp.cpus' expects integer"]),
    ("-M virt -smp cpus=2,foo=3", ["Parameter 'smp.foo' is unexpected"]),
    ("-M virt -smp 2,dies=2", ["dies > 1 not supported by this machine's CPU topology"]),
    (
      "-M virt -m 4x",
      [
        "-m 4x: Parameter 'size' expects a non-negative number below 2^64\n"
          + "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\nand exabytes, respectively."
      ]
    ),
    ("-M virt -m 128,foo=1", ["-m 128,foo=1: Invalid parameter 'foo'"]),
    ("-M virt,type=virt,foo", ["-M virt,type=virt,foo: Expected '=' after parameter 'foo'"]),
    (
      "-M virt -nographic -serial stdio",
      [
        "-serial stdio: cannot use stdio by multiple character devices",
        "-serial stdio: could not connect serial device to character backend 'stdio'\n"
          + "-nographic already puts serial port and monitor on this terminal (Ctrl-a c switches): "
          + "leave out -serial stdio, or use -display none in its place.",
      ]
    ),
    (
      "-M virt -nographic -monitor stdio",
      [
        "cannot use stdio by multiple character devices",
        "could not connect serial device to character backend 'stdio'\n"
          + "-nographic already puts serial port and monitor on this terminal (Ctrl-a c switches): "
          + "leave out -monitor stdio, or use -display none in its place.",
      ]
    ),
    (
      "-M virt -display none -serial stdio -monitor stdio",
      [
        "-serial stdio: cannot use stdio by multiple character devices",
        "-serial stdio: could not connect serial device to character backend 'stdio'\n"
          + "Serial port and monitor can share this terminal: -serial mon:stdio (Ctrl-a c switches).",
      ]
    ),
    (
      "-M virt -serial mon:stdio -monitor stdio",
      [
        "-serial mon:stdio: cannot use stdio by multiple character devices",
        "-serial mon:stdio: could not connect serial device to character backend 'mon:stdio'\n"
          + "-serial mon:stdio already has serial port and monitor on this terminal: "
          + "leave out -monitor stdio.",
      ]
    ),
    (
      "-M virt -serial foo",
      [
        "-serial foo: 'foo' is not a valid char driver",
        "-serial foo: could not connect serial device to character backend 'foo'",
      ]
    ),
    (
      "-M virt -serial chardev:zz",
      ["-serial chardev:zz: could not connect serial device to character backend 'chardev:zz'"]
    ),
    (
      "-M virt -monitor foo",
      ["-monitor foo: 'foo' is not a valid char driver", "-monitor foo: parse error: foo"]
    ),
    ("-M virt -mon foo", ["-mon foo: chardev \"foo\" not found"]),
    ("-M virt -accel kvm", ["-accel kvm: invalid accelerator kvm"]),
    ("-M virt -enable-kvm", ["invalid accelerator kvm"]),
    ("-M virt,accel=foo", ["invalid accelerator foo"]),
    ("-M virt -accel tcg,thread=foo", ["-accel tcg,thread=foo: Invalid 'thread' setting foo"]),
    ("-M virt -accel tcg,foo=on", ["-accel tcg,foo=on: Property 'tcg-accel.foo' not found"]),
    (
      "-M virt -accel tcg,x-region-limit=0",
      [
        "-accel tcg,x-region-limit=0: Parameter 'x-region-limit' expects a number of instructions, 1 or more"
      ]
    ),
    (
      "-M virt -accel tcg,x-trace-after=0",
      ["-accel tcg,x-trace-after=0: Parameter 'x-trace-after' expects a number of slices, 1 to 1000000"]
    ),
    (
      "-M virt -accel tcg,thread=multi -icount shift=1",
      ["-accel tcg,thread=multi: No MTTCG when icount is enabled"]
    ),
    ("-M virt -icount foo", ["-icount foo: icount: Invalid shift value"]),
    ("-M virt -icount shift=11", ["-icount shift=11: icount: Invalid shift value"]),
    (
      "-M virt -icount shift=2,align=maybe",
      ["-icount shift=2,align=maybe: Parameter 'align' expects 'on' or 'off'"]
    ),
    ("-M virt -icount bar=2", ["-icount bar=2: Invalid parameter 'bar'"]),
    (
      "-M virt -icount shift=auto,align=on,sleep=off",
      ["-icount shift=auto,align=on,sleep=off: align=on and sleep=off are incompatible"]
    ),
    (
      "-M virt -rtc base=foo",
      ["invalid datetime format\nvalid formats: '2006-06-17T16:01:21' or '2006-06-17'"]
    ),
    ("-M virt -rtc foo=1", ["-rtc foo=1: Invalid parameter 'foo'"]),
    ("-M virt -rtc clock=foo", ["invalid option value 'foo'"]),
    ("-M virt -initrd k.bin", ["-initrd only allowed with -kernel option"]),
    ("-M virt -append x", ["-append only allowed with -kernel option"]),
    ("-M virt -seed x", ["-seed x: Invalid seed number: x"]),
    ("-M virt -uuid 1", ["-uuid 1: failed to parse UUID string: wrong format"]),
    ("-M virt -name x,foo=1", ["-name x,foo=1: Invalid parameter 'foo'"]),
    ("-M virt -msg timestamp=x", ["-msg timestamp=x: Parameter 'timestamp' expects 'on' or 'off'"]),
    ("-M virt -action reboot=x", ["-action reboot=x: Parameter 'reboot' does not accept value 'x'"]),
    ("-M virt -chardev stdio", ["-chardev stdio: chardev: no id specified"]),
    ("-M virt -chardev foo,id=x", ["-chardev foo,id=x: 'foo' is not a valid char driver name"]),
    ("-M virt -chardev file,id=x", ["-chardev file,id=x: chardev: file: no filename given"]),
    ("-M virt -chardev null,id=a -chardev null,id=a", ["-chardev null,id=a: Duplicate ID 'a' for chardev"]),
    ("-M virt -chardev stdio,id=x,foo=1", ["-chardev stdio,id=x,foo=1: Invalid parameter 'foo'"]),
    ("-M virt -object foo,id=x", ["-object foo,id=x: Parameter 'qom-type' does not accept value 'foo'"]),
    ("-M virt -object rng-random", ["-object rng-random: Parameter 'id' is missing"]),
    (
      "-M virt -object rng-random,id=1x",
      [
        "-object rng-random,id=1x: Parameter 'id' expects an identifier\n"
          + "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."
      ]
    ),
    ("-M virt -object rng-random,id=x,foo=1", ["-object rng-random,id=x,foo=1: Invalid parameter 'foo'"]),
    ("-M virt -display foo", ["-display foo: Parameter 'type' does not accept value 'foo'"]),
    ("-M virt -drive file=k.bin,if=foo", ["-drive file=k.bin,if=foo: unsupported bus type 'foo'"]),
    (
      "-M virt -drive file=k.bin,foo=1",
      ["-drive file=k.bin,foo=1: Block format 'raw' does not support the option 'foo'"]
    ),
    (
      "-drive if=none,id=x,file=k -drive if=none,id=x,file=k",
      ["-drive if=none,id=x,file=k: Duplicate ID 'x' for drive"]
    ),
    ("-M nope,help", ["unsupported machine type: \"nope\"\nUse -machine help to list supported machines"]),
    ("-device nope,help", ["-device nope,help: Device 'nope' not found"]),
    // Flash and fw_cfg, as QEMU 10.0 says it.
    ("-M virt -drive if=pflash", ["can't get size of pflash0 block backend: No medium found"]),
    (
      "-M virt -drive if=pflash,file=a,unit=0 -drive if=pflash,file=b,unit=0",
      ["-drive if=pflash,file=b,unit=0: drive with bus=0, unit=0 (index=-1) exists"]
    ),
    ("-M virt,pflash0=x -pflash a", ["-pflash a: clashes with -machine"]),
    (
      "-M virt,pflash1=q -drive if=pflash,id=q,file=a",
      [
        "-drive if=pflash,id=q,file=a: Drive 'q' is already in use because it has been automatically connected "
          + "to another device (did you need 'if=none' in the drive options?)"
      ]
    ),
    ("-M virt -shim x", ["-shim only allowed with -kernel option"]),
    (
      "-M virt -fw_cfg name=opt/x",
      ["-fw_cfg name=opt/x: name, plus exactly one of file, string and gen_id, are needed"]
    ),
    (
      "-M virt -fw_cfg opt/x,string=a,file=b",
      ["-fw_cfg opt/x,string=a,file=b: name, plus exactly one of file, string and gen_id, are needed"]
    ),
    ("-M virt -fw_cfg opt/x,string=x,foo=bar", ["-fw_cfg opt/x,string=x,foo=bar: Invalid parameter 'foo'"]),
    ("-M virt -fw_cfg opt/x,gen_id=y", ["-fw_cfg opt/x,gen_id=y: Cannot find object ID 'y'"]),
  ]

  @Test("word for word", arguments: exact)
  func wordForWord(_ line: String, _ expected: [String]) {
    #expect(complaints(line) == expected)
  }

  /// QEMU's words first, then ours.
  static let begins: [(String, String)] = [
    (
      "-netdev usr,id=n",
      "-netdev usr,id=n: Parameter 'type' does not accept value 'usr'\nDid you mean 'user'"
    ),
    ("-netdev tap,id=n", "-netdev tap,id=n: tap networks are not there yet in Apus"),
    ("-nic tap", "-nic tap: tap networks are not there yet in Apus"),
    ("-net socket,listen=:1", "-net socket,listen=:1: socket networks are not there yet in Apus"),
    ("-netdev user,id=n,smb=/tmp", "-netdev user,id=n,smb=/tmp: smb= is not there yet in Apus\nFiles"),
    (
      "-netdev user,id=n,hostfwd=tcp:2222-:22",
      "-netdev user,id=n,hostfwd=tcp:2222-:22: Invalid host forwarding rule 'tcp:2222-:22' (Bad host address)\n"
    ),
    ("-nographics", "-nographics: invalid option\nDid you mean"),
    ("--smp=4", "--smp=4: invalid option\nAn option and its argument are two words:"),
    ("-device loader ,addr=1", ",addr=1: Could not open ',addr=1': No such file or directory\n"),
    (
      "-M virtt,help",
      "unsupported machine type: \"virtt\"\nUse -machine help to list supported machines\nDid"
    ),
    ("-rtc bas=utc", "-rtc bas=utc: Invalid parameter 'bas'\nDid you mean"),
    (
      "-M virt -pflash a -pflash b -pflash c",
      "-pflash c: machine type does not support if=pflash,bus=0,unit=2\n"
    ),
    (
      "-M virt -drive if=pflash,bus=1,file=a",
      "-drive if=pflash,bus=1,file=a: machine type does not support if=pflash,bus=1,unit=0\n"
    ),
    ("-M virt -display gtk", "Display 'gtk' is not available."),
    ("-M virt -singlestep", "-singlestep: invalid option"),
    ("-M virt -no-acpi", "-no-acpi: invalid option"),
    (
      "-M virt -device loader, addr=0x80001000,cpu-num=0",
      "addr=0x80001000,cpu-num=0: Could not open 'addr=0x80001000,cpu-num=0': No such file or directory"
    ),
  ]

  @Test("and an explanation after them", arguments: begins)
  func explained(_ line: String, _ beginning: String) throws {
    let first = try #require(complaints(line).first)
    #expect(first.hasPrefix(beginning))
    #expect(first.count > beginning.count)
  }

  @Test("An empty driver is missing")
  func emptyDriver() {
    #expect(complaints(of: ["-device", ""]) == ["-device : Parameter 'driver' is missing"])
  }

  @Test("A space after a comma inside one argument is named")
  func spaceAfterComma() throws {
    let message = try #require(complaints(of: ["-device", "loader, addr=1"]).first)
    #expect(message.hasPrefix("-device loader, addr=1: Property 'loader. addr' not found\n"))
    #expect(message.contains("space after a comma"))
  }

  @Test(
    "What QEMU has and Apus has not is said in one sentence",
    arguments: [
      "-netdev stream,id=n", "-numa node", "-vnc :0", "-d tid",
      "-daemonize", "-plugin x", "-incoming x", "-usb",
      "-smbios x",
      "-M virt,usb=on", "-chardev msmouse,id=x", "-object secret,id=x", "-numa x",
    ])
  func notThereYet(_ line: String) throws {
    let messages = complaints(line)
    #expect(messages.count == 1)
    #expect(
      messages.allSatisfy { $0.hasSuffix("not there yet in Apus") || $0.contains("not there yet in Apus;") })
  }

  @Test("A misspelt option is told before the others are read")
  func namesFirst() {
    #expect(complaints("-smp 0 -foo") == ["-foo: invalid option"])
  }
}

@Suite("The command line becomes a configuration")
struct Configurations {
  @Test("rCore's line")
  func rcore() throws {
    let line =
      "-machine virt -nographic -bios rustsbi-qemu.bin -device loader,file=os.bin,addr=0x80200000"
    let asked = try request(line)
    #expect(asked.machine.machine == "virt")
    #expect(asked.machine.bios == "rustsbi-qemu.bin")
    #expect(
      asked.machine.devices == [
        DeviceRequest(
          driver: "loader", properties: [Assignment("file", "os.bin"), Assignment("addr", "0x80200000")],
          text: "loader,file=os.bin,addr=0x80200000")
      ])
    #expect(asked.machine.serial == ["serial0"])
    #expect(asked.monitors.map(\.id) == ["serial0"])
    #expect(asked.characters.map(\.kind) == [.standardIO(signals: false)])
    #expect(asked.hint == nil)
  }

  @Test("xv6's line")
  func xv6() throws {
    let asked = try request(
      "-machine virt -bios none -kernel kernel/kernel -m 128M -smp 3 -nographic "
        + "-global virtio-mmio.force-legacy=false -drive file=fs.img,if=none,format=raw,id=x0 "
        + "-device virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0")
    #expect(asked.machine.ramSize == 128 << 20)
    #expect(asked.machine.smp == 3)
    #expect(
      asked.machine.globals == [
        GlobalProperty(driver: "virtio-mmio", property: "force-legacy", value: "false")
      ])
    #expect(asked.drives.map(\.id) == ["x0"])
    #expect(asked.drives.map(\.interface) == [.none])
    #expect(asked.drives.map(\.format) == ["raw"])
    #expect(asked.machine.devices.first?["drive"] == "x0")
  }

  @Test("One dash and two dashes are the same")
  func dashes() throws {
    #expect(try request("--machine virt --smp 2").machine.smp == 2)
  }

  @Test("A doubled comma is a comma")
  func commas() throws {
    #expect(try request("-drive file=a,,b.img,if=none,id=x").drives.first?.file == "a,b.img")
  }

  @Test(
    "Sizes of -m", arguments: [("128", 128 << 20), ("1G", 1 << 30), ("size=2g", 2 << 30), ("0x10", 16 << 20)])
  func sizes(_ text: String, _ size: UInt64) throws {
    #expect(try request("-m \(text)").machine.ramSize == size)
  }

  @Test("-m 0 is the board's default")
  func noMemory() throws { #expect(try request("-m 0").machine.ramSize == nil) }

  @Test(
    "What -smp leaves out follows",
    arguments: [
      ("4", 4), ("cpus=4", 4), ("sockets=2,cores=2", 4), ("cores=2,threads=2", 4), ("2,maxcpus=4", 2),
    ])
  func topology(_ text: String, _ count: UInt64) throws {
    #expect(try request("-smp \(text)").machine.smp == count)
  }

  @Test("Repeated -machine options merge")
  func machines() throws {
    let machine = try request("-M virt -M aclint=on -machine kernel=k,append=a").machine
    #expect(machine.machine == "virt")
    #expect(machine.machineProperties == [Assignment("aclint", "on")])
    #expect(machine.kernel == "k")
    #expect(machine.append == "a")
  }

  @Test("No display and no -nographic: the serial port is on the terminal, and a line says so")
  func hint() throws {
    let asked = try request("-M virt")
    #expect(asked.machine.serial == ["serial0"])
    #expect(asked.monitors.map(\.id) == ["serial0"])
    #expect(asked.hint?.contains("no display") == true)
  }

  @Test("-display none leaves the terminal alone")
  func noDisplay() throws {
    let asked = try request("-M virt -display none")
    #expect(asked.characters.isEmpty)
    #expect(asked.machine.serial.isEmpty)
    #expect(asked.hint == nil)
  }

  @Test("-nodefaults takes the serial port and monitor away")
  func noDefaults() throws {
    let asked = try request("-M virt -nographic -nodefaults")
    #expect(asked.characters.isEmpty)
  }

  @Test("-nographic with a serial file puts the monitor on the terminal")
  func serialFile() throws {
    let asked = try request("-M virt -nographic -serial file:log")
    #expect(asked.characters.map(\.kind) == [.standardIO(signals: true), .file(path: "log", appends: false)])
    #expect(asked.monitors.map(\.id) == ["compat_monitor0"])
    #expect(asked.machine.serial == ["serial0"])
  }

  @Test("-serial none leaves a line unconnected")
  func serialNone() throws {
    let asked = try request("-M virt -display none -serial none -serial null")
    #expect(asked.machine.serial == [nil, "serial1"])
  }

  @Test("A multiplexed chardev serves a serial line and a monitor")
  func sharedChardev() throws {
    let asked = try request(
      "-display none -chardev stdio,id=c,mux=on,signal=off -serial chardev:c -mon chardev=c")
    #expect(asked.machine.serial == ["c"])
    #expect(asked.monitors.map(\.id) == ["c"])
    #expect(asked.characters.map(\.kind) == [.standardIO(signals: false)])
  }

  @Test("-icount makes one thread, counts, and may jump when idle")
  func instructionCount() throws {
    let asked = try request("-icount shift=3,sleep=off")
    #expect(asked.machine.instructionShift == 3)
    #expect(asked.machine.threading == .single)
    #expect(!asked.idleSleeps)
  }

  @Test(
    "-rtc takes a date",
    arguments: [
      ("1970-01-01", 0), ("2006-06-17T16:01:21", 1_150_560_081), ("2000-03-01", 951_868_800),
      ("2100-03-01", 4_107_542_400),
    ])
  func dates(_ text: String, _ seconds: Int64) throws {
    #expect(try request("-rtc base=\(text)").realTimeClock == .date(seconds))
  }

  @Test(
    "-rtc refuses what is no date",
    arguments: ["2006-02-29", "2006-13-01", "2006-06-17T24:00:00", "6-6-6", "é-01-01"])
  func badDates(_ text: String) { #expect(complaints("-rtc base=\(text)").count == 1) }

  @Test("The translator's limits are read")
  func translatorLimits() throws {
    let asked = try request("-accel tcg,tb-size=2,x-region-limit=7,x-trace-after=3").machine.accelerator
    #expect(asked.slicesForTrace == 3)
    #expect(asked.codeSize == 2 << 20)
    #expect(asked.regionLimit == 7)
    #expect(try request("-accel tcg").machine.accelerator.regionLimit == nil)
  }

  @Test("A bad accelerator before a good one is only told")
  func accelerators() throws {
    let asked = try request("-accel kvm -accel tcg,thread=single")
    #expect(asked.warnings == ["-accel kvm: invalid accelerator kvm"])
    #expect(asked.machine.threading == .single)
    #expect(try accelerator("-M accel=kvm:interp") == "interp")
  }

  @Test("-global takes its value as it stands")
  func globals() throws {
    #expect(
      try request("-global a.b=c,d=e").machine.globals == [
        GlobalProperty(driver: "a", property: "b", value: "c,d=e")
      ])
    #expect(
      try request("-global driver=a,property=b,value=c").machine.globals
        == [GlobalProperty(driver: "a", property: "b", value: "c")])
  }

  @Test("No words of bytes make the reader stumble")
  func garbage() {
    var state: UInt64 = 88_172_645_463_325_252
    let pieces = [
      "-M", "-smp", "-m", "-device", "-drive", "-icount", "-serial", "-chardev", "-rtc", "-global", "-accel",
      ",", ",,", "=",
      "virt", "help", "?", "id=x", "-1", "18446744073709551615", "0x", "é", "", "file=", "shift=1", "mon:",
      "chardev:", "{",
    ]
    for _ in 0..<20_000 {
      var words: [String] = []
      for _ in 0..<4 {
        var word = ""
        for _ in 0..<3 {
          state ^= state << 13
          state ^= state >> 7
          state ^= state << 17
          word += pieces[Int(state % UInt64(pieces.count))]
          if state >> 60 < 6 { break }
        }
        words.append(word)
      }
      _ = complaints(of: words)
    }
  }
}

@Suite("Help answers")
struct HelpAnswers {
  @Test("Lists name what there is")
  func lists() throws {
    #expect(
      try answer("-machine help") == "Supported machines are:\nvirt                 RISC-V VirtIO board\n")
    #expect(try answer("-cpu help") == "Available CPUs:\n  max\n  rv64\n")
    #expect(try answer("-device help") == "Storage devices:\nname \"virtio-blk-device\", bus virtio-bus\n")
    #expect(
      try answer("-device virtio-blk-device,help")
        == "virtio-blk-device options:\n  drive=<str>            - Node name or ID\n")
    #expect(try answer("-M virt,help").hasPrefix("virt-machine options:\n  aclint=<bool>"))
    #expect(try answer("-L /a -L help") == "/a\n/share\n")
  }

  @Test("The first line of -version is what build systems compare")
  func version() throws {
    #expect(try answer("-version").hasPrefix("QEMU emulator version 10.0."))
  }

  @Test("-d, -D and -dfilter are read")
  func log() throws {
    let request = try request("-d int,in_asm -dfilter 0x1000+16 -D x.log -perfmap")
    #expect(request.log.items == [.interrupts, .guestCode])
    #expect(request.log.filter.ranges == [0x1000...0x100f])
    #expect(request.log.file == "x.log")
    #expect(request.mapsForPerf)
    #expect(try answer("-d help").hasPrefix("Log items (comma separated):\nout_asm         show "))
    #expect(try answer("-d int,help") == answer("-d ?"))
  }

  @Test("What -d and -dfilter do not take is said with the option")
  func badLog() throws {
    #expect(complaints("-dfilter zz") == ["-dfilter zz: Bad range specifier"])
    let messages = complaints("-d int,foo")
    #expect(messages.count == 1)
    #expect(
      messages.first?.hasPrefix("-d int,foo: there is no log item 'foo'\nLog items (comma separated):\n")
        == true)
    #expect(complaints("-d op_opt").first?.contains("no intermediate code") == true)
  }

  @Test("-help names every section and what is not there yet")
  func help() throws {
    let text = try answer("-help")
    #expect(text.contains("-nographic"))
    #expect(text.contains("not there yet"))
    #expect(text.contains(" -daemonize"))
  }
}
