/* Every call of Arm semihosting, with good arguments and bad ones. Each line that it prints is compared with what
   the reference emulator's guest prints; what differs from one run to the next is only judged. The folder that it
   runs in has `input` with "semihosting\n" in it. */
#include "calls.h"

#define BAD 0x30  /* Nothing is there that could be read. */

static char buffer[256];

static void contents(const char *what, const char *bytes, word count) {
  print(what);
  print(": ");
  for (word i = 0; i < count; i++) {
    char text[2] = {bytes[i] >= 32 ? bytes[i] : '.', 0};
    print(text);
  }
  print("\n");
}

static void clear(void) {
  for (unsigned i = 0; i < sizeof buffer; i++) buffer[i] = 0;
}

static void files(void) {
  word f = open_file("input", 0);
  claim("open for reading", f > 0);
  claim("length", CALL(SYS_FLEN, f));
  claim("is a terminal", CALL(SYS_ISTTY, f));
  clear();
  claim("read part", CALL(SYS_READ, f, (word)buffer, 4));
  contents("part", buffer, 4);
  clear();
  claim("read more than there is", CALL(SYS_READ, f, (word)buffer, 100));
  contents("rest", buffer, 8);
  claim("read at the end", CALL(SYS_READ, f, (word)buffer, 10));
  claim("read nothing", CALL(SYS_READ, f, (word)buffer, 0));
  claim("seek", CALL(SYS_SEEK, f, 5));
  clear();
  claim("read behind it", CALL(SYS_READ, f, (word)buffer, 3));
  contents("behind", buffer, 3);
  claim("seek far behind the end", CALL(SYS_SEEK, f, 1000));
  claim("read there", CALL(SYS_READ, f, (word)buffer, 3));
  claim("seek to a negative place", CALL(SYS_SEEK, f, -5));
  claim("write to what is open for reading", CALL(SYS_WRITE, f, (word) "x", 1));
  claim("read into nowhere", CALL(SYS_SEEK, f, 0) | CALL(SYS_READ, f, BAD, 3));
  claim("close", CALL(SYS_CLOSE, f));
  claim("close twice", CALL(SYS_CLOSE, f));
  claim("length of what is closed", CALL(SYS_FLEN, f));
  claim("seek in it", CALL(SYS_SEEK, f, 0));
  claim("read it", CALL(SYS_READ, f, (word)buffer, 3));
  claim("write it", CALL(SYS_WRITE, f, (word) "x", 1));
  claim("is it a terminal", CALL(SYS_ISTTY, f));

  claim("open what is not there", open_file("absent", 0));
  claim("open a folder", open_file(".", 4));
  claim("open in no mode", open_file("input", 12));
  claim("open in a negative mode", open_file("input", -1));
  claim("open with a wrong length", CALL(SYS_OPEN, (word) "input", 0, 3));
  claim("open a name that is not there", CALL(SYS_OPEN, BAD, 0, 5));
  claim("open with no arguments", semihost(SYS_OPEN, BAD));

  for (word mode = 0; mode < 12; mode++) {
    f = open_file("made", mode);
    print("mode ");
    number(mode);
    print(f == -1 ? ": fails, errno " : ": opens, ");
    if (f == -1) {
      number(semihost(SYS_ERRNO, 0));
      print("\n");
      continue;
    }
    number(CALL(SYS_WRITE, f, (word) "abc", 3));
    print(" not written, length ");
    number(CALL(SYS_FLEN, f));
    print(", seek ");
    number(CALL(SYS_SEEK, f, 0));
    print(", not read ");
    number(CALL(SYS_READ, f, (word)buffer, 2));
    print(", close ");
    number(CALL(SYS_CLOSE, f));
    print("\n");
  }
  f = open_file("made", 4);
  claim("write from nowhere", CALL(SYS_WRITE, f, BAD, 3));
  claim("write nothing", CALL(SYS_WRITE, f, (word) "", 0));
  CALL(SYS_CLOSE, f);
  claim("rename", CALL(SYS_RENAME, (word) "made", 4, (word) "named", 5));
  claim("rename what is gone", CALL(SYS_RENAME, (word) "made", 4, (word) "named", 5));
  claim("rename nowhere", CALL(SYS_RENAME, BAD, 4, (word) "named", 5));
  claim("remove", CALL(SYS_REMOVE, (word) "named", 5));
  claim("remove what is gone", CALL(SYS_REMOVE, (word) "named", 5));
  claim("remove nowhere", CALL(SYS_REMOVE, BAD, 5));
  /* Handles are given out again. */
  word first = open_file("input", 0);
  CALL(SYS_CLOSE, first);
  word second = open_file("input", 0);
  claim("a handle is given out again", first == second);
  word third = open_file("input", 0);
  claim("the next one", third - second);
  CALL(SYS_CLOSE, second);
  CALL(SYS_CLOSE, third);
  claim("a handle that never was", CALL(SYS_FLEN, 12345));
  claim("handle 0", CALL(SYS_FLEN, 0));
  claim("handle -1", CALL(SYS_FLEN, -1));
}

