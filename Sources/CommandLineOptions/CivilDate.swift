/// A date of `-rtc base=`: `2006-06-17T16:01:21` or `2006-06-17`, in UTC.
struct CivilDate: Equatable {
  let secondsSince1970: Int64

  init?(_ text: String) {
    let halves = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
    guard let date = Self.numbers(halves[0], separator: "-", widths: [4, 2, 2]) else { return nil }
    var time: [Int64] = [0, 0, 0]
    if halves.count > 1 {
      guard let given = Self.numbers(halves[1], separator: ":", widths: [2, 2, 2]) else { return nil }
      time = given
    }
    let (year, month, day) = (date[0], date[1], date[2])
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard year >= 1970, 1...12 ~= month, 1...lengths[Int(month) - 1] ~= day else { return nil }
    guard time[0] < 24, time[1] < 60, time[2] < 60 else { return nil }
    let past = year - 1
    let leapDays = (past / 4 - past / 100 + past / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400)
    let dayOfYear = lengths.prefix(Int(month) - 1).reduce(0, +) + day - 1
    let days = (year - 1970) * 365 + leapDays + dayOfYear
    secondsSince1970 = ((days * 24 + time[0]) * 60 + time[1]) * 60 + time[2]
  }

  private static func numbers(_ text: Substring, separator: Character, widths: [Int]) -> [Int64]? {
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == widths else { return nil }
    let values = parts.compactMap { $0.allSatisfy(\.isNumber) ? Int64($0) : nil }
    return values.count == widths.count ? values : nil
  }
}
