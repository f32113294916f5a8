/// The generic loader's and the guest loader's cases: what is asked, and how Apus's answer compares with QEMU 10.0's.
struct LoaderCase: CustomStringConvertible {
  enum Verdict {
    /// The same exit code, first line on standard error, memory and program counters.
    case same
    /// The same machine, and a warning where QEMU says nothing.
    case warns(String)
    /// An error where QEMU starts the machine. docs/loader.md says why.
    case refused(String)
    /// A machine with other memory, or program counters, than QEMU's. docs/loader.md says why.
    case holds(memory: String? = nil, programCounter: String? = nil)
  }

  /// `-device`'s argument, and further options behind spaces.
  let text: String
  let addresses: [String]
  let verdict: Verdict

  init(_ text: String, at addresses: String..., is verdict: Verdict = .same) {
    self.text = text
    self.addresses = addresses.isEmpty ? ["0x80001000"] : addresses
    self.verdict = verdict
  }

  var description: String { text }
  var options: [String] { ["-device"] + text.split(separator: " ").map(String.init) }

  static let all = data + files + elves + uImages + hexFiles + programCounters + errors + guests

  private static let data: [LoaderCase] = [
    .init("loader,addr=0x80001000,data=0x11223344,data-len=4"),
    .init("loader,addr=0x80001000,data=0x1122334455667788,data-len=8"),
    .init("loader,addr=0x80001000,data=0x1122334455667788,data-len=8,data-be=on"),
    .init("loader,addr=0x80001000,data=0x112233,data-len=3"),
    .init("loader,addr=0x80001000,data=0x112233445566,data-len=7"),
    .init("loader,addr=0x80001000,data=0xffffffffff,data-len=2"),
    .init("loader,addr=0x80001000,data=-1,data-len=8"),
    .init("loader,addr=0x80001000,data-len=4"),
    .init("loader,addr=0x80001000,data=1,data-len=4,cpu-num=0"),
    .init("loader,addr=0x80001000,data=1,data-len=4,cpu-num=1 -smp 2"),
    .init("loader,addr=0x80001000,addr=0x80001004,data=7,data-len=4"),
    .init("loader,id=a,addr=0x80001000,data=1,data-len=4"),
    .init("loader,addr=0x80001000,data=1,data-len=4 -device loader,addr=0x80001002,data=2,data-len=4"),
    .init("loader,addr=0x2004000,data=0x1234,data-len=8"),
    .init("loader,addr=0x10000000,data=0x41,data-len=1"),
    .init("loader,data-len=4,data=5 -global loader.addr=0x80001000"),
    .init(
      "loader,addr=0x80001000,data=0x11223344,data-len=4,data-be=on", is: .holds(memory: "0x44332211")),
    .init("loader,addr=0x80001000,data=0x1122,data-len=2,data-be=on", is: .holds(memory: "0x00002211")),
    .init(
      "loader,addr=0x80001000,data-be=on,data-len=4",
      is: .warns("loader: data-be with data-len=4 writes the 4 low bytes")),
    .init("loader,data=5,data-len=4", is: .warns("loader: nothing takes the data at 0x0")),
    .init("loader,addr=0x100,data=1,data-len=4", is: .warns("loader: nothing takes the data at 0x100")),
    .init(
      "loader,addr=-1,data=1,data-len=4", is: .warns("loader: nothing takes the data at 0xffffffffffffffff")),
    .init(
      "loader,addr=0x87ffffff,data=0x1234,data-len=4", at: "0x87fffff0",
      is: .warns("loader: memory takes only 1 of the 4 bytes of data at 0x87ffffff")),
    .init(
      "loader,addr=0x1000,data=0x12345678,data-len=4", at: "0x1000",
      is: .warns("loader: data at 0x1000 is overwritten by 'mrom.reset', loaded after it")),
    .init(
      "loader,file=b.bin,addr=0x80001000 -device loader,addr=0x80001004,data=0xffffffff,data-len=4",
      is: .warns("loader: data at 0x80001004 is overwritten by 'b.bin', loaded after it")),
    .init("loader,addr=0x80001000,data=5,data-len=9"), .init("loader,addr=0x80001000,data=5,data-len=255"),
    .init("loader,addr=0x80001000,data=5,data-len=256"), .init("loader,addr=0x80001000,data=5,data-len=-1"),
    .init("loader,addr=0x80001000,data=5"), .init("loader,addr=0x80001000,data-be=on"),
    .init("loader,addr=0x80001000,data=1,data-len=4,force-raw=on"),
    .init("loader,addr=0x80001000,data=1,data-len=4,cpu-num=1"),
    .init("loader,file=k.bin,data=1,data-len=4"), .init("loader,file=k.bin,data-be=on"),
  ]

