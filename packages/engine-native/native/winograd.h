/*
 * 3x3 correlations with stride 1 by Winograd's F(2x2, 3x3): 16 products for four outputs instead of 36. Tiles of 4x4 pixels and the
 * filter are transformed, multiplied element by element as 16 matrix products, and transformed back. See Lavin, Gray: Fast
 * algorithms for convolutional neural networks, 2015, arXiv 1509.09308, section 4.1.
 */
#ifndef BLOCKWISE_WINOGRAD_H
#define BLOCKWISE_WINOGRAD_H

#include "context.h"
#include "correlate.h"
#include "kernels.h"

/** Elements of a transformed tile. */
#define PLACES 16
/** With fewer channels the transforms take what the products save. */
#define WINOGRAD_CHANNELS 64
/** With fewer tiles the filter's transform does. */
#define WINOGRAD_TILES 64
/** Transformed tiles of a task; they stay in the second-level cache, */
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

  /* What follows is worked out by `winograd`. */
  Context *context;
  float *panels;
  int tiles_high;
  int tiles_wide;
  ptrdiff_t tiles;
  ptrdiff_t block_tiles;
  /** Floats from one transformed tile to the next: never a power of two, which would share few places of the cache. */
  ptrdiff_t stride;
} Winograd;

/** Whether a correlation is worth it; not by instruction set, so that all of them do the same. */
INLINE int suits_winograd(const Geometry *g, ptrdiff_t high, ptrdiff_t wide) {
  return g->filter_height == 3 && g->filter_width == 3 && g->stride_height == 1 && g->stride_width == 1 &&
         g->dilation_height == 1 && g->dilation_width == 1 && g->in >= WINOGRAD_CHANNELS && g->out >= WINOGRAD_CHANNELS &&
         g->in % 16 == 0 && g->out % 16 == 0 && g->batch * ceil_div(high, 2) * ceil_div(wide, 2) >= WINOGRAD_TILES;
}

/** `G g` of three vectors. */
INLINE void transform_taps(Vector a, Vector b, Vector c, Vector *result) {
  Vector half = splat(0.5f), outer = (a + c) * half, inner = b * half;
  result[0] = a;
  result[1] = outer + inner;
  result[2] = outer - inner;
  result[3] = c;
}

/** One panel of each of the 16 transformed filters. */
static void transform_filter(void *work, ptrdiff_t task, int thread) {
  (void)thread;
  const Winograd *plan = work;
  ptrdiff_t column = task * PANEL, size = (ptrdiff_t)plan->channels * plan->out;
  int vectors = panel_vectors(plan->out, column);
  float *panel = plan->panels + panel_place(plan->channels, column);
  for (ptrdiff_t row = 0; row < plan->channels; row++) {
    for (int vector = 0; vector < vectors; vector++, panel += LANES) {
      ptrdiff_t first = column + vector * LANES;
      Vector taps[9], half[3][4];
      for (int tap = 0; tap < 9; tap++) {
        if (plan->flipped) {
          const float *from = plan->filter + (8 - tap) * size + first * plan->channels + row;
          for (int lane = 0; lane < LANES; lane++) taps[tap][lane] = from[lane * plan->channels];
        } else {
          taps[tap] = load(plan->filter + tap * size + row * plan->out + first);
        }
      }
      for (int wide = 0; wide < 3; wide++) transform_taps(taps[wide], taps[3 + wide], taps[6 + wide], half[wide]);
      for (int high = 0; high < 4; high++) {
        Vector result[4];
        transform_taps(half[0][high], half[1][high], half[2][high], result);
        for (int wide = 0; wide < 4; wide++) store(panel + (high * 4 + wide) * size, result[wide]);
      }
    }
  }
}

/** `B^T d B` of one tile, whose pixels are null outside of the image; place by place at a distance of `step`. */
INLINE void transform_tile(const float *const *pixels, ptrdiff_t channels, float *target, ptrdiff_t step) {
  for (ptrdiff_t channel = 0; channel < channels; channel += LANES) {
    Vector half[4][4];
    for (int wide = 0; wide < 4; wide++) {
      Vector d[4];
      for (int high = 0; high < 4; high++) {
        const float *pixel = pixels[high * 4 + wide];
        d[high] = pixel == NULL ? (Vector){0} : load(pixel + channel);
      }
      half[0][wide] = d[0] - d[2];
      half[1][wide] = d[1] + d[2];
      half[2][wide] = d[2] - d[1];
      half[3][wide] = d[1] - d[3];
    }
    for (int high = 0; high < 4; high++) {
      float *to = target + high * 4 * step + channel;
      store(to, half[high][0] - half[high][2]);
      store(to + step, half[high][1] + half[high][2]);
      store(to + 2 * step, half[high][2] - half[high][1]);
      store(to + 3 * step, half[high][1] - half[high][3]);
    }
  }
}

/** `A^T m A` of one tile, a vector of outputs; places lie at a distance of `step`. */
INLINE void transform_back(const float *products, ptrdiff_t step, Vector result[2][2]) {
  Vector half[2][4];
  for (int wide = 0; wide < 4; wide++) {
    Vector m[4];
    for (int high = 0; high < 4; high++) m[high] = load(products + (high * 4 + wide) * step);
    half[0][wide] = m[0] + m[1] + m[2];
    half[1][wide] = m[1] - m[2] - m[3];
  }
  for (int high = 0; high < 2; high++) {
    result[high][0] = half[high][0] + half[high][1] + half[high][2];
    result[high][1] = half[high][1] - half[high][2] - half[high][3];
  }
}

