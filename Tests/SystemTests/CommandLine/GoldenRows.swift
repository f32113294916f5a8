// The rows of the golden test: what is typed, how it ends, and the first line of standard error.
// GoldenTests.swift says what the words in braces stand for and what is done with each row.

extension GoldenRow {
  static let tables: [(title: String, rows: [GoldenRow])] = [
    ("Words", syntax),
    ("Machine, harts, memory, engine", machine),
    ("Devices, objects, global defaults, configuration files", devices),
    ("Disks", block),
    ("Display", display),
    ("Networks", network),
    ("Consoles", character),
    ("Boot", boot),
    ("Debugging and the rest", debug),
    ("Help", help),
    ("What QEMU has removed, or has for other processors", removed),
  ]

  // MARK: Words

  private static let syntax: [GoldenRow] = [
    GoldenRow("-foo", 1, "-foo: invalid option"),
    GoldenRow("-M virt disk.img", 1, "disk.img: Could not open 'disk.img': No such file or directory"),
    GoldenRow("-M virt -drive=x -display none", 1, "-drive=x: invalid option"),
    GoldenRow("-M virt -h=x", 1, "-h=x: invalid option"),
    GoldenRow("-M virt - -display none", 1, "-: invalid option"),
    GoldenRow("-M virt -- -display none", 1, "--: invalid option"),
    GoldenRow("-M virt --- -display none", 1, "---: invalid option"),
    GoldenRow("-M virt -display none -nographics", 1, "-nographics: invalid option"),
    GoldenRow("-M virt -display none -memory 5", 1, "-memory: invalid option"),
  ]

  // MARK: Machine, harts, memory, engine

