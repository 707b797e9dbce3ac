/*
 * Calls every kernel with odd shapes on heap blocks of exactly the right size, for the address and undefined-behaviour sanitizers, and
 * holds products and convolutions to plain loops in float64. Run by run.sh.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../dispatch.h"

static unsigned state = 1;

static float *filled(size_t count) {
  float *values = malloc(count * sizeof(float));
  for (size_t index = 0; index < count; index++) {
    state = state * 1103515245u + 12345u;
    values[index] = (float)(state >> 8) / (float)(1 << 24) - 0.5f;
  }
  return values;
}

static void check(const char *name, const float *values, const double *expected, size_t count, double scale) {
  for (size_t index = 0; index < count; index++) {
    if (!(fabs((double)values[index] - expected[index]) <= 1e-5 * scale)) {
      fprintf(stderr, "%s: element %zu is %g, not %g\n", name, index, (double)values[index], expected[index]);
      exit(1);
    }
  }
}

static void test_convolution(Context *context, const Kernels *kernels, Geometry g) {
  size_t in = (size_t)g.batch * (size_t)g.in_height * (size_t)g.in_width * (size_t)g.in;
  size_t out = (size_t)g.batch * (size_t)g.out_height * (size_t)g.out_width * (size_t)g.out;
  size_t weights = (size_t)g.filter_height * (size_t)g.filter_width * (size_t)g.in * (size_t)g.out;
  float *x = filled(in), *filter = filled(weights), *dy = filled(out), *y = filled(out), *dx = filled(in), *dw = filled(weights);
  double *ey = calloc(out, sizeof *ey), *edx = calloc(in, sizeof *edx), *edw = calloc(weights, sizeof *edw);
  if (kernels->convolve(context, &g, x, filter, y) != 0) exit(1);
  if (kernels->convolve_input_gradient(context, &g, dy, filter, dx) != 0) exit(1);
  if (kernels->convolve_filter_gradient(context, &g, x, dy, dw) != 0) exit(1);
  size_t place = 0;
  for (int b = 0; b < g.batch; b++)
    for (int row = 0; row < g.out_height; row++)
      for (int column = 0; column < g.out_width; column++)
        for (int o = 0; o < g.out; o++, place++)
          for (int i = 0; i < g.filter_height; i++)
            for (int j = 0; j < g.filter_width; j++)
              for (int c = 0; c < g.in; c++) {
                int r = row * g.stride_height + i - g.top, s = column * g.stride_width + j - g.left;
                if (r < 0 || r >= g.in_height || s < 0 || s >= g.in_width) continue;
                size_t at = (((size_t)b * (size_t)g.in_height + (size_t)r) * (size_t)g.in_width + (size_t)s) * (size_t)g.in + (size_t)c;
                size_t tap = (((size_t)i * (size_t)g.filter_width + (size_t)j) * (size_t)g.in + (size_t)c) * (size_t)g.out + (size_t)o;
                ey[place] += (double)x[at] * (double)filter[tap];
                edx[at] += (double)dy[place] * (double)filter[tap];
                edw[tap] += (double)x[at] * (double)dy[place];
              }
  check("convolution", y, ey, out, 10);
  check("input gradient", dx, edx, in, 10);
  check("filter gradient", dw, edw, weights, 100);
  free(x); free(filter); free(dy); free(y); free(dx); free(dw); free(ey); free(edx); free(edw);
}

static void test_multiply(Context *context, const Kernels *kernels, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
  float *a = filled((size_t)(m * k)), *b = filled((size_t)(k * n)), *c = filled((size_t)(m * n));
  double *expected = malloc((size_t)(m * n) * sizeof *expected);
  for (int ta = 0; ta < 2; ta++)
    for (int tb = 0; tb < 2; tb++) {
      for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) {
          double sum = 0;
          for (ptrdiff_t l = 0; l < k; l++) sum += (double)a[ta ? l * m + i : i * k + l] * (double)b[tb ? j * k + l : l * n + j];
          expected[i * n + j] = sum;
        }
      if (kernels->multiply(context, m, n, k, (Operand){a, ta}, (Operand){b, tb}, c) != 0) exit(1);
      check("product", c, expected, (size_t)(m * n), 10);
    }
  free(a); free(b); free(c); free(expected);
}

static void test_norm(Context *context, const Kernels *kernels, ptrdiff_t images, ptrdiff_t pixels, ptrdiff_t channels) {
  size_t size = (size_t)(images * pixels * channels), width = (size_t)channels;
  float *x = filled(size), *residual = filled(size), *mean = filled(width), *variance = filled(width), *scale = filled(width);
  float *y = filled(size), *dy = filled(size), *dx = filled(size), *dscale = filled(width), *doffset = filled(width), *dr = filled(size);
  float *pooled = filled((size_t)(images * channels));
  if (kernels->statistics(context, x, images * pixels, channels, mean, variance) != 0) exit(1);
  for (int pool = 0; pool < 2; pool++)
    for (int added = 0; added < 2; added++) {
      Norm norm = {x, added ? residual : NULL, images * pixels, channels, pool ? pixels : 0, mean, variance, scale, NULL, 1e-5, 1};
      NormGradients gradients = {dx, dscale, doffset, added ? dr : NULL};
      if (kernels->normalize(context, &norm, pool ? pooled : y) != 0) exit(1);
      if (kernels->normalize_gradient(context, &norm, pool ? pooled : dy, 1, &gradients) != 0) exit(1);
      if (kernels->normalize_gradient_sums(context, &norm, pool ? pooled : dy, &gradients) != 0) exit(1);
      Norm plain = {x, NULL, images * pixels, channels, pool ? pixels : 0, mean, variance, scale, NULL, 1e-5, 1};
      if (kernels->normalize_input_gradient(context, &plain, pool ? pooled : dy, mean, variance, dx) != 0) exit(1);
    }
  free(x); free(residual); free(mean); free(variance); free(scale); free(y); free(dy); free(dx); free(dscale); free(doffset); free(dr);
  free(pooled);
}

/** The map, normalised, and its gradients against plain loops in float64; inputs are far from zero and nearly collinear. */
static void test_expansion(Context *context, const Kernels *kernels, ptrdiff_t batch, ptrdiff_t pixels, ptrdiff_t in, ptrdiff_t out) {
  // The same numbers whatever was called before: none of them is so near to the rectifier's edge that rounding decides.
  state = 1;
  size_t features = (size_t)(batch * out), width = (size_t)out, inputs = (size_t)(batch * pixels * in), weights = (size_t)(in * out);
  size_t rows = (size_t)(batch * pixels), words = (size_t)(batch * ((pixels + 31) / 32) * ((out + 15) / 16) * 16);
  float *x = filled(inputs), *filter = filled(weights), *mean = filled(width), *variance = filled(width), *dy = filled(features);
  float *output = filled(features), *masked = filled(features), *counts = filled(features), *dx = filled(inputs);
  float *dfilter = filled(weights), *dscale = filled(width), *doffset = filled(width), *scale = filled(width), *offset = filled(width);
  float *centre = filled((size_t)(2 * in)), *covariance = filled(weights);
  uint32_t *passing = malloc(words * sizeof *passing);
  for (size_t row = 0; row < rows; row++) for (ptrdiff_t c = 1; c < in; c++) x[(ptrdiff_t)row * in + c] = 3 + x[(ptrdiff_t)row * in] + x[(ptrdiff_t)row * in + c] / 8;
  Expansion e = {x, filter, batch, pixels, in, out, mean, variance, scale, offset, 1e-2};
  ExpansionMoments moments = {mean, variance, centre, covariance};
  ExpansionPasses passes = {masked, counts, passing};
  ExpansionGradients gradients = {dx, dfilter, dscale, doffset};
  if (kernels->expansion_statistics(context, &e, &moments) != 0) exit(1);
  if (kernels->expansion_pool(context, &e, &moments, output, &passes) != 0) exit(1);
  double *map = calloc(rows * width, sizeof *map), *em = calloc(width, sizeof *em), *ev = calloc(width, sizeof *ev);
  double *eo = calloc(features, sizeof *eo), *ds = calloc(width, sizeof *ds), *df = calloc(width, sizeof *df);
  for (size_t row = 0; row < rows; row++)
    for (size_t o = 0; o < width; o++) {
      for (ptrdiff_t c = 0; c < in; c++) map[row * width + o] += (double)x[(ptrdiff_t)row * in + c] * (double)filter[(size_t)c * width + o];
      em[o] += map[row * width + o] / (double)rows;
    }
  for (size_t row = 0; row < rows; row++)
    for (size_t o = 0; o < width; o++) ev[o] += pow(map[row * width + o] - em[o], 2) / (double)rows;
  check("mean of a map", mean, em, width, 10);
  check("variance of a map", variance, ev, width, 1);
  for (int batch_statistics = 0; batch_statistics < 2; batch_statistics++) {
    if (kernels->expansion_gradient(context, &e, dy, &passes, batch_statistics ? &moments : NULL, &gradients) != 0) exit(1);
    double *edx = calloc(inputs, sizeof *edx), *edw = calloc(weights, sizeof *edw);
    memset(eo, 0, features * sizeof *eo);
    memset(ds, 0, width * sizeof *ds);
    memset(df, 0, width * sizeof *df);
    for (int pass = 0; pass < 2; pass++)
      for (size_t row = 0; row < rows; row++)
        for (size_t o = 0; o < width; o++) {
          size_t image = row / (size_t)pixels * width + o;
          double deviation = sqrt(ev[o] + 1e-2), normal = (map[row * width + o] - em[o]) / deviation;
          double value = normal * (double)scale[o] + (double)offset[o], g = value > 0 ? (double)dy[image] / (double)pixels : 0;
          if (pass == 0) {
            eo[image] += value > 0 ? value / (double)pixels : 0;
            ds[o] += g * normal;
            df[o] += g;
            continue;
          }
          if (batch_statistics) g -= (df[o] + normal * ds[o]) / (double)rows;
          g *= (double)scale[o] / deviation;
          for (ptrdiff_t c = 0; c < in; c++) {
            edx[(ptrdiff_t)row * in + c] += g * (double)filter[(size_t)c * width + o];
            edw[(size_t)c * width + o] += g * (double)x[(ptrdiff_t)row * in + c];
          }
        }
    check("expansion", output, eo, features, 1);
    check("gradient of scale", dscale, ds, width, 10);
    check("gradient of offset", doffset, df, width, 10);
    check("gradient of an expanded input", dx, edx, inputs, 1);
    check("gradient of an expanding filter", dfilter, edw, weights, 10);
    free(edx); free(edw);
  }
  free(x); free(filter); free(mean); free(variance); free(dy); free(output); free(masked); free(counts); free(dx); free(dfilter);
  free(dscale); free(doffset); free(scale); free(offset); free(centre); free(covariance); free(passing); free(map); free(em); free(ev);
  free(eo); free(ds); free(df);
}

