// Requests of ioctl(2): terminals, network devices, files, tunnels, loop devices, random numbers. What this machine does
// not have says so, natively, too.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <linux/loop.h>
#include <linux/random.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void says(const char *what, long result) {
  printf("%s: %ld %s\n", what, result < 0 ? -1 : result, result < 0 ? strerror(errno) : "");
}

static void terminals(void) {
  int control, terminal;
  struct winsize size = {25, 80, 1, 2}, got = {0};
  says("openpty", openpty(&control, &terminal, NULL, NULL, &size));
  says("TIOCGWINSZ", ioctl(terminal, TIOCGWINSZ, &got));
  printf("%d %d\n", got.ws_row, got.ws_col);
  struct termios settings;
  says("TCGETS", tcgetattr(terminal, &settings));
  printf("%x %x %x %x %d\n", settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag, settings.c_cc[VEOF]);
  cfmakeraw(&settings);
  cfsetspeed(&settings, B115200);
  says("TCSETS", tcsetattr(terminal, TCSANOW, &settings));
  tcgetattr(control, &settings);
  printf("%x %x %d\n", settings.c_oflag, settings.c_lflag, cfgetospeed(&settings) == B115200);
  write(control, "abc", 3);
  int available = 0;
  usleep(10000);
  says("FIONREAD", ioctl(terminal, FIONREAD, &available));
  printf("%d\n", available);
  says("TCFLSH", tcflush(terminal, TCIFLUSH));
  ioctl(terminal, FIONREAD, &available);
  printf("%d\n", available);
  int on = 1;
  says("FIONBIO", ioctl(terminal, FIONBIO, &on));
  char byte;
  says("read", read(terminal, &byte, 1));
  says("TIOCGPTN", ioctl(control, TIOCGPTN, &available));
  says("TIOCSETD", ioctl(terminal, TIOCSETD, (void *)16));
  says("TCGETS nowhere", ioctl(terminal, TCGETS, (void *)16));
  close(control);
  close(terminal);
}

static void network(void) {
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  char space[4096];
  struct ifconf list = {.ifc_len = sizeof space, .ifc_buf = space};
  says("SIOCGIFCONF", ioctl(s, SIOCGIFCONF, &list));
  printf("length %d buffer %d\n", list.ifc_len, list.ifc_buf == space);
  for (int i = 0; i < list.ifc_len / (int)sizeof(struct ifreq); i++) printf("%s\n", list.ifc_req[i].ifr_name);
  struct ifreq r = {0};
  strcpy(r.ifr_name, "lo");
  says("SIOCGIFINDEX", ioctl(s, SIOCGIFINDEX, &r));
  printf("%d\n", r.ifr_ifindex);
  says("SIOCGIFNAME", ioctl(s, SIOCGIFNAME, &r));
  says("SIOCGIFFLAGS", ioctl(s, SIOCGIFFLAGS, &r));
  printf("%x\n", r.ifr_flags);
  says("SIOCGIFMTU", ioctl(s, SIOCGIFMTU, &r));
  printf("%d\n", r.ifr_mtu);
  struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
  r.ifr_data = (char *)&driver;
  says("SIOCETHTOOL", ioctl(s, SIOCETHTOOL, &r));
  printf("%s %d\n", driver.driver, r.ifr_data == (char *)&driver);
  r.ifr_data = (void *)16;
  says("nowhere", ioctl(s, SIOCETHTOOL, &r));
  strcpy(r.ifr_name, "nothing");
  says("no device", ioctl(s, SIOCGIFINDEX, &r));
  says("SIOCGIFCONF nowhere", ioctl(s, SIOCGIFCONF, (void *)16));
  close(s);
}

static void files(void) {
  char name[] = "/tmp/apus-devices-XXXXXX";
  int file = mkstemp(name);
  for (int i = 0; i < 20000; i++) write(file, "0123456789", 10);
  fsync(file);
  int flags = 0;
  says("FS_IOC_GETFLAGS", ioctl(file, FS_IOC_GETFLAGS, &flags));
  struct {
    struct fiemap map;
    struct fiemap_extent extents[4];
  } m = {{0, ~0ull, FIEMAP_FLAG_SYNC, 0, 4}};
  says("FS_IOC_FIEMAP", ioctl(file, FS_IOC_FIEMAP, &m));
  printf("some %d first at %ld\n", m.map.fm_mapped_extents > 0, (long)m.extents[0].fe_logical);
  int block = 0;
  says("FIGETBSZ", ioctl(file, FIGETBSZ, &block));
  printf("%d\n", block);
  struct fsxattr attributes;
  says("FS_IOC_FSGETXATTR", ioctl(file, FS_IOC_FSGETXATTR, &attributes));
  int other = open("/tmp", O_TMPFILE | O_RDWR, 0600);
  says("FICLONE", ioctl(other, FICLONE, file));
  uint64_t size;
  says("BLKGETSIZE64", ioctl(file, BLKGETSIZE64, &size));
  says("TCGETS", ioctl(file, TCGETS, &attributes));
  says("unknown", ioctl(file, 0xabcd, 0));
  says("no file", ioctl(999, 0xabcd, 0));
  unlink(name);
}

static void devices(void) {
  int tunnel = open("/dev/net/tun", O_RDWR);
  says("tun", tunnel < 0 ? -1 : 0);
  struct ifreq r = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(r.ifr_name, "apus%d");
  says("TUNSETIFF", ioctl(tunnel, TUNSETIFF, &r));
  unsigned features;
  says("TUNGETFEATURES", ioctl(tunnel, TUNGETFEATURES, &features));
  close(tunnel);
  int loops = open("/dev/loop-control", O_RDWR);
  says("loop-control", loops < 0 ? -1 : 0);
  says("LOOP_CTL_REMOVE", ioctl(loops, LOOP_CTL_REMOVE, 1 << 18));
  int loop = open("/dev/loop0", O_RDONLY);
  struct loop_info64 information;
  says("LOOP_GET_STATUS64", ioctl(loop, LOOP_GET_STATUS64, &information));
  int random = open("/dev/urandom", O_RDWR), count = -1;
  says("RNDGETENTCNT", ioctl(random, RNDGETENTCNT, &count));
  struct {
    int entropy, size;
    char bytes[8];
  } pool = {0, 8, "entropy"};
  says("RNDADDENTROPY", ioctl(random, RNDADDENTROPY, &pool));
  says("RNDADDENTROPY nowhere", ioctl(random, RNDADDENTROPY, (void *)16));
  int space = open("/proc/self/ns/uts", O_RDONLY);
  printf("namespace %x\n", ioctl(space, 0xb703));
}

static void events(void) {
  int e = epoll_create1(0), ends[2];
  pipe(ends);
  write(ends[1], "x", 1);
  struct epoll_event event = {EPOLLIN, {.u64 = 0x123456789abcdef0}};
  // Not on the stack, behind which there may be too few addresses for many.
  static struct epoll_event got[2];
  epoll_ctl(e, EPOLL_CTL_ADD, ends[0], &event);
  says("many", epoll_wait(e, got, 100000000, 0));
  printf("%lx\n", (long)got[0].data.u64);
  says("too many", epoll_wait(e, got, 0x7fffffff, 0));
  says("none", epoll_wait(e, got, 0, 0));
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  terminals();
  network();
  files();
  devices();
  events();
  return 0;
}
