import Consoles
import Machine
import Synchronization
import Testing

/// What a terminal would show.
private final class Screen: HostStream {
  private let bytes = Mutex<[UInt8]>([])
  let name = "screen"
  let isConnected = true
  func start(_ consumer: any StreamConsumer) {}
  func send(_ more: [UInt8]) -> Bool {
    bytes.withLock { $0 += more }
    return false
  }
  func waitForRoom() {}
  func ring() {}
  func flush(patience: Int?) {}
  func stopWaiting() {}
  var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
  func clear() { bytes.withLock { $0 = [] } }
}

/// A front end with room for so many bytes.
private final class Receiver: CharacterFrontEnd, FocusObserver {
  struct Seen {
    var room: Int
    var bytes: [UInt8] = []
    var breaks = 0
    var focus: [Bool] = []
    var overran = false
  }
  let seen: Mutex<Seen>
  init(room: Int = .max) { seen = Mutex(Seen(room: room)) }
  var receiveCapacity: Int { seen.withLock { $0.room } }
  func receive(_ bytes: ArraySlice<UInt8>) {
    seen.withLock {
      $0.overran = $0.overran || bytes.count > $0.room
      if $0.room != .max { $0.room -= bytes.count }
      $0.bytes += bytes
    }
  }
  func receiveBreak() { seen.withLock { $0.breaks += 1 } }
  func focusChanged(isFocused: Bool) { seen.withLock { $0.focus.append(isFocused) } }
  var text: String { seen.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
}

/// Counts what goes through it.
private final class Gate: InputGate {
  let count = Mutex(0)
  var isDeterministic: Bool { false }
  func deliver(_ body: @escaping @Sendable () -> Void) {
    count.withLock { $0 += 1 }
    body()
  }
}

private final class Bench: Sendable {
  let screen = Screen()
  let guest = Receiver()
  let monitor = Receiver()
  let gate = Gate()
  let exits = Mutex(0)
  let saves = Mutex(0)
  let clock = Mutex<UInt64>(5000)
  let multiplexer: Multiplexer
  let guestPort: any CharacterBackEnd
  let monitorPort: any CharacterBackEnd

  init(escape: UInt8 = 1) throws {
    let box = Box()
    multiplexer = Multiplexer(
      id: "a", stream: screen, gate: gate, escape: escape,
      actions: .init(
        exit: { box.bench?.exits.withLock { $0 += 1 } }, saveDisks: { box.bench?.saves.withLock { $0 += 1 } }),
      now: { box.bench?.clock.withLock { $0 } ?? 0 })
    monitorPort = try multiplexer.plugMonitor()
    guestPort = try multiplexer.plug()
    guestPort.attach(guest)
    monitorPort.attach(monitor)
    (monitorPort as? MultiplexerPort)?.observeFocus(monitor)
    box.bench = self
  }

  private final class Box: @unchecked Sendable { weak var bench: Bench? }

  func type(_ text: String) { multiplexer.receive(Array(text.utf8)[...]) }
}

private let help =
  "\n\rC-a h    print this help\n\rC-a x    exit emulator\n\r"
  + "C-a s    save disk data back to file (if -snapshot)\n\rC-a t    toggle console timestamps\n\r"
  + "C-a b    send break (magic sysrq)\n\rC-a c    switch between console and monitor\n\r"
  + "C-a C-a  sends C-a\n\r"

@Suite("The multiplexer speaks QEMU's keys")
struct MultiplexerTests {
  @Test("Plain keys go to the guest, Ctrl-C among them, through the gate")
  func plain() throws {
    let bench = try Bench()
    bench.type("ls\u{3}\r")
    #expect(bench.guest.text == "ls\u{3}\r")
    #expect(bench.monitor.text.isEmpty)
    #expect(bench.gate.count.withLock { $0 } > 0)
    #expect(bench.screen.text.isEmpty)
  }

  @Test("Ctrl-a h, and any unknown key, prints the help", arguments: ["h", "?", "q"])
  func helpText(_ key: String) throws {
    let bench = try Bench()
    bench.type("\u{1}\(key)")
    #expect(bench.screen.text == help)
    #expect(bench.guest.text.isEmpty)
  }

