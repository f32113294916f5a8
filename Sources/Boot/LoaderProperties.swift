import Machine

extension PropertyValues {
  /// What a loader was given: defaults, then `-global`, then `request`. Loaders sit on no bus.
  init(
    ofLoader request: DeviceRequest, _ declared: [Property], globals: [GlobalProperty]
  ) throws(ConfigurationError) {
    self.init(of: request.driver, declared)
    for global in globals where global.driver == request.driver {
      do {
        try set(global.property, global.value)
      } catch {
        throw ConfigurationError(
          "can't apply global \(global.driver).\(global.property)=\(global.value): \(error)")
      }
    }
    for property in request.properties where property.name != "id" {
      if property.name == "bus" { throw ConfigurationError("Bus '\(property.value)' not found") }
      do {
        try set(property.name, property.value)
      } catch {
        throw ConfigurationError(error.description)
      }
    }
  }
}
