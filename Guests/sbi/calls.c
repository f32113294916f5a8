/* Makes every SBI call, with good and bad arguments, and prints what comes back: one line each. Run with three
 * harts on firmware and on `-bios builtin`, and compared line by line (Tests/SystemTests/BuiltinFirmwareTests). */
#include "supervisor.h"

/* Where the board has nothing. */
#define NOWHERE 0x18000000

static word me, other, third;
static char buffer[8192] __attribute__((aligned(4096)));

static void line(const char *name, sbiret r) {
  text(name);
  text(" = ");
  decimal(r.error);
  text(" ");
  hex(r.value);
  text("\n");
}

/* Where the value is not defined, or not the same everywhere. */
static void error(const char *name, sbiret r) {
  text(name);
  text(" = ");
  decimal(r.error);
  text("\n");
}

static void say(const char *name, word v) {
  text(name);
  text(" ");
  hex(v);
  text("\n");
}

#define CALL(e, f, ...) SBI_(e, f, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define SBI_(e, f, a, b, c, d, g, h, ...) sbi(e, f, a, b, c, d, g, h)
#define LINE(e, f, ...) line(#e " " #f " " #__VA_ARGS__, CALL(e, f, ##__VA_ARGS__))
#define ERROR(e, f, ...) error(#e " " #f " " #__VA_ARGS__, CALL(e, f, ##__VA_ARGS__))

static void expect_trap(const char *name) {
  text(name);
  if (trapped.cause == NO_TRAP) {
    text(": no trap\n");
    return;
  }
  text(": cause ");
  hex(trapped.cause);
  text(" value ");
  hex(trapped.value);
  text("\n");
}
#define TRAP(name, code) (trapped.cause = NO_TRAP, ({ code; }), expect_trap(name))

static word now(void) { return csr_read("time"); }
static void wait(word ticks) {
  for (word end = now() + ticks; now() < end;) {
  }
}

/* Waits with interrupts of `bits` locally enabled and globally off; says which are pending then. */
static word pending_after(word bits, word ticks) {
  word end = now() + ticks;
  while (!(csr_read("sip") & bits) && now() < end) {
  }
  return csr_read("sip") & bits;
}

