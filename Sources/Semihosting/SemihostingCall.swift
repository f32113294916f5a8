/// The calls, by their numbers (Arm, "Semihosting for AArch32 and AArch64", version 2, §6).
package enum SemihostingCall: UInt64, Sendable, CaseIterable {
  case open = 0x01
  case close = 0x02
  case writeCharacter = 0x03
  case writeText = 0x04
  case write = 0x05
  case read = 0x06
  case readCharacter = 0x07
  case isError = 0x08
  case isTerminal = 0x09
  case seek = 0x0a
  case length = 0x0c
  case temporaryName = 0x0d
  case remove = 0x0e
  case rename = 0x0f
  case clock = 0x10
  case time = 0x11
  case system = 0x12
  case errorNumber = 0x13
  case commandLine = 0x15
  case heapInformation = 0x16
  case exit = 0x18
  case synchronizeCaches = 0x19
  case exitExtended = 0x20
  case elapsed = 0x30
  case tickFrequency = 0x31
}
