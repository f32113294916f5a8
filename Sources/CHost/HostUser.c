#define _GNU_SOURCE
#include "HostUser.h"

#include <errno.h>
#if defined(__x86_64__)
#include <asm/prctl.h>
#endif
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

// As rt_sigaction(2) of the kernel takes it. glibc's own refuses signals 32 and 33, which the guest's C library
// needs.
struct kernel_action {
  void *handler;
  unsigned long flags;
  void *restorer;
  uint64_t mask;
};
enum { KERNEL_SA_RESTORER = 0x04000000 };

static __thread struct host_signals *signals_here;

void host_signals_use(struct host_signals *signals) { signals_here = signals; }

void host_segment_use(uintptr_t base) {
#if defined(__x86_64__)
  syscall(SYS_arch_prctl, ARCH_SET_GS, base);
#endif
}

static uint64_t bit(int number) { return 1ull << (number - 1); }

#if defined(__x86_64__)

int host_user_available(void) { return 1; }

__asm__(
    ".text\n"
    // (number, arguments)
    ".globl host_system_call\n"
    ".type host_system_call, @function\n"
    "host_system_call:\n"
    "  movq %rdi, %rax\n"
    "  movq %rsi, %r11\n"
    "  movq 0(%r11), %rdi\n"
    "  movq 8(%r11), %rsi\n"
    "  movq 16(%r11), %rdx\n"
    "  movq 24(%r11), %r10\n"
    "  movq 32(%r11), %r8\n"
    "  movq 40(%r11), %r9\n"
    "  syscall\n"
    "  ret\n"
    // (signals, number, arguments)
    ".globl host_interruptible_call\n"
    ".type host_interruptible_call, @function\n"
    "host_interruptible_call:\n"
    "  movq %rdi, %rcx\n"
    "  movq %rsi, %rax\n"
    "  movq %rdx, %r11\n"
    "  movq 0(%r11), %rdi\n"
    "  movq 8(%r11), %rsi\n"
    "  movq 16(%r11), %rdx\n"
    "  movq 24(%r11), %r10\n"
    "  movq 32(%r11), %r8\n"
    "  movq 40(%r11), %r9\n"
    ".globl host_call_begin\n"
    ".hidden host_call_begin\n"
    "host_call_begin:\n"
    "  cmpl $0, (%rcx)\n"
    "  jne host_call_not_started\n"
    "  syscall\n"
    ".globl host_call_end\n"
    ".hidden host_call_end\n"
    "host_call_end:\n"
    "  ret\n"
    ".globl host_call_not_started\n"
    ".hidden host_call_not_started\n"
    "host_call_not_started:\n"
    "  movq $-512, %rax\n"
    "  ret\n"
    // (to, from, count)
    ".globl host_copy\n"
    ".type host_copy, @function\n"
    "host_copy:\n"
    "  movq %rdx, %rcx\n"
    ".globl host_copy_begin\n"
    ".hidden host_copy_begin\n"
    "host_copy_begin:\n"
    "  rep movsb\n"
    ".globl host_copy_end\n"
    ".hidden host_copy_end\n"
    "host_copy_end:\n"
    "  movq %rcx, %rax\n"
    "  ret\n"
    ".globl host_restorer\n"
    ".hidden host_restorer\n"
    "host_restorer:\n"
    "  movq $15, %rax\n"
    "  syscall\n");

extern const char host_call_begin[], host_call_end[], host_call_not_started[], host_copy_begin[], host_copy_end[],
    host_restorer[];

// Says where the emulator itself faulted, or trapped.
static void say_fault(uintptr_t pc, uintptr_t address) {
  char text[] = "apus-riscv64: internal error: at 0x................ the emulator accessed 0x................\n";
  char *ends[] = {strchr(text, '.') + 15, strrchr(text, '.')};
  uintptr_t values[] = {pc, address};
  for (int i = 0; i < 2; i++)
    for (int digit = 0; digit < 16; digit++) ends[i][-digit] = "0123456789abcdef"[values[i] >> 4 * digit & 15];
  syscall(SYS_write, STDERR_FILENO, text, sizeof text - 1);
}

// Whether an instruction raised it, here and now. A child's end may come as any signal, with a code that looks like it.
static int is_exception(int number, const siginfo_t *information, const ucontext_t *interrupted) {
  const greg_t *registers = interrupted->uc_mcontext.gregs;
  greg_t address = (greg_t)(uintptr_t)information->si_addr;
  enum { INVALID_OPCODE = 6, GENERAL_PROTECTION = 13, PAGE_FAULT = 14 };
  if (information->si_code <= 0) return 0;
  if (number == SIGILL) return registers[REG_TRAPNO] == INVALID_OPCODE && address == registers[REG_RIP];
  if (number != SIGSEGV && number != SIGBUS) return 0;
  if (registers[REG_TRAPNO] == PAGE_FAULT) return address == registers[REG_CR2];
  return registers[REG_TRAPNO] == GENERAL_PROTECTION && information->si_code == SI_KERNEL;
}

static void keep(struct host_signals *signals, int kind, int number, const siginfo_t *information) {
  signals->numbers[kind] = number;
  memcpy(signals->information[kind], information, sizeof signals->information[kind]);
  __atomic_fetch_or(&signals->recorded, 1u << kind, __ATOMIC_SEQ_CST);
}

