/*
 * The kernels of one instruction set. Shapes and addresses are checked by the caller. All return 0, or -1 where scratch memory cannot be had;
 * nothing was written then.
 */
#ifndef BLOCKWISE_KERNELS_H
#define BLOCKWISE_KERNELS_H

#include <stdint.h>

#include "context.h"

/** Sizes of a convolution of `input [batch, in_height, in_width, in]` with `filter [filter_height, filter_width, in, out]`. */
typedef struct {
  int batch;
  int in_height;
  int in_width;
  int in;
  int out_height;
  int out_width;
  int out;
  int filter_height;
  int filter_width;
  int stride_height;
  int stride_width;
  int dilation_height;
  int dilation_width;
  /** Zero rows above and zero columns to the left. */
  int top;
  int left;
} Geometry;

/** A matrix `[rows, columns]`, or `[columns, rows]` if it is transposed. */
typedef struct {
  const float *values;
  int transposed;
} Operand;

/** A training batch norm over `x [rows, channels]`; with `pixels` above 0 its output is averaged over so many rows at a time. */
typedef struct {
  const float *x;
  /** Null where nothing is added. */
  const float *residual;
  ptrdiff_t rows;
  ptrdiff_t channels;
  ptrdiff_t pixels;
  const float *mean;
  const float *variance;
  /** Null for 1. */
  const float *scale;
  /** Null for 0. */
  const float *offset;
  double epsilon;
  int relu;
} Norm;

/** Where a norm's gradients go. */
typedef struct {
  float *x;
  float *scale;
  float *offset;
  /** Null where the norm has no residual. */
  float *residual;
} NormGradients;

/** The mean over each image of the rectified batch norm of `x [batch, pixels, in]` times `filter [in, out]`. */
typedef struct {
  const float *x;
  const float *filter;
  ptrdiff_t batch;
  ptrdiff_t pixels;
  ptrdiff_t in;
  ptrdiff_t out;
  /** Null where they are what is wanted. */
  const float *mean;
  const float *variance;
  /** Null for 1. */
  const float *scale;
  /** Null for 0. */
  const float *offset;
  double epsilon;
} Expansion;

/** Pixels of an image whose bits are in one word. */
#define WORD_PIXELS 32
/** Outputs of a pixel are filled up to a multiple of this where bits are kept of them. */
#define WORD_OUTPUTS 16

/** Statistics of the map, and those of x that its gradient needs. */
typedef struct {
  /** `[out]`. */
  float *mean;
  float *variance;
  /** The mean of x in two parts, `[2, in]`: what is nearly it, and the rest. */
  float *centre;
  /** Of x with the map, `[in, out]`. */
  float *covariance;
} ExpansionMoments;

/** What an expansion's gradient needs of its forward pass. */
typedef struct {
  /** In each image, the sum of the map less its mean over the pixels that pass the rectifier, and their number: `[batch, out]`. */
  float *masked;
  float *counts;
  /** Which pixels pass: a bit each, the first the lowest; `[batch, pixels / WORD_PIXELS, out]`, both filled up. */
  uint32_t *passing;
} ExpansionPasses;

/** Where an expansion's gradients go. */
typedef struct {
  float *x;
  float *filter;
  float *scale;
  float *offset;
} ExpansionGradients;

/** A window of a max-pool. */
typedef struct {
  int batch;
  int height;
  int width;
  int channels;
  int size;
  int stride;
  int padding;
  int out_height;
  int out_width;
} Window;

typedef enum { ELEMENTWISE_ADD, ELEMENTWISE_SUBTRACT, ELEMENTWISE_MULTIPLY, ELEMENTWISE_DIVIDE } ElementwiseOperation;

/** `y = a operation b`, `size` elements; one operand may be a single number. */
typedef struct {
  ElementwiseOperation operation;
  ptrdiff_t size;
  const float *a;
  const float *b;
  float *y;
  int a_is_number;
  int b_is_number;
} Elementwise;

/** A step of a parameter along a running direction; `new_` tensors are the results. */
typedef struct {
  ptrdiff_t size;
  const float *parameter;
  const float *gradient;
  /** Null where no direction is kept. */
  const float *momentum;
  float *new_parameter;
  float *new_momentum;
  double keep;
  int nesterov;
  double decay;
  double rate;
  /** Whether the gradient is scaled by `trust` times the ratio of norms, at most by `limit`. */
  int trusts;
  double trust;
  double limit;
} MomentumUpdate;

/** A step along a running mean over the root of a running mean of squares. */
typedef struct {
  ptrdiff_t size;
  const float *parameter;
  const float *gradient;
  const float *mean;
  const float *square;
  float *new_parameter;
  float *new_mean;
  float *new_square;
  double keep_mean;
  double keep_square;
  double shrink;
  double rate;
  double epsilon;
} MomentsUpdate;

typedef struct {
  int (*convolve)(Context *, const Geometry *, const float *x, const float *filter, float *y);
  int (*convolve_input_gradient)(Context *, const Geometry *, const float *dy, const float *filter, float *dx);
  int (*convolve_filter_gradient)(Context *, const Geometry *, const float *x, const float *dy, float *gradient);
  /** `c [m, n] = a [m, k] b [k, n]`. */
  int (*multiply)(Context *, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, Operand a, Operand b, float *c);
  int (*statistics)(Context *, const float *x, ptrdiff_t rows, ptrdiff_t channels, float *mean, float *variance);
  int (*normalize)(Context *, const Norm *, float *y);
  /** Where `batch_statistics` is 0, mean and variance pass no gradient on to x. */
  int (*normalize_gradient)(Context *, const Norm *, const float *dy, int batch_statistics, const NormGradients *);
  /** All but the gradient of x. */
  int (*normalize_gradient_sums)(Context *, const Norm *, const float *dy, const NormGradients *);
  /** `dx = factor g + slope (x - mean) + level`, `g` being dy where the rectifier let pass. */
  int (*normalize_input_gradient)(Context *, const Norm *, const float *dy, const float *slope, const float *level, float *dx);
  int (*expansion_statistics)(Context *, const Expansion *, const ExpansionMoments *);
  /** With `moments`, which mean and variance are of: a mean far above the deviation then costs no digits. */
  int (*expansion_pool)(Context *, const Expansion *, const ExpansionMoments *moments, float *output, const ExpansionPasses *);
  /** Where `moments` is null, mean and variance pass no gradient on to x. */
  int (*expansion_gradient)(Context *, const Expansion *, const float *dy, const ExpansionPasses *, const ExpansionMoments *moments,
                            const ExpansionGradients *);
  int (*max_pool)(Context *, const Window *, const float *x, float *y);
  int (*max_pool_gradient)(Context *, const Window *, const float *x, const float *y, const float *dy, float *dx);
  int (*update_with_momentum)(Context *, const MomentumUpdate *);
  int (*update_with_moments)(Context *, const MomentsUpdate *);
  int (*elementwise)(Context *, const Elementwise *);
  /** In float64, the sums of tasks in their order. */
  int (*sum_of_squares)(Context *, const float *x, ptrdiff_t size, double *sum);
} Kernels;

#endif
