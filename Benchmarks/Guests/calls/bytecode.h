// A program for the two bytecode interpreters: nested loops with arithmetic, memory and a test.
#include "runtime.h"

enum { LOAD, ADD, XOR, MUL, DEC, LOOP, ROTATE, STORE, FETCH, SKIP_EVEN, MOVE, HALT, OPERATIONS };

// Operation, register, register or backward distance.
static const u8 program[][3] = {
    {LOAD, 1, 200}, {LOAD, 2, 17}, {ADD, 0, 1}, {XOR, 3, 0},  {MUL, 3, 2},      {ROTATE, 3, 7}, {STORE, 3, 1},
    {FETCH, 4, 3},  {ADD, 0, 4},   {MOVE, 5, 0}, {SKIP_EVEN, 5, 0}, {ADD, 2, 5}, {XOR, 2, 1},   {DEC, 1, 0},
    {LOOP, 1, 12},  {DEC, 7, 0},   {LOOP, 7, 16}, {HALT, 0, 0},
};
static volatile u8 loaded;  // keeps the compiler from running the program itself
static u64 registers[8], cells[64];
