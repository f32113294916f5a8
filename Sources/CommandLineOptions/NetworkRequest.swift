import Network

/// A back end for network cards: `-netdev`, and what `-nic` and `-net` name.
package struct NetworkRequest: Sendable, Equatable {
  package var id: String
  package var options: UserNetworkOptions
  /// Where `-net` connects it: a hub, which devices cannot be connected to.
  package var isOnHub = false
  /// As typed, for messages: `-netdev user,id=n`.
  package var option: String

  package init(id: String, options: UserNetworkOptions, isOnHub: Bool = false, option: String) {
    self.id = id
    self.options = options
    self.isOnHub = isOnHub
    self.option = option
  }
}

/// A network card that the machine is to have by itself: `-nic`, `-net nic`. No machine that is there has one.
package struct NetworkCardRequest: Sendable, Equatable {
  /// nil: anonymous.
  package var name: String?
  package var model: String?
  /// `hub0port0`, where `-net` connects it.
  package var hubPort: String?
  /// What to write in its place.
  package var advice: String

  package init(name: String?, model: String?, hubPort: String?, advice: String) {
    self.name = name
    self.model = model
    self.hubPort = hubPort
    self.advice = advice
  }
}
