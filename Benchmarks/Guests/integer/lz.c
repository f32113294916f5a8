// A byte-oriented Lempel-Ziv compressor and its decompressor.
#include "runtime.h"

enum { SIZE = 65536, HASHES = 4096, SHORTEST = 4 };
static u8 plain[SIZE], packed[SIZE * 2], unpacked[SIZE];
static u32 last_seen[HASHES];

static u32 four(const u8 *p) { return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24; }

// Tokens: 0 n bytes..., or length (>= SHORTEST) and a 16-bit distance.
static NOINLINE u64 compress(const u8 *in, u8 *out) {
  u64 at = 0, literal = 0, size = 0;
  for (u64 i = 0; i < HASHES; i++) last_seen[i] = ~0u;
  while (at + SHORTEST <= SIZE) {
    u32 word = four(in + at), slot = word * 2654435761u >> 20, candidate = last_seen[slot];
    last_seen[slot] = at;
    if (candidate != ~0u && four(in + candidate) == word) {
      u64 length = SHORTEST;
      while (length < 255 && at + length < SIZE && in[candidate + length] == in[at + length]) length++;
      for (; literal < at;) {
        u64 n = at - literal < 255 ? at - literal : 255;
        out[size++] = 0, out[size++] = n;
        while (n--) out[size++] = in[literal++];
      }
      out[size++] = length, out[size++] = at - candidate, out[size++] = (at - candidate) >> 8;
      at += length, literal = at;
    } else {
      at++;
    }
  }
  while (literal < SIZE) {
    u64 n = SIZE - literal < 255 ? SIZE - literal : 255;
    out[size++] = 0, out[size++] = n;
    while (n--) out[size++] = in[literal++];
  }
  return size;
}

static NOINLINE u64 decompress(const u8 *in, u64 size, u8 *out) {
  u64 at = 0;
  for (u64 i = 0; i < size;) {
    u64 length = in[i];
    if (length) {
      u64 distance = in[i + 1] | in[i + 2] << 8;
      for (i += 3; length--; at++) out[at] = out[at - distance];
    } else {
      for (length = in[i + 1], i += 2; length--;) out[at++] = in[i++];
    }
  }
  return at;
}

u64 benchmark(u64 iterations) {
  static const char *const syllables[] = {"ba", "lo", "ring", "the ", "and ", "tu", "mo", "se. "};
  u64 result = 0, seed = 3;
  for (u64 at = 0; at < SIZE;) {
    const char *s = syllables[next_random(&seed) >> 5 & 7];
    while (*s && at < SIZE) plain[at++] = *s++;
  }
  for (u64 i = 0; i < iterations; i++) {
    plain[i * 97 % SIZE] = i;
    u64 size = compress(plain, packed), count = decompress(packed, size, unpacked);
    for (u64 k = 0; k < SIZE; k++)
      if (unpacked[k] != plain[k]) return 0;
    result = mixed(result, size + count);
  }
  return result;
}
