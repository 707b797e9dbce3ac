/* Copies of operands in the order in which the inner loops read them. */
#ifndef BLOCKWISE_PACK_H
#define BLOCKWISE_PACK_H

#include "tiles.h"

/** Packs one panel: `vectors` vectors from each row of a row-major matrix, zeros where `columns` end. */
INLINE void pack_rows(const float *source, ptrdiff_t stride, ptrdiff_t depth, int columns, int vectors, float *panel) {
  if (columns == vectors * LANES) {
    for (ptrdiff_t row = 0; row < depth; row++, source += stride, panel += vectors * LANES) {
      store(panel, load(source));
      if (vectors == 2) store(panel + LANES, load(source + LANES));
    }
    return;
  }
  for (ptrdiff_t row = 0; row < depth; row++, source += stride, panel += vectors * LANES) {
    for (int column = 0; column < vectors * LANES; column++) panel[column] = column < columns ? source[column] : 0;
  }
}

/**
 * The same from a matrix that lies transposed: element (row, column) at `source[column * stride + row]`. It is read in pieces of as
 * many rows as a cache line has, so that each line is read once.
 */
INLINE void pack_columns(const float *source, ptrdiff_t stride, ptrdiff_t depth, int columns, int width, float *panel) {
  for (ptrdiff_t first = 0; first < depth; first += 16) {
    ptrdiff_t last = smaller(depth, first + 16);
    for (int column = 0; column < width; column++) {
      const float *from = source + column * stride;
      for (ptrdiff_t row = first; row < last; row++) panel[row * width + column] = column < columns ? from[row] : 0;
    }
  }
}

/** All panels of a row-major matrix `[depth, columns]`. */
INLINE void pack_matrix(const float *source, ptrdiff_t depth, ptrdiff_t columns, float *panels) {
  for (ptrdiff_t column = 0; column < columns; column += PANEL) {
    int width = (int)smaller(PANEL, columns - column);
    pack_rows(source + column, columns, depth, width, panel_vectors(columns, column), panels + panel_place(depth, column));
  }
}

/** Copies `rows` rows of an image from `first` on between zeros; rows and columns outside of the image are zeros. */
INLINE void copy_padded(const float *image, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, ptrdiff_t first,
                        ptrdiff_t rows, ptrdiff_t left, ptrdiff_t padded_width, float *target) {
  ptrdiff_t row_size = padded_width * channels;
  ptrdiff_t from = larger(0, -left), to = smaller(width, padded_width - left);
  for (ptrdiff_t row = first; row < first + rows; row++, target += row_size) {
    if (row < 0 || row >= height || to <= from) {
      memset(target, 0, (size_t)row_size * sizeof(float));
      continue;
    }
    ptrdiff_t before = (from + left) * channels, inside = (to - from) * channels;
    memset(target, 0, (size_t)before * sizeof(float));
    memcpy(target + before, image + (row * width + from) * channels, (size_t)inside * sizeof(float));
    memset(target + before + inside, 0, (size_t)(row_size - before - inside) * sizeof(float));
  }
}

#endif
