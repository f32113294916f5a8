// Bare machine-mode kernels for measuring interpreter and emitter: -DKERNEL=name chooses one. Each ends in
// `wfi` with its checksum in a0. Built freestanding, linked at 0x80000000.
typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;
#define NOINLINE __attribute__((noinline))

// With -DPAGED the kernel runs in supervisor mode under Sv39, RAM mapped to itself by 4 KiB pages.
#ifdef PAGED
#define START " call enter\n"
#else
#define START " call kernel\n1: wfi\n j 1b\n"
#endif
__asm__(".section .start,\"ax\"\n.globl _start\n_start:\n li sp, 0x80400000\n li t0, 0x6000\n csrs mstatus, t0\n" START
        ".text\n");

#ifdef PAGED
__asm__(".globl supervisor\nsupervisor: call kernel\n1: wfi\n j 1b\n");
void supervisor(void);
static u64 root[512] __attribute__((aligned(4096)));
static u64 middle[512] __attribute__((aligned(4096)));
static u64 leaves[4][512] __attribute__((aligned(4096)));
NOINLINE void enter(void) {
  root[2] = (u64)middle >> 12 << 10 | 1;
  for (int i = 0; i < 4; i++) {
    middle[i] = (u64)leaves[i] >> 12 << 10 | 1;
    for (int j = 0; j < 512; j++) leaves[i][j] = (0x80000000ul + ((u64)i << 21 | (u64)j << 12)) >> 12 << 10 | 0xcf;
  }
  __asm__ volatile(
      "csrw pmpaddr0, %0\n csrw pmpcfg0, %1\n csrw satp, %2\n csrw mepc, %3\n csrc mstatus, %4\n"
      " csrs mstatus, %5\n sfence.vma\n mret" ::"r"(-1ul >> 10), "r"(0x1ful), "r"(8ul << 60 | (u64)root >> 12),
      "r"((u64)supervisor), "r"(0x1800ul), "r"(0x800ul) : "memory");
  __builtin_unreachable();
}
#endif

// Byte stores and short loops.
static u8 composite[65536];
NOINLINE u64 sieve(void) {
  u64 primes = 0;
  for (int round = 0; round < 250; round++) {
    for (int i = 0; i < 65536; i++) composite[i] = 0;
    primes = 0;
    for (int i = 2; i < 65536; i++)
      if (!composite[i]) {
        primes++;
        for (int j = i + i; j < 65536; j += i) composite[j] = 1;
      }
    __asm__ volatile("" ::: "memory");
  }
  return primes;
}

