import Glibc
import RISCV

/// riscv_hwprobe(2) of Linux 6.12 (Documentation/arch/riscv/hwprobe.rst).
enum HardwareProbe {
  /// Bits of RISCV_HWPROBE_KEY_IMA_EXT_0; bit 0 says F and D.
  private static let extensions: [(Extension, Int)] = [
    (.c, 1), (.v, 2), (.zba, 3), (.zbb, 4), (.zbs, 5), (.zicboz, 6), (.zbc, 7), (.zbkb, 8), (.zbkc, 9),
    (.zbkx, 10), (.zknd, 11), (.zkne, 12), (.zknh, 13), (.zksed, 14), (.zksh, 15), (.zkt, 16), (.zvbb, 17),
    (.zvbc, 18), (.zvkb, 19), (.zvkg, 20), (.zvkned, 21), (.zvknha, 22), (.zvknhb, 23), (.zvksed, 24),
    (.zvksh, 25), (.zvkt, 26), (.zfh, 27), (.zfhmin, 28), (.zihintntl, 29), (.zvfh, 30), (.zvfhmin, 31),
    (.zfa, 32), (.ztso, 33), (.zacas, 34), (.zicond, 35), (.zihintpause, 36), (.zve32x, 37), (.zve32f, 38),
    (.zve64x, 39), (.zve64f, 40), (.zve64d, 41), (.zimop, 42), (.zca, 43), (.zcb, 44), (.zcd, 45), (.zcf, 46),
    (.zcmop, 47), (.zawrs, 48),
  ]

  /// RISCV_HWPROBE_KEY_…, MISALIGNED_SCALAR_FAST, BASE_BEHAVIOR_IMA
  private enum Key {
    static let baseBehavior: Int64 = 3
    static let extensions: Int64 = 4
    static let misalignedBits: Int64 = 5
  }
  private static let fast: UInt64 = 3
  private static let ima: UInt64 = 1

  /// The value of a key; nil for keys that Linux 6.12 does not know.
  static func value(_ key: Int64, _ features: HartFeatures, highestAddress: UInt64) -> UInt64? {
    switch key {
    case 0: features.vendor
    case 1: features.architecture
    case 2: features.implementation
    case Key.baseBehavior: ima
    case Key.extensions: word(features)
    case Key.misalignedBits, 9: fast
    case 6: features.extensions.contains(.zicboz) ? features.cacheBlockSize : 0
    case 7: highestAddress
    case 8: HostTime.frequency
    default: nil
    }
  }

  private static func word(_ features: HartFeatures) -> UInt64 {
    var word: UInt64 = features.extensions.contains(.f) && features.extensions.contains(.d) ? 1 : 0
    for (name, bit) in extensions where features.extensions.contains(name) {
      word |= 1 << UInt64(bit)
    }
    return word
  }

  /// Whether processors whose value is `value` are among those that RISCV_HWPROBE_WHICH_CPUS asks for.
  static func matches(_ key: Int64, asked: UInt64, _ value: UInt64) -> Bool {
    switch key {
    case Key.baseBehavior, Key.extensions, Key.misalignedBits: value & asked == asked
    default: value == asked
    }
  }
}

extension SystemCalls {
  /// Pairs of key and value, and a set of processors, which all are alike here.
  static func hardwareProbe(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let whichProcessors: UInt64 = 1
    guard a[4] & ~whichProcessors == 0, a[1] <= 1 << 16 else { throw .invalid }
    if a[4] == whichProcessors { return try findProcessors(thread, a) }
    var set = try processors(thread, a)
    if a[2] != 0 || a[3] != 0 {
      set.formIntersection(online)
      guard !set.isEmpty else { throw .invalid }
    }
    for i in 0..<a[1] {
      let at = a[0] &+ 16 * i
      let key = try thread.memory.load(Int64.self, at: at)
      if let value = value(key, thread) {
        try thread.memory.store(value, at: at &+ 8)
      } else {
        try thread.memory.store(Int64(-1), at: at)
        try thread.memory.store(UInt64(0), at: at &+ 8)
      }
    }
    return 0
  }

  /// Leaves in the set those processors that have the values.
  private static func findProcessors(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    guard a[2] != 0, a[3] != 0 else { throw .invalid }
    var set = try processors(thread, a)
    if set.isEmpty { set = online }
    set.formIntersection(online)
    for i in 0..<a[1] {
      let at = a[0] &+ 16 * i
      let key = try thread.memory.load(Int64.self, at: at)
      if let value = value(key, thread) {
        let asked = try thread.memory.load(UInt64.self, at: at &+ 8)
        if !HardwareProbe.matches(key, asked: asked, value) { set = [] }
      } else {
        try thread.memory.store(Int64(-1), at: at)
        set = []
      }
    }
    var bytes = [UInt8](repeating: 0, count: Int(min(a[2], sizeOfSets)))
    for processor in set where processor / 8 < bytes.count {
      bytes[processor / 8] |= 1 << UInt8(processor & 7)
    }
    try thread.memory.store(bytes, at: a[3])
    return 0
  }

  private static func value(_ key: Int64, _ thread: LinuxThread) -> UInt64? {
    HardwareProbe.value(key, thread.process.features, highestAddress: thread.memory.limit - 1)
  }

  /// Bytes of the largest set that there is: 1024 processors.
  private static let sizeOfSets: UInt64 = 128
  private static var online: Set<Int> { Set(0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  private static func processors(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Set<Int> {
    if a[2] == 0, a[3] == 0 { return [] }
    guard a[3] != 0 else { throw .badAddress }
    let bytes = try thread.memory.bytes(at: a[3], count: Int(min(a[2], sizeOfSets)))
    return Set((0..<8 * bytes.count).filter { bytes[$0 / 8] >> UInt8($0 & 7) & 1 != 0 })
  }
}
