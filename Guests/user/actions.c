// Signals: what each does by default, what handlers are told, alternate stacks, timers, what programs inherit.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void says(const char *what, long result) {
  printf("%s: %ld %s\n", what, result < 0 ? -1 : result, result < 0 ? strerror(errno) : "");
}

static volatile int hits, last, last_code, last_value, depth, deepest;
static void *volatile last_address;

static void handler(int number, siginfo_t *information, void *context) {
  hits++;
  last = number;
  last_code = information->si_code;
  last_value = information->si_value.sival_int;
  last_address = information->si_addr;
}

static void set(int number, void *to, int flags) {
  struct sigaction action = {.sa_sigaction = to, .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  if (sigaction(number, &action, NULL)) printf("%d: %s\n", number, strerror(errno));
}

// The kernel's own call: the C library keeps two for itself.
static int kernel_set(int number, void *to) {
  struct {
    void *handler;
    unsigned long flags, more[3];
  } action = {to, 0};
  return syscall(SYS_rt_sigaction, number, &action, NULL, 8);
}

static void defaults(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  for (int number = 1; number <= 64; number++) {
    pid_t child = fork();
    if (child == 0) {
      kernel_set(number, SIG_DFL);
      syscall(SYS_tgkill, getpid(), gettid(), number);
      _exit(99);
    }
    int state;
    waitpid(child, &state, WUNTRACED);
    if (WIFSTOPPED(state)) {
      printf("%d stops\n", number);
      kill(child, SIGKILL);
      waitpid(child, &state, 0);
    } else if (WIFSIGNALED(state)) {
      printf(number == WTERMSIG(state) ? "%d kills\n" : "%d kills by %d\n", number, WTERMSIG(state));
    } else {
      printf("%d: %d\n", number, WEXITSTATUS(state));
    }
  }
}

static void each(void) {
  int missed = 0;
  for (int number = 1; number <= 64; number++) {
    if (number == SIGKILL || number == SIGSTOP || number == 32 || number == 33) continue;
    set(number, handler, 0);
    hits = last = 0;
    if (raise(number) || hits != 1 || last != number || last_code != SI_TKILL) missed++;
    kill(getpid(), number);
    if (hits != 2 || last_code != SI_USER) missed++;
    if (number > 33) {
      sigqueue(getpid(), number, (union sigval){.sival_int = number * 3});
      if (hits != 3 || last_code != SI_QUEUE || last_value != number * 3) missed++;
    }
    signal(number, SIG_IGN);
    raise(number);
    if (hits != (number > 33 ? 3 : 2)) missed++;
    signal(number, SIG_DFL);
  }
  printf("each: %d missed\n", missed);
  says("KILL", signal(SIGKILL, SIG_IGN) == SIG_ERR ? -1 : 0);
  says("STOP", signal(SIGSTOP, SIG_IGN) == SIG_ERR ? -1 : 0);
  says("65", kernel_set(65, SIG_IGN));
  says("0", kernel_set(0, SIG_IGN));
  // What flags there are a program can ask (sigaction(2), SA_UNSUPPORTED).
  struct {
    void *handler;
    unsigned long flags, more[3];
  } action = {SIG_IGN, 0x400 | 0x800 | SA_RESTART, {0}}, now;
  syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 8);
  syscall(SYS_rt_sigaction, SIGUSR1, NULL, &now, 8);
  printf("flags %lx\n", now.flags);
}

static void nest(int number, siginfo_t *information, void *context) {
  if (++depth > deepest) deepest = depth;
  hits++;
  if (hits < 5) raise(number);
  depth--;
}

static void flags(void) {
  hits = depth = deepest = 0;
  set(SIGUSR1, nest, SA_NODEFER);
  raise(SIGUSR1);
  printf("SA_NODEFER: %d deep %d\n", hits, deepest);
  hits = depth = deepest = 0;
  set(SIGUSR1, nest, 0);
  raise(SIGUSR1);
  printf("without: %d deep %d\n", hits, deepest);
  hits = 0;
  set(SIGUSR1, handler, SA_RESETHAND);
  raise(SIGUSR1);
  struct sigaction now;
  sigaction(SIGUSR1, NULL, &now);
  printf("SA_RESETHAND: %d default %d\n", hits, now.sa_handler == SIG_DFL);
  // Children that nobody waits for, and stops that nobody is told of.
  hits = 0;
  set(SIGCHLD, handler, SA_NOCLDWAIT | SA_RESTART);
  if (fork() == 0) _exit(1);
  says("SA_NOCLDWAIT", wait(NULL));
  printf("told %d\n", hits);
  set(SIGCHLD, handler, SA_NOCLDSTOP | SA_RESTART);
  hits = 0;
  pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    _exit(3);
  }
  int state;
  waitpid(child, &state, WUNTRACED);
  printf("stopped %d told %d\n", WSTOPSIG(state), hits);
  kill(child, SIGCONT);
  waitpid(child, &state, WCONTINUED);
  printf("continued %d\n", WIFCONTINUED(state));
  waitpid(child, &state, 0);
  while (hits == 0) usleep(100);
  printf("ended %x told %d code %d\n", state, hits, last_code == CLD_EXITED);
  signal(SIGCHLD, SIG_DFL);
}

