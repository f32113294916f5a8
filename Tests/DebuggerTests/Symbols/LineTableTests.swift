import Foundation
import Testing

import Debugger

/// Source lines, as binutils sees them in what the cross compiler writes.
@Suite struct LineTableTests {
  private static let main = """
    #include "sub/helper.h"
    int counter;
    static int twice(int x)
    {
      return x * 2;
    }
    int main(int argc, char **argv)
    {
      for (int i = 0; i < argc; i++) {
        counter += twice(i) + helper(i);
        if (counter > 100)
          return 1;
      }
      return counter;
    }
    """
  private static let helper = """
    static inline int helper(int x)
    {
      if (x & 1)
        return x * 3;
      return x / 2;
    }
    """

  /// The program built with `options`, and its path.
  private func build(_ options: [String], in folder: URL) throws -> String {
    let sub = folder.appendingPathComponent("sub")
    try FileManager.default.createDirectory(at: sub, withIntermediateDirectories: true)
    try Self.helper.write(to: sub.appendingPathComponent("helper.h"), atomically: false, encoding: .utf8)
    try Self.main.write(to: sub.appendingPathComponent("main.c"), atomically: false, encoding: .utf8)
    try "#include \"sub/main.c\"\n".write(
      to: folder.appendingPathComponent("all.c"), atomically: false, encoding: .utf8)
    // The start is assembly with lines of its own.
    try ".globl _start\n_start:\n li sp, 0x80400000\n call main\n1: j 1b\n".write(
      to: folder.appendingPathComponent("start.S"), atomically: false, encoding: .utf8)
    _ = try CrossTools.run(
      ["gcc"] + options + [
        "-I.", "-nostdlib", "-static", "-ffreestanding", "-mcmodel=medany", "-Wl,-Ttext=0x80200000",
        "-Wl,--build-id=none", "start.S", "all.c", "-o", "program",
      ], in: folder)
    return folder.appendingPathComponent("program").path
  }

  static let builds = [
    ["-gdwarf-2", "-O0"], ["-gdwarf-3", "-O2"], ["-gdwarf-4", "-O1"], ["-gdwarf-5", "-O0"],
    ["-gdwarf-5", "-O2"],
    ["-gdwarf-5", "-O2", "-ffunction-sections"],
    ["-gdwarf-4", "-O2", "-march=rv32imac", "-mabi=ilp32"],
    ["-gdwarf-5", "-O1", "-march=rv32imac", "-mabi=ilp32"],
    ["-gdwarf-5", "-O1", "-gno-as-loc-support", "-gno-as-locview-support"],
  ]

  @Test("every instruction has the line that addr2line gives it", arguments: builds)
  func lines(options: [String]) throws {
    try CrossTools.inFolder { folder in
      let path = try build(options, in: folder)
      let image = try #require(GuestImage(path: path))
      #expect(image.hasLines)
      let addresses = (0..<200).map { 0x8020_0000 + 2 * UInt64($0) }
      let input = addresses.map { "0x" + String($0, radix: 16) + "\n" }.joined()
      let answers = try CrossTools.newestAddressTool(path, in: folder, input: input)
        .split(separator: "\n")
      #expect(answers.count == addresses.count)
      var compared = 0
      for (address, answer) in zip(addresses, answers) {
        // "…/sub/main.c:10 (discriminator 2)", "??:0", "…/main.c:?"
        let theirs = answer.split(separator: " ")[0]
        let ours = image.line(at: address)
        guard !theirs.hasPrefix("??"), !theirs.hasSuffix(":?") else {
          #expect(ours == nil, "\(String(address, radix: 16)): \(answer)")
          continue
        }
        let text = try #require(
          ours.map { "\($0.file):\($0.line)" }, "\(String(address, radix: 16)): \(answer)")
        // They put the folder of the compilation before it.
        let tail = text.hasPrefix("./") ? String(text.dropFirst(2)) : text
        #expect(theirs.hasSuffix(tail), "\(String(address, radix: 16)): \(text), \(answer)")
        compared += 1
      }
      #expect(compared > 30)
    }
  }

  /// addr2line says nothing about such files.
  @Test("64-bit DWARF has the lines of 32-bit DWARF", arguments: ["-gdwarf-4", "-gdwarf-5"])
  func wideFormat(option: String) throws {
    try CrossTools.inFolder { folder in
      let narrow = try #require(GuestImage(path: try build([option, "-O1"], in: folder)))
      let places = (0..<40).map { narrow.line(at: 0x8020_0000 + 2 * UInt64($0)) }
      let wide = try #require(GuestImage(path: try build([option, "-gdwarf64", "-O1"], in: folder)))
      #expect(places.contains { $0 != nil })
      for (index, place) in places.enumerated() {
        let other = wide.line(at: 0x8020_0000 + 2 * UInt64(index))
        #expect(other?.file == place?.file && other?.line == place?.line, "\(index)")
      }
    }
  }

  @Test("compressed and missing tables say nothing")
  func silence() throws {
    try CrossTools.inFolder { folder in
      let packed = try build(["-g", "-gz=zlib"], in: folder)
      let image = try #require(GuestImage(path: packed))
      #expect(image.line(at: image.entry) == nil)
      #expect(image.symbol(at: image.entry)?.name == "_start")
      _ = try CrossTools.run(["strip", "program"], in: folder)
      let stripped = try #require(GuestImage(path: packed))
      #expect(!stripped.hasSymbols)
      #expect(!stripped.hasLines)
    }
  }

  @Test("a file that was built anew since has no names until it is opened again")
  func rebuilt() throws {
    try CrossTools.inFolder { folder in
      let path = try build(["-g"], in: folder)
      let image = try #require(GuestImage(path: path))
      // Its header has been read, its tables have not.
      try FileManager.default.removeItem(atPath: path)
      try Data(repeating: 0, count: 100).write(to: URL(fileURLWithPath: path))
      #expect(image.symbol(at: image.entry) == nil)
      #expect(image.line(at: image.entry) == nil)
    }
  }

  @Test("damaged tables have fewer lines and never trap", arguments: ["-gdwarf-3", "-gdwarf-5"])
  func damage(option: String) throws {
    try CrossTools.inFolder { folder in
      let path = try build([option, "-O1"], in: folder)
      let sound = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      // Where the table is: the section's offset and size, as readelf tells.
      let listing = try CrossTools.run(["readelf", "-SW", path], in: folder)
      let row = try #require(listing.split(separator: "\n").first { $0.contains(" .debug_line ") })
      let columns = row.split(separator: "]")[1].split(separator: " ")
      let offset = try #require(Int(columns[3], radix: 16))
      let size = try #require(Int(columns[4], radix: 16))
      var state = Seed.first
      for round in 0..<Seed.rounds(1500) {
        var bytes = sound
        Damage.inflict(on: &bytes, &state, round % 4, in: offset..<offset + size)
        if round % 3 == 0 { Damage.inflict(on: &bytes, &state, round) }
        guard let image = GuestImage(bytes: bytes, name: "k") else { continue }
        for step in 0..<40 { _ = image.line(at: 0x8020_0000 + 8 * UInt64(step)) }
      }
    }
  }
}
