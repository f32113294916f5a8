// The causes, as data. Sections are those of RISC-V Privileged 1.13 unless said otherwise.

extension Cause {
  package static let all: [Cause] =
    loading + protection + handlers + paging + addresses + instructions + control + calls + interrupts
    + standstill + drivers

  // MARK: Loading

  static let entryNotAtStart = Cause(
    "entry-not-at-start", .loading,
    looksLike:
      "The kernel starts in the middle of something else: a table, another function, the ELF header.",
    why:
      "Firmware is told where the kernel begins, not where its ELF entry point is, and jumps to its lowest address. "
      + "The linker has put something else there.",
    advice:
      "Put the entry's section first in the linker script (KEEP(*(.text.entry)) before *(.text*)), and leave no "
      + "headers in the first segment.")
  static let otherWidth = Cause(
    "other-width", .loading, looksLike: "Illegal instructions, or plain nonsense, from the first lines on.",
    why: "The image is made for harts of another width: 32-bit code on 64-bit harts, or the reverse.",
    advice:
      "Run 32-bit code with apus-system-riscv32 (or -cpu rv32), or compile it with -march=rv64gc -mabi=lp64d."
  )
  static let loadOverlap = Cause(
    "load-overlap", .loading,
    looksLike: "The machine does not start: \"Some ROM regions are overlapping\".",
    why:
      "Two images want the same addresses, most often a kernel linked to 0x80000000, where the default firmware lives.",
    advice:
      "Use -bios none for a kernel that starts in machine mode; link one that runs above the firmware to 0x80200000."
  )
  private static let loading = [entryNotAtStart, otherWidth, loadOverlap]

  // MARK: Protection

  static let noPMPEntry = Cause(
    "pmp-no-entry", .protection,
    looksLike:
      "Silence behind the first mret; the trap handler is entered for ever (older emulators let it pass).",
    why:
      "Supervisor and user mode may access nothing until some PMP entry allows it, and all entries are off (§3.7.1).",
    advice:
      "Before mret open memory to the lower modes: write -1 to pmpaddr0 and 0xf to pmpcfg0 (one entry, all addresses, RWX)."
  )
  static let deniedByPMP = Cause(
    "pmp-denies", .protection,
    looksLike: "An access fault at an address where there is memory.",
    why: "The first PMP entry that covers the address does not allow the access, or none covers it.",
    advice: "Correct the entry, or give one with a lower number for the addresses that are to be reachable.")
  private static let protection = [noPMPEntry, deniedByPMP]

  // MARK: Handlers

  static let mtvecZero = Cause(
    "mtvec-zero", .handlers, looksLike: "Silence and a busy host processor.",
    why:
      "An exception goes to the address in mtvec, which is 0. Nothing is there, so that fetching the handler is an "
      + "exception too, and so on for ever.",
    advice:
      "Set mtvec to a handler (4-byte aligned) as the first thing that the program does; the first trap below says "
      + "what went wrong before.")
  static let stvecZero = Cause(
    "stvec-zero", .handlers, looksLike: "Silence and a busy host processor.",
    why: "An exception was delegated to supervisor mode, whose stvec is 0: there is no handler.",
    advice: "Set stvec early in the kernel's start; the first trap below says what went wrong before.")
  static let mtvecInvalid = Cause(
    "mtvec-invalid", .handlers, looksLike: "Silence and a busy host processor.",
    why: "mtvec points to something that cannot be executed, so that entering the handler traps again.",
    advice:
      "Check the value that is written to mtvec: its two lowest bits are the mode, the rest the address of code."
  )
  static let stvecInvalid = Cause(
    "stvec-invalid", .handlers, looksLike: "Silence and a busy host processor.",
    why:
      "stvec points to something that cannot be executed: an address that is not mapped, or not executable, or no code.",
    advice:
      "Write the handler's virtual address to stvec once paging is on, and map its page executable in every address space."
  )
  static let interruptWithoutHandler = Cause(
    "interrupt-without-handler", .handlers,
    looksLike: "The program stops when the first timer tick or device interrupt comes.",
    why: "An interrupt was enabled, and the vector that it goes to is 0 or no code.",
    advice:
      "Install the handler in mtvec or stvec before mie/sie and mstatus.MIE/sstatus.SIE allow interrupts.")
  static let handlerFaults = Cause(
    "handler-faults", .handlers,
    looksLike: "Silence; a debugger finds the hart inside the trap handler, always.",
    why: "The trap handler itself traps before it returns, and so enters itself again and again.",
    advice:
      "Look at the handler's instruction below: what it stores to (sp, mscratch, sscratch) and what it calls must "
      + "work in any state of the program.")
  static let ecallNotSkipped = Cause(
    "ecall-not-skipped", .handlers, looksLike: "One system call is made for ever.",
    why: "mepc and sepc point to the ecall itself, and the handler returns there (§3.3.1).",
    advice: "Add 4 to mepc or sepc before returning from an environment call.")
  private static let handlers = [
    mtvecZero, stvecZero, mtvecInvalid, stvecInvalid, interruptWithoutHandler, handlerFaults, ecallNotSkipped,
  ]

