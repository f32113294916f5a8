import CommandLineOptions
import Consoles
import Machine
import Testing

private func consoles(_ line: String) throws -> CommandLineRequest {
  try request("-M virt -display none -monitor none \(line)")
}

/// The first lines of the messages that a command line gets: ours come after QEMU's.
private func firstLines(_ line: String) -> [String] {
  complaints("-M virt -display none -monitor none \(line)").map { String($0.prefix { $0 != "\n" }) }
}

private func socket(_ address: SocketOptions.Address, _ change: (inout SocketOptions) -> Void = { _ in })
  -> CharacterRequest.Kind
{
  var options = SocketOptions(address: address)
  change(&options)
  return .socket(options)
}

private func internet(_ host: String, _ port: String) -> SocketOptions.Address {
  .internet(InternetAddress(host: host, port: port))
}

@Suite("Character back ends on the command line")
struct CharacterOptionTests {
  @Test(
    "short forms",
    arguments: [
      ("stdio", .standardIO(signals: true)), ("null", .null),
      ("file:a=b,append=on", .file(path: "a=b,append=on", appends: false)),
      ("pipe:/tmp/p", .pipe(path: "/tmp/p")), ("pty", .pseudoterminal(link: nil)),
      ("pty:/tmp/l", .pseudoterminal(link: "/tmp/l")), ("/dev/ttyUSB0", .serialLine(path: "/dev/ttyUSB0")),
      ("mon:stdio", .standardIO(signals: false)), ("tcp:h:1", socket(internet("h", "1"))),
      (
        "tcp::1,server,nowait",
        socket(internet("", "1")) {
          $0.isServer = true; $0.waits = false
        }
      ),
      (
        "tcp:h:1,server=on,wait=off",
        socket(internet("h", "1")) {
          $0.isServer = true; $0.waits = false
        }
      ),
      ("tcp:[::1]:1", socket(internet("::1", "1"))),
      ("tcp:h:1,reconnect=2", socket(internet("h", "1")) { $0.reconnect = 2000 }),
      (
        "tcp:h:1,reconnect-ms=5,nodelay=on",
        socket(internet("h", "1")) {
          $0.reconnect = 5; $0.hasNoDelay = true
        }
      ),
      (
        "telnet::1,server=on",
        socket(internet("", "1")) {
          $0.isServer = true; $0.framing = .telnet
        }
      ),
      (
        "websocket::1,server=on",
        socket(internet("", "1")) {
          $0.isServer = true; $0.framing = .webSocket
        }
      ),
      ("unix:/s,server=on", socket(.unix(UnixAddress(path: "/s"))) { $0.isServer = true }),
      (
        "unix:/s,abstract=on,tight=off",
        socket(.unix(UnixAddress(path: "/s", isAbstract: true, isTight: false)))
      ),
      ("udp::1", .datagrams(DatagramOptions(remote: InternetAddress(host: "localhost", port: "1")))),
      (
        "udp:h:1@:2",
        .datagrams(
          DatagramOptions(
            remote: InternetAddress(host: "h", port: "1"), local: InternetAddress(host: "", port: "2")))
      ),
    ] as [(String, CharacterRequest.Kind)])
  func short(text: String, kind: CharacterRequest.Kind) throws {
    let asked = try consoles("-serial \(text)")
    #expect(asked.characters.map(\.kind) == [kind])
    #expect(asked.characters.first?.isMultiplexed == text.hasPrefix("mon:"))
    #expect(asked.machine.serial == ["serial0"])
  }

  @Test(
    "-chardev",
    arguments: [
      ("null", .null), ("stdio,signal=off", .standardIO(signals: false)),
      ("ringbuf", .ringBuffer(size: 65536)),
      ("memory,size=4k", .ringBuffer(size: 4096)), ("pty,path=l", .pseudoterminal(link: "l")),
      ("serial,path=/dev/ttyS0", .serialLine(path: "/dev/ttyS0")), ("pipe,path=p", .pipe(path: "p")),
      ("file,path=o,append=on,input-path=i", .file(path: "o", appends: true, inputPath: "i")),
      ("mux,chardev=b", .multiplexer(of: "b")), ("hub,chardevs.0=a,chardevs.1=b", .hub(["a", "b"])),
      ("socket,fd=3", socket(.descriptor("3"))),
      (
        "socket,host=h,port=1,delay=off,to=4",
        socket(.internet(InternetAddress(host: "h", port: "1", lastPort: 4))) {
          $0.hasNoDelay = true
        }
      ),
      (
        "socket,path=/s,server=on,telnet=on",
        socket(.unix(UnixAddress(path: "/s"))) {
          $0.isServer = true; $0.framing = .telnet
        }
      ),
      (
        "udp,port=1,ipv4=on,localport=2",
        .datagrams(
          DatagramOptions(
            remote: InternetAddress(host: "localhost", port: "1", usesIPv4: true),
            local: InternetAddress(host: "", port: "2", usesIPv4: true)))
      ),
    ] as [(String, CharacterRequest.Kind)])
  func long(text: String, kind: CharacterRequest.Kind) throws {
    let asked = try consoles("-chardev \(text),id=x,mux=off,logfile=log,logappend=on")
    #expect(asked.characters.map(\.kind) == [kind])
    #expect(asked.characters.first?.log?.path == "log")
    #expect(asked.characters.first?.log?.appends == true)
    #expect(asked.warnings.isEmpty)
  }

