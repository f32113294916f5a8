/// What a guest is graded by: tests in their order, each a list of steps, and what must never appear.
package struct GradingScript: Sendable, Equatable {
  package var title: String?
  package var tests: [Test] = []
  package var forbidden: [Forbidden] = []

  package struct Test: Sendable, Equatable {
    package var name: String
    /// For all of it; its expectations may bring points of their own.
    package var points = 0
    /// When it fails, those behind it are not run.
    package var isRequired = false
    package var line: Int
    package var steps: [Step] = []

    /// The points there are to be had.
    package var possiblePoints: Int {
      steps.reduce(points) { sum, step in
        if case .expect(_, _, _, let points) = step.action { sum + points } else { sum }
      }
    }
  }

  package struct Step: Sendable, Equatable {
    package var line: Int
    package var action: Action

    package init(line: Int, action: Action) {
      self.line = line
      self.action = action
    }
  }

  package enum Action: Sendable, Equatable {
    /// The pattern appears on a console (nil: the first serial port) behind what was matched there before.
    case expect(Pattern, console: String?, Limit, points: Int)
    /// The guest powers off, or its program ends, with this code.
    case expectExit(code: Int32, Limit)
    case type([UInt8], console: String?)
    /// Nanoseconds of guest time.
    case wait(UInt64)
  }

  package enum Limit: Sendable, Equatable {
    /// Nanoseconds of guest time.
    case time(UInt64)
    /// Of all harts together.
    case instructions(UInt64)
  }

  package struct Forbidden: Sendable, Equatable {
    package var line: Int
    package var pattern: Pattern
    /// nil: on any.
    package var console: String?
  }

  /// Every console that the script names, with the line where it does first.
  package var consoles: [(name: String, line: Int)] {
    var found: [(name: String, line: Int)] = forbidden.compactMap { forbidden in
      forbidden.console.map { ($0, forbidden.line) }
    }
    for step in tests.flatMap(\.steps) {
      switch step.action {
      case .expect(_, let console?, _, _), .type(_, let console?): found.append((console, step.line))
      default: break
      }
    }
    var seen: Set<String> = []
    return found.sorted { $0.1 < $1.1 }.filter { seen.insert($0.name).inserted }
  }
}

/// What is wrong with a script, at a place of it.
package struct ScriptError: Error, Sendable, Equatable, CustomStringConvertible {
  package var line: Int
  /// In characters, from 1.
  package var column: Int
  package var sentence: String

  package init(line: Int, column: Int, _ sentence: String) {
    self.line = line
    self.column = column
    self.sentence = sentence
  }

  package var description: String { "\(line):\(column): \(sentence)" }
}

/// All that is wrong with a script, in the order of its lines.
package struct ScriptErrors: Error, Sendable, Equatable {
  package var errors: [ScriptError]
}
