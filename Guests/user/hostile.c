// System calls with arguments that make no sense: the kernel, or who plays it, refuses them or does them, and lives. Each
// child asks for many; what it may end by are its own signals and exits.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t state;
static uint64_t next(void) {
  state += 0x9e3779b97f4a7c15;
  uint64_t z = state;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

static char *memory, *edge;

static uint64_t argument(void) {
  switch (next() % 14) {
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
  default: return (uint64_t)&state;
  }
}

// What would end, stop or hide the children, change the host, or fill it.
static int is_left_out(long number) {
  static const int numbers[] = {
      SYS_exit, SYS_exit_group, SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
      SYS_pidfd_send_signal, SYS_reboot, SYS_clone, SYS_clone3, SYS_execve, SYS_execveat, SYS_rt_sigreturn,
      SYS_unlinkat, SYS_renameat2, SYS_mount, SYS_umount2, SYS_vhangup, SYS_syslog, SYS_setsid, SYS_setpgid,
      SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex, SYS_sethostname, SYS_setdomainname,
      SYS_sched_setaffinity, SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setattr, SYS_setpriority,
      SYS_rt_sigsuspend, SYS_ppoll, SYS_pselect6, SYS_nanosleep, SYS_clock_nanosleep, SYS_rt_sigtimedwait, SYS_futex,
      SYS_epoll_pwait, SYS_epoll_pwait2, SYS_wait4, SYS_waitid, SYS_flock, SYS_sync, SYS_syncfs, SYS_fallocate, SYS_msgget,
      SYS_semget, SYS_shmget, SYS_mlock, SYS_mlock2, SYS_msgrcv, SYS_semtimedop, SYS_semop, SYS_swapoff, SYS_swapon,
      SYS_setrlimit, SYS_prlimit64, SYS_dup3, SYS_close, SYS_close_range, SYS_fcntl, SYS_ioctl, SYS_read, SYS_readv,
      SYS_pivot_root, SYS_chroot, SYS_acct, SYS_fsync, SYS_fdatasync, SYS_setitimer, SYS_timer_settime, 454, 455,
      SYS_mq_timedreceive, SYS_accept, SYS_accept4, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg, SYS_splice, SYS_tee,
      SYS_vmsplice, SYS_sendfile, SYS_copy_file_range, SYS_unshare, SYS_setns, SYS_landlock_restrict_self,
      // The program's own mappings go, and it with them.
      SYS_munmap, SYS_mremap, SYS_mprotect, SYS_brk, SYS_madvise, SYS_mmap,
  };
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (numbers[i] == number) return 1;
  return 0;
}

int main(int count, char **arguments) {
  uint64_t seed = count > 1 ? strtoull(arguments[1], NULL, 0) : 1;
  int children = count > 2 ? atoi(arguments[2]) : 20;
  setvbuf(stdout, NULL, _IONBF, 0);
  memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(edge + 4096, 4096);
  edge += 4096;
  int bad = 0, died = 0, reported = 0;
  // What is said of a child's death comes by a pipe, which the child can neither cut nor wind back.
  int said[2];
  pipe(said);
  dup2(said[1], 2);
  close(said[1]);
  for (int child = 0; child < children; child++) {
    pid_t process = fork();
    if (process == 0) {
      state = seed * 1000 + child;
      chdir("/");
      // Nobody, so that the host is safe.
      if (getuid() == 0 && (setgid(65534) || setuid(65534))) _exit(2);
      close(0);
      close(1);
      close(said[0]);
      for (int i = 0; i < 1500; i++) {
        for (int j = 0; j < 32; j++) ((uint64_t *)memory)[j] = argument();
        long number = next() % 470;
        uint64_t a = argument(), b = argument(), c = argument(), d = argument(), e = argument(), f = argument();
        if (!is_left_out(number)) syscall(number, a, b, c, d, e, f);
      }
      // All mappings may go now.
      static const int mapping[] = {SYS_munmap, SYS_mremap, SYS_mprotect, SYS_brk, SYS_madvise, SYS_mmap};
      for (int i = 0; i < 300; i++) syscall(mapping[next() % 6], argument(), argument(), argument(), argument(), argument(), argument());
      _exit(0);
    }
    int status;
    waitpid(process, &status, 0);
    // What it does to itself: its memory, its handlers and timers.
    died += WIFSIGNALED(status);
    char text[65536];
    if (WIFSIGNALED(status)) {
      long length = read(said[0], text, sizeof text);
      reported += length > 0 && memmem(text, length, "killed by SIG", 13) != NULL;
    }
    int is_fine = WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS;
    if (!is_fine) printf("child %d: %x\n", child, status), bad++;
  }
  printf("%d bad, %d died and were not reported\n", bad, died - reported);
  return bad != 0;
}
