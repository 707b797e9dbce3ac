/*
 * What a kernel call works with: the threads and scratch memory of one JavaScript environment. Nothing is shared between
 * environments, so that worker threads can compute at the same time.
 */
#ifndef BLOCKWISE_CONTEXT_H
#define BLOCKWISE_CONTEXT_H

#include <stddef.h>

typedef struct Context Context;

/** Does task number `task`; `thread` is below `context_threads` and used by one task at a time. */
typedef void (*Task)(void *work, ptrdiff_t task, int thread);

/** @return null where there is no memory */
Context *context_create(int threads);
void context_destroy(Context *context);
int context_threads(const Context *context);

/**
 * Does all tasks and returns when all are done. Which thread does which is left to chance: a kernel's tasks must not
 * depend on it, nor on the number of threads.
 */
void context_run(Context *context, ptrdiff_t tasks, Task task, void *work);

/**
 * Scratch memory that lasts until the next call: `shared` bytes, and `each` bytes for every thread, both aligned to cache lines.
 * @return 0, or -1 where there is no memory
 */
int context_reserve(Context *context, size_t shared, size_t each);
void *context_shared(const Context *context);
void *context_own(const Context *context, int thread);

#endif
