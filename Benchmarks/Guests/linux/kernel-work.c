// Work for a guest's Linux kernel, run as its init. For every kind it prints "ready NAME", waits for
// a line, works, prints "done NAME RESULT": the harness reads the emulator's CPU time at both ends.
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

void fail(const char *what) {
  perror(what);
  reboot(RB_POWER_OFF);
  exit(1);
}

int main(int count, char **words) {
  if (count > 1 && !strcmp(words[1], "leave")) return 7;
  struct termios terminal;
  if (!tcgetattr(0, &terminal)) {
    terminal.c_lflag &= ~ECHO;
    tcsetattr(0, TCSANOW, &terminal);
  }
  setvbuf(stdout, 0, _IOLBF, 0);
  leave = (char *[]){"/kernel-work", "leave", 0};
  for (const struct work *work = works; work->name; work++) {
    char line[16];
    printf("ready %s\n", work->name);
    if (!fgets(line, sizeof(line), stdin)) fail("input");
    printf("done %s %ld\n", work->name, work->function(work->count));
  }
  sync();
  reboot(RB_POWER_OFF);
}
