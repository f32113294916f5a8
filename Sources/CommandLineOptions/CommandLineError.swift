/// What is wrong with a command line: the sentences for a person, one line group each. The program puts
/// its name before each. Texts that scripts know from QEMU stand first, word for word.
package struct CommandLineError: Error, Equatable {
  package let messages: [String]

  package init(_ messages: String...) { self.messages = messages }

  package init(messages: [String]) { self.messages = messages }
}
