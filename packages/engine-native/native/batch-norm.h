/*
 * Training batch norm. Sums run over at most RUN rows in float32, then go to float64, so that their error does not grow
 * with the number of rows. A task has the same rows whatever the number of threads.
 */
#ifndef BLOCKWISE_BATCH_NORM_H
#define BLOCKWISE_BATCH_NORM_H

#include <math.h>

#include "context.h"
#include "kernels.h"
#include "vector.h"

#define RUN 64
/** Bytes of x that a task goes through. */
#define TASK_BYTES 262144
/** Rows are gone through in strips that stay in the first-level cache, a few channels at a time. */
#define STRIP_BYTES 16384

typedef struct {
  Context *context;
  const Norm *norm;
  const float *dy;
  float *y;
  NormGradients gradients;
  /** Rows of a task; whole images where the output is pooled. */
  ptrdiff_t task_rows;
  ptrdiff_t tasks;
  ptrdiff_t strip_rows;
  int batch_statistics;
  /** Channels, filled up to whole vectors. */
  ptrdiff_t width;
  /** Coefficients, `width` floats each: y = (x - mean) factor + shift, dx = factor g + slope (x - mean) + level. */
  float *mean;
  float *factor;
  float *shift;
  float *slope;
  float *level;
  /** For each task, `width` sums of one and of the other. */
  double *sums;
} NormWork;

static void plan_norm(NormWork *work, ptrdiff_t rows, ptrdiff_t channels, ptrdiff_t pixels) {
  work->width = ceil_div(channels, LANES) * LANES;
  ptrdiff_t task_rows = larger(1, TASK_BYTES / (4 * channels));
  work->task_rows = pixels > 0 ? larger(1, task_rows / pixels) * pixels : task_rows;
  work->tasks = ceil_div(rows, work->task_rows);
  work->strip_rows = smaller(512, larger(32, STRIP_BYTES / (4 * channels)));
}

/** Reserves room for coefficients and, with `summed`, for the sums of all tasks; `each` floats for every thread. */
static int reserve_norm(NormWork *work, Context *context, int summed, size_t each) {
  size_t width = (size_t)work->width, sums = summed ? (size_t)work->tasks * 2 * width : 0;
  if (context_reserve(context, sums * sizeof(double) + 5 * width * sizeof(float), each) != 0) return -1;
  work->context = context;
  work->sums = context_shared(context);
  work->mean = (float *)(work->sums + sums);
  work->factor = work->mean + width;
  work->shift = work->factor + width;
  work->slope = work->shift + width;
  work->level = work->slope + width;
  return 0;
}

static void set_coefficients(NormWork *work, const Norm *norm) {
  for (ptrdiff_t channel = 0; channel < work->width; channel++) {
    int there = channel < norm->channels;
    double gain = there ? (norm->scale == NULL ? 1.0 : (double)norm->scale[channel]) : 0;
    work->mean[channel] = there ? norm->mean[channel] : 0;
    work->factor[channel] = there ? (float)(gain / sqrt((double)norm->variance[channel] + norm->epsilon)) : 0;
    work->shift[channel] = there && norm->offset != NULL ? norm->offset[channel] : 0;
  }
}

INLINE Vector load_some(const float *source, int count) { return count == LANES ? load(source) : load_part(source, count); }

INLINE void store_some(float *target, Vector vector, int count) {
  if (count == LANES) store(target, vector);
  else store_part(target, vector, count);
}

/* Sums of d and d * d, d being the difference from a rough mean: sound for a mean far above the deviation. */

typedef struct {
  NormWork norm;
  const float *x;
  ptrdiff_t rows;
  ptrdiff_t channels;
} Moments;

INLINE void strip_moments(const float *x, ptrdiff_t rows, ptrdiff_t channels, int count, Vector shift, double *sums, double *squares) {
  for (ptrdiff_t row = 0; row < rows;) {
    ptrdiff_t end = smaller(rows, row + RUN);
    Vector sum = {0}, square = {0};
    for (; row < end; row++, x += channels) {
      Vector d = load_some(x, count) - shift;
      sum += d;
      square += d * d;
    }
    add_wide(sums, sum);
    add_wide(squares, square);
  }
}

static void add_moments(void *work, ptrdiff_t task, int thread) {
  (void)thread;
  const Moments *moments = work;
  const NormWork *norm = &moments->norm;
  ptrdiff_t channels = moments->channels;
  double *sums = norm->sums + task * 2 * norm->width, *squares = sums + norm->width;
  memset(sums, 0, (size_t)norm->width * 2 * sizeof(double));
  ptrdiff_t end = smaller(moments->rows, (task + 1) * norm->task_rows);
  for (ptrdiff_t first = task * norm->task_rows; first < end; first += norm->strip_rows) {
    ptrdiff_t rows = smaller(norm->strip_rows, end - first);
    const float *x = moments->x + first * channels;
    ptrdiff_t channel = 0;
    for (; channel + LANES <= channels; channel += LANES) {
      strip_moments(x + channel, rows, channels, LANES, load(norm->shift + channel), sums + channel, squares + channel);
    }
    if (channel < channels) {
      int count = (int)(channels - channel);
      strip_moments(x + channel, rows, channels, count, load(norm->shift + channel), sums + channel, squares + channel);
    }
  }
}