  private static let files: [LoaderCase] = [
    .init("loader,file=k.bin,addr=0x80001000"), .init("loader,file=k.bin,addr=0x80001000,cpu-num=0"),
    .init("loader,file=k.bin,addr=0x80001000,force-raw=on"),
    .init("loader,file=k.bin,data-len=0,addr=0x80001000"),
    .init("loader,file=with,,comma,addr=0x80001000"), .init("loader,file=k.srec,addr=0x80001000"),
    .init("loader,file=empty,addr=0x80001000"), .init("loader,file=empty,cpu-num=0"),
    .init("loader,file=k.bin,addr=0x80001000 -device loader,file=b.bin,addr=0x80001008"),
    .init("loader,file=k.bin,addr=0x80001000 -device loader,file=b.bin,addr=0x80001000"),
    .init("loader,file=b.bin,addr=0x80001000 -kernel k.bin"),
    .init("loader,file=colon,addr=0x80001000", is: .holds(memory: "0x0000003a")),
    .init(
      "loader,file=k.bin", is: .warns("8 of the 8 bytes of 'k.bin' at 0x0 lie outside of memory")),
    .init(
      "loader,file=k.bin,cpu-num=0", is: .warns("8 of the 8 bytes of 'k.bin' at 0x0 lie outside of memory")),
    .init(
      "loader,file=b.bin,addr=0x87fffff0", at: "0x87fffff0",
      is: .warns("48 of the 64 bytes of 'b.bin' at 0x87fffff0 lie outside of memory")),
    .init(
      "loader,file=b.bin,addr=0x7ffffff0", at: "0x80000000",
      is: .warns("16 of the 64 bytes of 'b.bin' at 0x7ffffff0 lie outside of memory")),
    .init("loader,file=k.bin,addr=-4", is: .refused("Cannot load specified image k.bin")),
    .init("loader,file=nope"), .init("loader,file=nope,addr=0x80000000"), .init("loader,file="),
    .init("loader,file=nope -kernel missing"), .init("loader,file=k.bin,addr=0x80001000,cpu-num=7"),
  ]

  private static let elves: [LoaderCase] =
    [
      .init("loader,file=64.elf", at: "0x80200000"), .init("loader,file=64.elf,cpu-num=0", at: "0x80200000"),
      .init("loader,file=64.elf,addr=0x80001000", at: "0x80200000", "0x80001000"),
      .init("loader,file=64.elf,addr=0x80001000,force-raw=on", at: "0x80200000", "0x80001000"),
      .init("loader,file=64.elf,addr=0x80001000,force-raw=on,cpu-num=0"),
      .init("loader,file=64.elf,cpu-num=1 -smp 2"), .init("loader,file=64.elf,cpu-num=1"),
      .init("loader,file=32.elf,cpu-num=0", at: "0x80400000"),
      .init("loader,file=position-independent.elf,cpu-num=0", at: "0x80200000"),
      .init("loader,file=virtual.elf,cpu-num=0", at: "0x80200000"),
      .init("loader,file=two.elf,cpu-num=0", at: "0x80200000", "0x80300000"),
      .init("loader,file=overlapping.elf,cpu-num=0", at: "0x80200000"),
      .init("loader,file=entry-elsewhere.elf,cpu-num=0", at: "0x80200000"),
      .init(
        "loader,file=elsewhere.elf,cpu-num=0",
        is: .warns(
          "8 of the 8 bytes of 'elsewhere.elf ELF program header segment 0' at 0x90000000 lie outside")),
      .init("loader,file=64.elf -device loader,file=two.elf"),
    ]
    + refusedFiles([
      "beyond.elf", "x86-64.elf", "x86.elf", "big-endian.elf", "object.elf", "core.elf", "no-segments.elf",
      "note.elf", "magic.elf", "header.elf", "table.elf", "cut.elf", "class.elf",
    ])

