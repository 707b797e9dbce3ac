/*
 * The transforms of Winograd's F(3x3, 4x4): nine taps of a filter's gradient from 4x4 pixels of the output's gradient and the 6x6
 * pixels of the input that met them, with 36 products instead of 144, at the points of winograd-lines.h.
 */
#ifndef BLOCKWISE_WINOGRAD_FILTER_TRANSFORMS_H
#define BLOCKWISE_WINOGRAD_FILTER_TRANSFORMS_H

#include "winograd-lines.h"

/** Pixels of a tile along an axis: of the output's gradient, */
#define GRADIENT_SIDE MOST_SIZE
/** and of the input, with as many points. */
#define INPUT_SIDE MOST_SPAN
#define POINTS (INPUT_SIDE * INPUT_SIDE)

/**
 * Puts the values at six points, which lie at a distance of `step`, and asks for the cache lines behind them, which come next: a line that
 * is written without would be waited for, one after the other.
 */
INLINE void put_points(const Vector *values, float *target, ptrdiff_t step) {
#pragma GCC unroll 6
  for (int point = 0; point < INPUT_SIDE; point++, target += step) {
    __builtin_prefetch(target + CACHE_LINE, 1);
    store(target, values[point]);
  }
}

/** Six rows of points come in four parts, so that a part stays in registers: one row, pairs of rows, one row. */
#define PARTS 4
static const int part_starts[PARTS + 1] = {0, 1, 3, 5, 6};

/** Transforms a vector of channels of the input's pixels; points lie at a distance of `step`. What a part doesn't need is not computed. */
INLINE void transform_input(const float *const *pixels, ptrdiff_t channel, float *target, ptrdiff_t step) {
#pragma GCC unroll 4
  for (int part = 0; part < PARTS; part++) {
    Vector half[INPUT_SIDE][INPUT_SIDE];
#pragma GCC unroll 6
    for (int wide = 0; wide < INPUT_SIDE; wide++) {
      Vector column[INPUT_SIDE], result[INPUT_SIDE];
#pragma GCC unroll 6
      for (int high = 0; high < INPUT_SIDE; high++) column[high] = load(pixels[high * INPUT_SIDE + wide] + channel);
      transform_inputs(GRADIENT_SIDE, column, result);
#pragma GCC unroll 2
      for (int high = part_starts[part]; high < part_starts[part + 1]; high++) half[high][wide] = result[high];
    }
#pragma GCC unroll 2
    for (int high = part_starts[part]; high < part_starts[part + 1]; high++) {
      Vector result[INPUT_SIDE];
      transform_inputs(GRADIENT_SIDE, half[high], result);
      put_points(result, target + high * INPUT_SIDE * step, step);
    }
  }
}

/** The same of the gradient's pixels. */
INLINE void transform_gradient(const float *const *pixels, ptrdiff_t channel, float *target, ptrdiff_t step) {
#pragma GCC unroll 4
  for (int part = 0; part < PARTS; part++) {
    Vector half[INPUT_SIDE][GRADIENT_SIDE];
#pragma GCC unroll 4
    for (int wide = 0; wide < GRADIENT_SIDE; wide++) {
      Vector column[GRADIENT_SIDE], result[INPUT_SIDE];
#pragma GCC unroll 4
      for (int high = 0; high < GRADIENT_SIDE; high++) column[high] = load(pixels[high * GRADIENT_SIDE + wide] + channel);
      transform_gradients(column, result);
#pragma GCC unroll 2
      for (int high = part_starts[part]; high < part_starts[part + 1]; high++) half[high][wide] = result[high];
    }
#pragma GCC unroll 2
    for (int high = part_starts[part]; high < part_starts[part + 1]; high++) {
      Vector result[INPUT_SIDE];
      transform_gradients(half[high], result);
      put_points(result, target + high * INPUT_SIDE * step, step);
    }
  }
}

/** A vector of each tap from the products at all points, which lie at a distance of `step`. */
INLINE void transform_to_taps(const float *products, ptrdiff_t step, Vector taps[3][3]) {
  Vector half[3][INPUT_SIDE];
#pragma GCC unroll 6
  for (int wide = 0; wide < INPUT_SIDE; wide++) {
    Vector column[INPUT_SIDE], result[3];
#pragma GCC unroll 6
    for (int high = 0; high < INPUT_SIDE; high++) column[high] = load(products + (high * INPUT_SIDE + wide) * step);
    transform_sums(column, result);
    for (int high = 0; high < 3; high++) half[high][wide] = result[high];
  }
  for (int high = 0; high < 3; high++) transform_sums(half[high], taps[high]);
}

#endif
