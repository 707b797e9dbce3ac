/*
 * Gradient of a 3x3 filter with stride 1 by Winograd's algorithm: tiles of the input and of the output's gradient are transformed, their
 * outer products summed up over all tiles at each of 36 points, and the sums transformed to nine taps.
 */
#ifndef BLOCKWISE_WINOGRAD_FILTER_GRADIENT_H
#define BLOCKWISE_WINOGRAD_FILTER_GRADIENT_H

#include "context.h"
#include "kernels.h"
#include "partial-sums.h"
#include "tiles.h"
#include "winograd-filter-transforms.h"

/** Most inputs and outputs of a task: the sums of all points stay in the second-level cache, */
#define TASK_CHANNELS 64
/** beside a block of transformed tiles. */
#define TRANSFORMED_BYTES 294912
/** Blocks that are added up in float32 before they go to float64. */
#define SUMMED_BLOCKS 16
/** With fewer tiles the sums' transform takes what the products save. */
#define LEAST_FILTER_TILES 8
/** With fewer pixels a tile on average, too much of the tiles is beyond the edge. */
#define LEAST_PIXELS 7

typedef struct {
  const Geometry *g;
  const float *x;
  const float *dy;
  Context *context;
  int tiles_high;
  int tiles_wide;
  ptrdiff_t tiles;
  ptrdiff_t block_tiles;
  ptrdiff_t blocks;
  /** Tasks that share out the inputs and the outputs, */
  ptrdiff_t in_shares;
  ptrdiff_t out_shares;
  /** for each group of neighbouring blocks. */
  ptrdiff_t groups;
  ptrdiff_t size;
  /** Sums of each group, in float64 where that is not null. */
  float *partial;
  double *wide;
} WinogradFilter;

/** The channels of a task, and where they and their products are at the first point; `step` floats on at the next one. */
typedef struct {
  ptrdiff_t in;
  ptrdiff_t inputs;
  float *values;
  ptrdiff_t value_step;
  ptrdiff_t out;
  ptrdiff_t outputs;
  float *gradients;
  ptrdiff_t gradient_step;
  float *products;
  ptrdiff_t product_step;
} Share;

/** What is read for a pixel outside of the image. */
static const float no_pixel[TASK_CHANNELS];

/** Whether it pays; not by instruction set, so that all of them do the same. */
INLINE int suits_winograd_filter(const Geometry *g) {
  ptrdiff_t tiles = ceil_div(g->out_height, GRADIENT_SIDE) * ceil_div(g->out_width, GRADIENT_SIDE);
  return g->filter_height == 3 && g->filter_width == 3 && g->stride_height == 1 && g->stride_width == 1 &&
         g->dilation_height == 1 && g->dilation_width == 1 && g->in % CACHE_LINE == 0 && g->out % CACHE_LINE == 0 &&
         g->batch * tiles >= LEAST_FILTER_TILES && (ptrdiff_t)g->out_height * g->out_width >= LEAST_PIXELS * tiles;
}

/** Addresses of a tile's pixels, from (row, column) of an image on. */
INLINE void find_pixels(const float *image, int height, int width, ptrdiff_t channels, int row, int column, int side,
                        const float **pixels) {
  for (int high = row; high < row + side; high++) {
    for (int wide = column; wide < column + side; wide++) {
      int inside = high >= 0 && high < height && wide >= 0 && wide < width;
      *pixels++ = inside ? image + ((ptrdiff_t)high * width + wide) * channels : no_pixel;
    }
  }
}

static void transform_pixels(const WinogradFilter *plan, ptrdiff_t first, ptrdiff_t count, const Share *share) {
  const Geometry *g = plan->g;
  ptrdiff_t in_image = (ptrdiff_t)plan->tiles_high * plan->tiles_wide;
  for (ptrdiff_t tile = 0; tile < count; tile++) {
    ptrdiff_t image = (first + tile) / in_image, place = (first + tile) % in_image;
    int row = (int)(place / plan->tiles_wide) * GRADIENT_SIDE, column = (int)(place % plan->tiles_wide) * GRADIENT_SIDE;
    const float *pixels[POINTS];
    find_pixels(plan->x + image * g->in_height * g->in_width * g->in + share->in, g->in_height, g->in_width, g->in, row - g->top,
                column - g->left, INPUT_SIDE, pixels);
    for (ptrdiff_t channel = 0; channel < share->inputs; channel += LANES) {
      transform_input(pixels, channel, share->values + tile * share->inputs + channel, share->value_step);
    }
    find_pixels(plan->dy + image * g->out_height * g->out_width * g->out + share->out, g->out_height, g->out_width, g->out, row,
                column, GRADIENT_SIDE, pixels);
    for (ptrdiff_t channel = 0; channel < share->outputs; channel += LANES) {
      transform_gradient(pixels, channel, share->gradients + tile * share->outputs + channel, share->gradient_step);
    }
  }
}

