// The library functions that the compiler calls.
#include "runtime.h"

void *memcpy(void *to, const void *from, u64 count) {
  u8 *d = to;
  const u8 *s = from;
  if (!(((u64)d | (u64)s) & 7)) {
    for (; count >= 64; count -= 64, d += 64, s += 64) {
      const u64 *x = (const u64 *)s;
      u64 *y = (u64 *)d;
      u64 a = x[0], b = x[1], c = x[2], e = x[3], f = x[4], g = x[5], h = x[6], i = x[7];
      y[0] = a, y[1] = b, y[2] = c, y[3] = e, y[4] = f, y[5] = g, y[6] = h, y[7] = i;
    }
    for (; count >= 8; count -= 8, d += 8, s += 8) *(u64 *)d = *(const u64 *)s;
  }
  while (count--) *d++ = *s++;
  return to;
}

void *memset(void *to, int value, u64 count) {
  u8 *d = to;
  u64 pattern = (u8)value * 0x0101010101010101ul;
  if (!((u64)d & 7))
    for (; count >= 8; count -= 8, d += 8) *(u64 *)d = pattern;
  while (count--) *d++ = value;
  return to;
}
