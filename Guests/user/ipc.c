// System V's shared memory, semaphores and messages; POSIX's queues; asynchronous requests; memory of other processes;
// futexes by list; sealed and locked memory; limits. Each line is what Linux's manual says of the call.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void says(const char *what, long result) {
  printf("%s: %ld %s\n", what, result < 0 ? -1 : result, result < 0 ? strerror(errno) : "");
}

static void shared_memory(void) {
  int id = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600);
  char *p = shmat(id, NULL, 0);
  strcpy(p, "first");
  char *q = shmat(id, NULL, SHM_RDONLY);
  printf("shmat: %s same %d\n", q, p == q);
  struct shmid_ds status;
  says("IPC_STAT", shmctl(id, IPC_STAT, &status));
  printf("size %ld attached %ld mode %o creator %d\n", (long)status.shm_segsz, (long)status.shm_nattch,
         status.shm_perm.mode, status.shm_cpid == getpid());
  pid_t child = fork();
  if (child == 0) {
    strcpy(p, "by child");
    _exit(shmdt(p) == 0 && shmdt(p) < 0 && errno == EINVAL ? 0 : 1);
  }
  int state;
  waitpid(child, &state, 0);
  printf("child %x: %s\n", state, q);
  says("taken", shmat(id, p, 0) == (void *)-1 ? -1 : 0);
  says("misaligned", shmat(id, p + 1, SHM_REMAP) == (void *)-1 ? -1 : 0);
  says("rounded", shmat(id, p + 1, SHM_REMAP | SHM_RND) == p ? 0 : -1);
  char *fixed = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(fixed, 16384);
  says("placed", shmat(id, fixed, 0) == fixed ? 0 : -1);
  printf("%s\n", fixed);
  says("shmdt", shmdt(fixed));
  says("shmdt again", shmdt(fixed));
  says("shmdt nothing", shmdt((void *)4096));
  says("IPC_RMID", shmctl(id, IPC_RMID, NULL));
  printf("%s\n", p);
  shmdt(p);
  shmdt(q);
  says("gone", shmctl(id, IPC_STAT, &status));
  says("no such", shmat(id, NULL, 0) == (void *)-1 ? -1 : 0);
}

static void semaphores(void) {
  union semun {
    int value;
    struct semid_ds *status;
    unsigned short *all;
    struct seminfo *information;
  } u;
  int id = semget(IPC_PRIVATE, 3, IPC_CREAT | 0640);
  unsigned short values[3] = {5, 6, 7}, got[3] = {0};
  u.all = values;
  says("SETALL", semctl(id, 0, SETALL, u));
  u.all = got;
  says("GETALL", semctl(id, 0, GETALL, u));
  printf("%d %d %d\n", got[0], got[1], got[2]);
  u.value = 9;
  says("SETVAL", semctl(id, 1, SETVAL, u));
  says("GETVAL", semctl(id, 1, GETVAL));
  struct sembuf down = {1, -4, 0};
  says("semop", semop(id, &down, 1));
  says("GETPID", semctl(id, 1, GETPID) == getpid() ? 0 : -1);
  struct semid_ds status;
  memset(&status, 0x55, sizeof status);
  u.status = &status;
  says("IPC_STAT", semctl(id, 0, IPC_STAT, u));
  printf("count %ld mode %o times %d %d\n", (long)status.sem_nsems, status.sem_perm.mode,
         labs(time(NULL) - status.sem_ctime) < 10, labs(time(NULL) - status.sem_otime) < 10);
  status.sem_perm.mode = 0600;
  says("IPC_SET", semctl(id, 0, IPC_SET, u));
  semctl(id, 0, IPC_STAT, u);
  printf("mode %o\n", status.sem_perm.mode);
  struct timespec soon = {0, 10000000};
  struct sembuf wait = {2, -100, 0};
  says("semtimedop", semtimedop(id, &wait, 1, &soon));
  u.all = (void *)16;
  says("GETALL nowhere", semctl(id, 0, GETALL, u));
  says("IPC_RMID", semctl(id, 0, IPC_RMID));
  says("gone", semctl(id, 0, GETVAL));
}

static void messages(void) {
  int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  struct {
    long type;
    char text[16];
  } m = {3, "three"};
  says("msgsnd", msgsnd(id, &m, 6, 0));
  m.type = 2;
  strcpy(m.text, "two");
  msgsnd(id, &m, 4, 0);
  struct msqid_ds status;
  msgctl(id, IPC_STAT, &status);
  printf("messages %ld bytes %ld\n", (long)status.msg_qnum, (long)status.__msg_cbytes);
  says("msgrcv", msgrcv(id, &m, sizeof m.text, 3, 0));
  printf("%ld %s\n", m.type, m.text);
  says("msgrcv none", msgrcv(id, &m, sizeof m.text, 3, IPC_NOWAIT));
  says("IPC_RMID", msgctl(id, IPC_RMID, NULL));
}

