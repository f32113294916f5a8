// A greeting, then waits for a line, so that what it holds in memory can be looked at.
#include <stdio.h>

int main(void) {
  puts("hello");
  fflush(stdout);
  return getchar() == EOF;
}
