/*
 * The inner loops of all products: a tile of sums that stays in registers. For each number of rows up to TILE_ROWS
 * there is a function of its own, so that no row is computed in vain and every loop over rows is unrolled.
 */
#ifndef BLOCKWISE_TILES_H
#define BLOCKWISE_TILES_H

#include "vector.h"

/** Not inlined: it would make every tile many times as long. */
static __attribute__((noinline)) void put_part(float *target, const float *sums, int columns, int add) {
  for (int column = 0; column < columns; column++) target[column] = add ? target[column] + sums[column] : sums[column];
}

/** Adds a row of sums to `target` or puts it there; `columns` may end within a vector. */
INLINE void put_row(float *target, Vector first, Vector second, int columns, int add) {
  if (columns == PANEL) {
    store(target, add ? load(target) + first : first);
    store(target + LANES, add ? load(target + LANES) + second : second);
  } else if (columns == LANES) {
    store(target, add ? load(target) + first : first);
  } else {
    float sums[PANEL];
    store(sums, first);
    store(sums + LANES, second);
    put_part(target, sums, columns, add);
  }
}

/** What a tile of a correlation reads: rows begin anywhere, and go on in runs at the same offsets from their beginnings. */
typedef struct {
  const ptrdiff_t *offsets;
  int segments;
  int run;
  const float *panel;
  int columns;
  int add;
} Gather;

INLINE void gather_tile(int rows, int vectors, const float *const *from, float *const *to, const Gather *gather) {
  Vector first[TILE_ROWS], second[TILE_ROWS];
#pragma GCC unroll 16
  for (int row = 0; row < rows; row++) first[row] = second[row] = (Vector){0};
  const float *panel = gather->panel;
  for (int segment = 0; segment < gather->segments; segment++) {
    const float *at[TILE_ROWS];
#pragma GCC unroll 16
    for (int row = 0; row < rows; row++) at[row] = from[row] + gather->offsets[segment];
    for (ptrdiff_t index = 0; index < gather->run; index++) {
      Vector right = load(panel);
      Vector more = vectors == 2 ? load(panel + LANES) : right;
      panel += vectors * LANES;
#pragma GCC unroll 16
      for (int row = 0; row < rows; row++) {
        Vector left = splat(at[row][index]);
        first[row] += left * right;
        if (vectors == 2) second[row] += left * more;
      }
    }
  }
#pragma GCC unroll 16
  for (int row = 0; row < rows; row++) put_row(to[row], first[row], second[row], gather->columns, gather->add);
}

/** What an outer product sums over: pixels of rows of images, at fixed strides in the left operand, one behind the other in the right. */
typedef struct {
  int images;
  int rows;
  int pixels;
  ptrdiff_t image_stride;
  ptrdiff_t row_stride;
  ptrdiff_t pixel_stride;
  ptrdiff_t right_stride;
  ptrdiff_t target_stride;
  int columns;
  int add;
} Outer;

INLINE void outer_tile(int rows, int vectors, const float *left, const float *right, float *target, const Outer *outer) {
  Vector first[TILE_ROWS], second[TILE_ROWS];
#pragma GCC unroll 16
  for (int row = 0; row < rows; row++) first[row] = second[row] = (Vector){0};
  ptrdiff_t pixel_stride = outer->pixel_stride, right_stride = outer->right_stride;
  for (int image = 0; image < outer->images; image++) {
    for (int line = 0; line < outer->rows; line++) {
      const float *at = left + image * outer->image_stride + line * outer->row_stride;
      for (int pixel = 0; pixel < outer->pixels; pixel++) {
        Vector near = load(right);
        Vector far = vectors == 2 ? load(right + LANES) : near;
        right += right_stride;
#pragma GCC unroll 16
        for (int row = 0; row < rows; row++) {
          Vector element = splat(at[row]);
          first[row] += element * near;
          if (vectors == 2) second[row] += element * far;
        }
        at += pixel_stride;
      }
    }
  }
#pragma GCC unroll 16
  for (int row = 0; row < rows; row++) {
    put_row(target + row * outer->target_stride, first[row], second[row], outer->columns, outer->add);
  }
}

