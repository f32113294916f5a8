import Control
import Machine
import RISCV
import Translator

/// Harts as the monitor sees them, while they rest.
extension RunningMachine {
  func controlRegister(_ name: String, ofHart index: Int) -> UInt64? {
    let hart = runner.harts[index]
    return runner.atRest { hart.controlRegister(name) }
  }

  func condition(ofHart index: Int) -> HartCondition {
    let hart = runner.harts[index]
    return runner.atRest {
      HartCondition(
        width: hart.features.xlen, privilege: hart.state.pointee.privilege, satp: hart.state.pointee.satp,
        mstatus: hart.state.pointee.mstatus, setsAccessedAndDirty: hart.updatesAccessedAndDirty,
        pmp: hart.pmpEntries, traps: hart.traps.all, trapCount: hart.traps.total)
    }
  }

  func isPermitted(
    _ access: MemoryAccess, at address: UInt64, count: UInt64, by privilege: Privilege, hart index: Int
  ) -> Bool {
    let hart = runner.harts[index]
    return runner.atRest { hart.isPermitted(access, at: address, count: count, by: privilege) }
  }

  func cachedTranslations(ofHart index: Int) -> [CachedTranslation] {
    let hart = runner.harts[index]
    return runner.atRest { hart.cachedTranslations }
  }

  private var translators: [TranslatedHart] { runner.harts.compactMap { $0.engine as? TranslatedHart } }

  var translatesOneByOne: Bool? { translators.first.map { $0.regionLimit == 1 } }

  func setTranslatesOneByOne(_ isOn: Bool) {
    runner.atRest {
      for translator in translators { translator.regionLimit = isOn ? 1 : TranslatedHart.largestRegion }
    }
  }
}
