import RISCV

// What only programs have: their beginning, system calls, signals, files.
extension GDBSession {
  /// nil: there are no such objects; nil within: there is none of this name.
  func contents(of object: String, _ annex: String, _ program: any DebuggedProgram) -> [UInt8]?? {
    switch object {
    case "auxv": return .some(program.auxiliaryVector(of: general.process))
    case "exec-file":
      let process = annex.isEmpty ? general.process : Int(annex, radix: 16)
      return .some(process.flatMap { program.executable(of: $0) }.map { Array($0.utf8) })
    case "siginfo": return .some(program.signalInformation(of: general))
    default: return .none
    }
  }

  /// `QCatchSyscalls:0`, `:1`, `:1;NUMBER;…`
  func catchSystemCalls(_ rest: inout PacketScanner, _ program: any DebuggedProgram) {
    switch rest.byte() {
    case UInt8(ascii: "0") where rest.isAtEnd: program.catchSystemCalls(nil)
    case UInt8(ascii: "1"):
      var numbers: [Int] = []
      while !rest.isAtEnd {
        guard rest.takes(";"), let number = rest.integer() else { return fail(GDBError.invalid) }
        numbers.append(number)
      }
      program.catchSystemCalls(numbers)
    default: return fail(GDBError.invalid)
    }
    send("OK")
  }

  // MARK: vFile ("Host I/O Packets")

  func answerFile(_ rest: inout PacketScanner, _ program: any DebuggedProgram) {
    if rest.takes("setfs:") {
      // There is one file system: the program's.
      sendResult(.success(0))
    } else if rest.takes("open:") {
      guard let path = path(&rest, until: UInt8(ascii: ",")), let (flags, mode) = rest.pair(),
        let flags = Int(exactly: flags), let mode = Int(exactly: mode), rest.isAtEnd
      else { return sendResult(.failure(FileError(GDBError.invalid))) }
      sendResult(program.openFile(path, flags: flags, mode: mode))
    } else if rest.takes("pread:") {
      guard let descriptor = rest.integer(), rest.takes(","), let (count, offset) = rest.pair(), rest.isAtEnd
      else { return sendResult(.failure(FileError(GDBError.invalid))) }
      let most = Int(min(count, UInt64(Self.longestRead)))
      send(program.readFile(descriptor, count: most, offset: offset))
    } else if rest.takes("close:") {
      guard let descriptor = rest.integer(), rest.isAtEnd else {
        return sendResult(.failure(FileError(GDBError.invalid)))
      }
      sendResult(program.closeFile(descriptor))
    } else if rest.takes("readlink:") {
      guard let path = PacketText.bytes(hex: rest.rest) else {
        return sendResult(.failure(FileError(GDBError.invalid)))
      }
      send(program.readLink(String(decoding: path, as: UTF8.self)))
    } else {
      refuse()
    }
  }

  private func path(_ rest: inout PacketScanner, until byte: UInt8) -> String? {
    rest.text(until: byte).flatMap(PacketText.bytes(hex:)).map { String(decoding: $0, as: UTF8.self) }
  }

  private func sendResult(_ result: Result<Int, FileError>) {
    switch result {
    case .success(let value): send("F" + String(value, radix: 16))
    case .failure(let error): send("F-1," + String(error.number, radix: 16))
    }
  }

  private func send(_ result: Result<[UInt8], FileError>) {
    switch result {
    case .success(let bytes): send(Array("F\(String(bytes.count, radix: 16));".utf8) + bytes)
    case .failure(let error): sendResult(.failure(error))
    }
  }
}
