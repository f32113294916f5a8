/// An interrupt controller's inputs, as devices see them.
package protocol InterruptController: AnyObject, Sendable {
  /// Drives input `input` high or low. Callable from any thread, with or without the machine lock.
  func setInput(_ input: Int, _ level: Bool)
}

/// A wire from a device to one input of an interrupt controller.
package struct InterruptLine: Sendable {
  private let controller: (any InterruptController)?
  package let input: Int

  package init(to controller: any InterruptController, input: Int) {
    self.controller = controller
    self.input = input
  }

  private init() {
    controller = nil
    input = 0
  }

  /// A wire that ends nowhere, for devices under test.
  package static let unconnected = InterruptLine()

  package func set(_ level: Bool) { controller?.setInput(input, level) }
}
