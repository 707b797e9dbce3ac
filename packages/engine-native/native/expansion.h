/*
 * A 1x1 convolution, batch norm, ReLU and the mean over each image, without the expanded map: each small block of it is
 * computed and used while it is in the first-level cache. What is kept of it is a bit for each element: whether it passes the rectifier.
 */
#ifndef BLOCKWISE_EXPANSION_H
#define BLOCKWISE_EXPANSION_H

#include <math.h>

#include "context.h"
#include "kernels.h"
#include "pack.h"
#include "vector.h"

/** Rows and columns of a block. */
#define BLOCK_ROWS 56
#define BLOCK_COLUMNS (ptrdiff_t)128
#define BLOCK_FLOATS ((size_t)(BLOCK_ROWS * BLOCK_COLUMNS))
/** Rows whose input stays in the second-level cache while all columns are gone through. */
#define STRETCH_ROWS (ptrdiff_t)448
/** Summands of one pass. */
#define EXPANSION_DEPTH 384
/** Most tasks, each of which has sums of its own. */
#define MOST_TASKS 32

typedef struct {
  const Expansion *e;
  Context *context;
  ptrdiff_t rows;
  ptrdiff_t tasks;
  /** Outputs, filled up to whole vectors. */
  ptrdiff_t width;
  /** A rough mean of x, which is taken from it before it is expanded; null for none. */
  const float *centre;
  float *panels;
  float *mean;
  float *factor;
  float *shift;
  /** Of the forward pass: where it goes. */
  float *output;
  const ExpansionPasses *passes;
} ExpansionWork;

/** The images of a task. */
INLINE ptrdiff_t first_image(const ExpansionWork *work, ptrdiff_t task) {
  return tile_start(work->e->batch, work->tasks, task);
}

static void plan_expansion(ExpansionWork *work, Context *context, const Expansion *e) {
  work->e = e;
  work->context = context;
  work->rows = e->batch * e->pixels;
  work->tasks = smaller(e->batch, MOST_TASKS);
  work->width = ceil_div(e->out, LANES) * LANES;
}

/** `[rows, columns]` of the map, at most BLOCK_ROWS by BLOCK_COLUMNS of it; rows of x less its rough mean are put behind it. */
static void expand_block(const ExpansionWork *work, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t column, ptrdiff_t columns, float *block) {
  const Expansion *e = work->e;
  const float *x = e->x + row * e->in;
  if (work->centre != NULL) {
    float *centred = block + BLOCK_FLOATS;
    for (ptrdiff_t index = 0; index < rows; index++) {
      for (ptrdiff_t in = 0; in < e->in; in++) centred[index * e->in + in] = x[index * e->in + in] - work->centre[in];
    }
    x = centred;
  }
  const float *from[BLOCK_ROWS];
  float *to[BLOCK_ROWS];
  ptrdiff_t tiles = ceil_div(rows, TILE_ROWS), passes = ceil_div(e->in, EXPANSION_DEPTH), none = 0;
  for (ptrdiff_t pass = 0; pass < passes; pass++) {
    ptrdiff_t first = tile_start(e->in, passes, pass), depth = tile_start(e->in, passes, pass + 1) - first;
    for (ptrdiff_t index = 0; index < rows; index++) from[index] = x + index * e->in + first;
    for (ptrdiff_t at = 0; at < columns; at += PANEL) {
      int vectors = panel_vectors(e->out, column + at);
      Gather gather = {&none, 1, (int)depth,
                       work->panels + panel_place(e->in, column + at) + first * vectors * LANES,
                       (int)smaller(PANEL, columns - at), pass > 0};
      for (ptrdiff_t index = 0; index < rows; index++) to[index] = block + index * BLOCK_COLUMNS + at;
      for (ptrdiff_t tile = 0; tile < tiles; tile++) {
        ptrdiff_t start = tile_start(rows, tiles, tile), end = tile_start(rows, tiles, tile + 1);
        gather_tiles[vectors - 1][end - start - 1](from + start, to + start, &gather);
      }
    }
  }
}

/** Where a block lies in the map. */
typedef struct {
  ptrdiff_t row;
  ptrdiff_t rows;
  ptrdiff_t column;
  ptrdiff_t columns;
} Place;

typedef void (*UseBlock)(const ExpansionWork *work, ptrdiff_t task, Place place, float *block, int thread);

/** Goes through the map of a task's images, block by block. */
INLINE void each_block(const ExpansionWork *work, ptrdiff_t task, int thread, float *block, UseBlock use) {
  const Expansion *e = work->e;
  ptrdiff_t begin = first_image(work, task) * e->pixels, end = first_image(work, task + 1) * e->pixels;
  for (ptrdiff_t stretch = begin; stretch < end; stretch += STRETCH_ROWS) {
    ptrdiff_t stretch_end = smaller(end, stretch + STRETCH_ROWS);
    for (ptrdiff_t column = 0; column < e->out; column += BLOCK_COLUMNS) {
      ptrdiff_t columns = smaller(BLOCK_COLUMNS, e->out - column);
      for (ptrdiff_t row = stretch; row < stretch_end; row += BLOCK_ROWS) {
        Place place = {row, smaller(BLOCK_ROWS, stretch_end - row), column, columns};
        expand_block(work, place.row, place.rows, column, columns, block);
        use(work, task, place, block, thread);
      }
    }
  }
}

/* Forward. */

/** The part of a block that belongs to one image: from row `first` to row `last` of the block. */
INLINE ptrdiff_t image_end(const Expansion *e, Place place, ptrdiff_t first) {
  ptrdiff_t next = ((place.row + first) / e->pixels + 1) * e->pixels;
  return smaller(place.rows, next - place.row);
}

