/* Sums that several groups of tasks have parts of: added up in float64, in the order of the groups. */
#ifndef BLOCKWISE_PARTIAL_SUMS_H
#define BLOCKWISE_PARTIAL_SUMS_H

#include "context.h"
#include "vector.h"

/** Most floats of all partial sums. */
#define PARTIAL_FLOATS ((ptrdiff_t)8 << 20)
/** Tasks to make at least, where there is enough to share out. */
#define LEAST_TASKS 8
/** Sums of a task. */
#define COMBINED 4096

typedef struct {
  float *result;
  ptrdiff_t size;
  ptrdiff_t groups;
  /** `[groups, size]`; in `wide`, unless that is null. */
  const float *narrow;
  const double *wide;
} PartialSums;

static void combine_some(void *work, ptrdiff_t task, int thread) {
  (void)thread;
  const PartialSums *sums = work;
  ptrdiff_t end = smaller(sums->size, (task + 1) * COMBINED);
  for (ptrdiff_t index = task * COMBINED; index < end; index++) {
    double sum = 0;
    for (ptrdiff_t group = 0; group < sums->groups; group++) {
      ptrdiff_t place = group * sums->size + index;
      sum += sums->wide == NULL ? (double)sums->narrow[place] : sums->wide[place];
    }
    sums->result[index] = (float)sum;
  }
}

INLINE void combine_groups(Context *context, PartialSums sums) {
  context_run(context, ceil_div(sums.size, COMBINED), combine_some, &sums);
}

#endif
