import RISCV
import Testing

import Debugger

@Suite struct GDBSessionTests {
  private let first = ThreadID(process: 1, thread: 1)
  private let second = ThreadID(process: 1, thread: 2)

  @Test("features are offered as far as the target has them")
  func features() {
    let peer = FakePeer()
    let plain = peer.ask("qSupported:multiprocess+")
    #expect(plain.hasPrefix("PacketSize=4000;qXfer:features:read+;"))
    #expect(!plain.contains("memory-map") && !plain.contains("auxv"))
    peer.target.memoryMap = [DebugMemoryRange(first: 0, last: 0xffff, kind: .ram)]
    peer.target.program = FakeProgram()
    let rich = peer.ask("qSupported:multiprocess+")
    #expect(rich.contains("qXfer:memory-map:read+") && rich.contains("QCatchSyscalls+"))
  }

  @Test("what is not known is answered with nothing, what makes no sense with an error")
  func strangers() {
    let peer = FakePeer()
    for packet in [
      "vMustReplyEmpty", "qTStatus", "QNonStop:1", "i", "t80000000,1", "Z9,1,1", "v", "q", "Q", "",
    ] {
      #expect(peer.ask(packet) == "", "\(packet)")
    }
    for packet in [
      "bc", "bs", "Hg", "Hx1", "Hgp1.3", "Hgp2.1", "T", "Tp1.9", "m", "m1", "m1,", "M80000000,4:0102",
      "X80000000,2:abc", "P1", "P1=zz", "P1=00", "Z0", "Z0,1", "z2,1,1", "Z2,80000000,0", "vCont;", "vCont;x",
      "vCont;s:p1.9", "vCont;C", "vAttach;2", "vKill;7", "D;9", "D1", "G", "Gzz", "qRcmd,z", "Qqemu.sstep=99",
      "qThreadExtraInfo,p1.7", "Zz,1,1;X1", "C", "cz", "qCRC:0,ffffffffffffffff",
      "qSearch:memory:80000000;4;",
    ] {
      let answer = peer.ask(packet)
      #expect(answer.hasPrefix("E") || packet.hasPrefix("Zz") && answer.isEmpty, "\(packet) -> \(answer)")
    }
    #expect(!peer.target.isKilled && peer.target.plans.isEmpty)
  }

  @Test("each packet is acknowledged until GDB wants none of it")
  func acknowledgements() {
    let peer = FakePeer()
    #expect(peer.raw(Array("$qC#b4".utf8)) == Array("+".utf8) + PacketText.frame(Array("QCp01.01".utf8)))
    #expect(peer.raw(Array("-".utf8)) == PacketText.frame(Array("QCp01.01".utf8)))
    #expect(peer.raw(Array("$qC#b5".utf8)) == Array("-".utf8))
    #expect(peer.ask("QStartNoAckMode") == "OK")
    #expect(peer.raw(Array("$qC#b4".utf8)) == PacketText.frame(Array("QCp01.01".utf8)))
  }

  @Test("registers have GDB's numbers and order")
  func registers() {
    let peer = FakePeer()
    #expect(peer.ask("P5=8877665544332211") == "OK")
    #expect(peer.target.values[first]?[.integer(5)] == 0x1122_3344_5566_7788)
    #expect(peer.ask("p5") == "8877665544332211")
    #expect(peer.ask("P20=0010000000000000") == "OK")
    #expect(peer.target.values[first]?[.pc] == 0x1000)
    let all = peer.ask("g")
    #expect(all.count == 33 * 16)
    #expect(all.hasSuffix("0010000000000000"))
    #expect(peer.ask("Hgp1.2") == "OK")
    #expect(peer.ask("G" + all) == "OK")
    #expect(peer.target.values[second]?[.pc] == 0x1000)
    #expect(peer.ask("P21=0000000000000840") == "OK")
    #expect(peer.target.values[second]?[.float(0)] == 0x4008_0000_0000_0000)
    #expect(peer.ask("P41=0100000000000000") == "OK")
    #expect(peer.target.values[second]?[.privilege] == 1)
    #expect(peer.ask("P43=1f00000000000000") == "OK")
    #expect(peer.target.values[second]?[.control(1)] == 0x1f)
    #expect(peer.ask("p42") == "E14")
    // Read-only.
    #expect(peer.ask("Pf56=0000000000000000") == "E22")
  }

