/*
 * Gradient of an expansion. With statistics held fixed it is `h = dy factor / pixels` at the elements that pass the rectifier, of which
 * the forward pass kept a bit each: the map is not computed again. What mean and variance add to it is linear in x,
 *
 *   dx = h W^T + (x - mean(x)) L + W level,   L = W diag(slope) W^T,
 *   dW = x^T h + n (cov(x, map) diag(slope) + rest level^T),
 *
 * for n rows, x less a rough mean, and its exact mean less the rough one as `rest`.
 *
 * Within an image `h` is a matrix of bits times a number for each output, so both products are sums of chosen rows. Rows are taken in
 * fours: of each four, all sixteen sums are put in a table, and four bits choose one, which is a fourth of the additions (the method of
 * Arlazarov, Dinic, Kronrod and Faradzev, 1970).
 */
#ifndef BLOCKWISE_EXPANSION_GRADIENT_H
#define BLOCKWISE_EXPANSION_GRADIENT_H

#include "expansion.h"

/** Words of pixels, of which the filter's gradient is added up in float32 before it goes to float64. */
#define FLOAT_WORDS 32
/** Rows whose sums are in one table, and these sums. */
#define TABLE_ROWS 4
#define TABLE_SUMS 16
/** Outputs whose tables are made at a time: those of a table are LANES apart, so that their bits are at the same places of vectors. */
#define TABLE_OUTPUTS (TABLE_ROWS * LANES)
/** Fours of pixels of a word. */
#define WORD_TABLES (WORD_PIXELS / TABLE_ROWS)

typedef struct {
  ExpansionWork work;
  const float *dy;
  const ExpansionMoments *moments;
  const ExpansionGradients *gradients;
  /** What a unit of the map less its mean, and 1, get of the loss by way of mean and variance. */
  double *slope;
  double *level;
  /** The filter with inputs and outputs exchanged, `[outputs, inputs]`, and zeros to fill both up. */
  float *exchanged;
  ptrdiff_t inputs;
  ptrdiff_t outputs;
  /** L, and below it what is the same for all rows: `[in + 1, in]`, and in panels. */
  float *linear;
  float *linear_panels;
  /** Floats of a row of x less its rough mean, with a 1 behind it. */
  ptrdiff_t centred_width;
  /** For each task, the filter's gradient, exchanged. */
  double *wide;
  float *partial;
} ExpansionGradientWork;

/** Scratch memory of a thread. */
typedef struct {
  /** What the elements of an image that pass get, `[outputs]`. */
  float *passing;
  /** `[WORD_PIXELS, centred_width]`. */
  float *centred;
  float *tables;
  /** For each word of an image and pixel of its fours, a table's four bits for the word's fours, `[words, TABLE_ROWS, LANES]`. */
  uint32_t *choices;
} GradientScratch;

/** Sums of rows of one or two vectors, by which of them the number's bits choose. */
INLINE void fill_table(const Vector rows[TABLE_ROWS][2], int vectors, float *table) {
#pragma GCC unroll 2
  for (int vector = 0; vector < vectors; vector++) {
    Vector sums[TABLE_SUMS];
    sums[0] = (Vector){0};
#pragma GCC unroll 16
    for (int sum = 1; sum < TABLE_SUMS; sum++) sums[sum] = sums[sum & (sum - 1)] + rows[__builtin_ctz((unsigned)sum)][vector];
#pragma GCC unroll 16
    for (int sum = 0; sum < TABLE_SUMS; sum++) store(table + (sum * vectors + vector) * LANES, sums[sum]);
  }
}

