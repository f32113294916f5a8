/* Ends the machine by SBI as its build says: -DTYPE= and -DREASON= of SRST, or -DLEGACY. Resets end it, too, the
 * fourth time. */
#include "supervisor.h"

/* Survives a reset: no file is loaded there. */
#define RUNS (*(volatile word *)0x83000000)

void main(void) {
  RUNS++;
  text("run ");
  put('0' + RUNS);
  text("\n");
#ifdef LEGACY
  sbi(8, 0, 0, 0, 0, 0, 0, 0);
#else
  sbi(SRST, 0, RUNS < 4 ? TYPE : 0, REASON, 0, 0, 0, 0);
#endif
  text("still here\n");
  finish(1);
}
