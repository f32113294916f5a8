// Elementary functions as a mathematical library has them: range reduction, polynomial, scaling.
#include "real.h"

static double power_of_two(i64 exponent) {
  union {
    u64 u;
    double d;
  } x = {.u = (u64)(exponent + 1023) << 52};
  return x.d;
}

static NOINLINE double exponential(double x) {
  i64 n = (i64)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
  double r = x - n * 0.6931471805599453, sum = 1, term = 1;
  for (int i = 1; i < 14; i++) term *= r / i, sum += term;
  return sum * power_of_two(n);
}

static NOINLINE double logarithm(double x) {
  union {
    double d;
    u64 u;
  } v = {.d = x};
  i64 exponent = (i64)(v.u >> 52 & 2047) - 1023;
  v.u = (v.u & 0xffffffffffffful) | 0x3ff0000000000000ul;
  double z = (v.d - 1) / (v.d + 1), z2 = z * z, sum = 0, term = z;
  for (int i = 1; i < 24; i += 2) sum += term / i, term *= z2;
  return 2 * sum + exponent * 0.6931471805599453;
}

static NOINLINE double sine(double x) {
  i64 n = (i64)(x * 0.3183098861837907 + (x < 0 ? -0.5 : 0.5));
  double r = x - n * 3.141592653589793, r2 = r * r;
  double p = -7.6471637318198165e-13;
  p = p * r2 + 1.6059043836821613e-10, p = p * r2 - 2.505210838544172e-08, p = p * r2 + 2.7557319223985893e-06;
  p = p * r2 - 0.0001984126984126984, p = p * r2 + 0.008333333333333333, p = p * r2 - 0.16666666666666666;
  r += r * r2 * p;
  return n & 1 ? -r : r;
}

static NOINLINE double arctangent(double x) {
  double offset = 0;
  if (x > 1) return 1.5707963267948966 - arctangent(1 / x);
  if (x > 0.4) x = (x - 0.5) / (1 + x / 2), offset = 0.4636476090008061;
  double x2 = x * x, sum = 0, term = x;
  for (int i = 1; i < 20; i += 2) sum += (i & 2 ? -term : term) / i, term *= x2;
  return offset + sum;
}

u64 benchmark(u64 iterations) {
  double x = 0.7, sum = 0;
  for (u64 i = 0; i < iterations; i++) {
    double a = exponential(x - 1), b = logarithm(a + 1), c = sine(b * 20), d = arctangent(c < 0 ? -c * 3 : c * 3);
    sum += a + b + c + d;
    x = __builtin_sqrt(d + (double)(i & 15) / 4);
  }
  return bits(sum);
}
