// New processes and threads with all that clone(2) can be asked for, and namespaces. What privilege is missing for says
// so, as on Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

struct request {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static void says(const char *what, long result) {
  printf("%s: %ld %s\n", what, result < 0 ? -1 : result, result < 0 ? strerror(errno) : "");
}

static long begin(struct request r) { return syscall(SYS_clone3, &r, sizeof r); }

static volatile sig_atomic_t ended;
static void handler(int number) { ended = number; }

/// What waits for a child of any kind says of its end.
static int end(pid_t child) {
  int state = -1;
  return waitpid(child, &state, __WALL) == child ? state : -1;
}

static int vfork_body(void *argument) {
  *(int *)argument = 5;
  struct utsname name;
  sethostname("below", 5);
  uname(&name);
  _exit(strcmp(name.nodename, "below") == 0 ? 9 : 1);
}

static void *thread(void *argument) { return (void *)(uintptr_t)gettid(); }

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  signal(SIGUSR1, handler);
  long child = begin((struct request){.exit_signal = SIGUSR1});
  if (child == 0) _exit(3);
  while (!ended) pause();
  printf("ended by SIGUSR1 %d: %x\n", ended == SIGUSR1, end(child));
  child = begin((struct request){0});
  if (child == 0) _exit(4);
  usleep(10000);
  int state;
  says("not a usual child", waitpid(child, &state, 0));
  printf("%x\n", end(child));

  int descriptor = -1;
  child = begin((struct request){.flags = CLONE_PIDFD, .pidfd = (uint64_t)&descriptor, .exit_signal = SIGCHLD});
  if (child == 0) _exit(6);
  siginfo_t information;
  says("by descriptor", waitid(P_PIDFD, descriptor, &information, WEXITED));
  printf("%d %d\n", information.si_pid == child, information.si_status);
  close(descriptor);

  // Files and folders in common.
  chdir("/");
  child = begin((struct request){.flags = CLONE_FILES | CLONE_FS, .exit_signal = SIGCHLD});
  if (child == 0) {
    chdir("/proc");
    _exit(open("/dev/null", O_RDONLY) == descriptor ? 0 : 1);
  }
  char folder[64];
  printf("%x ", end(child));
  printf("%s open %d\n", getcwd(folder, sizeof folder), fcntl(descriptor, F_GETFD) == 0);
  close(descriptor);

  // A child that is its parent's sibling.
  child = begin((struct request){.exit_signal = SIGCHLD});
  if (child == 0) {
    long grandchild = begin((struct request){.flags = CLONE_PARENT});
    if (grandchild == 0) _exit(8);
    _exit(grandchild > 0 ? 1 : 2);
  }
  printf("parent %x", end(child));
  int sibling = -1;
  pid_t which = waitpid(-1, &sibling, __WALL);
  printf(" sibling %d %x\n", which > 0 && which != child, sibling);

  // A chosen number.
  int wanted = 30011;
  child = begin((struct request){.exit_signal = SIGCHLD, .set_tid = (uint64_t)&wanted, .set_tid_size = 1});
  if (child == 0) _exit(getpid() == wanted && gettid() == wanted ? 0 : 1);
  says("set_tid", child < 0 ? -1 : child == wanted ? 0 : 1);
  if (child > 0) printf("%x\n", end(child));

  // Namespaces.
  struct utsname before, now;
  uname(&before);
  child = begin((struct request){.flags = CLONE_NEWUTS, .exit_signal = SIGCHLD});
  if (child == 0) {
    sethostname("inside", 6);
    uname(&now);
    _exit(strcmp(now.nodename, "inside") == 0 ? 0 : 1);
  }
  says("CLONE_NEWUTS", child < 0 ? -1 : 0);
  if (child > 0) printf("%x\n", end(child));
  uname(&now);
  printf("unchanged %d\n", strcmp(before.nodename, now.nodename) == 0);
  child = begin((struct request){.flags = CLONE_NEWPID | CLONE_NEWNS, .exit_signal = SIGCHLD});
  if (child == 0) {
    if (fork() == 0) _exit(getpid() > 1 && getpid() < 9 ? 12 : 1);
    int inner;
    wait(&inner);
    _exit(getpid() == 1 && getppid() == 0 ? WEXITSTATUS(inner) : 2);
  }
  says("CLONE_NEWPID", child < 0 ? -1 : 0);
  if (child > 0) printf("%x\n", end(child));
  child = begin((struct request){.flags = CLONE_NEWUSER | CLONE_NEWPID, .exit_signal = SIGCHLD});
  if (child == 0) _exit(getpid() == 1 && getuid() == 65534 ? 0 : 1);
  says("CLONE_NEWUSER", child < 0 ? -1 : 0);
  if (child > 0) printf("%x\n", end(child));
  static char stack[65536];
  int written = 0;
  child = clone(vfork_body, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_NEWUTS | SIGCHLD, &written);
  says("vfork in a namespace", child < 0 ? -1 : 0);
  if (child > 0) printf("%x shared %d\n", end(child), written);

  // The same by unshare and setns.
  child = fork();
  if (child == 0) {
    says("unshare", unshare(CLONE_NEWPID));
    pid_t first = fork();
    if (first == 0) {
      pause();
      _exit(0);
    }
    pid_t second = fork();
    if (second == 0) _exit(getpid());
    printf("second %d\n", second < 0 ? -1 : WEXITSTATUS(end(second)));
    if (first > 0) kill(first, SIGKILL), end(first);
    says("after the first", fork());
    _exit(0);
  }
  end(child);
  child = fork();
  if (child == 0) {
    int own = open("/proc/self/ns/uts", O_RDONLY), pids = open("/proc/self/ns/pid", O_RDONLY);
    says("unshare", unshare(CLONE_NEWUTS | CLONE_NEWIPC));
    sethostname("elsewhere", 9);
    says("setns", setns(own, CLONE_NEWUTS));
    uname(&now);
    printf("back %d\n", strcmp(before.nodename, now.nodename) == 0);
    says("setns of numbers", setns(pids, 0));
    pid_t inner = fork();
    if (inner == 0) _exit(11);
    printf("%x\n", end(inner));
    says("wrong kind", setns(own, CLONE_NEWPID));
    says("no file", setns(999, 0));
    _exit(0);
  }
  end(child);

  // What makes no sense.
  says("signal with a thread", begin((struct request){.flags = CLONE_THREAD, .exit_signal = SIGCHLD}));
  says("thread without memory", begin((struct request){.flags = CLONE_THREAD}));
  says("handlers without memory", begin((struct request){.flags = CLONE_SIGHAND, .exit_signal = SIGCHLD}));
  says("no such signal", begin((struct request){.exit_signal = 99}));
  says("stack without size", begin((struct request){.exit_signal = SIGCHLD, .stack = (uint64_t)stack}));
  says("no cgroup", begin((struct request){.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = 999}));
  says("unknown", begin((struct request){.flags = 1ull << 40, .exit_signal = SIGCHLD}));
  says("mounts and folders", begin((struct request){.flags = CLONE_NEWNS | CLONE_FS, .exit_signal = SIGCHLD}));
  says("small", syscall(SYS_clone3, stack, 8));
  says("large", syscall(SYS_clone3, stack, 5000));
  says("nowhere", syscall(SYS_clone3, 16, 88));
  stack[100] = 1;
  says("newer", syscall(SYS_clone3, stack, 128));

  // Threads still start.
  pthread_t t;
  void *number = NULL;
  pthread_create(&t, NULL, thread, NULL);
  pthread_join(t, &number);
  printf("thread %d\n", (uintptr_t)number != (uintptr_t)getpid());
  return 0;
}
