// Each system call of the list "calls.h" with simple and with senseless arguments: what comes back, as Linux says it. A
// line for each; what is not an error is only "done".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

// Newer than the headers; the numbers are the same everywhere.
#define SYS_cachestat 451
#define SYS_fchmodat2 452
#define SYS_map_shadow_stack 453
#define SYS_futex_wake 454
#define SYS_futex_wait 455
#define SYS_futex_requeue 456
#define SYS_statmount 457
#define SYS_listmount 458
#define SYS_lsm_get_self_attr 459
#define SYS_lsm_set_self_attr 460
#define SYS_lsm_list_modules 461
#define SYS_mseal 462

static const struct {
  const char *name;
  long number;
} calls[] = {
#define CALL(name) {#name, SYS_##name},
#include "calls.h"
};

static void wake(int number) {}

// Errors, or zero; the child has no file to tell them by.
enum { COUNT = 12 };
static int *told;

static int call(long number, const long a[6]) {
  errno = 0;
  long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result == -1 ? errno : 0;
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  // What is made for everybody goes with it.
  unshare(CLONE_NEWIPC);
  told = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
    memset(told, 0xff, COUNT * sizeof *told);
    pid_t child = fork();
    if (child == 0) {
      chdir("/");
      struct rlimit files = {50, 50};
      setrlimit(RLIMIT_NOFILE, &files);
      setgroups(0, NULL);
      if (setgid(64998) || setuid(64998)) _exit(1);
      // The same addresses everywhere: they are flags and sizes, too.
      const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
      char *page = mmap((void *)0x20000000, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
      char *constant = mmap((void *)0x30000000, 4096, PROT_READ, flags, -1, 0);
      struct sigaction action = {.sa_handler = wake};
      sigaction(SIGALRM, &action, NULL);
      // What waits is woken.
      struct itimerval soon = {{0, 20000}, {0, 20000}};
      setitimer(ITIMER_REAL, &soon, NULL);

      long p = (long)page, r = (long)constant;
      const long arguments[COUNT][6] = {
          {0, 0, 0, 0, 0, 0}, {-1, -1, -1, -1, -1, -1}, {16, 16, 16, 16, 16, 16}, {p, p, 8, 0, 0, 0},
          {1, p, 8, p, 0, 0}, {77, p, 8, p, p, 8}, {77, 1, p, p, p, p}, {0, r, 4096, 0, 0, 0}, {r, 8, r, 8, r, 8},
          {-100, p, p, 0, p, 0}, {1, 1, 1, 1, 1, 1}, {-100, r, 0, r, 0, 0},
      };
      dup2(open("/dev/null", O_RDONLY), 0);
      dup2(memfd_create("one", 0), 1);
      for (int j = 0; j < COUNT; j++) told[j] = call(calls[i].number, arguments[j]);
      _exit(0);
    }
    int state;
    waitpid(child, &state, 0);
    printf("%s:", calls[i].name);
    for (int j = 0; j < COUNT; j++) printf(" %s", told[j] < 0 ? "-" : told[j] ? strerrorname_np(told[j]) : "done");
    printf(state ? ", %x\n" : "\n", state);
  }
  return 0;
}
