import CommandLineOptions
import Glibc

/// Sentences to the user, on stderr, behind the program's name and what `-msg` wants before it.
struct Reporter: Sendable {
  let programName: String
  private var hasTimestamps = false
  private var guestName: String?

  init(programName: String) { self.programName = programName }

  mutating func configure(_ request: CommandLineRequest) {
    hasTimestamps = request.messagesHaveTimestamps
    guestName = request.messagesHaveGuestName ? request.guestName : nil
  }

  func report(_ message: String) {
    let stamp = hasTimestamps ? Self.timestamp + " " : ""
    let guest = guestName.map { "\($0) " } ?? ""
    // A place in a configuration file (":FILE:LINE: ") stands right behind the name.
    let colon = message.hasPrefix(":") ? "" : ": "
    print("\(stamp)\(guest)\(programName)\(colon)\(message)")
  }

  /// A line without the name before it.
  func print(_ line: String) {
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        return
      }
    }
  }

  /// Now, in UTC with microseconds: 2006-06-17T16:01:21.123456Z.
  private static var timestamp: String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func digits(_ value: some BinaryInteger, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
    let date = "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
    let time = "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
    return "\(date)T\(time).\(digits(now.tv_nsec / 1000, 6))Z"
  }
}
