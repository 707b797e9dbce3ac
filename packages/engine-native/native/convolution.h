/* Convolution and its gradient by the input. */
#ifndef BLOCKWISE_CONVOLUTION_H
#define BLOCKWISE_CONVOLUTION_H

#include "correlate.h"
#include "winograd.h"

static int convolve(Context *context, const Geometry *g, const float *x, const float *filter, float *y) {
  if ((ptrdiff_t)g->batch * g->out_height * g->out_width * g->out == 0) return 0;
  int size = winograd_size(g, g->out_height, g->out_width);
  if (size > 0) {
    Winograd plan = {.source = x, .batch = g->batch, .height = g->in_height, .width = g->in_width, .channels = g->in,
                     .top = g->top, .left = g->left, .filter = filter, .output = y, .out_height = g->out_height,
                     .out_width = g->out_width, .out = g->out, .size = size};
    return winograd(context, &plan);
  }
  ptrdiff_t depth = (ptrdiff_t)g->filter_height * g->filter_width * g->in;
  Phase phase = {g->out_height, g->out_width, 0, 0, g->filter_height, g->filter_width, NULL, 0};
  Correlation plan = {
      .source = x, .batch = g->batch, .height = g->in_height, .width = g->in_width, .channels = g->in,
      .top = g->top, .left = g->left, .stride_high = g->stride_height, .stride_wide = g->stride_width,
      .dilation_high = g->dilation_height, .dilation_wide = g->dilation_width, .phase_count = 1, .phases = &phase,
      .output = y, .out = g->out, .output_column = g->out, .output_row = (ptrdiff_t)g->out_width * g->out,
      .output_image = (ptrdiff_t)g->out_height * g->out_width * g->out, .context = context};
  plan_correlation(&plan);
  if (context_reserve(context, (size_t)panels_size(depth, g->out) * sizeof(float), plan.own_bytes) != 0) return -1;
  float *panels = context_shared(context);
  pack_matrix(filter, depth, g->out, panels);
  phase.panels = panels;
  correlate(&plan);
  return 0;
}

/** One axis of one phase of an input gradient. */
typedef struct {
  /** The first input position of the phase. */
  int phase;
  /** Input positions in the phase. */
  int outputs;
  /** The last filter position that reaches them; the others come before it at distances of the stride. */
  int last_tap;
  int taps;
  /** The position in dy that the last tap sees from the phase's first input position. */
  int start;
} Axis;

static int axis_phases(int size, int filter_size, int stride, int padding, Axis *axes) {
  int count = 0;
  for (int phase = 0; phase < stride && phase < size; phase++) {
    int first = (phase + padding) % stride;
    if (first >= filter_size) continue;
    int taps = (filter_size - 1 - first) / stride + 1;
    int last = first + (taps - 1) * stride;
    axes[count++] = (Axis){phase, (size - phase + stride - 1) / stride, last, taps, (phase + padding - last) / stride};
  }
  return count;
}

/** The panels of a phase: its taps from last to first, each with inputs and outputs exchanged. */
static void pack_flipped(const Geometry *g, const float *filter, const Axis *row, const Axis *column, float *panels) {
  ptrdiff_t depth = (ptrdiff_t)row->taps * column->taps * g->out;
  for (ptrdiff_t in = 0; in < g->in; in += PANEL) {
    int columns = (int)smaller(PANEL, g->in - in);
    int width = panel_vectors(g->in, in) * LANES;
    float *panel = panels + panel_place(depth, in);
    for (int high = 0; high < row->taps; high++) {
      for (int wide = 0; wide < column->taps; wide++) {
        int tap = (row->last_tap - high * g->stride_height) * g->filter_width + column->last_tap - wide * g->stride_width;
        pack_columns(filter + ((ptrdiff_t)tap * g->in + in) * g->out, g->out, g->out, columns, width, panel);
        panel += (ptrdiff_t)g->out * width;
      }
    }
  }
}

/**
 * With stride s, the input pixels fall into s x s phases by their position modulo s; each phase is a correlation of `dy`
 * with the taps that reach it, so no zero is multiplied.
 */
static int convolve_input_gradient(Context *context, const Geometry *g, const float *dy, const float *filter, float *dx) {
  size_t size = (size_t)g->batch * (size_t)g->in_height * (size_t)g->in_width * (size_t)g->in;
  if (size == 0) return 0;
  int tiles = winograd_size(g, g->in_height, g->in_width);
  if (tiles > 0) {
    Winograd plan = {.source = dy, .batch = g->batch, .height = g->out_height, .width = g->out_width, .channels = g->out,
                     .top = 2 - g->top, .left = 2 - g->left, .filter = filter, .flipped = 1, .output = dx,
                     .out_height = g->in_height, .out_width = g->in_width, .out = g->in, .size = tiles};
    return winograd(context, &plan);
  }
  Axis rows[g->stride_height], columns[g->stride_width];
  int high = axis_phases(g->in_height, g->filter_height, g->stride_height, g->top, rows);
  int wide = axis_phases(g->in_width, g->filter_width, g->stride_width, g->left, columns);
  Phase phases[g->stride_height * g->stride_width];
  ptrdiff_t packed = 0;
  int first_row = 0, first_column = 0;
  for (int row = 0; row < high; row++) first_row = row == 0 || rows[row].start < first_row ? rows[row].start : first_row;
  for (int column = 0; column < wide; column++) {
    first_column = column == 0 || columns[column].start < first_column ? columns[column].start : first_column;
  }
  for (int row = 0; row < high; row++) {
    for (int column = 0; column < wide; column++) {
      phases[row * wide + column] = (Phase){rows[row].outputs, columns[column].outputs, rows[row].start - first_row,
                                            columns[column].start - first_column, rows[row].taps, columns[column].taps,
                                            NULL, ((ptrdiff_t)rows[row].phase * g->in_width + columns[column].phase) * g->in};
      packed += panels_size((ptrdiff_t)rows[row].taps * columns[column].taps * g->out, g->in);
    }
  }
  int covered = high == smaller(g->stride_height, g->in_height) && wide == smaller(g->stride_width, g->in_width);
  if (high == 0 || wide == 0 || (ptrdiff_t)g->out_height * g->out_width * g->out == 0) {
    memset(dx, 0, size * sizeof(float));
    return 0;
  }
  Correlation plan = {
      .source = dy, .batch = g->batch, .height = g->out_height, .width = g->out_width, .channels = g->out,
      .top = -first_row, .left = -first_column, .stride_high = 1, .stride_wide = 1, .dilation_high = 1,
      .dilation_wide = 1, .phase_count = high * wide, .phases = phases, .output = dx, .out = g->in,
      .output_column = (ptrdiff_t)g->stride_width * g->in, .output_row = (ptrdiff_t)g->stride_height * g->in_width * g->in,
      .output_image = (ptrdiff_t)g->in_height * g->in_width * g->in, .context = context};
  plan_correlation(&plan);
  if (context_reserve(context, (size_t)packed * sizeof(float), plan.own_bytes) != 0) return -1;
  if (!covered) memset(dx, 0, size * sizeof(float));
  float *panels = context_shared(context);
  for (int row = 0; row < high; row++) {
    for (int column = 0; column < wide; column++) {
      phases[row * wide + column].panels = panels;
      pack_flipped(g, filter, &rows[row], &columns[column], panels);
      panels += panels_size((ptrdiff_t)rows[row].taps * columns[column].taps * g->out, g->in);
    }
  }
  correlate(&plan);
  return 0;
}

#endif
