/*
 * Gradient of an expansion. With statistics held fixed it is `h = dy factor / pixels` at the elements that pass the rectifier, of which
 * the forward pass kept a bit each: the map is not computed again. What mean and variance add to it is linear in x,
 *
 *   dx = h W^T + (x - mean(x)) L + W level,   L = W diag(slope) W^T,
 *   dW = x^T h + n (cov(x, map) diag(slope) + rest level^T),
 *
 * for n rows, x less a rough mean, and its exact mean less the rough one as `rest`.
 */
#ifndef BLOCKWISE_EXPANSION_GRADIENT_H
#define BLOCKWISE_EXPANSION_GRADIENT_H

#include "expansion.h"

/** Blocks that are added up in float32 before they go to float64. */
#define FLOAT_BLOCKS 8

typedef struct {
  ExpansionWork work;
  const float *dy;
  const ExpansionMoments *moments;
  const ExpansionGradients *gradients;
  /** What a unit of the map less its mean, and 1, get of the loss by way of mean and variance. */
  double *slope;
  double *level;
  /** The filter with inputs and outputs exchanged, in panels for each BLOCK_COLUMNS outputs. */
  float *exchanged;
  /** L, and below it what is the same for all rows: `[in + 1, in]`, and in panels. */
  float *linear;
  float *linear_panels;
  /** Floats of a row of x less its rough mean, with a 1 behind it. */
  ptrdiff_t centred_width;
  /** For each task, the filter's gradient. */
  double *wide;
  float *partial;
} ExpansionGradientWork;

/** `h` in the place of the map. */
static void spread_block(const ExpansionGradientWork *g, Place place, float *block) {
  const Expansion *e = g->work.e;
  BitVector zero = {0};
  float pixels = (float)e->pixels;
  for (ptrdiff_t first = 0; first < place.rows;) {
    ptrdiff_t last = image_end(e, place, first), image = (place.row + first) / e->pixels;
    for (ptrdiff_t column = 0; column < place.columns; column += LANES) {
      ptrdiff_t out = place.column + column;
      int count = (int)smaller(LANES, e->out - out);
      const float *incoming = g->dy + image * e->out + out;
      Vector dy = (count == LANES ? load(incoming) : load_part(incoming, count)) / pixels;
      Vector passing = dy * load(g->work.factor + out);
      for (ptrdiff_t row = first; row < last;) {
        ptrdiff_t pixel = place.row + row - image * e->pixels, bit = pixel % WORD_PIXELS;
        ptrdiff_t end = smaller(last, row + WORD_PIXELS - bit);
        BitVector bits = load_bits(word_of(e, g->work.passes, image, pixel) + out), flag = (UINT32_C(1) << bit) + (BitVector){0};
        for (; row < end; row++, flag += flag) {
          store(block + row * BLOCK_COLUMNS + column, keep(passing, (MaskVector)((bits & flag) != zero)));
        }
      }
    }
    first = last;
  }
}

/** Rows of x less its rough mean, where there is one, and a 1. */
static void centre_block(const ExpansionGradientWork *g, Place place, float *centred) {
  const Expansion *e = g->work.e;
  for (ptrdiff_t row = 0; row < place.rows; row++, centred += g->centred_width) {
    const float *x = e->x + (place.row + row) * e->in;
    if (g->moments == NULL) memcpy(centred, x, (size_t)e->in * sizeof(float));
    for (ptrdiff_t in = 0; g->moments != NULL && in < e->in; in++) centred[in] = x[in] - g->moments->centre[in];
    centred[e->in] = 1;
  }
}

/** Puts or adds `from [rows, depth]` times a matrix in panels to the gradient of x. */
static void add_input_gradient(const ExpansionGradientWork *g, Place place, const float *left, ptrdiff_t stride, ptrdiff_t depth,
                               const float *panels, int add) {
  const Expansion *e = g->work.e;
  const float *from[BLOCK_ROWS];
  float *to[BLOCK_ROWS];
  ptrdiff_t tiles = ceil_div(place.rows, TILE_ROWS), none = 0;
  for (ptrdiff_t row = 0; row < place.rows; row++) from[row] = left + row * stride;
  for (ptrdiff_t in = 0; in < e->in; in += PANEL) {
    int vectors = panel_vectors(e->in, in);
    Gather gather = {&none, 1, (int)depth, panels + panel_place(depth, in), (int)smaller(PANEL, e->in - in), add};
    for (ptrdiff_t row = 0; row < place.rows; row++) to[row] = g->gradients->x + (place.row + row) * e->in + in;
    for (ptrdiff_t tile = 0; tile < tiles; tile++) {
      ptrdiff_t start = tile_start(place.rows, tiles, tile), end = tile_start(place.rows, tiles, tile + 1);
      gather_tiles[vectors - 1][end - start - 1](from + start, to + start, &gather);
    }
  }
}

