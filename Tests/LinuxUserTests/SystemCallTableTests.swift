import Foundation
import LinuxUser
import TestSupport
import Testing

@Suite struct SystemCallTableTests {
  /// Linux's numbers by the cross compiler's headers, which are those of Linux 6.1.
  private func linuxNumbers() async throws -> [String: Int] {
    let folder = try TemporaryFolder()
    let source = try folder.write("#include <asm/unistd.h>\n", "names.c")
    let ran = try await Programs.run([try Project.crossCompiler, "-E", "-dM", source])
    var numbers: [String: Int] = [:]
    var aliases: [String: String] = [:]
    for line in ran.output.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 3, words[0] == "#define", words[1].hasPrefix("__NR") else { continue }
      let name = String(words[1])
      // Architecture's own: (244 + 15).
      let text = words[2...].joined().replacing("(", with: "").replacing(")", with: "")
      if let number = Int(text) {
        numbers[name] = number
      } else if let sum = text.split(separator: "+").last.flatMap({ Int($0) }), text.contains("arch_specific")
      {
        numbers[name] = 244 + sum
      } else {
        aliases[name] = text
      }
    }
    for (name, other) in aliases { numbers[name] = numbers[other] }
    return Dictionary(
      uniqueKeysWithValues: numbers.filter { $0.key.hasPrefix("__NR_") }.map {
        (String($0.key.dropFirst(5)), $0.value)
      })
  }

  @Test func everyCallOfLinuxHasARow() async throws {
    let rows = Dictionary(uniqueKeysWithValues: SystemCalls.table.map { ($0.name, $0.number) })
    let numbers = try await linuxNumbers().filter { !["syscalls", "arch_specific_syscall"].contains($0.key) }
    #expect(numbers.count > 300)
    for (name, number) in numbers { #expect(rows[name] == number, "\(name) is \(number)") }
    // Those since then, up to Linux 6.12.
    let newer = [
      "cachestat", "fchmodat2", "map_shadow_stack", "futex_wake", "futex_wait", "futex_requeue", "statmount",
      "listmount", "lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules", "mseal",
    ]
    for (i, name) in newer.enumerated() { #expect(rows[name] == 451 + i) }
  }

  @Test func numbersAndNamesAreUniqueAndInOrder() {
    let numbers = SystemCalls.table.map(\.number)
    #expect(numbers == numbers.sorted())
    #expect(Set(numbers).count == numbers.count)
    #expect(Set(SystemCalls.table.map(\.name)).count == numbers.count)
  }

  @Test func whatIsRefusedSaysWhy() {
    for call in SystemCalls.table {
      if case .refused(let why) = call.treatment { #expect(why.count > 10, "\(call.name)") }
      #expect(call.arguments.count <= 6)
    }
  }

  /// Where the headers name a request of ioctl, its number is the same there.
  @Test func requestsHaveTheNumbersOfBothMachines() async throws {
    let table = DeviceRequest.table
    #expect(Set(table.map(\.number)).count == table.count)
    let headers = [
      "sys/ioctl.h", "sys/socket.h", "net/if.h", "time.h", "linux/fs.h", "linux/fiemap.h", "linux/loop.h",
      "linux/if_tun.h",
      "linux/random.h", "linux/sockios.h", "linux/vt.h", "linux/kd.h", "linux/nsfs.h", "linux/rtc.h",
      "linux/dm-ioctl.h", "linux/blkpg.h", "linux/blkzoned.h", "linux/hdreg.h", "linux/fsverity.h",
      "linux/fscrypt.h", "linux/btrfs.h", "linux/tty.h", "linux/msdos_fs.h", "linux/fuse.h",
      "linux/watchdog.h",
    ]
    var source = headers.map { "#include <\($0)>\n" }.joined()
    // What only the kernel's own header for terminals has.
    source += "struct termios2 { int words[11]; };\n"
    for request in table {
      source +=
        "#ifdef \(request.name)\n_Static_assert((unsigned)\(request.name) == \(request.number)u, \"\");\n#endif\n"
    }
    let folder = try TemporaryFolder()
    let path = try folder.write(source, "requests.c")
    for compiler in [try Project.crossCompiler, try Programs.nativeCompiler] {
      let ran = try await Programs.run([compiler, "-w", "-fsyntax-only", path])
      #expect(ran.end == 0, "\(ran)")
    }
  }
}
