/*
 * Mean and variance of an expanded map, from those of its input: `mean(x W) = mean(x) W` and `var(x W) = diag(W^T cov(x) W)`.
 *
 * All is added up in float64, in which products of float32 are exact. So a column that lies where the covariance's large entries cancel
 * keeps more digits than the map itself has: of a variance 10^10 times below the largest one's, six are right.
 */
#ifndef BLOCKWISE_EXPANSION_STATISTICS_H
#define BLOCKWISE_EXPANSION_STATISTICS_H

#include "expansion.h"

/** Rows of x that are made float64 at a time. */
#define MOMENT_ROWS (ptrdiff_t)56
/** Fewest rows of a task. */
#define FEWEST_ROWS 512
/** Inputs of a tile of products: with two vectors for each, sums that stay in registers. */
#define TILE_INPUTS (LANES / 2)

typedef struct {
  const Expansion *e;
  const ExpansionMoments *moments;
  Context *context;
  ptrdiff_t rows;
  ptrdiff_t tasks;
  /** Inputs, filled up to whole vectors of float32. */
  ptrdiff_t width;
  /** A rough mean of x. */
  double *shift;
  /** For each task, sums of x less the rough mean `[width]`, and of its products `[width, width]`. */
  double *sums;
  double *products;
  /** The exact mean less the rough one. */
  double *rest;
  /** Of x with the map, `[in, out]`. */
  double *covariance;
} MomentsWork;

/** Centred rows as float64, zeros where inputs end; adds them to the sums. */
static void centre_rows(const MomentsWork *work, ptrdiff_t row, ptrdiff_t rows, double *centred, double *sums) {
  const Expansion *e = work->e;
  for (ptrdiff_t in = 0; in < work->width; in += DOUBLE_LANES) {
    ptrdiff_t there = larger(0, smaller(DOUBLE_LANES, e->in - in));
    DoubleVector shift = load_doubles(work->shift + in), sum = {0};
    const float *x = e->x + row * e->in + in;
    double *to = centred + in;
    for (ptrdiff_t index = 0; index < rows; index++, x += e->in, to += work->width) {
      float part[DOUBLE_LANES] = {0};
      if (there < DOUBLE_LANES) memcpy(part, x, (size_t)there * sizeof(float));
      DoubleVector d = widen(there < DOUBLE_LANES ? part : x) - shift;
      store_doubles(to, d);
      sum += d;
    }
    store_doubles(sums + in, load_doubles(sums + in) + sum);
  }
}

/** Adds products of TILE_INPUTS inputs with LANES others. */
INLINE void add_products(const double *left, const double *right, ptrdiff_t width, ptrdiff_t rows, double *products) {
  DoubleVector first[TILE_INPUTS], second[TILE_INPUTS];
#pragma GCC unroll 8
  for (int in = 0; in < TILE_INPUTS; in++) first[in] = second[in] = (DoubleVector){0};
  for (ptrdiff_t row = 0; row < rows; row++, left += width, right += width) {
    DoubleVector near = load_doubles(right), far = load_doubles(right + DOUBLE_LANES);
#pragma GCC unroll 8
    for (int in = 0; in < TILE_INPUTS; in++) {
      DoubleVector element = left[in] - (DoubleVector){0};
      first[in] += element * near;
      second[in] += element * far;
    }
  }
#pragma GCC unroll 8
  for (int in = 0; in < TILE_INPUTS; in++, products += width) {
    store_doubles(products, load_doubles(products) + first[in]);
    store_doubles(products + DOUBLE_LANES, load_doubles(products + DOUBLE_LANES) + second[in]);
  }
}

static void add_task_moments(void *argument, ptrdiff_t task, int thread) {
  const MomentsWork *work = argument;
  ptrdiff_t width = work->width, end = tile_start(work->rows, work->tasks, task + 1);
  double *centred = context_own(work->context, thread), *sums = work->sums + task * width;
  double *products = work->products + task * width * width;
  memset(sums, 0, (size_t)width * sizeof(double));
  memset(products, 0, (size_t)(width * width) * sizeof(double));
  for (ptrdiff_t row = tile_start(work->rows, work->tasks, task); row < end; row += MOMENT_ROWS) {
    ptrdiff_t rows = smaller(MOMENT_ROWS, end - row);
    centre_rows(work, row, rows, centred, sums);
    for (ptrdiff_t column = 0; column < width; column += LANES) {
      // Those below the diagonal are the same.
      for (ptrdiff_t in = 0; in < column + LANES; in += TILE_INPUTS) {
        add_products(centred + in, centred + column, width, rows, products + in * width + column);
      }
    }
  }
}

