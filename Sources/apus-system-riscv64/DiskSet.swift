import Machine
import Storage

/// The machine's drives, for Ctrl-a s and the monitor's `commit`.
struct DiskSet: Sendable {
  private let drives: [String: any BlockBackEnd]

  init(_ drives: [String: any BlockBackEnd]) { self.drives = drives }

  /// Writes a drive's snapshot back to its image, which is to come: until then the user is told.
  func commit(_ name: String) throws(BackEndError) {
    guard let drive = drives[name] else { throw BackEndError("Device '\(name)' not found") }
    guard drive is SnapshotOverlay else {
      throw BackEndError("'commit' error for '\(name)': Operation not supported")
    }
    throw BackEndError(
      "'commit' error for '\(name)': saving what -snapshot holds back is not there yet in Apus; "
        + "it is lost when the machine ends")
  }

  /// Drives without a snapshot have nothing to save but caches.
  func commitAll() throws(BackEndError) {
    for (name, drive) in drives.sorted(by: { $0.key < $1.key }) {
      if drive is SnapshotOverlay { try commit(name) } else { try drive.flush() }
    }
  }
}
