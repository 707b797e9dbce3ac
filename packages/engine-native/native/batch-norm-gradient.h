/* Gradient of training batch norm with its epilogue, in two passes over memory. */
#ifndef BLOCKWISE_BATCH_NORM_GRADIENT_H
#define BLOCKWISE_BATCH_NORM_GRADIENT_H

#include "batch-norm.h"

/** Where a strip of rows begins, at some channel; `dy_stride` is 0 where one row of dy stands for all. */
typedef struct {
  const float *x;
  const float *residual;
  const float *dy;
  ptrdiff_t dy_stride;
  float *gradient;
  ptrdiff_t rows;
  ptrdiff_t channel;
} Strip;

/** `g = dy` where the activation let pass, and the sums of g and g (x - mean). */
INLINE void strip_sums(const NormWork *work, Strip strip, int relu, int count, double *sums, double *products) {
  ptrdiff_t channels = work->norm->channels;
  Vector mean = load(work->mean + strip.channel), factor = load(work->factor + strip.channel);
  Vector shift = load(work->shift + strip.channel), zero = {0};
  for (ptrdiff_t row = 0; row < strip.rows;) {
    ptrdiff_t end = smaller(strip.rows, row + RUN);
    Vector sum = {0}, product = {0};
    for (; row < end; row++) {
      Vector d = load_some(strip.x, count) - mean;
      Vector g = load_some(strip.dy, count);
      if (relu) {
        Vector y = d * factor + shift;
        if (strip.residual != NULL) y += load_some(strip.residual, count);
        g = keep(g, y > zero);
      }
      if (strip.gradient != NULL) {
        store_some(strip.gradient, g, count);
        strip.gradient += channels;
      }
      sum += g;
      product += g * d;
      strip.x += channels;
      strip.dy += strip.dy_stride;
      if (strip.residual != NULL) strip.residual += channels;
    }
    add_wide(sums, sum);
    add_wide(products, product);
  }
}

/** Puts one image's dy, divided by its pixels, where all its rows can read it. */
static void share_gradient(const NormWork *work, ptrdiff_t row, float *shared) {
  const Norm *norm = work->norm;
  const float *dy = work->dy + row / norm->pixels * norm->channels;
  for (ptrdiff_t channel = 0; channel < norm->channels; channel++) shared[channel] = dy[channel] / (float)norm->pixels;
}

static void add_gradient_sums(void *argument, ptrdiff_t task, int thread) {
  const NormWork *work = argument;
  const Norm *norm = work->norm;
  ptrdiff_t channels = norm->channels, end = smaller(norm->rows, (task + 1) * work->task_rows);
  ptrdiff_t span = norm->pixels > 0 ? norm->pixels : work->task_rows;
  double *sums = work->sums + task * 2 * work->width, *products = sums + work->width;
  memset(sums, 0, (size_t)work->width * 2 * sizeof(double));
  float *shared = context_own(work->context, thread);
  for (ptrdiff_t start = task * work->task_rows; start < end; start += span) {
    ptrdiff_t span_end = smaller(end, start + span);
    if (norm->pixels > 0) share_gradient(work, start, shared);
    for (ptrdiff_t first = start; first < span_end; first += work->strip_rows) {
      for (ptrdiff_t channel = 0; channel < channels; channel += LANES) {
        ptrdiff_t place = first * channels + channel;
        Strip strip = {.x = norm->x + place,
                       .residual = norm->residual == NULL ? NULL : norm->residual + place,
                       .dy = norm->pixels > 0 ? shared + channel : work->dy + place,
                       .dy_stride = norm->pixels > 0 ? 0 : channels,
                       .gradient = work->gradients.residual == NULL ? NULL : work->gradients.residual + place,
                       .rows = smaller(work->strip_rows, span_end - first),
                       .channel = channel};
        int count = (int)smaller(LANES, channels - channel);
        if (count == LANES) {
          if (norm->relu) strip_sums(work, strip, 1, LANES, sums + channel, products + channel);
          else strip_sums(work, strip, 0, LANES, sums + channel, products + channel);
        } else {
          strip_sums(work, strip, norm->relu, count, sums + channel, products + channel);
        }
      }
    }
  }
}

/** `dx = factor g + slope (x - mean) + level` of one row. */
INLINE void gradient_row(const NormWork *work, const float *x, const float *dy, float *dx, int masked) {
  ptrdiff_t channels = work->norm->channels;
  Vector zero = {0};
  for (ptrdiff_t channel = 0; channel < channels; channel += LANES) {
    int count = (int)smaller(LANES, channels - channel);
    Vector factor = load(work->factor + channel);
    Vector d = load_some(x + channel, count) - load(work->mean + channel);
    Vector g = load_some(dy + channel, count);
    if (masked) g = keep(g, d * factor + load(work->shift + channel) > zero);
    store_some(dx + channel, g * factor + (d * load(work->slope + channel) + load(work->level + channel)), count);
  }
}