  // MARK: Paging

  static let pagingWithoutIdentity = Cause(
    "paging-without-identity", .paging, looksLike: "Silence behind the write to satp.",
    why:
      "Translation holds from the instruction behind the write to satp on, and the page table does not map the address "
      + "that the program runs at.",
    advice:
      "Map the code's physical addresses onto themselves too until the jump to its virtual addresses, or set stvec to "
      + "the virtual address of what follows before writing satp.")
  static let pageNotValid = Cause(
    "page-not-valid", .paging, looksLike: "A page fault that nobody serves.",
    why: "A page-table entry on the way has its V bit clear: nothing is mapped there.",
    advice: "Map the page (V, the permissions, A and D), then sfence.vma.")
  static let pagePermission = Cause(
    "page-permission", .paging, looksLike: "A page fault at an address that is mapped.",
    why: "The entry of the page does not have the R, W or X bit that the access needs.",
    advice: "Set the bit in the entry, then sfence.vma; a page with W needs R.")
  static let pageOfOtherMode = Cause(
    "page-user-mismatch", .paging, looksLike: "A page fault at an address that is mapped.",
    why:
      "User mode needs pages with U set; supervisor mode may load from and store to them only with sstatus.SUM set, and never "
      + "execute them.",
    advice:
      "Set or clear U in the entry; set sstatus.SUM while the kernel copies from and to user memory.")
  static let pageAccessedDirty = Cause(
    "page-accessed-dirty", .paging,
    looksLike: "A page fault at an address that is mapped with all permissions.",
    why:
      "The A bit, or the D bit for a store, is clear, and this hart does not set them itself (Svade, or menvcfg.ADUE "
      + "clear).",
    advice: "Set A and D in every leaf entry, or run with -cpu ...,svade=off,svadu=on.")
  static let pageMisaligned = Cause(
    "page-misaligned", .paging, looksLike: "A page fault at an address that is mapped by a large page.",
    why:
      "An entry above the last level maps a large page whose physical address is not a multiple of its size.",
    advice: "Align the physical address to the page's size, or map it by small pages.")
  static let pageReserved = Cause(
    "page-reserved-bits", .paging, looksLike: "A page fault at an address that is mapped.",
    why:
      "The entry has a combination of bits that is reserved: W without R, bits above the page number, or U, A or D in "
      + "an entry that leads to a table.",
    advice:
      "Build entries as (physical >> 12) << 10 | flags; entries that lead to tables have V alone.")
  static let tableOutside = Cause(
    "page-table-outside-memory", .paging,
    looksLike: "An access fault for every address from the write to satp on.",
    why: "satp, or an entry, says that a page table lies where there is no memory.",
    advice:
      "Write the table's physical address shifted right by 12 to satp (with the mode in the top bits), not its "
      + "address and not its virtual address.")
  static let notCanonical = Cause(
    "address-not-canonical", .paging, looksLike: "A page fault at an address that should be mapped.",
    why: "The bits of the address above those that the mode translates are not all equal to its highest bit.",
    advice: "Sign-extend the address: with Sv39 bits 63 to 39 equal bit 38.")
  private static let paging = [
    pagingWithoutIdentity, pageNotValid, pagePermission, pageOfOtherMode, pageAccessedDirty, pageMisaligned,
    pageReserved, tableOutside, notCanonical,
  ]

  // MARK: Addresses