static void base(void) {
  text("[base]\n");
  LINE(BASE, 0);
  ERROR(BASE, 1);
  ERROR(BASE, 2);
  static const struct {
    const char *name;
    word id;
  } extensions[] = {
      {"probe legacy set timer", 0}, {"probe legacy putchar", 1}, {"probe legacy getchar", 2},
      {"probe legacy clear IPI", 3}, {"probe legacy send IPI", 4}, {"probe legacy fence.i", 5},
      {"probe legacy sfence", 6},    {"probe legacy sfence asid", 7}, {"probe legacy shutdown", 8},
      {"probe 9", 9},                {"probe 15", 15},            {"probe BASE", BASE},
      {"probe TIME", TIME},          {"probe IPI", IPI},          {"probe RFENCE", RFENCE},
      {"probe HSM", HSM},            {"probe SRST", SRST},        {"probe PMU", PMU},
      {"probe DBCN", DBCN},          {"probe SUSP", SUSP},        {"probe CPPC", 0x43505043},
      {"probe NACL", 0x4e41434c},    {"probe STA", 0x535441},     {"probe nothing", 0x12345678},
      {"probe -1", -1ul},            {"probe BASE in 64 bits", 1ul << 32 | BASE},
  };
  for (unsigned i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
    line(extensions[i].name, sbi(BASE, 3, extensions[i].id, 0, 0, 0, 0, 0));
  LINE(BASE, 4);
  ERROR(BASE, 5);
  ERROR(BASE, 6);
  ERROR(BASE, 7);
  ERROR(BASE, -1ul);
  ERROR(0x12345678, 0);
  ERROR(9, 0);
  ERROR(15, 0);
  ERROR(-1ul, 0);
  ERROR(1ul << 32 | BASE, 0);
  ERROR(0x43505043, 99);
}

static void registers(void) {
  text("[start]\n");
  say("sstatus", boot_registers[2] & ~(3ul << 32));
  say("sie", boot_registers[3]);
  say("stvec is the entry", boot_registers[4] == (word)_start);
  say("satp", boot_registers[5]);
  say("sscratch", boot_registers[6]);
  say("scounteren", boot_registers[7]);
  say("sip", boot_registers[8]);
  say("senvcfg", csr_read("0x10a"));
  say("LCR", UART[3]);
  say("MCR", UART[4]);
  say("IER", UART[1]);
  say("IIR", UART[2]);
  UART[3] |= 0x80;
  say("DLL", UART[0]);
  say("DLM", UART[1]);
  UART[3] &= 0x7f;
  text("[traps]\n");
  TRAP("illegal instruction", __asm__ volatile(".word 0"));
  TRAP("compressed illegal instruction", __asm__ volatile(".half 0; nop"));
  TRAP("csrr mstatus", csr_read("mstatus"));
  TRAP("csrw time", csr_write("0xc01", 0));
  TRAP("csrr nothing", csr_read("0x5c0"));
  TRAP("mret", __asm__ volatile("mret"));
  TRAP("csrr time", csr_read("time"));
  TRAP("csrr cycle", csr_read("cycle"));
  TRAP("csrr instret", csr_read("instret"));
  TRAP("csrr hpmcounter3", csr_read("hpmcounter3"));
  TRAP("csrr hpmcounter18", csr_read("hpmcounter18"));
  TRAP("csrr stimecmp", csr_read("0x14d"));
  TRAP("load from nowhere", *(volatile word *)NOWHERE);
  TRAP("store to nowhere", *(volatile word *)NOWHERE = 1);
  TRAP("load from the machine's timer", *(volatile word *)0x200bff8);
  TRAP("store to the machine's timer", *(volatile word *)0x2004000 = 1);
  TRAP("load from the software interrupts", *(volatile unsigned *)0x2000000);
  TRAP("load from the PLIC", *(volatile unsigned *)0xc000000);
  TRAP("misaligned load", *(volatile word *)(buffer + 1));
  TRAP("misaligned store", *(volatile word *)(buffer + 1) = 3);
  TRAP("misaligned load across pages", *(volatile word *)(buffer + 4093));
  TRAP("misaligned atomic", __asm__ volatile("amoadd.d zero, zero, (%0)" ::"r"(buffer + 1)));
  TRAP("misaligned reservation", __asm__ volatile("lr.d t0, (%0)" ::"r"(buffer + 1) : "t0"));
  TRAP("breakpoint", __asm__ volatile("ebreak"));
  TRAP("cbo.zero", __asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" ::"r"(buffer)));
  TRAP("cbo.clean", __asm__ volatile(".insn i 0x0f, 2, x0, %0, 1" ::"r"(buffer)));
  TRAP("cbo.inval", __asm__ volatile(".insn i 0x0f, 2, x0, %0, 0" ::"r"(buffer)));
  TRAP("wfi with something pending", {
    csr_set("sip", 2);
    csr_set("sie", 2);
    __asm__ volatile("wfi");
    csr_clear("sip", 2);
    csr_clear("sie", 2);
  });
}

static void timer(void) {
  text("[time]\n");
  csr_write("sie", 0);
  LINE(TIME, 0, -1ul);
  say("pending", csr_read("sip") & 32);
  LINE(TIME, 0, 0);
  say("pending", pending_after(32, 1000000));
  LINE(TIME, 0, -1ul);
  say("pending", csr_read("sip") & 32);
  error("TIME 0 soon", CALL(TIME, 0, now() + 20000));
  say("pending at once", csr_read("sip") & 32);
  say("pending later", pending_after(32, 10000000));
  trapped.cause = NO_TRAP;
  csr_set("sie", 32);
  csr_set("sstatus", 2);
  csr_clear("sstatus", 2);
  say("interrupt", trapped.cause);
  csr_clear("sie", 32);
  csr_clear("sip", 32);
  say("not cleared by sip", csr_read("sip") & 32);
  error("legacy set timer", CALL(0, 0, -1ul));
  say("pending", csr_read("sip") & 32);
  error("legacy set timer soon", CALL(0, 0, now() + 10000));
  csr_set("sie", 32);
  __asm__ volatile("wfi");
  say("pending behind wfi", csr_read("sip") & 32);
  csr_clear("sie", 32);
  LINE(TIME, 0, -1ul);
  ERROR(TIME, 1);
  ERROR(TIME, -1ul);
}

static volatile word reports[HARTS];

/* Harts that work until they are told to stop. */
static volatile word quit;

static void park(word hart) {
  csr_write("sie", 2);
  reports[hart] = 1;
  while (!quit) __asm__ volatile("wfi");
  CALL(HSM, 1);
}

/* Counts the software interrupts that it gets. */
static void count_interrupts(word hart) {
  csr_write("sie", 2);
  reports[hart] = 1;
  while (!quit) {
    __asm__ volatile("wfi");
    if (csr_read("sip") & 2) {
      csr_clear("sip", 2);
      reports[hart]++;
    }
  }
  CALL(HSM, 1);
}

static word start(word hart, void (*body)(word)) {
  reports[hart] = 0;
  sbiret r = CALL(HSM, 0, hart, (word)start_secondary, (word)body);
  if (!r.error)
    while (!reports[hart]) {
    }
  return r.error;
}

static word status(word hart) { return CALL(HSM, 2, hart).value; }

static word status_after(word hart, word state) {
  for (word end = now() + 10000000; status(hart) != state && now() < end;) {
  }
  return status(hart);
}

static void dismiss(word hart) {
  quit = 1;
  CALL(IPI, 0, 1, hart);
  say("dismissed, its status", status_after(hart, 1));
  quit = 0;
}

/* Two harts start a third at the same time: it starts once. */
static volatile word started, go, stop;
static void started_once(word hart) {
  __atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST);
  while (!stop) {
  }
  CALL(HSM, 1);
}
static void racer(word hart) {
  word round = 0, won = 0;
  reports[hart] = 1;
  while (!quit) {
    while (go == round && !quit) {
    }
    round = go;
    if (quit) break;
    won += CALL(HSM, 0, third, (word)start_secondary, (word)started_once).error == 0;
    reports[hart] = won << 32 | (round + 1);
  }
  CALL(HSM, 1);
}
static void races(void) {
  say("start a racer", start(other, racer));
  word won = 0, wrong = 0;
  for (word i = 1; i <= 60; i++) {
    started = stop = 0;
    go = i;
    won += CALL(HSM, 0, third, (word)start_secondary, (word)started_once).error == 0;
    while ((reports[other] & 0xffffffff) != i + 1) {
    }
    for (word end = now() + 10000000; !started && now() < end;) {
    }
    wrong += won + (reports[other] >> 32) != i || started != 1;
    stop = 1;
    wrong += status_after(third, 1) != 1;
  }
  say("races with not one winner", wrong);
  dismiss(other);
}

static void stop_at_once(word hart) {
  reports[hart] = 1;
  error("hart stop", CALL(HSM, 1));
}

static volatile sbiret resumed;
static volatile word resumed_at;
static void suspend_retentive(word hart) {
  csr_write("sie", 2);
  reports[hart] = 1;
  sbiret r = CALL(HSM, 3, 0, 0, 0);
  resumed.error = r.error;
  resumed_at = 1;
  csr_clear("sip", 2);
  CALL(HSM, 1);
}
static void resume(word hart) {
  resumed.error = 0;
  resumed_at = 2 + (csr_read("satp") << 8) + (csr_read("sstatus") & 2) * 256;
  CALL(HSM, 1);
}
static void suspend_nonretentive(word hart) {
  csr_write("sie", 2);
  reports[hart] = 1;
  resumed.error = CALL(HSM, 3, 0x80000000, (word)start_secondary, (word)resume).error;
  resumed_at = 3;
  CALL(HSM, 1);
}

static void harts(void) {
  text("[hsm]\n");
  line("status of me", CALL(HSM, 2, me));
  line("status of another", CALL(HSM, 2, other));
  ERROR(HSM, 2, 3);
  ERROR(HSM, 2, 64);
  ERROR(HSM, 2, 1ul << 32);
  ERROR(HSM, 2, -1ul);
  error("start me", CALL(HSM, 0, me, (word)start_secondary, 0));
  ERROR(HSM, 0, 99, 0x80200000, 0);
  ERROR(HSM, 0, -1ul, 0x80200000, 0);
  error("start at the UART", CALL(HSM, 0, other, 0x10000000, 0));
  error("start at the test finisher", CALL(HSM, 0, other, 0x100000, 0));
  races();
  say("start another", start(other, park));
  say("its status", status(other));
  error("start it again", CALL(HSM, 0, other, (word)start_secondary, (word)park));
  dismiss(other);
  say("start one that stops", start(third, stop_at_once));
  say("its status", status_after(third, 1));
  say("start it again", start(third, stop_at_once));
  say("its status", status_after(third, 1));

  ERROR(HSM, 3, 1, 0, 0);
  ERROR(HSM, 3, 0x0fffffff, 0, 0);
  ERROR(HSM, 3, 0x10000000, 0, 0);
  ERROR(HSM, 3, 0x80000001, 0x80200000, 0);
  ERROR(HSM, 3, 0x90000000, 0x80200000, 0);
  ERROR(HSM, 3, 0x80000000, 0x10000000, 0);
  ERROR(HSM, 4);
  say("suspend, retentive", start(third, suspend_retentive));
  say("its status", status_after(third, 4));
  resumed_at = 0;
  error("wake it", CALL(IPI, 0, 1, third));
  for (word end = now() + 10000000; !resumed_at && now() < end;) {
  }
  say("it went on at", resumed_at);
  say("with", resumed.error);
  say("its status", status_after(third, 1));
  say("suspend, not retentive", start(third, suspend_nonretentive));
  say("its status", status_after(third, 4));
  resumed_at = 0;
  error("wake it", CALL(IPI, 0, 1, third));
  for (word end = now() + 10000000; !resumed_at && now() < end;) {
  }
  say("it went on at", resumed_at);
  say("its status", status_after(third, 1));
  csr_write("sie", 2);
  csr_set("sip", 2);
  error("suspend with something pending", CALL(HSM, 3, 0, 0, 0));
  csr_clear("sip", 2);
  csr_write("sie", 0);
}

static word count_after(word hart, word count) {
  for (word end = now() + 10000000; reports[hart] < count && now() < end;) {
  }
  return reports[hart];
}

static void interrupts(void) {
  text("[ipi]\n");
  say("start another", start(third, count_interrupts));
  error("to it", CALL(IPI, 0, 1, third));
  say("it has got", count_after(third, 2) - 1);
  error("to it by mask", CALL(IPI, 0, 1ul << third, 0));
  say("it has got", count_after(third, 3) - 1);
  error("to all", CALL(IPI, 0, 0, -1ul));
  say("it has got", count_after(third, 4) - 1);
  say("I have got", pending_after(2, 1000000));
  csr_clear("sip", 2);
  error("to me", CALL(IPI, 0, 1ul << me, 0));
  say("I have got", pending_after(2, 1000000));
  csr_clear("sip", 2);
  LINE(IPI, 0, 0, 0);
  ERROR(IPI, 0, 8, 0);
  ERROR(IPI, 0, 0xf, 0);
  ERROR(IPI, 0, 1, 3);
  ERROR(IPI, 0, 1, 64);
  ERROR(IPI, 0, 0, 64);
  ERROR(IPI, 0, 1, -2ul);
  ERROR(IPI, 0, 0, -2ul);
  ERROR(IPI, 0, 1ul << 63, 0);
  ERROR(IPI, 0, 3, -1ul);
  ERROR(IPI, 1);
  csr_clear("sip", 2);
  wait(100000);
  reports[third] = 1;
  word mask = 1ul << third;
  error("legacy send IPI", CALL(4, 0, (word)&mask));
  say("it has got", count_after(third, 2) - 1);
  csr_clear("sip", 2);
  error("legacy send IPI to all", CALL(4, 0, 0));
  say("it has got", count_after(third, 3) - 1);
  say("I have got", pending_after(2, 1000000));
  error("legacy clear IPI", CALL(3, 0));
  say("pending", csr_read("sip") & 2);
  error("legacy clear IPI", CALL(3, 0));
  mask = 1ul << 40;
  error("legacy send IPI to nobody", CALL(4, 0, (word)&mask));
  TRAP("legacy send IPI by a mask that is nowhere", CALL(4, 0, NOWHERE));
  dismiss(third);
}

/* Page tables with one entry that changes under a hart that reads through it. */
static word root[512] __attribute__((aligned(4096)));
static word middle[512] __attribute__((aligned(4096)));
static word leaves[512] __attribute__((aligned(4096)));
static word pages[2][512] __attribute__((aligned(4096)));
#define VIRTUAL 0x40000000ul
#define POINTER(p) ((word)(p) >> 2 | 1)
#define LEAF(p) ((word)(p) >> 2 | 0xcf)

static volatile word seen, want;
static void reader(word hart) {
  csr_write("satp", 8ul << 60 | (word)root >> 12);
  __asm__ volatile("sfence.vma");
  reports[hart] = 1;
  while (!quit) {
    seen = *(volatile word *)VIRTUAL;
  }
  CALL(HSM, 1);
}

static volatile unsigned code[4] __attribute__((aligned(64)));
static volatile word code_said;
static void runner(word hart) {
  reports[hart] = 1;
  while (!quit) {
    register word a0 __asm__("a0");
    __asm__ volatile("jalr ra, %1" : "=r"(a0) : "r"(code) : "ra", "memory");
    code_said = a0;
  }
  CALL(HSM, 1);
}

static void fences_with_reader(void) {
  word stale = 0;
  for (int i = 0; i < 512; i++) root[i] = 0;
  root[0] = LEAF(0);
  root[1] = POINTER(middle);
  root[2] = LEAF(0x80000000);
  middle[0] = POINTER(leaves);
  leaves[0] = LEAF(pages[0]);
  pages[0][0] = 111;
  pages[1][0] = 222;
  say("start a reader", start(third, reader));
  for (int i = 0; i < 200; i++) {
    leaves[0] = LEAF(pages[i & 1]);
    word which = i % 5;
    sbiret r = which == 0   ? CALL(RFENCE, 1, 1, third, VIRTUAL, 4096)
               : which == 1 ? CALL(RFENCE, 1, 0, -1ul, 0, 0)
               : which == 2 ? CALL(RFENCE, 2, 1, third, VIRTUAL, 4096, 0)
               : which == 3 ? CALL(RFENCE, 1, 1ul << third, 0, 0, -1ul)
                            : CALL(RFENCE, 1, 1, third, VIRTUAL & ~0xfffffful, 1 << 25);
    if (r.error) error("RFENCE", r);
    /* What it reads from now on is new. */
    pages[i & 1][0] += 2;
    word value = pages[i & 1][0];
    for (word end = now() + 10000000; seen != value;) {
      if (now() > end) {
        stale++;
        break;
      }
    }
  }
  say("stale reads", stale);
  dismiss(third);
}

static void fences_with_runner(void) {
  word stale = 0;
  code[1] = 0x00008067; /* ret */
  code[0] = 0x00000513; /* li a0, 0 */
  __asm__ volatile("fence.i");
  say("start a runner", start(third, runner));
  for (unsigned i = 1; i < 100; i++) {
    code[0] = i << 20 | 0x513;
    sbiret r = i & 1 ? CALL(RFENCE, 0, 1, third) : CALL(RFENCE, 0, 0, -1ul);
    if (r.error) error("RFENCE", r);
    for (word end = now() + 10000000; code_said != i;) {
      if (now() > end) {
        stale++;
        break;
      }
    }
  }
  say("stale code", stale);
  dismiss(third);
}

static void fence_arguments(void) {
  LINE(RFENCE, 0, 0, 0);
  ERROR(RFENCE, 0, 0, -1ul);
  ERROR(RFENCE, 0, 8, 0);
  ERROR(RFENCE, 0, 1, 64);
  ERROR(RFENCE, 1, 0, -1ul, 0, 0);
  ERROR(RFENCE, 1, 0, -1ul, 0, -1ul);
  ERROR(RFENCE, 1, 0, -1ul, 0x1001, 1);
  ERROR(RFENCE, 1, 0, -1ul, -1ul, 4096);
  ERROR(RFENCE, 1, 0, -1ul, 4096, -1ul);
  ERROR(RFENCE, 1, 0, -1ul, -4096ul, 1ul << 63);
  ERROR(RFENCE, 1, 8, 0, 0, 0);
  ERROR(RFENCE, 2, 0, -1ul, 0, 0, 0);
  ERROR(RFENCE, 2, 0, -1ul, 4096, 8192, -1ul);
  ERROR(RFENCE, 2, 1, 77, 4096, 8192, 1);
  ERROR(RFENCE, 7);
  ERROR(RFENCE, -1ul);
  word mask = 1ul << third | 1ul << me;
  error("legacy fence.i", CALL(5, 0, (word)&mask));
  error("legacy sfence", CALL(6, 0, (word)&mask, 0, 0));
  error("legacy sfence with asid", CALL(7, 0, (word)&mask, 0, 4096, 1));
  error("legacy fence.i of all", CALL(5, 0, 0));
}

static void console(void) {
  text("[dbcn]\n");
  static const char message[] = "a message\n";
  line("write", CALL(DBCN, 0, sizeof message - 1, (word)message, 0));
  LINE(DBCN, 0, 0, 0x80200000, 0);
  LINE(DBCN, 0, 0, 0, 0);
  ERROR(DBCN, 0, 1, 0x80200000, 1);
  ERROR(DBCN, 0, 1, 0x10000000, 0);
  LINE(DBCN, 1, 10, 0x80300000, 0);
  LINE(DBCN, 1, 0, 0x80300000, 0);
  ERROR(DBCN, 1, 10, 0x80300000, 1);
  ERROR(DBCN, 1, 10, 0x10000000, 0);
  LINE(DBCN, 2, 'x');
  LINE(DBCN, 2, 0x100 + '\n');
  ERROR(DBCN, 3);
  ERROR(DBCN, -1ul);
  error("legacy putchar", CALL(1, 0, 'y'));
  error("legacy putchar", CALL(1, 0, 0x100 + '\n'));
  error("legacy getchar", CALL(2, 0));
  register word a0 __asm__("a0") = 'z', a1 __asm__("a1") = 0x1234, a7 __asm__("a7") = 1;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a7) : "memory");
  word kept = a1;
  text("\n");
  say("a1 behind a legacy call", kept);
}