static void record(int number, siginfo_t *information, void *context) {
  ucontext_t *interrupted = context;
  uintptr_t pc = (uintptr_t)interrupted->uc_mcontext.gregs[REG_RIP];
  int is_fault = is_exception(number, information, interrupted);
  struct host_signals *signals = signals_here;
  if (is_fault) {
    if (number != SIGILL && signals != NULL && pc >= signals->code_begin && pc < signals->code_end) {
      interrupted->uc_mcontext.gregs[REG_RAX] = (greg_t)pc;
      interrupted->uc_mcontext.gregs[REG_RDX] = (greg_t)(uintptr_t)information->si_addr;
      interrupted->uc_mcontext.gregs[REG_RIP] = (greg_t)signals->fault_exit;
      return;
    }
    if (pc >= (uintptr_t)host_copy_begin && pc < (uintptr_t)host_copy_end) {
      // rcx says how much is left.
      interrupted->uc_mcontext.gregs[REG_RIP] = (greg_t)host_copy_end;
      return;
    }
    uintptr_t address = (uintptr_t)information->si_addr;
    if (number == SIGBUS && signals != NULL && address >= signals->window_begin && address < signals->window_end) {
      void *page = (void *)(address & -4096ul);
      int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
      if ((void *)syscall(SYS_mmap, page, 4096, PROT_READ | PROT_WRITE, flags, -1, 0) == page) {
        information->si_addr = (void *)(address - signals->window_begin);
        keep(signals, HOST_SIGNAL_BUS, number, information);
        return;
      }
    }
    // Nobody provided for this one: the instruction runs again, and the host does what it does by default.
    say_fault(pc, (uintptr_t)information->si_addr);
    host_signal_disposition(number, 0, 0);
    return;
  }
  // An instruction of the emulator's own: a check of Swift's that failed.
  if ((number == SIGILL || number == SIGFPE) && information->si_code > 0 && (uintptr_t)information->si_addr == pc) {
    say_fault(pc, pc);
    host_signal_disposition(number, 0, 0);
    return;
  }
  if (signals == NULL) return;
  int kind = number == SIGSEGV ? HOST_SIGNAL_SEGV : number == SIGBUS ? HOST_SIGNAL_BUS : HOST_SIGNAL_ANY;
  keep(signals, kind, number, information);
  if (kind == HOST_SIGNAL_ANY) {
    // No other comes until this one is delivered.
    uint64_t mask = ~(bit(SIGSEGV) | bit(SIGBUS));
    memcpy(&interrupted->uc_sigmask, &mask, sizeof mask);
  }
  if (pc >= (uintptr_t)host_call_begin && pc < (uintptr_t)host_call_end)
    interrupted->uc_mcontext.gregs[REG_RIP] = (greg_t)host_call_not_started;
}

static void *restorer(void) { return (void *)host_restorer; }

#else

// Another processor needs these lines anew: the program says so and ends before any of them is reached.
int host_user_available(void) { return 0; }
long host_system_call(long number, const long a[6]) {
  long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result < 0 ? -errno : result;
}
long host_interruptible_call(struct host_signals *signals, long number, const long arguments[6]) {
  return signals->recorded ? HOST_NOT_STARTED : host_system_call(number, arguments);
}
size_t host_copy(void *to, const void *from, size_t count) {
  memcpy(to, from, count);
  return 0;
}
static void record(int number, siginfo_t *information, void *context) {}
static void *restorer(void) { return NULL; }

#endif

int host_signal_disposition(int number, int disposition, unsigned long flags) {
  struct kernel_action action = {.restorer = restorer(), .mask = ~0ull};
  action.flags = flags | SA_SIGINFO | KERNEL_SA_RESTORER;
  action.handler = disposition == 2 ? (void *)record : disposition == 1 ? (void *)SIG_IGN : (void *)SIG_DFL;
  return syscall(SYS_rt_sigaction, number, &action, NULL, sizeof action.mask) < 0 ? -errno : 0;
}

int host_signal_is_ignored(int number) {
  struct kernel_action action;
  if (syscall(SYS_rt_sigaction, number, NULL, &action, sizeof action.mask) < 0) return -errno;
  return action.handler == (void *)SIG_IGN;
}

static void set_mask(uint64_t mask) { syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof mask); }

void host_signal_mask(uint64_t mask) {
  mask &= ~(bit(SIGSEGV) | bit(SIGBUS));
  if (signals_here == NULL) return set_mask(mask);
  long arguments[6] = {SIG_SETMASK, (long)&mask, 0, sizeof mask};
  host_interruptible_call(signals_here, SYS_rt_sigprocmask, arguments);
}

void host_signals_block(void) { set_mask(~(bit(SIGSEGV) | bit(SIGBUS))); }

uint64_t host_signal_current_mask(void) {
  uint64_t mask = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof mask);
  return mask;
}

void host_die_by(int number) {
  host_signal_disposition(number, 0, 0);
  uint64_t mask = ~bit(number);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof mask);
  for (;;) {
    syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), number);
    // A signal whose default is not to die.
    syscall(SYS_exit_group, 128 + number);
  }
}

long host_vfork(int (*body)(void *), void *context, void *stack, int flags, int *descriptor) {
  int process = clone(body, stack, CLONE_VM | CLONE_VFORK | flags, context, descriptor);
  return process < 0 ? -errno : process;
}

long host_fork(void) {
  pid_t process = fork();
  return process < 0 ? -errno : process;
}

long host_fork_as(struct host_clone *request) {
  // Where the C library keeps the thread's number: the child's has another.
  int *number = NULL;
  if (prctl(PR_GET_TID_ADDRESS, &number) == 0 && number != NULL) {
    request->flags |= CLONE_CHILD_SETTID;
    request->child_id = (uint64_t)(uintptr_t)number;
  }
  long process = syscall(SYS_clone3, request, sizeof *request);
  return process < 0 ? -errno : process;
}

unsigned long host_auxiliary(unsigned long type) { return getauxval(type); }

long host_remap(void *memory, size_t old_size, size_t new_size, int flags, void *target) {
  long result = syscall(SYS_mremap, memory, old_size, new_size, flags, target);
  return result < 0 ? -errno : result;
}
