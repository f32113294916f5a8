/* A kernel for the monitor to look at: page tables of all sizes, traps from supervisor mode, a stack of calls.
   Loops for ever at last. */

__asm__(
    ".globl _start\n"
    "_start:\n"
    "  csrr t0, mhartid\n"
    "  bnez t0, park\n"
    "  la sp, stack + 4096\n"
    "  la t0, skip\n"
    "  csrw mtvec, t0\n"
    "  li t0, -1\n"
    "  csrw pmpaddr0, t0\n"
    "  li t0, 0x1f\n"
    "  csrw pmpcfg0, t0\n"
    "  call map\n"
    "  csrw satp, a0\n"
    "  sfence.vma\n"
    "  li t0, 0x1800\n"
    "  csrc mstatus, t0\n"
    "  li t0, 0x800\n"
    "  csrs mstatus, t0\n"
    "  la t0, supervisor\n"
    "  csrw mepc, t0\n"
    "  mret\n"
    "park:\n"
    "  wfi\n"
    "  j park\n"
    /* Every trap is answered by going on behind the instruction, which is 4 bytes long. */
    "  .balign 4\n"
    "skip:\n"
    "  csrr t0, mepc\n"
    "  addi t0, t0, 4\n"
    "  csrw mepc, t0\n"
    "  mret\n");

typedef unsigned long word;

char stack[4096] __attribute__((aligned(16)));
enum { entries = 4096 / sizeof(word) };
static word top[entries] __attribute__((aligned(4096)));
static word middle[entries] __attribute__((aligned(4096)));
static word bottom[entries] __attribute__((aligned(4096)));
static word next[entries] __attribute__((aligned(4096)));
static word upper[entries] __attribute__((aligned(4096)));
volatile word counter;

static word leaf(word address, word flags) { return address >> 12 << 10 | flags; }

#if __riscv_xlen == 32

/* Sv32: 128 MiB of RAM where it is, 8 MiB of devices, 4 MiB of RAM at the end, single pages at 0, one of them beyond
   32 physical bits. Gives satp's value. */
word map(void)
{
  top[0] = leaf((word)bottom, 1);
  /* V R W A D; V R X U A; V R G A. */
  bottom[1] = leaf((word)&stack, 0xc7);
  bottom[2] = leaf(0x80000000, 0x5b);
  bottom[3] = leaf(0x80001000, 0x5b);
  bottom[5] = 0x100000 << 10 | 0xc7;
  bottom[1023] = leaf(0x80002000, 0x63);
  /* The next in another table, side by side with it. */
  top[1] = leaf((word)next, 1);
  next[0] = leaf(0x80003000, 0x63);
  next[1] = leaf(0x80004000, 0x63);
  top[64] = leaf(0x10000000, 0xc7);
  top[65] = leaf(0x10400000, 0xc7);
  for (word i = 0; i < 32; i++) top[512 + i] = leaf(0x80000000 + (i << 22), 0xcf);
  top[1020] = leaf(0x80000000, 0xef);
  return 1u << 31 | (word)top >> 12;
}

#else

/* Sv39: 1 GiB of RAM where it is and in the high half, 2 MiB of devices, single pages at 0. Gives satp's value. */
word map(void)
{
  top[0] = leaf((word)middle, 1);
  middle[0] = leaf((word)bottom, 1);
  /* V R W A D; V R X U A; V R G A. */
  bottom[1] = leaf((word)&stack, 0xc7);
  bottom[2] = leaf(0x80000000, 0x5b);
  bottom[3] = leaf(0x80001000, 0x5b);
  bottom[511] = leaf(0x80002000, 0x63);
  /* The next in another table, side by side with it, and the last of one beside the first of the next. */
  middle[1] = leaf((word)next, 1);
  next[0] = leaf(0x80003000, 0x63);
  next[1] = leaf(0x80004000, 0x63);
  middle[510] = leaf(0x80400000, 0xc7);
  middle[511] = leaf(0x80600000, 0xc7);
  top[1] = leaf((word)upper, 1);
  upper[0] = leaf(0x80800000, 0xc7);
  middle[128] = leaf(0x10000000, 0xc7);
  middle[129] = leaf(0x10200000, 0xc7);
  top[2] = leaf(0x80000000, 0xcf);
  top[510] = leaf(0x80000000, 0xef);
  return 8ul << 60 | (word)top >> 12;
}

#endif

__attribute__((noinline)) void inner(word times)
{
  for (word i = 0; i < times; i++)
    __asm__ volatile(".option push\n.option norvc\necall\n.option pop" ::: "t0", "memory");
  for (;;)
    counter = counter + 1;
}

__attribute__((noinline)) void outer(word times)
{
  inner(times + 2);
  counter = 0;
}

void supervisor(void)
{
  outer(3);
  counter = 1;
}