static void test_pool(Context *context, const Kernels *kernels, Window w) {
  size_t in = (size_t)(w.batch * w.height * w.width * w.channels), out = (size_t)(w.batch * w.out_height * w.out_width * w.channels);
  float *x = filled(in), *y = filled(out), *dy = filled(out), *dx = filled(in);
  if (kernels->max_pool(context, &w, x, y) != 0) exit(1);
  if (kernels->max_pool_gradient(context, &w, x, y, dy, dx) != 0) exit(1);
  free(x); free(y); free(dy); free(dx);
}

/** With the results at exactly the right size, against plain loops in float64. */
static void test_updates(Context *context, const Kernels *kernels, ptrdiff_t size) {
  size_t count = (size_t)size;
  float *p = filled(count), *g = filled(count), *m = filled(count), *v = filled(count);
  float *np = filled(count), *nm = filled(count), *nv = filled(count);
  double *ep = malloc(count * sizeof *ep), *em = malloc(count * sizeof *em), *ev = malloc(count * sizeof *ev);
  for (int kind = 0; kind < 8; kind++) {
    int keeps = kind & 1, nesterov = keeps && (kind & 2) != 0, trusts = (kind & 4) != 0;
    MomentumUpdate update = {size, p, g, keeps ? m : NULL, np, keeps ? nm : NULL, 0.9, nesterov, 0.1, 0.5, trusts, 0.3, 0.25};
    if (kernels->update_with_momentum(context, &update) != 0) exit(1);
    double of_p = 0, of_g = 0;
    for (ptrdiff_t i = 0; i < size; i++) {
      double decayed = (double)g[i] + 0.1 * (double)p[i];
      of_p += (double)p[i] * (double)p[i];
      of_g += decayed * decayed;
    }
    double ratio = trusts ? fmin(0.3 * sqrt(of_p / of_g), 0.25) : 1;
    for (ptrdiff_t i = 0; i < size; i++) {
      double step = ((double)g[i] + 0.1 * (double)p[i]) * ratio, direction = keeps ? 0.9 * (double)m[i] + step : step;
      em[i] = direction;
      ep[i] = (double)p[i] - 0.5 * (nesterov ? step + 0.9 * direction : direction);
    }
    check("parameter", np, ep, count, 1);
    if (keeps) check("momentum", nm, em, count, 1);
  }
  for (ptrdiff_t i = 0; i < size; i++) {
    v[i] = fabsf(v[i]);
    em[i] = 0.9 * (double)m[i] + 0.1 * (double)g[i];
    ev[i] = 0.99 * (double)v[i] + 0.01 * (double)g[i] * (double)g[i];
    ep[i] = 0.8 * (double)p[i] - 0.01 * em[i] / (sqrt(ev[i]) + 0.1);
  }
  MomentsUpdate moments = {size, p, g, m, v, np, nm, nv, 0.9, 0.99, 0.8, 0.01, 0.1};
  if (kernels->update_with_moments(context, &moments) != 0) exit(1);
  check("parameter by moments", np, ep, count, 1);
  check("mean", nm, em, count, 1);
  check("square", nv, ev, count, 1);
  free(p); free(g); free(m); free(v); free(np); free(nm); free(nv); free(ep); free(em); free(ev);
}

