/* Makes random SBI calls on every hart, with arguments that mean harm, and ends with 7. The seed is the word at
 * 0x80100000, the number of calls the one behind it. Left out is what ends the machine or changes this program. */
#include "supervisor.h"

#define SEED (*(volatile word *)0x80100000)
#define CALLS (*(volatile word *)0x80100008)

static volatile word state[HARTS], calls[HARTS];

static word next(word hart) {
  word x = state[hart];
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return state[hart] = x;
}

static word argument(word hart) {
  word x = next(hart);
  static const word pool[] = {
      0, 1, 2, 3, 4, 7, 8, 16, 63, 64, 65, 4095, 4096, 4097, 1ul << 20, 1ul << 31, 1ul << 32, 1ul << 63,
      (1ul << 63) - 1, -1ul, -2ul, -4096ul, 0xffffffff, 0x7fffffff, 0xffffffff80000000, 0x10000000, 0x10000001,
      0x1000, 0x1fff, 0x100000, 0x2000000, 0xc000000, 0x80000000, 0x7fffffff, 0x80000001, 0x83ffffff, 0x83fff000,
      0x84000000, 0x83fffff9, 1ul << 55, 1ul << 56, -0x80000000ul, 0x80300000, 0x80300001, 0xf0000, 0xf0005, 0x10001};
  switch (x & 3) {
  case 0: return next(hart);
  case 1: return next(hart) & 63;
  default: return pool[(x >> 8) % (sizeof pool / sizeof pool[0])];
  }
}

static void make_calls(word hart);

/* RAM (64 MiB of it) or the mask ROM. */
static int is_memory(word address) { return address - 0x80000000 < 0x4000000 || address - 0x1000 < 0xf000; }

static void make_call(word hart) {
  static const word extensions[] = {0, 1, 2, 3, 4, 5, 6, 7, 9, 15, BASE, TIME, IPI, RFENCE, HSM, SRST, PMU, DBCN, SUSP,
                                    IPI, RFENCE, HSM, PMU, PMU, DBCN, -1ul, 0x12345678};
  word extension = extensions[next(hart) % (sizeof extensions / sizeof extensions[0])];
  word function = next(hart) & 15 ? next(hart) % 9 : argument(hart);
  word a[6];
  for (int i = 0; i < 6; i++) a[i] = argument(hart);
  switch (extension) {
  case 4: case 5: case 6: case 7:
    /* Addresses that are nowhere trap, and are stepped over. */
    break;
  case SRST:
    if (a[0] < 3 || (a[0] >> 32) + 1 < 2) a[0] |= 16;
    if (a[1] < 2) a[1] |= 2;
    break;
  case DBCN:
    /* Nothing that is long and allowed: it would only take its time. */
    if (a[0] > 9 && a[0] < 1ul << 26) a[0] &= 4095;
    /* What is read must not land in the program. */
    if (function == 1 && a[1] >= 0x80200000 && a[1] < 0x80300000) a[1] += 0x100000;
    break;
  case HSM:
    /* Where harts start they find this program, or it is no place to start at. */
    if (function == 0 || function == 3) {
      if (is_memory(a[1]) || next(hart) & 1) a[1] = (word)start_secondary;
      a[2] = (word)make_calls;
    }
    /* The first hart must go on to the end. */
    if (function == 1 && hart == boot_registers[0]) function = 2;
    break;
  case SUSP:
    if (is_memory(a[1]) || next(hart) & 1) a[1] = (word)start_secondary;
    a[2] = (word)make_calls;
    break;
  }
  if ((extension == HSM && function == 3) || extension == SUSP) {
    csr_write("sie", 0x22);
    sbi(TIME, 0, csr_read("time") + (next(hart) & 0xfff), 0, 0, 0, 0, 0);
  }
  sbi(extension, function, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (extension == HSM || extension == SUSP) csr_write("sie", 0);
}

static void make_calls(word hart) {
  if (!state[hart]) state[hart] = (SEED + 1) * 0x9e3779b97f4a7c15 + hart + 1;
  while (calls[hart] < CALLS || hart != boot_registers[0]) {
    calls[hart]++;
    make_call(hart);
  }
  finish(7);
}

void main(void) {
  make_calls(boot_registers[0]);
}