/** Rows of x less its rough mean, where there is one, and a 1; zeros to a whole number of fours. */
static void centre_word(const ExpansionGradientWork *g, ptrdiff_t row, ptrdiff_t rows, float *centred) {
  const Expansion *e = g->work.e;
  memset(centred, 0, (size_t)(WORD_PIXELS * g->centred_width) * sizeof(float));
  for (ptrdiff_t index = 0; index < rows; index++, centred += g->centred_width) {
    const float *x = e->x + (row + index) * e->in;
    if (g->moments == NULL) memcpy(centred, x, (size_t)e->in * sizeof(float));
    for (ptrdiff_t in = 0; g->moments != NULL && in < e->in; in++) centred[in] = x[in] - g->moments->centre[in];
    centred[e->in] = 1;
  }
}

/** Begins the gradient of x with what is linear in x. */
static void put_linear_gradient(const ExpansionGradientWork *g, ptrdiff_t row, ptrdiff_t rows, const float *centred) {
  const Expansion *e = g->work.e;
  if (g->moments == NULL) {
    memset(g->gradients->x + row * e->in, 0, (size_t)(rows * e->in) * sizeof(float));
    return;
  }
  const float *from[WORD_PIXELS];
  float *to[WORD_PIXELS];
  ptrdiff_t tiles = ceil_div(rows, TILE_ROWS), none = 0;
  for (ptrdiff_t index = 0; index < rows; index++) from[index] = centred + index * g->centred_width;
  for (ptrdiff_t in = 0; in < e->in; in += PANEL) {
    int vectors = panel_vectors(e->in, in);
    Gather gather = {&none, 1, (int)e->in + 1, g->linear_panels + panel_place(e->in + 1, in), (int)smaller(PANEL, e->in - in), 0};
    for (ptrdiff_t index = 0; index < rows; index++) to[index] = g->gradients->x + (row + index) * e->in + in;
    for (ptrdiff_t tile = 0; tile < tiles; tile++) {
      ptrdiff_t start = tile_start(rows, tiles, tile), end = tile_start(rows, tiles, tile + 1);
      gather_tiles[vectors - 1][end - start - 1](from + start, to + start, &gather);
    }
  }
}

/** Adds `x^T h` of a word of pixels to one or two vectors of inputs of the filter's gradient. */
INLINE void add_filter_gradient(const ExpansionGradientWork *g, const uint32_t *word, ptrdiff_t rows, const float *centred, int vectors,
                                const GradientScratch *scratch, float *partial) {
  ptrdiff_t tables = ceil_div(rows, TABLE_ROWS);
  for (ptrdiff_t table = 0; table < tables; table++) {
    Vector four[TABLE_ROWS][2];
    for (int row = 0; row < TABLE_ROWS; row++) {
      const float *at = centred + (table * TABLE_ROWS + row) * g->centred_width;
      for (int vector = 0; vector < vectors; vector++) four[row][vector] = load(at + vector * LANES);
    }
    fill_table(four, vectors, scratch->tables + table * TABLE_SUMS * vectors * LANES);
  }
  for (ptrdiff_t out = 0; out < g->work.e->out; out++, partial += g->inputs) {
    uint32_t bits = word[out];
    const float *table = scratch->tables;
    Vector first = {0}, second = {0};
    for (ptrdiff_t index = 0; index < tables; index++, bits >>= TABLE_ROWS, table += TABLE_SUMS * vectors * LANES) {
      const float *sum = table + (bits & (TABLE_SUMS - 1)) * (size_t)(vectors * LANES);
      first += load(sum);
      if (vectors == 2) second += load(sum + LANES);
    }
    Vector passing = splat(scratch->passing[out]);
    store(partial, load(partial) + passing * first);
    if (vectors == 2) store(partial + LANES, load(partial + LANES) + passing * second);
  }
}

