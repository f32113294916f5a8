/// What a program asks of Linux, and threads of each other: by a kind's name of `Guests/user/work.c`.
package struct UserWork {
  package var set: String
  package var name: String
  package var times: Int

  package var id: String { "\(set)/\(name)" }

  /// Half a second or more of QEMU's.
  package static let all =
    [
      ("getppid", 1_500_000), ("read-write", 400_000), ("clock_gettime", 3_000_000), ("mmap", 15_000),
      ("fork", 300), ("fork-exec", 60), ("pipe", 30_000), ("signal", 150_000), ("segv", 60_000),
    ].map { UserWork(set: "user/system", name: $0.0, times: $0.1) }
    + [
      ("mutex-alone", 10_000_000), ("mutex-contended", 8_000_000), ("mutex", 50_000),
      ("atomics-alone", 30_000_000), ("atomics-contended", 20_000_000),
    ].map { UserWork(set: "user/threads", name: $0.0, times: $0.1) }
}
