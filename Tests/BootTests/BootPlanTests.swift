import Glibc
import Machine
import Testing

import Boot

/// Which file goes where: the matrix that was measured on QEMU 10.0.
@Suite struct BootPlanTests {
  private static let firmware = [UInt8](repeating: 0x13, count: 0x4_2c40)
  private static let kernel: [UInt8] = [0x05, 0x45, 0x73, 0, 0x50, 0x10, 0x5f, 0xbf]

  private func board(
    _ megabytes: UInt64, is64Bit: Bool = true, placement: BootPlacement = BootPlacement(),
    flash: FlashProgram? = nil
  ) -> BoardMemory {
    BoardMemory(
      ramBase: 0x8000_0000, ramSize: megabytes << 20, resetVector: 0x1000, is64Bit: is64Bit, harts: 2,
      flash: flash, placement: placement)
  }

  private func plan(
    _ megabytes: UInt64 = 128, is64Bit: Bool = true, firmware: [UInt8]? = Self.firmware,
    kernel: [UInt8]? = nil,
    initrd: Int? = nil, devices: [DeviceRequest] = [], append: String? = nil,
    placement: BootPlacement = BootPlacement(), flash: FlashProgram? = nil
  ) throws -> BootPlan {
    try withFile(firmware ?? []) { firmwarePath in
      try withFile(kernel ?? []) { kernelPath in
        try withFile([UInt8](repeating: 7, count: initrd ?? 0)) { initrdPath in
          var configuration = MachineConfiguration()
          configuration.bios = firmware == nil ? "none" : firmwarePath
          if kernel != nil { configuration.kernel = kernelPath }
          if initrd != nil { configuration.initrd = initrdPath }
          configuration.devices = devices
          configuration.append = append
          return try BootPlan(
            configuration, board: board(megabytes, is64Bit: is64Bit, placement: placement, flash: flash),
            deviceTree: DeviceTree(), rngSeed: nil)
        }
      }
    }
  }

  /// Addresses in the order of loading: firmware, kernel, initrd, device tree, reset vector, its record.
  private func addresses(_ plan: BootPlan) -> [UInt64] { plan.roms.blobs.map(\.address) }

  /// Whether the program that runs is one of which it can be said that it does not know PCI.
  @Test func aProgramWithoutPCIIsFound() throws {
    func found(_ kernel: [UInt8]?, firmware: [UInt8]? = nil, flash: [String?] = []) throws -> Bool {
      var configuration = MachineConfiguration()
      configuration.bios = firmware == nil ? "none" : "named"
      configuration.flash = flash
      return try plan(firmware: firmware, kernel: kernel).programWithoutPCI(configuration) != nil
    }
    #expect(try found(Self.kernel))
    #expect(try found(Self.kernel + Array("virtio_mmio special epci".utf8)))
    #expect(try !found(Self.kernel + Array("\0virtio-pci\0".utf8)))
    #expect(try !found(Self.kernel + Array("\0PCIe host".utf8)))
    #expect(try !found(Self.kernel, flash: ["code"]), "firmware in flash finds disks itself")
    #expect(try !found(nil), "nothing runs")
    #expect(try found(nil, firmware: Self.firmware))
    #expect(try !found(Self.kernel, firmware: Self.firmware + Array(" pci ".utf8)))
  }

  @Test func firmwareAloneGetsNoNextAddress() throws {
    let plan = try plan()
    #expect(addresses(plan) == [0x8000_0000, 0x87e0_0000, 0x1000, 0x1028])
    #expect(plan.vector.start == 0x8000_0000)
    #expect(plan.vector.next == 0)
  }

  @Test func flashWithoutFirmwareIsWhereHartsStart() throws {
    let plan = try plan(firmware: nil, flash: FlashProgram(base: 0x2000_0000))
    #expect(plan.vector.start == 0x2000_0000)
    #expect(plan.vector.next == 0)
    let withKernel = try self.plan(
      firmware: nil, kernel: Self.kernel, append: "x", flash: FlashProgram(base: 0x2000_0000))
    #expect(withKernel.vector.start == 0x2000_0000)
    #expect(withKernel.vector.next == 0x8000_0000)
    #expect(addresses(withKernel).first == 0x8000_0000)
    #expect(withKernel.offer == nil)
  }