  static let noDevice = Cause(
    "no-device", .addresses, looksLike: "An access fault at a load or store.",
    why: "There is neither memory nor a device at the physical address.",
    advice:
      "Compare the address with the device tree ('-machine dumpdtb=FILE') or 'info mtree' in the monitor.")
  static let otherBoard = Cause(
    "other-board", .addresses, looksLike: "No output, and an access fault at the first character.",
    why: "The address is that of another board's device, and this board has its own elsewhere.",
    advice: "Use this board's address: the UART of virt is a 16550A at 0x10000000.")
  static let deviceWidth = Cause(
    "device-access-width", .addresses, looksLike: "An access fault at a device that is there.",
    why: "The device does not take accesses of this width or alignment.",
    advice: "Access registers with their own width, by aligned volatile accesses.")
  static let writeToROM = Cause(
    "write-to-rom", .addresses, looksLike: "Variables do not keep what is stored, and locks are never taken.",
    why: "Stores to read-only memory are ignored; to flash they are commands.",
    advice: "Link .data and .bss into RAM (0x80000000 on virt) and copy .data there at the start.")
  static let misalignedAtomic = Cause(
    "misaligned-atomic", .addresses, looksLike: "An address-misaligned exception at an AMO, LR or SC.",
    why: "Atomic instructions want addresses that are multiples of their width.",
    advice: "Align the variable (alignas(8), .balign 8), and do not pack the structure that it is in.")
  static let atomicOutsideRAM = Cause(
    "atomic-outside-ram", .addresses, looksLike: "An access fault at an AMO, LR or SC.",
    why: "Devices and read-only memory do not support atomic instructions.",
    advice: "Keep locks and counters in RAM.")
  private static let addresses = [
    noDevice, otherBoard, deviceWidth, writeToROM, misalignedAtomic, atomicOutsideRAM,
  ]

  // MARK: Instructions

  static let extensionOff = Cause(
    "extension-off", .instructions, looksLike: "An illegal instruction in a program that runs elsewhere.",
    why: "The instruction belongs to an extension that this CPU does not have.",
    advice: "Switch the extension on with -cpu, or compile without it (-march).")
  static let floatOff = Cause(
    "float-off", .instructions, looksLike: "An illegal instruction at the first floating-point instruction.",
    why: "mstatus.FS is 0: the floating-point unit is off until software turns it on (§3.1.6.6).",
    advice:
      "Set FS: csrs mstatus (or sstatus), 0x2000, or compile the kernel with -march=rv64imac -mabi=lp64.")
  static let privilegedCSR = Cause(
    "privileged-csr", .instructions, looksLike: "An illegal instruction at a CSR instruction.",
    why:
      "The CSR belongs to a higher privilege mode, or a higher mode has not allowed it, or it is read-only.",
    advice:
      "Kernels above firmware use the s-CSRs and SBI calls; machine mode opens counters with mcounteren and stimecmp "
      + "with menvcfg.STCE.")
  static let noSuchCSR = Cause(
    "no-such-csr", .instructions, looksLike: "An illegal instruction at a CSR instruction.",
    why: "This CPU has no CSR of this number.",
    advice: "Check the number, and whether an extension that brings it is on (-cpu).")
  static let privilegedInstruction = Cause(
    "privileged-instruction", .instructions,
    looksLike: "An illegal instruction at mret, sret, wfi or sfence.vma.",
    why:
      "The instruction may not be executed in this privilege mode, or a higher mode intercepts it (TVM, TW, TSR).",
    advice: "Check the mode that the program is in: mstatus.MPP or sstatus.SPP at the last return says it.")
  static let zeros = Cause(
    "jump-into-zeros", .instructions, looksLike: "An illegal instruction with the bits 0x0000.",
    why: "The program counter is in memory that holds zeros, where no program was loaded.",
    advice:
      "Look where the hart came from (ra): a wrong pointer, a missing section, or a kernel that is linked to another address than it is loaded to."
  )
  static let notCode = Cause(
    "not-code", .instructions, looksLike: "An illegal instruction.",
    why:
      "The bits at the program counter are no instruction of RISC-V that is known here: data, or overwritten code.",
    advice: "Look where the hart came from (ra) and what has written there.")
  static let wrongWidthInstruction = Cause(
    "instruction-of-other-width", .instructions, looksLike: "An illegal instruction.",
    why: "The instruction exists for harts of the other width only (ld and sd on 32 bits, for example).",
    advice: "Compile for this width: -march=rv32gc -mabi=ilp32d, or -march=rv64gc -mabi=lp64d.")
  static let misalignedJump = Cause(
    "misaligned-jump", .instructions, looksLike: "An instruction-address-misaligned exception.",
    why:
      "This CPU has no compressed instructions, and the jump goes to an address that is no multiple of four.",
    advice: "Compile without C (-march=rv64g), or switch it on with -cpu ...,c=on.")
  private static let instructions = [
    extensionOff, floatOff, privilegedCSR, noSuchCSR, privilegedInstruction, zeros, notCode,
    wrongWidthInstruction, misalignedJump,
  ]

