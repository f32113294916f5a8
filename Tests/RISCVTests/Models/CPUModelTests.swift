import Testing

import RISCV

private func failure(_ text: String) -> String? {
  do {
    _ = try CPUModel.configure(text)
    return nil
  } catch {
    return "\(error)"
  }
}

/// QEMU 10.0's string without what this emulator leaves out.
private func expected(_ observed: String, without names: [String]) -> String {
  var parts = observed.split(separator: "_").map(String.init)
  for name in names where name.count == 1 { parts[0] = parts[0].filter { String($0) != name } }
  // `rv64imafdch`: an `h` among the letters, never among the names.
  parts.removeAll { names.contains($0) || $0.hasPrefix("sh") }
  return parts.joined(separator: "_")
}

@Suite("CPU models")
struct CPUModelTests {
  static let rv64 =
    "rv64imafdch_zic64b_zicbom_zicbop_zicboz_ziccamoa_ziccif_zicclsm_ziccrse_zicntr_zicsr_zifencei"
    + "_zihintntl_zihintpause_zihpm_zmmul_za64rs_zaamo_zalrsc_zawrs_zfa_zca_zcd_zba_zbb_zbc_zbs"
    + "_shcounterenw_shgatpa_shtvala_shvsatpa_shvstvala_shvstvecd_ssccptr_sscounterenw_sstc_sstvala"
    + "_sstvecd_ssu64xl_svadu_svvptc"
  static let rva22s64 =
    "rv64imafdcb_zic64b_zicbom_zicbop_zicboz_ziccamoa_ziccif_zicclsm_ziccrse_zicntr_zicsr_zifencei"
    + "_zihintpause_zihpm_zmmul_za64rs_zaamo_zalrsc_zfhmin_zca_zcd_zba_zbb_zbs_zkt_shcounterenw_shgatpa"
    + "_shtvala_shvsatpa_shvstvala_shvstvecd_ssccptr_sscounterenw_sstvala_sstvecd_ssu64xl_svade_svinval"
    + "_svpbmt"
  static let rva22u64 =
    "rv64imafdcb_zic64b_zicbom_zicbop_zicboz_ziccamoa_ziccif_zicclsm_ziccrse_zicntr_zicsr_zihintpause"
    + "_zihpm_zmmul_za64rs_zaamo_zalrsc_zfhmin_zca_zcd_zba_zbb_zbs_zkt_shcounterenw_shgatpa_shtvala"
    + "_shvsatpa_shvstvala_shvstvecd_ssccptr_sscounterenw_sstvala_sstvecd_ssu64xl"

  @Test(
    "A model's ISA string and translation mode are QEMU 10.0's",
    arguments: [
      ("rv64", rv64, "riscv,sv57"), ("rv64i", "rv64i", "riscv,none"),
      ("rva22s64", rva22s64, "riscv,sv39"), ("rva22u64", rva22u64, "riscv,none"),
      ("sifive-u54", "rv64imafdc_zicntr_zicsr_zifencei_zihpm", "riscv,sv39"),
      ("shakti-c", "rv64imafdc_zicntr_zicsr_zifencei_zihpm", "riscv,sv39"),
      ("sifive-e51", "rv64imac_zicntr_zicsr_zifencei_zihpm", "riscv,none"),
      ("rv64,sv48=off", rv64, "riscv,sv39"), ("rv64,sv57=off", rv64, "riscv,sv48"),
      ("rv64,sv39=off", rv64, "riscv,none"), ("rv64,sv48=on", rv64, "riscv,sv48"),
      ("rv64,g=off", rv64, "riscv,sv57"), ("rv64,pmp=off", rv64, "riscv,sv57"),
      ("rv64,h=off", rv64, "riscv,sv57"), ("rv64,vlen=256", rv64, "riscv,sv57"),
    ])
  func strings(text: String, observed: String, mode: String) throws {
    let cpu = try CPUModel.configure(text)
    #expect(cpu.isaString == expected(observed, without: ["h"]))
    #expect(cpu.mmuType == mode)
  }

  @Test(
    "A property drops or adds names and what follows from them",
    arguments: [
      ("rv64,zba=off,zbb=off", ["zba", "zbb"], [String]()), ("rv64,d=off", ["d", "zcd"], []),
      ("rv64,c=off", ["c", "zca", "zcd"], []), ("rv64,zacas=on", [], ["zacas"]),
      ("rv64,smepmp=on", [], ["smepmp"]), ("rv64,zfh=on", [], ["zfh", "zfhmin"]),
      ("rv64,priv_spec=v1.12.0", ["svvptc"], []), ("rv64,zicbom=off", ["zicbom"], []),
      ("rv64,cbom_blocksize=128", ["zic64b"], []), ("rv64,rva22u64=on", [], ["b", "zfhmin", "zkt"]),
      ("rv64,svade=on,svadu=off", ["svadu"], ["svade"]), ("rv64,Zfh=on", [], ["zfh", "zfhmin"]),
    ])
  func properties(text: String, dropped: [String], added: [String]) throws {
    let plain = Set(try CPUModel.configure("rv64").isaExtensions)
    let cpu = Set(try CPUModel.configure(text).isaExtensions)
    #expect(plain.subtracting(cpu) == Set(dropped))
    #expect(cpu.subtracting(plain) == Set(added))
  }

