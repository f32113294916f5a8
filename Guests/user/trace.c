// System calls whose lines in a trace are compared with what strace(1) prints of the same program on the host.
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void handler(int number) {}

int main(void) {
  close_range(3, ~0u, 0);
  syscall(SYS_getppid);
  int file = syscall(SYS_openat, AT_FDCWD, "/nowhere/\"at all\"\n\1" "2", O_RDONLY | O_CLOEXEC);
  file = syscall(SYS_openat, AT_FDCWD, "new", O_RDWR | O_CREAT | O_TRUNC, 0640);
  write(file, "some text with a\ttab, longer than is shown of it", 48);
  syscall(SYS_lseek, file, 0L, SEEK_SET);
  char buffer[100];
  read(file, buffer, 10);
  pread(file, buffer, 4, 5);
  struct iovec vector[2] = {{"ab", 2}, {"\377\0", 2}};
  writev(file, vector, 2);
  ftruncate(file, 5);
  struct stat status;
  syscall(SYS_newfstatat, AT_FDCWD, "new", &status, AT_SYMLINK_NOFOLLOW);
  syscall(SYS_newfstatat, AT_FDCWD, "/dev/null", &status, 0);
  syscall(SYS_faccessat, AT_FDCWD, "new", R_OK | W_OK);
  fcntl(file, F_GETFL);
  fcntl(file, F_SETFD, FD_CLOEXEC);
  fcntl(file, F_GETFD);
  fcntl(file, F_DUPFD_CLOEXEC, 20);
  syscall(SYS_dup3, file, 30, O_CLOEXEC);
  syscall(SYS_unlinkat, AT_FDCWD, "new", 0);
  umask(027);
  munmap(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 8192);
  mmap(NULL, 4096, PROT_NONE, MAP_SHARED, 1000, 4096);
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &(unsigned long){1 << (SIGUSR1 - 1) | 1 << (SIGCHLD - 1)}, NULL, 8);
  syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &(unsigned long){~0ul}, &(unsigned long){0}, 8);
  syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &(struct rlimit){512, 1024}, NULL);
  syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &(struct rlimit){0, 0});
  syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &(struct timespec){0, 1000}, NULL);
  syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &(struct timespec){5, 6}, NULL);
  int pipes[2];
  syscall(SYS_pipe2, pipes, O_NONBLOCK);
  read(pipes[0], buffer, 5);
  struct pollfd poll = {pipes[1], POLLIN | POLLOUT, 0};
  syscall(SYS_ppoll, &poll, 1, &(struct timespec){1, 0}, NULL, 8);
  poll.fd = pipes[0];
  syscall(SYS_ppoll, &poll, 1, &(struct timespec){0, 0}, NULL, 8);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[1], &(struct epoll_event){EPOLLOUT | EPOLLET, {.u64 = 7}});
  int inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {AF_INET, htons(1), {htonl(0x7f000001)}};
  connect(inet, (void *)&address, sizeof address);
  struct sockaddr_un local = {AF_UNIX, "/nowhere"};
  int unix_socket = socket(AF_UNIX, SOCK_DGRAM, 0);
  sendto(unix_socket, "hi", 2, MSG_DONTWAIT | MSG_NOSIGNAL, (void *)&local, sizeof local);
  setsockopt(unix_socket, SOL_SOCKET, SO_REUSEADDR, &(int){1}, 4);
  shutdown(unix_socket, SHUT_RDWR);
  syscall(SYS_madvise, 0x1000000, 4096, MADV_DONTNEED);
  syscall(SYS_futex, &(int){1}, 129, 1);
  syscall(SYS_futex, &(int){1}, 128, 2, NULL);
  syscall(SYS_getcwd, buffer, 1);
  syscall(SYS_exit_group, 3);
}
