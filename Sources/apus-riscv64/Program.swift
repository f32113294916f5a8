// Unsafe pointers: argument and environment strings are the C library's, which nobody changes before they are copied.
import CStandalone
import Glibc
import LinuxUser
import Logging

/// The way of a command line to a running program.
enum Program {
  static func run() -> Never {
    // Bytes, for file names and arguments need not be text.
    let words = UserCommandLine.words(Array(strings(standalone_arguments()).dropFirst()))
    do throws(ProgramError) {
      switch try UserCommandLine.read(words, environment: strings(environ)) {
      case .answer(let text):
        print(text, terminator: "")
        exit(0)
      case .run(let request, let settings):
        let symbols = ProgramSymbols()
        let log = Log(settings.items, filter: settings.filter) { symbols.place(of: $0) }
        if let file = settings.file {
          do throws(LogError) { try log.open(file) } catch {
            throw ProgramError(error.description, exitCode: 1)
          }
        }
        try LinuxProcess(request, log: log, symbols: symbols).run()
      }
    } catch {
      var text = "apus-riscv64: \(error)\n"
      text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
      exit(error.exitCode)
    }
  }

  private static func strings(_ vector: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [[UInt8]] {
    var result: [[UInt8]] = []
    guard var next = vector else { return result }
    while let string = next.pointee {
      result.append([UInt8](UnsafeRawBufferPointer(start: string, count: strlen(string))))
      next += 1
    }
    return result
  }
}
