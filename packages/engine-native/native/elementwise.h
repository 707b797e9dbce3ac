/* Operations on two tensors, element by element, and the sum of the squares of one: memory is what they wait for. */
#ifndef BLOCKWISE_ELEMENTWISE_H
#define BLOCKWISE_ELEMENTWISE_H

#include "context.h"
#include "kernels.h"
#include "vector.h"

/** Elements of a task: 64 KiB of each operand. */
#define ELEMENTS ((ptrdiff_t)16384)

INLINE Vector result_of(ElementwiseOperation operation, Vector a, Vector b) {
  switch (operation) {
    case ELEMENTWISE_ADD: return a + b;
    case ELEMENTWISE_SUBTRACT: return a - b;
    case ELEMENTWISE_MULTIPLY: return a * b;
    default: return a / b;
  }
}

/** The operation and which operands are numbers are constants where this is called, so that the loop has no branches. */
INLINE void elementwise_loop(const Elementwise *e, ElementwiseOperation operation, int a_is_number, int b_is_number, ptrdiff_t first,
                             ptrdiff_t last) {
  Vector number_a = splat(a_is_number ? *e->a : 0), number_b = splat(b_is_number ? *e->b : 0);
  ptrdiff_t index = first;
  for (; index + LANES <= last; index += LANES) {
    Vector a = a_is_number ? number_a : load(e->a + index), b = b_is_number ? number_b : load(e->b + index);
    store(e->y + index, result_of(operation, a, b));
  }
  int rest = (int)(last - index);
  if (rest == 0) return;
  Vector a = a_is_number ? number_a : load_part(e->a + index, rest), b = b_is_number ? number_b : load_part(e->b + index, rest);
  store_part(e->y + index, result_of(operation, a, b), rest);
}

INLINE void elementwise_range(const Elementwise *e, ElementwiseOperation operation, ptrdiff_t first, ptrdiff_t last) {
  if (e->b_is_number) {
    elementwise_loop(e, operation, 0, 1, first, last);
  } else if (e->a_is_number) {
    elementwise_loop(e, operation, 1, 0, first, last);
  } else {
    elementwise_loop(e, operation, 0, 0, first, last);
  }
}

static void elementwise_part(void *work, ptrdiff_t task, int thread) {
  (void)thread;
  const Elementwise *e = work;
  ptrdiff_t first = task * ELEMENTS, last = smaller(e->size, first + ELEMENTS);
  switch (e->operation) {
    case ELEMENTWISE_ADD: elementwise_range(e, ELEMENTWISE_ADD, first, last); break;
    case ELEMENTWISE_SUBTRACT: elementwise_range(e, ELEMENTWISE_SUBTRACT, first, last); break;
    case ELEMENTWISE_MULTIPLY: elementwise_range(e, ELEMENTWISE_MULTIPLY, first, last); break;
    default: elementwise_range(e, ELEMENTWISE_DIVIDE, first, last);
  }
}

static int elementwise(Context *context, const Elementwise *e) {
  context_run(context, ceil_div(e->size, ELEMENTS), elementwise_part, (void *)(uintptr_t)e);
  return 0;
}

typedef struct {
  const float *x;
  ptrdiff_t size;
  /** By task. */
  double *sums;
} SquaresWork;

static void squares_part(void *work, ptrdiff_t task, int thread) {
  (void)thread;
  const SquaresWork *squares = work;
  ptrdiff_t first = task * ELEMENTS, last = smaller(squares->size, first + ELEMENTS);
  WideVector sums = {0};
  for (ptrdiff_t index = first; index < last; index += LANES) {
    int count = (int)smaller(LANES, last - index);
    Vector x = count == LANES ? load(squares->x + index) : load_part(squares->x + index, count);
    WideVector wide = __builtin_convertvector(x, WideVector);
    sums += wide * wide;
  }
  squares->sums[task] = 0;
  for (int lane = 0; lane < LANES; lane++) squares->sums[task] += sums[lane];
}

static int sum_of_squares(Context *context, const float *x, ptrdiff_t size, double *sum) {
  ptrdiff_t tasks = ceil_div(size, ELEMENTS);
  if (context_reserve(context, (size_t)tasks * sizeof(double), 0) != 0) return -1;
  SquaresWork work = {x, size, context_shared(context)};
  context_run(context, tasks, squares_part, &work);
  *sum = 0;
  for (ptrdiff_t task = 0; task < tasks; task++) *sum += work.sums[task];
  return 0;
}

#endif
