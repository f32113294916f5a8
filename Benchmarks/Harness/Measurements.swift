/// All samples of one run, by benchmark and emulator.
struct Measurements {
  struct Row {
    var set: String
    var name: String
    var apus: [Double] = []
    var qemu: [Double] = []
    /// Seconds of an empty guest, which the samples still contain.
    var apusOverhead = 0.0
    var qemuOverhead = 0.0
    /// By the guest's own count under Apus.
    var instructions: UInt64?

    var apusTime: Double { max(median(apus) - apusOverhead, 1e-6) }
    var qemuTime: Double { max(median(qemu) - qemuOverhead, 1e-6) }
    /// How many times as fast as QEMU Apus is.
    var ratio: Double { qemuTime / apusTime }
    var mips: Double? { instructions.map { Double($0) / apusTime / 1e6 } }
  }

  var rows: [Row] = []
  /// Benchmarks that gave no figure, and why.
  var failures: [(name: String, reason: String)] = []
  /// Figures that are no comparison of two times, by name: samples in the unit that the name says.
  var figures: [(name: String, samples: [Double])] = []

  mutating func record(_ set: String, _ name: String, apus: Double? = nil, qemu: Double? = nil) {
    let index = rows.firstIndex { $0.set == set && $0.name == name } ?? rows.count
    if index == rows.count { rows.append(Row(set: set, name: name)) }
    if let apus { rows[index].apus.append(apus) }
    if let qemu { rows[index].qemu.append(qemu) }
  }

  mutating func record(figure name: String, _ value: Double) {
    if let index = figures.firstIndex(where: { $0.name == name }) {
      figures[index].samples.append(value)
    } else {
      figures.append((name, [value]))
    }
  }

  func row(_ set: String, _ name: String) -> Row? { complete.first { $0.set == set && $0.name == name } }

  func figure(_ name: String) -> Double? { figures.first { $0.name == name }.map { median($0.samples) } }

  /// Rows with samples of both emulators.
  var complete: [Row] { rows.filter { !$0.apus.isEmpty && !$0.qemu.isEmpty } }

  func geomean(_ set: String) -> Double? {
    let ratios = complete.filter { $0.set == set }.map(\.ratio)
    return ratios.isEmpty ? nil : geometricMean(ratios)
  }
}
