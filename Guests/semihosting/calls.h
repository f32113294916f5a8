/* Arm semihosting, version 2, with its numbers. */
enum {
  SYS_OPEN = 0x01, SYS_CLOSE, SYS_WRITEC, SYS_WRITE0, SYS_WRITE, SYS_READ, SYS_READC, SYS_ISERROR,
  SYS_ISTTY, SYS_SEEK, SYS_FLEN = 0x0c, SYS_TMPNAM, SYS_REMOVE, SYS_RENAME, SYS_CLOCK, SYS_TIME,
  SYS_SYSTEM, SYS_ERRNO, SYS_GET_CMDLINE = 0x15, SYS_HEAPINFO, SYS_EXIT = 0x18, SYS_SYNCCACHE,
  SYS_EXIT_EXTENDED = 0x20, SYS_ELAPSED = 0x30, SYS_TICKFREQ,
};

typedef long word;
word semihost(word operation, word parameter);

/* A call with its block of arguments. */
#define CALL(operation, ...) \
  ({ word block_[] = {__VA_ARGS__}; semihost(operation, (word)block_); })

static word length(const char *text) {
  word n = 0;
  while (text[n]) n++;
  return n;
}

static void print(const char *text) { semihost(SYS_WRITE0, (word)text); }

/* Signed and decimal: results of harts of both widths compare. */
static void number(long value) {
  char digits[24];
  int i = sizeof digits;
  unsigned long rest = value < 0 ? -(unsigned long)value : (unsigned long)value;
  digits[--i] = 0;
  do digits[--i] = '0' + rest % 10; while (rest /= 10);
  if (value < 0) digits[--i] = '-';
  print(digits + i);
}

static word open_file(const char *name, word mode) { return CALL(SYS_OPEN, (word)name, mode, length(name)); }

/* A line: what was done, its result, and the error number where that says something. */
static word claim(const char *what, word result) {
  print(what);
  print(": ");
  number(result);
  if (result == -1) {
    print(" errno ");
    number(semihost(SYS_ERRNO, 0));
  }
  print("\n");
  return result;
}
