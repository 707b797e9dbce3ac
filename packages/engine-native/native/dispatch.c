#include "dispatch.h"

#include <pthread.h>
#include <stddef.h>

#include "processor.h"

static InstructionSet found[4];
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
extern const Kernels kernels_v2, kernels_v3, kernels_v4;

static void look(void) {
  Processor processor = processor_read();
  int level = processor_level(&processor), count = 0;
  if (level >= 4) found[count++] = (InstructionSet){"avx512", &kernels_v4};
  if (level >= 3) found[count++] = (InstructionSet){"avx2", &kernels_v3};
  if (level >= 2) found[count++] = (InstructionSet){"sse4.2", &kernels_v2};
}
#else
extern const Kernels kernels_plain;

static void look(void) { found[0] = (InstructionSet){"neon", &kernels_plain}; }
#endif

const InstructionSet *instruction_sets(void) {
  pthread_once(&once, look);
  return found;
}