typedef void (*GatherTile)(const float *const *from, float *const *to, const Gather *gather);
typedef void (*OuterTile)(const float *left, const float *right, float *target, const Outer *outer);

#define DEFINE_TILES(ROWS, VECTORS)                                                                              \
  static void gather_##ROWS##_##VECTORS(const float *const *from, float *const *to, const Gather *gather) {       \
    gather_tile(ROWS, VECTORS, from, to, gather);                                                                 \
  }                                                                                                              \
  static void outer_##ROWS##_##VECTORS(const float *left, const float *right, float *target, const Outer *outer) { \
    outer_tile(ROWS, VECTORS, left, right, target, outer);                                                        \
  }
#define DEFINE_BOTH(ROWS) DEFINE_TILES(ROWS, 1) DEFINE_TILES(ROWS, 2)

DEFINE_BOTH(1) DEFINE_BOTH(2) DEFINE_BOTH(3) DEFINE_BOTH(4) DEFINE_BOTH(5) DEFINE_BOTH(6)
#if TILE_ROWS > 6
DEFINE_BOTH(7) DEFINE_BOTH(8) DEFINE_BOTH(9) DEFINE_BOTH(10) DEFINE_BOTH(11) DEFINE_BOTH(12)
#endif
#if TILE_ROWS > 12
DEFINE_BOTH(13) DEFINE_BOTH(14)
#endif

#define LIST_TILES(KIND, VECTORS)                                                                                 \
  KIND##_1_##VECTORS, KIND##_2_##VECTORS, KIND##_3_##VECTORS, KIND##_4_##VECTORS, KIND##_5_##VECTORS, KIND##_6_##VECTORS
#define LIST_MORE(KIND, VECTORS)                                                                                  \
  KIND##_7_##VECTORS, KIND##_8_##VECTORS, KIND##_9_##VECTORS, KIND##_10_##VECTORS, KIND##_11_##VECTORS,            \
      KIND##_12_##VECTORS
#if TILE_ROWS > 12
#define LIST_ALL(KIND, VECTORS) LIST_TILES(KIND, VECTORS), LIST_MORE(KIND, VECTORS), KIND##_13_##VECTORS, KIND##_14_##VECTORS
#elif TILE_ROWS > 6
#define LIST_ALL(KIND, VECTORS) LIST_TILES(KIND, VECTORS), LIST_MORE(KIND, VECTORS)
#else
#define LIST_ALL(KIND, VECTORS) LIST_TILES(KIND, VECTORS)
#endif

/** By whether a panel has two vectors, and rows less one. */
static const GatherTile gather_tiles[2][TILE_ROWS] = {{LIST_ALL(gather, 1)}, {LIST_ALL(gather, 2)}};
static const OuterTile outer_tiles[2][TILE_ROWS] = {{LIST_ALL(outer, 1)}, {LIST_ALL(outer, 2)}};

/** Rows are shared out evenly between tiles, so that none is left with very few. */
INLINE ptrdiff_t tile_start(ptrdiff_t rows, ptrdiff_t tiles, ptrdiff_t tile) { return rows * tile / tiles; }

/** Width of the panel that begins at a column, in vectors: one where no more is left. */
INLINE int panel_vectors(ptrdiff_t columns, ptrdiff_t column) { return columns - column > LANES ? 2 : 1; }

/** Floats that a packed matrix of `depth` rows takes: panels of PANEL columns, the last one perhaps of LANES. */
INLINE ptrdiff_t panels_size(ptrdiff_t depth, ptrdiff_t columns) {
  return depth * ceil_div(columns, LANES) * LANES;
}

/** Where the panel that begins at a column (a multiple of PANEL) begins. */
INLINE ptrdiff_t panel_place(ptrdiff_t depth, ptrdiff_t column) { return depth * column; }

#endif
