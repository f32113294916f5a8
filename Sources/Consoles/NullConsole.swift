import Machine

/// `-serial null`: swallows everything, says nothing.
package final class NullConsole: CharacterBackEnd {
  package init() {}
  package func send(_ bytes: [UInt8]) {}
  package func attach(_ frontEnd: (any CharacterFrontEnd)?) {}
  package func acceptInput() {}
}
