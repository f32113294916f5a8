// Kinds of work by name; `count` is how often a kernel in the machine emulator does it.
#ifndef WORK_H
#define WORK_H

struct work {
  const char *name;
  long (*function)(long times);
  long count;
};

// The last has no name.
extern const struct work works[];
// The command by which `fork-exec`'s children end with code 7.
extern char *const *leave;
// Ends the program: `what` does not work.
void fail(const char *what) __attribute__((noreturn));

#endif
