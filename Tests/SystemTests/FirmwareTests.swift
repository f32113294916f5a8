import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// Debian's U-Boot and UEFI, and Linux's view of what firmware sees.
  struct FirmwareTests {
    static func guests() async throws -> String {
      let environment = ProcessInfo.processInfo.environment
      let home = environment["HOME"] ?? "/root"
      let cache = environment["APUS_CACHE"] ?? (environment["XDG_CACHE_HOME"] ?? home + "/.cache") + "/apus"
      for script in ["fetch-linux", "fetch-firmware"] {
        let ran = try await Programs.run([Project.script(script)], seconds: 600)
        guard ran.end == .exit(0) else { throw TestSetupError("cannot fetch guests: \(ran)") }
      }
      return cache + "/guests"
    }

    /// A file of 32 MiB that takes no room until it is written.
    private static func flash(_ folder: TemporaryFolder, _ name: String) throws -> String {
      let path = try folder.write([], name)
      guard truncate(path, 32 << 20) == 0 else { throw TestSetupError("cannot make \(path)") }
      return path
    }

    // MARK: U-Boot

    @Test(arguments: [
      ["-bios", "GUESTS/u-boot-trixie/qemu-riscv64/u-boot.bin"],
      ["-bios", "GUESTS/u-boot-bookworm/qemu-riscv64/u-boot.bin"],
      ["-kernel", "GUESTS/u-boot-trixie/qemu-riscv64_smode/u-boot.bin"],
      ["-kernel", "GUESTS/u-boot-bookworm/qemu-riscv64_smode/u-boot.bin"],
    ])
    func uBootReachesItsPromptAndWritesFlash(options: [String]) async throws {
      let guests = try await Self.guests()
      let folder = try TemporaryFolder()
      let flash = try Self.flash(folder, "flash")
      let ran = try await Programs.run(
        [
          try Programs.emulator, "-M", "virt", "-m", "256M", "-nographic", "-drive",
          "if=pflash,unit=1,format=raw,file=\(flash)",
        ] + options.map { $0.replacingOccurrences(of: "GUESTS", with: guests) },
        conversation: [
          ("stop autoboot", "\r"), ("=> ", "flinfo 2\r"), ("22FE0000", "\r"),
          // Without its line's beginning it would be found in the echo.
          ("=> ", "erase 22000000 2203ffff\r"), ("done", "\r"),
          ("=> ", "mw.l 81000000 12345678 40; cp.b 81000000 22000000 100\r"), ("done", "\r"),
          ("=> ", "cmp.b 81000000 22000000 100\r"), ("were the same", "\u{1}x"),
        ], seconds: 60)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("Total of 256 byte(s) were the same"), "\(ran)")
      let written =
        try FileHandle(forReadingFrom: URL(fileURLWithPath: flash)).read(upToCount: 0x104) ?? Data()
      #expect(written.prefix(4) == Data([0x78, 0x56, 0x34, 0x12]))
      #expect(written.suffix(4) == Data([0xff, 0xff, 0xff, 0xff]))
    }

    // MARK: UEFI

    private static let code = "if=pflash,unit=0,format=raw,readonly=on,file=GUESTS/edk2/RISCV_VIRT_CODE.fd"

    static func uefi(
      _ folder: TemporaryFolder, _ options: [String], _ conversation: [(seeing: String, saying: String)]
    ) async throws -> (ran: Ran, variables: Data) {
      let guests = try await guests()
      let variables = URL(fileURLWithPath: folder.path("variables"))
      try FileManager.default.copyItem(
        at: URL(fileURLWithPath: guests + "/edk2/RISCV_VIRT_VARS.fd").resolvingSymlinksInPath(), to: variables
      )
      let ran = try await Programs.run(
        [
          try Programs.emulator, "-M", "virt", "-m", "512M", "-nographic", "-drive", code, "-drive",
          "if=pflash,unit=1,format=raw,file=\(variables.path)",
        ].map { $0.replacingOccurrences(of: "GUESTS", with: guests) }
          + options.map { $0.replacingOccurrences(of: "GUESTS", with: guests) }, conversation: conversation,
        seconds: 120)
      return (ran, try Data(contentsOf: variables))
    }

    @Test func uefiReachesItsShellAndKeepsAVariable() async throws {
      let (ran, variables) = try await Self.uefi(
        TemporaryFolder(), [],
        [
          ("for boot options", "\r"), ("any other key to continue", "\r"),
          ("Shell> ", "setvar Apus -nv -bs -guid 11111111-2222-3333-4444-555555555555 =0x0102\r"),
          ("Shell> ", "reset -s\r"),
        ])
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("UEFI Interactive Shell"), "\(ran)")
      #expect(variables.range(of: "Apus\0".data(using: .utf16LittleEndian) ?? Data()) != nil)
    }

    @Test func uefiStartsTheKernelOfTheCommandLine() async throws {
      let (ran, _) = try await Self.uefi(
        TemporaryFolder(),
        [
          "-kernel", "GUESTS/Image", "-initrd", "GUESTS/initramfs.cpio.gz", "-append",
          "console=ttyS0 quiet apus.run=\"sed s/^/efi:/ /sys/firmware/efi/fw_platform_size; dmesg | grep -q EDK\"",
        ], [("for boot options", "\r")])
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("efi:64\r\n"), "\(ran)")
      #expect(ran.output.contains("exit status 0"), "\(ran)")
    }

    // MARK: fw_cfg

    /// The listing is what the same kernel prints under QEMU 10.0, acpi=off, but for SMBIOS's two files.
    @Test func linuxListsTheFilesOfTheFirmwareConfiguration() async throws {
      let guests = try await Self.guests()
      let folder = try TemporaryFolder()
      let text = try folder.write(Array("a file's text".utf8), "text")
      // The initial RAM disk with the driver behind it: the kernel unpacks one archive after the other.
      let disk = folder.path("initrd")
      let packed = try await Programs.run(
        [
          "/bin/bash", "-ec",
          """
          cd "$1"; module=$(find "${APUS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/apus}"/trixie-riscv64/root/usr/lib/modules \
            -name qemu_fw_cfg.ko.xz | head -n 1)
          xz -dc "$module" >fw_cfg.ko
          { cat "$2"; echo fw_cfg.ko | cpio -o -H newc 2>/dev/null | gzip; } >initrd
          """, "pack", folder.url.path, guests + "/initramfs.cpio.gz",
        ], seconds: 30)
      guard packed.end == .exit(0) else { throw TestSetupError("\(packed)") }
      let ran = try await Programs.run(
        [
          try Programs.emulator, "-M", "virt", "-m", "512M", "-nographic", "-kernel", guests + "/Image",
          "-initrd", disk, "-fw_cfg", "name=opt/b,string=hello", "-fw_cfg", "opt/a/file,file=\(text)",
          "-append",
          "console=ttyS0 quiet apus.run=\"insmod /fw_cfg.ko; cd /sys/firmware/qemu_fw_cfg; cat rev; "
            + "for k in $(ls by_key); do echo $k $(cat by_key/$k/name) $(cat by_key/$k/size); done; "
            + "cat by_name/opt/a/file/raw by_name/opt/b/raw\"",
        ], seconds: 120)
      #expect(ran.end == .exit(0), "\(ran)")
      let expected = [
        "3", "32 bios-geometry 0", "33 bootorder 0", "34 etc/boot-fail-wait 4", "35 opt/a/file 13",
        "36 opt/b 5",
        "a file's texthello",
      ]
      #expect(ran.output.contains(expected.joined(separator: "\r\n")), "\(ran)")
    }
  }
}