static char space[65536];
static sigjmp_buf back;
static volatile int on_stack;

static void overflowed(int number, siginfo_t *information, void *context) {
  char here;
  on_stack = &here >= space && &here < space + sizeof space;
  last_code = information->si_code;
  siglongjmp(back, 1);
}

static volatile long sum;
static void recurse(long n) {
  volatile char page[4096];
  page[n & 4095] = n;
  if (n >= 0) recurse(n + 1);
  sum += page[0];
}

static void inside(int number, siginfo_t *information, void *context) {
  stack_t now, other = {.ss_sp = space, .ss_size = 4096};
  sigaltstack(NULL, &now);
  printf("inside: flags %x, ", now.ss_flags);
  says("change", sigaltstack(&other, NULL));
}

static void stacks(void) {
  stack_t stack = {.ss_sp = space, .ss_size = sizeof space}, now;
  says("sigaltstack", sigaltstack(&stack, NULL));
  set(SIGSEGV, overflowed, SA_ONSTACK);
  pid_t child = fork();
  if (child == 0) {
    struct rlimit limit = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_STACK, &limit);
    for (int i = 0; i < 3; i++)
      if (!sigsetjmp(back, 1)) recurse(0);
    printf("overflow: on the other stack %d code %d\n", on_stack, last_code == SEGV_MAPERR || last_code == SEGV_ACCERR);
    _exit(0);
  }
  int state;
  waitpid(child, &state, 0);
  // Without another stack nothing can be told.
  child = fork();
  if (child == 0) {
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
    recurse(0);
  }
  waitpid(child, &state, 0);
  printf("without: %d\n", WTERMSIG(state));
  set(SIGUSR1, inside, SA_ONSTACK);
  raise(SIGUSR1);
  stack.ss_flags = 1u << 31;
  says("SS_AUTODISARM", sigaltstack(&stack, NULL));
  raise(SIGUSR1);
  sigaltstack(NULL, &now);
  printf("after: %d\n", now.ss_size == 4096);
  stack.ss_flags = 0;
  stack.ss_size = 100;
  says("small", sigaltstack(&stack, NULL));
  stack.ss_flags = 77;
  stack.ss_size = sizeof space;
  says("flags", sigaltstack(&stack, NULL));
  says("nowhere", sigaltstack((void *)16, NULL));
  // A blocked exception kills, whatever the handler.
  child = fork();
  if (child == 0) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGSEGV);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    *(volatile int *)16 = 1;
    _exit(1);
  }
  waitpid(child, &state, 0);
  printf("blocked: %d\n", WTERMSIG(state));
  // So does an ignored one.
  child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_IGN);
    raise(SIGSEGV);
    *(volatile int *)16 = 1;
    _exit(1);
  }
  waitpid(child, &state, 0);
  printf("ignored: %d\n", WTERMSIG(state));
}

static volatile pid_t number_of_thread, who;
static void note_thread(int number, siginfo_t *information, void *context) {
  who = gettid();
  last_code = information->si_code;
  last_value = information->si_value.sival_int;
  hits++;
}
static void *wait_here(void *argument) {
  number_of_thread = gettid();
  while (hits < 3) usleep(1000);
  return NULL;
}
static void notified(union sigval value) { hits = value.sival_int; }

