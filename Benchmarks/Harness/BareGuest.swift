/// A program without an operating system, run with `-M virt -bios none`.
package struct BareGuest {
  package enum Paging: String {
    case bare, sv39
  }

  package var set: String
  package var name: String
  /// In the folder of guests.
  package var source: String
  package var iterations: Int
  package var defines: [String] = []
  package var extensions = ""
  package var paging = Paging.bare
  package var harts = 1

  package var id: String { "\(set)/\(name)" + (paging == .sv39 ? "+sv39" : "") }
}

extension BareGuest {
  /// Sized for one to two seconds in an interpreter of 500 MIPS.
  package static let all: [BareGuest] = integer + integer.map(\.behindPages) + others

  /// Does nothing: its time is taken off that of all others.
  package static let empty = BareGuest(set: "none", name: "empty", source: "integer/empty.c", iterations: 1)

  private var behindPages: BareGuest {
    var guest = self
    guest.paging = .sv39
    return guest
  }

  private static let integer =
    [
      ("coremark-like", 20_000), ("dhrystone-like", 1_200_000), ("sha256", 1_600), ("qsort", 60),
      ("matrix", 45),
      ("sieve", 450), ("crc32", 900), ("strings", 1_400), ("trees", 5_000), ("hash-table", 8_000_000),
      ("lz", 250),
      ("queens", 2_400), ("branchy", 2_000),
    ].map { BareGuest(set: "integer", name: $0.0, source: "integer/\($0.0).c", iterations: $0.1) } + [
      BareGuest(
        set: "integer", name: "bits", source: "integer/bits.c", iterations: 15_000_000,
        extensions: "_zba_zbb_zbs")
    ]

  private static let others: [BareGuest] =
    [("fib", 2_200), ("virtual", 450_000), ("interpreter-switch", 14_000), ("interpreter-goto", 16_000)].map {
      BareGuest(set: "calls", name: $0.0, source: "calls/\($0.0).c", iterations: $0.1)
    }
    + [
      ("nbody", 150_000), ("spectral", 250), ("mandelbrot", 45), ("fft", 450), ("linpack", 55),
      ("libm-like", 450_000), ("conversions", 4_000_000), ("fma", 50_000),
    ].map { BareGuest(set: "floating", name: $0.0, source: "floating/\($0.0).c", iterations: $0.1) }
    + [("nbody", 150_000), ("mandelbrot", 45), ("fft", 450), ("fma", 50_000)].map {
      BareGuest(
        set: "floating", name: $0.0 + "-single", source: "floating/\($0.0).c", iterations: $0.1,
        defines: ["SINGLE"])
    }
    + [("memcpy", 2_000), ("stream", 45), ("load-store", 1_800)].map {
      BareGuest(set: "memory", name: $0.0, source: "memory/\($0.0).c", iterations: $0.1, paging: .sv39)
    }
    + [
      ("32k", 32 << 10, 64, 15_000_000), ("2m", 2 << 20, 4096, 2_000_000),
      ("64m", 64 << 20, 4096, 1_000_000),
    ].map { name, footprint, stride, iterations in
      BareGuest(
        set: "memory", name: "chase-" + name, source: "memory/chase.c", iterations: iterations,
        defines: ["FOOTPRINT=\(footprint)", "STRIDE=\(stride)"], paging: .sv39)
    }
    + [("rewritten", 200_000), ("fresh", 6_000), ("shared-page", 4_000_000)].map {
      BareGuest(set: "changing", name: $0.0, source: "changing/\($0.0).c", iterations: $0.1)
    }
    + [
      BareGuest(
        set: "harts", name: "independent-1", source: "harts/independent.c", iterations: 120_000_000,
        defines: ["HARTS=1"]),
      BareGuest(
        set: "harts", name: "independent-2", source: "harts/independent.c", iterations: 120_000_000,
        defines: ["HARTS=2"], harts: 2),
      BareGuest(set: "harts", name: "atomics", source: "harts/atomics.c", iterations: 4_000_000, harts: 2),
    ]
}
