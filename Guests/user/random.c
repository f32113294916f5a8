// Its process, and AT_RANDOM's bytes.
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

int main(void) {
  unsigned long *random = (void *)getauxval(AT_RANDOM);
  printf("%d \n%lx %lx\n", getpid(), random[0], random[1]);
}
