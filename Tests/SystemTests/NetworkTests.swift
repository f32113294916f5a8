import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// Linux, U-Boot and this computer's own programs on either side of `-netdev user`.
  struct NetworkTests {
    /// The servers and the client of network-peer.py.
    private final class Peer {
      let ports: [Int]
      private let process = Process()
      private let input = Pipe()

      init(serving folder: String) throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
          "python3", Project.root.appendingPathComponent("Tests/SystemTests/network-peer.py").path, folder,
        ]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while line.last != 10 {
          let more = output.fileHandleForReading.availableData
          guard !more.isEmpty else { throw TestSetupError("network-peer.py ended") }
          line += more
        }
        ports = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap {
          Int($0)
        }
        guard ports.count == 3 else { throw TestSetupError("network-peer.py says \(line)") }
      }

      deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
      }
    }

    /// The initial RAM disk with the card's drivers and the guest's scripts.
    private static func initrd(_ folder: TemporaryFolder, _ guests: String) async throws -> String {
      let packed = try await Programs.run(
        [
          "/bin/bash", "-ec",
          """
          mkdir "$1/pack"; cd "$1/pack"
          modules="${APUS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/apus}"/trixie-riscv64/root/usr/lib/modules
          for name in failover net_failover virtio_mmio virtio_net; do
            xz -dc "$(find "$modules" -name $name.ko.xz | head -n 1)" >$name.ko
          done
          cp "$3"/*.sh .
          { cat "$2"; ls | cpio -o -H newc 2>/dev/null | gzip; } >../initrd
          """, "pack", folder.url.path, guests + "/initramfs.cpio.gz", Project.guest("network").path,
        ], seconds: 30)
      guard packed.end == .exit(0) else { throw TestSetupError("\(packed)") }
      return folder.path("initrd")
    }

    private static let files: (big: [UInt8], small: [UInt8]) = {
      var numbers = SeededNumbers(seed: 9)
      let big = (0..<(3 << 20) + 77).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      return (big, Array(big.prefix(70_000)))
    }()

    /// What Guests/network/network.sh prints between begin and end.
    private static func converse(
      _ program: [String], _ device: [String], network: String = "", more: [String] = []
    ) async throws -> [String] {
      let guests = try await BootTests.guests()
      let folder = try TemporaryFolder()
      let served = folder.path("served")
      try FileManager.default.createDirectory(atPath: served, withIntermediateDirectories: true)
      try folder.write(files.big, "served/big")
      try folder.write(files.small, "served/small")
      let peer = try Peer(serving: served)
      let ran = try await Programs.run(
        program + [
          "-M", "virt", "-m", "512M", "-nographic", "-kernel", guests + "/Image", "-initrd",
          try await initrd(folder, guests), "-append",
          "console=ttyS0 quiet apus.run=\"sh /network.sh \(peer.ports[0]) \(peer.ports[1])\"", "-netdev",
          "user,id=n,tftp=\(served),hostfwd=tcp:127.0.0.1:\(peer.ports[2])-:80,"
            + "guestfwd=tcp:10.0.2.100:80-cmd:echo from a command,guestfwd=tcp:10.0.2.101:81-chardev:c"
            + network,
          "-chardev",
          "file,id=c,path=\(folder.path("said")),input-path=\(try folder.write(Array("from a file\n".utf8), "told"))",
        ] + device + more, seconds: 240)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(try String(contentsOfFile: folder.path("said"), encoding: .utf8) == "hello\n")
      let lines = ran.output.split(whereSeparator: \.isNewline).map(String.init)
      guard let begin = lines.firstIndex(of: "begin"), let end = lines.firstIndex(of: "end"), begin < end
      else {
        throw TestSetupError("\(ran)")
      }
      return Array(lines[(begin + 1)..<end])
    }

    private static func apus() async throws -> [String] {
      [try Programs.emulator, "-bios", try await BootTests.guests() + "/opensbi-trixie/fw_dynamic.bin"]
    }

    private static func md5(_ bytes: [UInt8]) async throws -> String {
      let folder = try TemporaryFolder()
      let ran = try await Programs.run(["/usr/bin/md5sum", try folder.write(bytes, "x")], seconds: 20)
      return String(ran.output.prefix(32))
    }

    // MARK: Linux

    /// Addresses by DHCP and router advertisements, ping, HTTP in both directions, an upload, TFTP, a command.
    @Test(arguments: [
      ["-device", "virtio-net-device,netdev=n"],
      ["-global", "virtio-mmio.force-legacy=false", "-device", "virtio-net-device,netdev=n", "-smp", "2"],
      ["-device", "virtio-net-pci,netdev=n"],
      // Without what drivers of today take for granted.
      [
        "-device",
        "virtio-net-pci-transitional,netdev=n,mrg_rxbuf=off,ctrl_vq=off,event_idx=off,indirect_desc=off",
      ],
      // Time goes by instructions, and the outside comes in between them.
      ["-device", "virtio-net-pci,netdev=n,mac=52:54:00:12:34:56", "-icount", "shift=2"],
    ])
    func linuxTalksToThisComputer(device: [String]) async throws {
      let lines = try await Self.converse(try await Self.apus(), device)
      let (big, small) = (try await Self.md5(Self.files.big), try await Self.md5(Self.files.small))
      #expect(
        Array(lines.dropFirst()) == [
          "address: 52:54:00:12:34:56",
          "DHCP: 10.0.2.15/24 router 10.0.2.2 dns 10.0.2.3 lease 86400 server 10.0.2.2 "
            + "domain  search  name  boot  from 10.0.2.2 ",
          "2 packets transmitted, 2 packets received, 0% packet loss",
          "1 packets transmitted, 1 packets received, 0% packet loss",
          "\(big)  /www/big", "md5 \(big) of \(Self.files.big.count) bytes", "\(small)  /tmp/small",
          "from a command", "from a file", "the host got: \(big)", "fec0::5054:ff:fe12:3456/64 scope site",
          "1 packets transmitted, 1 packets received, 0% packet loss", "0",
        ])
    }

    /// The same guest under QEMU 10.0, with all that DHCP can say; and the answers of DHCP, byte by byte.
    @Test func theGuestSeesWhatItSeesUnderQEMU() async throws {
      let folder = try TemporaryFolder()
      let network =
        ",hostname=box,domainname=apus.test,dnssearch=a.test,dnssearch=b.test,bootfile=boot.img,"
        + "tftp-server-name=files,net=10.0.0.0/8"
      var seen: [[String]] = []
      var answers: [[[UInt8]]] = []
      for (name, program) in [("apus", try await Self.apus()), ("qemu", Reference.qemu10.words)] {
        let capture = folder.path(name)
        seen.append(
          try await Self.converse(
            program, ["-device", "virtio-net-device,netdev=n"], network: network,
            more: ["-object", "filter-dump,id=f,netdev=n,file=\(capture)"]))
        answers.append(try Self.bootAnswers(inCapture: capture))
      }
      // QEMU offers three more (2, 6, 21), of which none means anything here.
      let features = seen.map { Array($0[0].dropFirst("features: ".count)) }
      #expect(features[0].indices.filter { features[0][$0] != features[1][$0] } == [2, 6, 21])
      #expect(seen[0].dropFirst() == seen[1].dropFirst())
      #expect(
        seen[0].contains { $0.contains("domain apus.test search a.test b.test name box boot boot.img") })
      #expect(answers[0].count >= 2)
      #expect(answers[0] == answers[1])
    }

    /// What BOOTP servers said in a capture (RFC 951, §3), without the number that the client chose, each once.
    private static func bootAnswers(inCapture path: String) throws -> [[UInt8]] {
      let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
      func word(_ at: Int) -> Int { bytes[at..<at + 4].reversed().reduce(0) { $0 << 8 | Int($1) } }
      var found: [[UInt8]] = []
      var at = 24
      while at + 16 <= bytes.count {
        let frame = Array(bytes[(at + 16)..<(at + 16 + word(at + 8))])
        at += 16 + word(at + 8)
        // UDP from port 67 to port 68.
        guard frame.count > 60, frame[12...13] == [8, 0], frame[23] == 17, frame[34...37] == [0, 67, 0, 68]
        else {
          continue
        }
        var answer = Array(frame[42...])
        answer.replaceSubrange(4..<8, with: [0, 0, 0, 0])
        if !found.contains(answer) { found.append(answer) }
      }
      return found
    }

    /// A guest that waits for the network is silent, and nothing is wrong with it.
    @Test func nothingIsExplainedOfAGuestThatWaitsForTheNetwork() async throws {
      let guests = try await BootTests.guests()
      let folder = try TemporaryFolder()
      let ran = try await Programs.run(
        try await Self.apus() + [
          "-M", "virt", "-m", "512M", "-nographic", "-explain", "on", "-kernel", guests + "/Image", "-initrd",
          try await Self.initrd(folder, guests), "-append",
          "console=ttyS0 quiet apus.run=\"for m in failover net_failover virtio_net; do insmod /$m.ko; done; "
            + "ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; echo waiting; nc -l -p 99 -w 12; echo over\"",
          "-netdev", "user,id=n,restrict=on", "-device", "virtio-net-pci,netdev=n",
        ], seconds: 120)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("waiting") && ran.output.contains("over"), "\(ran)")
      #expect(!ran.output.contains("apus-system-riscv64:"), "\(ran)")
    }

    // MARK: U-Boot

    @Test(arguments: ["virtio-net-device", "virtio-net-pci"])
    func uBootFetchesAFile(device: String) async throws {
      let guests = try await FirmwareTests.guests()
      let folder = try TemporaryFolder()
      try folder.write(Array("A file by TFTP.\n".utf8), "file.txt")
      let ran = try await Programs.run(
        [
          try Programs.emulator, "-M", "virt", "-m", "256M", "-nographic", "-bios",
          guests + "/u-boot-trixie/qemu-riscv64/u-boot.bin", "-netdev", "user,id=n,tftp=\(folder.url.path)",
          "-device", "\(device),netdev=n",
        ],
        conversation: [
          ("stop autoboot", "\r"), ("=> ", "setenv autoload no; dhcp\r"),
          ("bound to address", "tftpboot 81000000 file.txt; md.b 81000000 10\r"), ("A file by", "\u{1}x"),
        ], seconds: 60)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("DHCP client bound to address 10.0.2.15"), "\(ran)")
      #expect(ran.output.contains("Bytes transferred = 16"), "\(ran)")
    }
  }
}
