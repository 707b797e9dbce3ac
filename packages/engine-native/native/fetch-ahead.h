/* Asks for memory while something else is computed that needs none. */
#ifndef BLOCKWISE_FETCH_AHEAD_H
#define BLOCKWISE_FETCH_AHEAD_H

#include "vector.h"

/** What is still to be asked for, and how many floats at a time: a few cache lines, since many at once are waited for. */
typedef struct {
  const float *at;
  const float *end;
  ptrdiff_t share;
} Ahead;

/** Asks for what lies between two addresses in so many shares. */
INLINE Ahead ahead_of(const float *from, const float *to, ptrdiff_t shares) {
  return (Ahead){from, to, ceil_div(to - from, 16 * shares) * 16};
}

INLINE void fetch_share(Ahead *ahead) {
  const float *end = ahead->at + smaller(ahead->share, ahead->end - ahead->at);
  for (; ahead->at < end; ahead->at += 16) __builtin_prefetch(ahead->at);
  ahead->at = end;
}

#endif