/** Where the bits of the word begin that a pixel's is in. */
INLINE uint32_t *word_of(const Expansion *e, const ExpansionPasses *passes, ptrdiff_t image, ptrdiff_t pixel) {
  ptrdiff_t words = ceil_div(e->pixels, WORD_PIXELS), outputs = ceil_div(e->out, WORD_OUTPUTS) * WORD_OUTPUTS;
  return passes->passing + (image * words + pixel / WORD_PIXELS) * outputs;
}

/** Adds up, for each image, how many pixels the rectifier lets pass, and their differences from the mean; keeps which these are. */
static void add_block_images(const ExpansionWork *work, ptrdiff_t task, Place place, float *block, int thread) {
  const Expansion *e = work->e;
  ptrdiff_t begin = first_image(work, task);
  Vector zero = {0}, one = splat(1);
  for (ptrdiff_t first = 0; first < place.rows;) {
    ptrdiff_t last = image_end(e, place, first), image = (place.row + first) / e->pixels;
    double *sums = (double *)context_own(work->context, thread) + (image - begin) * 2 * work->width + place.column;
    for (ptrdiff_t column = 0; column < place.columns; column += LANES) {
      Vector mean = load(work->mean + place.column + column), factor = load(work->factor + place.column + column);
      Vector shift = load(work->shift + place.column + column), sum = {0}, count = {0};
      for (ptrdiff_t row = first; row < last;) {
        ptrdiff_t pixel = place.row + row - image * e->pixels, bit = pixel % WORD_PIXELS;
        ptrdiff_t end = smaller(last, row + WORD_PIXELS - bit);
        uint32_t *word = word_of(e, work->passes, image, pixel) + place.column + column;
        BitVector bits = bit == 0 ? (BitVector){0} : load_bits(word), flag = (UINT32_C(1) << bit) + (BitVector){0};
        for (; row < end; row++, flag += flag) {
          Vector d = load(block + row * BLOCK_COLUMNS + column) - mean;
          // What is not a number is passed on.
          MaskVector passes = ~(d * factor + shift <= zero);
          sum += keep(d, passes);
          count += keep(one, passes);
          bits |= (BitVector)passes & flag;
        }
        store_bits(word, bits);
      }
      add_wide(sums + column, sum);
      add_wide(sums + work->width + column, count);
    }
    first = last;
  }
}

static void pool_task(void *argument, ptrdiff_t task, int thread) {
  const ExpansionWork *work = argument;
  const Expansion *e = work->e;
  ptrdiff_t begin = first_image(work, task), images = first_image(work, task + 1) - begin;
  double *sums = context_own(work->context, thread);
  memset(sums, 0, (size_t)(images * 2 * work->width) * sizeof(double));
  ptrdiff_t most = ceil_div(e->batch, work->tasks);
  each_block(work, task, thread, (float *)(sums + most * 2 * work->width), add_block_images);
  for (ptrdiff_t image = 0; image < images; image++, sums += 2 * work->width) {
    for (ptrdiff_t out = 0; out < e->out; out++) {
      ptrdiff_t place = (begin + image) * e->out + out;
      double total = sums[out] * (double)work->factor[out] + sums[work->width + out] * (double)work->shift[out];
      work->output[place] = (float)(total / (double)e->pixels);
      work->passes->masked[place] = (float)sums[out];
      work->passes->counts[place] = (float)sums[work->width + out];
    }
  }
}

static void set_expansion_coefficients(ExpansionWork *work) {
  const Expansion *e = work->e;
  for (ptrdiff_t out = 0; out < work->width; out++) {
    int there = out < e->out;
    double gain = there ? (e->scale == NULL ? 1.0 : (double)e->scale[out]) : 0;
    work->mean[out] = there ? e->mean[out] : 0;
    work->factor[out] = there ? (float)(gain / sqrt((double)e->variance[out] + e->epsilon)) : 0;
    work->shift[out] = there && e->offset != NULL ? e->offset[out] : 0;
  }
}

/** The mean of the map of x less its rough mean, which is small where that one is nearly the mean. */
static void set_centred_mean(const ExpansionWork *work, const ExpansionMoments *moments) {
  const Expansion *e = work->e;
  const float *rest = moments->centre + e->in;
  for (ptrdiff_t out = 0; out < e->out; out++) {
    double sum = 0;
    for (ptrdiff_t in = 0; in < e->in; in++) sum += (double)rest[in] * (double)e->filter[in * e->out + out];
    work->mean[out] = (float)sum;
  }
}

static int expansion_pool(Context *context, const Expansion *e, const ExpansionMoments *moments, float *output,
                          const ExpansionPasses *passes) {
  if (e->batch == 0 || e->out == 0) return 0;
  ExpansionWork work = {.output = output, .passes = passes};
  plan_expansion(&work, context, e);
  size_t images = (size_t)ceil_div(e->batch, work.tasks), width = (size_t)work.width;
  size_t shared = ((size_t)panels_size(e->in, e->out) + 3 * width + LANES) * sizeof(float);
  size_t centred = moments == NULL ? 0 : (size_t)(BLOCK_ROWS * e->in);
  size_t own = images * 2 * width * sizeof(double) + (BLOCK_FLOATS + centred) * sizeof(float);
  if (context_reserve(context, shared, own) != 0) return -1;
  work.mean = context_shared(context);
  work.factor = work.mean + width;
  work.shift = work.factor + width;
  work.panels = work.shift + width;
  set_expansion_coefficients(&work);
  if (moments != NULL) {
    work.centre = moments->centre;
    set_centred_mean(&work, moments);
  }
  pack_matrix(e->filter, e->in, e->out, work.panels);
  context_run(context, work.tasks, pool_task, &work);
  return 0;
}

#endif
