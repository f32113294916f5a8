import Glibc
import Machine

extension FixedEndpoint {
  /// `-serial /dev/ttyUSB0`: a serial line of the host's, at 115200 8N1.
  package convenience init(serialLine path: String) throws(BackEndError) {
    let line = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard line >= 0 else { throw BackEndError(openingFailed: path) }
    var settings = termios()
    // What is no terminal (/dev/null) has no settings.
    if tcgetattr(line, &settings) == 0 {
      cfmakeraw(&settings)
      settings.c_cflag &= ~tcflag_t(CSTOPB)
      settings.c_cflag |= tcflag_t(CLOCAL | CREAD)
      cfsetispeed(&settings, speed_t(B115200))
      cfsetospeed(&settings, speed_t(B115200))
      tcsetattr(line, TCSANOW, &settings)
    }
    self.init(name: "serial", Connection(input: line, output: line, end: .nothing))
  }
}