  @Test("Ctrl-a twice sends one, and the prefix may come in pieces")
  func twice() throws {
    let bench = try Bench()
    bench.type("\u{1}")
    bench.type("\u{1}a\u{1}")
    bench.type("\u{1}")
    #expect(bench.guest.text == "\u{1}a\u{1}")
  }

  @Test("Ctrl-a x says QEMU: Terminated and exits")
  func exit() throws {
    let bench = try Bench()
    bench.type("\u{1}x")
    #expect(bench.screen.text == "QEMU: Terminated\n\r")
    #expect(bench.exits.withLock { $0 } == 1)
  }

  @Test("Ctrl-a b breaks, Ctrl-a s saves")
  func breakAndSave() throws {
    let bench = try Bench()
    bench.type("\u{1}b\u{1}s")
    #expect(bench.guest.seen.withLock { $0.breaks } == 1)
    #expect(bench.saves.withLock { $0 } == 1)
  }

  @Test("Ctrl-a c moves the keys, not the output, and tells who has them")
  func focus() throws {
    let bench = try Bench()
    bench.type("a\u{1}cb\u{1}cc")
    #expect(bench.guest.text == "ac")
    #expect(bench.monitor.text == "b")
    #expect(bench.monitor.seen.withLock { $0.focus } == [true, false])
    bench.guestPort.send(Array("g".utf8))
    bench.monitorPort.send(Array("m".utf8))
    #expect(bench.screen.text == "gm")
  }

  @Test("The monitor's keys do not pass the machine's gate")
  func monitorIsOutside() throws {
    let bench = try Bench()
    bench.type("\u{1}c")
    let before = bench.gate.count.withLock { $0 }
    bench.type("info status\r")
    #expect(bench.gate.count.withLock { $0 } == before)
    #expect(bench.monitor.text == "info status\r")
  }

  @Test("Timestamps stand before each line's first byte, and count from the first")
  func timestamps() throws {
    let bench = try Bench()
    bench.guestPort.send(Array("one".utf8))
    bench.type("\u{1}t")
    bench.guestPort.send(Array(" still\ntwo\n".utf8))
    bench.clock.withLock { $0 += 3_723_004 }
    bench.guestPort.send(Array("three".utf8))
    bench.guestPort.send(Array(" more\n".utf8))
    bench.type("\u{1}t")
    bench.guestPort.send(Array("plain".utf8))
    #expect(bench.screen.text == "one still\n[00:00:00.000] two\n[01:02:03.004] three more\nplain")
  }

  @Test("A guest that takes one byte at a time gets every byte in order")
  func slowGuest() throws {
    let slow = Receiver(room: 1)
    let bench = try Bench()
    bench.guestPort.attach(slow)
    bench.type("hello")
    #expect(slow.text == "h")
    for _ in 0..<4 {
      slow.seen.withLock { $0.room = 1 }
      bench.guestPort.acceptInput()
      bench.multiplexer.pump()
    }
    #expect(slow.text == "hello")
    #expect(!slow.seen.withLock { $0.overran })
  }

  @Test("Keys typed before a front end is there wait for it, and commands work meanwhile")
  func early() throws {
    let bench = try Bench()
    bench.guestPort.attach(nil)
    bench.type("boot\u{1}x")
    #expect(bench.exits.withLock { $0 } == 1)
    bench.guestPort.attach(bench.guest)
    bench.multiplexer.pump()
    #expect(bench.guest.text == "boot")
  }

  @Test("-echr gives another escape key")
  func otherEscape() throws {
    let bench = try Bench(escape: 0x14)
    bench.type("\u{1}\u{14}h")
    #expect(bench.guest.text == "\u{1}")
    #expect(bench.screen.text.hasPrefix("\n\rC-t h    print this help\n\r"))
    #expect(bench.screen.text.hasSuffix("C-t C-t  sends C-t\n\r"))
  }
}
