/* Says back what is typed on the semihosting console, up to a dot. */
#include "calls.h"

void main(void) {
  print("type: ");
  for (word typed = 0; typed != '.';) {
    typed = semihost(SYS_READC, 0);
    if (typed < 0) break;
    char text[] = {'[', (char)typed, ']', 0};
    print(text);
  }
  print("\n");
  CALL(SYS_EXIT_EXTENDED, 0x20026, 0);
}
