/*
 * Holds the choice of an instruction set to made-up registers, one bit taken away at a time, and prints the level of this processor. Run by
 * run.sh.
 */
#include "../processor.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__x86_64__)

/** What a processor of level 4 shows, each bit with the level that needs it. */
static const struct {
  int word;
  int bit;
  int level;
} needed[] = {
    {0, 0, 2}, {0, 9, 2}, {0, 13, 2}, {0, 19, 2}, {0, 20, 2}, {0, 23, 2}, {2, 0, 2},
    {0, 12, 3}, {0, 22, 3}, {0, 27, 3}, {0, 28, 3}, {0, 29, 3}, {1, 3, 3}, {1, 5, 3}, {1, 8, 3}, {2, 5, 3}, {3, 1, 3}, {3, 2, 3},
    {1, 16, 4}, {1, 17, 4}, {1, 28, 4}, {1, 30, 4}, {1, 31, 4}, {3, 5, 4}, {3, 6, 4}, {3, 7, 4},
};

#define COUNT (sizeof needed / sizeof needed[0])

static void expect(const uint32_t words[4], int level, const char *what, int which) {
  Processor processor = {words[0], words[1], words[2], words[3]};
  int got = processor_level(&processor);
  if (got == level) return;
  fprintf(stderr, "%s %d: level %d, not %d\n", what, which, got, level);
  exit(1);
}

int main(void) {
  for (int level = 1; level <= 4; level++) {
    uint32_t words[4] = {0};
    for (size_t index = 0; index < COUNT; index++) {
      if (needed[index].level <= level) words[needed[index].word] |= UINT32_C(1) << needed[index].bit;
    }
    expect(words, level, "all bits of level", level);
  }
  uint32_t all[4] = {0};
  for (size_t index = 0; index < COUNT; index++) all[needed[index].word] |= UINT32_C(1) << needed[index].bit;
  for (size_t index = 0; index < COUNT; index++) {
    uint32_t words[4] = {all[0], all[1], all[2], all[3]};
    words[needed[index].word] &= ~(UINT32_C(1) << needed[index].bit);
    expect(words, needed[index].level - 1, "without bit", (int)index);
  }
  Processor here = processor_read();
  printf("processor: level %d\n", processor_level(&here));
  return 0;
}

#else

int main(void) { return 0; }

#endif