/** The covariance of one input with the map. */
static void combine_input(void *argument, ptrdiff_t in, int thread) {
  const MomentsWork *work = argument;
  const Expansion *e = work->e;
  (void)thread;
  double *covariance = work->covariance + in * e->out;
  memset(covariance, 0, (size_t)e->out * sizeof(double));
  for (ptrdiff_t other = 0; other < e->in; other++) {
    const double *product = work->products + smaller(in, other) * work->width + larger(in, other);
    double sum = 0;
    for (ptrdiff_t task = 0; task < work->tasks; task++) sum += product[task * work->width * work->width];
    sum = sum / (double)work->rows - work->rest[in] * work->rest[other];
    const float *filter = e->filter + other * e->out;
    for (ptrdiff_t out = 0; out < e->out; out++) covariance[out] += sum * (double)filter[out];
  }
  for (ptrdiff_t out = 0; out < e->out; out++) work->moments->covariance[in * e->out + out] = (float)covariance[out];
}

/** The mean over a few rows from all over x; their distance is odd so that they are not the same pixel of images. */
static void rough_input_mean(const MomentsWork *work) {
  const Expansion *e = work->e;
  ptrdiff_t samples = smaller(work->rows, 16), distance = (work->rows / larger(samples, 1)) | 1;
  for (ptrdiff_t in = 0; in < work->width; in++) {
    float sum = 0;
    for (ptrdiff_t sample = 0; in < e->in && sample < samples; sample++) sum += e->x[sample * distance % work->rows * e->in + in];
    // As float32 has it: the gradient takes it from x in float32.
    work->shift[in] = (double)(sum / (float)larger(samples, 1));
  }
}

static void finish_moments(const MomentsWork *work, double *sums) {
  const Expansion *e = work->e;
  const ExpansionMoments *moments = work->moments;
  double *mean = sums, *variance = sums + e->out;
  memset(sums, 0, (size_t)e->out * 2 * sizeof(double));
  for (ptrdiff_t in = 0; in < e->in; in++) {
    const float *filter = e->filter + in * e->out;
    const double *covariance = work->covariance + in * e->out;
    double centre = work->shift[in] + work->rest[in];
    for (ptrdiff_t out = 0; out < e->out; out++) {
      mean[out] += centre * (double)filter[out];
      variance[out] += covariance[out] * (double)filter[out];
    }
    moments->centre[in] = (float)work->shift[in];
    moments->centre[e->in + in] = (float)work->rest[in];
  }
  for (ptrdiff_t out = 0; out < e->out; out++) {
    moments->mean[out] = (float)mean[out];
    moments->variance[out] = (float)(variance[out] < 0 ? 0 : variance[out]);
  }
}

static int expansion_statistics(Context *context, const Expansion *e, const ExpansionMoments *moments) {
  if (e->out == 0) return 0;
  MomentsWork work = {.e = e, .moments = moments, .context = context, .rows = e->batch * e->pixels};
  work.tasks = larger(1, smaller(MOST_TASKS, work.rows / FEWEST_ROWS));
  work.width = ceil_div(e->in, LANES) * LANES;
  size_t width = (size_t)work.width, tasks = (size_t)work.tasks, size = (size_t)(e->in * e->out);
  size_t doubles = (2 + tasks) * width + tasks * width * width + size + 2 * (size_t)e->out;
  if (context_reserve(context, doubles * sizeof(double), (size_t)MOMENT_ROWS * width * sizeof(double)) != 0) return -1;
  work.shift = context_shared(context);
  work.rest = work.shift + width;
  work.sums = work.rest + width;
  work.products = work.sums + tasks * width;
  work.covariance = work.products + tasks * width * width;
  rough_input_mean(&work);
  context_run(context, work.tasks, add_task_moments, &work);
  for (ptrdiff_t in = 0; in < work.width; in++) {
    double sum = 0;
    for (ptrdiff_t task = 0; task < work.tasks; task++) sum += work.sums[task * work.width + in];
    work.rest[in] = sum / (double)work.rows;
  }
  context_run(context, e->in, combine_input, &work);
  finish_moments(&work, work.covariance + size);
  return 0;
}

#endif
