/* The products of Winograd's transformed tiles with a transformed filter: tiles of registers whose rows lie at one distance. */
#ifndef BLOCKWISE_WINOGRAD_PRODUCTS_H
#define BLOCKWISE_WINOGRAD_PRODUCTS_H

#include "tiles.h"

/** Summands at a time; channels are a multiple of it. */
#define SUMMANDS 4
/** Rows that are addressed from one pointer: itself, and one and two distances away, which an x86 address can say. */
#define ROWS_A_POINTER 3
#define POINTERS ((TILE_ROWS + ROWS_A_POINTER - 1) / ROWS_A_POINTER)

typedef struct {
  const float *left;
  ptrdiff_t stride;
  ptrdiff_t depth;
  const float *panel;
  float *target;
  int add;
} Products;

INLINE void product_tile(int rows, int vectors, const Products *p) {
  Vector sums[2][TILE_ROWS];
#pragma GCC unroll 16
  for (int row = 0; row < rows; row++) sums[0][row] = sums[1][row] = (Vector){0};
  ptrdiff_t stride = p->stride;
  const float *panel = p->panel, *at[POINTERS];
#pragma GCC unroll 16
  for (int pointer = 0; pointer * ROWS_A_POINTER < rows; pointer++) at[pointer] = p->left + pointer * ROWS_A_POINTER * stride;
  for (ptrdiff_t index = 0; index < p->depth; index += SUMMANDS) {
#pragma GCC unroll 4
    for (int summand = 0; summand < SUMMANDS; summand++) {
      Vector right = load(panel), more = vectors == 2 ? load(panel + LANES) : right;
      panel += vectors * LANES;
#pragma GCC unroll 16
      for (int row = 0; row < rows; row++) {
        Vector left = splat(at[row / ROWS_A_POINTER][row % ROWS_A_POINTER * stride + summand]);
        sums[0][row] += left * right;
        if (vectors == 2) sums[1][row] += left * more;
      }
    }
#pragma GCC unroll 16
    for (int pointer = 0; pointer * ROWS_A_POINTER < rows; pointer++) at[pointer] += SUMMANDS;
  }
  float *target = p->target;
  if (p->add) {
#pragma GCC unroll 16
    for (int row = 0; row < rows; row++) {
      for (int vector = 0; vector < vectors; vector++) {
        sums[vector][row] += load(target + (row * vectors + vector) * LANES);
      }
    }
  }
#pragma GCC unroll 16
  for (int row = 0; row < rows; row++) {
    for (int vector = 0; vector < vectors; vector++) store(target + (row * vectors + vector) * LANES, sums[vector][row]);
  }
}

typedef void (*ProductTile)(const Products *p);

#define DEFINE_PRODUCT(ROWS) \
  static void product_##ROWS##_1(const Products *p) { product_tile(ROWS, 1, p); } \
  static void product_##ROWS##_2(const Products *p) { product_tile(ROWS, 2, p); }

DEFINE_PRODUCT(1) DEFINE_PRODUCT(2) DEFINE_PRODUCT(3) DEFINE_PRODUCT(4) DEFINE_PRODUCT(5) DEFINE_PRODUCT(6)
#if TILE_ROWS > 6
DEFINE_PRODUCT(7) DEFINE_PRODUCT(8) DEFINE_PRODUCT(9) DEFINE_PRODUCT(10) DEFINE_PRODUCT(11) DEFINE_PRODUCT(12)
#endif
#if TILE_ROWS > 12
DEFINE_PRODUCT(13) DEFINE_PRODUCT(14)
#endif

/** By whether a panel has two vectors, and rows less one. */
static const ProductTile product_tiles[2][TILE_ROWS] = {{LIST_ALL(product, 1)}, {LIST_ALL(product, 2)}};

#endif
