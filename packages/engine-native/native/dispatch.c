#include "dispatch.h"

#include <pthread.h>
#include <stddef.h>

static InstructionSet found[4];
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
extern const Kernels kernels_v2, kernels_v3, kernels_v4;

static void look(void) {
  int count = 0;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    found[count++] = (InstructionSet){"avx512", &kernels_v4};
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) {
    found[count++] = (InstructionSet){"avx2", &kernels_v3};
  }
  if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt")) {
    found[count++] = (InstructionSet){"sse4.2", &kernels_v2};
  }
}
#else
extern const Kernels kernels_plain;

static void look(void) { found[0] = (InstructionSet){"plain", &kernels_plain}; }
#endif

const InstructionSet *instruction_sets(void) {
  pthread_once(&once, look);
  return found;
}
