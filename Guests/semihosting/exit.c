/* Ends with the reason and the code of its command line's words: "exit 20026 5", "extended 20026 7". */
#include "calls.h"

static unsigned long hexadecimal(const char **text) {
  unsigned long value = 0;
  while (**text == ' ') ++*text;
  for (; **text > ' '; ++*text) value = value * 16 + (**text <= '9' ? **text - '0' : (**text | 32) - 'a' + 10);
  return value;
}

void main(void) {
  static char line[256];
  word block[2] = {(word)line, sizeof line};
  semihost(SYS_GET_CMDLINE, (word)block);
  const char *text = line;
  word call = text[1] == 'x' && text[2] == 'i' ? SYS_EXIT : SYS_EXIT_EXTENDED;
  while (*text > ' ') text++;
  block[0] = hexadecimal(&text);
  block[1] = hexadecimal(&text);
  semihost(call, call == SYS_EXIT && sizeof(word) == 4 ? block[0] : (word)block);
  for (;;) {}
}