/** Asks for a row of a tile's pixels: reading them takes longer than transforming them, and would be waited for. */
INLINE void fetch_row(const WinogradFilter *plan, ptrdiff_t tile, ptrdiff_t high, const Share *share) {
  const Geometry *g = plan->g;
  ptrdiff_t in_image = (ptrdiff_t)plan->tiles_high * plan->tiles_wide, image = tile / in_image, place = tile % in_image;
  ptrdiff_t row = smaller(place / plan->tiles_wide * GRADIENT_SIDE + high, smaller(g->in_height, g->out_height) - 1);
  ptrdiff_t column = place % plan->tiles_wide * GRADIENT_SIDE;
  ptrdiff_t columns = smaller(GRADIENT_SIDE, smaller(g->in_width, g->out_width) - column);
  const float *input = plan->x + ((image * g->in_height + row) * g->in_width + column) * g->in + share->in;
  const float *output = plan->dy + ((image * g->out_height + row) * g->out_width + column) * g->out + share->out;
  for (ptrdiff_t wide = 0; wide < columns; wide++, input += g->in, output += g->out) {
    for (ptrdiff_t channel = 0; channel < share->inputs; channel += CACHE_LINE) __builtin_prefetch(input + channel, 0, 2);
    for (ptrdiff_t channel = 0; channel < share->outputs; channel += CACHE_LINE) __builtin_prefetch(output + channel, 0, 2);
  }
}

/** Adds up the outer products of `count` tiles at all points; meanwhile asks for the pixels of the `following` tiles from `next` on. */
static void add_outer_products(const WinogradFilter *plan, ptrdiff_t count, ptrdiff_t next, ptrdiff_t following, const Share *share,
                               int add) {
  ptrdiff_t groups = ceil_div(share->inputs, TILE_ROWS), rows = following * GRADIENT_SIDE;
  Outer outer = {.images = 1, .rows = 1, .pixels = (int)count, .pixel_stride = share->inputs, .right_stride = share->outputs,
                 .target_stride = share->outputs, .add = add};
  for (int point = 0; point < POINTS; point++) {
    for (ptrdiff_t row = tile_start(rows, POINTS, point); row < tile_start(rows, POINTS, point + 1); row++) {
      fetch_row(plan, next + row / GRADIENT_SIDE, row % GRADIENT_SIDE, share);
    }
    const float *left = share->values + point * share->value_step, *right = share->gradients + point * share->gradient_step;
    float *target = share->products + point * share->product_step;
    for (ptrdiff_t column = 0; column < share->outputs; column += PANEL) {
      int vectors = panel_vectors(share->outputs, column);
      outer.columns = vectors * LANES;
      for (ptrdiff_t group = 0; group < groups; group++) {
        ptrdiff_t start = tile_start(share->inputs, groups, group), end = tile_start(share->inputs, groups, group + 1);
        outer_tiles[vectors - 1][end - start - 1](left + start, right + column, target + start * share->outputs + column, &outer);
      }
    }
  }
}

/** Puts the taps of the summed products where a group's sums go, or adds them there. */
static void put_taps(const WinogradFilter *plan, ptrdiff_t group, const Share *share, int add) {
  const Geometry *g = plan->g;
  for (ptrdiff_t row = 0; row < share->inputs; row++) {
    for (ptrdiff_t column = 0; column < share->outputs; column += LANES) {
      Vector taps[3][3];
      transform_to_taps(share->products + row * share->outputs + column, share->product_step, taps);
      for (int tap = 0; tap < 9; tap++) {
        ptrdiff_t place = group * plan->size + ((ptrdiff_t)tap * g->in + share->in + row) * g->out + share->out + column;
        if (plan->wide == NULL) {
          store(plan->partial + place, taps[tap / 3][tap % 3]);
        } else {
          if (!add) memset(plan->wide + place, 0, sizeof(WideVector));
          add_wide(plan->wide + place, taps[tap / 3][tap % 3]);
        }
      }
    }
  }
}

/** Where the channels of a share begin: every instruction set has whole vectors of them. */
INLINE ptrdiff_t share_start(ptrdiff_t channels, ptrdiff_t shares, ptrdiff_t share) {
  return tile_start(channels / CACHE_LINE, shares, share) * CACHE_LINE;
}

