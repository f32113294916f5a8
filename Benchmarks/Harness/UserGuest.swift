/// A benchmark as a program of riscv64 Linux and, where its source allows, of the host's.
package struct UserGuest {
  package var set: String
  package var name: String
  /// In the folder of guests.
  package var source: String
  package var iterations: Int
  package var defines: [String] = []
  package var extensions = ""
  /// False where the source has instructions of RISC-V's, or writes them.
  package var isPortable = true

  package var id: String { "\(set)/\(name)" }
}

extension UserGuest {
  /// Does nothing: its time is taken off that of all others.
  package static let empty = UserGuest(BareGuest.empty)

  /// Those of the bare machine with one hart, each once.
  package static let all: [UserGuest] = BareGuest.all.filter {
    $0.set != "harts" && ($0.set == "memory" || $0.paging == .bare)
  }.map(UserGuest.init)

  private init(_ guest: BareGuest) {
    self.init(
      set: "user/" + guest.set, name: guest.name, source: guest.source,
      iterations: Self.iterations(of: guest),
      defines: guest.defines, extensions: guest.extensions)
    isPortable = guest.set != "changing" && !["fib", "load-store"].contains(guest.name)
    if guest.set == "changing" { defines.append("WRITES_CODE") }
  }

  /// Some seconds of QEMU's at most, and enough for the time before code is warm to be small.
  private static func iterations(of guest: BareGuest) -> Int {
    switch guest.name {
    case "shared-page": guest.iterations / 20  // each store there costs QEMU a signal
    case "rewritten", "fresh", "chase-64m", "empty": guest.iterations
    default: guest.iterations * 4
    }
  }
}
