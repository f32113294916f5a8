import Debugger
import Machine

extension GuestSymbols {
  /// The symbols of a machine's kernel and firmware.
  package convenience init(_ configuration: MachineConfiguration) {
    self.init {
      var paths = configuration.kernel.map { [$0] } ?? []
      let firmware = try? Firmware(
        configuration.bios, is64Bit: configuration.target == .riscv64,
        folders: configuration.firmwareFolders)
      if case .file(let path) = firmware, configuration.bios != nil { paths.append(path) }
      return paths
    }
  }
}