// A dependent chain of table look-ups.
static u32 table[256];
static u8 bytes[65536];
NOINLINE u64 crc(void) {
  for (u32 i = 0; i < 256; i++) {
    u32 c = i;
    for (int k = 0; k < 8; k++) c = (c & 1) ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  for (int i = 0; i < 65536; i++) bytes[i] = i * 7;
  u32 c = ~0u;
  for (int round = 0; round < 400; round++)
    for (int i = 0; i < 65536; i++) c = table[(c ^ bytes[i]) & 255] ^ (c >> 8);
  return ~c;
}

// Calls and returns, stack traffic.
NOINLINE u64 fibonacci(u64 n) {
  u64 r;
  if (n < 2) return n;
  r = fibonacci(n - 1);
  __asm__ volatile("" : "+r"(r));
  return r + fibonacci(n - 2);
}
NOINLINE u64 fib(void) { return fibonacci(33); }

// Calls through a pointer, unpredictable branches.
static u64 keys[32768];
typedef long (*order)(u64, u64);
NOINLINE static long ascending(u64 a, u64 b) { return a < b ? -1 : a > b; }
NOINLINE static void quicksort(u64 *v, long low, long high, order compare) {
  while (low < high) {
    u64 pivot = v[(low + high) >> 1];
    long i = low, j = high;
    while (i <= j) {
      while (compare(v[i], pivot) < 0) i++;
      while (compare(pivot, v[j]) < 0) j--;
      if (i <= j) {
        u64 t = v[i];
        v[i++] = v[j];
        v[j--] = t;
      }
    }
    if (j - low < high - i) {
      quicksort(v, low, j, compare);
      low = i;
    } else {
      quicksort(v, i, high, compare);
      high = j;
    }
  }
}
NOINLINE u64 sort(void) {
  u64 hash = 0;
  for (int round = 0; round < 10; round++) {
    u64 x = 12345 + round;
    for (int i = 0; i < 32768; i++) {
      x = x * 6364136223846793005ul + 1442695040888963407ul;
      keys[i] = x >> 20;
    }
    quicksort(keys, 0, 32767, ascending);
    hash = hash * 31 + keys[777];
  }
  return hash;
}

// A jump table: a small byte-code machine.
NOINLINE u64 machine(void) {
  static const u8 program[] = {0, 1, 2, 5, 6, 7, 9, 10, 0, 5, 1, 3, 4, 13, 8};
  const u8 *pc = program;
  u64 a = 0, x = 1500000, y = 1;
  for (;;) switch (*pc++) {
      case 0: a += x; break;
      case 1: a ^= y; break;
      case 2: y = y * 3 + 1; break;
      case 3: x--; break;
      case 4: if (x) pc -= pc[0]; else pc++; break;
      case 5: a = (a << 7) | (a >> 57); break;
      case 6: y += a & 0xff; break;
      case 7: a -= y; break;
      case 8: return a;
      case 9: a += 5; break;
      case 10: y ^= x; break;
    }
}

// CoreMark's three parts in small: a linked list, a matrix, a state machine, joined by a CRC.
struct item {
  struct item *next;
  int value, place;
};
static struct item items[64];
static int matrix[12][12], product[12][12];
NOINLINE static u32 crc16(u32 c, u32 v) {
  for (int i = 0; i < 16; i++) {
    u32 x = (v ^ c) & 1;
    c >>= 1;
    v >>= 1;
    if (x) c ^= 0xa001;
  }
  return c;
}
NOINLINE static u32 scan(const char *p) {
  u32 state = 0, fields = 0;
  for (; *p; p++) {
    char ch = *p;
    switch (state) {
      case 0: state = ch >= '0' && ch <= '9' ? 1 : ch == '+' || ch == '-' ? 2 : ch == '.' ? 3 : 4; break;
      case 1: if (ch == '.') state = 3; else if (ch < '0' || ch > '9') state = 4; break;
      case 2: state = ch >= '0' && ch <= '9' ? 1 : 4; break;
      case 3: if (ch == 'e') state = 2; else if (ch < '0' || ch > '9') state = 4; break;
      default: if (ch == ',') { fields++; state = 0; }
    }
  }
  return fields * 5 + state;
}
NOINLINE u64 mix(void) {
  u32 crc = 0;
  for (int i = 0; i < 64; i++) items[i] = (struct item){i < 63 ? &items[i + 1] : 0, i * 37 % 64, i};
  struct item *head = items;
  for (int round = 0; round < 8000; round++) {
    struct item *reversed = 0;
    while (head) {
      struct item *next = head->next;
      head->next = reversed;
      reversed = head;
      head = next;
    }
    head = reversed;
    for (struct item *i = head; i->next; i = i->next) i->next->place += i->value;
    crc = crc16(crc, scan("5012,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,T0.3e-1F"));
    for (int i = 0; i < 12; i++)
      for (int j = 0; j < 12; j++) {
        int sum = 0;
        for (int k = 0; k < 12; k++) sum += matrix[i][k] * matrix[k][j];
        product[i][j] = sum;
        matrix[j][i] = (sum ^ i * j) & 0xff;
      }
    crc = crc16(crc, product[3][5] & 0xffff);
  }
  return crc + head->place;
}

// Double-precision sums: fld, fadd.d, fsd.
static double start[4096], series[4096];
NOINLINE u64 sums(void) {
  for (int i = 0; i < 4096; i++) start[i] = i;
  for (int round = 0; round < 1000; round++) {
    for (int i = 0; i < 4096; i++) series[i] = start[i];
    for (int i = 1; i < 4096; i++) series[i] = series[i] + series[i - 1];
  }
  u64 bits;
  __builtin_memcpy(&bits, &series[4095], 8);
  return bits;
}

NOINLINE u64 kernel(void) { return KERNEL(); }
