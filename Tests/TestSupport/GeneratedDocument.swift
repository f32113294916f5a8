import Foundation

/// A document of docs/ that follows from the program's own tables: the part behind a mark, or all of it.
///
/// `APUS_UPDATE=1` has it written anew before it is read.
package struct GeneratedDocument {
  package let text: String
  package let wanted: String

  /// The part behind `mark`, which stands in the document once, is to be `part`.
  package init(_ name: String, after mark: String, _ part: String) throws {
    let parts = try String(contentsOf: Project.document(name), encoding: .utf8).components(separatedBy: mark)
    guard parts.count == 2 else {
      throw TestSetupError("docs/\(name): \(parts.count - 1) marks where there should be one: \(mark)")
    }
    try self.init(name, wanted: parts[0] + mark + part)
  }

  package init(_ name: String, wanted: String) throws {
    let url = Project.document(name)
    if ProcessInfo.processInfo.environment["APUS_UPDATE"] != nil {
      try wanted.write(to: url, atomically: true, encoding: .utf8)
    }
    text = try String(contentsOf: url, encoding: .utf8)
    self.wanted = wanted
  }
}