static void features(void) {
  word f = open_file(":semihosting-features", 0);
  claim("features open", f > 0);
  claim("their length", CALL(SYS_FLEN, f));
  clear();
  claim("read", CALL(SYS_READ, f, (word)buffer, 5));
  contents("magic", buffer, 4);
  claim("bits", buffer[4]);
  claim("read on", CALL(SYS_READ, f, (word)buffer, 5));
  claim("seek", CALL(SYS_SEEK, f, 4));
  claim("seek to the end", CALL(SYS_SEEK, f, 5));
  claim("seek behind it", CALL(SYS_SEEK, f, 6));
  claim("write", CALL(SYS_WRITE, f, (word) "x", 1));
  claim("is a terminal", CALL(SYS_ISTTY, f));
  claim("close", CALL(SYS_CLOSE, f));
  claim("features for writing", open_file(":semihosting-features", 4));
}

static void console(void) {
  for (word mode = 0; mode < 12; mode += 4) {
    word f = open_file(":tt", mode);
    claim("console opens", f > 0);
    claim("is a terminal", CALL(SYS_ISTTY, f));
    claim("length", CALL(SYS_FLEN, f));
    claim("seek", CALL(SYS_SEEK, f, 0));
    if (mode) claim("write", CALL(SYS_WRITE, f, (word) "to the console\n", 15));
    claim("close", CALL(SYS_CLOSE, f));
  }
  claim("another special name", open_file(":other", 0));
  semihost(SYS_WRITEC, (word) "c\n");
  print("\n");
  claim("write a character that is not there", semihost(SYS_WRITEC, BAD));
  claim("write a text that is not there", semihost(SYS_WRITE0, BAD));
}

static void rest(void) {
  claim("no error", CALL(SYS_ISERROR, 5));
  claim("an error", CALL(SYS_ISERROR, -5));
  claim("zero is none", CALL(SYS_ISERROR, 0));
  clear();
  word block[4] = {(word)buffer, sizeof buffer};
  claim("command line", semihost(SYS_GET_CMDLINE, (word)block));
  claim("its length", block[1]);
  contents("it", buffer, length(buffer));
  clear();
  block[0] = (word)buffer;
  block[1] = 3;
  claim("in too little room", semihost(SYS_GET_CMDLINE, (word)block));
  claim("its length", block[1]);
  contents("it", buffer, length(buffer));
  clear();
  claim("temporary name", CALL(SYS_TMPNAM, (word)buffer, 7, sizeof buffer));
  claim("it has some length", length(buffer) > 3);
  claim("number too large", CALL(SYS_TMPNAM, (word)buffer, 256, sizeof buffer));
  claim("number negative", CALL(SYS_TMPNAM, (word)buffer, -1, sizeof buffer));
  claim("too little room", CALL(SYS_TMPNAM, (word)buffer, 7, 4));
  claim("no room", CALL(SYS_TMPNAM, BAD, 7, 100));
  claim("time is past 2020", semihost(SYS_TIME, 0) > 1577836800);
  claim("clock is small", (unsigned long)semihost(SYS_CLOCK, 0) < 100000);
  unsigned long long ticks[2] = {0, 0};
  claim("elapsed", semihost(SYS_ELAPSED, (word)&ticks[0]));
  claim("elapsed", semihost(SYS_ELAPSED, (word)&ticks[1]));
  claim("it grows", ticks[1] > ticks[0]);
  claim("elapsed into nowhere", semihost(SYS_ELAPSED, BAD));
  claim("frequency", semihost(SYS_TICKFREQ, 0));
  claim("synchronize caches", CALL(SYS_SYNCCACHE, 0, 0));
  unsigned long heap[4] = {1, 2, 3, 4};
  word place[1] = {(word)heap};
  claim("heap", semihost(SYS_HEAPINFO, (word)place));
  claim("heap is in memory", heap[0] >= 0x80000000 && heap[1] > heap[0]);
  claim("stack is there too", heap[2] == heap[1] && heap[3] == heap[0]);
#ifdef SHOWS_HEAP
  claim("from", heap[0] / 16);
  claim("to", heap[1] / 16);
#endif
  claim("heap into nowhere", semihost(SYS_HEAPINFO, BAD));
  claim("a program", CALL(SYS_SYSTEM, (word) "exit 3", 6));
  claim("a program that is not there", CALL(SYS_SYSTEM, BAD, 6));
}

void main(void) {
  files();
  features();
  console();
  rest();
  CALL(SYS_EXIT_EXTENDED, 0x20026, 7);
  for (;;) {}
}