/** Sums, products and so on are single operations: exactly those of a plain loop. */
static void test_elementwise(Context *context, const Kernels *kernels, ptrdiff_t size) {
  size_t count = (size_t)size;
  float *a = filled(count), *b = filled(count), *y = filled(count);
  for (int kind = 0; kind < 12; kind++) {
    int operation = kind % 4, a_is_number = kind / 4 == 1, b_is_number = kind / 4 == 2;
    Elementwise e = {(ElementwiseOperation)operation, size, a, b, y, a_is_number, b_is_number};
    if (kernels->elementwise(context, &e) != 0) exit(1);
    for (size_t i = 0; i < count; i++) {
      float left = a[a_is_number ? 0 : i], right = b[b_is_number ? 0 : i];
      float expected = operation == 0 ? left + right : operation == 1 ? left - right : operation == 2 ? left * right : left / right;
      if (memcmp(&y[i], &expected, sizeof expected) != 0) {
        fprintf(stderr, "elementwise %d: element %zu is %g, not %g\n", kind, i, (double)y[i], (double)expected);
        exit(1);
      }
    }
  }
  double sum = -1, expected = 0;
  if (kernels->sum_of_squares(context, a, size, &sum) != 0) exit(1);
  for (size_t i = 0; i < count; i++) expected += (double)a[i] * (double)a[i];
  if (!(fabs(sum - expected) <= 1e-12 * expected)) {
    fprintf(stderr, "the sum of squares is %g, not %g\n", sum, expected);
    exit(1);
  }
  free(a); free(b); free(y);
}

