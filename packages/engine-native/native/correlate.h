/*
 * Cross-correlations of NHWC images as matrix products without an im2col matrix: what a tile multiplies is read where it
 * lies, in the images themselves or in a copy of a few of them between zeros.
 */
#ifndef BLOCKWISE_CORRELATE_H
#define BLOCKWISE_CORRELATE_H

#include <stdlib.h>

#include "context.h"
#include "kernels.h"
#include "pack.h"

/** Most summands that are added up in one float32 register: more would cost digits, and a panel its place in the cache. */
#define PASS_SUMMANDS 384

/** Outputs that lie on a regular grid and are computed from the same taps. */
typedef struct {
  int rows;
  int columns;
  /** Padded row and column where the window of output (0, 0) starts. */
  int row_start;
  int column_start;
  int taps_high;
  int taps_wide;
  const float *panels;
  /** Of output (0, 0) from its image. */
  ptrdiff_t output_start;
} Phase;

typedef struct {
  const float *source;
  int batch;
  int height;
  int width;
  int channels;
  int top;
  int left;
  int stride_high;
  int stride_wide;
  int dilation_high;
  int dilation_wide;
  int phase_count;
  const Phase *phases;
  float *output;
  int out;
  ptrdiff_t output_image;
  ptrdiff_t output_row;
  ptrdiff_t output_column;

  /* What follows is worked out by `plan_correlation`. */
  Context *context;
  int padded_height;
  int padded_width;
  int in_place;
  int block_images;
  int block_rows;
  int blocks_an_image;
  /** Rows of input that a block reads. */
  int block_height;
  int most_segments;
  size_t block_pixels;
  size_t own_bytes;
} Correlation;

/** Some summands of a window: whole segments, or a piece of one. */
typedef struct {
  int first_segment;
  int segments;
  int skip;
  int run;
} Pass;

/** A block's input and output stay in the second-level cache, */
#define BLOCK_BYTES 262144
/** unless the panels, which every block reads, need more pixels to be worth it. */
#define BLOCK_PIXELS 256

static void plan_correlation(Correlation *plan) {
  int rows = 0, columns = 0, high = 0, wide = 0;
  plan->most_segments = 0;
  for (int index = 0; index < plan->phase_count; index++) {
    const Phase *phase = &plan->phases[index];
    rows = (int)larger(rows, phase->rows);
    columns = (int)larger(columns, phase->columns);
    high = (int)larger(high, phase->row_start + (phase->taps_high - 1) * plan->dilation_high + 1);
    wide = (int)larger(wide, phase->column_start + (phase->taps_wide - 1) * plan->dilation_wide + 1);
    plan->most_segments = (int)larger(plan->most_segments, phase->taps_high * phase->taps_wide);
  }
  plan->padded_height = (rows - 1) * plan->stride_high + high;
  plan->padded_width = (columns - 1) * plan->stride_wide + wide;
  plan->in_place = plan->top <= 0 && plan->left <= 0 && plan->padded_height - plan->top <= plan->height &&
                   plan->padded_width - plan->left <= plan->width;
  size_t row_bytes = ((size_t)plan->stride_high * (size_t)plan->padded_width * (size_t)plan->channels +
                      (size_t)plan->output_row) * sizeof(float);
  ptrdiff_t fitting = larger(1, (ptrdiff_t)(BLOCK_BYTES / (row_bytes + 1)));
  fitting = larger(fitting, ceil_div(BLOCK_PIXELS, columns));
  if (fitting < rows) {
    plan->block_images = 1;
    plan->block_rows = (int)fitting;
  } else {
    plan->block_images = (int)smaller(plan->batch, fitting / rows);
    plan->block_rows = rows;
  }
  plan->blocks_an_image = (int)ceil_div(rows, plan->block_rows);
  plan->block_height = (plan->block_rows - 1) * plan->stride_high + high;
  plan->block_pixels = (size_t)plan->block_images * (size_t)plan->block_rows * (size_t)columns;
  size_t copied = plan->in_place ? 0
                                 : (size_t)plan->block_images * (size_t)plan->block_height *
                                       (size_t)plan->padded_width * (size_t)plan->channels;
  plan->own_bytes = plan->block_pixels * 2 * sizeof(void *) + (copied + LANES) * sizeof(float);
}

/** Offsets of a window's segments, and how many floats each has. */
static int segment_offsets(const Correlation *plan, const Phase *phase, ptrdiff_t row_size, ptrdiff_t *offsets, int *run) {
  int contiguous = plan->dilation_wide == 1 || phase->taps_wide == 1;
  int columns = contiguous ? 1 : phase->taps_wide;
  int count = 0;
  for (int row = 0; row < phase->taps_high; row++) {
    for (int column = 0; column < columns; column++) {
      offsets[count++] = row * plan->dilation_high * row_size + (ptrdiff_t)column * plan->dilation_wide * plan->channels;
    }
  }
  *run = contiguous ? phase->taps_wide * plan->channels : plan->channels;
  return count;
}

