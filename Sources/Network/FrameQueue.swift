import Synchronization

/// Frames on their way from one thread to another, in order.
final class FrameQueue: Sendable {
  /// As many as a busy connection has under way several times over. What comes when it is full is lost, as on a
  /// wire.
  static let most = 1024

  private struct Contents {
    /// Those before `first` are gone.
    var frames: [[UInt8]] = []
    var first = 0
    var count: Int { frames.count - first }
  }

  private let contents = Mutex(Contents())

  var room: Int { contents.withLock { max(0, FrameQueue.most - $0.count) } }
  var first: [UInt8]? { contents.withLock { $0.count > 0 ? $0.frames[$0.first] : nil } }

  func append(_ frames: [[UInt8]]) {
    contents.withLock { $0.frames += frames.prefix(max(0, FrameQueue.most - $0.count)) }
  }

  func removeFirst() {
    contents.withLock { contents in
      guard contents.count > 0 else { return }
      contents.first += 1
      if contents.count == 0 || contents.first >= FrameQueue.most {
        contents.frames.removeFirst(contents.first)
        contents.first = 0
      }
    }
  }

  func takeAll() -> [[UInt8]] {
    contents.withLock { contents in
      defer { contents = Contents() }
      return Array(contents.frames[contents.first...])
    }
  }
}
