// A function is rewritten, fenced and called, again and again at one address.
#include "code.h"

static u32 code[1024] __attribute__((aligned(4096)));

u64 benchmark(u64 iterations) {
  u64 x = 0;
  for (u64 i = 0; i < iterations; i++) {
    for (int k = 0; k < 8; k++) code[k] = add_immediate(i + k);
    code[8] = RETURN;
    fence_i();
    for (int k = 0; k < 4; k++) x = ((function)code)(x);
  }
  return x;
}
