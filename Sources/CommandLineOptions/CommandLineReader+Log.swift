import Logging

/// `-d`, `-dfilter` and `-explain`.
extension CommandLineReader {
  mutating func log(_ argument: String) throws(CommandLineError) {
    let words = argument.split(separator: ",")
    if words.contains("help") || words.contains("?") {
      answer = LogItems.listing()
      return
    }
    do throws(LogError) {
      request.log.items = try LogItems(argument)
    } catch {
      throw self.error(
        error.description + (error.showsListing ? "\n" + LogItems.listing().dropLast() : ""))
    }
  }

  mutating func logFilter(_ argument: String) throws(CommandLineError) {
    do throws(LogError) {
      request.log.filter = try AddressFilter(argument)
    } catch {
      throw self.error(error.description)
    }
  }

  mutating func explain(_ argument: String) throws(CommandLineError) {
    switch argument {
    case "on": request.explanations = .on
    case "off": request.explanations = .off
    case "json": request.explanations = .json
    default: throw error("expects 'on', 'off' or 'json'")
    }
  }
}