/** For each word of an image, the bits of a table's outputs side by side for each pixel. */
static void choose_sums(const ExpansionGradientWork *g, ptrdiff_t image, ptrdiff_t column, uint32_t *choices) {
  const Expansion *e = g->work.e;
  BitVector ones = UINT32_C(0x11111111) + (BitVector){0};
  ptrdiff_t there = ceil_div(e->out, WORD_OUTPUTS) * WORD_OUTPUTS - column;
  for (ptrdiff_t pixel = 0; pixel < e->pixels; pixel += WORD_PIXELS, choices += TABLE_ROWS * LANES) {
    const uint32_t *word = word_of(e, g->work.passes, image, pixel) + column;
    BitVector bits[TABLE_ROWS];
    for (int row = 0; row < TABLE_ROWS; row++) bits[row] = row * LANES < there ? load_bits(word + row * LANES) : (BitVector){0};
    for (int place = 0; place < TABLE_ROWS; place++) {
      BitVector sum = {0};
      for (int row = 0; row < TABLE_ROWS; row++) sum |= ((bits[row] >> place) & ones) << row;
      store_bits(choices + place * LANES, sum);
    }
  }
}

/** Adds `h W^T` of TABLE_OUTPUTS outputs to one or two vectors of inputs of an image's gradient of x. */
INLINE void add_input_gradient(const ExpansionGradientWork *g, ptrdiff_t image, ptrdiff_t column, ptrdiff_t in, int vectors,
                               const GradientScratch *scratch) {
  const Expansion *e = g->work.e;
  for (int lane = 0; lane < LANES; lane++) {
    Vector four[TABLE_ROWS][2];
    for (int row = 0; row < TABLE_ROWS; row++) {
      ptrdiff_t out = column + row * LANES + lane;
      Vector passing = splat(scratch->passing[out]);
      for (int vector = 0; vector < vectors; vector++) four[row][vector] = load(g->exchanged + out * g->inputs + in + vector * LANES) * passing;
    }
    fill_table(four, vectors, scratch->tables + lane * TABLE_SUMS * vectors * LANES);
  }
  int count = (int)smaller(vectors * LANES, e->in - in), last = count - (vectors - 1) * LANES;
  float *dx = g->gradients->x + image * e->pixels * e->in + in;
  for (ptrdiff_t pixel = 0; pixel < e->pixels; pixel++, dx += e->in) {
    const uint32_t *choice = scratch->choices + (pixel / WORD_PIXELS * TABLE_ROWS + pixel % TABLE_ROWS) * LANES;
    int place = (int)(pixel % WORD_PIXELS / TABLE_ROWS) * TABLE_ROWS;
    const float *table = scratch->tables;
    Vector first = {0}, second = {0};
#pragma GCC unroll 16
    for (int lane = 0; lane < LANES; lane++, table += TABLE_SUMS * vectors * LANES) {
      const float *sum = table + (choice[lane] >> place & (TABLE_SUMS - 1)) * (size_t)(vectors * LANES);
      first += load(sum);
      if (vectors == 2) second += load(sum + LANES);
    }
    Vector tail = vectors == 2 ? second : first;
    float *end = dx + (vectors - 1) * LANES;
    if (vectors == 2) store(dx, load(dx) + first);
    if (last == LANES) store(end, load(end) + tail);
    else store_part(end, load_part(end, last) + tail, last);
  }
}

static void add_image_gradients(const ExpansionGradientWork *g, ptrdiff_t image, const GradientScratch *scratch, float *partial) {
  const Expansion *e = g->work.e;
  for (ptrdiff_t out = 0; out < g->outputs; out++) {
    scratch->passing[out] = out < e->out ? g->dy[image * e->out + out] / (float)e->pixels * g->work.factor[out] : 0;
  }
  for (ptrdiff_t pixel = 0; pixel < e->pixels; pixel += WORD_PIXELS) {
    ptrdiff_t row = image * e->pixels + pixel, rows = smaller(WORD_PIXELS, e->pixels - pixel);
    const uint32_t *word = word_of(e, g->work.passes, image, pixel);
    centre_word(g, row, rows, scratch->centred);
    put_linear_gradient(g, row, rows, scratch->centred);
    for (ptrdiff_t in = 0; in < e->in; in += PANEL) {
      const float *centred = scratch->centred + in;
      if (panel_vectors(e->in, in) == 2) add_filter_gradient(g, word, rows, centred, 2, scratch, partial + in);
      else add_filter_gradient(g, word, rows, centred, 1, scratch, partial + in);
    }
  }
  for (ptrdiff_t column = 0; column < e->out; column += TABLE_OUTPUTS) {
    choose_sums(g, image, column, scratch->choices);
    for (ptrdiff_t in = 0; in < e->in; in += PANEL) {
      if (panel_vectors(e->in, in) == 2) add_input_gradient(g, image, column, in, 2, scratch);
      else add_input_gradient(g, image, column, in, 1, scratch);
    }
  }
}

