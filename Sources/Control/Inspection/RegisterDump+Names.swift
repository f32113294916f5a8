import RISCV

extension RegisterDump {
  /// The value of `$name`: pc, x5, t0, fp, fa0, mstatus.
  subscript(name: String) -> UInt64? {
    if name == "pc" { return pc }
    if name == "fp" { return integers.count > 8 ? integers[8] : nil }
    if let index = RegisterNames.integer.firstIndex(of: name), index < integers.count {
      return integers[index]
    }
    if let index = RegisterNames.float.firstIndex(of: name), index < floats.count { return floats[index] }
    if name.first == "x", let index = Int(name.dropFirst()), integers.indices.contains(index) {
      return integers[index]
    }
    if name.first == "f", let index = Int(name.dropFirst()), floats.indices.contains(index) {
      return floats[index]
    }
    return controls.first { $0.name == name }?.value
  }
}
