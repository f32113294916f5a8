// System calls with arguments that make no sense: the kernel, or who plays it, refuses them or does them, and lives. Each
// child asks for many, as nobody and, where the superuser may, in namespaces of its own; what it may end by are its own
// signals and exits. Arguments: a seed, how many children.
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t state;
static uint64_t next(void) {
  state += 0x9e3779b97f4a7c15;
  uint64_t z = state;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

// Usable; before a gap; around a gap; read-only; instructions; behind a file's end.
static char *memory, *edge, *gap, *constant, *code, *behind;

static uint64_t any_argument(void) {
  switch (next() % 18) {
  case 0: return 0;
  case 1: return next() % 8;
  case 2: return next();
  case 3: return (uint64_t)-(next() % 4096);
  case 4: return (uint64_t)memory + next() % 4096;
  case 5: return (uint64_t)edge - next() % 64;
  case 6: return 1ull << next() % 64;
  case 7: return next() % 65536;
  case 8: return 0x4000000000 - next() % 8192;
  case 9: return (uint64_t)memory & ~4095ull;
  case 10: return (uint64_t)-100;
  case 11: return (next() % 64) * 4096;
  case 12: return 16 + next() % 2048;
  case 13: return (uint64_t)gap + 4096 - next() % 64;
  case 14: return (uint64_t)constant + next() % 4096;
  case 15: return (uint64_t)code + 8 * (next() % 512);
  case 16: return (uint64_t)behind + next() % 4096;
  default: return (uint64_t)&state;
  }
}

// Descriptor 2 is where deaths are told.
static uint64_t argument(void) {
  uint64_t value = any_argument();
  return (uint32_t)value == 2 ? 9 : value;
}

static int is_among(long number, const short *numbers, unsigned size) {
  for (unsigned i = 0; i < size / sizeof *numbers; i++)
    if (numbers[i] == number) return 1;
  return 0;
}

// Ends that say nothing, and what keeps the machine busy.
static const short never[] = {SYS_exit, SYS_exit_group, SYS_close_range, SYS_sync, SYS_syncfs};
// What reaches others, or multiplies. Signals to itself end a child soon: late.
static const short only_alone[] = {
    SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_pidfd_send_signal, SYS_clone,
    SYS_clone3, SYS_msgget, SYS_semget, SYS_shmget, SYS_setpriority, SYS_sched_setaffinity, SYS_mq_open,
};
// The program's own memory and state go, and it with them.
static const short at_the_end[] = {SYS_munmap, SYS_mremap, SYS_mprotect, SYS_brk, SYS_madvise, SYS_mmap, SYS_rt_sigreturn, SYS_shmat};

static volatile long *done;
static void poke(int number) {}

static void child_main(int is_alone) {
  struct rlimit size = {1 << 20, 1 << 20}, processes = {60, 60};
  setrlimit(RLIMIT_FSIZE, &size);
  chdir("/");
  setgroups(0, NULL);
  // Nobody, so that the host is safe.
  if (getuid() == 0 && (setgid(64999) || setuid(64999))) _exit(2);
  setrlimit(RLIMIT_NPROC, &processes);
  struct sigaction action = {.sa_handler = poke};
  sigaction(SIGUSR1, &action, NULL);
  signal(SIGXFSZ, SIG_IGN);
  close(0);
  close(1);
  for (int i = 0; i < 1800; i++) {
    for (int j = 0; j < 64; j++) ((uint64_t *)memory)[j] = argument();
    long number = next() % 470;
    if (i >= 1500 && i % 2) number = at_the_end[next() % (sizeof at_the_end / sizeof *at_the_end)];
    uint64_t a = argument(), b = argument(), c = argument(), d = argument(), e = argument(), f = argument();
    if (is_among(number, never, sizeof never)) continue;
    if (!is_alone && is_among(number, only_alone, sizeof only_alone)) continue;
    if (i < 1500 && is_among(number, at_the_end, sizeof at_the_end)) continue;
    if (i < 1200 && is_among(number, only_alone, 6 * sizeof *only_alone)) continue;
    ++*done;
    syscall(number, a, b, c, d, e, f);
  }
  _exit(0);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int run(uint64_t seed, int children, int is_alone, int out) {
  memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(edge + 4096, 4096);
  edge += 4096;
  gap = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(gap + 4096, 4096);
  constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int file = memfd_create("short", 0);
  write(file, "x", 1);
  behind = (char *)mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) + 4096;
  close(file);
  int bad = 0, died = 0, stuck = 0;
  // What is said of a child's death comes by a pipe, which the child can neither cut nor wind back.
  int said[2];
  pipe2(said, O_NONBLOCK);
  fcntl(said[1], F_SETFL, 0);
  dup2(said[1], 2);
  close(said[1]);
  for (int child = 0; child < children; child++) {
    pid_t process = fork();
    if (process == 0) {
      close(said[0]);
      close(out);
      state = seed * 1000 + child;
      child_main(is_alone);
    }
    static char text[1 << 20];
    long length = 0, got;
    int status = 0;
    double begin = now();
    while (waitpid(process, &status, WNOHANG) == 0) {
      usleep(3000);
      if (now() - begin > 0.2) kill(process, SIGUSR1);
      if (now() - begin > 4) kill(process, SIGKILL), stuck += 1;
      while ((got = read(said[0], text + length, sizeof text - 1 - length)) > 0) length += got;
    }
    while ((got = read(said[0], text + length, sizeof text - 1 - length)) > 0) length += got;
    text[length] = 0;
    died += WIFSIGNALED(status);
    // A death of the program's own is explained; one of the emulator's says so, or nothing.
    int is_own = !WIFSIGNALED(status) || (WTERMSIG(status) != SIGSEGV && WTERMSIG(status) != SIGBUS && WTERMSIG(status) != SIGILL) || strstr(text, "killed by SIG");
    if (!is_own || strstr(text, "internal error") || strstr(text, "Fatal error") || (WIFEXITED(status) && WEXITSTATUS(status) == 2)) {
      dprintf(out, "child %d: %x\n%s\n", child, status, text);
      bad++;
    }
  }
  dprintf(out, "%d of the emulator's deaths\n", bad);
  if (getenv("APUS_HOSTILE_COUNTS")) dprintf(out, "calls %ld died %d stuck %d alone %d\n", *done, died, stuck, is_alone);
  return bad != 0;
}

int main(int count, char **arguments) {
  uint64_t seed = count > 1 ? strtoull(arguments[1], NULL, 0) : 1;
  int children = count > 2 ? atoi(arguments[2]) : 20;
  int is_alone = unshare(CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS) == 0;
  pid_t first = fork();
  if (first == 0) _exit(run(seed, children, is_alone, dup(1)));
  int status;
  waitpid(first, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
