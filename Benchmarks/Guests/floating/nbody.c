// The motion of five bodies under gravity.
#include "real.h"

enum { BODIES = 5 };
static struct {
  real x[3], v[3], mass;
} body[BODIES];

static NOINLINE void advance(real dt) {
  for (int i = 0; i < BODIES; i++)
    for (int j = i + 1; j < BODIES; j++) {
      real d[3], square = 0;
      for (int k = 0; k < 3; k++) d[k] = body[i].x[k] - body[j].x[k], square += d[k] * d[k];
      real strength = dt / (square * ROOT(square));
      for (int k = 0; k < 3; k++) {
        body[i].v[k] -= d[k] * body[j].mass * strength;
        body[j].v[k] += d[k] * body[i].mass * strength;
      }
    }
  for (int i = 0; i < BODIES; i++)
    for (int k = 0; k < 3; k++) body[i].x[k] += dt * body[i].v[k];
}

u64 benchmark(u64 iterations) {
  for (int i = 0; i < BODIES; i++) {
    for (int k = 0; k < 3; k++) {
      body[i].x[k] = (real)((i * 7 + k * 3) % 11) - 5 + (real)i / 8;
      body[i].v[k] = (real)((i * 5 + k * 2) % 7) / 10 - (real)0.3;
    }
    body[i].mass = (real)1 / (1 + i);
  }
  for (u64 i = 0; i < iterations; i++) advance((real)0.0009765625);
  u64 result = 0;
  for (int i = 0; i < BODIES; i++)
    for (int k = 0; k < 3; k++) result = mixed(result, bits(body[i].x[k]) + bits(body[i].v[k]));
  return result;
}