static void input_gradient_rows(void *argument, ptrdiff_t task, int thread) {
  const NormWork *work = argument;
  const Norm *norm = work->norm;
  ptrdiff_t channels = norm->channels, end = smaller(norm->rows, (task + 1) * work->task_rows);
  // The residual's gradient is masked already and spread over the pixels.
  const float *masked = work->gradients.residual;
  int pooled = masked == NULL && norm->pixels > 0;
  float *shared = context_own(work->context, thread);
  for (ptrdiff_t row = task * work->task_rows; row < end; row++) {
    if (pooled && row % norm->pixels == 0) share_gradient(work, row, shared);
    const float *dy = masked != NULL ? masked + row * channels : pooled ? shared : work->dy + row * channels;
    const float *x = norm->x + row * channels;
    float *dx = work->gradients.x + row * channels;
    if (masked == NULL && norm->relu) gradient_row(work, x, dy, dx, 1);
    else gradient_row(work, x, dy, dx, 0);
  }
}

static void clear_gradients(const Norm *norm, const NormGradients *gradients) {
  memset(gradients->scale, 0, (size_t)norm->channels * sizeof(float));
  memset(gradients->offset, 0, (size_t)norm->channels * sizeof(float));
}

/** First pass: gradients of scale, offset and residual; what mean and variance pass on. */
static void sum_gradients(NormWork *work, const NormGradients *gradients) {
  const Norm *norm = work->norm;
  context_run(work->context, work->tasks, add_gradient_sums, work);
  double rows = (double)norm->rows;
  for (ptrdiff_t channel = 0; channel < work->width; channel++) {
    work->slope[channel] = work->level[channel] = 0;
    if (channel >= norm->channels) continue;
    double sum = 0, product = 0;
    for (ptrdiff_t task = 0; task < work->tasks; task++) {
      sum += work->sums[task * 2 * work->width + channel];
      product += work->sums[(task * 2 + 1) * work->width + channel];
    }
    double spread = (double)norm->variance[channel] + norm->epsilon, gain = (double)work->factor[channel];
    gradients->scale[channel] = (float)(product / sqrt(spread));
    gradients->offset[channel] = (float)sum;
    work->slope[channel] = (float)(-gain * product / (rows * spread));
    work->level[channel] = (float)(-gain * sum / rows);
  }
}

static int plan_gradient(NormWork *work, Context *context) {
  const Norm *norm = work->norm;
  plan_norm(work, norm->rows, norm->channels, norm->pixels);
  if (reserve_norm(work, context, 1, (size_t)work->width * sizeof(float)) != 0) return -1;
  set_coefficients(work, norm);
  return 0;
}

static int normalize_gradient(Context *context, const Norm *norm, const float *dy, int batch_statistics,
                              const NormGradients *gradients) {
  if (norm->channels == 0 || norm->rows == 0) {
    clear_gradients(norm, gradients);
    return 0;
  }
  NormWork work = {.norm = norm, .dy = dy, .gradients = *gradients};
  if (plan_gradient(&work, context) != 0) return -1;
  sum_gradients(&work, gradients);
  for (ptrdiff_t channel = 0; !batch_statistics && channel < work.width; channel++) work.slope[channel] = work.level[channel] = 0;
  context_run(context, work.tasks, input_gradient_rows, &work);
  return 0;
}

static int normalize_gradient_sums(Context *context, const Norm *norm, const float *dy, const NormGradients *gradients) {
  if (norm->channels == 0 || norm->rows == 0) {
    clear_gradients(norm, gradients);
    return 0;
  }
  NormWork work = {.norm = norm, .dy = dy, .gradients = *gradients};
  if (plan_gradient(&work, context) != 0) return -1;
  sum_gradients(&work, gradients);
  return 0;
}

static int normalize_input_gradient(Context *context, const Norm *norm, const float *dy, const float *slope, const float *level,
                                    float *dx) {
  if (norm->channels == 0 || norm->rows == 0) return 0;
  NormWork work = {.norm = norm, .dy = dy, .gradients = {.x = dx}};
  if (plan_gradient(&work, context) != 0) return -1;
  for (ptrdiff_t channel = 0; channel < work.width; channel++) {
    work.slope[channel] = channel < norm->channels ? slope[channel] : 0;
    work.level[channel] = channel < norm->channels ? level[channel] : 0;
  }
  context_run(context, work.tasks, input_gradient_rows, &work);
  return 0;
}

#endif
