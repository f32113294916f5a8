// Lengths, searches, comparisons, case changes and splitting of text, byte by byte.
#include "runtime.h"

static char text[8192], other[8192];

static NOINLINE u64 length(const char *s) {
  const char *p = s;
  while (*p) p++;
  return p - s;
}

static NOINLINE const char *search(const char *s, char c) {
  while (*s && *s != c) s++;
  return *s ? s : 0;
}

static NOINLINE i32 compared(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (u8)*a - (u8)*b;
}

static NOINLINE void upper(char *to, const char *from) {
  char c;
  do {
    c = *from++;
    *to++ = c >= 'a' && c <= 'z' ? c - 32 : c;
  } while (c);
}

static NOINLINE u64 contains(const char *s, const char *word) {
  u64 count = 0;
  for (; *s; s++) {
    const char *a = s, *b = word;
    while (*b && *a == *b) a++, b++;
    count += !*b;
  }
  return count;
}

static NOINLINE u64 words(const char *s) {
  u64 hash = 5381, count = 0;
  while (*s) {
    while (*s == ' ') s++;
    if (*s) count++;
    while (*s && *s != ' ') hash = hash * 33 + (u8)*s++;
  }
  return hash + count;
}

u64 benchmark(u64 iterations) {
  u64 result = 0, seed = 7;
  for (u64 i = 0; i < LENGTH(text) - 1; i++) {
    u64 r = next_random(&seed) % 32;
    text[i] = r < 26 ? 'a' + r : ' ';
  }
  for (u64 i = 0; i < iterations; i++) {
    text[i & 4095] = 'a' + i % 26;
    u64 n = length(text);
    upper(other, text);
    result = mixed(result, n + compared(text, text + 1) + words(text));
    for (const char *p = text; (p = search(p, 'q')); p++) result++;
    result = mixed(result, contains(other, "THE") + words(other) + compared(other, other));
  }
  return result;
}
