/// All samples of one run, by benchmark and emulator.
package struct Measurements {
  package init() {}

  package struct Row {
    package var set: String
    package var name: String
    package var apus: [Double] = []
    package var qemu: [Double] = []
    /// Of the same program, built for this machine.
    package var native: [Double] = []
    /// Seconds of an empty guest, which the samples still contain.
    package var apusOverhead = 0.0
    package var qemuOverhead = 0.0
    package var nativeOverhead = 0.0
    /// By the guest's own count under Apus.
    package var instructions: UInt64?

    package var apusTime: Double { max(median(apus) - apusOverhead, 1e-6) }
    package var qemuTime: Double { max(median(qemu) - qemuOverhead, 1e-6) }
    /// How many times as fast as QEMU Apus is.
    package var ratio: Double { qemuTime / apusTime }
    /// How many times as fast as QEMU this machine itself is.
    package var limit: Double? {
      native.isEmpty ? nil : qemuTime / max(median(native) - nativeOverhead, 1e-6)
    }
    package var mips: Double? { instructions.map { Double($0) / apusTime / 1e6 } }
  }

  package var rows: [Row] = []
  /// Benchmarks that gave no figure, and why.
  package var failures: [(name: String, reason: String)] = []
  /// Figures that are no comparison of two times, by name: samples in the unit that the name says.
  package var figures: [(name: String, samples: [Double])] = []

  package mutating func record(
    _ set: String, _ name: String, apus: Double? = nil, qemu: Double? = nil, native: Double? = nil
  ) {
    let index = rows.firstIndex { $0.set == set && $0.name == name } ?? rows.count
    if index == rows.count { rows.append(Row(set: set, name: name)) }
    if let apus { rows[index].apus.append(apus) }
    if let qemu { rows[index].qemu.append(qemu) }
    if let native { rows[index].native.append(native) }
  }

  package mutating func record(figure name: String, _ value: Double) {
    if let index = figures.firstIndex(where: { $0.name == name }) {
      figures[index].samples.append(value)
    } else {
      figures.append((name, [value]))
    }
  }

  package func row(_ set: String, _ name: String) -> Row? {
    complete.first { $0.set == set && $0.name == name }
  }

  package func figure(_ name: String) -> Double? {
    figures.first { $0.name == name }.map { median($0.samples) }
  }

  /// Rows with samples of both emulators.
  package var complete: [Row] { rows.filter { !$0.apus.isEmpty && !$0.qemu.isEmpty } }

  package func geomean(_ set: String) -> Double? {
    let ratios = complete.filter { $0.set == set }.map(\.ratio)
    return ratios.isEmpty ? nil : geometricMean(ratios)
  }
}
