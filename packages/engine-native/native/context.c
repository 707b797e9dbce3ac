#define _GNU_SOURCE
#include "context.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "memory.h"

/** How often a thread looks for work, or for the end of it, before it sleeps: some 20 microseconds. */
#define SPINS 2000

typedef struct {
  void *memory;
  size_t bytes;
} Scratch;

struct Context {
  int threads;
  int started;
  pthread_t *handles;
  pthread_mutex_t mutex;
  pthread_cond_t begin;
  pthread_cond_t end;
  /** Counts jobs; what waiting threads look at. */
  atomic_uint job;
  /** Threads at work on the open job; under the mutex, read outside of it for the wait. */
  atomic_int active;
  bool open;
  bool stop;
  Task task;
  void *work;
  ptrdiff_t tasks;
  atomic_ptrdiff_t next;
  Scratch shared;
  Scratch *own;
};

typedef struct {
  Context *context;
  int thread;
} Start;

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

static void do_tasks(Context *context, int thread) {
  for (;;) {
    ptrdiff_t task = atomic_fetch_add_explicit(&context->next, 1, memory_order_relaxed);
    if (task >= context->tasks) return;
    context->task(context->work, task, thread);
  }
}

static void *help(void *argument) {
  Start start = *(Start *)argument;
  free(argument);
  Context *context = start.context;
  unsigned seen = 0;
  for (;;) {
    for (int spin = 0; spin < SPINS && atomic_load(&context->job) == seen; spin++) relax();
    pthread_mutex_lock(&context->mutex);
    while (atomic_load(&context->job) == seen && !context->stop) {
      pthread_cond_wait(&context->begin, &context->mutex);
    }
    if (context->stop) break;
    seen = atomic_load(&context->job);
    // A thread that wakes up late finds the job closed: nobody waits for it.
    bool joins = context->open;
    if (joins) atomic_fetch_add(&context->active, 1);
    pthread_mutex_unlock(&context->mutex);
    if (!joins) continue;
    do_tasks(context, start.thread);
    pthread_mutex_lock(&context->mutex);
    if (atomic_fetch_sub(&context->active, 1) == 1) pthread_cond_signal(&context->end);
    pthread_mutex_unlock(&context->mutex);
  }
  pthread_mutex_unlock(&context->mutex);
  return NULL;
}

Context *context_create(int threads) {
  Context *context = calloc(1, sizeof *context);
  if (context == NULL) return NULL;
  context->handles = calloc((size_t)threads, sizeof *context->handles);
  context->own = calloc((size_t)threads, sizeof *context->own);
  if (context->handles == NULL || context->own == NULL) {
    free(context->handles);
    free(context->own);
    free(context);
    return NULL;
  }
  pthread_mutex_init(&context->mutex, NULL);
  pthread_cond_init(&context->begin, NULL);
  pthread_cond_init(&context->end, NULL);
  for (int thread = 1; thread < threads; thread++) {
    Start *start = malloc(sizeof *start);
    if (start == NULL) break;
    *start = (Start){context, thread};
    if (pthread_create(&context->handles[context->started], NULL, help, start) != 0) {
      free(start);
      break;
    }
    context->started++;
  }
  context->threads = context->started + 1;
  return context;
}

void context_destroy(Context *context) {
  pthread_mutex_lock(&context->mutex);
  context->stop = true;
  pthread_cond_broadcast(&context->begin);
  atomic_fetch_add(&context->job, 1);
  pthread_mutex_unlock(&context->mutex);
  for (int index = 0; index < context->started; index++) pthread_join(context->handles[index], NULL);
  for (int thread = 0; thread < context->threads; thread++) free_lines(context->own[thread].memory);
  free_lines(context->shared.memory);
  pthread_cond_destroy(&context->end);
  pthread_cond_destroy(&context->begin);
  pthread_mutex_destroy(&context->mutex);
  free(context->own);
  free(context->handles);
  free(context);
}

int context_threads(const Context *context) { return context->threads; }

void context_run(Context *context, ptrdiff_t tasks, Task task, void *work) {
  if (context->threads == 1 || tasks < 2) {
    for (ptrdiff_t index = 0; index < tasks; index++) task(work, index, 0);
    return;
  }
  pthread_mutex_lock(&context->mutex);
  context->task = task;
  context->work = work;
  context->tasks = tasks;
  atomic_store(&context->next, 0);
  context->open = true;
  atomic_fetch_add(&context->job, 1);
  pthread_cond_broadcast(&context->begin);
  pthread_mutex_unlock(&context->mutex);
  do_tasks(context, 0);
  pthread_mutex_lock(&context->mutex);
  context->open = false;
  pthread_mutex_unlock(&context->mutex);
  for (int spin = 0; spin < SPINS && atomic_load(&context->active) > 0; spin++) relax();
  pthread_mutex_lock(&context->mutex);
  while (atomic_load(&context->active) > 0) pthread_cond_wait(&context->end, &context->mutex);
  pthread_mutex_unlock(&context->mutex);
}

static int grow(Scratch *scratch, size_t bytes) {
  if (bytes <= scratch->bytes) return 0;
  free_lines(scratch->memory);
  *scratch = (Scratch){NULL, 0};
  // Whole cache lines, and one more: a vector may be read a little behind the last element.
  size_t size = (bytes + 127) & ~(size_t)63;
  void *memory = new_lines(size);
  if (memory == NULL) return -1;
  *scratch = (Scratch){memory, bytes};
  return 0;
}

int context_reserve(Context *context, size_t shared, size_t each) {
  if (grow(&context->shared, shared) != 0) return -1;
  for (int thread = 0; thread < context->threads; thread++) {
    if (grow(&context->own[thread], each) != 0) return -1;
  }
  return 0;
}

void *context_shared(const Context *context) { return context->shared.memory; }

void *context_own(const Context *context, int thread) { return context->own[thread].memory; }
