import Glibc

do {
  let options = try Options(Array(CommandLine.arguments.dropFirst()))
  if options.listsOnly {
    Bench.names.filter(options.wants).forEach { print($0) }
    exit(0)
  }
  signal(SIGPIPE, SIG_IGN)
  var bench = try Bench(options)
  let version = try HostProcess([options.qemu, "--version"])
  _ = try version.finish(within: 20)
  try bench.run()
  let report = Report(
    options: options, measurements: bench.measurements, bars: Bar.all(bench.measurements),
    qemuVersion: version.text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown")
  report.printAll()
  if let path = options.jsonFile { try writeFile(path, Array(report.json().utf8)) }
  // A bar that is missed is a result; a guest that fails or a wrong result is an error.
  exit(bench.measurements.failures.isEmpty ? 0 : 1)
} catch {
  say("apus-bench: \(error)")
  exit(2)
}
