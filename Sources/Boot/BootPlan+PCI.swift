import Machine

extension BootPlan {
  /// Larger programs are systems that know more than one bus.
  private static let largestSearched: UInt64 = 16 << 20

  /// The program that runs, where it can be said that it does not know PCI: no Linux, and the word appears nowhere in
  /// it. Of several, the last.
  package func programWithoutPCI(_ configuration: MachineConfiguration) -> String? {
    // Firmware in flash looks for disks itself.
    guard configuration.flash.allSatisfy({ $0 == nil }) else { return nil }
    let ours = ["fdt", "mrom.reset", "mrom.finfo", configuration.initrd]
    let programs = roms.blobs.map(\.source).filter { !ours.contains($0.name) }
    // Firmware that nobody named is OpenSBI, which has no drivers for disks.
    let isNamed = configuration.bios.map { !["default", "none", "builtin"].contains($0) } ?? false
    let searched = programs.filter { isNamed || $0.name != firmwareName }
    guard let last = searched.last, !searched.contains(where: Self.mayKnowPCI) else { return nil }
    return last.name
  }

  private static func mayKnowPCI(_ source: ImageSource) -> Bool {
    guard source.size <= largestSearched, let bytes = source.bytes(at: 0, count: Int(source.size)) else {
      return true
    }
    return bytes.containsWord("pci") || bytes.containsWord("PCI")
  }
}

extension [UInt8] {
  /// Whether `word` stands in text: letters neither right before it nor unprintable bytes around it.
  fileprivate func containsWord(_ word: String) -> Bool {
    let pattern = Array(word.utf8)
    func isPrintable(_ byte: UInt8) -> Bool { (0x20..<0x7f).contains(byte) }
    func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }
    guard count > pattern.count + 1 else { return false }
    for index in 1..<(count - pattern.count) where self[index] == pattern[0] {
      guard self[index + 1] == pattern[1], self[index + 2] == pattern[2] else { continue }
      let (before, after) = (self[index - 1], self[index + 3])
      if before == 0 || isPrintable(before) && !isLetter(before), after == 0 || isPrintable(after) {
        return true
      }
    }
    return false
  }
}