  // MARK: Control

  static let returnNowhere = Cause(
    "return-nowhere", .control, looksLike: "Silence behind mret or sret.",
    why: "mret or sret went to an address where nothing can be executed.",
    advice: "Write the address of code to mepc or sepc before mret or sret.")
  static let jumpNowhere = Cause(
    "jump-nowhere", .control, looksLike: "An instruction access fault, or a page fault, at an odd address.",
    why:
      "A jump or call went to an address where there is no memory: a null or uninitialized function pointer, or a return address that was overwritten.",
    advice: "Look at the caller (ra) below.")
  static let kernelInUserMode = Cause(
    "kernel-in-user-mode", .control, looksLike: "An illegal instruction at the kernel's first CSR access.",
    why: "mret went to user mode: mstatus.MPP was 0 (its value after a reset and after each mret).",
    advice: "Set mstatus.MPP to 1 (supervisor mode) before mret.")
  static let badStack = Cause(
    "bad-stack", .control, looksLike: "A fault at the first instruction of a function that saves registers.",
    why: "The stack pointer points to no memory: it was never set, or the stack has grown over its end.",
    advice:
      "Set sp to the top of a stack in RAM before any C code, one for each hart, and make it larger if it has overflowed."
  )
  static let linkedElsewhere = Cause(
    "linked-elsewhere", .control, looksLike: "The program fails at its first absolute address.",
    why: "The code runs at an address for which the image was not linked.",
    advice: "Link it to where it is loaded, or load it where it is linked (-device loader,addr=).")
  private static let control = [returnNowhere, jumpNowhere, kernelInUserMode, badStack, linkedElsewhere]

  // MARK: Calls

  static let noFirmware = Cause(
    "sbi-without-firmware", .calls, looksLike: "Silence at the first SBI call.",
    why:
      "With -bios none nobody serves ecall from supervisor mode but the program's own machine-mode handler.",
    advice: "Leave -bios none out (the default firmware serves SBI calls), or write the handler.")
  static let unknownSBI = Cause(
    "sbi-unknown-call", .calls, looksLike: "One SBI call is made for ever.",
    why: "The firmware answers SBI_ERR_NOT_SUPPORTED, and the program asks again.",
    advice: "Check a7 (the extension) and a6 (the function), and look at a0 behind the call.")
  static let breakpoint = Cause(
    "breakpoint-without-debugger", .calls, looksLike: "A breakpoint exception.",
    why:
      "ebreak is an exception, and no debugger is attached to serve it. Compilers emit it for __builtin_trap.",
    advice: "Start with -s -S and attach a debugger, or handle cause 3.")
  static let semihostingOff = Cause(
    "semihosting-off", .calls, looksLike: "A breakpoint exception, and no output.",
    why: "The program makes a semihosting call (slli, ebreak, srai), and semihosting is off.",
    advice: "Start with -semihosting (or -semihosting-config enable=on).")
  private static let calls = [noFirmware, unknownSBI, breakpoint, semihostingOff]

  // MARK: Interrupts

