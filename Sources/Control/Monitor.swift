import Consoles
import Machine

/// The human monitor on a character back end: keys, echo, prompt, history; a `MonitorSession` does the
/// rest, on the monitor's own thread, so that a command may wait for harts.
///
/// The line editor only ever appends and erases at the end: scripts that talk to it see what they typed,
/// once, and no cursor movements.
package final class Monitor: CharacterFrontEnd, FocusObserver {
  private enum Event: Sendable {
    case bytes([UInt8])
    case focus(Bool)
    /// Somebody came, and sees the monitor if it has the focus; or went.
    case connection(Bool, hasFocus: Bool)
  }

  private let session: MonitorSession
  private let output: any CharacterBackEnd
  private let banner: String
  private let inbox = Condition<[Event]>([])

  /// `banner` is printed before the first prompt.
  package init(session: MonitorSession, output: any CharacterBackEnd, banner: String) {
    self.session = session
    self.output = output
    self.banner = banner
  }

  /// Begins to listen. A monitor that shares its terminal waits for Ctrl-a c before it says anything.
  package func start() {
    let port = output as? MultiplexerPort
    port?.observeFocus(self)
    output.attach(self)
    if output.isConnected, hasFocus { inbox.signal { $0.append(.focus(true)) } }
    HostThread.start { [self] in converse() }
  }

  // MARK: CharacterFrontEnd, called outside the machine's gate

  package var receiveCapacity: Int { 4096 }
  package func receive(_ bytes: ArraySlice<UInt8>) { inbox.signal { $0.append(.bytes(Array(bytes))) } }
  package func receiveBreak() {}
  package func connectionChanged(isConnected: Bool) {
    inbox.signal { $0.append(.connection(isConnected, hasFocus: hasFocus)) }
  }
  package func focusChanged(isFocused: Bool) { inbox.signal { $0.append(.focus(isFocused)) } }

  private var hasFocus: Bool { (output as? MultiplexerPort)?.isFocused ?? true }

  // MARK: The conversation

  private func converse() {
    var editor = LineEditor()
    var hasGreeted = false
    while true {
      let events = inbox.wait { inbox -> [Event]? in
        guard !inbox.isEmpty else { return nil }
        defer { inbox = [] }
        return inbox
      }
      for event in events {
        switch event {
        case .focus(true):
          send((hasGreeted ? "" : "\(banner)\r\n") + prompt)
          hasGreeted = true
          editor.clear()
        case .connection(let isConnected, let hasFocus):
          // Who comes to a socket is greeted; on a shared one, where the keys lead here, or at Ctrl-a c.
          hasGreeted = isConnected && hasFocus
          if hasGreeted { send(banner + "\r\n" + prompt) }
          editor.clear()
        case .focus(false):
          send("\r\n")
          editor.clear()
        case .bytes(let bytes):
          for byte in bytes {
            if byte == 0x09, !editor.isInSequence {
              complete(&editor)
              continue
            }
            let (echo, line) = editor.take(byte)
            output.send(echo)
            guard let line else { continue }
            let answer = session.execute(line)
            send(session.isOver ? answer : answer + prompt)
            if session.isOver { return }
          }
        }
      }
    }
  }

  /// Tab: appends what all words that fit have in common; where that is nothing, lists them.
  private func complete(_ editor: inout LineEditor) {
    let line = editor.text
    let (words, replaced) = session.completions(of: line)
    guard var common = words.first else { return }
    for word in words.dropFirst() { common = common.commonPrefix(with: word) }
    let addition = String(common.dropFirst(line.suffix(replaced).count)) + (words.count == 1 ? " " : "")
    if !addition.isEmpty {
      output.send(editor.append(addition))
    } else {
      send("\r\n" + Self.columns(words) + prompt + line)
    }
  }

  private static func columns(_ words: [String]) -> String {
    let width = (words.map(\.utf8.count).max() ?? 0) + 2
    let perLine = max(1, 78 / width)
    return stride(from: 0, to: words.count, by: perLine).map { start in
      words[start..<min(start + perLine, words.count)].map { leftAligned($0, to: width) }.joined() + "\r\n"
    }.joined()
  }

  private let prompt = "(qemu) "

  private func send(_ text: String) { output.send(Array(text.utf8)) }
}

extension String {
  fileprivate func commonPrefix(with other: String) -> String {
    String(zip(self, other).prefix { $0 == $1 }.map(\.0))
  }
}
