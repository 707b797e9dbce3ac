/*
 * 3x3 correlations with stride 1 by Winograd's F(2x2, 3x3) and F(4x4, 3x3): 16 products for 4 outputs instead of 36, or 36 for 16
 * instead of 144. Tiles of 4x4 or 6x6 pixels and the filter are transformed, multiplied element by element as 16 or 36 matrix
 * products, and transformed back. See Lavin, Gray: Fast algorithms for convolutional neural networks, 2015, arXiv 1509.09308,
 * sections 4.1 and 4.3. With tiles of 2x2 errors are 0.9 (16 channels) to 1.9 times (512) those of plain sums, with 4x4 2.5 to 5 times.
 */
#ifndef BLOCKWISE_WINOGRAD_H
#define BLOCKWISE_WINOGRAD_H

#include "context.h"
#include "correlate.h"
#include "fetch-ahead.h"
#include "kernels.h"
#include "winograd-products.h"
#include "winograd-tiles.h"

/** What transforming a number takes, in products: of a tile, there and back, and of the filter. */
#define TILE_WORK 6
#define FILTER_WORK 20
/** Transformed tiles and products of a task; they stay in the second-level cache, */
#define WINOGRAD_BYTES 524288
/** unless that would be fewer tiles than are worth reading the filter for. */
#define LEAST_TILES (2 * TILE_ROWS)

typedef struct {
  const float *source;
  int batch;
  int height;
  int width;
  int channels;
  int top;
  int left;
  const float *filter;
  /** Whether the filter's taps and its inputs and outputs are exchanged. */
  int flipped;
  float *output;
  int out_height;
  int out_width;
  int out;
  /** Rows and columns of outputs of a tile, see `winograd_size`. */
  int size;

  /* What follows is worked out by `winograd`. */
  Context *context;
  float *panels;
  int tiles_high;
  int tiles_wide;
  ptrdiff_t tiles;
  ptrdiff_t block_tiles;
  /** Floats from one transformed tile to the next: not a high power of two, which would share few places of the cache. */
  ptrdiff_t stride;
  /** Floats from one place of the transformed tiles, and of their products, to the next: an odd number of cache lines. */
  ptrdiff_t value_step;
  ptrdiff_t product_step;
} Winograd;

/** Work of a correlation with tiles of `size` x `size`, counted in products. */
INLINE double winograd_work(const Geometry *g, ptrdiff_t high, ptrdiff_t wide, int size) {
  double tiles = (double)g->batch * (double)(ceil_div(high, size) * ceil_div(wide, size)), filter = (double)g->in * g->out;
  return (size + 2) * (size + 2) * (tiles * (filter + TILE_WORK * ((double)g->in + g->out)) + FILTER_WORK * filter);
}

/**
 * The tiles for `high` x `wide` outputs: 4 or 2, or 0 where plain sums are less work. Not by instruction set or threads, so that all of
 * them do the same.
 */
INLINE int winograd_size(const Geometry *g, ptrdiff_t high, ptrdiff_t wide) {
  if (g->filter_height != 3 || g->filter_width != 3 || g->stride_height != 1 || g->stride_width != 1 || g->dilation_height != 1 ||
      g->dilation_width != 1 || g->in % 16 != 0 || g->out % 16 != 0) {
    return 0;
  }
  double plain = 9.0 * g->batch * (double)(high * wide) * g->in * g->out;
  double small = winograd_work(g, high, wide, 2), large = winograd_work(g, high, wide, 4);
  if (plain <= small && plain <= large) return 0;
  return small <= large ? 2 : 4;
}

/** One panel of each of the transformed filters. */
INLINE void transform_panel(int size, const Winograd *plan, ptrdiff_t column) {
  ptrdiff_t matrix = (ptrdiff_t)plan->channels * plan->out;
  int vectors = panel_vectors(plan->out, column);
  float *panel = plan->panels + panel_place(plan->channels, column);
  for (ptrdiff_t row = 0; row < plan->channels; row++) {
    for (int vector = 0; vector < vectors; vector++, panel += LANES) {
      ptrdiff_t first = column + vector * LANES;
      Vector taps[9];
      for (int tap = 0; tap < 9; tap++) {
        if (plan->flipped) {
          const float *from = plan->filter + (8 - tap) * matrix + first * plan->channels + row;
          for (int lane = 0; lane < LANES; lane++) taps[tap][lane] = from[lane * plan->channels];
        } else {
          taps[tap] = load(plan->filter + tap * matrix + row * plan->out + first);
        }
      }
      transform_filter(size, taps, panel, matrix);
    }
  }
}

