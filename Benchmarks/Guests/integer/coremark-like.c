// A mix in CoreMark's proportions: linked list, small matrix, state machine, CRC over all results.
#include "runtime.h"

struct item {
  struct item *next;
  u16 key, index;
};

enum { ITEMS = 40, SIDE = 10 };
static struct item items[ITEMS];
static u16 left[SIDE][SIDE], right[SIDE][SIDE];
static i32 product[SIDE][SIDE];
static const char *const inputs[] = {
    "5012,1234,-874,+122", "35.54400,.1234500,-110.700", "5.500e+3,-.123e-2,-87e+832", "T0.3e-1F,-T.T++Tq,1T3.4e4z",
};

static u16 crc16(u16 crc, u16 value) {
  for (int i = 0; i < 16; i++) {
    u16 bit = (value ^ crc) & 1;
    crc >>= 1, value >>= 1;
    if (bit) crc ^= 0xa001;
  }
  return crc;
}

static NOINLINE struct item *find(struct item *list, u16 key) {
  while (list && list->key != key) list = list->next;
  return list;
}

static NOINLINE struct item *reversed(struct item *list) {
  struct item *done = 0;
  while (list) {
    struct item *next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

static i32 by_key(const struct item *a, const struct item *b) { return a->key - b->key; }
static i32 by_index(const struct item *a, const struct item *b) { return a->index - b->index; }

// Bottom-up merge sort of a list.
static NOINLINE struct item *sorted(struct item *list, i32 (*compare)(const struct item *, const struct item *)) {
  for (int size = 1;; size *= 2) {
    struct item *p = list, *tail = 0;
    int merges = 0;
    list = 0;
    while (p) {
      struct item *q = p;
      int a = 0, b = size;
      merges++;
      while (a < size && q) a++, q = q->next;
      while (a > 0 || (b > 0 && q)) {
        struct item *least;
        if (a > 0 && (b == 0 || !q || compare(p, q) <= 0)) least = p, p = p->next, a--;
        else least = q, q = q->next, b--;
        if (tail) tail->next = least;
        else list = least;
        tail = least;
      }
      p = q;
    }
    tail->next = 0;
    if (merges <= 1) return list;
  }
}

static NOINLINE u16 list_work(u16 seed) {
  struct item *list = items;
  u16 crc = 0;
  for (int i = 0; i < ITEMS; i++) {
    items[i].next = i + 1 < ITEMS ? &items[i + 1] : 0;
    items[i].key = (i * 37 + seed) & 127;
    items[i].index = i;
  }
  for (int i = 0; i < 10; i++) {
    struct item *found = find(list, (seed + i * 13) & 127);
    list = reversed(list);
    crc = crc16(crc, found ? found->index : i);
  }
  list = sorted(list, by_key);
  crc = crc16(crc, list->key);
  list = sorted(list, by_index);
  for (struct item *p = list; p; p = p->next) crc = crc16(crc, p->key);
  return crc;
}

static NOINLINE u16 matrix_work(u16 seed) {
  i32 sum = 0;
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) left[i][j] = (i * 7 + j * seed) & 0xff, right[i][j] = (i ^ j) + seed;
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) {
      i32 s = 0;
      for (int k = 0; k < SIDE; k++) s += (i32)left[i][k] * (i32)right[k][j];
      product[i][j] = s;
    }
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) sum += (product[i][j] >> 2 & 15) * (product[i][j] >> 5 & 127);
  return crc16(sum, sum >> 16);
}

enum state { START, SIGN, INTEGER, FRACTION, EXPONENT, EXPONENT_SIGN, SCIENTIFIC, INVALID, STATES };

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static NOINLINE enum state scan(const char **text, u32 *visits) {
  enum state s = START;
  const char *p = *text;
  for (; *p && *p != ',' && s != INVALID; p++) {
    char c = *p;
    switch (s) {
    case START: s = is_digit(c) ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : INVALID; break;
    case SIGN: s = is_digit(c) ? INTEGER : c == '.' ? FRACTION : INVALID; break;
    case INTEGER: s = c == '.' ? FRACTION : is_digit(c) ? INTEGER : INVALID; break;
    case FRACTION: s = c == 'e' || c == 'E' ? EXPONENT : is_digit(c) ? FRACTION : INVALID; break;
    case EXPONENT: s = c == '+' || c == '-' ? EXPONENT_SIGN : INVALID; break;
    case EXPONENT_SIGN: s = is_digit(c) ? SCIENTIFIC : INVALID; break;
    case SCIENTIFIC: s = is_digit(c) ? SCIENTIFIC : INVALID; break;
    default: break;
    }
    visits[s]++;
  }
  while (*p && *p != ',') p++;
  *text = *p ? p + 1 : p;
  return s;
}

static NOINLINE u16 state_work(void) {
  u32 visits[STATES] = {0}, ends[STATES] = {0};
  u16 crc = 0;
  for (u64 i = 0; i < LENGTH(inputs); i++)
    for (const char *p = inputs[i]; *p;) ends[scan(&p, visits)]++;
  for (int i = 0; i < STATES; i++) crc = crc16(crc16(crc, visits[i]), ends[i]);
  return crc;
}

u64 benchmark(u64 iterations) {
  u64 result = 0;
  for (u64 i = 0; i < iterations; i++) {
    result = mixed(result, list_work(i));
    result = mixed(result, matrix_work(i));
    result = mixed(result, state_work());
  }
  return result;
}
