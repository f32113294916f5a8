// Job control on a terminal of its own: foreground and background, what its keys and its end signal.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void says(const char *what, long result) {
  printf("%s: %ld %s\n", what, result < 0 ? -1 : result, result < 0 ? strerror(errno) : "");
}

static volatile sig_atomic_t last;
static void handler(int number) { last = number; }

static void state_of(const char *what, pid_t child, int options) {
  int state;
  waitpid(child, &state, options);
  if (WIFSTOPPED(state)) printf("%s: stopped by %d\n", what, WSTOPSIG(state));
  else if (WIFCONTINUED(state)) printf("%s: continued\n", what);
  else if (WIFSIGNALED(state)) printf("%s: killed by %d\n", what, WTERMSIG(state));
  else printf("%s: ended %d\n", what, WEXITSTATUS(state));
}

/// The leader of a session, whose terminal is standard input.
static int leader(int ready) {
  signal(SIGTTOU, SIG_IGN);
  says("foreground", tcgetpgrp(0) == getpid() ? 0 : -1);
  // A child in the background may not read.
  pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    char line[16] = {0};
    long got = read(0, line, sizeof line);
    _exit(got == 5 ? 10 : 1);
  }
  setpgid(child, child);
  state_of("background reader", child, WUNTRACED);
  says("TIOCSPGRP", tcsetpgrp(0, child));
  kill(-child, SIGCONT);
  state_of("reader", child, WCONTINUED);
  write(ready, "1", 1);
  state_of("reader", child, WUNTRACED);
  tcsetpgrp(0, getpgrp());
  // May not write where the terminal says so, nor change it.
  struct termios settings;
  tcgetattr(0, &settings);
  settings.c_lflag |= TOSTOP;
  tcsetattr(0, TCSANOW, &settings);
  child = fork();
  if (child == 0) {
    signal(SIGTTOU, SIG_DFL);
    setpgid(0, 0);
    write(0, "", 1);
    _exit(11);
  }
  setpgid(child, child);
  state_of("background writer", child, WUNTRACED);
  tcsetpgrp(0, child);
  kill(-child, SIGCONT);
  state_of("writer", child, 0);
  tcsetpgrp(0, getpgrp());
  // Whose group nobody looks after gets an error.
  // Keys.
  for (int i = 0; i < 3; i++) {
    child = fork();
    if (child == 0) {
      setpgid(0, 0);
      tcsetpgrp(0, getpid());
      signal(SIGTTOU, SIG_DFL);
      write(ready, &"zcq"[i], 1);
      for (;;) pause();
    }
    state_of("key", child, WUNTRACED);
    if (i == 0) {
      kill(child, SIGCONT);
      state_of("again", child, WCONTINUED);
      kill(child, SIGTERM);
      state_of("ended", child, 0);
    }
    tcsetpgrp(0, getpgrp());
  }
  // One that handles the key, and what it was doing goes on.
  child = fork();
  if (child == 0) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGTSTP, &action, NULL);
    setpgid(0, 0);
    tcsetpgrp(0, getpid());
    write(ready, "r", 1);
    char line[16];
    long got = read(0, line, sizeof line);
    _exit(got == 6 && last == SIGTSTP ? 12 : 1);
  }
  state_of("handled", child, 0);
  tcsetpgrp(0, getpgrp());
  // A new size, and the end.
  signal(SIGWINCH, handler);
  signal(SIGHUP, handler);
  write(ready, "w", 1);
  while (last != SIGWINCH) pause();
  struct winsize size;
  ioctl(0, TIOCGWINSZ, &size);
  printf("size %d\n", size.ws_row);
  write(ready, "h", 1);
  while (last != SIGHUP) pause();
  char byte;
  printf("read at the end %ld\n", (long)read(0, &byte, 1));
  return 0;
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  int ends[2], control;
  pipe(ends);
  int out = dup(1);
  pid_t child = forkpty(&control, NULL, NULL, NULL);
  if (child == 0) {
    dup2(out, 1);
    close(ends[0]);
    exit(leader(ends[1]));
  }
  close(ends[1]);
  char ask;
  while (read(ends[0], &ask, 1) == 1) {
    if (ask == '1') write(control, "line\n", 5);
    // What was asked for comes when the child waits, or before.
    usleep(20000);
    if (ask == 'z') write(control, "\032", 1);
    if (ask == 'c') write(control, "\003", 1);
    if (ask == 'q') write(control, "\034", 1);
    if (ask == 'r') {
      write(control, "\032", 1);
      usleep(20000);
      write(control, "again\n", 6);
    }
    if (ask == 'w') ioctl(control, TIOCSWINSZ, &(struct winsize){33, 99});
    if (ask == 'h') close(control);
  }
  int state;
  waitpid(child, &state, 0);
  printf("%x\n", state);
  return 0;
}
