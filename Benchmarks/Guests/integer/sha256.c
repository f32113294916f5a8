// SHA-256 (FIPS 180-4) over a chain of 4 KiB messages; the constants are computed.
#include "runtime.h"

static u32 k[64], state[8];
static u8 message[4096] __attribute__((aligned(8)));

// The first 32 bits of the fractional part of the square or cube root of n, by bisection.
static u32 root_fraction(u64 n, int cube) {
  unsigned __int128 low = 0, high = (unsigned __int128)n << 32;
  while (high - low > 1) {
    unsigned __int128 middle = (low + high) / 2;
    int above;
    if (cube) {
      // middle has 32 fractional bits; compare middle^3 with n * 2^96 in two steps without overflow.
      unsigned __int128 square = middle * middle;
      above = middle != 0 && square > (((unsigned __int128)n << 96) / middle);
    } else {
      above = middle * middle > ((unsigned __int128)n << 64);
    }
    if (above) high = middle;
    else low = middle;
  }
  return (u32)low;
}

static u32 rotated(u32 x, int by) { return x >> by | x << (32 - by); }

static NOINLINE void block(const u8 *p) {
  u32 w[64], a = state[0], b = state[1], c = state[2], d = state[3];
  u32 e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 16; i++, p += 4) w[i] = (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
  for (int i = 16; i < 64; i++) {
    u32 s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
    u32 s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  for (int i = 0; i < 64; i++) {
    u32 t1 = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
    u32 t2 = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

u64 benchmark(u64 iterations) {
  for (u64 n = 2, count = 0; count < 64; n++) {
    int prime = 1;
    for (u64 d = 2; d * d <= n; d++)
      if (n % d == 0) prime = 0;
    if (!prime) continue;
    k[count] = root_fraction(n, 1);
    if (count < 8) state[count] = root_fraction(n, 0);
    count++;
  }
  for (u64 i = 0; i < iterations; i++) {
    message[i & 4095] += state[0];
    for (int at = 0; at < 4096; at += 64) block(message + at);
  }
  return (u64)state[0] << 32 | state[7];
}
