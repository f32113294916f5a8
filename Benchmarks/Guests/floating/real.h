// The floating-point benchmarks compile for double and, with -DSINGLE, for single precision.
#include "runtime.h"

#ifdef SINGLE
typedef float real;
#define ROOT(x) __builtin_sqrtf(x)
#define FUSED(a, b, c) __builtin_fmaf(a, b, c)
#else
typedef double real;
#define ROOT(x) __builtin_sqrt(x)
#define FUSED(a, b, c) __builtin_fma(a, b, c)
#endif

// The bits of a value: results are compared exactly.
static inline u64 bits(real value) {
  union {
    double d;
    u64 u;
  } x = {.d = value};
  return x.u;
}