static int statistics(Context *context, const float *x, ptrdiff_t rows, ptrdiff_t channels, float *mean, float *variance) {
  if (channels == 0) return 0;
  Moments moments = {.x = x, .rows = rows, .channels = channels};
  NormWork *norm = &moments.norm;
  plan_norm(norm, rows, channels, 0);
  if (reserve_norm(norm, context, 1, 0) != 0) return -1;
  // The mean of a few rows from all over x; their distance is odd so that they are not the same pixel of images.
  ptrdiff_t samples = smaller(rows, 16), distance = (rows / larger(samples, 1)) | 1;
  for (ptrdiff_t channel = 0; channel < norm->width; channel++) {
    float sum = 0;
    for (ptrdiff_t sample = 0; sample < samples && channel < channels; sample++) {
      sum += x[sample * distance % rows * channels + channel] * (1.0f / (float)samples);
    }
    norm->shift[channel] = sum;
  }
  context_run(context, norm->tasks, add_moments, &moments);
  for (ptrdiff_t channel = 0; channel < channels; channel++) {
    double sum = 0, square = 0;
    for (ptrdiff_t task = 0; task < norm->tasks; task++) {
      sum += norm->sums[task * 2 * norm->width + channel];
      square += norm->sums[(task * 2 + 1) * norm->width + channel];
    }
    sum /= (double)rows;
    square = square / (double)rows - sum * sum;
    mean[channel] = (float)((double)norm->shift[channel] + sum);
    // Not fmax, which would make a variance of 0 of one that is not a number.
    variance[channel] = (float)(square < 0 ? 0 : square);
  }
  return 0;
}

/* Forward. */

INLINE Vector normal(const NormWork *work, const float *x, const float *residual, ptrdiff_t channel, int count) {
  Vector y = (load_some(x, count) - load(work->mean + channel)) * load(work->factor + channel) + load(work->shift + channel);
  return residual == NULL ? y : y + load_some(residual, count);
}

INLINE Vector rectify(Vector y) {
  Vector zero = {0};
  // Keeps what is not a number, as a maximum would not.
  return keep(y, ~(y <= zero));
}

INLINE void normalize_row(const NormWork *work, const float *x, const float *residual, float *y, int relu) {
  ptrdiff_t channels = work->norm->channels, channel = 0;
  for (; channel + LANES <= channels; channel += LANES) {
    Vector value = normal(work, x + channel, residual == NULL ? NULL : residual + channel, channel, LANES);
    store(y + channel, relu ? rectify(value) : value);
  }
  if (channel < channels) {
    int count = (int)(channels - channel);
    Vector value = normal(work, x + channel, residual == NULL ? NULL : residual + channel, channel, count);
    store_part(y + channel, relu ? rectify(value) : value, count);
  }
}

static void normalize_rows(void *argument, ptrdiff_t task, int thread) {
  (void)thread;
  const NormWork *work = argument;
  const Norm *norm = work->norm;
  ptrdiff_t channels = norm->channels, end = smaller(norm->rows, (task + 1) * work->task_rows);
  for (ptrdiff_t row = task * work->task_rows; row < end; row++) {
    const float *x = norm->x + row * channels;
    float *y = work->y + row * channels;
    if (norm->residual == NULL) {
      if (norm->relu) normalize_row(work, x, NULL, y, 1);
      else normalize_row(work, x, NULL, y, 0);
    } else {
      normalize_row(work, x, norm->residual + row * channels, y, norm->relu);
    }
  }
}

INLINE void pool_strip(const NormWork *work, const float *x, const float *residual, ptrdiff_t rows, ptrdiff_t channel, int count, double *sums) {
  ptrdiff_t channels = work->norm->channels;
  int relu = work->norm->relu;
  for (ptrdiff_t row = 0; row < rows;) {
    ptrdiff_t end = smaller(rows, row + RUN);
    Vector sum = {0};
    for (; row < end; row++, x += channels) {
      Vector y = normal(work, x, residual, channel, count);
      sum += relu ? rectify(y) : y;
      if (residual != NULL) residual += channels;
    }
    add_wide(sums, sum);
  }
}

static void normalize_images(void *argument, ptrdiff_t task, int thread) {
  const NormWork *work = argument;
  const Norm *norm = work->norm;
  ptrdiff_t channels = norm->channels, end = smaller(norm->rows, (task + 1) * work->task_rows);
  double *sums = context_own(work->context, thread);
  for (ptrdiff_t image = task * work->task_rows; image < end; image += norm->pixels) {
    memset(sums, 0, (size_t)work->width * sizeof(double));
    for (ptrdiff_t first = image; first < image + norm->pixels; first += work->strip_rows) {
      ptrdiff_t rows = smaller(work->strip_rows, image + norm->pixels - first);
      for (ptrdiff_t channel = 0; channel < channels; channel += LANES) {
        const float *x = norm->x + first * channels + channel;
        const float *residual = norm->residual == NULL ? NULL : norm->residual + first * channels + channel;
        int count = (int)smaller(LANES, channels - channel);
        if (residual == NULL && count == LANES) pool_strip(work, x, NULL, rows, channel, LANES, sums + channel);
        else pool_strip(work, x, residual, rows, channel, count, sums + channel);
      }
    }
    float *y = work->y + image / norm->pixels * channels;
    for (ptrdiff_t channel = 0; channel < channels; channel++) y[channel] = (float)(sums[channel] / (double)norm->pixels);
  }
}

static int normalize(Context *context, const Norm *norm, float *y) {
  if (norm->channels == 0 || norm->rows == 0) return 0;
  NormWork work = {.norm = norm, .y = y};
  plan_norm(&work, norm->rows, norm->channels, norm->pixels);
  if (reserve_norm(&work, context, 0, (size_t)work.width * sizeof(double)) != 0) return -1;
  set_coefficients(&work, norm);
  context_run(context, work.tasks, norm->pixels > 0 ? normalize_images : normalize_rows, &work);
  return 0;
}

#endif
