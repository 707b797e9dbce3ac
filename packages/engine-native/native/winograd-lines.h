/*
 * The transforms of Winograd's 3x3 correlations along one axis, for tiles of 2 and of 4 outputs: m outputs are
 * `A^T ((G g) * (B^T d))` of 3 taps g and m + 2 inputs d, with `*` element by element. In two dimensions each is done along both
 * axes. See Lavin, Gray: Fast algorithms for convolutional neural networks, 2015, arXiv 1509.09308, section 4.
 */
#ifndef BLOCKWISE_WINOGRAD_LINES_H
#define BLOCKWISE_WINOGRAD_LINES_H

#include "vector.h"

/** Most outputs and inputs of a line. */
#define MOST_SIZE 4
#define MOST_SPAN 6

/*
 * F(4, 3) interpolates at 0, +-P, +-Q and infinity, and its errors depend on the points. With 16 channels of random numbers they are 2.5
 * times those of plain sums for 5/8 and 3/2, but 5 times for the 1 and 2 of the paper; of all multiples of 1/16 these are the best
 * with so few bits, so that their powers are exact. See Barabasz, Anderson, Soodhalter, Gregg: Error analysis and improving the
 * accuracy of Winograd convolution for deep neural networks, 2018, arXiv 1803.10986.
 */
#define P 0.625f
#define Q 1.5f
#define P2 (P * P)
#define Q2 (Q * Q)

/** `B^T d`: a line of `size + 2` inputs. */
INLINE void transform_inputs(int size, const Vector *d, Vector *result) {
  if (size == 2) {
    result[0] = d[0] - d[2];
    result[1] = d[1] + d[2];
    result[2] = d[2] - d[1];
    result[3] = d[1] - d[3];
    return;
  }
  Vector even = d[4] - d[2] * splat(Q2), odd = d[3] - d[1] * splat(Q2);
  result[0] = d[4] - d[2] * splat(P2 + Q2) + d[0] * splat(P2 * Q2);
  result[1] = even + odd * splat(P);
  result[2] = even - odd * splat(P);
  even = d[4] - d[2] * splat(P2);
  odd = d[3] - d[1] * splat(P2);
  result[3] = even + odd * splat(Q);
  result[4] = even - odd * splat(Q);
  result[5] = d[5] - d[3] * splat(P2 + Q2) + d[1] * splat(P2 * Q2);
}

/** `G g`: a line of three taps. */
INLINE void transform_taps(int size, Vector a, Vector b, Vector c, Vector *result) {
  if (size == 2) {
    Vector half = splat(0.5f), outer = (a + c) * half, inner = b * half;
    result[0] = a;
    result[1] = outer + inner;
    result[2] = outer - inner;
    result[3] = c;
    return;
  }
  Vector even = (a + c * splat(P2)) * splat(1 / (2 * P2 * (P2 - Q2))), odd = b * splat(1 / (2 * P * (P2 - Q2)));
  result[0] = a * splat(1 / (P2 * Q2));
  result[1] = even + odd;
  result[2] = even - odd;
  even = (a + c * splat(Q2)) * splat(1 / (2 * Q2 * (Q2 - P2)));
  odd = b * splat(1 / (2 * Q * (Q2 - P2)));
  result[3] = even + odd;
  result[4] = even - odd;
  result[5] = c;
}

/** `A^T m`: a line of `size` outputs from `size + 2` products. */
INLINE void transform_outputs(int size, const Vector *m, Vector *result) {
  Vector sum = m[1] + m[2], difference = m[1] - m[2];
  if (size == 2) {
    result[0] = m[0] + sum;
    result[1] = difference - m[3];
    return;
  }
  Vector more = m[3] + m[4], far = m[3] - m[4];
  result[0] = m[0] + sum + more;
  result[1] = difference * splat(P) + far * splat(Q);
  result[2] = sum * splat(P2) + more * splat(Q2);
  result[3] = m[5] + difference * splat(P * P2) + far * splat(Q * Q2);
}

/**
 * `A e`: a line of four gradients of the outputs. The gradient of three taps is `G^T ((A e) * (B^T d))`: the formula above with its
 * other two matrices transposed.
 */
INLINE void transform_gradients(const Vector *e, Vector *result) {
  Vector even = e[0] + e[2] * splat(P2), odd = e[1] * splat(P) + e[3] * splat(P2 * P);
  result[0] = e[0];
  result[1] = even + odd;
  result[2] = even - odd;
  even = e[0] + e[2] * splat(Q2);
  odd = e[1] * splat(Q) + e[3] * splat(Q2 * Q);
  result[3] = even + odd;
  result[4] = even - odd;
  result[5] = e[3];
}

/** `G^T m`: the gradient of three taps, of six products' sums. */
INLINE void transform_sums(const Vector *m, Vector *result) {
  Vector even = (m[1] + m[2]) * splat(1 / (2 * P2 * (P2 - Q2))), odd = (m[1] - m[2]) * splat(1 / (2 * P * (P2 - Q2)));
  Vector more_even = (m[3] + m[4]) * splat(1 / (2 * Q2 * (Q2 - P2))), more_odd = (m[3] - m[4]) * splat(1 / (2 * Q * (Q2 - P2)));
  result[0] = m[0] * splat(1 / (P2 * Q2)) + even + more_even;
  result[1] = odd + more_odd;
  result[2] = even * splat(P2) + more_even * splat(Q2) + m[5];
}

#undef P
#undef Q
#undef P2
#undef Q2

#endif
