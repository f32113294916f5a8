import Glibc
import Machine

extension FixedEndpoint {
  /// `-chardev pipe`: reads PATH.in and writes PATH.out where both are there, or else uses PATH both ways.
  ///
  /// Opened for both directions, as QEMU does, so that readers and writers at the other end may come and go.
  package convenience init(pipe path: String) throws(BackEndError) {
    let flags = O_RDWR | O_CLOEXEC | O_NONBLOCK
    let input = open("\(path).in", flags)
    let output = open("\(path).out", flags)
    if input >= 0, output >= 0 {
      self.init(name: "pipe", Connection(input: input, output: output, end: .nothing))
      return
    }
    for descriptor in [input, output] where descriptor >= 0 { close(descriptor) }
    let both = open(path, flags)
    guard both >= 0 else { throw BackEndError(openingFailed: path) }
    self.init(name: "pipe", Connection(input: both, output: both, end: .nothing))
  }
}