/** Adds `x^T h` of a block to the gradient of the filter. */
static void add_filter_gradient(const ExpansionGradientWork *g, Place place, const float *centred, const float *block, float *partial,
                                int add) {
  const Expansion *e = g->work.e;
  Outer outer = {.images = 1, .rows = 1, .pixels = (int)place.rows, .pixel_stride = g->centred_width, .right_stride = BLOCK_COLUMNS,
                 .target_stride = e->out, .add = add};
  ptrdiff_t tiles = ceil_div(e->in, TILE_ROWS);
  for (ptrdiff_t column = 0; column < place.columns; column += PANEL) {
    int vectors = panel_vectors(place.columns, column);
    outer.columns = (int)smaller(PANEL, place.columns - column);
    for (ptrdiff_t tile = 0; tile < tiles; tile++) {
      ptrdiff_t start = tile_start(e->in, tiles, tile), end = tile_start(e->in, tiles, tile + 1);
      outer_tiles[vectors - 1][end - start - 1](centred + start, block + column, partial + start * e->out + place.column + column,
                                                 &outer);
    }
  }
}

static void add_task_gradients(void *argument, ptrdiff_t task, int thread) {
  const ExpansionGradientWork *g = argument;
  const Expansion *e = g->work.e;
  ptrdiff_t begin = first_image(&g->work, task) * e->pixels, end = first_image(&g->work, task + 1) * e->pixels;
  ptrdiff_t size = e->in * e->out;
  float *block = context_own(g->work.context, thread), *centred = block + BLOCK_FLOATS, *partial = g->partial + task * size;
  double *wide = g->wide + task * size;
  memset(wide, 0, (size_t)size * sizeof(double));
  for (ptrdiff_t stretch = begin; stretch < end; stretch += FLOAT_BLOCKS * BLOCK_ROWS) {
    ptrdiff_t stretch_end = smaller(end, stretch + FLOAT_BLOCKS * BLOCK_ROWS);
    for (ptrdiff_t column = 0; column < e->out; column += BLOCK_COLUMNS) {
      const float *panels = g->exchanged + column * ceil_div(e->in, LANES) * LANES;
      for (ptrdiff_t row = stretch; row < stretch_end; row += BLOCK_ROWS) {
        Place place = {row, smaller(BLOCK_ROWS, stretch_end - row), column, smaller(BLOCK_COLUMNS, e->out - column)};
        int linear = g->moments != NULL && column == 0;
        spread_block(g, place, block);
        centre_block(g, place, centred);
        if (linear) add_input_gradient(g, place, centred, g->centred_width, e->in + 1, g->linear_panels, 0);
        add_input_gradient(g, place, block, BLOCK_COLUMNS, place.columns, panels, linear || column > 0);
        add_filter_gradient(g, place, centred, block, partial, row > stretch);
      }
    }
    for (ptrdiff_t index = 0; index < size; index++) wide[index] += (double)partial[index];
  }
}

/** The gradient of one input's part of the filter. */
static void combine_filters(void *argument, ptrdiff_t in, int thread) {
  (void)thread;
  const ExpansionGradientWork *g = argument;
  const Expansion *e = g->work.e;
  ptrdiff_t size = e->in * e->out, place = in * e->out;
  for (ptrdiff_t out = 0; out < e->out; out++, place++) {
    double sum = 0;
    for (ptrdiff_t task = 0; task < g->work.tasks; task++) sum += g->wide[task * size + place];
    if (g->moments != NULL) {
      double rest = (double)g->moments->centre[e->in + in];
      sum += (double)g->work.rows * (g->slope[out] * (double)g->moments->covariance[place] + g->level[out] * rest);
    }
    g->gradients->filter[place] = (float)sum;
  }
}

/** `sum a b weights`. */
static double weighted_product(const float *a, const float *b, const double *weights, ptrdiff_t count) {
  DoubleVector sums = {0};
  ptrdiff_t index = 0;
  for (; index + DOUBLE_LANES <= count; index += DOUBLE_LANES) sums += widen(a + index) * widen(b + index) * load_doubles(weights + index);
  double sum = 0;
  for (int lane = 0; lane < DOUBLE_LANES; lane++) sum += sums[lane];
  for (; index < count; index++) sum += (double)a[index] * (double)b[index] * weights[index];
  return sum;
}

