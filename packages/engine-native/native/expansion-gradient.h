/* Gradient of an expansion: one pass that computes each block of the map once more. */
#ifndef BLOCKWISE_EXPANSION_GRADIENT_H
#define BLOCKWISE_EXPANSION_GRADIENT_H

#include "expansion.h"

/** Blocks that are added up in float32 before they go to float64. */
#define FLOAT_BLOCKS 32

typedef struct {
  ExpansionWork work;
  const float *dy;
  float *dx;
  float *dfilter;
  float *slope;
  float *level;
  /** The filter with inputs and outputs exchanged, in panels for each BLOCK_COLUMNS outputs. */
  float *exchanged;
  /** For each task, the filter's gradient. */
  double *wide;
  float *partial;
} ExpansionGradientWork;

/** `factor g + slope d + level` in the place of the map, g being what reaches the pixels that pass. */
static void block_gradient(const ExpansionGradientWork *g, Place place, float *block) {
  const Expansion *e = g->work.e;
  Vector zero = {0};
  float pixels = (float)e->pixels;
  for (ptrdiff_t first = 0; first < place.rows;) {
    ptrdiff_t last = image_end(e, place, first), image = (place.row + first) / e->pixels;
    for (ptrdiff_t column = 0; column < place.columns; column += LANES) {
      ptrdiff_t out = place.column + column;
      int count = (int)smaller(LANES, e->out - out);
      const float *incoming = g->dy + image * e->out + out;
      Vector dy = (count == LANES ? load(incoming) : load_part(incoming, count)) / pixels;
      Vector mean = load(g->work.mean + out), factor = load(g->work.factor + out), shift = load(g->work.shift + out);
      Vector slope = load(g->slope + out), level = load(g->level + out), passing = dy * factor;
      for (ptrdiff_t row = first; row < last; row++) {
        float *at = block + row * BLOCK_COLUMNS + column;
        Vector d = load(at) - mean;
        store(at, keep(passing, d * factor + shift > zero) + (d * slope + level));
      }
    }
    first = last;
  }
}

/** Adds what a block gives to the gradients of x and of the filter. */
static void add_block_gradients(const ExpansionGradientWork *g, Place place, const float *block, float *partial, int add) {
  const Expansion *e = g->work.e;
  const float *from[BLOCK_ROWS];
  float *to[BLOCK_ROWS];
  ptrdiff_t tiles = ceil_div(place.rows, TILE_ROWS), none = 0;
  const float *panels = g->exchanged + place.column * ceil_div(e->in, LANES) * LANES;
  for (ptrdiff_t row = 0; row < place.rows; row++) from[row] = block + row * BLOCK_COLUMNS;
  for (ptrdiff_t in = 0; in < e->in; in += PANEL) {
    int vectors = panel_vectors(e->in, in);
    Gather gather = {&none, 1, (int)place.columns, panels + panel_place(place.columns, in), (int)smaller(PANEL, e->in - in),
                     place.column > 0};
    for (ptrdiff_t row = 0; row < place.rows; row++) to[row] = g->dx + (place.row + row) * e->in + in;
    for (ptrdiff_t tile = 0; tile < tiles; tile++) {
      ptrdiff_t start = tile_start(place.rows, tiles, tile), end = tile_start(place.rows, tiles, tile + 1);
      gather_tiles[vectors - 1][end - start - 1](from + start, to + start, &gather);
    }
  }
  Outer outer = {.images = 1, .rows = 1, .pixels = (int)place.rows, .pixel_stride = e->in, .right_stride = BLOCK_COLUMNS,
                 .target_stride = e->out, .add = add};
  tiles = ceil_div(e->in, TILE_ROWS);
  for (ptrdiff_t column = 0; column < place.columns; column += PANEL) {
    int vectors = panel_vectors(place.columns, column);
    outer.columns = (int)smaller(PANEL, place.columns - column);
    for (ptrdiff_t tile = 0; tile < tiles; tile++) {
      ptrdiff_t start = tile_start(e->in, tiles, tile), end = tile_start(e->in, tiles, tile + 1);
      outer_tiles[vectors - 1][end - start - 1](e->x + place.row * e->in + start, block + column,
                                                 partial + start * e->out + place.column + column, &outer);
    }
  }
}

