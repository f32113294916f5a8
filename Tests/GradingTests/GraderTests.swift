import Grading
import Machine
import Synchronization
import Testing

/// A machine that does what the test says: an instruction takes a nanosecond.
private final class Stage: Sendable {
  let clock = Clock(mode: .instructions(shift: 0))
  let timers = Timers()
  let lock = MachineLock()
  let grader: Grader
  let typed = Mutex<[UInt8]>([])
  let isStopped = Atomic<Bool>(false)

  init(_ script: String, consoles: [String] = ["serial0"]) throws {
    grader = try Grader(try ScriptReader.read(script), consoles: consoles)
    for index in consoles.indices {
      grader.connect(console: index) { [self] bytes in typed.withLock { $0 += bytes } }
    }
    grader.start(
      on: Grader.Machine(
        clock: clock, timers: timers, instructions: { [clock] in clock.nanoseconds },
        stop: { [self] in isStopped.store(true, ordering: .relaxed) }))
  }

  func print(_ text: String, console: Int = 0) { grader.didPrint(Array(text.utf8), console: console) }

  func pass(seconds: UInt64) {
    let end = clock.nanoseconds + seconds * 1_000_000_000
    while timers.nextDeadline <= end {
      clock.advance(instructions: timers.nextDeadline - clock.nanoseconds)
      timers.run(until: clock.nanoseconds, lock: lock)
    }
    clock.advance(instructions: end - clock.nanoseconds)
  }

  var saw: String { typed.withLock { String(decoding: $0, as: UTF8.self) } }
  var hasStopped: Bool { isStopped.load(ordering: .relaxed) }
  func outcomes(_ end: Grader.End = .stopped) -> [TestResult.Outcome] { grader.finish(end).map(\.outcome) }
}

struct GraderTests {
  @Test("what is expected is waited for, what is typed goes behind it, and the machine ends at the end")
  func conversation() throws {
    let stage = try Stage("expect \"$ \"\ntype \"ls\\n\"\nexpect \"README\" points 3")
    stage.print("booting\r\n$")
    #expect(stage.saw == "" && !stage.hasStopped)
    stage.print(" ")
    #expect(stage.saw == "ls\n" && !stage.hasStopped)
    stage.print("READ")
    stage.print("ME")
    #expect(stage.hasStopped)
    let result = try #require(stage.grader.finish(.stopped).first)
    #expect(result.outcome == .passed && result.points == 3)
  }

  @Test("what came before it was expected counts, once")
  func kept() throws {
    let stage = try Stage("expect \"b\"\nexpect \"a\"\nexpect \"c\"")
    stage.print("a b c a c")
    #expect(stage.hasStopped && stage.outcomes() == [.passed])
    let other = try Stage("expect \"one\" on y\nexpect \"two\"\nexpect /^three$/", consoles: ["x", "y"])
    other.print("two", console: 0)
    other.print("one", console: 1)
    #expect(!other.hasStopped)
    other.print("\nthree\n", console: 0)
    #expect(other.hasStopped)
  }

  @Test("a limit in guest time fails at that time, and the next test goes on")
  func late() throws {
    let stage = try Stage(
      "test \"a\" points 1\nwithin 5 s\nexpect \"x\"\ntest \"b\" points 2\nexpect \"y\"\nexpect exit 4")
    stage.pass(seconds: 4)
    stage.print("nothing")
    stage.pass(seconds: 2)
    stage.print("x y")
    #expect(
      stage.outcomes(.exit(4)) == [
        .failed(line: 3, "\"x\" did not appear on serial0 within 5 s of guest time"), .passed,
      ])
  }

  @Test("a limit in instructions fails behind them")
  func tooMany() throws {
    let stage = try Stage("within 3 G instructions\nexpect \"x\"")
    stage.pass(seconds: 2)
    #expect(!stage.hasStopped)
    stage.pass(seconds: 2)
    #expect(stage.hasStopped)
    #expect(
      stage.outcomes() == [.failed(line: 2, "\"x\" did not appear on serial0 within 3000000000 instructions")]
    )
  }

  @Test("where a required test fails those behind it are not run")
  func required() throws {
    let stage = try Stage("test \"a\" required\nexpect \"x\"\ntest \"b\"\nexpect \"y\"")
    stage.pass(seconds: 61)
    #expect(stage.hasStopped)
    #expect(
      stage.outcomes() == [
        .failed(line: 2, "\"x\" did not appear on serial0 within 60 s of guest time"),
        .notRun("not run: it needs \"a\""),
      ])
  }

  @Test("what is forbidden ends all, on whichever console it appears")
  func forbidden() throws {
    let stage = try Stage(
      "forbid /panic/\nforbid \"no\" on a\ntest \"x\"\nexpect \"x\"\ntest \"y\"\nexpect \"y\"",
      consoles: ["a", "b"])
    stage.print("no", console: 1)
    stage.print("x", console: 0)
    stage.print("kernel panic", console: 1)
    #expect(stage.hasStopped)
    #expect(
      stage.outcomes() == [
        .passed, .failed(line: 1, "/panic/ appeared on b, which is forbidden"),
      ])
  }

  @Test(
    "the guest's end is what was expected, or too early",
    arguments: [
      ("expect exit 3", Grader.End.exit(3), TestResult.Outcome.passed),
      ("expect exit", .exit(0), .passed),
      ("expect exit", .exit(3), .failed(line: 1, "the guest ended with exit code 3, not 0")),
      ("expect /x$/", .exit(0), .passed),
      (
        "expect /y$/", .exit(0),
        .failed(line: 1, "the guest ended with exit code 0 before /y$/ appeared")
      ),
      ("expect \"y\"", .stopped, .failed(line: 1, "the emulator was told to end before \"y\" appeared")),
    ])
  func end(script: String, end: Grader.End, outcome: TestResult.Outcome) throws {
    let stage = try Stage(script)
    stage.print("x")
    #expect(stage.outcomes(end) == [outcome])
  }

  @Test("waiting is guest time")
  func waiting() throws {
    let stage = try Stage("wait 10 s\ntype \"x\"\nexpect \"y\"")
    stage.pass(seconds: 9)
    #expect(stage.saw == "")
    stage.pass(seconds: 2)
    #expect(stage.saw == "x")
  }

  @Test("a console that is not there is told before anything runs")
  func unknownConsole() throws {
    let script = try ScriptReader.read("expect \"a\"\ntype \"x\" on modem")
    let error = #expect(throws: ScriptErrors.self) { try Grader(script, consoles: ["serial0", "c1"]) }
    #expect(
      error?.errors == [ScriptError(line: 2, column: 1, "no console 'modem'; there are: serial0, c1")])
  }
}

