// What the scripts look at: variables of all kinds, calls, watched memory, a kernel in the high half.
typedef unsigned long u64;
typedef unsigned int u32;

#define HIGH __attribute__((section(".high.text"), noinline))
#define NEVER_INLINE __attribute__((noinline))

void enter_supervisor(void (*target)(void), u64 satp);
void leave_supervisor(void (*target)(void));
void step_here(void);
void take_timer(void);
void finish(int);

volatile u64 turns;
volatile u64 traps;
volatile u64 watched = 0x1111;
volatile u32 watched_word;
volatile unsigned char watched_bytes[16];
volatile double product;
volatile float quotient;
volatile int ticket = 1;
char message[32] = "hello from the guest";
struct point { int x; int y; struct point *next; };
struct point second = {3, 4, 0};
struct point first = {1, 2, &second};

void back_again(void);
// Within reach of code in the high half.
__attribute__((section(".high.data"))) volatile u64 high_sum;
__attribute__((section(".high.data"))) void (*volatile way_back)(void) = back_again;

__attribute__((aligned(4096))) u64 root[512];

NEVER_INLINE int fibonacci(int n) {
  if (n < 2) return n;
  return fibonacci(n - 1) + fibonacci(n - 2);
}

NEVER_INLINE double multiply(double a, double b) {
  product = a * b;
  quotient = (float)(a / b);
  return product;
}

NEVER_INLINE void write_watched(void) {
  watched = watched + 1;
  watched_word = 7;
  for (int i = 0; i < 16; i++) watched_bytes[i] = (unsigned char)i;
  u64 seen = watched;
  watched_bytes[3] = (unsigned char)seen;
}

NEVER_INLINE void count_up(int n) {
  for (volatile int i = 0; i < n; i++) ticket = ticket + 1;
}

HIGH u64 high_work(u64 n) {
  u64 sum = 0;
  for (u64 i = 1; i <= n; i++) sum += i * i;
  high_sum = sum;
  return sum;
}

HIGH void high_start(void) {
  high_work(10);
  leave_supervisor(way_back);
}

void back_again(void) {
  take_timer();
  count_up(1000);
  finish(3);
}

int first_hart(void) {
  fibonacci(6);
  multiply(1.5, 4.0);
  write_watched();
  step_here();
  // 1 GiB pages: the low half as it is, and the last GiB but one to where the kernel lies.
  root[0] = 0xcf;
  root[2] = 0x80000000ul >> 2 | 0xcf;
  root[510] = 0x80000000ul >> 2 | 0xcf;
  enter_supervisor(high_start, 8ul << 60 | (u64)root >> 12);
  return 0;
}
