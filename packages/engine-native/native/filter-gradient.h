/* Gradient of a convolution by its filter: outer products of pixels, summed up chunk by chunk. */
#ifndef BLOCKWISE_FILTER_GRADIENT_H
#define BLOCKWISE_FILTER_GRADIENT_H

#include "context.h"
#include "kernels.h"
#include "pack.h"
#include "partial-sums.h"
#include "winograd-filter-gradient.h"

/** A chunk's input and gradient stay in the first-level cache, */
#define CHUNK_BYTES 28672
/** unless adding its sums to the gradient would then be much work beside the products. */
#define CHUNK_PIXELS 128
/** Chunks that are added up in float32 before they go to float64. */
#define FLOAT_CHUNKS 16

typedef struct {
  const Geometry *g;
  const float *x;
  const float *dy;
  float *gradient;
  Context *context;
  int in_place;
  int padded_width;
  int chunk_images;
  int chunk_rows;
  int chunk_height;
  int chunks_an_image;
  ptrdiff_t chunks;
  /** Neighbouring chunks are summed up by one task, */
  ptrdiff_t groups;
  /** or by several, each for some rows of the gradient. */
  ptrdiff_t shares;
  ptrdiff_t run_tiles;
  ptrdiff_t size;
  /** Right columns with what fills up the last vector. */
  ptrdiff_t width;
  float *partial;
  double *wide;
} FilterGradient;

/** Adds one chunk to the rows of the gradient that belong to tiles from `first` to `last`. */
static void add_chunk(const FilterGradient *plan, ptrdiff_t chunk, ptrdiff_t first, ptrdiff_t last, float *target, int add, int thread) {
  const Geometry *g = plan->g;
  int first_image = (int)(chunk / plan->chunks_an_image) * plan->chunk_images;
  int first_row = (int)(chunk % plan->chunks_an_image) * plan->chunk_rows;
  int images = (int)smaller(plan->chunk_images, g->batch - first_image);
  int rows = (int)smaller(plan->chunk_rows, g->out_height - first_row);
  ptrdiff_t row_size = (ptrdiff_t)g->in_width * g->in, image_size = g->in_height * row_size;
  const float *left = plan->x + first_image * image_size;
  ptrdiff_t read_row = (ptrdiff_t)first_row * g->stride_height - g->top;
  float *own = context_own(plan->context, thread);
  if (plan->in_place) {
    left += read_row * row_size - (ptrdiff_t)g->left * g->in;
  } else {
    ptrdiff_t padded_row = (ptrdiff_t)plan->padded_width * g->in, padded_image = plan->chunk_height * padded_row;
    for (int image = 0; image < images; image++) {
      copy_padded(left + image * image_size, g->in_height, g->in_width, g->in, read_row, plan->chunk_height, g->left,
                  plan->padded_width, own + image * padded_image);
    }
    left = own;
    own += plan->chunk_images * padded_image + LANES;
    row_size = padded_row;
    image_size = padded_image;
  }
  ptrdiff_t pixels = (ptrdiff_t)images * rows * g->out_width;
  const float *right = plan->dy + ((ptrdiff_t)first_image * g->out_height + first_row) * g->out_width * g->out;
  if (plan->width != g->out) {
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
      memcpy(own + pixel * plan->width, right + pixel * g->out, (size_t)g->out * sizeof(float));
      for (ptrdiff_t column = g->out; column < plan->width; column++) own[pixel * plan->width + column] = 0;
    }
    right = own;
  }
  Outer outer = {.images = images, .rows = rows, .pixels = g->out_width, .image_stride = image_size,
                 .row_stride = g->stride_height * row_size, .pixel_stride = (ptrdiff_t)g->stride_width * g->in,
                 .right_stride = plan->width, .target_stride = g->out, .add = add};
  // Pixels that follow each other at one stride are one loop.
  if (outer.row_stride == outer.pixels * outer.pixel_stride && (images == 1 || image_size == rows * outer.row_stride)) {
    outer.pixels = (int)pixels;
    outer.images = outer.rows = 1;
  }
  ptrdiff_t run = (ptrdiff_t)g->filter_width * g->in;
  for (ptrdiff_t column = 0; column < g->out; column += PANEL) {
    int vectors = panel_vectors(g->out, column);
    outer.columns = (int)smaller(PANEL, g->out - column);
    for (ptrdiff_t tile = first; tile < last; tile++) {
      ptrdiff_t segment = tile / plan->run_tiles, part = tile % plan->run_tiles;
      ptrdiff_t start = tile_start(run, plan->run_tiles, part), end = tile_start(run, plan->run_tiles, part + 1);
      outer_tiles[vectors - 1][end - start - 1](left + segment * row_size + start, right + column,
                                                 target + (segment * run + start) * g->out + column, &outer);
    }
  }
}