struct GradeReportTests {
  private func report() throws -> GradeReport {
    let stage = try Stage(
      "title \"a <kernel> & more\"\ntest \"one\" points 2\nexpect \"a\"\ntest \"two\" points 3 required\nwithin 2 s\n"
        + "expect \"b\" points 1\ntest \"three\"\nexpect exit")
    stage.pass(seconds: 1)
    stage.print("first\u{1b}[2J\r\na line \"quoted\"")
    stage.pass(seconds: 3)
    return GradeReport(
      file: "x.grade", title: stage.grader.script.title, tests: stage.grader.finish(.stopped),
      consoles: stage.grader.tails, traps: [(0, ["user_ecall in U-mode at 0x10 <main>"]), (1, [])],
      explanation: "It waits for an interrupt.")
  }

  @Test("people read what passed, what failed, where, and what the guest said and did last")
  func text() throws {
    let report = try report()
    #expect(!report.passed && report.exitCode == 1)
    #expect(
      report.text == """
        grade: a <kernel> & more
        grade: PASS  one (2 of 2 points), after 1 s of guest time
        grade: FAIL  two (0 of 4 points): x.grade:6: "b" did not appear on serial0 within 2 s of guest time
        grade: SKIP  three: not run: it needs "two"
        grade: the last lines of serial0:
          | first.[2J
          | a line "quoted"
        grade: the last traps of hart 0, the latest at the end:
          | user_ecall in U-mode at 0x10 <main>
        grade: hart 1 took no trap
        grade: It waits for an interrupt.
        grade: 1 of 3 tests passed, 2 of 6 points

        """)
  }

  @Test("JSON has the same")
  func json() throws {
    #expect(
      try report().json == """
        {
          "title": "a <kernel> & more",
          "script": "x.grade",
          "passed": false,
          "points": 2,
          "possiblePoints": 6,
          "tests": [
            {
              "name": "one",
              "line": 2,
              "outcome": "passed",
              "points": 2,
              "possiblePoints": 2,
              "guestNanoseconds": 1000000000,
              "instructions": 1000000000
            },
            {
              "name": "two",
              "line": 4,
              "outcome": "failed",
              "failedLine": 6,
              "message": "\\"b\\" did not appear on serial0 within 2 s of guest time",
              "points": 0,
              "possiblePoints": 4,
              "guestNanoseconds": 2000000000,
              "instructions": 2000000000
            },
            {
              "name": "three",
              "line": 7,
              "outcome": "notRun",
              "message": "not run: it needs \\"two\\"",
              "points": 0,
              "possiblePoints": 0,
              "guestNanoseconds": 0,
              "instructions": 0
            }
          ],
          "consoles": {
            "serial0": [
              "first\\u001B[2J",
              "a line \\"quoted\\""
            ]
          },
          "traps": {
            "hart 0": [
              "user_ecall in U-mode at 0x10 <main>"
            ],
            "hart 1": []
          },
          "explanation": "It waits for an interrupt."
        }

        """)
  }

  @Test("JUnit's XML has the same, and nothing that XML cannot hold")
  func junit() throws {
    #expect(
      try report().junit == """
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuite name="a &lt;kernel&gt; &amp; more" tests="3" failures="1" errors="0" skipped="1" time="3">
          <properties>
            <property name="points" value="2"/>
            <property name="possiblePoints" value="6"/>
          </properties>
          <testcase name="one" classname="a &lt;kernel&gt; &amp; more" file="x.grade" line="2" time="1"/>
          <testcase name="two" classname="a &lt;kernel&gt; &amp; more" file="x.grade" line="4" time="2">
            <failure message="&quot;b&quot; did not appear on serial0 within 2 s of guest time">x.grade:6: &quot;b&quot; did not appear on serial0 within 2 s of guest time</failure>
          </testcase>
          <testcase name="three" classname="a &lt;kernel&gt; &amp; more" file="x.grade" line="7" time="0">
            <skipped message="not run: it needs &quot;two&quot;"/>
          </testcase>
          <system-out>serial0:
        first\u{fffd}[2J
        a line &quot;quoted&quot;</system-out>
          <system-err>hart 0: user_ecall in U-mode at 0x10 &lt;main&gt;
        It waits for an interrupt.</system-err>
        </testsuite>

        """)
  }
}
