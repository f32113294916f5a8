// Binary trees built, walked and given back to a free list.
#include "runtime.h"

struct node {
  struct node *left, *right;
};

static struct node pool[1 << 15], *free_nodes;

static NOINLINE struct node *allocate(void) {
  struct node *n = free_nodes;
  free_nodes = n->left;
  return n;
}

static NOINLINE void release(struct node *n) {
  n->left = free_nodes;
  free_nodes = n;
}

static NOINLINE struct node *build(int depth) {
  struct node *n = allocate();
  n->left = depth ? build(depth - 1) : 0;
  n->right = depth ? build(depth - 1) : 0;
  return n;
}

static NOINLINE u64 weigh(const struct node *n) { return n->left ? 1 + weigh(n->left) + weigh(n->right) : 1; }

static NOINLINE void destroy(struct node *n) {
  if (n->left) destroy(n->left), destroy(n->right);
  release(n);
}

u64 benchmark(u64 iterations) {
  u64 result = 0;
  for (u64 i = 0; i < LENGTH(pool); i++) release(&pool[i]);
  for (u64 i = 0; i < iterations; i++) {
    struct node *tree = build(4 + i % 9);
    result = mixed(result, weigh(tree));
    destroy(tree);
  }
  return result;
}
