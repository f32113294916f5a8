/// Why `-cpu` made no hart. Where QEMU has a sentence, ours is that sentence.
package enum CPUError: Error, Equatable, CustomStringConvertible {
  case empty
  /// `near` are the names of those that there is a choice of.
  case unknownModel(String, near: [String])
  /// A model of QEMU's that needs what this emulator does not have.
  case missingModel(String, needs: [String])
  case notKeyAndValue(String)
  /// `can't apply global` with the property as given and the reason.
  case property(model: String, key: String, value: String, reason: Reason)
  case extensions(ExtensionError)
  case supervisorWithoutUser
  case satpTooHigh(String, SatpMode)
  case satpHole(disabled: String, enabled: String)
  case smepmpWithoutPMP
  case counterMask

  /// Why a property could not be set.
  package enum Reason: Equatable, Sendable {
    case notFound
    case missing(Extension)
    case notThere
    case notBoolean
    case notNumber(String)
    case vendorExtension
    case vendorPrivilegedSpecification(PrivilegedSpecification)
    case vendorIdentity(UInt64)
    case privilegedSpecification
    case vectorSpecification
    case vectorLength
    case blockSize
    case tooManyCounters
    case profile([String])
  }

  package var description: String {
    switch self {
    case .empty: "-cpu option cannot be empty"
    case .unknownModel(let name, let names):
      "unable to find CPU model '\(name)'" + names.suggestion(for: name)
    case .missingModel(let name, let needs):
      "CPU model '\(name)' is not there yet: it needs \(needs.joined(separator: ", "))"
    case .notKeyAndValue(let text): "Expected key=value format, found \(text)."
    case .property(let model, let key, let value, let reason):
      "can't apply global \(model)-riscv-cpu.\(key)=\(value): \(Self.sentence(model, key, value, reason))"
    case .extensions(let error): "\(error)"
    case .supervisorWithoutUser: "Setting S extension without U extension is illegal"
    case .satpTooHigh(let name, let most):
      "satp_mode \(name) is higher than hw max capability \(most.name)"
    case .satpHole(let disabled, let enabled):
      "cannot disable \(disabled) satp mode if \(enabled) is enabled"
    case .smepmpWithoutPMP: "Invalid configuration: Smepmp requires PMP support"
    case .counterMask: "\"pmu-mask\" contains invalid bits (0-2) set"
    }
  }

  private static func sentence(_ model: String, _ key: String, _ value: String, _ reason: Reason) -> String {
    switch reason {
    case .notFound:
      "Property '\(model)-riscv-cpu.\(key)' not found" + CPUBuilder.propertyNames.suggestion(for: key)
    case .missing(let one): "extension '\(one.name)' is not there yet"
    case .notThere: "property '\(key)' is not there yet"
    case .notBoolean: "Parameter '\(key)' expects 'on' or 'off'"
    case .notNumber(let type): "Parameter '\(key)' expects \(type)"
    case .vendorExtension: "'\(model)' CPU does not allow enabling extensions"
    case .vendorPrivilegedSpecification(let now):
      "CPU '\(model)' does not allow changing the value of '\(key)'\nCurrent '\(key)' val: \(now.name)"
    case .vendorIdentity(let now):
      "Unable to change \(model)-riscv-cpu \(key) (0x\(String(now, radix: 16)))"
    case .privilegedSpecification: "Unsupported privilege spec version '\(value)'"
    case .vectorSpecification: "Unsupported vector spec version '\(value)'"
    case .vectorLength: "Vector extension \(key == "elen" ? "ELEN" : "VLEN") must be power of 2"
    case .blockSize: "a cache block is a power of 2 from 4 to 4096 bytes"
    case .tooManyCounters: "Number of counters exceeds maximum available"
    case .profile(let needs): "profile '\(key)' is not there yet: it needs \(needs.joined(separator: ", "))"
    }
  }
}
