/// Who called whom, up from where a hart is.
package struct Backtrace {
  /// By what a frame was found.
  package enum Basis: String, Sendable {
    /// The hart's own pc.
    case here = "pc"
    /// Call frame information.
    case frames = "CFI"
    /// s0, as compiled with -fno-omit-frame-pointer.
    case framePointer = "frame pointer"
    /// ra alone: right only where the function has called nobody yet.
    case returnRegister = "ra, a guess"
  }

  package struct Frame: Sendable {
    /// The hart's pc, or where the call returns to.
    package var pc: UInt64
    package var basis: Basis
    /// An address within the function: the call itself, which may be its last instruction.
    package var place: UInt64
  }

  package private(set) var frames: [Frame] = []
  /// Why there are no more.
  package private(set) var end = ""

  /// Frames at most.
  package static let limit = 64

  /// Registers by number; the ones that are not known are nil.
  private var registers: [UInt64?]
  private let width: Int
  private let symbols: GuestSymbols
  private let read: (_ address: UInt64, _ count: Int) -> [UInt8]?

  /// `integers` are x0 to x31, `read` gives virtual memory as the hart sees it.
  package init(
    pc: UInt64, integers: [UInt64], width: Int, symbols: GuestSymbols,
    read: @escaping (_ address: UInt64, _ count: Int) -> [UInt8]?
  ) {
    registers = (0..<32).map { $0 < integers.count ? integers[$0] : nil }
    self.width = width
    self.symbols = symbols
    self.read = read
    frames = [Frame(pc: pc, basis: .here, place: pc)]
    while end.isEmpty {
      guard frames.count < Self.limit else {
        end = "more than \(Self.limit) frames"
        break
      }
      step()
    }
  }

  private mutating func step() {
    let frame = frames[frames.count - 1]
    if let (image, row) = row(at: frame.place), let next = unwind(row, image) {
      return push(next, .frames)
    }
    guard end.isEmpty else { return }
    // While a function has called nobody, ra names another one than itself; it may not have its own frame yet.
    if frames.count == 1, let ra = registers[1], ra != frame.pc, let here = symbols.place(of: frame.pc),
      let caller = symbols.place(of: ra &- 1), caller.name != here.name
    {
      registers[1] = nil
      return push(ra, .returnRegister)
    }
    if let next = followFramePointer(isInnermost: frames.count == 1) { return push(next, .framePointer) }
    // Before a function has called another one its caller is in ra.
    if frames.count == 1, let ra = registers[1], isCode(ra), ra != frame.pc {
      registers[1] = nil
      return push(ra, .returnRegister)
    }
    if end.isEmpty {
      end =
        frame.basis == .returnRegister
        ? "beyond it ra tells nothing: no CFI, and s0 is no frame pointer"
        : "no CFI for this function, and s0 is no frame pointer"
    }
  }

  private mutating func push(_ pc: UInt64, _ basis: Basis) {
    let mask: UInt64 = width == 32 ? 0xffff_ffff : .max
    let pc = pc & mask
    guard pc != 0 else {
      end = "the return address is 0: the outermost function"
      return
    }
    // In a function that never returns the call is its last instruction.
    frames.append(Frame(pc: pc, basis: basis, place: pc &- 1))
  }

  private func row(at address: UInt64) -> (GuestImage, CallFrames.Row)? {
    for image in symbols.images {
      if let row = image.frames.row(at: address) { return (image, row) }
      for virtual in image.virtualAddresses(of: address) {
        if let row = image.frames.row(at: virtual) { return (image, row) }
      }
    }
    return nil
  }

  /// The return address by `row`, whose registers become the caller's; nil where it does not say.
  private mutating func unwind(_ row: CallFrames.Row, _ image: GuestImage) -> UInt64? {
    guard let frame = row.frame, frame.register < 32, let base = registers[Int(frame.register)] else {
      return nil
    }
    let address = base &+ UInt64(bitPattern: frame.offset)
    var callers = registers
    for (register, rule) in row.rules where register < 32 {
      switch rule {
      case .same: break
      case .undefined, .unknown: callers[Int(register)] = nil
      case .saved(let offset): callers[Int(register)] = word(at: address &+ UInt64(bitPattern: offset))
      case .value(let offset): callers[Int(register)] = address &+ UInt64(bitPattern: offset)
      case .register(let other): callers[Int(register)] = other < 32 ? registers[Int(other)] : nil
      }
    }
    if row.returnAddress < 32, row.rules[row.returnAddress] == .undefined {
      end = "the outermost function"
      return nil
    }
    guard row.returnAddress < 32, let next = callers[Int(row.returnAddress)] else { return nil }
    // Neither frame nor return address would change for ever.
    if frames.count > 1, address == registers[2], next == frames[frames.count - 1].pc {
      end = "the same frame again"
      return nil
    }
    // The function's own ra was its return address; the caller's is not known unless it was saved.
    if row.rules[row.returnAddress] == nil, frames.count > 1 {
      end = "the return address of this function is not saved"
      return nil
    }
    registers = callers
    registers[2] = address
    return next
  }

  /// s0 points behind the saved s0 and ra (RISC-V ELF psABI, "Frame Pointer Convention").
  private mutating func followFramePointer(isInnermost: Bool) -> UInt64? {
    let size = UInt64(width / 8)
    guard let pointer = registers[8], pointer & (size - 1) == 0, pointer > 2 * size,
      let next = word(at: pointer &- size), let callers = word(at: pointer &- 2 * size)
    else { return nil }
    // Stacks grow down: a caller's frame is above. And it must have been called from code.
    if let sp = registers[2], pointer < sp { return nil }
    if next == 0 {
      end = "the return address is 0: the outermost function"
      return nil
    }
    guard isCode(next) else { return nil }
    guard callers == 0 || callers > pointer else {
      if !isInnermost { end = "the chain of frame pointers leads nowhere" }
      return nil
    }
    registers = [UInt64?](repeating: nil, count: 32)
    registers[2] = pointer
    registers[8] = callers
    return next
  }

  private func word(at address: UInt64) -> UInt64? {
    read(address, width / 8)?.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }

  /// A function of the guest's is there; where nothing is known of functions, something that a call could be before.
  private func isCode(_ address: UInt64) -> Bool {
    guard address & 1 == 0 else { return false }
    if symbols.images.contains(where: \.hasSymbols) { return symbols.place(of: address &- 1) != nil }
    // jal or jalr with rd = ra or t0, or c.jalr, or RV32's c.jal.
    if let bytes = read(address &- 4, 4) {
      let instruction = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      if [0x6f, 0x67].contains(instruction & 0x7f), [1, 5].contains(instruction >> 7 & 31) { return true }
    }
    guard let bytes = read(address &- 2, 2) else { return false }
    let half = UInt16(bytes[1]) << 8 | UInt16(bytes[0])
    return half & 0xf07f == 0x9002 && half >> 7 & 31 != 0 || width == 32 && half & 0xe003 == 0x2001
  }
}
