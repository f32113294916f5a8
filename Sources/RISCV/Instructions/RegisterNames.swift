/// Names of registers as assemblers and debuggers write them.
package enum RegisterNames {
  /// RISC-V ELF psABI, "Integer Register Convention".
  package static let integer: [String] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
    "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
  ]

  /// RISC-V ELF psABI, "Floating-point Register Convention".
  package static let float: [String] = [
    "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2", "fa3",
    "fa4", "fa5", "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11",
    "ft8", "ft9", "ft10", "ft11",
  ]

  /// The name of a control and status register, nil where the manuals give none.
  package static func csr(_ number: Int) -> String? { csrs[number] }

  package static func number(ofCSR name: String) -> Int? { numbers[name] }
  private static let numbers = Dictionary(csrs.map { ($1, $0) }, uniquingKeysWith: min)

  /// RISC-V Privileged, "CSR Listing", with Smstateen, Sscofpmf, Sstc, Smcsrind, the AIA and Zkr.
  private static let csrs: [Int: String] = {
    var names: [Int: String] = [
      0x001: "fflags", 0x002: "frm", 0x003: "fcsr",
      0x008: "vstart", 0x009: "vxsat", 0x00a: "vxrm", 0x00f: "vcsr", 0x011: "ssp", 0x015: "seed",
      0x017: "jvt", 0xc20: "vl", 0xc21: "vtype", 0xc22: "vlenb",
      0xc00: "cycle", 0xc01: "time", 0xc02: "instret",
      0xc80: "cycleh", 0xc81: "timeh", 0xc82: "instreth",
      0x100: "sstatus", 0x104: "sie", 0x105: "stvec", 0x106: "scounteren", 0x10a: "senvcfg",
      0x120: "scountinhibit", 0x140: "sscratch", 0x141: "sepc", 0x142: "scause", 0x143: "stval",
      0x144: "sip", 0x14d: "stimecmp", 0x15d: "stimecmph", 0x150: "siselect", 0x151: "sireg",
      0x15c: "stopei", 0x180: "satp", 0x5a8: "scontext", 0xda0: "scountovf", 0xdb0: "stopi",
      0x114: "sieh", 0x154: "siph", 0x14e: "sctrctl", 0x14f: "sctrstatus", 0x15f: "sctrdepth",
      0x24e: "vsctrctl", 0x34e: "mctrctl",
      0x600: "hstatus", 0x602: "hedeleg", 0x603: "hideleg", 0x604: "hie", 0x605: "htimedelta",
      0x606: "hcounteren", 0x607: "hgeie", 0x608: "hvien", 0x609: "hvictl", 0x60a: "henvcfg",
      0x61a: "henvcfgh", 0x615: "htimedeltah", 0x643: "htval", 0x644: "hip", 0x645: "hvip",
      0x646: "hviprio1", 0x647: "hviprio2", 0x64a: "htinst", 0x680: "hgatp", 0x6a8: "hcontext",
      0xe12: "hgeip", 0x613: "hidelegh", 0x618: "hvienh", 0x655: "hviph", 0x656: "hviprio1h",
      0x657: "hviprio2h",
      0x200: "vsstatus", 0x204: "vsie", 0x205: "vstvec", 0x240: "vsscratch", 0x241: "vsepc",
      0x242: "vscause", 0x243: "vstval", 0x244: "vsip", 0x24d: "vstimecmp", 0x25d: "vstimecmph",
      0x250: "vsiselect", 0x251: "vsireg", 0x25c: "vstopei", 0x280: "vsatp", 0xeb0: "vstopi",
      0x214: "vsieh", 0x254: "vsiph",
      0xf11: "mvendorid", 0xf12: "marchid", 0xf13: "mimpid", 0xf14: "mhartid", 0xf15: "mconfigptr",
      0x300: "mstatus", 0x301: "misa", 0x302: "medeleg", 0x303: "mideleg", 0x304: "mie",
      0x305: "mtvec", 0x306: "mcounteren", 0x308: "mvien", 0x309: "mvip", 0x30a: "menvcfg",
      0x310: "mstatush", 0x312: "medelegh", 0x313: "midelegh", 0x314: "mieh", 0x318: "mvienh",
      0x319: "mviph", 0x31a: "menvcfgh", 0x320: "mcountinhibit", 0x321: "mcyclecfg",
      0x322: "minstretcfg", 0x721: "mcyclecfgh", 0x722: "minstretcfgh",
      0x340: "mscratch", 0x341: "mepc", 0x342: "mcause", 0x343: "mtval", 0x344: "mip",
      0x34a: "mtinst", 0x34b: "mtval2", 0x350: "miselect", 0x351: "mireg", 0x35c: "mtopei",
      0xfb0: "mtopi", 0x354: "miph",
      0x740: "mnscratch", 0x741: "mnepc", 0x742: "mncause", 0x744: "mnstatus",
      0x747: "mseccfg", 0x757: "mseccfgh",
      0x7a0: "tselect", 0x7a1: "tdata1", 0x7a2: "tdata2", 0x7a3: "tdata3", 0x7a4: "tinfo",
      0x7a5: "tcontrol", 0x7a8: "mcontext", 0x7aa: "mscontext",
      0x7b0: "dcsr", 0x7b1: "dpc", 0x7b2: "dscratch0", 0x7b3: "dscratch1",
      0xb00: "mcycle", 0xb02: "minstret", 0xb80: "mcycleh", 0xb82: "minstreth",
    ]
    // Smcsrind and Sscsrind: sireg2, sireg3, then from 0x155 on sireg4 to sireg6.
    for n in 2...6 {
      let place = n < 4 ? n : n + 1
      names[0x150 + place] = "sireg\(n)"
      names[0x250 + place] = "vsireg\(n)"
      names[0x350 + place] = "mireg\(n)"
    }
    for n in 3...31 {
      names[0xc00 + n] = "hpmcounter\(n)"
      names[0xc80 + n] = "hpmcounter\(n)h"
      names[0xb00 + n] = "mhpmcounter\(n)"
      names[0xb80 + n] = "mhpmcounter\(n)h"
      names[0x320 + n] = "mhpmevent\(n)"
      names[0x720 + n] = "mhpmevent\(n)h"
    }
    for n in 0...15 { names[0x3a0 + n] = "pmpcfg\(n)" }
    for n in 0...63 { names[0x3b0 + n] = "pmpaddr\(n)" }
    for n in 0...3 {
      names[0x30c + n] = "mstateen\(n)"
      names[0x31c + n] = "mstateen\(n)h"
      names[0x60c + n] = "hstateen\(n)"
      names[0x61c + n] = "hstateen\(n)h"
      names[0x10c + n] = "sstateen\(n)"
    }
    return names
  }()
}
