// Files, memory, waiting, sockets and what else a program asks of the system, bad addresses among it.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static void says(const char *what, long result) {
  printf("%s: %ld %s\n", what, result < 0 ? -1 : result, result < 0 ? strerror(errno) : "");
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  char folder[] = "/tmp/apus-files-XXXXXX";
  says("mkdtemp", mkdtemp(folder) ? 0 : -1);
  chdir(folder);
  int file = open("a", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  says("open", file >= 0 ? 0 : -1);
  says("open again", open("a", O_RDWR | O_CREAT | O_EXCL, 0640));
  says("write", write(file, "hello world\n", 12));
  struct iovec vector[2] = {{"abc", 3}, {"defg", 4}};
  says("writev", writev(file, vector, 2));
  says("pwrite", pwrite(file, "HE", 2, 0));
  says("lseek", lseek(file, 0, SEEK_CUR));
  char buffer[64] = {0};
  says("pread", pread(file, buffer, 5, 0));
  printf("%s\n", buffer);
  struct stat status;
  says("fstat", fstat(file, &status));
  printf("mode %o size %ld links %ld uid %d blocks %ld\n", status.st_mode, status.st_size, (long)status.st_nlink,
         status.st_uid == getuid(), (long)status.st_blksize);
  struct stat other;
  says("lstat", lstat("a", &other));
  printf("same %d %d\n", other.st_ino == status.st_ino, other.st_mtim.tv_nsec == status.st_mtim.tv_nsec);
  struct statx extended;
  says("statx", statx(AT_FDCWD, "a", 0, STATX_BASIC_STATS, &extended));
  printf("statx size %ld ino %d\n", (long)extended.stx_size, extended.stx_ino == status.st_ino);
  says("stat of nothing", stat("nothing", &other));
  says("directory", open("a", O_DIRECTORY));
  says("link", symlink("a", "l"));
  says("no follow", open("l", O_NOFOLLOW));
  char link[64] = {0};
  says("readlink", readlink("l", link, sizeof link));
  says("rename", rename("a", "b"));
  says("mkdir", mkdir("d", 0755));
  DIR *directory = opendir(".");
  int entries = 0;
  while (readdir(directory)) entries++;
  printf("entries %d\n", entries);
  closedir(directory);
  says("access", access("b", R_OK));
  says("chmod", chmod("b", 0600));
  says("truncate", ftruncate(file, 5));
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
  says("lock", fcntl(file, F_SETLK, &lock));
  says("flags", fcntl(file, F_GETFD));
  says("dup", fcntl(file, F_DUPFD, 100));
  struct statfs volume;
  says("statfs", statfs("/proc", &volume));
  printf("type %lx name %ld\n", (long)volume.f_type, (long)volume.f_namelen);

  // Bad addresses.
  says("write nothing", write(file, (void *)8, 10));
  says("read nowhere", pread(file, (void *)-4096, 10, 0));
  says("open nowhere", open((char *)0x7fff000000000000, O_RDONLY));
  says("stat nowhere", syscall(SYS_fstat, file, (void *)1));
  says("iovec nowhere", writev(file, (void *)16, 1));
  says("iovec to nowhere", writev(file, &(struct iovec){(void *)16, 4}, 1));
  says("too many", writev(file, vector, 2000));
  says("uname nowhere", syscall(SYS_uname, 16));
  says("no such call", syscall(999, 1));
  says("no such call", syscall(244));

  // Memory.
  char *map = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  strcpy(map, "moved");
  char *larger = mremap(map, 16384, 1 << 20, MREMAP_MAYMOVE);
  printf("mremap %s %d\n", larger, larger[(1 << 20) - 1]);
  says("shrink", mremap(larger, 1 << 20, 4096, 0) == larger ? 0 : -1);
  says("fixed", mmap(map, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == map ? 0 : -1);
  says("no replace", mmap(map, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED ? -1 : 0);
  says("zero", mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
  says("misaligned", munmap(map + 1, 4096));
  says("mprotect nothing", mprotect((void *)0x10000000000, 4096, PROT_READ));
  says("huge", mmap(NULL, 1ul << 50, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
  char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  shared[0] = '!';
  pread(file, buffer, 5, 0);
  printf("shared %s\n", buffer);
  map[0];
  says("madvise", madvise(larger, 4096, MADV_DONTNEED));
  printf("dropped %d\n", larger[0]);
  void *end = sbrk(0);
  says("sbrk", sbrk(100000) == end ? 0 : -1);
  memset(end, 1, 100000);
  says("sbrk back", sbrk(-100000) == (char *)end + 100000 ? 0 : -1);

  // Waiting.
  int ends[2];
  says("pipe", pipe2(ends, O_NONBLOCK));
  says("empty", read(ends[0], buffer, 1));
  struct pollfd poll_entry = {ends[0], POLLIN, 0};
  says("poll", poll(&poll_entry, 1, 10));
  write(ends[1], "12345", 5);
  says("poll", poll(&poll_entry, 1, 10));
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  struct timeval limit = {1, 0};
  says("select", select(ends[0] + 1, &set, NULL, NULL, &limit));
  int available = 0;
  says("FIONREAD", ioctl(ends[0], FIONREAD, &available));
  printf("available %d\n", available);
  int events = epoll_create1(0);
  struct epoll_event event = {EPOLLIN, {.u64 = 0x1122334455667788}};
  says("epoll_ctl", epoll_ctl(events, EPOLL_CTL_ADD, ends[0], &event));
  struct epoll_event got[3];
  says("epoll_wait", epoll_wait(events, got, 3, 100));
  printf("data %lx %x\n", (long)got[0].data.u64, got[0].events);
  int counter = eventfd(3, 0);
  uint64_t value;
  says("eventfd", read(counter, &value, 8));
  printf("value %ld\n", (long)value);
  int timer = timerfd_create(CLOCK_MONOTONIC, 0);
  struct itimerspec in = {{0, 0}, {0, 1000000}};
  says("timerfd", timerfd_settime(timer, 0, &in, NULL));
  says("expired", read(timer, &value, 8));

  // Sockets with descriptors and several buffers.
  int pair[2];
  says("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  struct {
    struct cmsghdr header;
    int descriptor;
  } control = {{CMSG_LEN(4), SOL_SOCKET, SCM_RIGHTS}, file};
  struct msghdr message = {.msg_iov = vector, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
  says("sendmsg", sendmsg(pair[0], &message, 0));
  char one[4] = {0}, two[10] = {0};
  struct iovec into[2] = {{one, 3}, {two, 9}};
  control.descriptor = -1;
  struct msghdr received = {.msg_iov = into, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
  says("recvmsg", recvmsg(pair[1], &received, 0));
  printf("%s %s %d %d\n", one, two, control.descriptor > 2, (int)received.msg_flags);

  // Who and where.
  struct utsname name;
  says("uname", uname(&name));
  printf("%s %s\n", name.sysname, name.machine);
  printf("page %ld secure %ld clock %ld\n", getauxval(AT_PAGESZ), getauxval(AT_SECURE), getauxval(AT_CLKTCK));
  printf("hwcap %lx random %d phdr %d\n", getauxval(AT_HWCAP) & 0x112d, getauxval(AT_RANDOM) != 0, getauxval(AT_PHDR) != 0);
  struct rlimit limits;
  says("getrlimit", getrlimit(RLIMIT_STACK, &limits));
  printf("stack %ld\n", (long)limits.rlim_cur);
  says("not a terminal", tcgetattr(file, &(struct termios){0}));
  says("getrandom", getrandom(buffer, 8, 0));
  says("prctl", prctl(PR_SET_NAME, "renamed"));
  struct timespec now;
  says("clock", clock_gettime(CLOCK_MONOTONIC, &now));
  says("bad clock", clock_gettime(77, &now));
  chdir("/");
  char command[128];
  snprintf(command, sizeof command, "rm -r %s", folder);
  says("system", system(command));
  return 0;
}