  private static let machine: [GoldenRow] = [
    GoldenRow("-M virt -display none {off}", 0, ""),
    GoldenRow("--machine virt --display none {off}", 0, ""),
    GoldenRow("-machine nope", 1, #"unsupported machine type: "nope""#),
    GoldenRow("-machine virt -cpu nope -display none", 1, "unable to find CPU model 'nope'"),
    GoldenRow("-machine virt -cpu cortex-a53 -display none", 1, "unable to find CPU model 'cortex-a53'"),
    GoldenRow(
      "-machine virt -cpu rv64,foo=on -display none", 1,
      "can't apply global rv64-riscv-cpu.foo=on: Property 'rv64-riscv-cpu.foo' not found"),
    GoldenRow(
      "-machine virt -cpu rv64,v=maybe -display none", 1,
      "can't apply global rv64-riscv-cpu.v=maybe: Parameter 'v' expects 'on' or 'off'"),
    GoldenRow("-M virt -smp 0", 1, "Invalid CPU topology: CPU topology parameters must be greater than zero"),
    GoldenRow("-M virt -smp 513", 1, "Invalid SMP CPUs 513. The max CPUs supported by machine 'virt' is 512"),
    GoldenRow("-M virt -m 4x", 1, "-m 4x: Parameter 'size' expects a non-negative number below 2^64"),
    GoldenRow("-M virt -m 0 -display none {off}", 0, ""),
    GoldenRow("-M virt -m 1T -display none {off}", 0, "", .differs("RAM is taken when it is used")),
    GoldenRow("-M virt,aia=foo", 1, "Invalid AIA interrupt controller type"),
    GoldenRow("-M virt,aclint=maybe", 1, "Parameter 'aclint' expects 'on' or 'off'"),
    GoldenRow("-M virt,foo=1", 1, "Property 'virt-machine.foo' not found"),
    GoldenRow("-M virt -accel kvm", 1, "-accel kvm: invalid accelerator kvm"),
    GoldenRow("-M virt -enable-kvm", 1, "invalid accelerator kvm"),
    GoldenRow("-M virt -accel kvm -accel tcg -display none {off}", 0, "-accel kvm: invalid accelerator kvm"),
    GoldenRow("-M virt,accel=kvm:tcg -display none {off}", 0, "invalid accelerator kvm"),
    GoldenRow("-M virt,accel=foo", 1, "invalid accelerator foo"),
    GoldenRow("-M virt -accel foo", 1, "-accel foo: invalid accelerator foo"),
    GoldenRow("-M virt -accel tcg,thread=foo", 1, "-accel tcg,thread=foo: Invalid 'thread' setting foo"),
    GoldenRow("-M virt -accel tcg,foo=on", 1, "-accel tcg,foo=on: Property 'tcg-accel.foo' not found"),
    GoldenRow("-M virt -display none,foo=1", 1, "-display none,foo=1: Parameter 'foo' is unexpected"),
    GoldenRow("-M virt -boot order=c -display none {off}", 0, ""),
    GoldenRow("-M virt -boot c -display none {off}", 0, ""),
    GoldenRow("-M virt -boot menu=on,strict=off -display none {off}", 0, ""),
    GoldenRow("-M virt -boot order=z -display none {off}", 1, "Invalid boot device 'z'"),
    GoldenRow("-M virt -boot foo=1 -display none {off}", 1, "Parameter 'boot.foo' is unexpected"),
    GoldenRow(
      "-M virt -boot once=d,reboot-timeout=x -display none {off}", 1,
      "Parameter 'boot.reboot-timeout' expects integer"),
    GoldenRow(
      "-M virt -boot reboot-timeout=99999 -display none {off}", 1,
      "reboot timeout is invalid,it should be a value between -1 and 65535"),
    GoldenRow("-M virt -boot order=cc -display none {off}", 1, "Boot device 'c' was given twice"),
    GoldenRow("-M virt -name foo,process=x,debug-threads=on -display none {off}", 0, ""),
    GoldenRow("-M virt -name foo,bar=1 -display none {off}", 1, "-name foo,bar=1: Invalid parameter 'bar'"),
    GoldenRow("-M virt -uuid 1 -display none {off}", 1, "-uuid 1: failed to parse UUID string: wrong format"),
    GoldenRow("-M virt -uuid 12345678-1234-1234-1234-123456789abc -display none {off}", 0, ""),
    GoldenRow(
      "-object memory-backend-ram,id=m,size=128M -machine memory-backend=m -M virt -display none {off}", 0, ""
    ),
    GoldenRow(
      "-object memory-backend-ram,id=m,size=64M,prealloc=on,merge=off,dump=off,prealloc-threads=2 -machine memory-backend=m -M virt -display none {off}",
      0, ""),
    GoldenRow(
      "-object memory-backend-memfd,id=m,size=64M,share=on,seal=off -machine memory-backend=m -m 64M -M virt -display none {off}",
      0, ""),
    GoldenRow(
      "-object memory-backend-ram,id=m,size=64M -machine memory-backend=m -m 128M -M virt -display none {off}",
      1, "Machine memory size does not match the size of the memory backend"),
    GoldenRow(
      "-object memory-backend-ram,id=m -M virt -display none {off}", 1,
      "-object memory-backend-ram,id=m: Parameter 'size' is missing"),
    GoldenRow(
      "-object memory-backend-ram,size=64M -M virt -display none {off}", 1,
      "-object memory-backend-ram,size=64M: Parameter 'id' is missing"),
    GoldenRow("-M virt,memory-backend=foo -display none {off}", 1, "Memory backend 'foo' not found"),
    GoldenRow(
      "-object memory-backend-file,id=m,size=64M -M virt -display none {off}", 1,
      "-object memory-backend-file,id=m,size=64M: Parameter 'mem-path' is missing"),
    GoldenRow(
      "-object memory-backend-file,id=m,size=128M,mem-path=/nope/x -machine memory-backend=m -M virt -display none {off}",
      1, "can't open backing store /nope/x for guest RAM: No such file or directory"),
    GoldenRow(
      "-object memory-backend-file,id=m,size=128M,mem-path=k.bin -machine memory-backend=m -M virt -display none {off}",
      1, "m backing store size 0x200 is too small for 'size' option 0x8000000 plus 'offset' option 0x0"),
    GoldenRow(
      "-object memory-backend-ram,id=m,size=foo -M virt -display none {off}", 1,
      "-object memory-backend-ram,id=m,size=foo: Parameter 'size' expects a size value"),
    GoldenRow(
      "-object memory-backend-ram,id=m,size=0 -M virt -display none {off}", 1,
      "property 'size' of memory-backend-ram doesn't take value '0'"),
    GoldenRow(
      "-object memory-backend-ram,id=m,size=64M,foo=1 -M virt -display none {off}", 1,
      "-object memory-backend-ram,id=m,size=64M,foo=1: Invalid parameter 'foo'"),
    GoldenRow(
      "-object memory-backend-ram,id=m,size=64M,share=maybe -M virt -display none {off}", 1,
      "-object memory-backend-ram,id=m,size=64M,share=maybe: Parameter 'share' expects 'on' or 'off'"),
    GoldenRow("-mem-path /tmp -m 32M -mem-prealloc -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-mem-path /nope/q -M virt -display none {off}", 1,
      "can't open backing store /nope/q for guest RAM: No such file or directory"),
    GoldenRow(
      "-mem-path /tmp -object memory-backend-ram,id=m,size=128M -machine memory-backend=m -M virt -display none {off}",
      1, "'-mem-path' can't be used together with'-machine memory-backend'"),
    GoldenRow(
      "-object iothread,id=io,poll-max-ns=0 -drive if=none,id=d,file=k.bin,format=raw -device virtio-blk-device,drive=d,iothread=io -M virt -display none {off}",
      0, ""),
    GoldenRow(
      "-drive if=none,id=d,file=k.bin,format=raw -device virtio-blk-device,drive=d,iothread=zz -M virt -display none {off}",
      1, "-device virtio-blk-device,drive=d,iothread=zz: Device 'zz' not found"),
    GoldenRow(
      "-object iothread,id=io,foo=1 -M virt -display none {off}", 1,
      "-object iothread,id=io,foo=1: Invalid parameter 'foo'"),
    GoldenRow("-overcommit mem-lock=off,cpu-pm=on -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-overcommit foo=1 -M virt -display none {off}", 1, "-overcommit foo=1: Invalid parameter 'foo'"),
    GoldenRow(
      "-object memory-backend-ram,id=m,size=64M -M virt -display none {off}", 0,
      "-object memory-backend-ram,id=m,size=64M: warning: nothing uses this memory; -machine memory-backend=m makes it the machine's",
      .differs("Memory that nothing uses")),
    GoldenRow(
      #"-M virt -machine '{"type":"virt"}' -display none {off}"#, 1,
      #"unsupported machine type: "{"type":"virt"}""#),
    GoldenRow(
      #"-M virt -m '{"size":1}' -display none {off}"#, 1,
      #"-m {"size":1}: Parameter 'size' expects a non-negative number below 2^64"#),
    GoldenRow(
      "-M virt -m 128,slots=x -display none {off}", 1, "-m 128,slots=x: Parameter 'slots' expects a number"),
    GoldenRow(
      "-M virt -m 128,slots -display none {off}", 1,
      "-m 128,slots: warning: short-form boolean option 'slots' deprecated"),
    GoldenRow(
      "-M virt -m 128M,maxmem=64M -display none {off}", 1,
      "invalid value of maxmem: maximum memory size (0x4000000) must be at least the initial memory size (0x8000000)"
    ),
    GoldenRow(
      "-M virt -m 128M,maxmem=256M -display none {off}", 1,
      "-m 128M,maxmem=256M: pluggable memory (slots, maxmem) is not there yet in Apus", .later),
    GoldenRow(
      "-M virt -m 128M,slots=2,maxmem=256M -display none {off}", 1,
      "-m 128M,slots=2,maxmem=256M: pluggable memory (slots, maxmem) is not there yet in Apus", .later),
    GoldenRow("-M virt -smp 2,foo -display none {off}", 1, "-smp 2,foo: Expected '=' after parameter 'foo'"),
    GoldenRow(
      "-M virt -smp 1,cores=0 -display none", 1,
      "Invalid CPU topology: CPU topology parameters must be greater than zero"),
    GoldenRow("-M virt -smp 4,sockets=2,cores=2,threads=1 -display none {off}", 0, ""),
    GoldenRow("-M virt -smp 0x2 -display none {off}", 0, ""),
    GoldenRow("-M virt -smp 99999999999999999999 -display none", 1, "Parameter 'smp.cpus' expects integer"),
    GoldenRow(
      "-M virt -m -1 -display none {off}", 1, "-m -1: Value '-1' is out of range for parameter 'size'"),
    GoldenRow(
      "-M virt -m 1Z -display none {off}", 1,
      "-m 1Z: Parameter 'size' expects a non-negative number below 2^64"),
    GoldenRow("-M virt -m 1.5G -display none {off}", 0, ""),
    GoldenRow(
      "-M virt -m 1.5 -display none {off}", 1,
      "-m 1.5: Parameter 'size' expects a non-negative number below 2^64"),
    GoldenRow("-M virt -m 0.5k -display none {off}", 1, "No enough memory to place DTB after kernel/initrd"),
    GoldenRow("-M virt -m 64M,size=128M -display none {off}", 0, ""),
    GoldenRow("-M virt -m 1k -display none {off}", 1, "No enough memory to place DTB after kernel/initrd"),
    GoldenRow(
      "-M virt -m 16E -display none {off}", 1, "-m 16E: Value '16E' is out of range for parameter 'size'"),
    GoldenRow(
      "-M virt -m 128MB -display none {off}", 1,
      "-m 128MB: Parameter 'size' expects a non-negative number below 2^64"),
    GoldenRow(#"-M virt -m "" -display none {off}"#, 0, ""),
    GoldenRow(
      "-M virt -m size= -display none {off}", 1,
      "-m size=: Parameter 'size' expects a non-negative number below 2^64"),
    GoldenRow("-M virt -M aclint=on -display none {off}", 0, ""),
    GoldenRow("-M aclint=on -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-M virt,aclint -display none {off}", 1, "-M virt,aclint: Expected '=' after parameter 'aclint'"),
    GoldenRow("-M virt,aclint=on,aclint=off -display none {off}", 0, ""),
    GoldenRow("-M virt,aia-guests=9 -display none {off}", 1, "Invalid number of AIA IMSIC guests"),
    GoldenRow("-M virt,acpi=foo -display none {off}", 1, "Parameter 'acpi' does not accept value 'foo'"),
    GoldenRow(
      "-M virt,iommu-sys=foo -display none {off}", 1, "Parameter 'iommu-sys' does not accept value 'foo'"),
    GoldenRow("-M virt,dumpdtb=x.dtb -display none", 0, ""),
    GoldenRow("-M virt,kernel=off.bin,firmware=none -display none", 0, ""),
    GoldenRow("-M virt,mem-merge=foo -display none {off}", 1, "Parameter 'mem-merge' expects 'on' or 'off'"),
    GoldenRow("-M virt,usb=foo -display none {off}", 1, "Parameter 'usb' expects 'on' or 'off'"),
    GoldenRow("-M virt,graphics=off -display none {off}", 0, ""),
    GoldenRow("-M virt,append=x -display none", 1, "-append only allowed with -kernel option"),
    GoldenRow("-M virt,type=nope -display none", 1, #"unsupported machine type: "nope""#),
    GoldenRow("-machine type=virt -display none {off}", 0, ""),
    GoldenRow("-machine foo,type=virt -display none {off}", 0, ""),
    GoldenRow("-machine virt, -display none {off}", 0, ""),
    GoldenRow("-machine virt,=1 -display none {off}", 1, "-machine virt,=1: Invalid parameter ''"),
    GoldenRow(
      "-accel tcg,tb-size=x -M virt -display none {off}", 1,
      "-accel tcg,tb-size=x: Parameter 'tb-size' expects uint64"),
    GoldenRow(
      "-accel tcg,one-insn-per-tb=x -M virt -display none {off}", 1,
      "-accel tcg,one-insn-per-tb=x: Parameter 'one-insn-per-tb' expects 'on' or 'off'"),
    GoldenRow(
      "-accel tcg,split-wx=x -M virt -display none {off}", 1,
      "-accel tcg,split-wx=x: Parameter 'split-wx' expects 'on' or 'off'"),
    GoldenRow("-accel tcg,thread=single -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-accel tcg -M virt,accel=tcg -display none {off}", 1,
      #"The -accel and "-machine accel=" options are incompatible"#),
    GoldenRow("-accel kvm -accel xen -M virt -display none {off}", 1, "-accel kvm: invalid accelerator kvm"),
    GoldenRow(#"-cpu "" -M virt -display none {off}"#, 1, "-cpu option cannot be empty"),
    GoldenRow("-cpu rv64, -M virt -display none {off}", 0, ""),
    GoldenRow("-cpu rv64,x -M virt -display none {off}", 1, "Expected key=value format, found x."),
    GoldenRow("-cpu rv64,+zba -M virt -display none {off}", 1, "Expected key=value format, found +zba."),
    GoldenRow("-cpu rv64,zba -M virt -display none {off}", 1, "Expected key=value format, found zba."),
    GoldenRow("-cpu rv64,zba=off,zbb=false -M virt -display none {off}", 0, ""),
    GoldenRow("-cpu rv64,pmp=off -M virt -display none {off}", 0, ""),
    GoldenRow("-cpu sifive-u54 -M virt -display none {off}", 0, ""),
    GoldenRow("-cpu host -M virt -display none {off}", 1, "unable to find CPU model 'host'"),
    GoldenRow(
      "-cpu rva23s64 -M virt -display none {off}", 1,
      "CPU model 'rva23s64' is not there yet: it needs v, h, zvbb, zvfhmin, zvkt, sha, smnpm, smstateen, sscofpmf, ssnpm, ssstateen, supm",
      .later),
    GoldenRow(#"-name "" -M virt -display none {off}"#, 0, ""),
    GoldenRow(
      "-name a,debug-threads=x -M virt -display none {off}", 1,
      "-name a,debug-threads=x: Parameter 'debug-threads' expects 'on' or 'off'"),
    GoldenRow("-name a,process= -M virt -display none {off}", 0, ""),
    GoldenRow(
      #"-uuid "" -M virt -display none {off}"#, 1, "-uuid : failed to parse UUID string: wrong format"),
    GoldenRow(
      "-audiodev foo -M virt -display none {off}", 1, "-audiodev foo: sound is not there yet in Apus", .later),
    GoldenRow(
      "-audio foo -M virt -display none {off}", 1, "-audio foo: sound is not there yet in Apus", .later),
    GoldenRow(
      "-smbios foo -M virt -display none {off}", 1, "-smbios foo: SMBIOS tables are not there yet in Apus",
      .later),
    GoldenRow(
      "-numa foo -M virt -display none {off}", 1, "-numa foo: NUMA nodes are not there yet in Apus", .later),
    GoldenRow("-M help", 0, ""),
    GoldenRow("-machine help", 0, ""),
    GoldenRow("-M virt,help", 0, ""),
    GoldenRow(
      "-M nope,help", 1, #"unsupported machine type: "nope""#, .differs("about a name that does not exist")),
    GoldenRow("-cpu help", 0, ""),
    GoldenRow("-M virt -cpu help", 0, ""),
    GoldenRow("-accel help", 0, ""),
    GoldenRow("-M virt -display none -smp 4 {off}", 0, ""),
    GoldenRow("-M virt -display none -smp cpus=2,cores=2 {off}", 0, ""),
    GoldenRow(
      "-M virt -display none -smp 2,cores=3 {off}", 1,
      "Invalid CPU topology: product of the hierarchy must match maxcpus: sockets (0) * cores (3) * threads (1) != maxcpus (2)"
    ),
    GoldenRow(
      "-M virt -display none -smp 4,maxcpus=2 {off}", 1,
      "Invalid CPU topology: maxcpus must be equal to or greater than smp: sockets (1) * cores (2) * threads (1) == maxcpus (2) < smp_cpus (4)"
    ),
    GoldenRow("-M virt -display none -smp x {off}", 1, "Parameter 'smp.cpus' expects integer"),
    GoldenRow(
      "-M virt -display none -smp 2,dies=2 {off}", 1, "dies > 1 not supported by this machine's CPU topology"),
    GoldenRow("-M virt -display none -smp 2,maxcpus=4 {off}", 0, ""),
    GoldenRow("-M virt -display none -m 256 {off}", 0, ""),
    GoldenRow("-M virt -display none -m 1G {off}", 0, ""),
    GoldenRow("-M virt -display none -m size=64M {off}", 0, ""),
    GoldenRow("-M virt -display none -m 128,foo=1 {off}", 1, "-m 128,foo=1: Invalid parameter 'foo'"),
    GoldenRow("-M virt -display none -m 128m {off}", 0, ""),
    GoldenRow("-M virt -display none -cpu max {off}", 0, ""),
    GoldenRow("-M virt -display none -cpu rv64,svpbmt=off {off}", 0, ""),
    GoldenRow("-M virt -display none -cpu rv64,sv39=on {off}", 0, ""),
    GoldenRow("-M virt -display none -cpu rv64,sv57=off {off}", 0, ""),
    GoldenRow("-M virt -display none -cpu rv64,mmu=off {off}", 0, ""),
    GoldenRow(
      "-M virt -display none -cpu rv64,zbaa=on {off}", 1,
      "can't apply global rv64-riscv-cpu.zbaa=on: Property 'rv64-riscv-cpu.zbaa' not found"),
    GoldenRow("-M virt,aclint=on -display none {off}", 0, ""),
    GoldenRow("-M virt,accel=tcg -display none {off}", 0, ""),
    GoldenRow("-M virt -accel tcg,thread=multi -smp 2 -display none {off}", 0, ""),
    GoldenRow("-M virt -accel tcg,one-insn-per-tb=on -display none {off}", 0, ""),
    GoldenRow("-M virt -accel tcg,tb-size=16 -display none {off}", 0, ""),
    GoldenRow("-M virt,dumpdtb=x.dtb -smp 2 -display none", 0, ""),
    GoldenRow("-M spike -display none", 1, "machine 'spike' is not there yet. Use -machine virt.", .later),
    GoldenRow(
      "-M sifive_u -display none -smp 1", 1, "machine 'sifive_u' is not there yet. Use -machine virt.", .later
    ),
    GoldenRow("-M none -display none", 1, "machine 'none' is not there yet. Use -machine virt.", .later),
    GoldenRow(
      "-display none {off}", 1,
      "No machine specified: the default, 'spike', is not there yet. Use -machine virt.", .later),
  ]

  // MARK: Devices, objects, global defaults, configuration files

  private static let devices: [GoldenRow] = [
    GoldenRow(
      "-M virt -device virtio-blk-device,drive=zz", 1,
      "-device virtio-blk-device,drive=zz: Property 'virtio-blk-device.drive' can't find value 'zz'"),
    GoldenRow("-M virt -device nope", 1, "-device nope: 'nope' is not a valid device model name"),
    GoldenRow(
      "-M virt -device virtio-blk-device -display none", 1,
      "-device virtio-blk-device: drive property not set"),
    GoldenRow(
      "-M virt -device virtio-net-device,netdev=zz", 1,
      "-device virtio-net-device,netdev=zz: Property 'virtio-net-device.netdev' can't find value 'zz'"),
    GoldenRow(
      "-M virt -device virtio-blk-device,drive=x,bus=virtio-mmio-bus.9 -drive if=none,id=x,file=k.bin,format=raw -display none",
      1, "-device virtio-blk-device,drive=x,bus=virtio-mmio-bus.9: Bus 'virtio-mmio-bus.9' not found"),
    GoldenRow(
      "-M virt -readconfig nope", 1, "-readconfig nope: Could not open 'nope': No such file or directory"),
    GoldenRow(
      "-M virt -global foo.bar=1 -display none {off}", 0, "warning: global foo.bar has invalid class name"),
    GoldenRow(
      "-M virt -global driver=foo,property=bar,value=1 -display none {off}", 0,
      "warning: global foo.bar has invalid class name"),
    GoldenRow(
      "-M virt -global foo -display none {off}", 1,
      "-global foo: warning: short-form boolean option 'foo' deprecated"),
    GoldenRow(
      "-M virt -global virtio-mmio.foo=1 -display none {off}", 1,
      "can't apply global virtio-mmio.foo=1: Property 'virtio-mmio.foo' not found"),
    GoldenRow(
      "-M virt -global virtio-mmio.force-legacy=maybe -display none {off}", 1,
      "can't apply global virtio-mmio.force-legacy=maybe: Parameter 'force-legacy' expects 'on' or 'off'"),
    GoldenRow("-M virt -set device.x.y=1", 1, #"-set device.x.y=1: there is no device "x" defined"#),
    GoldenRow("-M virt -set foo", 1, #"-set foo: can't parse: "foo""#),
    GoldenRow("-M virt -set foo.x.y=1", 1, "-set foo.x.y=1: There is no option group 'foo'"),
    GoldenRow("-M virt -set device.x=1", 1, #"-set device.x=1: can't parse: "device.x=1""#),
    GoldenRow("-M virt -set device.x.y=", 1, #"-set device.x.y=: there is no device "x" defined"#),
    GoldenRow(
      "-M virt -object foo,id=x", 1, "-object foo,id=x: Parameter 'qom-type' does not accept value 'foo'"),
    GoldenRow(#"-M virt -device '{"driver":"virtio-rng-device"}' -display none {off}"#, 0, ""),
    GoldenRow(
      #"-M virt -device '{"driver":"nope"}' -display none {off}"#, 1,
      #"-device {"driver":"nope"}: 'nope' is not a valid device model name"#),
    GoldenRow(
      #"-M virt -device '{"driver":' -display none {off}"#, 1,
      #"-device {"driver":: JSON parse error, premature EOI"#),
    GoldenRow(
      #"-M virt -device '{"driver":"virtio-rng-device"} x' -display none {off}"#, 1,
      #"-device {"driver":"virtio-rng-device"} x: Expecting at most one JSON value"#),
    GoldenRow(
      #"-M virt -device '{"id":"x"}' -display none {off}"#, 1,
      #"-device {"id":"x"}: Parameter 'driver' is missing"#),
    GoldenRow(
      #"-M virt -device '{"driver":"virtio-rng-device","foo":1}' -display none {off}"#, 1,
      #"-device {"driver":"virtio-rng-device","foo":1}: Property 'virtio-rng-device.foo' not found"#),
    GoldenRow(
      #"-M virt -device '{"driver":"virtio-rng-device","max-bytes":"1"}' -display none {off}"#, 0, "",
      .differs("JSON arguments")),
    GoldenRow(
      #"-M virt -device '{"driver":"virtio-rng-device","max-bytes":1024}' -display none {off}"#, 0, ""),
    GoldenRow(
      #"-M virt -device '{"driver":"virtio-rng-device","max-bytes":1024.5}' -display none {off}"#, 1,
      #"-device {"driver":"virtio-rng-device","max-bytes":1024.5}: Parameter 'max-bytes' expects integer"#,
      .differs("JSON arguments")),
    GoldenRow(
      #"-M virt -device '{"driver":3}' -display none {off}"#, 1,
      #"-device {"driver":3}: '3' is not a valid device model name"#, .differs("JSON arguments")),
    GoldenRow(
      #"-M virt -device '{"driver":"virtio-rng-device","id":"1x"}' -display none {off}"#, 1,
      #"-device {"driver":"virtio-rng-device","id":"1x"}: Parameter 'id' expects an identifier"#,
      .differs("JSON arguments")),
    GoldenRow("-M virt -device '{}' -display none {off}", 1, "-device {}: Parameter 'driver' is missing"),
    GoldenRow(
      #"-M virt -device "{'driver':'virtio-rng-device'}" -display none {off}"#, 1,
      "-device {'driver':'virtio-rng-device'}: JSON parse error, string or '}' expected near ''' at character 2",
      .differs("JSON arguments")),
    GoldenRow(#"-M virt -object '{"qom-type":"rng-builtin","id":"x"}' -display none {off}"#, 0, ""),
    GoldenRow(
      #"-M virt -object '{"qom-type":"foo","id":"x"}' -display none {off}"#, 1,
      #"-object {"qom-type":"foo","id":"x"}: Parameter 'qom-type' does not accept value 'foo'"#),
    GoldenRow(
      #"-M virt -object '{"qom-type":"rng-builtin"}' -display none {off}"#, 1,
      #"-object {"qom-type":"rng-builtin"}: Parameter 'id' is missing"#),
    GoldenRow(
      #"-M virt -object '{"qom-type":"rng-builtin","id":"x","foo":1}' -display none {off}"#, 1,
      #"-object {"qom-type":"rng-builtin","id":"x","foo":1}: Invalid parameter 'foo'"#,
      .differs("JSON arguments")),
    GoldenRow(
      "-M virt -device virtio-rng-device,foo=1 -display none {off}", 1,
      "-device virtio-rng-device,foo=1: Property 'virtio-rng-device.foo' not found"),
    GoldenRow(
      "-M virt -device virtio-rng-device,max-bytes=x -display none {off}", 1,
      "-device virtio-rng-device,max-bytes=x: Parameter 'max-bytes' expects integer"),
    GoldenRow(
      "-M virt -device virtio-rng-device,id=1x -display none {off}", 1,
      "-device virtio-rng-device,id=1x: Parameter 'id' expects an identifier"),
    GoldenRow(
      "-M virt -device virtio-rng-device,id=x -device virtio-rng-device,id=x -display none {off}", 1,
      "-device virtio-rng-device,id=x: Duplicate ID 'x' for device"),
    GoldenRow(
      "-M virt -device virtio-rng-device,rng=zz -display none {off}", 1,
      "-device virtio-rng-device,rng=zz: Device 'zz' not found"),
    GoldenRow("-M virt -device virtio-rng-pci -display none {off}", 0, ""),
    GoldenRow(
      "-M virt -device virtio-rng-pci,addr=1f.7,bus=pcie.0,romfile=,vectors=0 -display none {off}", 0, ""),
    GoldenRow(
      "-M virt -device virtio-rng,id=a -device virtio-rng-pci-transitional -display none {off}", 0, ""),
    GoldenRow("-M virt -device virtio-rng-pci-non-transitional,page-per-vq=on -display none {off}", 0, ""),
    GoldenRow(
      "-M virt -device virtio-rng-pci,id=a,addr=1 -device virtio-rng-pci,addr=1 -display none {off}", 1,
      "-device virtio-rng-pci,addr=1: PCI: slot 1 function 0 not available for virtio-rng-pci, in use by virtio-rng-pci,id=a"
    ),
    GoldenRow(
      "-M virt -device virtio-rng-pci,addr=0 -display none {off}", 1,
      "-device virtio-rng-pci,addr=0: PCI: slot 0 function 0 not available for virtio-rng-pci, in use by gpex-root,id=(null)"
    ),
    GoldenRow(
      "-M virt -device virtio-rng-pci,addr=1 -device virtio-rng-pci,addr=1.1 -display none {off}", 1,
      "-device virtio-rng-pci,addr=1.1: PCI: single function device can't be populated in function 1.1"),
    GoldenRow(
      "-M virt -device virtio-rng-pci,addr=1.1 -device virtio-rng-pci,addr=1 -display none {off}", 1,
      "-device virtio-rng-pci,addr=1: PCI: 1.0 indicates single function, but 1.1 is already populated."),
    GoldenRow(
      "-M virt -device virtio-rng-pci,addr=1,multifunction=on -device virtio-rng-pci,addr=0x1.0x1 -display none {off}",
      0, ""),
    GoldenRow(
      "-M virt -device virtio-rng-pci,addr=20 -display none {off}", 1,
      "-device virtio-rng-pci,addr=20: Property 'virtio-rng-pci.addr' doesn't take value '20'"),
    GoldenRow(
      "-M virt -device virtio-rng-pci,addr=1.8 -display none {off}", 1,
      "-device virtio-rng-pci,addr=1.8: Property 'virtio-rng-pci.addr' doesn't take value '1.8'"),
    GoldenRow(
      "-M virt -device virtio-rng-pci,addr= -display none {off}", 1,
      "-device virtio-rng-pci,addr=: Property 'virtio-rng-pci.addr' doesn't take value ''"),
    GoldenRow(
      "-M virt -device virtio-rng-pci,bus=pci.0 -display none {off}", 1,
      "-device virtio-rng-pci,bus=pci.0: Bus 'pci.0' not found"),
    GoldenRow(
      "-M virt -device virtio-rng-pci,bus=virtio-mmio-bus.0 -display none {off}", 1,
      "-device virtio-rng-pci,bus=virtio-mmio-bus.0: Device 'virtio-rng-pci' can't go on virtio-mmio-bus bus"),
    GoldenRow(
      "-M virt -device virtio-rng-device,bus=pcie.0 -display none {off}", 1,
      "-device virtio-rng-device,bus=pcie.0: Device 'virtio-rng-device' can't go on PCIE bus"),
    GoldenRow(
      "-M virt -device virtio-rng-pci,disable-legacy=on,disable-modern=on -display none {off}", 1,
      "-device virtio-rng-pci,disable-legacy=on,disable-modern=on: device cannot work as neither modern nor legacy mode is enabled"
    ),
    GoldenRow(
      "-M virt -device virtio-rng-pci,disable-legacy=maybe -display none {off}", 1,
      "-device virtio-rng-pci,disable-legacy=maybe: Parameter 'disable-legacy' does not accept value 'maybe'"),
    GoldenRow(
      "-M virt -device virtio-rng-pci,disable-modern=maybe -display none {off}", 1,
      "-device virtio-rng-pci,disable-modern=maybe: Parameter 'disable-modern' expects 'on' or 'off'"),
    GoldenRow(
      "-M virt -device virtio-rng-pci-transitional,disable-legacy=on -display none {off}", 1,
      "-device virtio-rng-pci-transitional,disable-legacy=on: Property 'virtio-rng-pci-transitional.disable-legacy' not found"
    ),
    GoldenRow(
      "-M virt -device virtio-rng-pci,vectors=2049 -display none {off}", 1,
      "-device virtio-rng-pci,vectors=2049: unable to init msix vectors to 2049",
      .differs("more than 2048 `vectors=`")),
    GoldenRow(
      "-M virt -device virtio-rng-pci,ats=on -display none {off}", 1,
      "-device virtio-rng-pci,ats=on: Property 'virtio-rng-pci.ats' is not there yet in Apus", .later),
    GoldenRow(
      "-M virt -device virtio-rng,foo=1 -display none {off}", 1,
      "-device virtio-rng,foo=1: Property 'virtio-rng-pci.foo' not found"),
    GoldenRow(
      "-M virt -global virtio-pci.foo=1 -device virtio-rng-pci -display none {off}", 1,
      "-device virtio-rng-pci: can't apply global virtio-pci.foo=1: Property 'virtio-rng-pci.foo' not found"),
    GoldenRow(
      "-M virt -global virtio-rng-device.foo=1 -device virtio-rng-pci -display none {off}", 1,
      "-device virtio-rng-pci: can't apply global virtio-rng-device.foo=1: Property 'virtio-rng-device.foo' not found"
    ),
    GoldenRow(
      "-M virt -global virtio-pci.disable-legacy=on -device virtio-rng-pci -display none {off}", 0, ""),
    GoldenRow(
      "-M virt -device gpex-root -display none {off}", 1,
      "-device gpex-root: Parameter 'driver' expects a pluggable device type"),
    GoldenRow(
      "-M virt -device virtio-blk-pci -display none {off}", 1,
      "-device virtio-blk-pci: drive property not set"),
    GoldenRow(
      "-M virt -device virtio-blk-pci,drive=zz -display none {off}", 1,
      "-device virtio-blk-pci,drive=zz: Property 'virtio-blk-device.drive' can't find value 'zz'"),
    GoldenRow(
      "-M virt -drive if=none,id=x,file=k.bin,format=raw -device virtio-blk,drive=x,addr=5 -display none {off}",
      0, ""),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw -device virtio-blk-pci,drive=virtio0 -display none {off}", 1,
      "-drive file=k.bin,format=raw: Drive 'virtio0' is already in use because it has been automatically connected to another device (did you need 'if=none' in the drive options?)"
    ),
    GoldenRow(
      "-M virt -device virtio-serial-pci -device virtconsole,bus=virtio-serial-bus.0 -display none {off}", 0,
      ""),
    GoldenRow(
      "-M virt -device virt-machine -display none {off}", 1,
      "-device virt-machine: 'virt-machine' is not a valid device model name"),
    GoldenRow(
      "-M virt -device plic -display none {off}", 1, "-device plic: 'plic' is not a valid device model name"),
    GoldenRow("-M virt -device -display none", 1, "none: Could not open 'none': No such file or directory"),
    GoldenRow("-M virt -device ,id=x -display none", 1, "-device ,id=x: '' is not a valid device model name"),
    GoldenRow(
      "-M virt -device virtio-rng-device,foo -display none {off}", 1,
      "-device virtio-rng-device,foo: warning: short-form boolean option 'foo' deprecated"),
    GoldenRow(
      "-M virt -device virtio-blk-device,drive=x,scsi -drive if=none,id=x,file=k.bin,format=raw -display none {off}",
      1, "-device virtio-blk-device,drive=x,scsi: warning: short-form boolean option 'scsi' deprecated"),
    GoldenRow(
      "-M virt -device virtio-blk-device,drive=x,nodrive -drive if=none,id=x,file=k.bin,format=raw -display none {off}",
      1, "-device virtio-blk-device,drive=x,nodrive: warning: short-form boolean option 'nodrive' deprecated"),
    GoldenRow("-global virtio-mmio.force-legacy=off -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-global driver=virtio-mmio,property=force-legacy,value=off -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-global driver=virtio-mmio,property=force-legacy -M virt -display none {off}", 1,
      "-global driver=virtio-mmio,property=force-legacy: options 'driver', 'property', and 'value' are required"
    ),
    GoldenRow(
      "-global driver=virtio-mmio,foo=force-legacy -M virt -display none {off}", 1,
      "-global driver=virtio-mmio,foo=force-legacy: Invalid parameter 'foo'"),
    GoldenRow(
      "-global rv64-riscv-cpu.foo=on -M virt -display none {off}", 1,
      "can't apply global rv64-riscv-cpu.foo=on: Property 'rv64-riscv-cpu.foo' not found"),
    GoldenRow("-global rv64-riscv-cpu.zba=off -M virt -display none {off}", 0, ""),
    GoldenRow("-global virtio-rng-device.foo=1 -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-global virtio-rng-device.foo=1 -M virt -device virtio-rng-device -display none {off}", 1,
      "-device virtio-rng-device: can't apply global virtio-rng-device.foo=1: Property 'virtio-rng-device.foo' not found"
    ),
    GoldenRow("-global virtio-blk-pci.foo=1 -M virt -display none {off}", 0, ""),
    GoldenRow("-global .foo=1 -M virt -display none {off}", 1, "-global .foo=1: Invalid parameter '.foo'"),
    GoldenRow(
      "-global a.b.c=1 -M virt -display none {off}", 0, "warning: global a.b.c has invalid class name"),
    GoldenRow(
      "-M virt -display none -readconfig bad.cfg", 1, ":bad.cfg:4: 'nope' is not a valid device model name"),
    GoldenRow("-M virt -display none -readconfig bad2.cfg", 1, "Property 'virt-machine.foo' not found"),
    GoldenRow(
      "-M virt -display none -readconfig bad3.cfg", 1,
      "-readconfig bad3.cfg: There is no option group 'nosuch'"),
    GoldenRow(
      "-M virt -display none -readconfig bad4.cfg", 1, "-readconfig bad4.cfg: parse error",
      .differs("`-readconfig`")),
    GoldenRow(
      "-M virt -display none -readconfig bad6.cfg", 1, "-readconfig bad6.cfg: parse error",
      .differs("`-readconfig`")),
    GoldenRow(
      "-M virt -display none -readconfig bad7.cfg", 1,
      ":bad7.cfg:3: Property 'virtio-rng-device.foo' not found"),
    GoldenRow(
      "-M virt -display none -readconfig bad8.cfg", 1,
      ":bad8.cfg:3: Could not open 'nope.img': No such file or directory"),
    GoldenRow("-display none -readconfig good3.cfg -no-reboot", 0, ""),
    GoldenRow(
      "-M virt -display none -device virtio-rng-device,id=x -set device.x.max-bytes=1024 {off}", 0, ""),
    GoldenRow(
      "-M virt -display none -device virtio-rng-device,id=x -set device.x.foo=1024 {off}", 1,
      "-device virtio-rng-device,id=x: Property 'virtio-rng-device.foo' not found"),
    GoldenRow(
      "-M virt -display none -device virtio-rng-device,id=x -set device.y.foo=1024 {off}", 1,
      #"-set device.y.foo=1024: there is no device "y" defined"#),
    GoldenRow(
      "-M virt -display none -set drive.x.file=k.bin -drive if=none,id=x,file=nope {off}", 1,
      #"-set drive.x.file=k.bin: there is no drive "x" defined"#),
    GoldenRow("-M virt -display none -set foo.x.y=1", 1, "-set foo.x.y=1: There is no option group 'foo'"),
    GoldenRow("-M virt -display none -set foo", 1, #"-set foo: can't parse: "foo""#),
    GoldenRow(
      "-M virt -display none -device loader, addr=0x80001000, cpu-num=0", 1,
      "addr=0x80001000,: Could not open 'addr=0x80001000,': No such file or directory"),
    GoldenRow(
      "-M virt -display none -device loader,addr=0x80001000, cpu-num=0", 1,
      "cpu-num=0: Could not open 'cpu-num=0': No such file or directory"),
    GoldenRow(
      #"-M virt -display none -device "loader, addr=0x80001000""#, 1,
      "-device loader, addr=0x80001000: Property 'loader. addr' not found"),
    GoldenRow(
      "-M virt -display none -device virtio-blk-devise,drive=x", 1,
      "-device virtio-blk-devise,drive=x: 'virtio-blk-devise' is not a valid device model name"),
    GoldenRow("-M virt -device virtio-blk-device,help", 0, ""),
    GoldenRow(
      "-M virt -device nope,help", 1, "-device nope,help: Device 'nope' not found",
      .differs("about a name that does not exist")),
    GoldenRow("-object help", 0, ""),
    GoldenRow(
      "-M virt -display none -object rng-random,id=r,filename=/dev/urandom -device virtio-rng-device,rng=r {off}",
      0, ""),
    GoldenRow("-M virt -display none -object rng-builtin,id=r -device virtio-rng-device,rng=r {off}", 0, ""),
    GoldenRow(
      "-M virt -display none -object rng-random,id=r,filename=/nope {off}", 1,
      "Could not open '/nope': No such file or directory"),
    GoldenRow(
      "-M virt -display none -object rng-random {off}", 1, "-object rng-random: Parameter 'id' is missing"),
    GoldenRow(
      "-M virt -display none -object rng-random,id=1x {off}", 1,
      "-object rng-random,id=1x: Parameter 'id' expects an identifier"),
    GoldenRow(
      "-M virt -display none -object rng-random,id=x,foo=1 {off}", 1,
      "-object rng-random,id=x,foo=1: Invalid parameter 'foo'"),
    GoldenRow(
      "-M virt -display none -object rng-builtin,id=x -object rng-builtin,id=x {off}", 1,
      "-object rng-builtin,id=x: Duplicate ID 'x' for object"),
    GoldenRow(#"-M virt -display none -object "" {off}"#, 1, "-object : Parameter 'qom-type' is missing"),
    GoldenRow(
      "-M virt -display none -device virtio-serial-device -device virtconsole,chardev=c -chardev null,id=c {off}",
      0, ""),
    GoldenRow(
      "-M virt -display none -device virtconsole,chardev=c -chardev null,id=c {off}", 1,
      "-device virtconsole,chardev=c: No 'virtio-serial-bus' bus found for device 'virtconsole'"),
    GoldenRow(
      "-M virt -display none -device virtio-serial-device,bus=foo {off}", 1,
      "-device virtio-serial-device,bus=foo: Bus 'foo' not found"),
    GoldenRow(
      "-M virt -display none -device virtio-rng-device,bus=virtio-mmio-bus.3 -device virtio-rng-device,bus=virtio-mmio-bus.3 {off}",
      1, "-device virtio-rng-device,bus=virtio-mmio-bus.3: Bus 'virtio-mmio-bus.3' is full"),
    GoldenRow("-M virt -display none -device loader,file=k.bin,addr=0x80100000 {off}", 0, ""),
    GoldenRow(
      "-M virt -display none -device loader {off}", 1, "-device loader: please include valid arguments"),
    GoldenRow("-M virt -display none -device loader,file=nope {off}", 1, "nope: No such file or directory"),
    GoldenRow("-M virt -display none -device loader,addr=0x80100000,data=1,data-len=4 {off}", 0, ""),
    GoldenRow("-M virt -display none -device loader,addr=0x80000000,cpu-num=0 {off}", 0, ""),
    GoldenRow(
      "-M virt -display none -device loader,addr=0x80000000,cpu-num=9 {off}", 1,
      "-device loader,addr=0x80000000,cpu-num=9: Specified boot CPU#9 is nonexistent"),
    GoldenRow(
      "-M virt -display none -device loader,file=k.bin,force-raw=on,addr=x {off}", 1,
      "-device loader,file=k.bin,force-raw=on,addr=x: Parameter 'addr' expects integer"),
    GoldenRow("-M virt -global virtio-mmio.force-legacy=false -display none {off}", 0, ""),
  ]

  // MARK: Disks

  private static let block: [GoldenRow] = [
    GoldenRow(
      "-M virt -drive file=nope.img", 1,
      "-drive file=nope.img: Could not open 'nope.img': No such file or directory"),
    GoldenRow(
      "-M virt -cdrom k.bin -display none {off}", 0,
      "warning: -cdrom k.bin: this disk is a virtio-blk-pci, and 'off.bin' shows no sign of knowing PCI.",
      .differs("A disk without `if=none` is a virtio-blk-pci")),
    GoldenRow(
      "-M virt -hda k.bin -display none {off}", 0,
      "WARNING: Image format was not specified for 'k.bin' and probing guessed raw."),
    GoldenRow(
      "-M virt -hda nope -display none {off}", 1,
      "-hda nope: Could not open 'nope': No such file or directory"),
    GoldenRow(
      "-M virt -sd k.bin -display none {off}", 1,
      "WARNING: Image format was not specified for 'k.bin' and probing guessed raw."),
    GoldenRow(
      "-M virt -fda k.bin -display none {off}", 1,
      "WARNING: Image format was not specified for 'k.bin' and probing guessed raw."),
    GoldenRow(
      "-M virt -mtdblock k.bin -display none {off}", 1,
      "WARNING: Image format was not specified for 'k.bin' and probing guessed raw."),
    GoldenRow(
      #"-M virt -drive '{"file":"x"}' -display none {off}"#, 1,
      #"-drive {"file":"x"}: warning: short-form boolean option '{"file":"x"}' deprecated"#),
    GoldenRow(
      "-M virt -drive if=none,id=x,file=k.bin,format=raw,readonly -display none {off}", 0,
      "-drive if=none,id=x,file=k.bin,format=raw,readonly: warning: short-form boolean option 'readonly' deprecated"
    ),
    GoldenRow(
      "-M virt -drive if=none,id=x,file=k.bin,format=raw,snapshot -display none {off}", 0,
      "-drive if=none,id=x,file=k.bin,format=raw,snapshot: warning: short-form boolean option 'snapshot' deprecated"
    ),
    GoldenRow(
      "-M virt -drive file=k.bin,if=sd,format=raw -display none {off}", 1,
      "-drive file=k.bin,if=sd,format=raw: machine type does not support if=sd,bus=0,unit=0"),
    GoldenRow(
      "-M virt -drive file=k.bin,if=ide,format=raw -display none {off}", 1,
      "-drive file=k.bin,if=ide,format=raw: machine type does not support if=ide,bus=0,unit=0"),
    GoldenRow(
      "-M virt -drive file=k.bin,if=scsi,format=raw -display none {off}", 1,
      "-drive file=k.bin,if=scsi,format=raw: machine type does not support if=scsi,bus=0,unit=0"),
    GoldenRow(
      "-M virt -drive file=k.bin,if=floppy,format=raw -display none {off}", 1,
      "-drive file=k.bin,if=floppy,format=raw: machine type does not support if=floppy,bus=0,unit=0"),
    GoldenRow(
      "-M virt -drive file=k.bin,if=mtd,format=raw -display none {off}", 1,
      "-drive file=k.bin,if=mtd,format=raw: machine type does not support if=mtd,bus=0,unit=0"),
    GoldenRow(
      "-M virt -drive file=k.bin,if=xen,format=raw -display none {off}", 1,
      "-drive file=k.bin,if=xen,format=raw: if=xen drives are not there yet in Apus", .later),
    GoldenRow("-M virt -drive file=k.bin,if=none,format=raw -display none {off}", 0, ""),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,media=cdrom -display none {off}", 0,
      "warning: -drive file=k.bin,format=raw,media=cdrom: this disk is a virtio-blk-pci, and 'off.bin' shows no sign of knowing PCI.",
      .differs("A disk without `if=none` is a virtio-blk-pci")),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,media=foo -display none {off}", 1,
      "-drive file=k.bin,format=raw,media=foo: 'foo' invalid media"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=foo -display none {off}", 1,
      "-drive file=k.bin,format=foo: Unknown driver 'foo'"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=qcow2 -display none {off}", 1,
      "-drive file=k.bin,format=qcow2: qcow2 images are not there yet in Apus; 'qemu-img convert -O raw' makes a raw one",
      .later),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,index=x -display none {off}", 1,
      "-drive file=k.bin,format=raw,index=x: Parameter 'index' expects a number"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,index=1,bus=1 -display none {off}", 1,
      "-drive file=k.bin,format=raw,index=1,bus=1: index cannot be used with bus and unit"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,index=0 -drive file=k.bin,format=raw,index=0 -display none {off}",
      1, "-drive file=k.bin,format=raw,index=0: drive with bus=0, unit=0 (index=0) exists"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,cache=foo -display none {off}", 1,
      "-drive file=k.bin,format=raw,cache=foo: invalid cache option"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,aio=foo -display none {off}", 1,
      "-drive file=k.bin,format=raw,aio=foo: invalid aio option"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,werror=foo -display none {off}", 1,
      "-drive file=k.bin,format=raw,werror=foo: 'foo' invalid write error action"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,rerror=foo -display none {off}", 1,
      "-drive file=k.bin,format=raw,rerror=foo: 'foo' invalid read error action"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,werror=stop -display none {off}", 1,
      "-drive file=k.bin,format=raw,werror=stop: werror=stop is not there yet in Apus; errors are reported to the guest",
      .later),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,discard=foo -display none {off}", 1,
      "-drive file=k.bin,format=raw,discard=foo: Invalid discard option"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,detect-zeroes=foo -display none {off}", 1,
      "-drive file=k.bin,format=raw,detect-zeroes=foo: invalid parameter value: foo"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,readonly=foo -display none {off}", 1,
      "-drive file=k.bin,format=raw,readonly=foo: Parameter 'read-only' expects 'on' or 'off'"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,if=none,id=1x -display none {off}", 1,
      "-drive file=k.bin,format=raw,if=none,id=1x: Parameter 'id' expects an identifier"),
    GoldenRow(
      "-M virt -drive file=k.bin,format=raw,foo=1 -display none {off}", 1,
      "-drive file=k.bin,format=raw,foo=1: Block format 'raw' does not support the option 'foo'"),
    GoldenRow(
      "-M virt -drive if=none,id=x -device virtio-blk-device,drive=x -display none {off}", 1,
      "-device virtio-blk-device,drive=x: Device needs media, but drive is empty"),
    GoldenRow("-M virt -drive if=none,id=x -display none {off}", 0, ""),
    GoldenRow(
      #"-M virt -drive "" -display none {off}"#, 1, "-drive : Device needs media, but drive is empty"),
    GoldenRow(
      "-M virt -drive format=raw -display none {off}", 1,
      #"-drive format=raw: A block device must be specified for "file""#),
    GoldenRow(
      "-M virt -drive file=/tmp,format=raw -display none {off}", 1,
      "-drive file=/tmp,format=raw: 'file' driver requires '/tmp' to be a regular file"),
    GoldenRow(
      "-M virt -hda k.bin -hdb k.bin -display none {off}", 1,
      "WARNING: Image format was not specified for 'k.bin' and probing guessed raw."),
    GoldenRow(
      "-M virt -cdrom nope -display none {off}", 1,
      "-cdrom nope: Could not open 'nope': No such file or directory"),
    GoldenRow(
      "-M virt -snapshot -drive file=k.bin,format=raw -display none {off}", 0,
      "warning: -drive file=k.bin,format=raw: this disk is a virtio-blk-pci, and 'off.bin' shows no sign of knowing PCI.",
      .differs("A disk without `if=none` is a virtio-blk-pci")),
    GoldenRow(
      "-fsdev foo -M virt -display none {off}", 1, "-fsdev foo: shared folders are not there yet in Apus",
      .later),
    GoldenRow(
      "-virtfs foo -M virt -display none {off}", 1, "-virtfs foo: shared folders are not there yet in Apus",
      .later),
    GoldenRow(
      "-blockdev foo -M virt -display none {off}", 1,
      "-blockdev foo: Parameter 'driver' does not accept value 'foo'"),
    GoldenRow(
      "-blockdev driver=file,node-name=x -M virt -display none {off}", 1,
      "-blockdev driver=file,node-name=x: Parameter 'filename' is missing"),
    GoldenRow(
      "-blockdev node-name=x,filename=k.bin -M virt -display none {off}", 1,
      "-blockdev node-name=x,filename=k.bin: Parameter 'driver' is missing"),
    GoldenRow(
      "-blockdev driver=file,filename=k.bin -M virt -display none {off}", 1,
      "-blockdev driver=file,filename=k.bin: 'node-name' must be specified for the root node"),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=nope -M virt -display none {off}", 1,
      "-blockdev driver=file,node-name=x,filename=nope: Could not open 'nope': No such file or directory"),
    GoldenRow(
      "-blockdev driver=raw,node-name=x -M virt -display none {off}", 1,
      "-blockdev driver=raw,node-name=x: Parameter 'file' is missing"),
    GoldenRow(
      "-blockdev driver=raw,node-name=x,file=zz -M virt -display none {off}", 1,
      "-blockdev driver=raw,node-name=x,file=zz: Cannot find device='zz' nor node-name='zz'"),
    GoldenRow(
      "-blockdev driver=raw,node-name=x,file.filename=k.bin -M virt -display none {off}", 1,
      "-blockdev driver=raw,node-name=x,file.filename=k.bin: Parameter 'file.driver' is missing"),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin -blockdev driver=file,node-name=x,filename=k.bin -M virt -display none {off}",
      1, "-blockdev driver=file,node-name=x,filename=k.bin: Duplicate nodes with node-name='x'"),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin,foo=1 -M virt -display none {off}", 1,
      "-blockdev driver=file,node-name=x,filename=k.bin,foo=1: Parameter 'foo' is unexpected"),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin,read-only=maybe -M virt -display none {off}", 1,
      "-blockdev driver=file,node-name=x,filename=k.bin,read-only=maybe: Parameter 'read-only' expects 'on' or 'off'"
    ),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin,aio=foo -M virt -display none {off}", 1,
      "-blockdev driver=file,node-name=x,filename=k.bin,aio=foo: Parameter 'aio' does not accept value 'foo'"),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin,cache=none -M virt -display none {off}", 1,
      "-blockdev driver=file,node-name=x,filename=k.bin,cache=none: Invalid parameter type for 'cache', expected: object"
    ),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin,force-share=on -M virt -display none {off}", 1,
      "-blockdev driver=file,node-name=x,filename=k.bin,force-share=on: force-share=on can only be used with read-only images"
    ),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin,detect-zeroes=unmap -M virt -display none {off}", 1,
      "-blockdev driver=file,node-name=x,filename=k.bin,detect-zeroes=unmap: setting detect-zeroes to unmap is not allowed without setting discard operation to unmap"
    ),
    GoldenRow(
      "-blockdev node-name=1x,driver=file,filename=k.bin -M virt -display none {off}", 1,
      "-blockdev node-name=1x,driver=file,filename=k.bin: Invalid node-name: '1x'"),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=/dev/null -M virt -display none {off}", 1,
      "-blockdev driver=file,node-name=x,filename=/dev/null: 'file' driver requires '/dev/null' to be a regular file"
    ),
    GoldenRow(
      "-blockdev driver=host_device,node-name=x,filename=k.bin -M virt -display none {off}", 1,
      "-blockdev driver=host_device,node-name=x,filename=k.bin: 'host_device' driver requires 'k.bin' to be either a character or block device"
    ),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin -drive file=k.bin,format=raw,if=none,id=x -M virt -display none {off}",
      1, "-drive file=k.bin,format=raw,if=none,id=x: Device name 'x' conflicts with an existing node name"),
    GoldenRow(
      "-blockdev help -M virt -display none {off}", 1, "-blockdev help: Help is not available for this option"
    ),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin -device virtio-blk-device,drive=x -M virt -display none {off}",
      0, ""),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin,read-only=on,discard=unmap,cache.direct=off,locking=off -blockdev driver=raw,node-name=y,file=x -device virtio-blk-device,drive=y -M virt -display none {off}",
      1,
      "-device virtio-blk-device,drive=y: Block node is read-only"),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin,read-only=on,discard=unmap,cache.direct=off,locking=off -blockdev driver=raw,node-name=y,file=x,read-only=on -device virtio-blk-device,drive=y -M virt -display none {off}",
      0, ""),
    GoldenRow(
      "-blockdev driver=raw,node-name=y,file.driver=file,file.filename=k.bin -device virtio-blk-device,drive=y -M virt -display none {off}",
      0, ""),
    GoldenRow(
      #"-blockdev '{"driver":"raw","node-name":"y","file":{"driver":"file","filename":"k.bin"}}' -device virtio-blk-pci,drive=y -M virt -display none {off}"#,
      0, ""),
    GoldenRow(
      "-M virt,pflash0=p -blockdev driver=file,node-name=p,filename=k.bin -display none {off}", 1,
      "cfi.pflash01 device '/machine/virt.flash0' requires 33554432 bytes, p block backend provides 512 bytes",
      .differs("Messages about flash name the node")),
    GoldenRow(
      "-blockdev driver=qcow2,node-name=x,file=y -M virt -display none {off}", 1,
      "-blockdev driver=qcow2,node-name=x,file=y: 'qcow2' nodes are not there yet in Apus; file, host_device and raw are",
      .later),
    GoldenRow(
      "-blockdev driver=file,node-name=x,filename=k.bin -device virtio-blk-device,drive=x -device virtio-blk-device,drive=x -M virt -display none {off}",
      1,
      "-device virtio-blk-device,drive=x: Permission conflict on node 'x': permissions 'write' are both required by another device and unshared by virtio-blk-device (uses node 'x').",
      .differs("Who writes a node that another has")),
    GoldenRow(
      "-snapshot -blockdev driver=file,node-name=x,filename=k.bin -M virt -display none {off}", 0,
      "-blockdev driver=file,node-name=x,filename=k.bin: warning: -snapshot is for -drive; what the guest writes here is kept",
      .differs("`-snapshot` leaves nodes of `-blockdev` alone")),
    GoldenRow(
      "-iscsi foo -M virt -display none {off}", 1, "-iscsi foo: iSCSI disks are not there yet in Apus", .later
    ),
    GoldenRow(
      "-option-rom foo -M virt -display none {off}", 1,
      "-option-rom foo: option ROMs are not there yet in Apus", .later),
    GoldenRow(
      "-M virt -display none -drive if=none,id=x,file=nope -set drive.x.file=k.bin -set drive.x.format=raw {off}",
      0, ""),
    GoldenRow(
      "-M virt -display none -snapshot -drive if=none,id=x,file=k.bin,format=raw -device virtio-blk-device,drive=x {off}",
      0, ""),
    GoldenRow(
      "-M virt -display none -drive if=none,id=x,file=k.bin,format=raw -device virtio-blk-device,drive=x {off}",
      0, ""),
    GoldenRow(
      "-M virt -display none -drive if=none,id=x,file=k.bin -device virtio-blk-device,drive=x {off}", 0,
      "WARNING: Image format was not specified for 'k.bin' and probing guessed raw."),
    GoldenRow(
      "-M virt -display none -drive if=none,id=x,file=k.bin,format=raw,readonly=on -device virtio-blk-device,drive=x {off}",
      0, ""),
    GoldenRow(
      "-M virt -display none -drive if=none,id=x,file=k.bin,format=raw,cache=unsafe,aio=threads,discard=unmap,detect-zeroes=unmap -device virtio-blk-device,drive=x {off}",
      0, ""),
    GoldenRow(
      "-M virt -display none -drive if=none,id=x,file=k.bin,format=raw -device virtio-blk-device,drive=x,bus=virtio-mmio-bus.0 {off}",
      0, ""),
    GoldenRow(
      "-M virt -display none -drive if=none,id=x,file=k.bin,format=raw -drive if=none,id=x,file=k.bin,format=raw {off}",
      1, "-drive if=none,id=x,file=k.bin,format=raw: Duplicate ID 'x' for drive"),
    GoldenRow(
      "-M virt -display none -drive if=none,id=x,file=k.bin,format=raw -device virtio-blk-device,drive=x -device virtio-blk-device,drive=x {off}",
      1, "-device virtio-blk-device,drive=x: Drive 'x' is already in use by another device"),
  ]

  // MARK: Display

  private static let display: [GoldenRow] = [
    GoldenRow(
      "-M virt -nographic -serial stdio", 1, "-serial stdio: cannot use stdio by multiple character devices"),
    GoldenRow("-M virt -nographic -monitor stdio", 1, "cannot use stdio by multiple character devices"),
    GoldenRow(
      "-M virt -vga std -display none {off}", 0,
      "warning: A -vga option was passed but this machine type does not use that option; No VGA device has been created"
    ),
    GoldenRow("-M virt -vga none -display none {off}", 0, ""),
    GoldenRow("-M virt -vga foo -display none {off}", 1, "unknown vga type: foo"),
    GoldenRow(
      "-M virt -display gtk", 1,
      "Display 'gtk' is not available. Displays are not there yet in Apus: use -nographic or -display none",
      .later),
    GoldenRow(
      "-M virt -display sdl", 1,
      "Display 'sdl' is not available. Displays are not there yet in Apus: use -nographic or -display none",
      .later),
    GoldenRow("-M virt -display foo", 1, "-display foo: Parameter 'type' does not accept value 'foo'"),
    GoldenRow(
      "-M virt -k fr -display none {off}", 1, "-k fr: keyboard layouts are not there yet in Apus", .later),
    GoldenRow(
      "-M virt -k nope -display none {off}", 1, "-k nope: keyboard layouts are not there yet in Apus", .later),
    GoldenRow("-M virt -usb -display none {off}", 1, "-usb: USB is not there yet in Apus", .later),
    GoldenRow(#"-display '{"type":"none"}' -M virt {off}"#, 0, ""),
    GoldenRow(
      "-usbdevice foo -M virt -display none {off}", 1, "-usbdevice foo: USB is not there yet in Apus", .later),
    GoldenRow(
      "-spice foo -M virt -display none {off}", 1, "-spice foo: SPICE is not there yet in Apus", .later),
    GoldenRow("-M virt -nographic {off}", 0, ""),
    GoldenRow("-M virt -nographic -serial null {off}", 0, ""),
    GoldenRow("-M virt -nographic -monitor none {off}", 0, ""),
    GoldenRow("-M virt -nographic -nodefaults {off}", 0, ""),
    GoldenRow("-display help", 0, ""),
  ]

  // MARK: Networks

  private static let network: [GoldenRow] = [
    GoldenRow("-M virt -net none -display none {off}", 0, ""),
    GoldenRow("-M virt -nic none -display none {off}", 0, ""),
    GoldenRow("-M virt -nic none,foo=1 -display none {off}", 0, ""),
    GoldenRow("-M virt -nic user -display none {off}", 0, "warning: netdev #net has no peer"),
    GoldenRow("-M virt -nic user,id=foo -display none {off}", 0, "warning: netdev foo has no peer"),
    GoldenRow(
      "-M virt -nic none -nic user,model=e1000,mac=52:54:00:00:00:01,hostfwd=tcp::0-:22 -display none {off}",
      0, "warning: netdev #net has no peer"),
    GoldenRow(
      "-M virt -nic user,id=foo -device virtio-net-device,netdev=foo -display none {off}", 0,
      "warning: requested NIC (anonymous, model unspecified) was not created (not supported by this machine?)"
    ),
    GoldenRow(
      "-M virt -nic user,id=foo,model=virtio -device virtio-net-device,netdev=foo -display none {off}", 0,
      "warning: requested NIC (anonymous, model virtio) was not created (not supported by this machine?)"),
    GoldenRow(
      "-M virt -nic user,mac=x -display none {off}", 1, "-nic user,mac=x: invalid syntax for ethernet address"
    ),
    GoldenRow(
      "-M virt -nic foo -display none {off}", 1, "-nic foo: Parameter 'type' does not accept value 'foo'"),
    GoldenRow("-M virt -nic user,foo=1 -display none {off}", 1, "-nic user,foo=1: Invalid parameter 'foo'"),
    GoldenRow(
      "-M virt -nic user,macaddr=52:54:00:00:00:01 -display none {off}", 1,
      "-nic user,macaddr=52:54:00:00:00:01: Invalid parameter 'macaddr'"),
    GoldenRow("-M virt -nic user,model=help -display none {off}", 0, ""),
    GoldenRow("-M virt -nic help -display none {off}", 0, ""),
    GoldenRow("-M virt -netdev help -display none {off}", 0, ""),
    GoldenRow("-M virt -net nic,model=help -display none {off}", 0, ""),
    GoldenRow("-M virt -net nic -net user -display none {off}", 0, "warning: hub port hub0port0 has no peer"),
    GoldenRow("-M virt -net user -display none {off}", 0, "warning: hub 0 with no nics"),
    GoldenRow(
      "-M virt -net none -net nic,model=virtio -display none {off}", 0,
      "warning: hub port hub0port0 has no peer"),
    GoldenRow(
      "-M virt -net nic,netdev=n -netdev user,id=n -display none {off}", 0, "warning: netdev n has no peer"),
    GoldenRow(
      "-M virt -net foo -display none {off}", 1, "-net foo: Parameter 'type' does not accept value 'foo'"),
    GoldenRow(
      "-M virt -net help -display none {off}", 1, "-net help: Parameter 'type' does not accept value 'help'"),
    GoldenRow("-M virt -net nic,foo=1 -display none {off}", 1, "-net nic,foo=1: Invalid parameter 'foo'"),
    GoldenRow(
      "-M virt -net nic,macaddr=x -display none {off}", 1,
      "-net nic,macaddr=x: invalid syntax for ethernet address"),
    GoldenRow(
      "-M virt -net nic,netdev=zz -display none {off}", 1, "-net nic,netdev=zz: netdev 'zz' not found"),
    GoldenRow("-M virt -net none,foo=1 -display none {off}", 1, "-net none,foo=1: Invalid parameter 'foo'"),
    GoldenRow("-M virt -net user,foo=1 -display none {off}", 1, "-net user,foo=1: Invalid parameter 'foo'"),
    GoldenRow("-M virt -netdev user,id=n -display none {off}", 0, "warning: netdev n has no peer"),
    GoldenRow("-M virt -netdev user,id=n -net none -display none {off}", 0, "warning: netdev n has no peer"),
    GoldenRow(
      "-M virt -netdev foo,id=n -display none {off}", 1,
      "-netdev foo,id=n: Parameter 'type' does not accept value 'foo'"),
    GoldenRow("-M virt -netdev user -display none {off}", 1, "-netdev user: Parameter 'id' is missing"),
    GoldenRow("-M virt -netdev id=n -display none {off}", 1, "-netdev id=n: Parameter 'type' is missing"),
    GoldenRow(
      "-M virt -netdev user,id=1x -display none {off}", 1,
      "-netdev user,id=1x: Parameter 'id' expects an identifier"),
    GoldenRow(
      "-M virt -netdev user,id=n,foo=1 -display none {off}", 1,
      "-netdev user,id=n,foo=1: Invalid parameter 'foo'"),
    GoldenRow(
      "-M virt -netdev user,id=n -netdev user,id=n -display none {off}", 1,
      "-netdev user,id=n: Duplicate ID 'n' for netdev"),
    GoldenRow(
      "-M virt -netdev user,id=n -nic user,id=n -display none {off}", 1, "-nic user,id=n: Duplicate ID 'n'"),
    GoldenRow(
      "-M virt -netdev user,id=n,restrict -display none {off}", 0,
      "-netdev user,id=n,restrict: warning: short-form boolean option 'restrict' deprecated"),
    GoldenRow(
      #"-M virt -netdev '{"type":"user","id":"n","hostfwd":[{"str":"tcp::0-:22"}]}' -display none {off}"#, 0,
      "warning: netdev n has no peer"),
    GoldenRow(
      #"-M virt -netdev '{"type":"user"}' -display none {off}"#, 1,
      #"-netdev {"type":"user"}: Parameter 'id' is missing"#),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=tcp:2222-:22 -display none {off}", 1,
      "-netdev user,id=n,hostfwd=tcp:2222-:22: Invalid host forwarding rule 'tcp:2222-:22' (Bad host address)"
    ),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=tcp::22 -display none {off}", 1,
      "-netdev user,id=n,hostfwd=tcp::22: Invalid host forwarding rule 'tcp::22' (Bad host port separator)"),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=foo::22-:22 -display none {off}", 1,
      "-netdev user,id=n,hostfwd=foo::22-:22: Invalid host forwarding rule 'foo::22-:22' (Bad protocol name)"),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=tcp::x-:22 -display none {off}", 1,
      "-netdev user,id=n,hostfwd=tcp::x-:22: Invalid host forwarding rule 'tcp::x-:22' (Bad host port)"),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=tcp::2222-:0 -display none {off}", 1,
      "-netdev user,id=n,hostfwd=tcp::2222-:0: Invalid host forwarding rule 'tcp::2222-:0' (Bad guest port)"),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=tcp::2222-x:22 -display none {off}", 1,
      "-netdev user,id=n,hostfwd=tcp::2222-x:22: Invalid host forwarding rule 'tcp::2222-x:22' (Bad guest address)"
    ),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=tcp::22-22 -display none {off}", 1,
      "-netdev user,id=n,hostfwd=tcp::22-22: Invalid host forwarding rule 'tcp::22-22' (Missing guest address)"
    ),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd= -display none {off}", 1,
      "-netdev user,id=n,hostfwd=: Invalid host forwarding rule '' (No : separators)"),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=unix:s-:22 -display none {off}", 1,
      "-netdev user,id=n,hostfwd=unix:s-:22: Invalid host forwarding rule 'unix:s-:22' (Bad protocol name)"),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=tcp:22 -display none {off}", 1,
      "-netdev user,id=n,hostfwd=tcp:22: Invalid host forwarding rule 'tcp:22' (Missing : separator)"),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=tcp::0-:22,hostfwd=udp:127.0.0.1:0-10.0.2.20:53 -display none {off}",
      0, "warning: netdev n has no peer"),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=tcp:192.0.2.1:2222-:22 -display none {off}", 1,
      "-netdev user,id=n,hostfwd=tcp:192.0.2.1:2222-:22: Could not set up host forwarding rule 'tcp:192.0.2.1:2222-:22'"
    ),
    GoldenRow(
      "-M virt -netdev user,id=n,hostfwd=tcp::0x-:22 -display none {off}", 1,
      "-netdev user,id=n,hostfwd=tcp::0x-:22: Invalid host forwarding rule 'tcp::0x-:22' (Bad host port)",
      .differs("behind a port's number")),
    GoldenRow(
      "-M virt -netdev user,id=n,guestfwd=foo -display none {off}", 1,
      "-netdev user,id=n,guestfwd=foo: Invalid guest forwarding rule 'foo'"),
    GoldenRow(
      "-M virt -netdev user,id=n,guestfwd=tcp:10.0.2.100:80 -display none {off}", 1,
      "-netdev user,id=n,guestfwd=tcp:10.0.2.100:80: Invalid guest forwarding rule 'tcp:10.0.2.100:80'"),
    GoldenRow(
      "-M virt -netdev user,id=n,guestfwd=udp:10.0.2.100:80-cmd:cat -display none {off}", 1,
      "-netdev user,id=n,guestfwd=udp:10.0.2.100:80-cmd:cat: Invalid guest forwarding rule 'udp:10.0.2.100:80-cmd:cat'"
    ),
    GoldenRow(
      "-M virt -netdev user,id=n,guestfwd=tcp:x:80-cmd:cat -display none {off}", 1,
      "-netdev user,id=n,guestfwd=tcp:x:80-cmd:cat: Invalid guest forwarding rule 'tcp:x:80-cmd:cat'"),
    GoldenRow(
      "-M virt -netdev user,id=n,guestfwd=tcp:10.0.2.100:80-cmd:cat -display none {off}", 0,
      "warning: netdev n has no peer"),
    GoldenRow(
      "-M virt -netdev user,id=n,guestfwd=tcp:10.0.2.100:80-null -display none {off}", 0,
      "warning: netdev n has no peer"),
    GoldenRow(
      "-M virt -netdev user,id=n,guestfwd=tcp:10.0.2.100:80-foo -display none {off}", 1,
      "-netdev user,id=n,guestfwd=tcp:10.0.2.100:80-foo: 'foo' is not a valid char driver"),
    GoldenRow(
      "-M virt -netdev user,id=n,guestfwd=tcp:10.0.2.100:80-chardev:c -display none {off}", 1,
      "-netdev user,id=n,guestfwd=tcp:10.0.2.100:80-chardev:c: Could not open guest forwarding device 'guestfwd.tcp.80'"
    ),
    GoldenRow(
      "-M virt -netdev user,id=n,guestfwd=tcp:1.2.3.4:80-cmd:cat -display none {off}", 1,
      "-netdev user,id=n,guestfwd=tcp:1.2.3.4:80-cmd:cat: Conflicting/invalid host:port in guest forwarding rule 'tcp:1.2.3.4:80-cmd:cat'"
    ),
    GoldenRow(
      "-M virt -netdev user,id=n,net=192.168.76.0/24 -display none {off}", 0, "warning: netdev n has no peer"),
    GoldenRow(
      "-M virt -netdev user,id=n,net=10.0.2.1 -display none {off}", 0, "warning: netdev n has no peer"),
    GoldenRow(
      "-M virt -netdev user,id=n,host=10.0.2.9,dns=10.0.2.10,dhcpstart=10.0.2.99 -display none {off}", 0,
      "warning: netdev n has no peer"),
    GoldenRow(
      "-M virt -netdev user,id=n,ipv6-net=fec0:1::/64,ipv6-host=fec0:1::9 -display none {off}", 0,
      "warning: netdev n has no peer"),
    GoldenRow("-M virt -netdev user,id=n,ipv4=off -display none {off}", 0, "warning: netdev n has no peer"),
    GoldenRow("-M virt -netdev user,id=n,ipv6=off -display none {off}", 0, "warning: netdev n has no peer"),
    GoldenRow(
      "-M virt -netdev user,id=n,hostname=a,tftp=.,bootfile=b,tftp-server-name=c,dnssearch=d,dnssearch=e,domainname=f -display none {off}",
      0, "warning: netdev n has no peer"),
    GoldenRow(
      "-M virt -netdev user,id=n,smbserver=10.0.2.4 -display none {off}", 1,
      "-netdev user,id=n,smbserver=10.0.2.4: smbserver= is not there yet in Apus", .later),
    GoldenRow(
      "-M virt -netdev user,id=n,net=x -display none {off}", 1,
      "-netdev user,id=n,net=x: Failed to parse netmask"),
    GoldenRow(
      "-M virt -netdev user,id=n,net=10.0.2.0/33 -display none {off}", 1,
      "-netdev user,id=n,net=10.0.2.0/33: Invalid netmask provided (must be in range 4-32)"),
    GoldenRow(
      "-M virt -netdev user,id=n,net=10.0.2.0/x -display none {off}", 1,
      "-netdev user,id=n,net=10.0.2.0/x: Failed to parse netmask (trailing chars)"),
    GoldenRow(
      "-M virt -netdev user,id=n,net=10.0.2.0/31 -display none {off}", 1,
      "-netdev user,id=n,net=10.0.2.0/31: DHCP must be different from host and DNS"),
    GoldenRow(
      "-M virt -netdev user,id=n,host=1.2.3.4 -display none {off}", 1,
      "-netdev user,id=n,host=1.2.3.4: Host doesn't belong to network"),
    GoldenRow(
      "-M virt -netdev user,id=n,host=x -display none {off}", 1,
      "-netdev user,id=n,host=x: Failed to parse host"),
    GoldenRow(
      "-M virt -netdev user,id=n,dns=10.0.2.2 -display none {off}", 1,
      "-netdev user,id=n,dns=10.0.2.2: DNS must be different from host"),
    GoldenRow(
      "-M virt -netdev user,id=n,dns=x -display none {off}", 1, "-netdev user,id=n,dns=x: Failed to parse DNS"
    ),
    GoldenRow(
      "-M virt -netdev user,id=n,dhcpstart=10.0.2.2 -display none {off}", 1,
      "-netdev user,id=n,dhcpstart=10.0.2.2: DHCP must be different from host and DNS"),
    GoldenRow(
      "-M virt -netdev user,id=n,dhcpstart=1.2.3.4 -display none {off}", 1,
      "-netdev user,id=n,dhcpstart=1.2.3.4: DHCP doesn't belong to network"),
    GoldenRow(
      "-M virt -netdev user,id=n,dhcpstart=x -display none {off}", 1,
      "-netdev user,id=n,dhcpstart=x: Failed to parse DHCP start address"),
    GoldenRow(
      "-M virt -netdev user,id=n,restrict=maybe -display none {off}", 1,
      "-netdev user,id=n,restrict=maybe: Parameter 'restrict' expects 'on' or 'off'"),
    GoldenRow(
      "-M virt -netdev user,id=n,ipv4=off,ipv6=off -display none {off}", 1,
      "-netdev user,id=n,ipv4=off,ipv6=off: IPv4 and IPv6 disabled"),
    GoldenRow(
      "-M virt -netdev user,id=n,ipv6=on,net=10.0.2.0/24 -display none {off}", 1,
      "-netdev user,id=n,ipv6=on,net=10.0.2.0/24: IPv4 disabled but netmask/host/dns provided"),
    GoldenRow(
      "-M virt -netdev user,id=n,ipv4=on,ipv6-net=fec0::/64 -display none {off}", 1,
      "-netdev user,id=n,ipv4=on,ipv6-net=fec0::/64: IPv6 disabled but prefix/host6/dns6 provided"),
    GoldenRow(
      "-M virt -netdev user,id=n,ipv6-net=x -display none {off}", 1,
      "-netdev user,id=n,ipv6-net=x: Failed to parse IPv6 prefix"),
    GoldenRow(
      "-M virt -netdev user,id=n,ipv6-net=fec0::/x -display none {off}", 1,
      "-netdev user,id=n,ipv6-net=fec0::/x: parameter 'ipv6-net' expects a number after '/'"),
    GoldenRow(
      "-M virt -netdev user,id=n,ipv6-net=fec0::/127 -display none {off}", 1,
      "-netdev user,id=n,ipv6-net=fec0::/127: Invalid IPv6 prefix provided (IPv6 prefix length must be between 0 and 126)"
    ),
    GoldenRow(
      "-M virt -netdev user,id=n,ipv6-prefixlen=x -display none {off}", 1,
      "-netdev user,id=n,ipv6-prefixlen=x: Parameter 'ipv6-prefixlen' expects an int64 value"),
    GoldenRow(
      "-M virt -netdev user,id=n,ipv6-host=::1 -display none {off}", 1,
      "-netdev user,id=n,ipv6-host=::1: IPv6 Host doesn't belong to network"),
    GoldenRow(
      "-M virt -netdev user,id=n,ipv6-host=x -display none {off}", 1,
      "-netdev user,id=n,ipv6-host=x: Failed to parse IPv6 host"),
    GoldenRow(
      "-M virt -netdev user,id=n,ipv6-dns=x -display none {off}", 1,
      "-netdev user,id=n,ipv6-dns=x: Failed to parse IPv6 DNS"),
    GoldenRow(
      "-M virt -netdev user,id=n,smb=/tmp -display none {off}", 1,
      "-netdev user,id=n,smb=/tmp: smb= is not there yet in Apus", .later),
    GoldenRow(
      "-M virt -netdev tap,id=n -display none {off}", 1,
      "-netdev tap,id=n: tap networks are not there yet in Apus; user is", .later),
    GoldenRow(
      "-M virt -netdev bridge,id=n -display none {off}", 1,
      "-netdev bridge,id=n: bridge networks are not there yet in Apus; user is", .later),
    GoldenRow(
      "-M virt -netdev socket,id=n -display none {off}", 1,
      "-netdev socket,id=n: socket networks are not there yet in Apus; user is", .later),
    GoldenRow(
      "-M virt -netdev stream,id=n -display none {off}", 1,
      "-netdev stream,id=n: stream networks are not there yet in Apus; user is", .later),
    GoldenRow(
      "-M virt -netdev dgram,id=n -display none {off}", 1,
      "-netdev dgram,id=n: dgram networks are not there yet in Apus; user is", .later),
    GoldenRow(
      "-M virt -netdev hubport,hubid=0,id=n -display none {off}", 1,
      "-netdev hubport,hubid=0,id=n: hubport networks are not there yet in Apus; user is", .later),
    GoldenRow(
      "-M virt -netdev vde,id=n -display none {off}", 1,
      "-netdev vde,id=n: vde networks are not there yet in Apus; user is", .later),
    GoldenRow(
      "-M virt -netdev vhost-user,id=n -display none {off}", 1,
      "-netdev vhost-user,id=n: vhost-user networks are not there yet in Apus; user is", .later),
    GoldenRow(
      "-M virt -netdev l2tpv3,id=n -display none {off}", 1,
      "-netdev l2tpv3,id=n: l2tpv3 networks are not there yet in Apus; user is", .later),
    GoldenRow("-M virt -netdev user,id=n -device virtio-net-device,netdev=n -display none {off}", 0, ""),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-pci,netdev=n,romfile= -display none {off}", 0, ""),
    GoldenRow("-M virt -device virtio-net-device -display none {off}", 0, ""),
    GoldenRow(
      "-M virt -nodefaults -device virtio-net-device -display none {off}", 0,
      "warning: nic virtio-net-device.0 has no peer"),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n -device virtio-net-device,netdev=n -display none {off}",
      1,
      "-device virtio-net-device,netdev=n: Property 'virtio-net-device.netdev' can't take value 'n', it's in use"
    ),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,mac=1 -display none {off}", 1,
      "-device virtio-net-device,netdev=n,mac=1: Property 'virtio-net-device.mac' doesn't take value '1'"),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,foo=1 -display none {off}", 1,
      "-device virtio-net-device,netdev=n,foo=1: Property 'virtio-net-device.foo' not found"),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,speed=-2 -display none {off}", 1,
      "-device virtio-net-device,netdev=n,speed=-2: 'speed' must be between 0 and INT_MAX"),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,duplex=foo -display none {off}", 1,
      "-device virtio-net-device,netdev=n,duplex=foo: 'duplex' must be 'half' or 'full'"),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,rx_queue_size=100 -display none {off}", 1,
      "-device virtio-net-device,netdev=n,rx_queue_size=100: Invalid rx_queue_size (= 100), must be a power of 2 between 256 and 1024."
    ),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,tx_queue_size=512 -display none {off}", 1,
      "-device virtio-net-device,netdev=n,tx_queue_size=512: Invalid tx_queue_size (= 512), must be a power of 2 between 256 and 256"
    ),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,host_mtu=70000 -display none {off}", 1,
      "-device virtio-net-device,netdev=n,host_mtu=70000: Parameter 'host_mtu' expects uint16_t"),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,mac=52-54-00-12-34-99,speed=1000,duplex=full,host_mtu=1400,status=off -display none {off}",
      0, ""),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,mq=on -display none {off}", 1,
      "-device virtio-net-device,netdev=n,mq=on: mq=on is not there yet in Apus", .later),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,tx=timer -display none {off}", 1,
      "-device virtio-net-device,netdev=n,tx=timer: tx=timer is not there yet in Apus: frames are sent at once, as by tx=bh",
      .later),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,tx=foo -display none {off}", 1,
      #"-device virtio-net-device,netdev=n,tx=foo: virtio-net: Unknown option tx=foo, valid options: "timer" "bh""#,
      .differs("An unknown `tx=`")),
    GoldenRow(
      "-M virt -netdev user,id=n -device virtio-net-device,netdev=n,host_mtu=10 -display none {off}", 1,
      "-device virtio-net-device,netdev=n,host_mtu=10: host_mtu=10: packets of at least 68 bytes must pass",
      .differs("`host_mtu=` below 68")),
    GoldenRow(
      "-M virt -netdev user,id=n -device rtl8139,netdev=n -display none {off}", 1,
      "-device rtl8139,netdev=n: 'rtl8139' is not there yet in Apus", .later),
    GoldenRow(
      "-M virt -netdev user,id=n -object filter-dump,id=f,netdev=n,file=x.pcap,maxlen=100,queue=rx,status=on -display none {off}",
      0, "warning: netdev n has no peer"),
    GoldenRow(
      "-M virt -object filter-dump,id=f,netdev=n,file=x.pcap -display none {off}", 1,
      "Parameter 'netdev' expects a network backend id"),
    GoldenRow(
      "-M virt -netdev user,id=n -object filter-dump,id=f,netdev=n -display none {off}", 1,
      "-object filter-dump,id=f,netdev=n: Parameter 'file' is missing"),
    GoldenRow(
      "-M virt -netdev user,id=n -object filter-dump,id=f,file=x -display none {off}", 1,
      "-object filter-dump,id=f,file=x: Parameter 'netdev' is missing"),
    GoldenRow(
      "-M virt -netdev user,id=n -object filter-dump,id=f,netdev=n,file=/nonexistent/x -display none {off}",
      1, "net dump: can't open /nonexistent/x: No such file or directory"),
    GoldenRow(
      "-M virt -netdev user,id=n -object filter-dump,id=f,netdev=n,file=x.pcap,maxlen=0 -display none {off}",
      1, "Property 'filter-dump.maxlen' doesn't take value '0'"),
    GoldenRow(
      "-M virt -netdev user,id=n -object filter-dump,id=f,netdev=n,file=x.pcap,queue=foo -display none {off}",
      1,
      "-object filter-dump,id=f,netdev=n,file=x.pcap,queue=foo: Parameter 'queue' does not accept value 'foo'"
    ),
  ]

  // MARK: Consoles

  private static let character: [GoldenRow] = [
    GoldenRow(
      "-M virt -display none -serial stdio -monitor stdio", 1,
      "-serial stdio: cannot use stdio by multiple character devices"),
    GoldenRow("-M virt -chardev stdio", 1, "-chardev stdio: chardev: no id specified"),
    GoldenRow("-M virt -echr 0x14 -display none {off}", 0, ""),
    GoldenRow("-M virt -parallel none -display none {off}", 0, ""),
    GoldenRow(
      "-M virt -chardev stdio,id=x,mux -display none {off}", 0,
      "-chardev stdio,id=x,mux: warning: short-form boolean option 'mux' deprecated"),
    GoldenRow(
      "-M virt -chardev null,id=x,nomux -display none {off}", 0,
      "-chardev null,id=x,nomux: warning: short-form boolean option 'nomux' deprecated"),
    GoldenRow(
      "-M virt -chardev null,id=x,foo -display none {off}", 1,
      "-chardev null,id=x,foo: warning: short-form boolean option 'foo' deprecated"),
    GoldenRow(
      "-tpmdev foo -M virt -display none {off}", 1, "-tpmdev foo: TPM devices are not there yet in Apus",
      .later),
    GoldenRow("-qmp foo -M virt -display none {off}", 1, "-qmp foo: 'foo' is not a valid char driver"),
    GoldenRow(
      "-qmp-pretty foo -M virt -display none {off}", 1, "-qmp-pretty foo: 'foo' is not a valid char driver"),
    GoldenRow("-qmp none -M virt -display none {off}", 1, "-qmp none: 'none' is not a valid char driver"),
    GoldenRow("-qmp null -M virt -display none {off}", 0, ""),
    GoldenRow("-qmp null -qmp null -M virt -display none {off}", 0, ""),
    GoldenRow("-qmp-pretty null -M virt -display none {off}", 0, ""),
    GoldenRow("-qmp stdio -M virt -display none {off}", 0, ""),
    GoldenRow("-qmp tcp:127.0.0.1:0,server=on,wait=off -M virt -display none {off}", 0, ""),
    GoldenRow("-qmp tcp:foo -M virt -display none {off}", 1, "-qmp tcp:foo: parse error: tcp:foo"),
    GoldenRow(
      "-qmp unix:/nope/x,server=on,wait=off -M virt -display none {off}", 1,
      "-qmp unix:/nope/x,server=on,wait=off: Failed to bind socket to /nope/x: No such file or directory"),
    GoldenRow(
      "-qmp unix:/nope/x -M virt -display none {off}", 1,
      "-qmp unix:/nope/x: Failed to connect to '/nope/x': No such file or directory"),
    GoldenRow("-qmp chardev:zz -M virt -display none {off}", 1, #"-qmp chardev:zz: chardev "zz" not found"#),
    GoldenRow("-chardev null,id=zz -qmp chardev:zz -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-qmp stdio -serial stdio -M virt -display none {off}", 1,
      "-serial stdio: cannot use stdio by multiple character devices"),
    GoldenRow(
      "-qmp stdio -monitor stdio -M virt -display none {off}", 1,
      "-monitor stdio: cannot use stdio by multiple character devices"),
    GoldenRow("-nographic -S -qmp stdio -M virt {off}", 1, "cannot use stdio by multiple character devices"),
    GoldenRow(
      "-M virt -display none -mon x,mode=control {off}", 1, #"-mon x,mode=control: chardev "x" not found"#),
    GoldenRow("-M virt -display none -chardev null,id=x -mon x,mode=control {off}", 0, ""),
    GoldenRow("-M virt -display none -chardev null,id=x -mon x,mode=control,pretty=on {off}", 0, ""),
    GoldenRow(
      "-M virt -display none -chardev null,id=x -mon x,mode=foo {off}", 1,
      "-mon x,mode=foo: Parameter 'mode' does not accept value 'foo'"),
    GoldenRow(
      "-M virt -display none -chardev null,id=x -mon x,pretty=on {off}", 1,
      "-mon x,pretty=on: 'pretty' is not compatible with HMP monitors"),
    GoldenRow(
      "-M virt -display none -chardev null,id=x -mon x,mode=control,pretty {off}", 0,
      "-mon x,mode=control,pretty: warning: short-form boolean option 'pretty' deprecated"),
    GoldenRow(
      "-M virt -display none -chardev null,id=x -mon x,mode=control,foo=1 {off}", 1,
      "-mon x,mode=control,foo=1: Invalid parameter 'foo'"),
    GoldenRow(
      "-M virt -display none -chardev null,id=x -mon x -mon x,mode=control {off}", 1,
      "-mon x,mode=control: chardev 'x' is already in use"),
    GoldenRow(
      "-M virt -display none -chardev null,id=compat_monitor0 -qmp null {off}", 1,
      "-qmp null: Duplicate ID 'compat_monitor0' for chardev"),
    GoldenRow("-M virt -display none -chardev null,id=c -set chardev.c.mux=on {off}", 0, ""),
    GoldenRow("-M virt -display none -serial none {off}", 0, ""),
    GoldenRow(
      "-M virt -display none -serial null -serial null {off}", 0,
      "warning: this machine has one serial port; what further -serial options name is opened and not connected.",
      .differs("Further `-serial` options than the machine has ports")),
    GoldenRow("-M virt -display none -serial file:out.txt {off}", 0, ""),
    GoldenRow(
      "-M virt -display none -serial file:/nope/x {off}", 1,
      "-serial file:/nope/x: Could not open '/nope/x': No such file or directory"),
    GoldenRow("-M virt -display none -serial foo {off}", 1, "-serial foo: 'foo' is not a valid char driver"),
    GoldenRow(
      "-M virt -display none -monitor foo {off}", 1, "-monitor foo: 'foo' is not a valid char driver"),
    GoldenRow("-M virt -display none -mon foo {off}", 1, #"-mon foo: chardev "foo" not found"#),
    GoldenRow(
      "-M virt -display none -chardev null,id=a -chardev null,id=a {off}", 1,
      "-chardev null,id=a: Duplicate ID 'a' for chardev"),
    GoldenRow(
      "-M virt -display none -chardev foo,id=x {off}", 1,
      "-chardev foo,id=x: 'foo' is not a valid char driver name"),
    GoldenRow(
      "-M virt -display none -chardev file,id=x {off}", 1,
      "-chardev file,id=x: chardev: file: no filename given"),
    GoldenRow("-M virt -display none -chardev null,id=x -mon x {off}", 0, ""),
    GoldenRow("-M virt -display none -chardev null,id=x,mux=on -mon x -serial chardev:x {off}", 0, ""),
    GoldenRow(
      "-M virt -display none -serial chardev:zz {off}", 1,
      "-serial chardev:zz: could not connect serial device to character backend 'chardev:zz'"),
    GoldenRow("-chardev help", 0, ""),
  ]

  // MARK: Boot

  private static let boot: [GoldenRow] = [
    GoldenRow("-M virt -bios", 1, "-bios: requires an argument"),
    GoldenRow("-M virt -initrd k.bin", 1, "-initrd only allowed with -kernel option"),
    GoldenRow("-M virt -append x", 1, "-append only allowed with -kernel option"),
    GoldenRow("-M virt -dtb nope -display none", 1, "Unable to get size of device tree file 'nope'"),
    GoldenRow("-M virt -kernel nope -display none", 1, "nope: No such file or directory"),
    GoldenRow("-M virt -bios nope -display none", 1, #"Unable to find the RISC-V BIOS "nope""#),
    GoldenRow(
      "-M virt -bios none -kernel off.bin -initrd nope -display none", 1, "could not load ramdisk 'nope'"),
    GoldenRow(
      "-M virt -drive file=k.bin,if=pflash,format=raw -display none {off}", 1,
      "cfi.pflash01 device '/machine/virt.flash0' requires 33554432 bytes, pflash0 block backend provides 512 bytes"
    ),
    GoldenRow("-L /nope -M virt -display none {off}", 0, ""),
    GoldenRow("-bios none -M virt -display none -kernel nope", 1, "nope: No such file or directory"),
    GoldenRow(
      "-fw_cfg foo -M virt -display none {off}", 1,
      "-fw_cfg foo: name, plus exactly one of file, string and gen_id, are needed"),
    GoldenRow(
      "-shim foo -M virt -display none", 1, "-shim only allowed with -kernel option"),
    GoldenRow("-shim k.bin -M virt -display none {off}", 0, ""),
    GoldenRow("-M virt -display none -bios none -kernel fail7.bin", 7, ""),
    GoldenRow("-M virt -display none -bios none -kernel fail0.bin", 0, ""),
    GoldenRow("-M virt -display none -bios none -kernel reset.bin -no-reboot", 0, ""),
    GoldenRow("-M virt -display none -bios none -kernel reset.bin -action reboot=shutdown", 0, ""),
    GoldenRow("-M virt -display none -L /nope {off}", 0, ""),
    GoldenRow("-M virt -display none -L help", 0, ""),
    GoldenRow(
      "-M virt -display none -kernel k.bin -bios none -initrd nope", 1, "could not load ramdisk 'nope'"),
    GoldenRow("-M virt -display none -bios none -kernel off.bin -append console=ttyS0", 0, ""),
    GoldenRow("-M virt -display none -bios none -kernel off.bin -initrd k.bin", 0, ""),
    GoldenRow(
      "-M virt -display none -bios none -kernel off.bin -dtb nope", 1,
      "Unable to get size of device tree file 'nope'"),
    GoldenRow("-M virt -display none -bios off.bin", 0, ""),
    GoldenRow("-M virt -display none -bios /nope/x", 1, #"Unable to find the RISC-V BIOS "/nope/x""#),
  ]

  // MARK: Debugging and the rest

  private static let debug: [GoldenRow] = [
    GoldenRow("-M virt -icount foo", 1, "-icount foo: icount: Invalid shift value"),
    GoldenRow("-M virt -rtc base=foo", 1, "invalid datetime format"),
    GoldenRow("-M virt -pidfile pid.txt -display none {off}", 0, ""),
    GoldenRow(
      "-M virt -pidfile /nope/pid -display none {off}", 1,
      "cannot create PID file: Could not create '/nope/pid': No such file or directory"),
    GoldenRow(
      "-M virt -run-with foo=1 -display none {off}", 1, "-run-with foo=1: -run-with is not there yet in Apus",
      .later),
    GoldenRow(
      "-M virt -run-with chroot=/nope -display none {off}", 1,
      "-run-with chroot=/nope: -run-with is not there yet in Apus", .later),
    GoldenRow(
      "-M virt -run-with user=nope -display none {off}", 1,
      "-run-with user=nope: -run-with is not there yet in Apus", .later),
    GoldenRow(
      "-M virt -run-with async-teardown=on -display none {off}", 1,
      "-run-with async-teardown=on: -run-with is not there yet in Apus", .later),
    GoldenRow(
      "-M virt -sandbox foo -display none {off}", 1,
      "-sandbox foo: the system call filter is not there yet in Apus", .later),
    GoldenRow("-M virt -msg timestamp=off -display none {off}", 0, ""),
    GoldenRow("-M virt -nodefaults -display none {off}", 0, ""),
    GoldenRow("-M virt -no-user-config -display none {off}", 0, ""),
    GoldenRow("-M virt -no-reboot -display none {off}", 0, ""),
    GoldenRow("-M virt -action reboot=shutdown -display none {off}", 0, ""),
    GoldenRow("-M virt -action foo=x -display none {off}", 1, "-action foo=x: Invalid parameter 'foo'"),
    GoldenRow(
      "-M virt -action reboot=foo -display none {off}", 1,
      "-action reboot=foo: Parameter 'reboot' does not accept value 'foo'"),
    GoldenRow(
      "-M virt -watchdog-action foo -display none {off}", 1,
      "-watchdog-action foo: Parameter 'watchdog' does not accept value 'foo'"),
    GoldenRow("-M virt -watchdog-action reset -display none {off}", 0, ""),
    GoldenRow("-compat foo=1 -M virt -display none {off}", 1, "-compat foo=1: Parameter 'foo' is unexpected"),
    GoldenRow(
      "-compat deprecated-input=foo -M virt -display none {off}", 1,
      "-compat deprecated-input=foo: Parameter 'deprecated-input' does not accept value 'foo'"),
    GoldenRow("-compat deprecated-input=reject,deprecated-output=hide -M virt -display none {off}", 0, ""),
    GoldenRow("-compat unstable-input=reject,unstable-output=hide -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-compat unstable-input=crash -M virt -display none {off}", 1,
      "-compat unstable-input=crash: unstable-input=crash is not there yet in Apus; reject is", .later),
    GoldenRow("-M virt -loadvm x -display none {off}", 1, "no block device can store vmstate for snapshot"),
    GoldenRow(
      "-M virt -incoming defer -display none {off}", 1, "-incoming defer: migration is not there yet in Apus",
      .later),
    GoldenRow(
      "-M virt -S -S -display none -nodefaults -monitor none -loadvm x", 1,
      "no block device can store vmstate for snapshot"),
    GoldenRow(
      "-M virt -icount 1,sleep -display none {off}", 0,
      "-icount 1,sleep: warning: short-form boolean option 'sleep' deprecated"),
    GoldenRow(
      "-M virt -icount 1,nosleep -display none {off}", 0,
      "-icount 1,nosleep: warning: short-form boolean option 'nosleep' deprecated"),
    GoldenRow(
      "-M virt -rtc base=utc,foo -display none {off}", 1,
      "-rtc base=utc,foo: warning: short-form boolean option 'foo' deprecated"),
    GoldenRow("-no-reboot -no-shutdown -S -M virt,dumpdtb=x.dtb -display none", 0, ""),
    GoldenRow("-msg foo=1 -M virt -display none {off}", 1, "-msg foo=1: Invalid parameter 'foo'"),
    GoldenRow(
      "-action panic=foo -M virt -display none {off}", 1,
      "-action panic=foo: Parameter 'panic' does not accept value 'foo'"),
    GoldenRow(
      "-action shutdown=foo -M virt -display none {off}", 1,
      "-action shutdown=foo: Parameter 'shutdown' does not accept value 'foo'"),
    GoldenRow("-seed 1 -M virt -display none {off}", 0, ""),
    GoldenRow("-seed x -M virt -display none {off}", 1, "-seed x: Invalid seed number: x"),
    GoldenRow("-rtc clock=foo -M virt -display none {off}", 1, "invalid option value 'foo'"),
    GoldenRow(
      "-rtc base=localtime,clock=host,driftfix=slew -M virt -display none {off}", 0,
      "warning: driftfix 'slew' is not available with this machine"),
    GoldenRow("-rtc driftfix=foo -M virt -display none {off}", 1, "invalid option value 'foo'"),
    GoldenRow(
      "-rtc clock=vm -M virt -display none {off}", 0, ""),
    GoldenRow("-rtc clock=rt -M virt -display none {off}", 0, ""),
    GoldenRow("-rtc base=2006-06-17T16:01:21 -M virt -display none {off}", 0, ""),
    GoldenRow("-icount shift=0 -M virt -display none {off}", 0, ""),
    GoldenRow("-icount shift=auto -M virt -display none {off}", 0, ""),
    GoldenRow("-icount auto,align=on -M virt -display none {off}", 0, ""),
    GoldenRow("-icount auto,sleep=off -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-icount align=on -M virt -display none {off}", 1,
      "-icount align=on: Please specify shift option when using align"),
    GoldenRow(
      "-icount sleep=off -M virt -display none {off}", 0,
      "-icount sleep=off: warning: without shift= instructions are not counted; -icount shift=auto does",
      .differs("`-icount` without `shift=` counts nothing")),
    GoldenRow(
      "-icount 1,rr=record,rrfile=r -M virt -display none {off}", 1,
      "-icount 1,rr=record,rrfile=r: rr=record: record and replay are not there yet in Apus", .later),
    GoldenRow(
      "-icount shift=11 -M virt -display none {off}", 1, "-icount shift=11: icount: Invalid shift value"),
    GoldenRow(
      "-icount shift=1,align=on,sleep=off -M virt -display none {off}", 1,
      "-icount shift=1,align=on,sleep=off: align=on and sleep=off are incompatible"),
    GoldenRow(
      "-icount shift=1,rr=foo -M virt -display none {off}", 1,
      "-icount shift=1,rr=foo: Invalid icount rr option: foo"),
    GoldenRow(
      "-icount 1 -accel tcg,thread=multi -M virt -display none {off}", 1,
      "-accel tcg,thread=multi: No MTTCG when icount is enabled"),
    GoldenRow(
      "-d foo -M virt -display none {off}", 1, "-d foo: there is no log item 'foo'",
      .differs("An unknown item is an error")),
    GoldenRow("-d help", 0, "", .differs("An unknown item is an error")),
    GoldenRow("-dfilter foo -M virt -display none {off}", 1, "-dfilter foo: Bad range specifier"),
    GoldenRow(
      "-D /nope/x -d int -M virt -display none {off}", 1,
      "Error opening logfile /nope/x: No such file or directory"),
    GoldenRow(
      "-trace nope -M virt -display none {off}", 1, "-trace nope: tracing is not there yet in Apus", .later),
    GoldenRow(
      "-plugin nope.so -M virt -display none {off}", 1, "-plugin nope.so: plugins are not there yet in Apus",
      .later),
    GoldenRow(
      "-semihosting-config target=foo -M virt -display none {off}", 1,
      "-semihosting-config target=foo: unsupported semihosting-config target=foo"),
    GoldenRow(
      "-semihosting-config foo=1 -M virt -display none {off}", 1,
      "-semihosting-config foo=1: Invalid parameter 'foo'"),
    GoldenRow(
      "-semihosting-config enable=maybe -M virt -display none {off}", 1,
      "-semihosting-config enable=maybe: Parameter 'enable' expects 'on' or 'off'"),
    GoldenRow(
      "-semihosting-config chardev=nope -M virt -display none {off}", 1,
      "semihosting chardev 'nope' not found"),
    GoldenRow(
      "-semihosting-config enable=on,target=auto,userspace=on,arg=a,arg=b -M virt -display none {off}", 0, ""),
    GoldenRow("-semihosting-config target=gdb -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-grade /nope -M virt -display none {off}", 2,
      "-grade /nope: Could not open '/nope': No such file or directory",
      .differs("`-grade`")),
    GoldenRow("-semihosting -M virt -display none {off}", 0, ""),
    GoldenRow("-gdb foo -M virt -display none {off}", 1, "-gdb foo: 'foo' is not a valid char driver"),
    GoldenRow("-gdb none -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-gdb unix:/nope/x,server=on,wait=off -M virt -display none {off}", 1,
      "-gdb unix:/nope/x,server=on,wait=off: Failed to bind socket to /nope/x: No such file or directory"),
    GoldenRow(
      "-gdb stdio -serial stdio -M virt -display none {off}", 1,
      "-gdb stdio: cannot use stdio by multiple character devices"),
    GoldenRow(
      "-gdb chardev:nope -M virt -display none {off}", 1,
      "-gdb chardev:nope: gdbstub: couldn't create chardev"),
    GoldenRow(
      "-explain maybe -M virt -display none {off}", 1, "-explain maybe: expects 'on', 'off' or 'json'",
      .differs("`-explain` is Apus's own")),
    GoldenRow("-perfmap -M virt -display none {off}", 0, ""),
    GoldenRow(
      "-preconfig -M virt -display none {off}", 1, "-preconfig: -preconfig is not there yet in Apus", .later),
    GoldenRow(
      "-add-fd fd=9,set=1 -M virt -display none {off}", 1,
      "-add-fd fd=9,set=1: passed file descriptors are not there yet in Apus", .later),
    GoldenRow(
      "-dump-vmstate x.json -M virt -display none", 1,
      "-dump-vmstate x.json: migration is not there yet in Apus", .later),
    GoldenRow(
      "-only-migratable -M virt -display none {off}", 1,
      "-only-migratable: migration is not there yet in Apus", .later),
    GoldenRow(
      "-enable-sync-profile -M virt -display none {off}", 1,
      "-enable-sync-profile: lock profiling is not there yet in Apus", .later),
    GoldenRow(
      "-incoming foo -M virt -display none {off}", 1, "-incoming foo: migration is not there yet in Apus",
      .later),
    GoldenRow(
      "-daemonize -nographic -M virt {off}", 1, "-daemonize: -daemonize is not there yet in Apus", .later),
    GoldenRow(
      "-daemonize -M virt -display none -serial stdio {off}", 1,
      "-daemonize: -daemonize is not there yet in Apus", .later),
    GoldenRow("-M virt -display none -S -device help", 0, ""),
    GoldenRow("-M virt -d int -display none {off}", 0, ""),
    GoldenRow("-M virt -D log.txt -d int -display none {off}", 0, ""),
    GoldenRow("-M virt -d int,in_asm -dfilter 0x80000000+0x1000 -D log.txt -display none {off}", 0, ""),
    GoldenRow("-M virt -seed 42 -display none {off}", 0, ""),
    GoldenRow("-M virt -icount shift=1,sleep=off -display none {off}", 0, ""),
    GoldenRow("-M virt -rtc base=utc,clock=host -display none {off}", 0, ""),
    GoldenRow("-M virt -rtc base=2006-06-17 -display none {off}", 0, ""),
    GoldenRow("-M virt -msg timestamp=off,guest-name=on -display none {off}", 0, ""),
    GoldenRow("-M virt -no-shutdown -display none -M dumpdtb=x.dtb", 0, ""),
  ]

  // MARK: Help

  private static let help: [GoldenRow] = [
    GoldenRow("-version", 0, ""),
    GoldenRow("-help", 0, ""),
    GoldenRow("-h", 0, ""),
    GoldenRow("--help", 0, ""),
  ]

  // MARK: What QEMU has removed, or has for other processors

  private static let removed: [GoldenRow] = [
    GoldenRow("-M virt -singlestep", 1, "-singlestep: invalid option"),
    GoldenRow("-M virt -no-acpi", 1, "-no-acpi: invalid option"),
    GoldenRow("-M virt -no-hpet", 1, "-no-hpet: invalid option"),
    GoldenRow("-M virt -no-fd-bootchk", 1, "-no-fd-bootchk: Option not supported for this target"),
    GoldenRow("-M virt -portrait", 1, "-portrait: invalid option"),
    GoldenRow("-M virt -rotate 90", 1, "-rotate: invalid option"),
    GoldenRow("-M virt -async-teardown", 1, "-async-teardown: invalid option"),
    GoldenRow("-M virt -chroot /", 1, "-chroot: invalid option"),
    GoldenRow("-M virt -runas x", 1, "-runas: invalid option"),
    GoldenRow("-M virt -audio-help", 1, "-audio-help: invalid option"),
    GoldenRow("-writeconfig x", 1, "-writeconfig: invalid option"),
    GoldenRow(
      "-M virt -no-fd-bootchk -display none", 1, "-no-fd-bootchk: Option not supported for this target"),
    GoldenRow("-M virt -acpitable x -display none", 1, "-acpitable x: Option not supported for this target"),
    GoldenRow("-M virt -win2k-hack -display none", 1, "-win2k-hack: Option not supported for this target"),
    GoldenRow("-M virt -old-param -display none", 1, "-old-param: Option not supported for this target"),
    GoldenRow("-M virt -prom-env x -display none", 1, "-prom-env x: Option not supported for this target"),
    GoldenRow("-M virt -g 1x1 -display none", 1, "-g 1x1: Option not supported for this target"),
    GoldenRow("-M virt -no-kvm -display none", 1, "-no-kvm: invalid option"),
    GoldenRow("-M virt -balloon x -display none", 1, "-balloon: invalid option"),
    GoldenRow("-M virt -tdf -display none", 1, "-tdf: invalid option"),
    GoldenRow("-M virt -clock x -display none", 1, "-clock: invalid option"),
    GoldenRow("-M virt -sdl -display none", 1, "-sdl: invalid option"),
    GoldenRow("-M virt -curses -display none", 1, "-curses: invalid option"),
    GoldenRow("-M virt -alt-grab -display none", 1, "-alt-grab: invalid option"),
    GoldenRow("-M virt -no-quit -display none", 1, "-no-quit: invalid option"),
    GoldenRow("-M virt -no-frame -display none", 1, "-no-frame: invalid option"),
    GoldenRow("-M virt -device-help -display none", 1, "-device-help: invalid option"),
    GoldenRow("-M virt -soundhw x -display none", 1, "-soundhw: invalid option"),
    GoldenRow("-M virt -watchdog x -display none", 1, "-watchdog: invalid option"),
    GoldenRow("-M virt -enable-fips -display none", 1, "-enable-fips: invalid option"),
    GoldenRow("-M virt -realtime x -display none", 1, "-realtime: invalid option"),
    GoldenRow("-M virt -smb x -display none", 1, "-smb: invalid option"),
    GoldenRow("-M virt -redir x -display none", 1, "-redir: invalid option"),
    GoldenRow("-M virt -tftp x -display none", 1, "-tftp: invalid option"),
    GoldenRow("-M virt -bootp x -display none", 1, "-bootp: invalid option"),
    GoldenRow("-M virt -writeconfig x -display none", 1, "-writeconfig: invalid option"),
    GoldenRow("-M virt -localtime -display none", 1, "-localtime: invalid option"),
    GoldenRow("-M virt -startdate x -display none", 1, "-startdate: invalid option"),
    GoldenRow("-M virt -nodefconfig -display none", 1, "-nodefconfig: invalid option"),
    GoldenRow("-M virt -virtioconsole x -display none", 1, "-virtioconsole: invalid option"),
    GoldenRow("-M virt -show-cursor -display none", 1, "-show-cursor: invalid option"),
    GoldenRow("-M virt -tb-size 3 -display none", 1, "-tb-size: invalid option"),
  ]

  /// Files for -readconfig.
  static let configurationFiles: [(name: String, text: String)] = [
    ("bad.cfg", "[machine]\ntype = \"virt\"\n[device \"a\"]\n  driver = \"nope\"\n"),
    ("bad2.cfg", "[machine]\ntype = \"virt\"\nfoo = \"1\"\n"),
    ("bad3.cfg", "[nosuch]\ntype = \"virt\"\n"),
    ("bad4.cfg", "junk\n"),
    ("bad6.cfg", "[machine]\ntype = virt\n"),
    ("bad7.cfg", "[device \"x\"]\ndriver = \"virtio-rng-device\"\n foo = \"bar\"\n"),
    ("bad8.cfg", "[drive \"x\"]\nfile = \"nope.img\"\nif=\"none\"\n"),
    (
      "good3.cfg",
      "[machine]\n  type = \"virt\"\n  firmware = \"none\"\n  kernel = \"off.bin\"\n\n[memory]\n  size = \"64M\"\n\n[smp-opts]\n  cpus = \"2\"\n\n[device \"rng\"]\n  driver = \"virtio-rng-device\"\n\n[drive \"x\"]\n  if = \"none\"\n  format = \"raw\"\n  file = \"k.bin\"\n"
    ),
  ]
}
