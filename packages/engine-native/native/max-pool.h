/* Max-pooling; what lies outside of an image counts as minus infinity. */
#ifndef BLOCKWISE_MAX_POOL_H
#define BLOCKWISE_MAX_POOL_H

#include <math.h>

#include "context.h"
#include "kernels.h"
#include "vector.h"

typedef struct {
  const Window *window;
  const float *x;
  float *y;
  const float *dy;
  float *dx;
} Pool;

/** The part of a window that lies within the image. */
typedef struct {
  int top;
  int bottom;
  int left;
  int right;
} Inside;

INLINE Inside inside(const Window *window, int row, int column) {
  int top = row * window->stride - window->padding, left = column * window->stride - window->padding;
  return (Inside){(int)larger(0, top), (int)smaller(window->height, top + window->size), (int)larger(0, left),
                  (int)smaller(window->width, left + window->size)};
}

static void pool_image(void *work, ptrdiff_t image, int thread) {
  (void)thread;
  const Pool *pool = work;
  const Window *window = pool->window;
  ptrdiff_t channels = window->channels;
  const float *x = pool->x + image * window->height * window->width * channels;
  float *y = pool->y + image * window->out_height * window->out_width * channels;
  for (int row = 0; row < window->out_height; row++) {
    for (int column = 0; column < window->out_width; column++, y += channels) {
      Inside part = inside(window, row, column);
      for (ptrdiff_t channel = 0; channel < channels; channel += LANES) {
        int count = (int)smaller(LANES, channels - channel);
        Vector best = splat(-INFINITY);
        for (int i = part.top; i < part.bottom; i++) {
          for (int j = part.left; j < part.right; j++) {
            const float *from = x + ((ptrdiff_t)i * window->width + j) * channels + channel;
            Vector value = count == LANES ? load(from) : load_part(from, count);
            // What is not a number is passed on.
            MaskVector stays = (best >= value) | (best != best);
            best = keep(best, stays) + keep(value, ~stays);
          }
        }
        if (count == LANES) store(y + channel, best);
        else store_part(y + channel, best, count);
      }
    }
  }
}

/** Adds each dy to dx at the first pixel of its window that has the window's maximum. */
static void pool_image_gradient(void *work, ptrdiff_t image, int thread) {
  (void)thread;
  const Pool *pool = work;
  const Window *window = pool->window;
  ptrdiff_t channels = window->channels, size = (ptrdiff_t)window->height * window->width * channels;
  ptrdiff_t out = image * window->out_height * window->out_width * channels;
  const float *x = pool->x + image * size, *y = pool->y + out, *dy = pool->dy + out;
  float *dx = pool->dx + image * size;
  memset(dx, 0, (size_t)size * sizeof(float));
  for (int row = 0; row < window->out_height; row++) {
    for (int column = 0; column < window->out_width; column++, y += channels, dy += channels) {
      Inside part = inside(window, row, column);
      for (ptrdiff_t channel = 0; channel < channels; channel += LANES) {
        int count = (int)smaller(LANES, channels - channel);
        Vector best = count == LANES ? load(y + channel) : load_part(y + channel, count);
        Vector gradient = count == LANES ? load(dy + channel) : load_part(dy + channel, count);
        MaskVector open = {0};
        open = ~open;
        for (int i = part.top; i < part.bottom; i++) {
          for (int j = part.left; j < part.right; j++) {
            ptrdiff_t place = ((ptrdiff_t)i * window->width + j) * channels + channel;
            Vector value = count == LANES ? load(x + place) : load_part(x + place, count);
            Vector sum = count == LANES ? load(dx + place) : load_part(dx + place, count);
            MaskVector found = (value == best) & open;
            open &= ~found;
            sum += keep(gradient, found);
            if (count == LANES) store(dx + place, sum);
            else store_part(dx + place, sum, count);
          }
        }
      }
    }
  }
}

static int max_pool(Context *context, const Window *window, const float *x, float *y) {
  Pool pool = {.window = window, .x = x, .y = y};
  context_run(context, window->batch, pool_image, &pool);
  return 0;
}

static int max_pool_gradient(Context *context, const Window *window, const float *x, const float *y, const float *dy, float *dx) {
  Pool pool = {.window = window, .x = x, .y = (float *)(uintptr_t)y, .dy = dy, .dx = dx};
  context_run(context, window->batch, pool_image_gradient, &pool);
  return 0;
}

#endif
