import Testing

import Boot

@Suite struct DeviceTreeTests {
  private var sample: DeviceTree {
    var tree = DeviceTree()
    tree.root.set("#address-cells", 2)
    tree.root.set("compatible", "a", "b")
    var soc = DeviceTree.Node("soc")
    soc.set("ranges")
    var uart = DeviceTree.Node("serial@10000000")
    uart.set("reg", wide: 0x1000_0000, 0x100)
    soc.add(uart)
    tree.root.add(soc)
    tree.reservations = [DeviceTree.Reservation(address: 0x8000_0000, size: 0x4_0000)]
    return tree
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    #expect(try DeviceTree(flattened: sample.flattened()) == sample)
  }

  @Test func theHeaderIsVersion17() {
    let blob = sample.flattened()
    #expect(blob.big(UInt32.self, at: 0) == 0xd00d_feed)
    #expect(blob.big(UInt32.self, at: 4) == UInt32(blob.count))
    #expect(blob.big(UInt32.self, at: 20) == 17)
    #expect(blob.big(UInt32.self, at: 24) == 16)
  }

  @Test func chosenIsFilledInAndKeepsTheRest() {
    var tree = sample
    tree.root[child: "chosen"].set("stdout-path", "/soc/serial@10000000")
    var chosen = DeviceTree.Chosen()
    chosen.bootArguments = "console=ttyS0"
    chosen.initrd = 0x8420_0000..<0x8420_1000
    chosen.rngSeed = [1, 2]
    tree.choose(chosen)
    let node = tree.root[child: "chosen"]
    #expect(node["bootargs"] == Array("console=ttyS0\0".utf8))
    #expect(node["linux,initrd-start"] == [0, 0, 0, 0, 0x84, 0x20, 0, 0])
    #expect(node["linux,initrd-end"] == [0, 0, 0, 0, 0x84, 0x20, 0x10, 0])
    #expect(node["rng-seed"] == [1, 2])
    #expect(node["stdout-path"] == Array("/soc/serial@10000000\0".utf8))
  }

  @Test func brokenTreesAreRefused() {
    let blob = sample.flattened()
    func refusal(_ blob: [UInt8]) -> String? {
      do {
        _ = try DeviceTree(flattened: blob)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(refusal([]) == "FDT_ERR_BADMAGIC")
    #expect(refusal(Array(blob.dropLast())) == "FDT_ERR_TRUNCATED")
    var wrong = blob
    wrong[8] = 0x7f
    #expect(refusal(wrong) == "FDT_ERR_BADSTRUCTURE")
    var endless = DeviceTree()
    var node = DeviceTree.Node("n")
    for _ in 0..<100 {
      var parent = DeviceTree.Node("n")
      parent.add(node)
      node = parent
    }
    endless.root.add(node)
    #expect(refusal(endless.flattened()) == "FDT_ERR_BADSTRUCTURE: it is too deep")
  }
}
