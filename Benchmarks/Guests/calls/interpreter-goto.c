// A bytecode interpreter with threaded code: every operation jumps to the next one's label.
#include "bytecode.h"

static NOINLINE u64 interpret(const u8 (*pc)[3]) {
  static const void *const labels[OPERATIONS] = {&&load,  &&add,   &&xor,       &&mul,  &&dec, &&loop, &&rotate,
                                                 &&store, &&fetch, &&skip_even, &&move, &&halt};
  u64 *r = registers;
  pc--;
#define NEXT \
  do { \
    pc++; \
    goto *labels[(*pc)[0]]; \
  } while (0)
#define A (*pc)[1]
#define B (*pc)[2]
  NEXT;
load: r[A] = B; NEXT;
add: r[A] += r[B]; NEXT;
xor: r[A] ^= r[B]; NEXT;
mul: r[A] *= r[B] | 1; NEXT;
dec: r[A]--; NEXT;
loop: if (r[A]) pc -= B + 1; NEXT;
rotate: r[A] = r[A] << B | r[A] >> (64 - B); NEXT;
store: cells[r[B] & 63] = r[A]; NEXT;
fetch: r[A] = cells[r[B] & 63]; NEXT;
skip_even: if (!(r[A] & 1)) pc++; NEXT;
move: r[A] = r[B]; NEXT;
halt: return r[0];
}

u64 benchmark(u64 iterations) {
  registers[7] = iterations;
  return interpret(program + loaded);
}
