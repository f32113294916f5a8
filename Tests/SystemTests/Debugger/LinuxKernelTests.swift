import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// docs/debugging.md's way into a distribution's kernel, which has no vmlinux.
  struct LinuxKernelTests {
    @Test("a kernel is debugged by the symbols that it prints itself")
    func symbols() async throws {
      let guests = try await BootTests.guests()
      let folder = try TemporaryFolder()
      let names =
        "_start|start_kernel|relocate_enable_mmu|__riscv_sys_openat|do_trap_ecall_u|handle_exception|_end"
      let machine = [
        try Programs.emulator, "-M", "virt", "-m", "512M", "-display", "none", "-monitor", "none", "-kernel",
        guests + "/Image", "-initrd", guests + "/initramfs.cpio.gz",
      ]
      let printed = try await Programs.run(
        machine + [
          "-serial", "stdio", "-append",
          "console=ttyS0 loglevel=0 rdinit=/bin/sh -- -c \"mount -t proc proc /proc; "
            + "grep -wE '\(names)' /proc/kallsyms; echo o >/proc/sysrq-trigger; sleep 9\"",
        ], seconds: 60)
      try folder.write(Array(printed.output.utf8), "kallsyms")
      let made = try await Programs.run(
        [Project.script("kernel-symbols"), folder.path("kallsyms"), folder.path("kernel.elf")], seconds: 20)
      #expect(made.end == .exit(0), "\(made)\n\(printed)")
      let script = """
        target remote ./gdb
        hbreak *(0x80200000 + ((long)&relocate_enable_mmu - (long)&_start))
        continue
        print/x $satp
        stepi 36
        print $satp != 0
        break start_kernel
        continue
        delete
        break __riscv_sys_openat
        continue
        info threads
        x/s ((long*)$a0)[11]
        finish
        kill
        """
      try folder.write(Array(script.utf8), "script")
      let ran = try await Programs.run(
        [
          "/bin/sh", "-c",
          """
          cd "$1"; shift
          "$@" </dev/null >/dev/null 2>&1 &
          for i in $(seq 400); do [ -S gdb ] && break; sleep 0.05; done
          timeout 80 gdb-multiarch -nx -batch -ex 'set width 0' kernel.elf -x script </dev/null 2>&1
          wait
          """, "sh", folder.url.path,
        ] + machine + ["-smp", "2", "-serial", "none", "-S", "-gdb", "unix:gdb"], seconds: 100)
      for line in [
        "$1 = 0x0\n", "$2 = 1\n", " in start_kernel ()", " in __riscv_sys_openat ()", "CPU#1 [", "\"/",
        " in do_trap_ecall_u ()",
      ] {
        #expect(ran.output.contains(line), "no '\(line)' in \(ran)")
      }
    }

    @Test("what has no symbols of a kernel is refused with a sentence")
    func refusals() async throws {
      let folder = try TemporaryFolder()
      for (text, sentence) in [
        ("", "has no kernel symbols"), ("ffffffff80000000 T\nnoise ; rm\n", "has no kernel symbols"),
        ("0000000000000000 T _start\n", "all addresses in"),
      ] {
        try folder.write(Array(text.utf8), "symbols")
        let ran = try await Programs.run(
          [Project.script("kernel-symbols"), folder.path("symbols"), folder.path("out")], seconds: 20)
        #expect(ran.end == .exit(1) && ran.output.contains(sentence), "\(ran)")
      }
      let narrow =
        "c0000000 T _start\r\nc0000000 T _text\nc0001000 t duplicate\nc0002000 t duplicate\nc0003000 D data\n"
        + "c0002000 t in_module [m]\nc0002000 t $x\nc0002000 t odd\"name\n"
      try folder.write(Array(narrow.utf8), "symbols")
      let ran = try await Programs.run(
        [
          "/bin/sh", "-c", "cd \"$2\"; \"$1\" symbols out && riscv64-linux-gnu-nm -n out | grep c000", "sh",
          Project.script("kernel-symbols"), folder.url.path,
        ], seconds: 20)
      #expect(
        ran.output == "c0000000 T _start\nc0000000 T _text\nc0001000 T duplicate\nc0003000 T data\n", "\(ran)"
      )
    }
  }
}