static volatile sig_atomic_t notified;
static void notify(int number) { notified++; }

static void queues(void) {
  char name[64];
  snprintf(name, sizeof name, "/apus-%d", getpid());
  struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 32};
  mqd_t queue = mq_open(name, O_CREAT | O_RDWR | O_EXCL, 0600, &attributes);
  says("mq_open", queue < 0 ? -1 : 0);
  signal(SIGUSR1, notify);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  says("mq_notify", mq_notify(queue, &event));
  says("mq_send", mq_send(queue, "hello", 6, 7));
  printf("notified %d\n", notified);
  char text[32];
  unsigned priority = 0;
  says("mq_receive", mq_receive(queue, text, sizeof text, &priority));
  printf("%s %u\n", text, priority);
  struct timespec past = {1, 0};
  says("mq_timedreceive", mq_timedreceive(queue, text, sizeof text, NULL, &past));
  says("mq_unlink", mq_unlink(name));
}

static void requests(void) {
  aio_context_t context = 0;
  says("io_setup", syscall(SYS_io_setup, 8, &context));
  int file = memfd_create("requests", 0);
  char out[] = "asynchronous", in[16] = {0}, first[5] = {0}, second[16] = {0};
  int event = eventfd(0, 0);
  struct iocb write = {.aio_data = 1, .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = file, .aio_buf = (uint64_t)out,
                       .aio_nbytes = sizeof out, .aio_flags = IOCB_FLAG_RESFD, .aio_resfd = event};
  struct iocb *list[2] = {&write};
  says("io_submit", syscall(SYS_io_submit, context, 1, list));
  printf("buffer %d\n", write.aio_buf == (uint64_t)out);
  struct io_event events[4];
  struct timespec limit = {5, 0};
  says("io_getevents", syscall(SYS_io_getevents, context, 1, 4, events, &limit));
  printf("data %ld result %ld own %d\n", (long)events[0].data, (long)events[0].res, events[0].obj == (uint64_t)&write);
  uint64_t count;
  read(event, &count, 8);
  printf("eventfd %ld\n", (long)count);
  struct iovec vector[2] = {{first, 4}, {second, 16}};
  struct iocb read_one = {.aio_data = 2, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = file, .aio_buf = (uint64_t)in,
                          .aio_nbytes = sizeof in};
  struct iocb read_two = {.aio_data = 3, .aio_lio_opcode = IOCB_CMD_PREADV, .aio_fildes = file,
                          .aio_buf = (uint64_t)vector, .aio_nbytes = 2};
  list[0] = &read_one;
  list[1] = &read_two;
  says("io_submit", syscall(SYS_io_submit, context, 2, list));
  says("io_pgetevents", syscall(SYS_io_pgetevents, context, 2, 4, events, &limit, NULL));
  printf("%s %s %s\n", in, first, second);
  struct iocb bad = {.aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = 999};
  list[0] = &bad;
  says("bad file", syscall(SYS_io_submit, context, 1, list));
  says("bad list", syscall(SYS_io_submit, context, 1, (void *)16));
  says("bad context", syscall(SYS_io_submit, context + 8, 1, list));
  says("io_destroy", syscall(SYS_io_destroy, context));
  says("again", syscall(SYS_io_destroy, context));
  close(file);
}

static void processes(void) {
  char local[32] = {0}, remote[] = "remote memory";
  struct iovec into[2] = {{local, 6}, {local + 6, 20}}, from = {remote, sizeof remote};
  says("process_vm_readv", process_vm_readv(getpid(), into, 2, &from, 1, 0));
  printf("%s\n", local);
  int ends[2];
  pipe(ends);
  pid_t child = fork();
  if (child == 0) {
    char c;
    close(ends[1]);
    read(ends[0], &c, 1);
    _exit(remote[0]);
  }
  struct iovec changed = {"R", 1}, first = {remote, 1};
  says("process_vm_writev", process_vm_writev(child, &changed, 1, &first, 1, 0));
  close(ends[1]);
  int state;
  waitpid(child, &state, 0);
  printf("there %c here %c\n", WEXITSTATUS(state), remote[0]);
  struct iovec nowhere = {(void *)16, 4};
  says("from nowhere", process_vm_readv(getpid(), into, 1, &nowhere, 1, 0));
  says("of nobody", process_vm_readv(child, into, 1, &from, 1, 0));
}

