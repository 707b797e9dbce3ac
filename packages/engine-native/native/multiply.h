/* Matrix products. */
#ifndef BLOCKWISE_MULTIPLY_H
#define BLOCKWISE_MULTIPLY_H

#include "context.h"
#include "kernels.h"
#include "pack.h"

/** Summands of one pass: what is added up in one float32 register keeps its digits. */
#define DEPTH 384
/** A task's left operand stays in the second-level cache. */
#define LEFT_FLOATS ((ptrdiff_t)98304)
#define LEFT_ROWS 256
#define RIGHT_COLUMNS 256

typedef struct {
  ptrdiff_t m;
  ptrdiff_t n;
  ptrdiff_t k;
  Operand a;
  Operand b;
  float *c;
  ptrdiff_t block_rows;
  ptrdiff_t block_columns;
  ptrdiff_t row_blocks;
  ptrdiff_t passes;
  Context *context;
} Product;

/** Tiles of the left operand, each with its rows side by side. */
static void pack_left(const Product *product, ptrdiff_t first_row, ptrdiff_t rows, ptrdiff_t first, ptrdiff_t depth, float *packed) {
  ptrdiff_t tiles = ceil_div(rows, TILE_ROWS);
  for (ptrdiff_t tile = 0; tile < tiles; tile++) {
    ptrdiff_t start = tile_start(rows, tiles, tile), count = tile_start(rows, tiles, tile + 1) - start;
    ptrdiff_t row = first_row + start;
    if (product->a.transposed) {
      for (ptrdiff_t index = 0; index < depth; index++) {
        const float *from = product->a.values + (first + index) * product->m + row;
        for (ptrdiff_t column = 0; column < count; column++) packed[index * count + column] = from[column];
      }
    } else {
      pack_columns(product->a.values + row * product->k + first, product->k, depth, (int)count, (int)count, packed);
    }
    packed += depth * count;
  }
}

static void multiply_block(void *work, ptrdiff_t task, int thread) {
  const Product *product = work;
  ptrdiff_t first_row = task % product->row_blocks * product->block_rows;
  ptrdiff_t first_column = task / product->row_blocks * product->block_columns;
  ptrdiff_t rows = smaller(product->block_rows, product->m - first_row);
  ptrdiff_t last_column = smaller(product->n, first_column + product->block_columns);
  ptrdiff_t tiles = ceil_div(rows, TILE_ROWS);
  float *left = context_own(product->context, thread);
  for (ptrdiff_t pass = 0; pass < product->passes; pass++) {
    ptrdiff_t first = tile_start(product->k, product->passes, pass);
    ptrdiff_t depth = tile_start(product->k, product->passes, pass + 1) - first;
    float *panel = left + ceil_div(product->block_rows * depth, LANES) * LANES;
    pack_left(product, first_row, rows, first, depth, left);
    for (ptrdiff_t column = first_column; column < last_column; column += PANEL) {
      int columns = (int)smaller(PANEL, last_column - column), vectors = panel_vectors(last_column, column);
      if (product->b.transposed) {
        pack_columns(product->b.values + column * product->k + first, product->k, depth, columns, vectors * LANES, panel);
      } else {
        pack_rows(product->b.values + first * product->n + column, product->n, depth, columns, vectors, panel);
      }
      Outer outer = {.images = 1, .rows = 1, .pixels = (int)depth, .right_stride = vectors * LANES,
                     .target_stride = product->n, .columns = columns, .add = pass > 0};
      for (ptrdiff_t tile = 0; tile < tiles; tile++) {
        ptrdiff_t start = tile_start(rows, tiles, tile), count = tile_start(rows, tiles, tile + 1) - start;
        outer.pixel_stride = count;
        outer_tiles[vectors - 1][count - 1](left + start * depth, panel,
                                            product->c + (first_row + start) * product->n + column, &outer);
      }
    }
  }
}

static int multiply(Context *context, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, Operand a, Operand b, float *c) {
  if (m * n == 0) return 0;
  if (k == 0) {
    memset(c, 0, (size_t)(m * n) * sizeof(float));
    return 0;
  }
  Product product = {.m = m, .n = n, .k = k, .a = a, .b = b, .c = c, .passes = ceil_div(k, DEPTH), .context = context};
  ptrdiff_t depth = ceil_div(k, product.passes);
  ptrdiff_t most_rows = larger(LEFT_ROWS, LEFT_FLOATS / depth);
  product.row_blocks = ceil_div(m, most_rows);
  product.block_rows = ceil_div(m, product.row_blocks);
  product.row_blocks = ceil_div(m, product.block_rows);
  product.block_columns = smaller(RIGHT_COLUMNS, larger(PANEL, ceil_div(n, 8 * PANEL) * PANEL));
  size_t own = (size_t)(ceil_div(product.block_rows * depth, LANES) * LANES + depth * PANEL + LANES) * sizeof(float);
  if (context_reserve(context, 0, own) != 0) return -1;
  context_run(context, product.row_blocks * ceil_div(n, product.block_columns), multiply_block, &product);
  return 0;
}

#endif
