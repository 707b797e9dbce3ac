/* Winograd's transforms of tiles of images, of products and of filters: those of lines along both axes. */
#ifndef BLOCKWISE_WINOGRAD_TILES_H
#define BLOCKWISE_WINOGRAD_TILES_H

#include "winograd-lines.h"

/** What a tile sees: rows of pixels, and how far along them each column is, or -1 for one outside of the image. */
typedef struct {
  const float *rows[MOST_SPAN];
  ptrdiff_t columns[MOST_SPAN];
  const float *zeros;
} Sight;

/** A number of which the compiler knows nothing: else it works out all addresses before a loop, to keep them on the stack. */
INLINE ptrdiff_t opaque(ptrdiff_t number) {
  __asm__("" : "+r"(number));
  return number;
}

/** `B^T d B` of one tile; place by place at a distance of `step`. Half of the places at a time, for which there are registers. */
INLINE void transform_tile(int size, const Sight *sight, ptrdiff_t channels, float *target, ptrdiff_t step) {
  int span = size + 2, part = span / 2;
  for (ptrdiff_t channel = 0; channel < channels; channel += LANES) {
#pragma GCC unroll 2
    for (int first = 0; first < span; first += part) {
      Vector half[MOST_SPAN / 2][MOST_SPAN];
#pragma GCC unroll 6
      for (int wide = 0; wide < span; wide++) {
        Vector d[MOST_SPAN], line[MOST_SPAN];
        ptrdiff_t column = sight->columns[wide];
#pragma GCC unroll 6
        for (int high = 0; high < span; high++) {
          const float *pixel = column < 0 ? sight->zeros : sight->rows[high] + column;
          d[high] = load(pixel + channel);
        }
        transform_inputs(size, d, line);
#pragma GCC unroll 3
        for (int high = 0; high < part; high++) half[high][wide] = line[first + high];
      }
      float *to = target + first * span * step + channel;
#pragma GCC unroll 3
      for (int high = 0; high < part; high++) {
        Vector line[MOST_SPAN];
        transform_inputs(size, half[high], line);
#pragma GCC unroll 6
        for (int wide = 0; wide < span; wide++, to += opaque(step)) store(to, line[wide]);
      }
    }
  }
}

/** `A^T m A` of one tile, a vector of outputs; places lie at a distance of `step`. */
INLINE void transform_back(int size, const float *products, ptrdiff_t step, Vector result[MOST_SIZE][MOST_SIZE]) {
  int span = size + 2;
  Vector half[MOST_SIZE][MOST_SPAN];
#pragma GCC unroll 6
  for (int wide = 0; wide < span; wide++, products += opaque(step)) {
    Vector m[MOST_SPAN], line[MOST_SIZE];
    const float *from = products;
#pragma GCC unroll 6
    for (int high = 0; high < span; high++, from += span * opaque(step)) m[high] = load(from);
    transform_outputs(size, m, line);
#pragma GCC unroll 4
    for (int high = 0; high < size; high++) half[high][wide] = line[high];
  }
#pragma GCC unroll 4
  for (int high = 0; high < size; high++) transform_outputs(size, half[high], result[high]);
}

/** `G g G^T` of nine taps, a vector of filters; place by place at a distance of `step`. */
INLINE void transform_filter(int size, const Vector *taps, float *target, ptrdiff_t step) {
  int span = size + 2;
  Vector half[3][MOST_SPAN];
#pragma GCC unroll 3
  for (int wide = 0; wide < 3; wide++) transform_taps(size, taps[wide], taps[3 + wide], taps[6 + wide], half[wide]);
#pragma GCC unroll 6
  for (int high = 0; high < span; high++) {
    Vector line[MOST_SPAN];
    transform_taps(size, half[0][high], half[1][high], half[2][high], line);
#pragma GCC unroll 6
    for (int wide = 0; wide < span; wide++, target += opaque(step)) store(target, line[wide]);
  }
}

#endif