  @Test func firmwareGoesOnInFlashWhichIsOfferedTheKernel() throws {
    let plan = try plan(
      kernel: Self.kernel, initrd: 100, append: "x=1", flash: FlashProgram(base: 0x2000_0000))
    #expect(plan.vector.start == 0x8000_0000)
    #expect(plan.vector.next == 0x2000_0000)
    #expect(addresses(plan) == [0x8000_0000, 0x87e0_0000, 0x1000, 0x1028])
    let offer = try #require(plan.offer)
    #expect(offer.kernel == Self.kernel)
    #expect(offer.initrd.count == 100)
    #expect(offer.commandLine == "x=1")
    #expect(plan.deviceTree.root[child: "chosen"]["bootargs"] == nil)
    #expect(
      try self.plan(kernel: Samples.gzip, flash: FlashProgram(base: 0x2000_0000)).offer?.kernel
        == Samples.text)
    #expect(try self.plan(flash: FlashProgram(base: 0x2000_0000)).offer == nil)
  }

  @Test func aRawKernelLiesAboveTheFirmware() throws {
    let plan = try plan(kernel: Self.kernel)
    #expect(addresses(plan) == [0x8000_0000, 0x8020_0000, 0x87e0_0000, 0x1000, 0x1028])
    #expect(plan.vector.next == 0x8020_0000)
    #expect(try self.plan(is64Bit: false, kernel: Self.kernel).vector.next == 0x8040_0000)
  }

  @Test func aRawKernelWithoutFirmwareLiesWhereRAMBegins() throws {
    let plan = try plan(firmware: nil, kernel: Self.kernel)
    #expect(addresses(plan).first == 0x8000_0000)
    #expect(plan.vector.start == 0x8000_0000)
  }

  @Test func anELFKernelsEntryIsHonoured() throws {
    let elf = Samples.elf64(
      entry: 0x8020_0004, [.init(virtual: 0x8020_0000, physical: 0x8020_0000, bytes: Self.kernel)])
    #expect(try plan(kernel: elf).vector.next == 0x8020_0004)
    #expect(try plan(kernel: elf).vector.start == 0x8000_0000)
    #expect(try plan(firmware: nil, kernel: elf).vector.start == 0x8020_0004)
  }

  @Test func anELFFirmwareStartsAtItsEntry() throws {
    let elf = Samples.elf64(
      entry: 0x8000_0010, [.init(virtual: 0x8000_0000, physical: 0x8000_0000, bytes: Self.firmware)])
    #expect(try plan(firmware: elf).vector.start == 0x8000_0010)
  }

  @Test func aUImagesHeaderIsHonoured() throws {
    let plan = try plan(kernel: Samples.uImage(load: 0x8040_0000, entry: 0x8040_0000, Self.kernel))
    #expect(addresses(plan)[1] == 0x8040_0000)
    #expect(plan.vector.next == 0x8040_0000)
  }

  @Test(
    arguments: [
      (64, 0x8220_0000, 0x83e0_0000), (128, 0x8420_0000, 0x87e0_0000), (1024, 0xa020_0000, 0xbfe0_0000),
      (8192, 0xa020_0000, 0x2_7fe0_0000),
    ] as [(UInt64, UInt64, UInt64)]) func initrdAndTreeGoWhereQEMUPutsThem(
      megabytes: UInt64, initrd: UInt64, tree: UInt64
    ) throws
  {
    let plan = try plan(megabytes, kernel: Self.kernel, initrd: 3_000_000)
    #expect(addresses(plan)[2] == initrd)
    #expect(addresses(plan)[3] == tree)
    #expect(plan.vector.deviceTree == tree)
    let chosen = plan.deviceTree.root[child: "chosen"]
    #expect(chosen["linux,initrd-start"]?.big(UInt64.self, at: 0) == initrd)
    #expect(chosen["linux,initrd-end"]?.big(UInt64.self, at: 0) == initrd + 3_000_000)
  }

  @Test func aBoardMayKeepInitrdAndTreeLower() throws {
    let placement = BootPlacement(
      farthestInitrd: 128 << 20, hasWideInitrd: false, keepsTreeBelow3GiB: true, smallestTree: 1 << 20)
    let plan = try plan(8192, kernel: Self.kernel, initrd: 4096, placement: placement)
    #expect(addresses(plan)[2] == 0x8820_0000)
    #expect(addresses(plan)[3] == 0xbfe0_0000)
    #expect(plan.flattenedDeviceTree.count == 1 << 20)
    #expect(try DeviceTree(flattened: plan.flattenedDeviceTree) == plan.deviceTree)
    #expect(plan.deviceTree.root[child: "chosen"]["linux,initrd-start"] == [0x88, 0x20, 0, 0])
  }

  @Test func guestsOfAHypervisorAreDescribedBelowChosen() throws {
    try withFile([1, 2, 3]) { path in
      let requests = [("0x81000000", "kernel"), ("0x82000000", "initrd")].map { address, kind in
        DeviceRequest(
          driver: "guest-loader", properties: [Assignment("addr", address), Assignment(kind, path)],
          text: "guest-loader,…")
      }
      let chosen = try plan(firmware: nil, devices: requests).deviceTree.root[child: "chosen"]
      #expect(chosen.children.map(\.name) == ["module@0x82000000", "module@0x81000000"])
      #expect(
        chosen[child: "module@0x81000000"]["compatible"] == Array("multiboot,module\0multiboot,kernel\0".utf8)
      )
      #expect(
        chosen[child: "module@0x82000000"]["reg"] == [0, 0, 0, 0, 0x82, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3])
    }
  }

  @Test func anInitrdNeverLiesInTheRunningKernel() throws {
    let kernel = Samples.linuxImage(textOffset: 0x20_0000, imageSize: 36 << 20, count: 4096)
    let plan = try plan(64, kernel: kernel, initrd: 4096)
    #expect(addresses(plan)[2] == 0x8020_0000 + 36 << 20)
  }

  @Test func theResetVectorIsWordForWordQEMUs() {
    let wide = ResetVector(is64Bit: true, start: 0x8000_0000, deviceTree: 0x87e0_0000, next: 0x8020_0000)
    let words: [UInt32] = [
      0x0000_0297, 0x0282_8613, 0xf140_2573, 0x0202_b583, 0x0182_b283, 0x0002_8067, 0x8000_0000, 0,
      0x87e0_0000, 0,
      0x4942_534f, 0, 2, 0, 0x8020_0000, 0, 1, 0, 0, 0, 0, 0,
    ]
    #expect(self.words(wide.code + wide.dynamicInfo) == words)
    let narrow = ResetVector(is64Bit: false, start: 0x8000_0000, deviceTree: 0x87e0_0000, next: 0x8040_0000)
    #expect(
      self.words(narrow.code + narrow.dynamicInfo) == [
        0x0000_0297, 0x0282_8613, 0xf140_2573, 0x0202_a583, 0x0182_a283, 0x0002_8067, 0x8000_0000, 0,
        0x87e0_0000, 0,
        0x4942_534f, 2, 0x8040_0000, 1, 0, 0,
      ])
  }

  private func words(_ bytes: [UInt8]) -> [UInt32] {
    stride(from: 0, to: bytes.count, by: 4).compactMap { bytes.little(UInt32.self, at: $0) }
  }

  private func refusal(_ body: () throws -> BootPlan) -> ConfigurationError? {
    do {
      _ = try body()
      return nil
    } catch {
      return error as? ConfigurationError
    }
  }

  @Test func anOverlapIsToldInQEMUsWordsAndExplained() throws {
    let elf = Samples.elf64(
      entry: 0x8000_0000, [.init(virtual: 0x7fff_f000, physical: 0x7fff_f000, bytes: [1], memorySize: 0x1008)]
    )
    let text = try #require(refusal { try plan(kernel: elf) }).description
    #expect(
      text.hasPrefix(
        """
        Some ROM regions are overlapping
        These ROM regions might have been loaded by direct user request or by default.
        They could be BIOS/firmware images, a guest kernel, initrd or some other file loaded into guest memory.
        Check whether you intended to load all this guest code, and whether it has been built to load to the correct addresses.

        The following two regions overlap (in the memory address space):
          /tmp/apus-test-
        """))
    #expect(
      text.contains(" ELF program header segment 0 (addresses 0x000000007ffff000 - 0x0000000080000008)\n"))
    #expect(text.contains("(addresses 0x0000000080000000 - 0x0000000080042c40)\n"))
    #expect(text.contains("-bios none"))
    #expect(text.contains("0x80200000"))
  }

  @Test func tooLittleMemoryIsToldInQEMUsWords() {
    let error = refusal { try plan(1, kernel: Self.kernel) }
    #expect(error?.description.hasPrefix("No enough memory to place DTB after kernel/initrd\n") == true)
    #expect(
      refusal { try plan(4, kernel: [UInt8](repeating: 1, count: 5 << 20)) }?.description.contains(
        "do not fit") == true)
  }

  @Test func kernelOptionsWantAKernel() {
    #expect(refusal { try plan(append: "x=1") }?.description == "-append only allowed with -kernel option")
    #expect(refusal { try plan(initrd: 1) }?.description == "-initrd only allowed with -kernel option")
  }

  @Test func missingFilesAreToldInQEMUsWords() {
    func refusal(_ change: (inout MachineConfiguration) -> Void) -> ConfigurationError? {
      self.refusal {
        var configuration = MachineConfiguration()
        configuration.bios = "none"
        change(&configuration)
        return try BootPlan(configuration, board: board(128), deviceTree: DeviceTree(), rngSeed: nil)
      }
    }
    #expect(
      refusal { $0.kernel = "nope" }
        == ConfigurationError("could not load kernel 'nope'", preamble: "nope: No such file or directory"))
    #expect(refusal { $0.bios = "nope" }?.description == "Unable to find the RISC-V BIOS \"nope\"")
    #expect(
      refusal { $0.dtb = "nope" }?.description.hasPrefix("Unable to get size of device tree file 'nope'\n")
        == true)
  }

  @Test func whereThereIsNoFirmwareThePackageIsNamed() {
    do {
      _ = try Firmware(
        nil, is64Bit: true, folders: [], systemFiles: ["/nonexistent/fw.bin"], shareFolder: nil)
      Issue.record("found")
    } catch {
      #expect(
        error.description.hasPrefix(
          "Unable to find the RISC-V BIOS \"opensbi-riscv64-generic-fw_dynamic.bin\"\n"))
      #expect(error.description.contains("apt install opensbi"))
    }
  }

  @Test func whereThereIsNoFirmwareTheBuiltInOneStandsInForAKernel() throws {
    let firmware = try Firmware(
      nil, is64Bit: true, folders: [], systemFiles: ["/nonexistent/fw.bin"], shareFolder: nil,
      canStandIn: true)
    guard case .builtin(let notice?) = firmware else {
      Issue.record("\(firmware)")
      return
    }
    #expect(notice.hasPrefix("Unable to find the RISC-V BIOS \"opensbi-riscv64-generic-fw_dynamic.bin\""))
    #expect(notice.contains("-bios builtin") && !notice.contains("\n"))
    #expect(try Firmware("builtin", is64Bit: true, folders: []) == .builtin(notice: nil))
  }

  @Test func theBuiltInFirmwareStartsKernelsWhereOpenSBIDoesAndTakesNoMemory() throws {
    func plan(is64Bit: Bool = true, _ kernel: [UInt8]?, _ devices: [DeviceRequest] = []) throws -> BootPlan {
      try withFile(kernel ?? []) { path in
        var configuration = MachineConfiguration()
        configuration.bios = "builtin"
        configuration.kernel = kernel == nil ? nil : path
        configuration.devices = devices
        return try BootPlan(
          configuration, board: board(128, is64Bit: is64Bit), deviceTree: DeviceTree(), rngSeed: nil)
      }
    }
    let raw = try plan(Self.kernel)
    #expect(raw.usesBuiltinFirmware && raw.kernelEntry == 0x8020_0000)
    // No firmware and no reset vector.
    #expect(addresses(raw) == [0x8020_0000, 0x87e0_0000])
    #expect(try plan(is64Bit: false, Self.kernel).kernelEntry == 0x8040_0000)
    let elf = Samples.elf64(
      entry: 0x8000_0004, [Samples.Segment(virtual: 0x8000_0000, physical: 0x8000_0000, bytes: Self.kernel)])
    #expect(try plan(elf).kernelEntry == 0x8000_0004)
    #expect((try? plan(nil)) == nil)
    let start = DeviceRequest(
      driver: "loader", properties: [Assignment("addr", "0x80001000"), Assignment("cpu-num", "1")],
      text: "loader,…")
    #expect(try plan(nil, [start]).startPCs == [1: 0x8000_1000])
    // As rCore's makefile has it.
    try withFile(Self.kernel) { path in
      func loaded(at address: String) throws -> BootPlan {
        try plan(
          nil,
          [
            DeviceRequest(
              driver: "loader", properties: [Assignment("file", path), Assignment("addr", address)],
              text: "loader,…")
          ])
      }
      #expect((try? loaded(at: "0x80200000"))?.kernelEntry == 0x8020_0000)
      #expect((try? loaded(at: "0x80300000")) == nil)
    }
  }

  @Test func everythingIsInMemoryAgainAfterAReset() throws {
    let memory = AddressSpace(lock: MachineLock())
    try memory.addROM("mrom", base: 0x1000, size: 0xf000, contents: [])
    try memory.addRAM("ram", base: 0x8000_0000, size: 128 << 20)
    try withFile(Self.kernel) { path in
      var configuration = MachineConfiguration()
      configuration.bios = "none"
      configuration.kernel = path
      let request = DeviceRequest(
        driver: "loader",
        properties: [Assignment("addr", "0x80001000"), Assignment("data", "5"), Assignment("data-len", "4")],
        text: "loader,…")
      configuration.devices = [request]
      let plan = try BootPlan(configuration, board: board(128), deviceTree: DeviceTree(), rngSeed: nil)
      for _ in 0..<2 {
        #expect(plan.apply(to: memory) == [])
        #expect(memory.load(0x1000, as: UInt32.self) == 0x0000_0297)
        #expect(memory.copyOut(0x8000_0000, count: 8) == Self.kernel)
        #expect(memory.load(0x8000_1000, as: UInt32.self) == 5)
        #expect(memory.load(0x87e0_0000, as: UInt32.self) == 0xedfe_0dd0)
        memory.store(0x8000_0000, UInt64(0))
        memory.store(0x8000_1000, UInt64(0))
      }
    }
  }

  @Test func aLargeFileIsCopiedWholeWhereverItBegins() throws {
    let memory = AddressSpace(lock: MachineLock())
    try memory.addRAM("ram", base: 0x8000_0000, size: 1 << 20)
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    try withFile(bytes) { path in
      let source = try ImageSource(opening: path)
      memory.copyIn([UInt8](repeating: 0xee, count: 1 << 20), to: 0x8000_0000)
      let blob = try #require(Blob("k", at: 0x8000_1003, source, offset: 7, size: 299_993 + 5))
      #expect(blob.place(in: memory) == [])
      #expect(memory.copyOut(0x8000_1003, count: 299_993) == Array(bytes[7...]))
      #expect(memory.load(0x8000_1002, as: UInt8.self) == 0xee)
      #expect(memory.copyOut(0x8000_1003 + 299_993, count: 6) == [0, 0, 0, 0, 0, 0xee])
    }
  }

  @Test func aLargeFileThatHasBecomeShorterIsReported() throws {
    let memory = AddressSpace(lock: MachineLock())
    try memory.addRAM("ram", base: 0x8000_0000, size: 1 << 20)
    try withFile([UInt8](repeating: 5, count: 300_000)) { path in
      let source = try ImageSource(opening: path)
      let blob = try #require(Blob("k", at: 0x8000_0000, source))
      #expect(truncate(path, 100_000) == 0)
      #expect(blob.place(in: memory) == ["'k' can no longer be read; memory at 0x80000000 keeps what it has"])
    }
  }

  @Test func whatLiesOutsideOfMemoryIsLeftOutWithAWarning() throws {
    let memory = AddressSpace(lock: MachineLock())
    try memory.addRAM("ram", base: 0x8000_0000, size: 1 << 20)
    let source = ImageSource(name: "k", bytes: [UInt8](1...16))
    let blob = try #require(Blob("k", at: 0x7fff_fff8, source))
    let warnings = blob.place(in: memory)
    #expect(warnings.count == 1)
    #expect(memory.copyOut(0x8000_0000, count: 9) == [9, 10, 11, 12, 13, 14, 15, 16, 0])
    let last = try #require(Blob("k", at: 0x800f_fff8, source))
    #expect(last.place(in: memory).count == 1)
    #expect(memory.copyOut(0x800f_fff8, count: 8) == [1, 2, 3, 4, 5, 6, 7, 8])
  }
}