  static let timerStorm = Cause(
    "timer-storm", .interrupts, looksLike: "Nothing but the timer's handler runs.",
    why: "A timer interrupt stays pending until the time to compare with lies in the future again.",
    advice: "Set mtimecmp, stimecmp or sbi_set_timer to a later time in the handler.")
  static let softwareStorm = Cause(
    "software-interrupt-storm", .interrupts, looksLike: "Nothing but one handler runs.",
    why: "A software interrupt stays pending until software clears it.",
    advice:
      "Write 0 to the hart's msip register (machine mode), or clear sip.SSIP (supervisor mode) in the handler."
  )
  static let externalStorm = Cause(
    "external-storm", .interrupts, looksLike: "Nothing but the external interrupt's handler runs.",
    why: "The PLIC's interrupt stays until the source is claimed.",
    advice: "Read the context's claim register, serve the device, and write the number back.")
  static let notInLocalEnables = Cause(
    "interrupt-not-in-mie", .interrupts, looksLike: "A device's interrupt never arrives.",
    why: "The PLIC signals the hart, and sie.SEIE (or mie.MEIE) is clear.",
    advice: "Set SEIE in sie (bit 9), or MEIE in mie (bit 11).")
  static let plicThreshold = Cause(
    "plic-priority", .interrupts, looksLike: "A device's interrupt never arrives.",
    why:
      "The PLIC passes a source on only if its priority is higher than the context's threshold, and priority 0 never is.",
    advice: "Set the source's priority to 1 or more and the context's threshold to 0.")
  static let plicDisabled = Cause(
    "plic-source-disabled", .interrupts, looksLike: "A device's interrupt never arrives.",
    why: "The source is pending at the PLIC and enabled for no context that a hart listens to.",
    advice:
      "Set its bit in the enable register of the right context: hart n has 2n for machine and 2n+1 for supervisor mode on virt."
  )
  static let notCompleted = Cause(
    "plic-not-completed", .interrupts, looksLike: "A device's interrupt arrives once and never again.",
    why: "A source that was claimed is not passed on again before it is completed.",
    advice: "Write the claimed number back to the claim register when the device is served.")
  static let globallyOff = Cause(
    "interrupts-globally-off", .interrupts, looksLike: "The program waits for an interrupt that is pending.",
    why:
      "The interrupt is enabled in mie or sie, and mstatus.MIE or sstatus.SIE is clear: wfi wakes, and no handler runs.",
    advice:
      "Set mstatus.MIE (csrsi mstatus, 8) or sstatus.SIE (csrsi sstatus, 2) where the handler is to run.")
  static let timerNotEnabled = Cause(
    "timer-not-enabled", .interrupts, looksLike: "The timer's interrupt never arrives.",
    why: "The time has come, and MTIE or STIE is clear in mie or sie.",
    advice: "Set MTIE in mie (bit 7), or STIE in sie (bit 5).")
  static let timerNeverSet = Cause(
    "timer-never-set", .interrupts, looksLike: "The timer's interrupt never arrives.",
    why: "The timer interrupt is enabled, and nobody has set a time for it.",
    advice: "Write a time to mtimecmp or stimecmp, or call sbi_set_timer.")
  static let notDelegated = Cause(
    "interrupt-not-delegated", .interrupts, looksLike: "A supervisor interrupt never arrives.",
    why:
      "The interrupt is pending, and mideleg does not give it to supervisor mode, whose sie bits are read-only zeros then.",
    advice: "Set the bits of the supervisor's interrupts in mideleg (0x222) before mret.")
  private static let interrupts = [
    timerStorm, softwareStorm, externalStorm, notInLocalEnables, plicThreshold, plicDisabled, notCompleted,
    globallyOff, timerNotEnabled, timerNeverSet, notDelegated,
  ]

  // MARK: Standstill

  static let waitsForNothing = Cause(
    "waits-for-nothing", .standstill, looksLike: "The program stops, and the host processor is idle.",
    why: "Every hart waits (wfi) and no interrupt that could wake one is enabled.",
    advice:
      "If that is the program's end, power off instead: write 0x5555 to 0x100000 on virt, or call SBI's system reset."
  )
  static let spins = Cause(
    "spins", .standstill, looksLike: "The program stops, and the host processor is busy.",
    why: "A hart runs in a loop that nothing can end: most often the end of a panic, or of main.",
    advice:
      "If that is the program's end, power off instead: write 0x5555 to 0x100000 on virt, or call SBI's system reset."
  )
  static let waitsForHart = Cause(
    "waits-for-hart", .standstill, looksLike: "The program waits for its other harts.",
    why: "A hart waits for memory to change, and every other hart was never started or stands still.",
    advice:
      "Start the others (SBI's hart_start, or their msip), and start with as many as the program expects (-smp)."
  )
  private static let standstill = [waitsForNothing, spins, waitsForHart]

  // MARK: Drivers

  static let modernDriver = Cause(
    "virtio-modern-driver", .drivers, looksLike: "The disk is not found, or never answers.",
    why:
      "The driver speaks the modern interface (version 2), and the slot offers the legacy one, as QEMU's does by default.",
    advice: "Start with -global virtio-mmio.force-legacy=false.")
  static let legacyDriver = Cause(
    "virtio-legacy-driver", .drivers, looksLike: "The disk is not found, or never answers.",
    why: "The driver speaks the legacy interface (version 1), and the slot offers the modern one.",
    advice: "Leave -global virtio-mmio.force-legacy=false out, or use the registers of version 2.")
  static let emptySlot = Cause(
    "virtio-empty-slot", .drivers, looksLike: "The disk is not found.",
    why:
      "The driver looks at a virtio slot in which there is no device. Devices fill the slots of virt from the last one on.",
    advice:
      "Look at all eight slots (0x10001000 to 0x10008000) for one whose DeviceID is not 0, or name the slot: -device virtio-blk-device,drive=x,bus=virtio-mmio-bus.0."
  )
  private static let drivers = [modernDriver, legacyDriver, emptySlot]
}
