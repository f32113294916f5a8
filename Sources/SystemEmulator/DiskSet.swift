import Machine
import Storage

/// The machine's drives, for Ctrl-a s and the monitor's `commit`.
struct DiskSet: Sendable {
  let drives: [String: any BlockBackEnd]

  init(_ drives: [String: any BlockBackEnd]) { self.drives = drives }

  /// Writes what a drive's snapshot holds back to its image.
  func commit(_ name: String) throws(BackEndError) {
    guard let drive = drives[name] else { throw BackEndError("Device '\(name)' not found") }
    guard let overlay = drive as? SnapshotOverlay else {
      throw BackEndError("'commit' error for '\(name)': Operation not supported")
    }
    do {
      try overlay.commit()
    } catch {
      throw BackEndError("'commit' error for '\(name)': \(error)")
    }
  }

  /// Drives without a snapshot have nothing to save but caches.
  func commitAll() throws(BackEndError) {
    for (name, drive) in drives.sorted(by: { $0.key < $1.key }) {
      if drive is SnapshotOverlay { try commit(name) } else { try drive.flush() }
    }
  }
}
