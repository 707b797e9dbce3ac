/* Updates of one parameter, its norms included, each operand read once a pass. */
#ifndef BLOCKWISE_PARAMETER_UPDATE_H
#define BLOCKWISE_PARAMETER_UPDATE_H

#include <math.h>

#include "context.h"
#include "kernels.h"
#include "vector.h"

/**
 * Rounds products before they are added, as operations of their own do: what an update gives is then what every engine gives. It
 * waits for memory anyway.
 */
#if defined(__clang__)
#define ROUND_EACH
#pragma clang fp contract(off)
#else
#define ROUND_EACH __attribute__((optimize("fp-contract=off")))
#endif

/** Elements of a task. */
#define UPDATE_ELEMENTS ((ptrdiff_t)16384)

typedef struct {
  const MomentumUpdate *update;
  float ratio;
  /** Squares of the parameter and of the decayed gradient, by task. */
  double *squares;
} MomentumWork;

static void square_part(void *work, ptrdiff_t task, int thread) {
  (void)thread;
  const MomentumWork *parts = work;
  const MomentumUpdate *update = parts->update;
  ptrdiff_t first = task * UPDATE_ELEMENTS, last = smaller(update->size, first + UPDATE_ELEMENTS);
  double of_parameter[LANES] = {0}, of_gradient[LANES] = {0};
  Vector decay = splat((float)update->decay);
  ptrdiff_t index = first;
  for (; index < last; index += LANES) {
    int count = (int)smaller(LANES, last - index);
    Vector p = count == LANES ? load(update->parameter + index) : load_part(update->parameter + index, count);
    Vector g = count == LANES ? load(update->gradient + index) : load_part(update->gradient + index, count);
    if (update->decay != 0) g += p * decay;
    add_wide(of_parameter, p * p);
    add_wide(of_gradient, g * g);
  }
  double *squares = parts->squares + 2 * task;
  squares[0] = squares[1] = 0;
  for (int lane = 0; lane < LANES; lane++) {
    squares[0] += of_parameter[lane];
    squares[1] += of_gradient[lane];
  }
}

static ROUND_EACH void momentum_part(void *work, ptrdiff_t task, int thread) {
  (void)thread;
  const MomentumWork *parts = work;
  const MomentumUpdate *update = parts->update;
  ptrdiff_t first = task * UPDATE_ELEMENTS, count = smaller(UPDATE_ELEMENTS, update->size - first);
  const float *restrict parameter = update->parameter + first, *restrict gradient = update->gradient + first;
  float *restrict target = update->new_parameter + first;
  float decay = (float)update->decay, keep = (float)update->keep, rate = (float)update->rate, ratio = parts->ratio;
  if (update->momentum == NULL) {
    for (ptrdiff_t index = 0; index < count; index++) {
      float step = gradient[index];
      if (decay != 0) step += parameter[index] * decay;
      target[index] = parameter[index] - step * ratio * rate;
    }
    return;
  }
  const float *restrict momentum = update->momentum + first;
  float *restrict kept = update->new_momentum + first;
  for (ptrdiff_t index = 0; index < count; index++) {
    float step = gradient[index];
    if (decay != 0) step += parameter[index] * decay;
    step *= ratio;
    float direction = momentum[index] * keep + step;
    kept[index] = direction;
    if (update->nesterov) direction = step + direction * keep;
    target[index] = parameter[index] - direction * rate;
  }
}

static int update_with_momentum(Context *context, const MomentumUpdate *update) {
  ptrdiff_t tasks = ceil_div(update->size, UPDATE_ELEMENTS);
  MomentumWork work = {.update = update, .ratio = 1};
  if (update->trusts) {
    if (context_reserve(context, (size_t)tasks * 2 * sizeof(double), 0) != 0) return -1;
    work.squares = context_shared(context);
    context_run(context, tasks, square_part, &work);
    double of_parameter = 0, of_gradient = 0;
    for (ptrdiff_t task = 0; task < tasks; task++) {
      of_parameter += work.squares[2 * task];
      of_gradient += work.squares[2 * task + 1];
    }
    if (of_parameter > 0 && of_gradient > 0) {
      work.ratio = (float)fmin(sqrt(of_parameter / of_gradient) * update->trust, update->limit);
    }
  }
  context_run(context, tasks, momentum_part, &work);
  return 0;
}

static ROUND_EACH void moments_part(void *work, ptrdiff_t task, int thread) {
  (void)thread;
  const MomentsUpdate *update = work;
  ptrdiff_t first = task * UPDATE_ELEMENTS, count = smaller(UPDATE_ELEMENTS, update->size - first);
  const float *restrict parameter = update->parameter + first, *restrict gradient = update->gradient + first;
  const float *restrict mean = update->mean + first, *restrict square = update->square + first;
  float *restrict target = update->new_parameter + first;
  float *restrict new_mean = update->new_mean + first, *restrict new_square = update->new_square + first;
  float keep_mean = (float)update->keep_mean, add_mean = (float)(1 - update->keep_mean);
  float keep_square = (float)update->keep_square, add_square = (float)(1 - update->keep_square);
  float shrink = (float)update->shrink, rate = (float)update->rate, epsilon = (float)update->epsilon;
  for (ptrdiff_t index = 0; index < count; index++) {
    float g = gradient[index];
    float m = mean[index] * keep_mean + g * add_mean;
    float v = square[index] * keep_square + g * g * add_square;
    new_mean[index] = m;
    new_square[index] = v;
    target[index] = parameter[index] * shrink - m / (sqrtf(v) + epsilon) * rate;
  }
}

static int update_with_moments(Context *context, const MomentsUpdate *update) {
  context_run(context, ceil_div(update->size, UPDATE_ELEMENTS), moments_part, (void *)(uintptr_t)update);
  return 0;
}

#if defined(__clang__)
#pragma clang fp contract(fast)
#endif

#endif
