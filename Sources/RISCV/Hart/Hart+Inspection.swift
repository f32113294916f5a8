/// What monitors and debuggers ask of a hart that rests.
package enum MemoryAccess: String, Sendable, CaseIterable {
  case load, store, fetch
}

/// A translation of a page that a hart has at hand.
package struct CachedTranslation: Sendable, Equatable {
  /// Whose: "user", "supervisor", …
  package var view: String
  package var virtual: UInt64
  package var physical: UInt64
  package var isReadable: Bool
  /// Not where a store must be noticed: pages that hold code, or whose D bit is yet to be set.
  package var isWritable: Bool
  package var isExecutable: Bool

  package init(
    view: String, virtual: UInt64, physical: UInt64, isReadable: Bool, isWritable: Bool, isExecutable: Bool
  ) {
    self.view = view
    self.virtual = virtual
    self.physical = physical
    self.isReadable = isReadable
    self.isWritable = isWritable
    self.isExecutable = isExecutable
  }
}

extension Hart {
  /// Whether PMP lets `privilege` make `access` to all `count` bytes at `address` (RISC-V Privileged 1.13, §3.7).
  package func isPermitted(
    _ access: MemoryAccess, at address: UInt64, count: UInt64, by privilege: Privilege
  ) -> Bool {
    let kind: PhysicalMemoryProtection.Access =
      switch access {
      case .load: .load
      case .store: .store
      case .fetch: .fetch
      }
    return pmp.allows(kind, address, count, privilege)
  }

  /// PMP's registers by entry.
  package var pmpEntries: [(configuration: UInt8, address: UInt64)] {
    (0..<features.pmpCount).map { (state.pointee.pmpcfg[$0], state.pointee.pmpaddr[$0]) }
  }

  /// The CSR called `name`; nil where the hart has none.
  package func controlRegister(_ name: String) -> UInt64? {
    RegisterNames.number(ofCSR: name).flatMap { peekCSR($0) }
  }

  /// What the lookaside holds, by view and address.
  package var cachedTranslations: [CachedTranslation] { lookaside.contents }
}
