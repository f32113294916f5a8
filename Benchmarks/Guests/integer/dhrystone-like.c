// Records, string copies and comparisons, small procedures and globals, in Dhrystone's manner.
#include "runtime.h"

struct record {
  struct record *other;
  i32 kind, choice, number;
  char text[32];
};

static struct record first, second;
static i32 global_number, flag;
static char global_letter;
static i32 row[64], table[64][64];

static NOINLINE void copy(char *to, const char *from) {
  while ((*to++ = *from++)) {
  }
}

static NOINLINE i32 compared(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (u8)*a - (u8)*b;
}

static NOINLINE i32 sum_of(i32 a, i32 b) { return a + 2 + b; }

static NOINLINE void choose(i32 input, i32 *output) {
  *output = input == 2 ? 2 : 3;
  switch (input) {
  case 0: *output = 0; break;
  case 1: *output = global_number > 100 ? 0 : 3; break;
  case 2: *output = 1; break;
  case 3: break;
  case 4: *output = 2; break;
  }
}

static NOINLINE void fill(i32 *row, i32 (*table)[64], i32 index, i32 value) {
  i32 at = index + 5;
  row[at] = value;
  row[at + 1] = row[at];
  row[at + 30] = at;
  for (i32 i = at; i <= at + 1; i++) table[at][i] = at;
  table[at][at - 1] += 1;
  table[at + 20][at] = row[at];
  global_number = 5;
}

static NOINLINE i32 same_letter(char a, char b) {
  if (a != b) return 0;
  global_letter = a;
  return 1;
}

static NOINLINE i32 ordered(const char *a, const char *b) {
  i32 i = 2;
  while (i <= 2)
    if (!same_letter(a[i], b[i + 1])) i += 1;
  if (compared(a, b) > 0) {
    global_number = i + 7;
    return 1;
  }
  return 0;
}

static NOINLINE void exchange(struct record *r) {
  struct record *next = r->other;
  *next = *r;
  next->other = r->other;
  next->number = 5;
  r->number = sum_of(next->number, 10);
  choose(r->choice, &next->choice);
  if (next->kind == 0) next->number = 6;
  else *r = *next;
}

u64 benchmark(u64 iterations) {
  char a[32], b[32];
  u64 result = 0;
  first.other = &second, second.other = &first;
  first.kind = 0, first.choice = 2, first.number = 40;
  copy(first.text, "A PROGRAM LIKE MANY, SOME TEXT.");
  copy(a, "A PROGRAM LIKE MANY, 1ST TEXT..");
  for (u64 i = 0; i < iterations; i++) {
    i32 x = 2, y = 3, z;
    global_letter = 'A' + (i & 1);
    flag = global_letter == 'A';
    copy(b, "A PROGRAM LIKE MANY, 2ND TEXT..");
    flag = !ordered(a, b);
    while (x < y) {
      z = 5 * x - y;
      z = sum_of(x, z);
      x++;
    }
    fill(row, table, x, z);
    exchange(&first);
    for (char c = 'A'; c <= global_letter; c++)
      if (same_letter(c, 'C')) copy(b, "NEVER");
    y = y * x;
    x = y / z;
    y = 7 * (y - z) - x;
    result += y + z + first.number + flag;
  }
  return mixed(result, global_number + table[8][7] + second.choice);
}
