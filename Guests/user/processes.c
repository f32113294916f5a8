// Processes: programs for RISC-V and for the host executed from one for RISC-V, scripts, and what /proc says of it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void says(const char *what, long result) {
  printf("%s: %ld %s\n", what, result < 0 ? -1 : result, result < 0 ? strerror(errno) : "");
}

int main(int count, char **arguments) {
  setvbuf(stdout, NULL, _IONBF, 0);
  if (count > 1 && !strcmp(arguments[1], "again")) {
    printf("again: %s %s\n", strrchr(arguments[0], '/') ? "a path" : arguments[0], arguments[2]);
    return 12;
  }
  char folder[] = "/tmp/apus-processes-XXXXXX";
  mkdtemp(folder);
  chdir(folder);
  close(open("b", O_RDWR | O_CREAT, 0600));
  char path[256] = {0};
  says("exe", readlink("/proc/self/exe", path, 255) > 0 ? 0 : -1);
  printf("%s\n", strrchr(path, '/'));

  // Other programs.
  char *again[] = {"name", "again", "by spawn", NULL};
  pid_t child;
  int state;
  int error = posix_spawn(&child, path, NULL, NULL, again, environ);
  waitpid(child, &state, 0);
  says("spawn", error);
  printf("status %x\n", state);
  printf("spawn of nothing: %s\n", strerror(posix_spawn(&child, "/nothing", NULL, NULL, again, environ)));
  FILE *script = fopen("s", "w");
  fprintf(script, "#!%s again\n", path);
  fclose(script);
  chmod("s", 0755);
  child = fork();
  if (child == 0) {
    execl("./s", "ignored", "argument", NULL);
    _exit(99);
  }
  waitpid(child, &state, 0);
  printf("script %x\n", state);
  child = vfork();
  if (child == 0) {
    execl("/bin/true", "true", NULL);
    _exit(98);
  }
  waitpid(child, &state, 0);
  printf("host program %x\n", state);
  if (fork() == 0) {
    says("not executable", execl("b", "b", NULL));
    _exit(3);
  }
  wait(&state);
  printf("status %x\n", state);
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512];
  int lines = 0, stack = 0, own = 0;
  while (fgets(line, sizeof line, maps)) {
    lines++;
    stack += strstr(line, "[stack]") != NULL;
    own += strstr(line, strrchr(path, '/')) != NULL;
  }
  printf("maps %d stack %d own %d\n", lines > 3, stack, own > 1);
  chdir("/");
  char command[128];
  snprintf(command, sizeof command, "rm -r %s", folder);
  says("system", system(command));
  return 0;
}
