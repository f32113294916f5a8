// Unsafe pointers: the C libraries' stream structures and two buffers that live for one call; their
// counts are handed to the libraries with every step.
import CLzma
import CZlib
import CZstd

/// The compressions in which kernels are distributed.
package enum Compression: String, Sendable {
  case gzip
  case zstd
  case xz
  /// The older format of the same library ("lzma alone").
  case lzma

  /// Unpacks `count` bytes at `offset` of `source`; bytes after the end of the packed stream are ignored.
  /// More than `limit` bytes of output are an error.
  func unpack(_ source: ImageSource, offset: UInt64, count: UInt64, limit: UInt64) throws(ImageError)
    -> [UInt8]
  {
    guard offset <= source.size, count <= source.size - offset else {
      throw ImageError("its \(rawValue) data is cut short")
    }
    let decoder: any StreamDecoder =
      switch self {
      case .gzip: try GzipDecoder()
      case .zstd: try ZstdDecoder()
      case .xz: try LzmaDecoder(isAlone: false)
      case .lzma: try LzmaDecoder(isAlone: true)
      }
    defer { decoder.end() }
    var output: [UInt8] = []
    let chunk = 1 << 18
    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 16)
    let unpacked = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 16)
    defer {
      input.deallocate()
      unpacked.deallocate()
    }
    var at = offset
    var left = count
    while true {
      let size = Int(min(left, UInt64(chunk)))
      guard size > 0 else { throw ImageError("its \(rawValue) data is cut short") }
      guard source.read(at: at, into: UnsafeMutableRawBufferPointer(rebasing: input[..<size])) else {
        throw ImageError("it cannot be read")
      }
      at += UInt64(size)
      left -= UInt64(size)
      var used = 0
      var wasFull = false
      // A full output buffer may hide more output behind consumed input.
      while used < size || wasFull {
        let rest = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(input)[used..<size])
        guard let step = decoder.step(rest, into: unpacked) else {
          throw ImageError("its \(rawValue) data is corrupt")
        }
        used += step.consumed
        wasFull = step.produced == chunk
        guard UInt64(output.count) + UInt64(step.produced) <= limit else {
          throw ImageError("it unpacks to more than the machine's \(limit >> 20) MiB of memory")
        }
        output.append(contentsOf: UnsafeRawBufferPointer(rebasing: unpacked[..<step.produced]))
        if step.isAtEnd { return output }
        if step.consumed == 0 && step.produced == 0 {
          if used < size { throw ImageError("its \(rawValue) data is corrupt") }
          break
        }
      }
    }
  }
}

private struct DecodingStep {
  let consumed: Int
  let produced: Int
  let isAtEnd: Bool
}

private protocol StreamDecoder: AnyObject {
  /// Unpacks what it can; nil where the data is corrupt.
  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> DecodingStep?
  func end()
}

private final class GzipDecoder: StreamDecoder {
  /// The library points back at its stream: it must not move.
  private let stream: UnsafeMutablePointer<z_stream>

  init() throws(ImageError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window, +16: a gzip header (zlib.h, inflateInit2).
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      throw ImageError("zlib has no memory")
    }
  }

  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> DecodingStep? {
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(input.count)
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(output.count)
    let result = inflate(stream, Z_NO_FLUSH)
    guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else { return nil }
    return DecodingStep(
      consumed: input.count - Int(stream.pointee.avail_in),
      produced: output.count - Int(stream.pointee.avail_out),
      isAtEnd: result == Z_STREAM_END)
  }

  func end() {
    inflateEnd(stream)
    stream.deallocate()
  }
}

private final class ZstdDecoder: StreamDecoder {
  private let stream: OpaquePointer

  init() throws(ImageError) {
    guard let stream = ZSTD_createDStream() else { throw ImageError("zstd has no memory") }
    self.stream = stream
  }

  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> DecodingStep? {
    var from = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var to = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let result = ZSTD_decompressStream(stream, &to, &from)
    guard ZSTD_isError(result) == 0 else { return nil }
    return DecodingStep(consumed: from.pos, produced: to.pos, isAtEnd: result == 0)
  }

  func end() { ZSTD_freeDStream(stream) }
}

private final class LzmaDecoder: StreamDecoder {
  private let stream: UnsafeMutablePointer<lzma_stream>
  /// Kernels use dictionaries of at most 128 MiB.
  private static let memoryLimit: UInt64 = 256 << 20

  init(isAlone: Bool) throws(ImageError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: lzma_stream())
    let result =
      isAlone
      ? lzma_alone_decoder(stream, Self.memoryLimit) : lzma_stream_decoder(stream, Self.memoryLimit, 0)
    guard result == LZMA_OK else {
      stream.deallocate()
      throw ImageError("liblzma has no memory")
    }
  }

  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> DecodingStep? {
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = input.count
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = output.count
    let result = lzma_code(stream, LZMA_RUN)
    guard result == LZMA_OK || result == LZMA_STREAM_END || result == LZMA_BUF_ERROR else { return nil }
    return DecodingStep(
      consumed: input.count - stream.pointee.avail_in, produced: output.count - stream.pointee.avail_out,
      isAtEnd: result == LZMA_STREAM_END)
  }

  func end() {
    lzma_end(stream)
    stream.deallocate()
  }
}
