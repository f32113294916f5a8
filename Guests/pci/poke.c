// Carries out the loads and stores of a script at 0x80100000 and prints what the loads found, in hexadecimal,
// or "fault". Runs in machine mode on the bare board.

typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;

// kind 0: the end; 1, 2, 4, 8: a load of so many bytes; 0x100 more: a store;
// 0x202: wait until the halfword at `address` is `value`, and 3 ms more: the reference tells of a request in the
// ring first and interrupts from another thread then.
struct step {
  u64 kind, address, value;
};

// A fault is passed over, and remembered in gp.
__asm__(
    ".globl _start\n"
    "_start: la sp, _start + 0x80000\n"
    "la t0, trap\n"
    "csrw mtvec, t0\n"
    "li a0, 0x80100000\n"
    "j run\n"
    ".balign 4\n"
    "trap: li gp, 1\n"
    "csrr tp, mepc\n"
    "addi tp, tp, 4\n"
    "csrw mepc, tp\n"
    "mret\n");

static volatile u64 *const mtime = (volatile u64 *)0x200bff8;

static void put(char c) { *(volatile u8 *)0x10000000 = c; }

static void print(u64 value, int digits) {
  while (digits--) put("0123456789abcdef"[value >> 4 * digits & 15]);
  put('\n');
}

void run(struct step *step) {
  for (; step->kind; step++) {
    u64 address = step->address, value = step->value, found = 0, faulted;
    __asm__ volatile("li gp, 0");
    switch (step->kind) {
      case 1: found = *(volatile u8 *)address; break;
      case 2: found = *(volatile u16 *)address; break;
      case 4: found = *(volatile u32 *)address; break;
      case 8: found = *(volatile u64 *)address; break;
      case 0x101: *(volatile u8 *)address = value; continue;
      case 0x102: *(volatile u16 *)address = value; continue;
      case 0x104: *(volatile u32 *)address = value; continue;
      case 0x108: *(volatile u64 *)address = value; continue;
      default:
        for (u64 turns = 0; turns < 20000000 && *(volatile u16 *)address != (u16)value; turns++)
          ;
        for (u64 end = *mtime + 30000; *mtime < end;)
          ;
        continue;
    }
    __asm__ volatile("mv %0, gp" : "=r"(faulted));
    if (faulted)
      for (const char *c = "fault\n"; *c; c++) put(*c);
    else
      print(found, 2 * step->kind);
  }
  *(volatile u32 *)0x100000 = 0x5555;
  for (;;)
    ;
}
