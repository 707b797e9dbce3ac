/* Which kernels this processor can run. */
#ifndef BLOCKWISE_DISPATCH_H
#define BLOCKWISE_DISPATCH_H

#include "kernels.h"

typedef struct {
  const char *name;
  const Kernels *kernels;
} InstructionSet;

/** Instruction sets that this processor has, the best first; ends with one without a name. */
const InstructionSet *instruction_sets(void);

#endif