static uint32_t words[2];
static void *wake(void *argument) {
  usleep(20000);
  __atomic_store_n(&words[1], 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &words[1], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  return NULL;
}

struct waiter {
  uint64_t value, address;
  uint32_t flags, reserved;
};

static void futexes(void) {
  struct waiter waiters[2] = {{0, (uint64_t)&words[0], 2 | 128, 0}, {0, (uint64_t)&words[1], 2 | 128, 0}};
  pthread_t thread;
  pthread_create(&thread, NULL, wake, NULL);
  long which;
  do which = syscall(449, waiters, 2, 0, NULL, CLOCK_MONOTONIC);
  while (which < 0 && errno == EINTR);
  pthread_join(thread, NULL);
  // EAGAIN where it was woken before it waited.
  printf("futex_waitv: %d\n", which == 1 || (which < 0 && errno == EAGAIN));
  says("other value", syscall(449, waiters, 2, 0, NULL, CLOCK_MONOTONIC));
  says("none", syscall(449, waiters, 0, 0, NULL, CLOCK_MONOTONIC));
  says("nowhere", syscall(449, (void *)16, 1, 0, NULL, CLOCK_MONOTONIC));
  struct timespec past = {0, 1};
  says("futex_waitv in time", syscall(449, waiters, 1, 0, &past, CLOCK_MONOTONIC));
}

static void memory(void) {
  char *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p[0] = 1;
  says("not fixed", mmap(p, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, 999, 0) == MAP_FAILED ? -1 : 0);
  printf("still there %d\n", p[0]);
  unsigned char resident[4];
  says("mincore", mincore(p, 16384, resident));
  printf("first %d last %d\n", resident[0] & 1, resident[3] & 1);
  munmap(p + 8192, 4096);
  says("mincore of a hole", mincore(p, 16384, resident));
  says("msync of a hole", msync(p, 16384, MS_ASYNC));
  says("mlock of a hole", mlock(p, 16384));
  says("mlock", mlock(p, 8192));
  says("munlock", munlock(p, 8192));
  says("mlockall", mlockall(MCL_CURRENT | MCL_FUTURE));
  says("mlockall of nothing", mlockall(0));
  says("munlockall", munlockall());
  says("auxiliary", prctl(0x41555856, p, 4096, 0, 0) > 100 ? 0 : -1);
  int *address = NULL;
  says("PR_GET_TID_ADDRESS", prctl(PR_GET_TID_ADDRESS, &address) == 0 && address && *address == gettid() ? 0 : -1);
  says("personality", personality(ADDR_NO_RANDOMIZE));
  printf("kept %x\n", personality(0xffffffff));
  int socket_here = socket(AF_UNIX, SOCK_DGRAM, 0);
  struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0xffff);
  struct sock_fprog program = {1, &all};
  says("SO_ATTACH_FILTER", setsockopt(socket_here, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
  program.filter = (void *)16;
  says("filter nowhere", setsockopt(socket_here, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

static void sealed(void) {
  char *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  says("mseal", syscall(462, p + 4096, 4096, 0));
  says("munmap", munmap(p, 16384));
  says("mprotect", mprotect(p + 4096, 4096, PROT_READ));
  says("mremap", mremap(p + 4096, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
  says("mmap", mmap(p + 4096, 4096, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
  says("munmap beside", munmap(p, 4096));
  says("mseal of a hole", syscall(462, p, 8192, 0));
  says("mseal with flags", syscall(462, p, 8192, 1));
}

static void limits(void) {
  pid_t child = fork();
  if (child == 0) {
    struct rlimit data = {64 << 20, 64 << 20};
    says("RLIMIT_DATA", setrlimit(RLIMIT_DATA, &data));
    says("data", mmap(NULL, 128 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
    says("read-only", mmap(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
    says("sbrk", sbrk(128 << 20) == (void *)-1 ? -1 : 0);
    struct rlimit space = {512 << 20, 512 << 20};
    says("RLIMIT_AS", setrlimit(RLIMIT_AS, &space));
    says("space", mmap(NULL, 512 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
    void *p = malloc(1 << 20);
    says("malloc", p ? 0 : -1);
    says("much", malloc(1 << 30) ? 0 : -1);
    _exit(0);
  }
  int state;
  waitpid(child, &state, 0);
  printf("limits %x\n", state);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  shared_memory();
  semaphores();
  messages();
  queues();
  requests();
  processes();
  futexes();
  memory();
  sealed();
  limits();
  says("restart_syscall", syscall(SYS_restart_syscall));
  return 0;
}
