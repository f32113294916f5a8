// Objects of eight classes, their methods called through tables of functions.
#include "runtime.h"

struct object {
  u64 (*const *methods)(struct object *, u64);
  u64 state;
};

#define CLASS(name, first, second)                                                                  \
  static NOINLINE u64 name##_first(struct object *o, u64 x) { return o->state = (first); }          \
  static NOINLINE u64 name##_second(struct object *o, u64 x) { return o->methods[0](o, (second)); } \
  static u64 (*const name[])(struct object *, u64) = {name##_first, name##_second};

CLASS(adder, o->state + x, x + 1)
CLASS(mixer, o->state ^ x << 3, x - 1)
CLASS(shifter, o->state << 1 | x >> 63, x ^ 5)
CLASS(keeper, o->state + (x & 1), x + o->state)
CLASS(doubler, x * 2, x + 3)
CLASS(masker, o->state & ~x, x | 1)
CLASS(joiner, o->state | x, x & 0xffff)
CLASS(taker, o->state - x, x >> 2)

static u64 (*const *const classes[])(struct object *, u64) = {adder,   mixer,  shifter, keeper,
                                                             doubler, masker, joiner,  taker};
static struct object objects[64];

u64 benchmark(u64 iterations) {
  u64 x = 1;
  for (u64 i = 0; i < LENGTH(objects); i++) objects[i].methods = classes[i * 5 % 8], objects[i].state = i;
  for (u64 i = 0; i < iterations; i++)
    for (u64 k = 0; k < LENGTH(objects); k++) x += objects[k].methods[(k ^ i) & 1](&objects[k], x);
  return x;
}