/** A column of L, which is a row as well, and what all rows get at its input. */
static void set_linear(void *argument, ptrdiff_t in, int thread) {
  (void)thread;
  const ExpansionGradientWork *g = argument;
  const Expansion *e = g->work.e;
  const float *filter = e->filter + in * e->out, *rest = g->moments->centre + e->in;
  double constant = 0;
  for (ptrdiff_t out = 0; out < e->out; out++) constant += (double)filter[out] * g->level[out];
  for (ptrdiff_t other = 0; other < e->in; other++) {
    double value = weighted_product(filter, e->filter + other * e->out, g->slope, e->out);
    g->linear[other * e->in + in] = (float)value;
    constant -= value * (double)rest[other];
  }
  g->linear[e->in * e->in + in] = (float)constant;
}

/** Gradients of scale and offset, from what the forward pass kept of each image, and what follows from them. */
static void norm_gradients(ExpansionGradientWork *g) {
  const Expansion *e = g->work.e;
  const ExpansionPasses *passes = g->work.passes;
  double rows = (double)g->work.rows;
  for (ptrdiff_t out = 0; out < e->out; out++) {
    double sum = 0, product = 0;
    for (ptrdiff_t image = 0; image < e->batch; image++) {
      double dy = (double)g->dy[image * e->out + out] / (double)e->pixels;
      sum += dy * (double)passes->counts[image * e->out + out];
      product += dy * (double)passes->masked[image * e->out + out];
    }
    double spread = (double)e->variance[out] + e->epsilon, gain = (double)g->work.factor[out];
    g->gradients->scale[out] = (float)(product / sqrt(spread));
    g->gradients->offset[out] = (float)sum;
    g->slope[out] = -gain * product / (rows * spread);
    g->level[out] = -gain * sum / rows;
  }
}

/** The filter's panels, with inputs and outputs exchanged. */
static void exchange_filter(const ExpansionGradientWork *g) {
  const Expansion *e = g->work.e;
  for (ptrdiff_t column = 0; column < e->out; column += BLOCK_COLUMNS) {
    ptrdiff_t columns = smaller(BLOCK_COLUMNS, e->out - column);
    float *panels = g->exchanged + column * ceil_div(e->in, LANES) * LANES;
    for (ptrdiff_t in = 0; in < e->in; in += PANEL) {
      int inputs = (int)smaller(PANEL, e->in - in);
      pack_columns(e->filter + in * e->out + column, e->out, columns, inputs, panel_vectors(e->in, in) * LANES,
                   panels + panel_place(columns, in));
    }
  }
}

static int expansion_gradient(Context *context, const Expansion *e, const float *dy, const ExpansionPasses *passes,
                              const ExpansionMoments *moments, const ExpansionGradients *gradients) {
  if (e->batch == 0 || e->out == 0) return 0;
  ExpansionGradientWork g = {.work = {.passes = passes}, .dy = dy, .moments = moments, .gradients = gradients};
  plan_expansion(&g.work, context, e);
  g.centred_width = ceil_div(e->in + 1, LANES) * LANES;
  size_t width = (size_t)g.work.width, sums = (size_t)(g.work.tasks * e->in * e->out), inputs = (size_t)(ceil_div(e->in, LANES) * LANES);
  size_t exchanged = (size_t)e->out * inputs, linear = (size_t)((e->in + 1) * e->in);
  size_t shared = (sums + 2 * width) * sizeof(double) +
                  (3 * width + exchanged + linear + (size_t)(e->in + 1) * inputs + sums + LANES) * sizeof(float);
  size_t own = (BLOCK_FLOATS + (size_t)(BLOCK_ROWS * g.centred_width)) * sizeof(float);
  if (context_reserve(context, shared, own) != 0) return -1;
  g.wide = context_shared(context);
  g.slope = g.wide + sums;
  g.level = g.slope + width;
  g.work.mean = (float *)(g.level + width);
  g.work.factor = g.work.mean + width;
  g.work.shift = g.work.factor + width;
  g.exchanged = g.work.shift + width;
  g.linear_panels = g.exchanged + exchanged;
  g.linear = g.linear_panels + (size_t)(e->in + 1) * inputs;
  g.partial = g.linear + linear;
  set_expansion_coefficients(&g.work);
  norm_gradients(&g);
  exchange_filter(&g);
  if (moments != NULL) {
    context_run(context, e->in, set_linear, &g);
    pack_matrix(g.linear, e->in + 1, e->in, g.linear_panels);
  }
  context_run(context, g.work.tasks, add_task_gradients, &g);
  context_run(context, e->in, combine_filters, &g);
  return 0;
}

#endif
