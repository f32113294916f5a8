// A bytecode interpreter whose dispatch is a switch.
#include "bytecode.h"

static NOINLINE u64 interpret(const u8 (*pc)[3]) {
  u64 *r = registers;
  for (;; pc++) {
    u8 a = (*pc)[1], b = (*pc)[2];
    switch ((*pc)[0]) {
    case LOAD: r[a] = b; break;
    case ADD: r[a] += r[b]; break;
    case XOR: r[a] ^= r[b]; break;
    case MUL: r[a] *= r[b] | 1; break;
    case DEC: r[a]--; break;
    case LOOP: if (r[a]) pc -= b + 1; break;
    case ROTATE: r[a] = r[a] << b | r[a] >> (64 - b); break;
    case STORE: cells[r[b] & 63] = r[a]; break;
    case FETCH: r[a] = cells[r[b] & 63]; break;
    case SKIP_EVEN: if (!(r[a] & 1)) pc++; break;
    case MOVE: r[a] = r[b]; break;
    case HALT: return r[0];
    }
  }
}

u64 benchmark(u64 iterations) {
  registers[7] = iterations;
  return interpret(program + loaded);
}
