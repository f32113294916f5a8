/* Children and other programs, for a debugger: its argument says what it becomes.
   leaf: a program that was executed. vfork, spawn: a child executes it. exit: a child of vfork ends. exec: it executes
   it itself. host: it executes a program of the host's. */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
volatile int counter;
volatile int watched;
static const char *self;

int leaf_work(int number) {
  watched = number;
  return number + 1;
}

void child_step(void) { counter++; }
void parent_step(int status) { printf("child %d counter %d\n", WEXITSTATUS(status), counter); }

static void *thread_main(void *argument) {
  execl(self, "leaf", "leaf", (char *)0);
  return argument;
}

static int wait_for(pid_t child) {
  int status = -1;
  waitpid(child, &status, 0);
  parent_step(status);
  return 3;
}

int main(int count, char **arguments) {
  self = arguments[0];
  setvbuf(stdout, 0, _IONBF, 0);
  const char *what = count > 1 ? arguments[1] : "leaf";
  if (!strcmp(what, "leaf")) return leaf_work(4);
  if (!strcmp(what, "vfork") || !strcmp(what, "exit")) {
    int ends = !strcmp(what, "exit");
    pid_t child = vfork();
    if (child == 0) {
      child_step();
      if (ends) _exit(9);
      execl(self, self, "leaf", (char *)0);
      _exit(127);
    }
    return wait_for(child);
  }
  if (!strcmp(what, "spawn")) {
    pid_t child;
    char *words[] = {arguments[0], "leaf", 0};
    if (posix_spawn(&child, self, 0, 0, words, environ)) return 1;
    return wait_for(child);
  }
  if (!strcmp(what, "exec")) execl(self, self, "leaf", (char *)0);
  if (!strcmp(what, "thread")) {
    pthread_t thread;
    pthread_create(&thread, 0, thread_main, 0);
    pthread_join(thread, 0);
  }
  if (!strcmp(what, "host")) execl("/bin/true", "true", (char *)0);
  return 1;
}
