/*
 * One vector type for every instruction set. Files that include this are compiled once for each of them; sizes of tiles
 * follow from the number of registers: rows x 2 vectors of sums, two vectors of the right operand and one left element.
 */
#ifndef BLOCKWISE_VECTOR_H
#define BLOCKWISE_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#define LANES 16
#define TILE_ROWS 14
#elif defined(__AVX2__)
#define LANES 8
#define TILE_ROWS 6
#elif defined(__aarch64__)
#define LANES 4
#define TILE_ROWS 12
#else
#define LANES 4
#define TILE_ROWS 6
#endif

/** Columns of a panel: two vectors. */
#define PANEL (2 * LANES)

/** Floats of a cache line: whole vectors of every instruction set. */
#define CACHE_LINE 16

#define INLINE static inline __attribute__((always_inline, unused))

typedef float Vector __attribute__((vector_size(LANES * 4)));
typedef double WideVector __attribute__((vector_size(LANES * 8)));
typedef int32_t MaskVector __attribute__((vector_size(LANES * 4)));
typedef uint32_t BitVector __attribute__((vector_size(LANES * 4)));

/** Lanes of a vector of float64. */
#define DOUBLE_LANES (LANES / 2)

typedef double DoubleVector __attribute__((vector_size(LANES * 4)));

INLINE Vector load(const float *source) {
  Vector vector;
  memcpy(&vector, source, sizeof vector);
  return vector;
}

INLINE void store(float *target, Vector vector) { memcpy(target, &vector, sizeof vector); }

INLINE Vector splat(float value) { return value - (Vector){0}; }

/** The first `count` elements, zeros behind. */
INLINE Vector load_part(const float *source, int count) {
  Vector vector = {0};
  memcpy(&vector, source, (size_t)count * sizeof(float));
  return vector;
}

INLINE void store_part(float *target, Vector vector, int count) {
  memcpy(target, &vector, (size_t)count * sizeof(float));
}

/** `vector` where the mask has all bits set, else 0. */
INLINE Vector keep(Vector vector, MaskVector mask) {
  MaskVector bits;
  memcpy(&bits, &vector, sizeof bits);
  bits &= mask;
  memcpy(&vector, &bits, sizeof bits);
  return vector;
}

INLINE BitVector load_bits(const uint32_t *source) {
  BitVector vector;
  memcpy(&vector, source, sizeof vector);
  return vector;
}

INLINE void store_bits(uint32_t *target, BitVector vector) { memcpy(target, &vector, sizeof vector); }

INLINE DoubleVector load_doubles(const double *source) {
  DoubleVector vector;
  memcpy(&vector, source, sizeof vector);
  return vector;
}

INLINE void store_doubles(double *target, DoubleVector vector) { memcpy(target, &vector, sizeof vector); }

/** DOUBLE_LANES elements as float64. */
INLINE DoubleVector widen(const float *source) {
  typedef float HalfVector __attribute__((vector_size(DOUBLE_LANES * 4)));
  HalfVector half;
  memcpy(&half, source, sizeof half);
  return __builtin_convertvector(half, DoubleVector);
}

/** Adds to sums in float64, which a long float32 sum would round away. */
INLINE void add_wide(double *sums, Vector vector) {
  WideVector wide;
  memcpy(&wide, sums, sizeof wide);
  wide += __builtin_convertvector(vector, WideVector);
  memcpy(sums, &wide, sizeof wide);
}

INLINE void add_wide_part(double *sums, Vector vector, int count) {
  for (int lane = 0; lane < count; lane++) sums[lane] += (double)vector[lane];
}

INLINE ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
INLINE ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
INLINE ptrdiff_t ceil_div(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

#endif