static void winograd_filter_group(void *work, ptrdiff_t task, int thread) {
  const WinogradFilter *plan = work;
  ptrdiff_t in = plan->g->in, out = plan->g->out, out_share = task % plan->out_shares;
  ptrdiff_t in_share = task / plan->out_shares % plan->in_shares, group = task / plan->out_shares / plan->in_shares;
  Share share = {.in = share_start(in, plan->in_shares, in_share), .out = share_start(out, plan->out_shares, out_share)};
  share.inputs = share_start(in, plan->in_shares, in_share + 1) - share.in;
  share.outputs = share_start(out, plan->out_shares, out_share + 1) - share.out;
  // Never a power of two, whose multiples would share few places of the cache.
  share.value_step = plan->block_tiles * share.inputs + CACHE_LINE;
  share.gradient_step = plan->block_tiles * share.outputs + CACHE_LINE;
  share.product_step = share.inputs * share.outputs + CACHE_LINE;
  share.values = context_own(plan->context, thread);
  share.gradients = share.values + POINTS * share.value_step;
  share.products = share.gradients + POINTS * share.gradient_step;
  ptrdiff_t begin = tile_start(plan->blocks, plan->groups, group), end = tile_start(plan->blocks, plan->groups, group + 1);
  ptrdiff_t last = smaller(plan->tiles, end * plan->block_tiles);
  int pending = 0, summed = 0;
  for (ptrdiff_t block = begin; block < end; block++) {
    ptrdiff_t first = block * plan->block_tiles, count = smaller(plan->block_tiles, last - first), next = first + count;
    transform_pixels(plan, first, count, &share);
    add_outer_products(plan, count, next, smaller(plan->block_tiles, last - next), &share, pending > 0);
    pending++;
    if (pending < SUMMED_BLOCKS && block + 1 < end) continue;
    put_taps(plan, group, &share, summed);
    pending = 0;
    summed = 1;
  }
}

/** Computes a gradient that `suits_winograd_filter`. @return 0, or -1 where there is no memory */
static int winograd_filter_gradient(Context *context, const Geometry *g, const float *x, const float *dy, float *gradient) {
  WinogradFilter plan = {.g = g, .x = x, .dy = dy, .context = context, .size = 9 * (ptrdiff_t)g->in * g->out};
  plan.tiles_high = (int)ceil_div(g->out_height, GRADIENT_SIDE);
  plan.tiles_wide = (int)ceil_div(g->out_width, GRADIENT_SIDE);
  plan.tiles = (ptrdiff_t)g->batch * plan.tiles_high * plan.tiles_wide;
  plan.in_shares = ceil_div(g->in, TASK_CHANNELS);
  plan.out_shares = ceil_div(g->out, TASK_CHANNELS);
  ptrdiff_t inputs = ceil_div(g->in / CACHE_LINE, plan.in_shares) * CACHE_LINE;
  ptrdiff_t outputs = ceil_div(g->out / CACHE_LINE, plan.out_shares) * CACHE_LINE;
  ptrdiff_t fitting = TRANSFORMED_BYTES / (POINTS * (inputs + outputs) * (ptrdiff_t)sizeof(float));
  plan.block_tiles = ceil_div(plan.tiles, ceil_div(plan.tiles, fitting));
  plan.blocks = ceil_div(plan.tiles, plan.block_tiles);
  ptrdiff_t shares = plan.in_shares * plan.out_shares, most_groups = larger(1, PARTIAL_FLOATS / plan.size);
  ptrdiff_t wanted = larger(ceil_div(plan.blocks, SUMMED_BLOCKS), ceil_div(LEAST_TASKS, shares));
  plan.groups = smaller(wanted, smaller(plan.blocks, most_groups));
  int needs_wide = ceil_div(plan.blocks, plan.groups) > SUMMED_BLOCKS, direct = plan.groups == 1 && !needs_wide;
  size_t sums = direct ? 0 : (size_t)(plan.groups * plan.size) * (needs_wide ? sizeof(double) : sizeof(float));
  ptrdiff_t own = POINTS * (plan.block_tiles * (inputs + outputs) + inputs * outputs + 3 * CACHE_LINE);
  if (context_reserve(context, sums, (size_t)own * sizeof(float)) != 0) return -1;
  plan.wide = needs_wide ? context_shared(context) : NULL;
  plan.partial = direct ? gradient : context_shared(context);
  context_run(context, plan.groups * shares, winograd_filter_group, &plan);
  if (!direct) combine_groups(context, (PartialSums){gradient, plan.size, plan.groups, plan.partial, plan.wide});
  return 0;
}

#endif
