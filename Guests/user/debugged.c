/* What a debugger looks at: calls, data of each kind, threads, signals, a child. With an argument it dies before that,
   with two it goes on for ever. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct point { int x, y; char name[8]; };

int counter;
double real = 1.5;
float narrow = -0.25f;
struct point place = {3, -4, "swift"};
volatile int watched;

static void handler(int number) { counter += number; }

int work(int turns) {
  int sum = 0;
  for (int i = 0; i < turns; i++) {
    sum += i;
    counter++;
  }
  return sum;
}

double mean(double a, double b) { return (a + b) / 2; }

void touch(int value) {
  watched = value;
  counter += watched;
}

static void *thread_main(void *argument) {
  work(5);
  return argument;
}

void child_main(void) {
  work(3);
  _exit(7);
}

int main(int count, char **arguments) {
  if (count > 2) for (;;) watched++;
  signal(SIGUSR1, handler);
  printf("%d\n", work(10));
  printf("%g\n", mean(real, 2.5));
  touch(42);
  kill(getpid(), SIGUSR1);
  pthread_t thread;
  pthread_create(&thread, 0, thread_main, 0);
  pthread_join(thread, 0);
  if (count > 1) *(volatile int *)16 = 1;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) child_main();
  int status;
  waitpid(child, &status, 0);
  printf("child %d counter %d\n", WEXITSTATUS(status), counter);
  return 3;
}
