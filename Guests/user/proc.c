// What /proc tells a program about itself agrees with what it knows.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char etext, __executable_start;
static char text[1 << 16];

static const char *contents(const char *path) {
  int file = open(path, O_RDONLY);
  ssize_t count = file < 0 ? 0 : read(file, text, sizeof text - 1);
  text[count < 0 ? 0 : count] = 0;
  close(file);
  return text;
}

static unsigned long field(const char *line, int number) {
  char *at = strrchr(line, ')') + 2;
  for (int i = 3; i < number; i++) at = strchr(at, ' ') + 1;
  return strtoul(at, NULL, 10);
}

static const char *value(const char *name) {
  char *at = strstr(text, name);
  if (!at) return "?";
  at = strchr(at, ':') + 2;
  static char copy[100];
  sscanf(at, "%99[^\n]", copy);
  return copy;
}

static void handler(int number) {}
static void *waits(void *unused) {
  for (;;) pause();
}

int main(int argc, char **argv, char **environment) {
  char path[100], name[20];
  prctl(PR_GET_NAME, name);
  printf("name %s\n", name);
  void *heap = sbrk(0);
  contents("/proc/self/stat");
  printf("stat: %d ", field(text, 4) == getppid());
  printf("%s", strchr(strtok(text, ")"), '(') + 1);
  contents("/proc/self/stat");
  printf(" code %d stack %d arguments %d environment %d threads %lu\n",
         field(text, 26) == (unsigned long)&__executable_start && field(text, 27) >= (unsigned long)&etext,
         field(text, 28) < (unsigned long)argv && field(text, 28) > (unsigned long)name,
         field(text, 48) == (unsigned long)argv[0],
         !environment[0] || field(text, 50) == (unsigned long)environment[0], field(text, 20));
  printf("break %d\n", field(text, 47) <= (unsigned long)heap && field(text, 47) + (1 << 20) > (unsigned long)heap);
  unsigned long before = field(text, 23);
  void *large = mmap(NULL, 64 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  contents("/proc/self/stat");
  printf("grown by %lu MiB\n", (field(text, 23) - before) >> 20);

  signal(SIGUSR1, handler);
  signal(SIGUSR2, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, waits, NULL);
  snprintf(path, sizeof path, "/proc/%d/status", getpid());
  contents(path);
  printf("status: %s, ", value("Name"));
  printf("threads %s, ", value("\nThreads"));
  printf("caught %lx, ", strtoul(value("SigCgt"), NULL, 16) & 1 << (SIGUSR1 - 1));
  printf("ignored %lx, ", strtoul(value("SigIgn"), NULL, 16) & 1 << (SIGUSR2 - 1));
  printf("blocked %s\n", value("SigBlk"));
  snprintf(path, sizeof path, "/proc/self/task/%ld/status", syscall(SYS_gettid));
  contents(path);
  printf("task: %d\n", atoi(value("\nPid")) == syscall(SYS_gettid));

  int memory = open("/proc/self/mem", O_RDWR);
  char data[] = "seen through the file", copy[sizeof data] = "";
  printf("mem: %zd ", pread(memory, copy, sizeof copy, (off_t)data));
  printf("%s, ", copy);
  printf("%zd ", pwrite(memory, "SEEN", 4, (off_t)data));
  printf("%s, ", data);
  printf("%d ", lseek(memory, (off_t)data, SEEK_SET) == (off_t)data);
  printf("%zd ", read(memory, copy, 4));
  printf("%.4s ", copy);
  printf("%d, ", lseek(memory, 0, SEEK_CUR) == (off_t)data + 4);
  printf("nothing at 8: %zd\n", pread(memory, copy, 1, 8));
  int other = dup(memory);
  printf("read-only memory: %zd ", pwrite(other, "x", 1, (off_t)"constant"));
  int null = open("/dev/null", O_RDWR);
  printf("others: %zd %ld\n", write(null, "xx", 2), (long)lseek(null, 0, SEEK_CUR));
  printf("a path: %zd\n", readlink("/proc/self/fd/0", copy, sizeof copy) > 0 ? (ssize_t)1 : -1);
  contents("/proc/self/environ");
  printf("environ: %s\n", environment[0] && strcmp(text, environment[0]) ? text : "same");
  printf("vdso in maps: %d\n", strstr(contents("/proc/self/maps"), "[vdso]") != NULL);
}