/** A tile's image, and its first output. */
typedef struct {
  ptrdiff_t image;
  int row;
  int column;
} TilePlace;

INLINE TilePlace place_of(int size, const Winograd *plan, ptrdiff_t tile) {
  ptrdiff_t image_tiles = (ptrdiff_t)plan->tiles_high * plan->tiles_wide, in_image = tile % image_tiles;
  return (TilePlace){tile / image_tiles, (int)(in_image / plan->tiles_wide) * size, (int)(in_image % plan->tiles_wide) * size};
}

INLINE void next_place(int size, const Winograd *plan, TilePlace *place) {
  place->column += size;
  if (place->column < plan->out_width) return;
  place->column = 0;
  place->row += size;
  if (place->row < plan->out_height) return;
  place->row = 0;
  place->image++;
}

INLINE void transform_tiles(int size, const Winograd *plan, ptrdiff_t first, ptrdiff_t count, const float *zeros, float *values) {
  int span = size + 2;
  TilePlace place = place_of(size, plan, first);
  for (ptrdiff_t tile = 0; tile < count; tile++, next_place(size, plan, &place)) {
    const float *image = plan->source + place.image * plan->height * plan->width * plan->channels;
    Sight sight = {.zeros = zeros};
    for (int high = 0; high < span; high++) {
      int row = place.row - plan->top + high;
      sight.rows[high] = row >= 0 && row < plan->height ? image + (ptrdiff_t)row * plan->width * plan->channels : zeros;
    }
    for (int wide = 0; wide < span; wide++) {
      int column = place.column - plan->left + wide;
      sight.columns[wide] = column >= 0 && column < plan->width ? (ptrdiff_t)column * plan->channels : -1;
    }
    transform_tile(size, &sight, plan->channels, values + tile * plan->stride, plan->value_step);
  }
}

INLINE void transform_products(int size, const Winograd *plan, ptrdiff_t first, ptrdiff_t count, ptrdiff_t column, int vectors,
                               const float *products) {
  TilePlace place = place_of(size, plan, first);
  for (ptrdiff_t tile = 0; tile < count; tile++, next_place(size, plan, &place)) {
    float *target = plan->output + ((place.image * plan->out_height + place.row) * plan->out_width + place.column) * plan->out + column;
    ptrdiff_t rows = smaller(size, plan->out_height - place.row), columns = smaller(size, plan->out_width - place.column);
    for (int vector = 0; vector < vectors; vector++, target += LANES, products += LANES) {
      Vector result[MOST_SIZE][MOST_SIZE];
      transform_back(size, products, plan->product_step, result);
#pragma GCC unroll 4
      for (int row = 0; row < size; row++) {
#pragma GCC unroll 4
        for (int wide = 0; wide < size; wide++) {
          if (row < rows && wide < columns) store(target + ((ptrdiff_t)row * plan->out_width + wide) * plan->out, result[row][wide]);
        }
      }
    }
  }
}

/** The rows of an NHWC map that a block reads or writes, about: all from its first tile's to its last one's. */
INLINE Ahead block_rows(int size, const Winograd *plan, ptrdiff_t block, const float *map, ptrdiff_t height, ptrdiff_t line, ptrdiff_t shares) {
  ptrdiff_t begin = smaller(block * plan->block_tiles, plan->tiles), end = smaller(begin + plan->block_tiles, plan->tiles);
  if (begin == end) return (Ahead){map, map, 0};
  TilePlace first = place_of(size, plan, begin), last = place_of(size, plan, end - 1);
  return ahead_of(map + (first.image * height + smaller(first.row, height)) * line,
                  map + (last.image * height + smaller(last.row + size, height)) * line, shares);
}

/** Where a pass begins: whole cache lines of channels, shared out evenly. */
INLINE ptrdiff_t channel_start(ptrdiff_t channels, ptrdiff_t passes, ptrdiff_t pass) { return tile_start(channels / 16, passes, pass) * 16; }