  private static let uImages: [LoaderCase] =
    [
      .init("loader,file=kernel.img,cpu-num=0", at: "0x80400000"),
      .init("loader,file=kernel.img,addr=0x80001000", at: "0x80400000", "0x80001000"),
      .init("loader,file=kernel.img,addr=0x80001000,force-raw=on"),
      .init("loader,file=gzip.img,cpu-num=0", at: "0x80400000"),
      .init("loader,file=netbsd.img,cpu-num=0", at: "0x80400000"),
      .init("loader,file=no-data.img,cpu-num=0", at: "0x80400000"),
      .init(
        "loader,file=lzma.img,cpu-num=0", at: "0x80400000",
        is: .holds(memory: "0x00734505 0xbf5f1050", programCounter: "0000000080400004")),
    ]
    + refusedFiles(
      ["arm.img", "cut-gzip.img", "cut.img", "header.img"] + [2, 4, 5].map { "compression-\($0).img" }
        + [1, 3, 4, 5, 6, 7, 8, 14].map { "type-\($0).img" })

  /// QEMU extends the sign of a start record's address, and starts at 0 without one.
  private static let hexFiles: [LoaderCase] =
    [
      .init("loader,file=k.hex", at: "0x80200000"), .init("loader,file=lower-case.hex", at: "0x80200000"),
      .init("loader,file=gap.hex", at: "0x80200000", "0x80200100"),
      .init("loader,file=backwards.hex", at: "0x80200000", "0x80200100"),
      .init("loader,file=blank-line.hex", at: "0x80200000"),
      .init("loader,file=indented.hex", at: "0x80200000"),
      .init("loader,file=more-behind.hex", at: "0x80200000"), .init("loader,file=end-only.hex"),
      .init("loader,file=comment.hex,addr=0x80001000,cpu-num=0"),
      .init("loader,file=first-checksum.hex,addr=0x80001000,cpu-num=0"),
      .init("loader,file=k.hex,addr=0x80001000,force-raw=on"),
      .init("loader,file=k.hex,cpu-num=0", is: .holds(programCounter: "0000000080200004")),
      .init("loader,file=no-start.hex,cpu-num=0", is: .holds(programCounter: "0000000080200000")),
      .init(
        "loader,file=segments.hex,cpu-num=0",
        is: .warns("8 of the 8 bytes of 'segments.hex' at 0x80000 lie outside of memory")),
    ] + refusedFiles(["no-end.hex", "checksum.hex", "cut.hex", "unknown.hex", "length.hex"])

  private static func refusedFiles(_ names: [String]) -> [LoaderCase] {
    names.map {
      .init("loader,file=\($0),addr=0x80001000,cpu-num=0", is: .refused("Cannot load specified image \($0)"))
    }
  }

  private static let programCounters: [LoaderCase] = [
    .init("loader,addr=0x80001234,cpu-num=0"), .init("loader,addr=0x80001234,cpu-num=1 -smp 2"),
    .init("loader,addr=0x80001235,cpu-num=0"), .init("loader,addr=-1,cpu-num=0"),
    .init("loader,addr=010,cpu-num=0"), .init("loader,cpu-num=0 -global loader.addr=0x80005678"),
    .init("loader,addr=0x80001234,cpu-num=0 -device loader,addr=0x80005678,cpu-num=0"),
    .init("loader,addr=0x80001234"), .init("loader,addr=0x80001234,cpu-num=4294967295"),
    .init("loader,addr=0x80001234,cpu-num=4294967296"), .init("loader,addr=0x80001234,cpu-num=1"),
    .init("loader,cpu-num=0"), .init("loader,addr=0,cpu-num=0"), .init("loader,force-raw=on"),
  ]

