import Machine
import Synchronization

/// The symbols of a machine's kernel and firmware, read when the first is asked for.
package final class GuestSymbols: Sendable {
  private let configuration: MachineConfiguration
  private let tables = Mutex<[SymbolTable]?>(nil)

  package init(_ configuration: MachineConfiguration) { self.configuration = configuration }

  /// The symbol that covers `address`, and how far behind it that is.
  package func place(of address: UInt64) -> (name: String, offset: UInt64)? {
    tables.withLock { tables in
      let found = tables ?? read()
      tables = found
      for table in found {
        if let place = table.place(of: address) { return place }
      }
      return nil
    }
  }

  private func read() -> [SymbolTable] {
    var paths = configuration.kernel.map { [$0] } ?? []
    let firmware = try? Firmware(configuration.bios, is64Bit: true, folders: configuration.firmwareFolders)
    if case .file(let path) = firmware, configuration.bios != nil { paths.append(path) }
    return paths.map { SymbolTable(path: $0) }.filter { !$0.isEmpty }
  }
}