#define TABLES_SIZE ((LANES > WORD_TABLES ? LANES : WORD_TABLES) * TABLE_SUMS * PANEL)

static void add_task_gradients(void *argument, ptrdiff_t task, int thread) {
  const ExpansionGradientWork *g = argument;
  const Expansion *e = g->work.e;
  ptrdiff_t size = e->out * g->inputs, words = ceil_div(e->pixels, WORD_PIXELS), open = 0;
  GradientScratch scratch = {.tables = context_own(g->work.context, thread)};
  scratch.choices = (uint32_t *)(scratch.tables + TABLES_SIZE);
  scratch.passing = (float *)(scratch.choices + words * TABLE_ROWS * LANES);
  scratch.centred = scratch.passing + g->outputs;
  float *partial = g->partial + task * size;
  double *wide = g->wide + task * size;
  memset(wide, 0, (size_t)size * sizeof(double));
  memset(partial, 0, (size_t)size * sizeof(float));
  ptrdiff_t end = first_image(&g->work, task + 1);
  for (ptrdiff_t image = first_image(&g->work, task); image < end; image++) {
    add_image_gradients(g, image, &scratch, partial);
    open += words;
    if (open < FLOAT_WORDS && image + 1 < end) continue;
    for (ptrdiff_t index = 0; index < size; index++) wide[index] += (double)partial[index];
    memset(partial, 0, (size_t)size * sizeof(float));
    open = 0;
  }
}

/** The gradient of one input's part of the filter. */
static void combine_filters(void *argument, ptrdiff_t in, int thread) {
  (void)thread;
  const ExpansionGradientWork *g = argument;
  const Expansion *e = g->work.e;
  ptrdiff_t size = e->out * g->inputs, place = in * e->out;
  for (ptrdiff_t out = 0; out < e->out; out++, place++) {
    double sum = 0;
    for (ptrdiff_t task = 0; task < g->work.tasks; task++) sum += g->wide[task * size + out * g->inputs + in];
    if (g->moments != NULL) {
      double rest = (double)g->moments->centre[e->in + in];
      sum += (double)g->work.rows * (g->slope[out] * (double)g->moments->covariance[place] + g->level[out] * rest);
    }
    g->gradients->filter[place] = (float)sum;
  }
}

/** `sum a b weights`. */
static double weighted_product(const float *a, const float *b, const double *weights, ptrdiff_t count) {
  DoubleVector sums = {0};
  ptrdiff_t index = 0;
  for (; index + DOUBLE_LANES <= count; index += DOUBLE_LANES) sums += widen(a + index) * widen(b + index) * load_doubles(weights + index);
  double sum = 0;
  for (int lane = 0; lane < DOUBLE_LANES; lane++) sum += sums[lane];
  for (; index < count; index++) sum += (double)a[index] * (double)b[index] * weights[index];
  return sum;
}

/** A column of L, which is a row as well, and what all rows get at its input. */
static void set_linear(void *argument, ptrdiff_t in, int thread) {
  (void)thread;
  const ExpansionGradientWork *g = argument;
  const Expansion *e = g->work.e;
  const float *filter = e->filter + in * e->out, *rest = g->moments->centre + e->in;
  double constant = 0;
  for (ptrdiff_t out = 0; out < e->out; out++) constant += (double)filter[out] * g->level[out];
  for (ptrdiff_t other = 0; other < e->in; other++) {
    double value = weighted_product(filter, e->filter + other * e->out, g->slope, e->out);
    g->linear[other * e->in + in] = (float)value;
    constant -= value * (double)rest[other];
  }
  g->linear[e->in * e->in + in] = (float)constant;
}