typedef struct {
  ptrdiff_t image;
  int row;
  int column;
} TilePlace;

INLINE TilePlace place_of(const Winograd *plan, ptrdiff_t tile) {
  ptrdiff_t in_image = tile % ((ptrdiff_t)plan->tiles_high * plan->tiles_wide);
  return (TilePlace){tile / ((ptrdiff_t)plan->tiles_high * plan->tiles_wide), (int)(in_image / plan->tiles_wide) * 2,
                     (int)(in_image % plan->tiles_wide) * 2};
}

static void transform_tiles(const Winograd *plan, ptrdiff_t first, ptrdiff_t count, float *values) {
  for (ptrdiff_t tile = 0; tile < count; tile++) {
    TilePlace place = place_of(plan, first + tile);
    const float *pixels[PLACES];
    for (int high = 0; high < 4; high++) {
      int row = place.row - plan->top + high;
      for (int wide = 0; wide < 4; wide++) {
        int column = place.column - plan->left + wide;
        int inside = row >= 0 && row < plan->height && column >= 0 && column < plan->width;
        pixels[high * 4 + wide] =
            inside ? plan->source + ((place.image * plan->height + row) * plan->width + column) * plan->channels : NULL;
      }
    }
    transform_tile(pixels, plan->channels, values + tile * plan->stride, plan->block_tiles * plan->stride);
  }
}

static void transform_products(const Winograd *plan, ptrdiff_t first, ptrdiff_t count, ptrdiff_t column, int vectors,
                               const float *products) {
  for (ptrdiff_t tile = 0; tile < count; tile++) {
    TilePlace place = place_of(plan, first + tile);
    float *target = plan->output + ((place.image * plan->out_height + place.row) * plan->out_width + place.column) * plan->out + column;
    int rows = (int)smaller(2, plan->out_height - place.row), columns = (int)smaller(2, plan->out_width - place.column);
    for (int vector = 0; vector < vectors; vector++) {
      Vector result[2][2];
      transform_back(products + tile * PANEL + vector * LANES, plan->block_tiles * PANEL, result);
      for (int row = 0; row < rows; row++) {
        for (int wide = 0; wide < columns; wide++) {
          store(target + ((ptrdiff_t)row * plan->out_width + wide) * plan->out + vector * LANES, result[row][wide]);
        }
      }
    }
  }
}

static void winograd_block(void *work, ptrdiff_t task, int thread) {
  const Winograd *plan = work;
  ptrdiff_t first = task * plan->block_tiles, count = smaller(plan->block_tiles, plan->tiles - first);
  const float **from = context_own(plan->context, thread);
  float **to = (float **)(from + plan->block_tiles);
  float *values = (float *)(to + plan->block_tiles);
  float *products = values + PLACES * plan->block_tiles * plan->stride;
  transform_tiles(plan, first, count, values);
  ptrdiff_t size = (ptrdiff_t)plan->channels * plan->out, groups = ceil_div(count, TILE_ROWS);
  ptrdiff_t passes = ceil_div(plan->channels, PASS_SUMMANDS), none = 0;
  for (ptrdiff_t column = 0; column < plan->out; column += PANEL) {
    int vectors = panel_vectors(plan->out, column);
    for (int place = 0; place < PLACES; place++) {
      for (ptrdiff_t pass = 0; pass < passes; pass++) {
        ptrdiff_t start = tile_start(plan->channels, passes, pass);
        Gather gather = {&none, 1, (int)(tile_start(plan->channels, passes, pass + 1) - start),
                         plan->panels + place * size + panel_place(plan->channels, column) + start * vectors * LANES,
                         vectors * LANES, pass > 0};
        for (ptrdiff_t tile = 0; tile < count; tile++) {
          from[tile] = values + (place * plan->block_tiles + tile) * plan->stride + start;
          to[tile] = products + (place * plan->block_tiles + tile) * PANEL;
        }
        for (ptrdiff_t group = 0; group < groups; group++) {
          ptrdiff_t begin = tile_start(count, groups, group), end = tile_start(count, groups, group + 1);
          gather_tiles[vectors - 1][end - begin - 1](from + begin, to + begin, &gather);
        }
      }
    }
    transform_products(plan, first, count, column, vectors, products);
  }
}

/** Computes a correlation that `suits_winograd`. @return 0, or -1 where there is no memory */
static int winograd(Context *context, Winograd *plan) {
  plan->context = context;
  plan->tiles_high = (int)ceil_div(plan->out_height, 2);
  plan->tiles_wide = (int)ceil_div(plan->out_width, 2);
  plan->tiles = (ptrdiff_t)plan->batch * plan->tiles_high * plan->tiles_wide;
  plan->stride = plan->channels + 16;
  ptrdiff_t fitting = WINOGRAD_BYTES / (PLACES * (ptrdiff_t)sizeof(float) * plan->stride);
  ptrdiff_t most = larger(LEAST_TILES, fitting / TILE_ROWS * TILE_ROWS);
  plan->block_tiles = ceil_div(plan->tiles, ceil_div(plan->tiles, most));
  size_t own = (size_t)plan->block_tiles * (2 * sizeof(void *) + PLACES * (size_t)(plan->stride + PANEL) * sizeof(float));
  size_t panels = PLACES * (size_t)plan->channels * (size_t)plan->out * sizeof(float);
  if (context_reserve(context, panels, own) != 0) return -1;
  plan->panels = context_shared(context);
  context_run(context, ceil_div(plan->out, PANEL), transform_filter, plan);
  context_run(context, ceil_div(plan->tiles, plan->block_tiles), winograd_block, plan);
  return 0;
}

#endif
