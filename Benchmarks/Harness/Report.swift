import Glibc

/// What a run tells: for people on standard output, for programs as JSON.
package struct Report {
  package var options: Options
  package var measurements: Measurements
  package var bars: [Bar]
  package var qemuVersion: String

  package func printAll() {
    print("\nQEMU: \(qemuVersion); rounds: \(options.rounds); host: \(Report.host)")
    print("CPU seconds without an empty guest's, medians; ratio: QEMU's time by Apus's, above 1 is faster;")
    print("limit: QEMU's time by that of the same program built for this machine\n")
    var sets: [String] = []
    for row in measurements.complete where !sets.contains(row.set) { sets.append(row.set) }
    for set in sets {
      let rows = measurements.complete.filter { $0.set == set }
      let columns =
        (rows.contains { $0.limit != nil } ? "   limit" : "")
        + (rows.contains { $0.mips != nil } ? "    MIPS" : "")
      print(left(set, 26) + "   Apus    QEMU   ratio" + columns)
      for row in rows {
        print(
          left("  " + row.name, 26) + decimal(row.apusTime, 3, width: 7) + decimal(row.qemuTime, 3, width: 8)
            + decimal(row.ratio, 2, width: 8) + (row.limit.map { decimal($0, 2, width: 8) } ?? "")
            + (row.mips.map { decimal($0, 0, width: 8) } ?? ""))
      }
      if let mean = measurements.geomean(set) { print(left("  geomean", 41) + decimal(mean, 2, width: 8)) }
      print()
    }
    for (name, samples) in measurements.figures {
      let range = "\(decimal(samples.min() ?? .nan, 2)) to \(decimal(samples.max() ?? .nan, 2))"
      print(
        left(name, 58) + decimal(median(samples), 2, width: 9) + (samples.count > 1 ? "   (\(range))" : ""))
    }
    if !measurements.failures.isEmpty { print() }
    for (name, reason) in measurements.failures { print("failed: \(name): \(reason)") }
    print()
    for bar in bars {
      print(
        "issue \(bar.issue)  \(left(bar.verdict.rawValue, 12))  \(bar.claim): \(bar.detail)"
      )
    }
  }

  package func json() -> String {
    let rows = measurements.complete.map { row in
      JSON.object([
        ("set", .string(row.set)), ("name", .string(row.name)), ("ratio", .number(row.ratio)),
        ("apus", .numbers(row.apus)), ("qemu", .numbers(row.qemu)), ("apusEmpty", .number(row.apusOverhead)),
        ("qemuEmpty", .number(row.qemuOverhead)),
        ("native", .numbers(row.native)), ("nativeEmpty", .number(row.nativeOverhead)),
        ("instructions", row.instructions.map { .number(Double($0)) } ?? .null),
      ])
    }
    let figures = measurements.figures.map { ($0.name, JSON.numbers($0.samples)) }
    let bars = bars.map { bar in
      JSON.object([
        ("issue", .number(Double(bar.issue))), ("claim", .string(bar.claim)),
        ("verdict", .string(bar.verdict.rawValue)), ("detail", .string(bar.detail)),
      ])
    }
    let failures = measurements.failures.map {
      JSON.object([("name", .string($0.name)), ("reason", .string($0.reason))])
    }
    return JSON.object([
      ("qemu", .string(qemuVersion)), ("host", .string(Report.host)),
      ("rounds", .number(Double(options.rounds))),
      ("benchmarks", .array(rows)), ("figures", .object(figures)), ("failures", .array(failures)),
      ("bars", .array(bars)),
    ]).text + "\n"
  }

  private func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static var host: String {
    let text = (try? readFile("/proc/cpuinfo")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let model = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = model?.split(separator: ":").last.map { String($0.drop { $0 == " " }) } ?? "unknown"
    return "\(name), \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) cores"
  }
}

/// Just enough of JSON to be written.
package indirect enum JSON {
  case null
  case number(Double)
  case string(String)
  case array([JSON])
  case object([(String, JSON)])

  package static func numbers(_ values: [Double]) -> JSON { .array(values.map(JSON.number)) }

  package var text: String {
    switch self {
    case .null: "null"
    case .number(let value):
      !value.isFinite
        ? "null" : value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    case .string(let text): "\"" + text.unicodeScalars.map(JSON.escaped).joined() + "\""
    case .array(let items): "[" + items.map(\.text).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { JSON.string($0).text + ": " + $1.text }.joined(separator: ", ") + "}"
    }
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    if scalar == "\"" || scalar == "\\" { return "\\\(scalar)" }
    guard scalar.value < 0x20 else { return String(scalar) }
    let digits = String(scalar.value, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}