  /// Each as QEMU 10.0 says it.
  @Test(
    "what QEMU says of a -chardev",
    arguments: [
      ("id=a", "chardev: \"a\" missing backend"), ("pipe,id=a", "chardev: pipe: no device path given"),
      ("serial,id=a", "chardev: serial/tty: no device path given"),
      ("tty,id=a,path=/dev/x", "'tty' is not a valid char driver name"),
      ("mux,id=a", "chardev: mux: no chardev given"), ("hub,id=a", "hub: 'chardevs' list is not defined"),
      ("hub,id=a,chardevs.1=b", "hub: 'chardevs' list is not defined"),
      ("socket,id=a", "Unable to parse FD number "), ("socket,id=a,host=h", "chardev: socket: no port given"),
      ("socket,id=a,path=p,host=h", "None or one of 'path', 'fd' or 'host' option required."),
      ("socket,id=a,host=h,port=1,tls-creds=x", "No TLS credentials with id 'x'"),
      ("socket,id=a,host=h,port=1,tls-authz=x", "'tls_authz' option requires 'tls_creds' option"),
      ("socket,id=a,host=h,port=1,websocket=on", "Websocket client is not implemented"),
      ("socket,id=a,host=h,port=1,delay=off,nodelay=on", "'delay' and 'nodelay' are mutually exclusive"),
      ("socket,id=a,host=h,port=1,reconnect=foo", "Parameter 'reconnect' expects a number"),
      ("socket,id=a,host=h,port=1,server=maybe", "Parameter 'server' expects 'on' or 'off'"),
      ("udp,id=a", "chardev: udp: remote port not specified"), ("null,id=a,foo=1", "Invalid parameter 'foo'"),
      ("null,id=a,mux=foo", "Parameter 'mux' expects 'on' or 'off'"),
    ])
  func errors(text: String, sentence: String) {
    #expect(firstLines("-chardev \(text)") == ["-chardev \(text): \(sentence)"])
  }

  @Test(
    "what QEMU says of a -serial",
    arguments: [
      ("foo", "'foo' is not a valid char driver"), ("null,id=x", "'null,id=x' is not a valid char driver"),
      ("ringbuf:", "'ringbuf:' is not a valid char driver"),
      ("con:", "'console' is not a valid char driver name"),
      ("mon:foo", "'foo' is not a valid char driver"), ("tcp:h", nil), ("tcp:", nil), ("udp:foo", nil),
      ("chardev:nope", nil), ("websocket::1", "Websocket client is not implemented"),
      ("tcp:h:1,wait=on", "'wait' option is incompatible with socket in client connect mode"),
      ("tcp:h:1,foo=1", "Invalid parameter 'foo'"),
      (
        "tcp:h:1,server=on,reconnect=1",
        "'reconnect' option is incompatible with socket in server listen mode"
      ),
      ("tcp:h:1,reconnect=1,reconnect-ms=5", "'reconnect' and 'reconnect-ms' are mutually exclusive"),
    ] as [(String, String?)])
  func serialErrors(text: String, sentence: String?) {
    let option = "-serial \(text)"
    let ending = "\(option): could not connect serial device to character backend '\(text)'"
    #expect(firstLines(option) == (sentence.map { ["\(option): \($0)"] } ?? []) + [ending])
  }

  @Test("other options that lead to back ends")
  func others() {
    #expect(firstLines("-mon mode=control") == ["-mon mode=control: Parameter 'chardev' is missing"])
    #expect(firstLines("-monitor chardev:n") == ["-monitor chardev:n: chardev \"n\" not found"])
    #expect(
      firstLines("-parallel foo") == [
        "-parallel foo: 'foo' is not a valid char driver",
        "-parallel foo: could not connect parallel device to character backend 'foo'",
      ])
    #expect(
      firstLines("-debugcon foo") == [
        "-debugcon foo: 'foo' is not a valid char driver", "-debugcon foo: invalid character backend 'foo'",
      ])
    #expect(
      firstLines("-debugcon stdio") == ["-debugcon stdio: 'isa-debugcon' is not a valid device model name"])
  }

  @Test("what is known and means nothing here gets a warning, not silence")
  func foreignOptions() throws {
    #expect(
      try consoles("-chardev null,id=a,path=x").warnings
        == ["-chardev null,id=a,path=x: warning: 'path' means nothing to a null back end"])
    #expect(
      try consoles("-parallel pty").warnings
        == ["-parallel pty: warning: this machine has no parallel port"])
    #expect(try consoles("-parallel none -parallel null").warnings.isEmpty)
  }
}