static void end(void) {
  text("done\n");
  finish(0);
}

static void awake(word hart) {
  say("awake, hart is me", hart == me);
  say("pending", csr_read("sip") & 32);
  say("enabled", csr_read("sie"));
  end();
}

static void reset(void) {
  text("[srst]\n");
  ERROR(SRST, 0, 3, 0);
  ERROR(SRST, 0, 0xefffffff, 0);
  ERROR(SRST, 0, 0xf0000000, 0);
  ERROR(SRST, 0, 0, 2);
  ERROR(SRST, 0, 1, 0xdfffffff);
  ERROR(SRST, 1);
  ERROR(SRST, -1ul);
  text("[susp]\n");
  say("start another", start(other, park));
  ERROR(SUSP, 0, 1, 0x80200000, 0);
  ERROR(SUSP, 0, 0x80000000, 0x80200000, 0);
  ERROR(SUSP, 0, 0, 0x10000000, 0);
  error("SUSP while others run", CALL(SUSP, 0, 0, 0x80200000, 0));
  ERROR(SUSP, 1);
  dismiss(other);
  csr_write("sie", 32);
  CALL(TIME, 0, now() + 20000);
  error("SUSP", CALL(SUSP, 0, 0, (word)start_secondary, (word)awake));
}

static void counters(void) {
  text("[pmu]\n");
  sbiret count = CALL(PMU, 0);
  line("counters", count);
  for (long i = 0; i < count.value + 2; i++) {
    text("counter ");
    decimal(i);
    line("", CALL(PMU, 1, i));
  }
  ERROR(PMU, 1, -1ul);
  ERROR(PMU, 1, 1ul << 32);
  word all = count.value >= 64 ? -1ul : (1ul << count.value) - 1;

  /* Which events are there. */
  for (word event = 0; event < 12; event++) {
    sbiret r = CALL(PMU, 2, 0, all, 0, event, 0);
    text("general event ");
    decimal(event);
    line("", r);
    if (!r.error) CALL(PMU, 4, r.value, 1, 1);
  }
  ERROR(PMU, 2, 0, all, 0, 0x10000, 0);
  ERROR(PMU, 2, 0, all, 0, 0x10019, 0);
  ERROR(PMU, 2, 0, all, 0, 0x20000, 1);
  ERROR(PMU, 2, 0, all, 0, 0x30000, 0);
  ERROR(PMU, 2, 0, all, 0, 0xe0000, 0);
  ERROR(PMU, 2, 0, all, 0, 0x100001, 0);
  ERROR(PMU, 2, 0, all, 0, -1ul, 0);
  for (word event = 0; event < 24; event++) {
    sbiret r = CALL(PMU, 2, 0, all, 0, 0xf0000 | event, 0);
    text("firmware event ");
    decimal(event);
    error("", r);
    if (!r.error) CALL(PMU, 4, r.value, 1, 1);
  }
  ERROR(PMU, 2, 0, all, 0, 0xf00ff, 0);
  ERROR(PMU, 2, 0, all, 0, 0xf0100, 0);
  ERROR(PMU, 2, 0, all, 0, 0xfffff, 0);
  ERROR(PMU, 2, 0, 0, 0, 1, 0);
  ERROR(PMU, 2, 64, 1, 0, 1, 0);
  ERROR(PMU, 2, -1ul, 1, 0, 1, 0);
  ERROR(PMU, 2, 0, -1ul, 0, 1, 0);
  ERROR(PMU, 2, 0, 2, 0, 1, 0);

  /* Counting. */
  sbiret r = CALL(PMU, 2, 0, all, 6, 2, 0);
  error("instructions, cleared and started", r);
  if (!r.error) {
    say("which", r.value);
    word info = CALL(PMU, 1, r.value).value & 0xfff;
    say("csr", info);
    word a = csr_read("instret");
    for (int i = 0; i < 1000; i++) __asm__ volatile("nop");
    word b = csr_read("instret");
    say("counts", b - a > 2000 && b - a < 20000);
    error("start again", CALL(PMU, 3, r.value, 1, 0, 0));
    error("stop", CALL(PMU, 4, r.value, 1, 0));
    a = csr_read("instret");
    for (int i = 0; i < 1000; i++) __asm__ volatile("nop");
    say("stands", csr_read("instret") == a);
    error("stop again", CALL(PMU, 4, r.value, 1, 0));
    error("start at 5000", CALL(PMU, 3, r.value, 1, 1, 5000));
    a = csr_read("instret");
    say("from there", a >= 5000 && a < 6000);
    error("stop and forget", CALL(PMU, 4, r.value, 1, 1));
    error("start what is forgotten", CALL(PMU, 3, r.value, 1, 0, 0));
  }
  r = CALL(PMU, 2, 0, all, 6, 0xf0005, 0);
  error("timers set, cleared and started", r);
  if (!r.error) {
    say("a firmware counter", (word)CALL(PMU, 1, r.value).value >> 63);
    line("read", CALL(PMU, 5, r.value));
    CALL(TIME, 0, -1ul);
    CALL(TIME, 0, -1ul);
    CALL(0, 0, -1ul);
    line("read", CALL(PMU, 5, r.value));
    line("read, high", CALL(PMU, 6, r.value));
    error("start again", CALL(PMU, 3, r.value, 1, 0, 0));
    error("stop", CALL(PMU, 4, r.value, 1, 0));
    CALL(TIME, 0, -1ul);
    line("read", CALL(PMU, 5, r.value));
    error("stop again", CALL(PMU, 4, r.value, 1, 0));
    error("start at 100", CALL(PMU, 3, r.value, 1, 1, 100));
    CALL(TIME, 0, -1ul);
    line("read", CALL(PMU, 5, r.value));
    error("stop and forget", CALL(PMU, 4, r.value, 1, 1));
    error("read what is forgotten", CALL(PMU, 5, r.value));
  }
  say("start another", start(third, count_interrupts));
  word events[] = {2, 3, 4, 6, 8, 10, 12};
  word found[7];
  for (int i = 0; i < 7; i++) {
    r = CALL(PMU, 2, 0, all, 6, 0xf0000 | events[i], 0);
    found[i] = r.error ? -1ul : r.value;
  }
  TRAP("load from nowhere", *(volatile word *)NOWHERE);
  TRAP("store to nowhere", *(volatile word *)NOWHERE = 1);
  TRAP("illegal instruction", __asm__ volatile(".word 0"));
  CALL(IPI, 0, 1, third);
  CALL(RFENCE, 0, 1, third);
  CALL(RFENCE, 1, 1, third, 0, 0);
  CALL(RFENCE, 2, 1, third, 0, 0, 1);
  for (int i = 0; i < 7; i++) {
    text("firmware event ");
    decimal(events[i]);
    line(" counted", CALL(PMU, 5, found[i]));
    CALL(PMU, 4, found[i], 1, 1);
  }
  dismiss(third);
  ERROR(PMU, 5, 0);
  ERROR(PMU, 5, 1);
  ERROR(PMU, 5, 2);
  ERROR(PMU, 5, 99);
  ERROR(PMU, 5, -1ul);
  ERROR(PMU, 6, 0);
  ERROR(PMU, 6, 99);
  ERROR(PMU, 3, 0, 0, 0, 0);
  ERROR(PMU, 3, 64, 1, 0, 0);
  ERROR(PMU, 3, -1ul, 1, 0, 0);
  ERROR(PMU, 3, 0, 1, 2, 0);
  ERROR(PMU, 3, 0, 1, 4, 0);
  ERROR(PMU, 4, 64, 1, 0);
  ERROR(PMU, 4, -1ul, 1, 0);
  ERROR(PMU, 4, 0, 1, 2);
  ERROR(PMU, 7, 0x80300000, 0, 1);
  ERROR(PMU, 7, 0x80300001, 0, 0);
  ERROR(PMU, 7, 0x10000000, 0, 0);
  ERROR(PMU, 7, -1ul, -1ul, 0);
  ERROR(PMU, 9);
  ERROR(PMU, -1ul);
}

void main(void) {
  me = boot_registers[0];
  other = me == 0;
  third = 3 - me - other;
  say("device tree", *(unsigned *)boot_registers[1]);
  registers();
  base();
  timer();
  harts();
  interrupts();
  text("[rfence]\n");
  fence_arguments();
  fences_with_reader();
  fences_with_runner();
  console();
  counters();
  reset();
  end();
}