static void add_group(void *work, ptrdiff_t task, int thread) {
  const FilterGradient *plan = work;
  const Geometry *g = plan->g;
  ptrdiff_t group = task / plan->shares, share = task % plan->shares;
  ptrdiff_t tiles = g->filter_height * plan->run_tiles;
  ptrdiff_t first = tile_start(tiles, plan->shares, share), last = tile_start(tiles, plan->shares, share + 1);
  ptrdiff_t run = (ptrdiff_t)g->filter_width * g->in;
  ptrdiff_t from = (first / plan->run_tiles * run + tile_start(run, plan->run_tiles, first % plan->run_tiles)) * g->out;
  ptrdiff_t to = (last / plan->run_tiles * run + tile_start(run, plan->run_tiles, last % plan->run_tiles)) * g->out;
  float *target = plan->partial + group * plan->size;
  double *wide = plan->wide == NULL ? NULL : plan->wide + group * plan->size;
  ptrdiff_t begin = tile_start(plan->chunks, plan->groups, group), end = tile_start(plan->chunks, plan->groups, group + 1);
  if (wide != NULL) memset(wide + from, 0, (size_t)(to - from) * sizeof(double));
  int pending = 0;
  for (ptrdiff_t chunk = begin; chunk < end; chunk++) {
    add_chunk(plan, chunk, first, last, target, pending > 0, thread);
    pending++;
    if (wide == NULL || (pending < FLOAT_CHUNKS && chunk + 1 < end)) continue;
    for (ptrdiff_t index = from; index < to; index++) wide[index] += (double)target[index];
    pending = 0;
  }
}

static int convolve_filter_gradient(Context *context, const Geometry *g, const float *x, const float *dy, float *gradient) {
  ptrdiff_t run = (ptrdiff_t)g->filter_width * g->in, size = g->filter_height * run * g->out;
  if (size == 0) return 0;
  if ((ptrdiff_t)g->batch * g->out_height * g->out_width == 0) {
    memset(gradient, 0, (size_t)size * sizeof(float));
    return 0;
  }
  if (suits_winograd_filter(g)) return winograd_filter_gradient(context, g, x, dy, gradient);
  FilterGradient plan = {.g = g, .x = x, .dy = dy, .gradient = gradient, .context = context, .size = size};
  plan.padded_width = (g->out_width - 1) * g->stride_width + g->filter_width;
  int padded_height = (g->out_height - 1) * g->stride_height + g->filter_height;
  plan.in_place = g->top <= 0 && g->left <= 0 && padded_height - g->top <= g->in_height &&
                  plan.padded_width - g->left <= g->in_width;
  plan.width = ceil_div(g->out, LANES) * LANES;
  ptrdiff_t row_bytes = ((ptrdiff_t)g->stride_height * plan.padded_width * g->in + g->out_width * plan.width) * 4;
  ptrdiff_t fitting = larger(larger(1, CHUNK_BYTES / row_bytes), ceil_div(CHUNK_PIXELS, g->out_width));
  plan.chunk_rows = (int)smaller(fitting, g->out_height);
  plan.chunk_images = fitting < g->out_height ? 1 : (int)smaller(g->batch, fitting / g->out_height);
  plan.chunk_height = (plan.chunk_rows - 1) * g->stride_height + g->filter_height;
  plan.chunks_an_image = (int)ceil_div(g->out_height, plan.chunk_rows);
  plan.chunks = ceil_div(g->batch, plan.chunk_images) * plan.chunks_an_image;
  plan.groups = smaller(ceil_div(plan.chunks, FLOAT_CHUNKS), larger(1, PARTIAL_FLOATS / size));
  plan.run_tiles = ceil_div(run, TILE_ROWS);
  plan.shares = smaller(ceil_div(LEAST_TASKS, plan.groups), g->filter_height * plan.run_tiles);
  int needs_wide = ceil_div(plan.chunks, plan.groups) > FLOAT_CHUNKS;
  int direct = plan.groups == 1 && !needs_wide;
  size_t sums = direct ? 0 : (size_t)(plan.groups * size);
  size_t copied = plan.in_place ? 0 : (size_t)plan.chunk_images * (size_t)plan.chunk_height * (size_t)plan.padded_width * (size_t)g->in + LANES;
  size_t filled = plan.width == g->out ? 0 : (size_t)plan.chunk_images * (size_t)plan.chunk_rows * (size_t)g->out_width * (size_t)plan.width;
  size_t shared = sums * (needs_wide ? sizeof(double) + sizeof(float) : sizeof(float));
  if (context_reserve(context, shared, (copied + filled + LANES) * sizeof(float)) != 0) return -1;
  if (direct) {
    plan.partial = gradient;
  } else {
    plan.wide = needs_wide ? context_shared(context) : NULL;
    plan.partial = needs_wide ? (float *)(plan.wide + sums) : context_shared(context);
  }
  context_run(context, plan.groups * plan.shares, add_group, &plan);
  if (!direct) combine_groups(context, (PartialSums){gradient, size, plan.groups, plan.partial, plan.wide});
  return 0;
}

#endif