INLINE void winograd_block(int size, const Winograd *plan, ptrdiff_t task, int thread) {
  int places = (size + 2) * (size + 2);
  ptrdiff_t first = task * plan->block_tiles, count = smaller(plan->block_tiles, plan->tiles - first);
  ptrdiff_t row = (ptrdiff_t)plan->width * plan->channels, matrix = (ptrdiff_t)plan->channels * plan->out;
  float *zeros = context_own(plan->context, thread), *values = zeros + row, *products = values + places * plan->value_step;
  memset(zeros, 0, (size_t)row * sizeof(float));
  transform_tiles(size, plan, first, count, zeros, values);
  ptrdiff_t groups = ceil_div(count, TILE_ROWS), passes = ceil_div(plan->channels, PASS_SUMMANDS);
  // Products have their operands in the cache: meanwhile this block's outputs come, and the inputs of the one this thread does next.
  ptrdiff_t shares = ceil_div(plan->out, PANEL) * places * passes * groups, next = task + context_threads(plan->context);
  Ahead outputs = block_rows(size, plan, task, plan->output, plan->out_height, (ptrdiff_t)plan->out_width * plan->out, shares);
  Ahead inputs = block_rows(size, plan, next, plan->source, plan->height, row, shares);
  for (ptrdiff_t column = 0; column < plan->out; column += PANEL) {
    int vectors = panel_vectors(plan->out, column);
    for (int place = 0; place < places; place++) {
      for (ptrdiff_t pass = 0; pass < passes; pass++) {
        ptrdiff_t start = channel_start(plan->channels, passes, pass);
        Products tile = {.stride = plan->stride, .depth = channel_start(plan->channels, passes, pass + 1) - start, .add = pass > 0,
                         .panel = plan->panels + place * matrix + panel_place(plan->channels, column) + start * vectors * LANES};
        for (ptrdiff_t group = 0; group < groups; group++) {
          ptrdiff_t begin = tile_start(count, groups, group), end = tile_start(count, groups, group + 1);
          tile.left = values + place * plan->value_step + begin * plan->stride + start;
          tile.target = products + place * plan->product_step + begin * vectors * LANES;
          fetch_share(&outputs);
          fetch_share(&inputs);
          product_tiles[vectors - 1][end - begin - 1](&tile);
        }
      }
    }
    transform_products(size, plan, first, count, column, vectors, products);
  }
}

#define DEFINE_WINOGRAD(SIZE)                                                                                          \
  static void transform_panel_##SIZE(void *work, ptrdiff_t task, int thread) {                                         \
    (void)thread;                                                                                                      \
    transform_panel(SIZE, work, task * PANEL);                                                                         \
  }                                                                                                                    \
  static void winograd_block_##SIZE(void *work, ptrdiff_t task, int thread) { winograd_block(SIZE, work, task, thread); }

DEFINE_WINOGRAD(2)
DEFINE_WINOGRAD(4)

/** Floats of so many, with what fills up an odd number of cache lines. */
INLINE ptrdiff_t odd_lines(ptrdiff_t floats) { return (ceil_div(floats, 16) | 1) * 16; }

/** Computes a correlation with tiles of a `winograd_size`. @return 0, or -1 where there is no memory */
static int winograd(Context *context, Winograd *plan) {
  int size = plan->size, places = (size + 2) * (size + 2);
  plan->context = context;
  plan->tiles_high = (int)ceil_div(plan->out_height, size);
  plan->tiles_wide = (int)ceil_div(plan->out_width, size);
  plan->tiles = (ptrdiff_t)plan->batch * plan->tiles_high * plan->tiles_wide;
  plan->stride = plan->channels < 128 ? plan->channels : plan->channels + 16;
  ptrdiff_t width = smaller(plan->out, PANEL);
  ptrdiff_t fitting = WINOGRAD_BYTES / (places * (ptrdiff_t)sizeof(float) * (plan->stride + width));
  ptrdiff_t blocks = ceil_div(plan->tiles, larger(LEAST_TILES, fitting / TILE_ROWS * TILE_ROWS));
  // An even share for two or four threads.
  if (blocks > 2) blocks = ceil_div(blocks, 4) * 4;
  plan->block_tiles = ceil_div(plan->tiles, blocks);
  plan->value_step = odd_lines(plan->block_tiles * plan->stride);
  plan->product_step = odd_lines(plan->block_tiles * width);
  ptrdiff_t own = (ptrdiff_t)plan->width * plan->channels + places * (plan->value_step + plan->product_step);
  size_t panels = (size_t)places * (size_t)plan->channels * (size_t)plan->out * sizeof(float);
  if (context_reserve(context, panels, (size_t)own * sizeof(float)) != 0) return -1;
  plan->panels = context_shared(context);
  context_run(context, ceil_div(plan->out, PANEL), size == 2 ? transform_panel_2 : transform_panel_4, plan);
  context_run(context, ceil_div(plan->tiles, plan->block_tiles), size == 2 ? winograd_block_2 : winograd_block_4, plan);
  return 0;
}

#endif
