import Foundation
import Testing

import Debugger

/// Who called whom, in what the cross compiler writes, as objdump sees its call frame information.
@Suite struct BacktraceTests {
  private static let source = """
    __attribute__((noinline)) long inner(long a, long b)
    {
      volatile long block[8];
      block[a & 7] = b;
      __asm__ volatile("" ::: "s1", "s2");
      return block[b & 7] + a;
    }
    __attribute__((noinline)) long outer(long a)
    {
      volatile long x = a;
      return inner(x, 3) + x;
    }
    void _start(void)
    {
      outer(5);
      for (;;) ;
    }
    """

  static let builds: [[String]] = [
    ["-O1", "-g"], ["-O2", "-gdwarf-4", "-fno-asynchronous-unwind-tables"],
    ["-O0", "-fasynchronous-unwind-tables"],
    ["-O1", "-g", "-march=rv32imac", "-mabi=ilp32"],
  ]

  /// The rows of objdump's interpretation: the function's first address, each row's address, and where ra is.
  @Test("rows are objdump's", arguments: builds)
  func rows(options: [String]) throws {
    try CrossTools.inFolder { folder in
      let image = try build(options, in: folder)
      let listing = try CrossTools.run(
        ["readelf", "--debug-dump=frames-interp", "program"], in: folder)
      var compared = 0
      var columns: [Substring] = []
      for line in listing.split(separator: "\n") {
        let words = line.split(separator: " ")
        if words.first == "LOC" { columns = words }
        guard words.count == columns.count, columns.contains("ra"),
          let address = UInt64(words[0], radix: 16), address >= 0x8020_0000,
          let row = image.frames.row(at: address), let place = columns.firstIndex(of: "ra")
        else { continue }
        // "sp+32", and "c-8", "u" or "s" for ra.
        let frame = row.frame.map { "\(Self.names[$0.register] ?? "x\($0.register)")+\($0.offset)" }
        #expect(frame == String(words[1]), "\(line)")
        let theirs = String(words[place])
        switch row.rules[1] {
        case .saved(let offset)?: #expect(theirs == "c\(offset)", "\(line)")
        case nil: #expect(theirs == "u", "\(line)")
        case let other?: Issue.record("\(other) for \(line)")
        }
        compared += 1
      }
      #expect(compared >= 4)
    }
  }
  private static let names: [UInt64: String] = [2: "sp", 8: "s0"]

  @Test("a stack is walked by CFI, and by frame pointers where there is none")
  func walk() throws {
    try CrossTools.inFolder { folder in
      for options in [["-O1", "-g"], ["-O1", "-fno-asynchronous-unwind-tables", "-fno-omit-frame-pointer"]] {
        let image = try build(options, in: folder)
        let symbols = GuestSymbols(images: [image])
        // A stack as the three functions make it: inner's frame below outer's.
        let bottom: UInt64 = 0x8040_0000
        let outer = try #require(image.address(of: "outer"))
        let start = try #require(image.address(of: "_start"))
        var memory: [UInt64: UInt64] = [:]
        let (outerFrame, innerFrame) = (bottom, bottom - 32)
        var registers = [UInt64](repeating: 0, count: 32)
        if options.contains("-g") {
          // At outer's first instruction nothing is saved yet.
          registers[1] = start + 8
          registers[2] = bottom
          let trace = Backtrace(pc: outer, integers: registers, width: 64, symbols: symbols) { _, _ in nil }
          #expect(trace.frames.map(\.basis) == [.here, .frames])
          #expect(trace.frames.map { symbols.place(of: $0.place)?.name } == ["outer", "_start"])
        } else {
          let inner = try #require(image.address(of: "inner"))
          memory[innerFrame - 8] = outer + 12
          memory[innerFrame - 16] = outerFrame
          memory[outerFrame - 8] = start + 8
          memory[outerFrame - 16] = 0
          registers[2] = innerFrame - 64
          registers[8] = innerFrame
          let read = { [memory] (address: UInt64, count: Int) -> [UInt8]? in
            memory[address].map { word in
              (0..<count).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
            }
          }
          let trace = Backtrace(pc: inner + 16, integers: registers, width: 64, symbols: symbols, read: read)
          #expect(trace.frames.map(\.basis) == [.here, .framePointer, .framePointer])
          #expect(trace.frames.map { symbols.place(of: $0.place)?.name } == ["inner", "outer", "_start"])
          #expect(!trace.end.isEmpty)
        }
      }
    }
  }

  @Test("a stack of nonsense comes to an end, with a reason")
  func nonsense() {
    var state = Seed.first
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 20
    }
    for _ in 0..<Seed.rounds(2000) {
      let registers = (0..<32).map { _ in next() & 0xfff8 }
      let bytes = (0..<64).map { _ in UInt8(truncatingIfNeeded: next()) }
      let trace = Backtrace(
        pc: next(), integers: registers, width: next() & 1 == 0 ? 32 : 64, symbols: GuestSymbols()
      ) { address, count in (0..<count).map { bytes[Int((address &+ UInt64($0)) & 63)] } }
      #expect(trace.frames.count <= Backtrace.limit)
      #expect(!trace.end.isEmpty)
    }
  }

  @Test("damaged tables of call frames never trap")
  func damage() throws {
    try CrossTools.inFolder { folder in
      for options in [
        ["-O1", "-fasynchronous-unwind-tables"], ["-O1", "-g", "-fno-asynchronous-unwind-tables"],
      ] {
        _ = try build(options, in: folder)
        let path = folder.appendingPathComponent("program")
        let sound = [UInt8](try Data(contentsOf: path))
        let listing = try CrossTools.run(["readelf", "-SW", path.path], in: folder)
        let row = try #require(
          listing.split(separator: "\n").first { $0.contains(" .eh_frame ") || $0.contains(" .debug_frame ") }
        )
        let columns = row.split(separator: "]")[1].split(separator: " ")
        let offset = try #require(Int(columns[3], radix: 16))
        let size = try #require(Int(columns[4], radix: 16))
        var state = Seed.first
        for round in 0..<Seed.rounds(1500) {
          var bytes = sound
          Damage.inflict(on: &bytes, &state, round % 4, in: offset..<offset + size)
          guard let image = GuestImage(bytes: bytes, name: "k") else { continue }
          for step in 0..<20 { _ = image.frames.row(at: 0x8020_0000 + 4 * UInt64(step)) }
          _ = Backtrace(
            pc: 0x8020_0010, integers: (0..<32).map { UInt64($0) * 0x100 }, width: 64,
            symbols: GuestSymbols(images: [image])
          ) { _, count in [UInt8](repeating: 0x20, count: count) }
        }
      }
    }
  }

  private func build(_ options: [String], in folder: URL) throws -> GuestImage {
    try Self.source.write(
      to: folder.appendingPathComponent("stack.c"), atomically: false, encoding: .utf8)
    _ = try CrossTools.run(
      ["gcc"] + options + [
        "-nostdlib", "-static", "-ffreestanding", "-Wl,-Ttext=0x80200000", "-Wl,--build-id=none",
        "-mcmodel=medany", "stack.c", "-o", "program",
      ], in: folder)
    return try #require(GuestImage(path: folder.appendingPathComponent("program").path))
  }
}