  @Test(
    "What cannot be is refused in QEMU's words",
    arguments: [
      ("nope", "unable to find CPU model 'nope'"), ("", "-cpu option cannot be empty"),
      ("rv64,foo=on", "can't apply global rv64-riscv-cpu.foo=on: Property 'rv64-riscv-cpu.foo' not found"),
      (
        "rv64,zba=maybe", "can't apply global rv64-riscv-cpu.zba=maybe: Parameter 'zba' expects 'on' or 'off'"
      ),
      ("rv64,zba", "Expected key=value format, found zba."),
      (
        "rv64,priv_spec=v1.9",
        "can't apply global rv64-riscv-cpu.priv_spec=v1.9: Unsupported privilege spec version 'v1.9'"
      ),
      ("rv64,f=off", "Zfa extension requires F extension"),
      ("rv64,zfa=off,f=off", "D extension requires F extension"),
      ("rv64,a=off", "Zawrs extension requires A extension"),
      ("rv64,zicsr=off", "F extension requires Zicsr"),
      ("rv64,zca=off", "Zcf/Zcd/Zcb/Zcmp/Zcmt extensions require Zca extension"),
      ("rv64,zcf=on", "Zcf extension is only relevant to RV32"),
      ("rv64,i=off", "Either I or E extension must be set"),
      ("rv64,u=off", "Setting S extension without U extension is illegal"),
      ("rv64,sv48=off,sv57=on", "cannot disable sv48 satp mode if sv57 is enabled"),
      ("sifive-u54,sv48=on", "satp_mode sv48 is higher than hw max capability sv39"),
      (
        "sifive-u54,zba=on",
        "can't apply global sifive-u54-riscv-cpu.zba=on: 'sifive-u54' CPU does not allow enabling extensions"
      ),
      ("rv64,smepmp=on,pmp=off", "Invalid configuration: Smepmp requires PMP support"),
      ("rv64,vlen=65", "can't apply global rv64-riscv-cpu.vlen=65: Vector extension VLEN must be power of 2"),
      ("rv64,pmu-mask=0xff", "\"pmu-mask\" contains invalid bits (0-2) set"),
    ])
  func refusals(text: String, sentence: String) {
    #expect(failure(text) == sentence)
  }

  @Test(
    "What is not there yet says so and names what is missing",
    arguments: [
      ("rv64,v=on", "can't apply global rv64-riscv-cpu.v=on: extension 'v' is not there yet"),
      (
        "rv64,x-misa-w=on",
        "can't apply global rv64-riscv-cpu.x-misa-w=on: property 'x-misa-w' is not there yet"
      ),
      ("rv64,debug=off", "can't apply global rv64-riscv-cpu.debug=off: property 'debug' is not there yet"),
      ("rv64,h=on", "can't apply global rv64-riscv-cpu.h=on: extension 'h' is not there yet"),
      (
        "rva23u64",
        "CPU model 'rva23u64' is not there yet: it needs v, zvbb, zvfhmin, zvkt, smnpm, ssnpm, supm"
      ),
    ])
  func notThereYet(text: String, sentence: String) {
    #expect(failure(text) == sentence)
  }

  @Test("An extension that is younger than the privileged specification is taken away with a warning")
  func privilegedSpecification() throws {
    let cpu = try CPUModel.configure("rv64,priv_spec=v1.12.0")
    #expect(
      cpu.warnings(hart: 1) == [
        "disabling svvptc extension for hart 0x0000000000000001 because privilege spec version does not match"
      ])
    #expect(
      try CPUModel.configure("rv64,Zifencei=on").notices == [
        "CPU property 'Zifencei' is deprecated. Please use 'zifencei' instead"
      ])
  }

  @Test("max has everything that is there, and hardware updating of A and D")
  func max() throws {
    let cpu = try CPUModel.configure("max")
    #expect(cpu.extensions == ExtensionSet.available.subtracting([.zcf, .svade]))
    #expect(cpu.isaString.hasPrefix("rv64imafdcb_zic64b_"))
  }

  @Test("What a hart executes is closed even where its device tree names less")
  func closed() throws {
    let cpu = try CPUModel.configure("sifive-u54")
    #expect(cpu.extensions.isSuperset(of: [.zca, .zcd, .zmmul, .zaamo, .zalrsc]))
    #expect(!cpu.advertised.contains(.zca))
    #expect(try CPUModel.configure("rv64,zmmul=off").extensions.contains(.zmmul))
  }

  @Test("help lists what can be had")
  func help() {
    #expect(
      CPUModel.help == """
        Available CPUs:
          max
          rv64
          rv64i
          rva22s64
          rva22u64
          shakti-c
          sifive-e51
          sifive-u54

        """)
  }
}
