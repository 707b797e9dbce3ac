/* Memory that begins with a cache line. */
#ifndef BLOCKWISE_MEMORY_H
#define BLOCKWISE_MEMORY_H

#include <stddef.h>
#include <stdlib.h>

#define CACHE_LINE 64

#if defined(_WIN32)
#include <malloc.h>

/** Null where there is none. */
static inline void *new_lines(size_t bytes) { return _aligned_malloc(bytes, CACHE_LINE); }

static inline void free_lines(void *memory) { _aligned_free(memory); }

#else

/** Null where there is none. */
static inline void *new_lines(size_t bytes) {
  void *memory = NULL;
  return posix_memalign(&memory, CACHE_LINE, bytes) == 0 ? memory : NULL;
}

static inline void free_lines(void *memory) { free(memory); }

#endif
#endif