/** Gradients of scale and offset, from what the forward pass kept of each image, and what follows from them. */
static void norm_gradients(ExpansionGradientWork *g) {
  const Expansion *e = g->work.e;
  const ExpansionPasses *passes = g->work.passes;
  double rows = (double)g->work.rows;
  for (ptrdiff_t out = 0; out < e->out; out++) {
    double sum = 0, product = 0;
    for (ptrdiff_t image = 0; image < e->batch; image++) {
      double dy = (double)g->dy[image * e->out + out] / (double)e->pixels;
      sum += dy * (double)passes->counts[image * e->out + out];
      product += dy * (double)passes->masked[image * e->out + out];
    }
    double spread = (double)e->variance[out] + e->epsilon, gain = (double)g->work.factor[out];
    g->gradients->scale[out] = (float)(product / sqrt(spread));
    g->gradients->offset[out] = (float)sum;
    g->slope[out] = -gain * product / (rows * spread);
    g->level[out] = -gain * sum / rows;
  }
}

static void exchange_filter(const ExpansionGradientWork *g) {
  const Expansion *e = g->work.e;
  memset(g->exchanged, 0, (size_t)(g->outputs * g->inputs) * sizeof(float));
  for (ptrdiff_t in = 0; in < e->in; in++) {
    for (ptrdiff_t out = 0; out < e->out; out++) g->exchanged[out * g->inputs + in] = e->filter[in * e->out + out];
  }
}

static int expansion_gradient(Context *context, const Expansion *e, const float *dy, const ExpansionPasses *passes,
                              const ExpansionMoments *moments, const ExpansionGradients *gradients) {
  if (e->batch == 0 || e->out == 0) return 0;
  ExpansionGradientWork g = {.work = {.passes = passes}, .dy = dy, .moments = moments, .gradients = gradients};
  plan_expansion(&g.work, context, e);
  g.centred_width = ceil_div(e->in + 1, LANES) * LANES;
  g.inputs = ceil_div(e->in, LANES) * LANES;
  g.outputs = ceil_div(e->out, TABLE_OUTPUTS) * TABLE_OUTPUTS;
  size_t width = (size_t)g.work.width, sums = (size_t)(g.work.tasks * e->out * g.inputs), exchanged = (size_t)(g.outputs * g.inputs);
  size_t linear = (size_t)((e->in + 1) * e->in), panels = (size_t)panels_size(e->in + 1, e->in);
  size_t shared = (sums + 2 * width) * sizeof(double) + (3 * width + exchanged + linear + panels + sums + LANES) * sizeof(float);
  ptrdiff_t choices = ceil_div(e->pixels, WORD_PIXELS) * TABLE_ROWS * LANES;
  size_t own = (size_t)(TABLES_SIZE + choices + g.outputs + WORD_PIXELS * g.centred_width) * sizeof(float);
  if (context_reserve(context, shared, own) != 0) return -1;
  g.wide = context_shared(context);
  g.slope = g.wide + sums;
  g.level = g.slope + width;
  g.work.mean = (float *)(g.level + width);
  g.work.factor = g.work.mean + width;
  g.work.shift = g.work.factor + width;
  g.exchanged = g.work.shift + width;
  g.linear_panels = g.exchanged + exchanged;
  g.linear = g.linear_panels + panels;
  g.partial = g.linear + linear;
  set_expansion_coefficients(&g.work);
  norm_gradients(&g);
  exchange_filter(&g);
  if (moments != NULL) {
    context_run(context, e->in, set_linear, &g);
    pack_matrix(g.linear, e->in + 1, e->in, g.linear_panels);
  }
  context_run(context, g.work.tasks, add_task_gradients, &g);
  context_run(context, e->in, combine_filters, &g);
  return 0;
}

#endif
