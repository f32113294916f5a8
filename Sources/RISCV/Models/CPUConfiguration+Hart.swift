extension CPUConfiguration {
  /// What a hart is built with.
  package var features: HartFeatures {
    HartFeatures(
      extensions: extensions, xlen: xlen, hasSupervisor: supervisor, hasUser: user,
      largestTranslation: UInt64(maxSatpMode.rawValue), pmpCount: pmpRegions, vendor: mvendorid,
      architecture: marchid, implementation: mimpid, cacheBlockSize: UInt64(cbozBlockSize))
  }
}