  @Test("the numbers of what is not there are not left out of nothing: privilege and CSRs move up")
  func narrowLayouts() {
    let small = RegisterLayout(width: 32, floatWidth: 0, controls: [(0x300, "mstatus")])
    #expect(small[33]?.register == .privilege)
    #expect(small[34 + 0x300]?.register == .control(0x300))
    #expect(small[32]?.size == 4)
    #expect(small.file("target.xml")?.contains("riscv:rv32") == true)
    #expect(small.file("riscv-32bit-fpu.xml") == nil)
    #expect(
      small.file("riscv-csr.xml")?.contains("<reg name=\"mstatus\" bitsize=\"32\" regnum=\"802\"") == true)
    let single = RegisterLayout(width: 64, floatWidth: 32, controls: [])
    #expect(single[33]?.size == 4)
    #expect(single[65]?.register == .privilege)
    #expect(single.file("riscv-32bit-fpu.xml")?.contains("ieee_single") == true)
  }

  @Test("memory is read as far as it goes, and written whole or not at all")
  func memory() {
    let peer = FakePeer()
    #expect(peer.ask("M80000000,4:deadbeef") == "OK")
    #expect(peer.ask("m80000000,4") == "deadbeef")
    #expect(peer.ask("m8000fffe,40") == "0000")
    #expect(peer.ask("m80010000,1") == "E14")
    #expect(peer.ask("mffffffffffffffff,ffffffffffffffff") == "E14")
    #expect(peer.ask("M8000fffe,4:01020304") == "E14")
    #expect(peer.ask("X80000010,0:") == "OK")
    #expect(peer.ask(Array("X80000010,4:".utf8) + [0x24, 0x7d, 0x23, 0x2a]) == "OK")
    #expect(peer.target.memory[0x10..<0x14] == [0x24, 0x7d, 0x23, 0x2a])
    #expect(peer.ask("x80000010,4") == "b$}#*")
    #expect(peer.ask("m80000000,ffff").count == 2 * GDBSession.longestRead)
  }

  @Test("compare-sections' checksum is GDB's")
  func checksum() {
    let peer = FakePeer()
    _ = peer.ask("M80000000,9:313233343536373839")
    // CRC-32/MPEG-2 of "123456789".
    #expect(peer.ask("qCRC:80000000,9") == "C376e6e7")
    #expect(peer.ask("qCRC:80000000,20000") == "E14")
  }

  @Test("searching finds what lies across its own blocks")
  func search() {
    let target = FakeTarget()
    target.memory = [UInt8](repeating: 0, count: 200_000)
    target.memory.replaceSubrange(65534..<65538, with: [1, 2, 3, 4])
    let peer = FakePeer(target)
    #expect(peer.ask(Array("qSearch:memory:80000000;20000;".utf8) + [1, 2, 3, 4]) == "1,8000fffe")
    #expect(peer.ask(Array("qSearch:memory:80000000;20000;".utf8) + [1, 2, 3, 5]) == "0")
    #expect(peer.ask(Array("qSearch:memory:10;20;".utf8) + [1]) == "E14")
  }

  @Test("breakpoints are set once, and gone when both kinds are")
  func breakpoints() {
    let peer = FakePeer()
    for packet in [
      "Z0,ffffffff80000000,2", "Z0,ffffffff80000000,4", "Z1,ffffffff80000000,4", "z0,ffffffff80000000,2",
    ] {
      #expect(peer.ask(packet) == "OK")
    }
    #expect(peer.target.breakpoints == [0xffff_ffff_8000_0000])
    #expect(peer.ask("z1,ffffffff80000000,4") == "OK")
    #expect(peer.target.breakpoints.isEmpty)
    #expect(peer.ask("Z3,80000000,8") == "OK")
    #expect(peer.target.watchpoints == [Watchpoint(address: 0x8000_0000, length: 8, kind: .read)])
    #expect(peer.ask("z4,80000000,8") == "E22")
    #expect(peer.ask("z3,80000000,8") == "OK")
    #expect(peer.target.watchpoints.isEmpty)
  }

  @Test("nobody can fill the host's memory with breakpoints")
  func manyBreakpoints() {
    let peer = FakePeer()
    let answers = Set((0..<10_100).map { peer.ask("Z0,\(String($0 * 2, radix: 16)),2") })
    #expect(answers == ["OK", "E28"])
  }

  @Test("vCont's first action that names a thread is its own; others stand still")
  func plans() {
    let peer = FakePeer()
    #expect(peer.ask("vCont?") == "vCont;c;C;s;S;r")
    #expect(peer.ask("vCont;s:p1.2;c:p1.-1") == "")
    #expect(peer.target.plans.last?.actions == [first: .run(signal: nil), second: .step(signal: nil)])
    #expect(
      peer.stop(2, .step) == "T05thread:p01.02;08:0000000000000000;02:0000000000000000;20:0000000000000000;")
    _ = peer.ask("vCont;S0b:p1.1")
    #expect(peer.target.plans.last?.actions == [first: .step(signal: 11)])
    _ = peer.stop(1, .step)
    _ = peer.ask("Hcp1.2")
    _ = peer.ask("s")
    #expect(peer.target.plans.last?.actions == [first: .run(signal: nil), second: .step(signal: nil)])
    _ = peer.stop(2, .step)
    _ = peer.ask("C05;80000000")
    #expect(peer.target.values[second]?[.pc] == 0x8000_0000)
    #expect(peer.target.plans.last?.actions == [first: .run(signal: nil), second: .run(signal: 5)])
  }

  @Test("range steps are one answer")
  func ranges() {
    let peer = FakePeer()
    _ = peer.ask("vCont;r80000000,80000010:p1.1")
    peer.target.values[first] = [.pc: 0x8000_0004]
    #expect(peer.stop(1, .step) == "")
    #expect(peer.target.plans.count == 2)
    peer.target.values[first] = [.pc: 0x8000_0010]
    #expect(peer.stop(1, .step).hasPrefix("T05thread:p01.01;"))
    _ = peer.ask("vCont;r80000000,80000010:p1.1")
    peer.target.values[first] = [.pc: 0x8000_0004]
    #expect(peer.stop(1, .breakpoint).hasPrefix("T05"))
  }

  @Test("stops say what happened")
  func stops() {
    let peer = FakePeer()
    peer.target.values[second] = [.pc: 0x8000_0040]
    _ = peer.ask("Z1,80000040,4")
    let cases: [(DebugStop.Reason, String)] = [
      (.signal(2), "T02thread:p01.02;08"), (.breakpoint, "T05thread:p01.02;hwbreak:;"),
      (.watchpoint(.write, address: 0x10), "T05thread:p01.02;watch:10;"),
      (.watchpoint(.read, address: 0x10), "T05thread:p01.02;rwatch:10;"),
      (.watchpoint(.access, address: 0x10), "T05thread:p01.02;awatch:10;"),
      (.systemCallEntry(0xd6), "T05thread:p01.02;syscall_entry:d6;"),
      (.systemCallReturn(0xd6), "T05thread:p01.02;syscall_return:d6;"),
      (.fork(child: ThreadID(process: 300, thread: 300)), "T05thread:p01.02;fork:p12c.12c;"),
      (.vforkDone, "T05thread:p01.02;vforkdone:;"), (.exec(path: "/a"), "T05thread:p01.02;exec:2f61;"),
    ]
    for (reason, text) in cases {
      _ = peer.ask("vCont;c")
      let answer = peer.stop(2, reason)
      #expect(answer.hasPrefix(text), "\(answer)")
      #expect(peer.ask("qC") == "QCp01.02")
    }
    _ = peer.ask("vCont;c")
    #expect(peer.stop(1, .exited(code: 3)) == "W03;process:1")
    #expect(peer.conversation.isOver)
    #expect(peer.ask("g") == "")
  }

  @Test("a GDB that knows no processes is told of threads alone")
  func singleProcess() {
    let peer = FakePeer(features: "swbreak+")
    #expect(peer.ask("qfThreadInfo") == "m01,02")
    _ = peer.ask("vCont;c")
    #expect(peer.stop(2, .killed(signal: 9)) == "X09")
  }

  @Test("only one stop answers a resumption; Ctrl-C counts while something runs")
  func oneStop() {
    let peer = FakePeer()
    _ = peer.raw([3])
    #expect(peer.target.interrupts == 0)
    #expect(peer.stop(1, .breakpoint) == "")
    _ = peer.ask("vCont;c")
    _ = peer.raw([3])
    #expect(peer.target.interrupts == 1)
    #expect(peer.stop(1, .signal(2)).hasPrefix("T02"))
    #expect(peer.stop(2, .breakpoint) == "")
    #expect(peer.ask("?").hasPrefix("T02thread:p01.01;"))
  }

  @Test("who leaves takes the breakpoints along")
  func leaving() {
    let peer = FakePeer()
    _ = peer.ask("Z0,80000000,4")
    #expect(peer.ask("D;1") == "OK")
    #expect(peer.target.breakpoints.isEmpty && peer.target.detached == [1])
    _ = peer.ask("Z0,80000000,4")
    peer.conversation.disconnect()
    #expect(peer.target.breakpoints.isEmpty)
    peer.conversation.connect()
    #expect(peer.target.attached == 2)
    // Not asked yet, this GDB has no processes.
    #expect(peer.ask("qC") == "QC01")
  }

  @Test("killing is answered before it is done")
  func killing() {
    let peer = FakePeer()
    #expect(peer.ask("vKill;1") == "OK")
    #expect(peer.target.isKilled && peer.conversation.isOver)
    let other = FakePeer()
    #expect(other.ask("k") == "")
    #expect(other.target.isKilled)
  }

  @Test("threads are told three ways")
  func threads() {
    let peer = FakePeer()
    #expect(peer.ask("qfThreadInfo") == "mp01.01,p01.02")
    #expect(peer.ask("qsThreadInfo") == "l")
    #expect(peer.ask("qThreadExtraInfo,p1.2") == "4350552331205b3c72756e2026202272657374223e5d")
    let list = peer.ask("qXfer:threads:read::0,1000")
    #expect(
      list.contains("<thread id=\"p01.02\" core=\"1\">CPU#1 [&lt;run &amp; &quot;rest&quot;&gt;]</thread>"))
  }

  @Test("objects are read piece by piece")
  func objects() {
    let peer = FakePeer()
    var text = ""
    while true {
      let answer = peer.ask(
        "qXfer:features:read:riscv-64bit-fpu.xml:\(String(text.utf8.count, radix: 16)),64")
      text += answer.dropFirst()
      if answer.first != "m" { break }
    }
    #expect(text == peer.target.registers.file("riscv-64bit-fpu.xml"))
    #expect(peer.ask("qXfer:features:read:nope.xml:0,10") == "E00")
    #expect(peer.ask("qXfer:features:read:target.xml:ffffffffffffffff,10") == "E00")
    #expect(peer.ask("qXfer:features:write:target.xml:0:00") == "")
    #expect(peer.ask("qXfer:memory-map:read::0,100") == "")
    #expect(peer.ask("qXfer:auxv:read::0,100") == "")
    peer.target.memoryMap = [
      DebugMemoryRange(first: 0, last: .max >> 1, kind: .ram),
      DebugMemoryRange(first: 1 << 63, last: .max, kind: .rom),
    ]
    let map = peer.ask("qXfer:memory-map:read::0,1000")
    #expect(map.contains("<memory type=\"rom\" start=\"0x8000000000000000\" length=\"0x8000000000000000\"/>"))
  }

  @Test("monitor commands come back as console output")
  func commands() {
    let peer = FakePeer()
    peer.target.answer = "a\r\n"
    #expect(peer.ask("qRcmd,68656c70") == "O610d0a OK")
    #expect(peer.target.commands == ["help"])
    peer.target.answer = String(repeating: "x", count: 10_000)
    #expect(peer.ask("qRcmd,68656c70").split(separator: " ").count == 3)
    peer.target.answer = nil
    #expect(peer.ask("qRcmd,68656c70") == "")
  }

  @Test("QEMU's own packets are there where the target has what they are about")
  func emulator() {
    let peer = FakePeer()
    #expect(peer.ask("qqemu.sstepbits") == "ENABLE=1,NOIRQ=2,NOTIMER=4")
    #expect(peer.ask("qqemu.sstep") == "0x7")
    #expect(peer.ask("Qqemu.sstep=5") == "OK")
    #expect(peer.target.stepMask == [.enable, .noTimers])
    #expect(peer.ask("Qqemu.PhyMemMode:1") == "OK")
    #expect(peer.ask("qqemu.PhyMemMode") == "1")
    #expect(peer.ask("qqemu.Supported") == "sstepbits;sstep;PhyMemMode")
    peer.target.stepMask = nil
    peer.target.usesPhysicalAddresses = nil
    #expect(peer.ask("qqemu.sstep") == "" && peer.ask("Qqemu.PhyMemMode:1") == "")
  }

  @Test("what only programs have")
  func programs() {
    let peer = FakePeer()
    let program = FakeProgram()
    peer.target.program = program
    #expect(peer.ask("qXfer:auxv:read::0,100") == "l\u{1}}#$*\0")
    #expect(peer.ask("qXfer:exec-file:read:1:0,100") == "l/bin/true")
    #expect(peer.ask("qXfer:exec-file:read:7:0,100") == "E00")
    #expect(peer.ask("qXfer:siginfo:read::0,100") == "E00")
    #expect(peer.ask("qOffsets") == "Text=4000;Data=4000;Bss=4000")
    #expect(peer.ask("QCatchSyscalls:1;40;5d") == "OK")
    #expect(program.caught == .some([0x40, 0x5d]))
    #expect(peer.ask("QCatchSyscalls:0") == "OK")
    #expect(program.caught == .some(nil))
    #expect(peer.ask("QCatchSyscalls:2") == "E22")
    _ = peer.ask("qSupported:multiprocess+;fork-events+")
    #expect(program.reportsForks)
    _ = peer.ask("Z0,80000000,4")
    program.newborn = 1
    // From the child that GDB leaves; the parent keeps its breakpoint.
    #expect(peer.ask("z0,80000000,4") == "OK")
    #expect(peer.target.breakpoints == [0x8000_0000])
    #expect(peer.ask("QPassSignals:e;14;") == "OK")
    #expect(program.passed == [14, 20])
    #expect(peer.ask("vFile:setfs:0") == "F0")
    #expect(peer.ask("vFile:open:2f6574632f78,0,0") == "F5")
    #expect(peer.ask("vFile:open:2f78,0,0") == "F-1,2")
    #expect(peer.ask("vFile:pread:5,100,0") == "F6;hello$")
    #expect(peer.ask("vFile:close:5") == "F0")
    #expect(peer.ask("vFile:readlink:2f78") == "F-1,16")
    #expect(peer.ask("vFile:unlink:2f78") == "")
  }
  @Test("a request waits for GDB's answer, in whatever shape")
  func requests() {
    let answers: [(packet: String, result: Int64, error: Int32)] = [
      ("F10", 16, 0), ("F0;attached", 0, 0), ("F-1,2", -1, 2), ("F-1,5b", -1, 36), ("F-1,270f", -1, 5),
      ("F7fffffffffffffff,0", .max, 0), ("Fffffffffffffffff", -1, 5), ("F", -1, 5), ("Fx,y,z", -1, 5),
      ("F-", -1, 5), ("F-1", -1, 0), ("F-1,", -1, 5),
    ]
    for answer in answers {
      let peer = FakePeer()
      _ = peer.ask("vCont;c")
      #expect(peer.stop(2, .request("close,3")) == "Fclose,3")
      // It works on the memory of who asks.
      #expect(peer.ask("qC") == "QCp01.02")
      #expect(peer.ask(answer.packet) == "")
      #expect(peer.target.replies.map(\.result) == [answer.result], "\(answer)")
      #expect(peer.target.replies.first?.error == answer.error, "\(answer)")
      #expect(peer.target.plans.count == 2)
      #expect(peer.ask(answer.packet) == "E22")
    }
  }

  @Test("Ctrl-C during a request stops the target once it is answered; a lost GDB fails it")
  func interruptedRequests() {
    let peer = FakePeer()
    _ = peer.ask("vCont;c")
    _ = peer.stop(1, .request("read,0,80000000,1"))
    #expect(peer.ask("F-1,4,C").hasPrefix("T02thread:p01.01;"))
    #expect(peer.target.replies == [DebuggerReply(result: -1, error: 4)] && peer.target.plans.count == 1)
    _ = peer.ask("vCont;c")
    _ = peer.stop(1, .request("read,0,80000000,1"))
    _ = peer.raw([3])
    #expect(peer.target.interrupts == 0)
    #expect(peer.ask("F1").hasPrefix("T02thread:p01.01;"))
    _ = peer.ask("vCont;c")
    _ = peer.stop(1, .request("read,0,80000000,1"))
    peer.conversation.disconnect()
    #expect(peer.target.replies.last == DebuggerReply(result: -1, error: 5) && peer.target.plans.count == 4)
  }
}
