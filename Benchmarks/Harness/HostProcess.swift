import Glibc

/// A running program whose input and output are pipes of ours.
package final class HostProcess {
  package let pid: pid_t
  package let started: Double
  private(set) var output: [UInt8] = []
  private let inputPipe: Int32
  private let outputPipe: Int32
  private let name: String
  private var isReaped = false

  /// What the kernel says of a program that ended.
  package struct End {
    package var exitCode: Int32?
    /// User and system time of all its threads, seconds.
    var cpu: Double
    var wall: Double
  }

  package init(_ words: [String]) throws {
    guard let name = words.first else { throw BenchmarkError("nothing to run") }
    self.name = name
    var input: [Int32] = [-1, -1]
    var output: [Int32] = [-1, -1]
    guard pipe(&input) == 0, pipe(&output) == 0 else {
      throw BenchmarkError("no pipe: \(lastError())")
    }
    (input + output).forEach { _ = fcntl($0, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, input[0], 0)
    posix_spawn_file_actions_adddup2(&actions, output[1], 1)
    posix_spawn_file_actions_adddup2(&actions, output[1], 2)
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    var pid: pid_t = 0
    started = now()
    let result = posix_spawnp(&pid, name, &actions, nil, &arguments, environ)
    posix_spawn_file_actions_destroy(&actions)
    arguments.forEach { free($0) }
    close(input[0])
    close(output[1])
    self.pid = pid
    inputPipe = input[1]
    outputPipe = output[0]
    guard result == 0 else {
      isReaped = true
      throw BenchmarkError("cannot run \(name): \(String(cString: strerror(result)))")
    }
  }

  deinit {
    if !isReaped {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    close(inputPipe)
    close(outputPipe)
  }

  package var text: String { String(decoding: output, as: UTF8.self) }

  /// CPU time until now of all threads of the running program, seconds.
  package var cpu: Double {
    var clock: clockid_t = 0
    var time = timespec()
    guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return .nan }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The most memory that the running program ever held, bytes. (What `wait4` says of it counts what
  /// this program held before.)
  package var peakMemory: Int? {
    guard let status = try? readFile("/proc/\(pid)/status") else { return nil }
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }

  package func type(_ text: String) throws {
    let bytes = Array(text.utf8)
    guard write(inputPipe, bytes, bytes.count) == bytes.count else {
      throw BenchmarkError("\(name) takes no input: \(lastError())")
    }
  }

  /// Reads once what is there; false at the end of output.
  package func read(within seconds: Double) throws -> Bool {
    var waiting = pollfd(fd: outputPipe, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, Int32(max(0, seconds) * 1000)) > 0 else {
      throw BenchmarkError("\(name) said nothing more for \(Int(seconds)) s; its last words: \(lastWords)")
    }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = Glibc.read(outputPipe, &bytes, bytes.count)
    guard count > 0 else { return false }
    output += bytes[..<count]
    return true
  }

  /// Waits until `words` come in the output after `position`, and gives the position behind them.
  @discardableResult
  package func wait(for words: String, after position: Int = 0, within seconds: Double) throws -> Int {
    let pattern = Array(words.utf8)
    let deadline = now() + seconds
    var from = position
    while true {
      while from + pattern.count <= output.count {
        if output[from] == pattern[0], output[from..<from + pattern.count].elementsEqual(pattern) {
          return from + pattern.count
        }
        from += 1
      }
      guard try read(within: deadline - now()) else {
        throw BenchmarkError("\(name) ended before it said \"\(words)\"; its last words: \(lastWords)")
      }
    }
  }

  /// Reads until the program ends.
  package func finish(within seconds: Double) throws -> End {
    let deadline = now() + seconds
    while try read(within: deadline - now()) {}
    var status: Int32 = 0
    var usage = rusage()
    guard wait4(pid, &status, 0, &usage) == pid else { throw BenchmarkError("wait4: \(lastError())") }
    isReaped = true
    let seconds = { (time: timeval) in Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return End(
      exitCode: status & 0x7f == 0 ? status >> 8 & 0xff : nil,
      cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime), wall: now() - started)
  }

  package var lastWords: String {
    let tail = String(decoding: output.suffix(300), as: UTF8.self)
    return tail.isEmpty
      ? "none" : "\"" + tail.split { $0.isNewline }.suffix(3).joined(separator: " / ") + "\""
  }
}

/// Seconds of the host's monotonic clock.
package func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

package func lastError() -> String { String(cString: strerror(errno)) }

/// A line for whoever watches; the figures go to standard output.
package func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(2, bytes, bytes.count)
}
