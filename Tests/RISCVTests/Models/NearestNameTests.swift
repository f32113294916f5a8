import RISCV
import Testing

@Suite("What somebody who misspelt a name meant")
struct NearestNameTests {
  private static let names = ["nographic", "netdev", "nic", "smp", "device", "drive", "virtio-blk-device"]

  @Test(
    "The nearest name is offered",
    arguments: [
      ("nographics", "nographic"), ("ngraphic", "nographic"), ("nograhpic", "nographic"), ("spm", "smp"),
      ("devise", "device"), ("virtio-block-device", "virtio-blk-device"), ("nik", "nic"),
    ])
  func near(_ word: String, _ name: String) { #expect(Self.names.nearest(to: word) == name) }

  @Test("A word that is like none gets no offer", arguments: ["zzzz", "", "x", "machine", "nocolor"])
  func far(_ word: String) { #expect(Self.names.nearest(to: word) == nil) }

  @Test("Long words are not compared")
  func long() {
    #expect([String(repeating: "a", count: 200)].nearest(to: String(repeating: "a", count: 199)) == nil)
  }

  @Test("Every property that could be offered for -cpu is one")
  func properties() throws {
    // Each name with a letter too many gets itself offered, or a nearer one; whatever is offered is there.
    for name in ["zba", "sstc", "svpbmt", "zicond", "mvendorid", "cbom_blocksize", "rva22u64", "pmp", "sv57"]
    {
      let error = #expect(throws: CPUError.self) { try CPUModel.configure("rv64,\(name)q=on") }
      #expect(
        error?.description.hasSuffix("\nDid you mean '\(name)'?") == true, "\(String(describing: error))")
    }
    let error = #expect(throws: CPUError.self) { try CPUModel.configure("rv46") }
    #expect(error?.description == "unable to find CPU model 'rv46'\nDid you mean 'rv64'?")
  }
}