static void add_task_gradients(void *argument, ptrdiff_t task, int thread) {
  const ExpansionGradientWork *g = argument;
  const Expansion *e = g->work.e;
  ptrdiff_t begin = first_image(&g->work, task) * e->pixels, end = first_image(&g->work, task + 1) * e->pixels;
  ptrdiff_t size = e->in * e->out;
  float *block = context_own(g->work.context, thread), *partial = g->partial + task * size;
  double *wide = g->wide + task * size;
  memset(wide, 0, (size_t)size * sizeof(double));
  for (ptrdiff_t stretch = begin; stretch < end; stretch += FLOAT_BLOCKS * BLOCK_ROWS) {
    ptrdiff_t stretch_end = smaller(end, stretch + FLOAT_BLOCKS * BLOCK_ROWS);
    for (ptrdiff_t column = 0; column < e->out; column += BLOCK_COLUMNS) {
      for (ptrdiff_t row = stretch; row < stretch_end; row += BLOCK_ROWS) {
        Place place = {row, smaller(BLOCK_ROWS, stretch_end - row), column, smaller(BLOCK_COLUMNS, e->out - column)};
        expand_block(&g->work, row, place.rows, column, place.columns, block);
        block_gradient(g, place, block);
        add_block_gradients(g, place, block, partial, row > stretch);
      }
    }
    for (ptrdiff_t index = 0; index < size; index++) wide[index] += (double)partial[index];
  }
}

#define COMBINED_FILTERS 4096

static void combine_filters(void *argument, ptrdiff_t task, int thread) {
  (void)thread;
  const ExpansionGradientWork *g = argument;
  ptrdiff_t size = g->work.e->in * g->work.e->out, end = smaller(size, (task + 1) * COMBINED_FILTERS);
  for (ptrdiff_t index = task * COMBINED_FILTERS; index < end; index++) {
    double sum = 0;
    for (ptrdiff_t other = 0; other < g->work.tasks; other++) sum += g->wide[other * size + index];
    g->dfilter[index] = (float)sum;
  }
}

/** Gradients of scale and offset, from what the forward pass kept of each image, and what follows from them. */
static void norm_gradients(ExpansionGradientWork *g, const ExpansionGradients *gradients) {
  const Expansion *e = g->work.e;
  double rows = (double)g->work.rows;
  for (ptrdiff_t out = 0; out < g->work.width; out++) {
    g->slope[out] = g->level[out] = 0;
    if (out >= e->out) continue;
    double sum = 0, product = 0;
    for (ptrdiff_t image = 0; image < e->batch; image++) {
      double dy = (double)g->dy[image * e->out + out] / (double)e->pixels;
      sum += dy * (double)gradients->counts[image * e->out + out];
      product += dy * (double)gradients->masked[image * e->out + out];
    }
    double spread = (double)e->variance[out] + e->epsilon, gain = (double)g->work.factor[out];
    gradients->scale[out] = (float)(product / sqrt(spread));
    gradients->offset[out] = (float)sum;
    if (!gradients->batch_statistics) continue;
    g->slope[out] = (float)(-gain * product / (rows * spread));
    g->level[out] = (float)(-gain * sum / rows);
  }
}

static int expansion_gradient(Context *context, const Expansion *e, const float *dy, const ExpansionGradients *gradients) {
  if (e->batch == 0 || e->out == 0) return 0;
  ExpansionGradientWork g = {.dy = dy, .dx = gradients->x, .dfilter = gradients->filter};
  plan_expansion(&g.work, context, e);
  size_t width = (size_t)g.work.width, sums = (size_t)(g.work.tasks * e->in * e->out);
  size_t packed = (size_t)panels_size(e->in, e->out), exchanged = (size_t)(e->out * ceil_div(e->in, LANES) * LANES);
  size_t shared = sums * sizeof(double) + (5 * width + packed + exchanged + sums + LANES) * sizeof(float);
  if (context_reserve(context, shared, BLOCK_FLOATS * sizeof(float)) != 0) return -1;
  g.wide = context_shared(context);
  g.work.mean = (float *)(g.wide + sums);
  g.work.factor = g.work.mean + width;
  g.work.shift = g.work.factor + width;
  g.slope = g.work.shift + width;
  g.level = g.slope + width;
  g.work.panels = g.level + width;
  g.exchanged = g.work.panels + packed;
  g.partial = g.exchanged + exchanged;
  set_expansion_coefficients(&g.work);
  norm_gradients(&g, gradients);
  pack_matrix(e->filter, e->in, e->out, g.work.panels);
  for (ptrdiff_t column = 0; column < e->out; column += BLOCK_COLUMNS) {
    ptrdiff_t columns = smaller(BLOCK_COLUMNS, e->out - column);
    float *panels = g.exchanged + column * ceil_div(e->in, LANES) * LANES;
    for (ptrdiff_t in = 0; in < e->in; in += PANEL) {
      int inputs = (int)smaller(PANEL, e->in - in);
      pack_columns(e->filter + in * e->out + column, e->out, columns, inputs, panel_vectors(e->in, in) * LANES,
                   panels + panel_place(columns, in));
    }
  }
  context_run(context, g.work.tasks, add_task_gradients, &g);
  context_run(context, ceil_div(e->in * e->out, COMBINED_FILTERS), combine_filters, &g);
  return 0;
}

#endif