int main(void) {
  for (const InstructionSet *set = instruction_sets(); set->name != NULL; set++) {
    for (int threads = 1; threads <= 3; threads++) {
      Context *context = context_create(threads);
      const Kernels *kernels = set->kernels;
      // The same numbers for every set and number of threads.
      state = 1;
      test_convolution(context, kernels, (Geometry){3, 9, 8, 5, 9, 8, 37, 3, 3, 1, 1, 1, 1, 1, 1});
      test_convolution(context, kernels, (Geometry){2, 9, 7, 16, 5, 4, 16, 3, 3, 2, 2, 1, 1, 1, 1});
      test_convolution(context, kernels, (Geometry){2, 12, 12, 3, 6, 6, 20, 7, 7, 2, 2, 1, 1, 3, 3});
      test_convolution(context, kernels, (Geometry){1, 5, 5, 1, 2, 2, 5, 1, 1, 3, 3, 1, 1, 0, 0});
      test_convolution(context, kernels, (Geometry){2, 3, 3, 150, 3, 3, 33, 3, 3, 1, 1, 1, 1, 1, 1});
      test_convolution(context, kernels, (Geometry){2, 4, 4, 3, 2, 2, 2, 4, 4, 4, 4, 1, 1, 2, 2});
      test_convolution(context, kernels, (Geometry){1, 1, 1, 4, 1, 1, 3, 3, 3, 1, 1, 1, 1, 1, 1});
      // Winograd's products with tiles of 2x2, and then of 4x4.
      test_convolution(context, kernels, (Geometry){5, 6, 5, 64, 6, 5, 80, 3, 3, 1, 1, 1, 1, 1, 1});
      test_convolution(context, kernels, (Geometry){9, 4, 6, 400, 2, 4, 64, 3, 3, 1, 1, 1, 1, 0, 0});
      test_convolution(context, kernels, (Geometry){3, 11, 13, 64, 11, 13, 80, 3, 3, 1, 1, 1, 1, 1, 1});
      test_convolution(context, kernels, (Geometry){7, 19, 17, 16, 19, 17, 48, 3, 3, 1, 1, 1, 1, 1, 1});
      test_convolution(context, kernels, (Geometry){9, 10, 12, 16, 12, 14, 16, 3, 3, 1, 1, 1, 1, 2, 2});
      test_convolution(context, kernels, (Geometry){24, 4, 4, 400, 4, 4, 32, 3, 3, 1, 1, 1, 1, 1, 1});
      test_convolution(context, kernels, (Geometry){2, 9, 14, 16, 9, 14, 32, 3, 3, 1, 1, 1, 1, 1, 1});
      test_convolution(context, kernels, (Geometry){40, 4, 2, 144, 4, 2, 16, 3, 3, 1, 1, 1, 1, 1, 1});
      test_convolution(context, kernels, (Geometry){3, 6, 5, 16, 7, 7, 16, 3, 3, 1, 1, 1, 1, 2, 2});
      test_convolution(context, kernels, (Geometry){60, 16, 16, 16, 16, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1});
      test_multiply(context, kernels, 29, 41, 401);
      test_multiply(context, kernels, 300, 270, 3);
      test_multiply(context, kernels, 1, 1, 1);
      test_norm(context, kernels, 3, 35, 21);
      test_norm(context, kernels, 40, 600, 16);
      test_norm(context, kernels, 2, 1, 3);
      test_expansion(context, kernels, 3, 35, 5, 130);
      test_expansion(context, kernels, 40, 16, 16, 33);
      test_expansion(context, kernels, 1, 1, 400, 1);
      test_expansion(context, kernels, 5, 300, 33, 70);
      test_pool(context, kernels, (Window){2, 9, 7, 21, 3, 2, 1, 5, 4});
      test_updates(context, kernels, 1);
      test_updates(context, kernels, 40003);
      test_elementwise(context, kernels, 1);
      test_elementwise(context, kernels, 40003);
      context_destroy(context);
    }
    printf("%s: fine\n", set->name);
  }
  return 0;
}
