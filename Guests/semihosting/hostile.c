/* Random calls with random arguments, most of them wrong: the numbers begin with the seed on its command line, whose
   second word counts calls (none of SYS_READC, which would wait). Its names stay in the folder it runs in, and ends by itself. */
#include "calls.h"

static unsigned long state;

/* Marsaglia's xorshift. */
static unsigned long random(void) {
#if __riscv_xlen == 64
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
#else
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
#endif
  return state;
}

/* What is read overruns its first part, and nothing else. */
static char buffer[16384];
static const int first_part = 4096;
static const char *names[] = {
    "a", "b", "c/d", ":tt", ":semihosting-features", ":", "", ".", "..", "a/../b",
    "a name that is longer than others and has \"quotes\" and \\ and % in it %s%n",
    "nothing/at/all", "true", "exit 1",
};

static unsigned long argument(void) {
  switch (random() % 16) {
  case 0: return random();
  case 1: return 0;
  case 2: return -1ul;
  case 3: return 0x30;                         /* nothing is there */
  case 4: return 0x10000000;                   /* a device */
  case 5: return 0x1000;                       /* ROM */
  case 6: return 0x80000000 + (1 << 24) - random() % 64;  /* the end of memory */
  case 7: return 1ul << random() % 30;         /* below our own code */
  case 8: case 9: return random() % 300;
  case 10: return (unsigned long)names[random() % (sizeof names / sizeof *names)];
  case 11: return (unsigned long)buffer + random() % first_part;
  default: return random() % 12;
  }
}

static unsigned long decimal(const char **text) {
  unsigned long value = 0;
  while (**text == ' ') ++*text;
  for (; **text > ' '; ++*text) value = value * 10 + (**text - '0');
  return value;
}

void main(void) {
  static const unsigned char calls[] = {
      SYS_OPEN, SYS_OPEN, SYS_OPEN, SYS_CLOSE, SYS_WRITEC, SYS_WRITE0, SYS_WRITE, SYS_WRITE, SYS_READ, SYS_READ,
      SYS_ISERROR, SYS_ISTTY, SYS_SEEK, SYS_FLEN, SYS_TMPNAM, SYS_REMOVE, SYS_RENAME, SYS_CLOCK,
      SYS_TIME, SYS_ERRNO, SYS_GET_CMDLINE, SYS_HEAPINFO, SYS_SYNCCACHE, SYS_ELAPSED, SYS_TICKFREQ,
  };
  char line[64];
  word place[2] = {(word)line, sizeof line};
  semihost(SYS_GET_CMDLINE, (word)place);
  const char *text = line;
  state = decimal(&text) * 0x9e3779b9 + 1;
  unsigned long count = decimal(&text);
  for (unsigned long i = 0; i < count; i++) {
    word call = calls[random() % sizeof calls];
    if (random() % 64 == 0) call = random() % 1024 ? 0x100 + random() % 4096 : (word)random();
    word block[4];
    for (int j = 0; j < 4; j++) block[j] = argument();
    if (call == SYS_OPEN || call == SYS_REMOVE || call == SYS_RENAME) {
      /* Mostly a name with its length, or nearly. */
      const char *name = names[random() % (sizeof names / sizeof *names)];
      word size = length(name) + (random() % 8 == 0 ? (word)(random() % 3) - 1 : 0);
      if (random() % 8) {
        block[0] = (word)name;
        block[call == SYS_OPEN ? 2 : 1] = size;
        if (call == SYS_OPEN) block[1] = random() % 13;
      }
      if (call == SYS_OPEN && random() % 16 == 0) {
        block[0] = (word) "/dev/full";
        block[2] = 9;
      }
    }
    /* Not memory by the megabyte into files. */
    if (call == SYS_READ && (unsigned long)block[2] > 5000) block[2] = random() % 5000;
    if (call == SYS_WRITE && (unsigned long)block[2] > 5000 && random() % 64) block[2] = random() % 5000;
    unsigned long parameter = random() % 32 ? (unsigned long)block : argument();
    semihost(call, parameter);
  }
  CALL(SYS_EXIT_EXTENDED, 0x20026, 0);
  for (;;) {}
}