/** The products of one pass for all tiles of a block. */
static void run_pass(const Correlation *plan, const Phase *phase, const Pass *pass, const ptrdiff_t *offsets, int whole_run,
                     ptrdiff_t pixels, const float **from, float **to, int add) {
  ptrdiff_t depth = (ptrdiff_t)phase->taps_high * phase->taps_wide * plan->channels;
  ptrdiff_t skipped = (ptrdiff_t)pass->first_segment * whole_run + pass->skip;
  ptrdiff_t tiles = ceil_div(pixels, TILE_ROWS);
  ptrdiff_t shifted[pass->segments];
  for (int index = 0; index < pass->segments; index++) shifted[index] = offsets[pass->first_segment + index] + pass->skip;
  for (ptrdiff_t column = 0; column < plan->out; column += PANEL) {
    int vectors = panel_vectors(plan->out, column);
    Gather gather = {shifted, pass->segments, pass->run,
                     phase->panels + panel_place(depth, column) + skipped * vectors * LANES,
                     (int)smaller(PANEL, plan->out - column), add};
    for (ptrdiff_t tile = 0; tile < tiles; tile++) {
      ptrdiff_t start = tile_start(pixels, tiles, tile), end = tile_start(pixels, tiles, tile + 1);
      gather_tiles[vectors - 1][end - start - 1](from + start, to + start, &gather);
    }
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) to[pixel] += PANEL;
  }
  ptrdiff_t passed = ceil_div(plan->out, PANEL) * PANEL;
  for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) to[pixel] -= passed;
}

static void correlate_block(void *work, ptrdiff_t task, int thread) {
  const Correlation *plan = work;
  int first_image = (int)(task / plan->blocks_an_image) * plan->block_images;
  int first_row = (int)(task % plan->blocks_an_image) * plan->block_rows;
  int images = (int)smaller(plan->block_images, plan->batch - first_image);
  ptrdiff_t source_row = (ptrdiff_t)plan->width * plan->channels;
  ptrdiff_t source_image = plan->height * source_row;
  const float *input = plan->source + first_image * source_image;
  ptrdiff_t row_size = source_row, image_size = source_image;
  const float **from = context_own(plan->context, thread);
  float **to = (float **)(from + plan->block_pixels);
  ptrdiff_t read_row = (ptrdiff_t)first_row * plan->stride_high - plan->top;
  if (plan->in_place) {
    input += read_row * source_row - (ptrdiff_t)plan->left * plan->channels;
  } else {
    row_size = (ptrdiff_t)plan->padded_width * plan->channels;
    image_size = plan->block_height * row_size;
    float *copy = (float *)(to + plan->block_pixels);
    for (int image = 0; image < images; image++) {
      copy_padded(input + image * source_image, plan->height, plan->width, plan->channels, read_row, plan->block_height,
                  plan->left, plan->padded_width, copy + image * image_size);
    }
    input = copy;
  }
  float *output = plan->output + first_image * plan->output_image + first_row * plan->output_row;
  for (int index = 0; index < plan->phase_count; index++) {
    const Phase *phase = &plan->phases[index];
    int rows = (int)smaller(plan->block_rows, phase->rows - first_row);
    if (rows <= 0) continue;
    ptrdiff_t pixels = (ptrdiff_t)images * rows * phase->columns;
    const float *window = input + phase->row_start * row_size + (ptrdiff_t)phase->column_start * plan->channels;
    ptrdiff_t count = 0;
    for (int image = 0; image < images; image++) {
      for (int row = 0; row < rows; row++) {
        const float *read = window + image * image_size + (ptrdiff_t)row * plan->stride_high * row_size;
        float *write = output + phase->output_start + image * plan->output_image + row * plan->output_row;
        for (int column = 0; column < phase->columns; column++) {
          from[count] = read;
          to[count++] = write;
          read += (ptrdiff_t)plan->stride_wide * plan->channels;
          write += plan->output_column;
        }
      }
    }
    ptrdiff_t offsets[plan->most_segments];
    int run;
    int segments = segment_offsets(plan, phase, row_size, offsets, &run);
    int add = 0;
    if (run > PASS_SUMMANDS) {
      int pieces = (int)ceil_div(run, PASS_SUMMANDS);
      for (int segment = 0; segment < segments; segment++) {
        for (int piece = 0; piece < pieces; piece++, add = 1) {
          int skip = (int)tile_start(run, pieces, piece), end = (int)tile_start(run, pieces, piece + 1);
          Pass pass = {segment, 1, skip, end - skip};
          run_pass(plan, phase, &pass, offsets, run, pixels, from, to, add);
        }
      }
    } else {
      int fitting = PASS_SUMMANDS / run;
      for (int segment = 0; segment < segments; segment += fitting, add = 1) {
        Pass pass = {segment, (int)smaller(fitting, segments - segment), 0, run};
        run_pass(plan, phase, &pass, offsets, run, pixels, from, to, add);
      }
    }
  }
}

/** Computes a planned correlation; `own_bytes` of scratch memory are reserved for each thread. */
static void correlate(Correlation *plan) {
  ptrdiff_t groups = ceil_div(plan->batch, plan->block_images);
  context_run(plan->context, groups * plan->blocks_an_image, correlate_block, plan);
}

#endif
