// New functions fill page after page of a 4 MiB buffer; each is called twice.
#include "code.h"

static u32 code[1 << 20] __attribute__((aligned(4096)));

u64 benchmark(u64 iterations) {
  u64 x = 0, at = 0;
  for (u64 i = 0; i < iterations; i++) {
    if (at + 4096 > LENGTH(code)) at = 0;
    u64 start = at;
    for (u64 f = 0; f < 64; f++) {
      for (int k = 0; k < 12; k++) code[at++] = add_immediate(f + k + i);
      code[at++] = RETURN;
    }
    fence_i();
    for (u64 f = 0; f < 64; f++) x = ((function)(code + start + f * 13))(((function)(code + start + f * 13))(x));
  }
  return x;
}