static void timers(void) {
  set(SIGRTMIN, note_thread, SA_RESTART);
  hits = 0;
  pthread_t thread;
  pthread_create(&thread, NULL, wait_here, NULL);
  while (!number_of_thread) sched_yield();
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 55};
  event._sigev_un._tid = number_of_thread;
  timer_t timer;
  says("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer));
  struct itimerspec times = {{0, 1000000}, {0, 1000000}}, left;
  says("timer_settime", timer_settime(timer, 0, &times, NULL));
  pthread_join(thread, NULL);
  printf("thread's own %d code %d value %d\n", who == number_of_thread, last_code == SI_TIMER, last_value);
  says("timer_gettime", timer_gettime(timer, &left));
  printf("interval %ld\n", left.it_interval.tv_nsec);
  says("timer_delete", timer_delete(timer));
  says("timer_delete", timer_delete(timer));
  // Expirations while it is blocked count.
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &mask, NULL);
  event.sigev_notify = SIGEV_SIGNAL;
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  timer_settime(timer, 0, &times, NULL);
  usleep(30000);
  siginfo_t information;
  sigwaitinfo(&mask, &information);
  printf("overrun %d %d\n", information.si_overrun > 3, timer_getoverrun(timer) > 3);
  timer_delete(timer);
  sigprocmask(SIG_UNBLOCK, &mask, NULL);
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_notify_function = notified;
  event.sigev_notify_attributes = NULL;
  hits = 0;
  times.it_interval.tv_nsec = 0;
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  timer_settime(timer, 0, &times, NULL);
  while (hits != 55) usleep(1000);
  printf("SIGEV_THREAD\n");
  timer_delete(timer);
  // Time that is used.
  int kinds[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}, numbers[] = {SIGALRM, SIGVTALRM, SIGPROF};
  for (int i = 0; i < 3; i++) {
    set(numbers[i], handler, 0);
    hits = 0;
    struct itimerval used = {{0, 0}, {0, 5000}};
    setitimer(kinds[i], &used, NULL);
    while (!hits) {
    }
    printf("timer %d: %d\n", i, last == numbers[i]);
  }
  hits = 0;
  alarm(1);
  printf("left %d\n", alarm(0));
}

static void inheritance(char *self) {
  pid_t child = fork();
  if (child == 0) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    raise(SIGUSR2);
    signal(SIGHUP, SIG_IGN);
    set(SIGUSR1, handler, 0);
    execl("/proc/self/exe", self, "inherits", NULL);
    _exit(1);
  }
  int state;
  waitpid(child, &state, 0);
  printf("inherited %x\n", state);
}

static int inherits(void) {
  sigset_t mask, pending;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  sigpending(&pending);
  struct sigaction ignored, handled;
  sigaction(SIGHUP, NULL, &ignored);
  sigaction(SIGUSR1, NULL, &handled);
  printf("blocked %d pending %d ignored %d default %d\n", sigismember(&mask, SIGUSR2), sigismember(&pending, SIGUSR2),
         ignored.sa_handler == SIG_IGN, handled.sa_handler == SIG_DFL);
  return 0;
}

// What a process may tell itself.
static void stories(void) {
  set(SIGSEGV, handler, 0);
  siginfo_t story = {.si_signo = SIGSEGV, .si_code = SEGV_ACCERR, .si_addr = (void *)0x1234};
  hits = 0;
  says("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, getpid(), SIGSEGV, &story));
  printf("%d code %d at %p\n", hits, last_code, last_address);
  story.si_code = SI_QUEUE;
  says("rt_tgsigqueueinfo", syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGSEGV, &story));
  printf("%d code %d\n", hits, last_code);
  story.si_code = SEGV_MAPERR;
  says("another's", syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &story));
}

static void queues(void) {
  pid_t child = fork();
  if (child == 0) {
    struct rlimit few = {10, 10};
    setrlimit(RLIMIT_SIGPENDING, &few);
    if (setuid(64322)) _exit(1);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    int count = 0;
    while (sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = count}) == 0 && count < 100) count++;
    printf("queued %d: %s\n", count > 4 && count < 12, strerror(errno));
    int file = signalfd(-1, &mask, SFD_NONBLOCK), read_count = 0;
    struct signalfd_siginfo information;
    while (read(file, &information, sizeof information) == sizeof information)
      read_count += information.ssi_int == read_count;
    printf("read all %d: %s\n", read_count == count, strerror(errno));
    _exit(0);
  }
  int state;
  waitpid(child, &state, 0);
}

int main(int count, char **arguments) {
  setvbuf(stdout, NULL, _IONBF, 0);
  if (count > 1 && !strcmp(arguments[1], "inherits")) return inherits();
  defaults();
  each();
  flags();
  stacks();
  timers();
  inheritance(arguments[0]);
  stories();
  queues();
  return 0;
}
