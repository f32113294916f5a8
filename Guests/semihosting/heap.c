/* Prints the bounds of heap and stack, and its command line. */
#include "calls.h"

void main(void) {
  static char line[256];
  long heap[4] = {1, 2, 3, 4};
  word place[1] = {(word)heap};
  semihost(SYS_HEAPINFO, (word)place);
  for (int i = 0; i < 4; i++) claim("bound", heap[i]);
  word block[2] = {(word)line, sizeof line};
  claim("command line", semihost(SYS_GET_CMDLINE, (word)block));
  claim("its length", block[1]);
  print(line);
  print("\n");
  CALL(SYS_EXIT_EXTENDED, 0x20026, 0);
}
