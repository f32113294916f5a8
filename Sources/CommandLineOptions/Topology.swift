/// The harts that `-smp` asks for. What the user leaves out follows from the rest; cores before sockets
/// before threads.
struct Topology: Equatable {
  let cpus: UInt64
  let maximum: UInt64
  let sockets: UInt64
  let cores: UInt64
  let threads: UInt64

  init(
    cpus: UInt64?, maximum: UInt64?, sockets givenSockets: UInt64?, cores givenCores: UInt64?,
    threads givenThreads: UInt64?
  ) throws(CommandLineError) {
    var (sockets, cores, threads) = (givenSockets ?? 0, givenCores ?? 0, givenThreads ?? 0)
    let total = maximum ?? cpus
    if let total {
      if cores == 0 {
        sockets = max(sockets, 1)
        threads = max(threads, 1)
        cores = total / Self.product(sockets, threads)
      } else if sockets == 0 {
        threads = max(threads, 1)
        sockets = total / Self.product(cores, threads)
      } else if threads == 0 {
        threads = total / Self.product(sockets, cores)
      }
    } else {
      (sockets, cores, threads) = (max(sockets, 1), max(cores, 1), max(threads, 1))
    }
    let product = Self.product(Self.product(sockets, cores), threads)
    self.maximum = total ?? product
    self.cpus = cpus ?? self.maximum
    (self.sockets, self.cores, self.threads) = (sockets, cores, threads)

    let hierarchy = "sockets (\(sockets)) * cores (\(cores)) * threads (\(threads))"
    guard product == self.maximum else {
      throw CommandLineError(
        "Invalid CPU topology: product of the hierarchy must match maxcpus: "
          + "\(hierarchy) != maxcpus (\(self.maximum))")
    }
    guard self.maximum >= self.cpus else {
      throw CommandLineError(
        "Invalid CPU topology: maxcpus must be equal to or greater than smp: "
          + "\(hierarchy) == maxcpus (\(self.maximum)) < smp_cpus (\(self.cpus))")
    }
  }

  /// Never traps: numbers that large fail the check against `maximum` anyway.
  private static func product(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (value, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? .max : value
  }
}
