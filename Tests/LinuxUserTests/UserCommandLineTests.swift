import LinuxUser
import TestSupport
import Testing

@Suite struct UserCommandLineTests {
  private func read(_ words: [String], _ environment: [String] = []) throws(ProgramError) -> UserRequest {
    try UserCommandLine.read(words.map { Array($0.utf8) }, environment: environment.map { Array($0.utf8) })
  }

  private func request(_ words: [String], _ environment: [String] = []) throws -> ProgramRequest {
    guard case .run(let request, _) = try read(words, environment) else { throw TestSetupError("no run") }
    return request
  }

  private func texts(_ strings: [[UInt8]]) -> [String] { strings.map { String(decoding: $0, as: UTF8.self) } }

  @Test func whatFollowsTheProgramIsIts() throws {
    let request = try request(["-strace", "prog", "-L", "--x"], ["A=1"])
    #expect(request.path == "prog")
    #expect(texts(request.arguments) == ["prog", "-L", "--x"])
    #expect(texts(request.environment) == ["A=1"])
    #expect(request.traces)
  }

  @Test func optionsComeFromTheEnvironmentAndThenFromTheLine() throws {
    #expect(try request(["p"], ["QEMU_LD_PREFIX=/a"]).prefix == "/a")
    #expect(try request(["p"], ["QEMU_LD_PREFIX=/a", "APUS_LD_PREFIX=/b"]).prefix == "/b")
    #expect(try request(["-L", "/c", "p"], ["APUS_LD_PREFIX=/b"]).prefix == "/c")
    #expect(try request(["p"], ["QEMU_STACK_SIZE=16M"]).stackSize == 16 << 20)
    #expect(try request(["p"], ["QEMU_STRACE="]).traces)
  }

  /// As binfmt_misc's flag C starts set-user-ID programs (AT_SECURE).
  @Test func programsWithRightsTakeNoOptionsFromTheEnvironment() throws {
    let variables = ["QEMU_LD_PREFIX=/a", "APUS_LOG_FILENAME=/etc/x"].map { Array($0.utf8) }
    guard
      case .run(let request, let log) = try UserCommandLine.read(
        [Array("p".utf8)], environment: variables, isSecure: true)
    else { throw TestSetupError("no run") }
    #expect(request.prefix == nil && log.file == nil && request.environment == variables)
  }

  @Test func variablesAreSetAndUnsetInOrder() throws {
    let request = try request(
      ["-E", "A=2,B=3", "-U", "C", "-E", "A=4", "p"], ["A=1", "C=5", "AB=6"])
    #expect(texts(request.environment).sorted() == ["A=4", "AB=6", "B=3"])
  }

  @Test func theProgramsNameCanBeAnother() throws {
    #expect(texts(try request(["-0", "name", "p", "x"]).arguments) == ["name", "x"])
  }

  /// As Linux starts it by itself: with the flag P, the name comes behind the path, even where it is like an option.
  @Test func theProgramsNameCanBePreserved() throws {
    let words = ["-path", "-bash", "-L", "x"].map { Array($0.utf8) }
    let preserved = try request(texts(UserCommandLine.words(words, startedWith: 1)))
    #expect(preserved.path == "-path" && texts(preserved.arguments) == ["-bash", "-L", "x"])
    #expect(UserCommandLine.words(words, startedWith: 0) == words)
    #expect(UserCommandLine.words([words[0]], startedWith: 1) == [words[0]])
  }

  @Test func addressSpaces() throws {
    #expect(try request(["-B", "0x1000000", "p"]).guestBase == 0x100_0000)
    #expect(try request(["-B", "0", "p"]).guestBase == nil)
    #expect(try request(["-R", "64G", "p"]).reserved == 64 << 30)
    #expect(try request(["-R", "0x10000", "p"]).reserved == 0x10000)
    #expect(try request(["p"], ["QEMU_RESERVED_VA=1M", "QEMU_RAND_SEED=7"]).seed == 7)
    for (words, sentence) in [
      (["-B", "5"], "Requested guest base 0x5 does not satisfy host minimum alignment (0x1000)"),
      (["-R", "3q"], "Unrecognised -R size suffix '3q'"),
      (["-R", "5"], "Reserved virtual address not aligned mod 4 KiB"),
      (["-seed", "x"], "Invalid seed number: x"),
    ] {
      #expect(throws: ProgramError(sentence, exitCode: 1)) { try request(words + ["p"]) }
    }
    #expect(throws: ProgramError.self) { try request(["-R", "512G", "p"]) }
    #expect(throws: ProgramError.self) { try request(["-R", "99999999999G", "p"]) }
  }

  @Test func sizesOfStacks() throws {
    #expect(try request(["-s", "65536", "p"]).stackSize == 65536)
    #expect(try request(["-s", "64k", "p"]).stackSize == 65536)
    #expect(try request(["-s", "0x20000", "p"]).stackSize == 131072)
    for bad in ["", "x", "-1", "0", "1T", "99999999999G", "12q"] {
      #expect(throws: ProgramError.self) { try request(["-s", bad, "p"]) }
    }
  }

  @Test(arguments: [
    ([], "no user program specified"), (["-foo"], "unknown option 'foo'"),
    (["-L"], "missing argument for option 'L'"),
    (["-cpu"], "missing argument for option 'cpu'"),
  ])
  func errorsAreQEMUs(_ words: [String], _ sentence: String) {
    #expect(throws: ProgramError(sentence, exitCode: 1)) { try read(words) }
  }

  @Test func helpNamesEveryOption() throws {
    guard case .answer(let text) = try read(["-h"]) else { throw TestSetupError("no answer") }
    for name in ["-L path", "-E var=value", "QEMU_LD_PREFIX", "-strace", "-cpu model", "-0 argv0"] {
      #expect(text.contains(name))
    }
    guard case .answer(let version) = try read(["-version"]) else { throw TestSetupError("no answer") }
    #expect(version.hasPrefix("apus-riscv64 version"))
  }
}