  private static let errors: [LoaderCase] = [
    .init("loader"), .init("loader,"), .init("loader,foo=1"), .init("loader,cpu_num=0,addr=0x80001234"),
    .init("loader,addr=zzz,cpu-num=0"), .init("loader,addr=1k,cpu-num=0"), .init("loader,addr=,cpu-num=0"),
    .init("loader,addr=0x,cpu-num=0"), .init("loader,addr=0x10000000000000000,cpu-num=0"),
    .init("loader,force-raw=maybe"), .init("loader,force-raw=off"), .init("loader,data-be=off"),
    .init("loader,addr=0x80001234,cpu-num=0,bus=foo"), .init("generic-loader,addr=0x80001234,cpu-num=0"),
    .init("loader,addr=4,data=1,data-len=4,id=a -device loader,addr=8,data=2,data-len=4,id=a"),
    .init("loader,addr=0x80001234,cpu-num=0 -global loader.foo=1"),
  ]

  private static let guests: [LoaderCase] = [
    .init("guest-loader,addr=0x81000000,kernel=k.bin", at: "0x81000000"),
    .init("guest-loader,addr=0x81000000,kernel=64.elf", at: "0x81000000"),
    .init("guest-loader,addr=0x81000000,kernel=kernel.img", at: "0x81000000"),
    .init("guest-loader,addr=0x81000000,initrd=b.bin", at: "0x81000000"),
    .init("guest-loader,addr=0x81000000,kernel=k.bin,bootargs=x", at: "0x81000000"),
    .init("guest-loader,addr=0x81000000,kernel=k.bin,bootargs=", at: "0x81000000"),
    .init("guest-loader,addr=0x81000000,kernel=empty", at: "0x81000000"),
    .init(
      "guest-loader,addr=0x81000000,kernel=k.bin -device guest-loader,addr=0x82000000,initrd=b.bin",
      at: "0x81000000", "0x82000000"),
    .init("guest-loader,addr=0x81000000,kernel=k.bin -device guest-loader,addr=0x81000000,initrd=b.bin"),
    .init("guest-loader,addr=0x80000000,kernel=k.bin -bios k.bin"),
    .init("guest-loader,addr=0x80000000,kernel=b.bin -kernel k.bin"),
    .init("guest-loader,addr=0x87e00000,kernel=k.bin"), .init("guest-loader,kernel=k.bin"),
    .init("guest-loader,addr=0,kernel=k.bin"), .init("guest-loader,addr=0x81000000"), .init("guest-loader"),
    .init("guest-loader,addr=0x81000000,kernel=k.bin,initrd=b.bin"),
    .init("guest-loader,kernel=k.bin,initrd=b.bin"), .init("guest-loader,initrd=k.bin,bootargs=x"),
    .init("guest-loader,addr=0x81000000,initrd=b.bin,bootargs=x"),
    .init("guest-loader,addr=0x81000000,initrd=b.bin,bootargs="), .init("guest-loader,bootargs=x"),
    .init("guest-loader,addr=0x81000000,kernel=nope"), .init("guest-loader,addr=0x81000000,initrd=nope"),
    .init("guest-loader,addr=0x81000000,kernel="), .init("guest-loader,addr=1k,kernel=k.bin"),
    .init("guest-loader,addr=0x81000000,foo=1"), .init("guest-loader,addr=0x81000000,kernel=k.bin,cpu-num=0"),
    .init("guest-loader,addr=0x81000000,kernel=k.bin,bus=y"),
    .init("guest-loader,addr=-1,kernel=k.bin", is: .refused("Cannot load specified image k.bin")),
    .init(
      "guest-loader,addr=0x90000000,kernel=k.bin", is: .warns("8 of the 8 bytes of 'k.bin' at 0x90000000 lie")
    ),
    .init(
      "guest-loader,addr=0x87fffffc,kernel=k.bin", at: "0x87fffff0",
      is: .warns("4 of the 8 bytes of 'k.bin' at 0x87fffffc lie outside")),
  ]
}
