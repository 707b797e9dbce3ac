/*
 * The Node-API module. Every kernel is a function of an ArrayBuffer, the heap, and numbers: sizes, and addresses as offsets into
 * the heap in bytes, 0 for none. The buffer is taken anew with each call, since a heap that grows gets another.
 */
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"

/** What belongs to one JavaScript environment. */
typedef struct {
  Context *context;
  const InstructionSet *instructions;
} Instance;

typedef struct {
  Instance *instance;
  char *heap;
  const double *numbers;
} Call;

typedef struct {
  const char *name;
  size_t numbers;
  int (*run)(const Call *call);
} Export;

static void *at(const Call *call, int index) {
  double address = call->numbers[index];
  return address == 0 ? NULL : call->heap + (size_t)address;
}

static int whole(const Call *call, int index) { return (int)call->numbers[index]; }

static ptrdiff_t size(const Call *call, int index) { return (ptrdiff_t)call->numbers[index]; }

static Geometry geometry(const Call *call, int first) {
  int values[15];
  for (int index = 0; index < 15; index++) values[index] = whole(call, first + index);
  Geometry g;
  _Static_assert(sizeof g == sizeof values, "a geometry is 15 integers");
  memcpy(&g, values, sizeof g);
  return g;
}

static int run_convolve(const Call *call) {
  Geometry g = geometry(call, 3);
  return call->instance->instructions->kernels->convolve(call->instance->context, &g, at(call, 0), at(call, 1), at(call, 2));
}

static int run_input_gradient(const Call *call) {
  Geometry g = geometry(call, 3);
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->convolve_input_gradient(call->instance->context, &g, at(call, 0), at(call, 1), at(call, 2));
}

static int run_filter_gradient(const Call *call) {
  Geometry g = geometry(call, 3);
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->convolve_filter_gradient(call->instance->context, &g, at(call, 0), at(call, 1), at(call, 2));
}

static int run_multiply(const Call *call) {
  Operand a = {at(call, 0), whole(call, 6)}, b = {at(call, 1), whole(call, 7)};
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->multiply(call->instance->context, size(call, 3), size(call, 4), size(call, 5), a, b, at(call, 2));
}

static int run_statistics(const Call *call) {
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->statistics(call->instance->context, at(call, 0), size(call, 1), size(call, 2), at(call, 3), at(call, 4));
}

/** From x on: x, residual, rows, channels, pixels, mean, variance, scale, offset, epsilon, relu. */
static Norm norm(const Call *call) {
  return (Norm){.x = at(call, 0), .residual = at(call, 1), .rows = size(call, 2), .channels = size(call, 3),
                .pixels = size(call, 4), .mean = at(call, 5), .variance = at(call, 6), .scale = at(call, 7),
                .offset = at(call, 8), .epsilon = call->numbers[9], .relu = whole(call, 10)};
}

static int run_normalize(const Call *call) {
  Norm n = norm(call);
  return call->instance->instructions->kernels->normalize(call->instance->context, &n, at(call, 11));
}

static int run_normalize_gradient(const Call *call) {
  Norm n = norm(call);
  NormGradients gradients = {at(call, 13), at(call, 14), at(call, 15), at(call, 16)};
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->normalize_gradient(call->instance->context, &n, at(call, 11), whole(call, 12), &gradients);
}

static int run_normalize_gradient_sums(const Call *call) {
  Norm n = norm(call);
  NormGradients gradients = {.scale = at(call, 12), .offset = at(call, 13), .residual = at(call, 14)};
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->normalize_gradient_sums(call->instance->context, &n, at(call, 11), &gradients);
}

static int run_normalize_input_gradient(const Call *call) {
  Norm n = norm(call);
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->normalize_input_gradient(call->instance->context, &n, at(call, 11), at(call, 12), at(call, 13), at(call, 14));
}

/** From the first number on: x, filter, batch, pixels, in, out, mean, variance, scale, offset, epsilon. */
static Expansion expansion(const Call *call) {
  return (Expansion){at(call, 0), at(call, 1), size(call, 2), size(call, 3), size(call, 4), size(call, 5),
                     at(call, 6), at(call, 7), at(call, 8), at(call, 9), call->numbers[10]};
}

static int run_expansion_statistics(const Call *call) {
  Expansion e = {.x = at(call, 0), .filter = at(call, 1), .batch = size(call, 2), .pixels = size(call, 3),
                 .in = size(call, 4), .out = size(call, 5)};
  ExpansionMoments moments = {at(call, 6), at(call, 7), at(call, 8), at(call, 9)};
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->expansion_statistics(call->instance->context, &e, &moments);
}

static int run_expansion_pool(const Call *call) {
  Expansion e = expansion(call);
  ExpansionMoments moments = {.centre = at(call, 11)};
  ExpansionPasses passes = {at(call, 13), at(call, 14), at(call, 15)};
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->expansion_pool(call->instance->context, &e, moments.centre == NULL ? NULL : &moments, at(call, 12), &passes);
}

static int run_expansion_gradient(const Call *call) {
  Expansion e = expansion(call);
  ExpansionPasses passes = {at(call, 12), at(call, 13), at(call, 14)};
  ExpansionMoments moments = {.centre = at(call, 15), .covariance = at(call, 16)};
  ExpansionGradients gradients = {at(call, 17), at(call, 18), at(call, 19), at(call, 20)};
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->expansion_gradient(call->instance->context, &e, at(call, 11), &passes,
                                     moments.centre == NULL ? NULL : &moments, &gradients);
}

static Window window(const Call *call, int first) {
  return (Window){whole(call, first), whole(call, first + 1), whole(call, first + 2), whole(call, first + 3),
                  whole(call, first + 4), whole(call, first + 5), whole(call, first + 6), whole(call, first + 7),
                  whole(call, first + 8)};
}

static int run_max_pool(const Call *call) {
  Window w = window(call, 2);
  return call->instance->instructions->kernels->max_pool(call->instance->context, &w, at(call, 0), at(call, 1));
}

static int run_max_pool_gradient(const Call *call) {
  Window w = window(call, 4);
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->max_pool_gradient(call->instance->context, &w, at(call, 0), at(call, 1), at(call, 2), at(call, 3));
}

static int run_momentum_update(const Call *call) {
  MomentumUpdate update = {.size = size(call, 0), .parameter = at(call, 1), .gradient = at(call, 2), .momentum = at(call, 3),
                           .new_parameter = at(call, 4), .new_momentum = at(call, 5), .keep = call->numbers[6],
                           .nesterov = whole(call, 7), .decay = call->numbers[8], .rate = call->numbers[9],
                           .trusts = whole(call, 10), .trust = call->numbers[11], .limit = call->numbers[12]};
  return call->instance->instructions->kernels->update_with_momentum(call->instance->context, &update);
}

static int run_moments_update(const Call *call) {
  MomentsUpdate update = {.size = size(call, 0), .parameter = at(call, 1), .gradient = at(call, 2), .mean = at(call, 3),
                          .square = at(call, 4), .new_parameter = at(call, 5), .new_mean = at(call, 6),
                          .new_square = at(call, 7), .keep_mean = call->numbers[8], .keep_square = call->numbers[9],
                          .shrink = call->numbers[10], .rate = call->numbers[11], .epsilon = call->numbers[12]};
  return call->instance->instructions->kernels->update_with_moments(call->instance->context, &update);
}

static int run_elementwise(const Call *call) {
  Elementwise e = {.operation = (ElementwiseOperation)whole(call, 0), .size = size(call, 1), .a = at(call, 2), .b = at(call, 3),
                   .y = at(call, 4), .a_is_number = whole(call, 5), .b_is_number = whole(call, 6)};
  return call->instance->instructions->kernels->elementwise(call->instance->context, &e);
}

static int run_sum_of_squares(const Call *call) {
  const Kernels *kernels = call->instance->instructions->kernels;
  return kernels->sum_of_squares(call->instance->context, at(call, 0), size(call, 1), at(call, 2));
}

static const Export exported[] = {
    {"convolve", 18, run_convolve},
    {"convolveInputGradient", 18, run_input_gradient},
    {"convolveFilterGradient", 18, run_filter_gradient},
    {"multiply", 8, run_multiply},
    {"statistics", 5, run_statistics},
    {"normalize", 12, run_normalize},
    {"normalizeGradient", 17, run_normalize_gradient},
    {"normalizeGradientSums", 15, run_normalize_gradient_sums},
    {"normalizeInputGradient", 15, run_normalize_input_gradient},
    {"expansionStatistics", 10, run_expansion_statistics},
    {"expansionPool", 16, run_expansion_pool},
    {"expansionGradient", 21, run_expansion_gradient},
    {"maxPool", 11, run_max_pool},
    {"maxPoolGradient", 13, run_max_pool_gradient},
    {"updateWithMomentum", 13, run_momentum_update},
    {"updateWithMoments", 13, run_moments_update},
    {"elementwise", 7, run_elementwise},
    {"sumOfSquares", 3, run_sum_of_squares},
};

#define MOST_NUMBERS 21

static napi_value throw(napi_env env, const char *message) {
  napi_throw_error(env, NULL, message);
  return NULL;
}

static napi_value invoke(napi_env env, napi_callback_info info) {
  napi_value arguments[MOST_NUMBERS + 1];
  size_t count = MOST_NUMBERS + 1;
  const Export *export;
  Instance *instance;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, (void **)&export) != napi_ok ||
      napi_get_instance_data(env, (void **)&instance) != napi_ok) {
    return throw(env, "The native kernels cannot read their arguments.");
  }
  if (instance->context == NULL) return throw(env, "The native kernels were not started: call start(threads) first.");
  if (count != export->numbers + 1) return throw(env, "A native kernel got another number of arguments than it takes.");
  double numbers[MOST_NUMBERS];
  void *heap;
  size_t bytes;
  if (napi_get_arraybuffer_info(env, arguments[0], &heap, &bytes) != napi_ok) {
    return throw(env, "A native kernel's first argument is not an ArrayBuffer.");
  }
  for (size_t index = 0; index < export->numbers; index++) {
    if (napi_get_value_double(env, arguments[index + 1], &numbers[index]) != napi_ok) {
      return throw(env, "An argument of a native kernel is not a number.");
    }
  }
  Call call = {instance, heap, numbers};
  if (export->run(&call) != 0) return throw(env, "There is no memory for what a native kernel works with.");
  return NULL;
}

/** `start(threads, instructions)`: makes the threads; with "" for the best instruction set. Returns what it uses. */
static napi_value start(napi_env env, napi_callback_info info) {
  napi_value arguments[2], result;
  size_t count = 2;
  Instance *instance;
  int32_t threads;
  char name[16];
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count != 2 ||
      napi_get_instance_data(env, (void **)&instance) != napi_ok ||
      napi_get_value_int32(env, arguments[0], &threads) != napi_ok || threads < 1 || threads > 1024 ||
      napi_get_value_string_utf8(env, arguments[1], name, sizeof name, NULL) != napi_ok) {
    return throw(env, "start takes a number of threads from 1 to 1024 and the name of an instruction set.");
  }
  const InstructionSet *chosen = instruction_sets();
  while (chosen->name != NULL && name[0] != '\0' && strcmp(chosen->name, name) != 0) chosen++;
  if (chosen->name == NULL) return throw(env, "This processor lacks the instruction set.");
  Context *context = context_create(threads);
  if (context == NULL) return throw(env, "There is no memory for the native kernels.");
  if (instance->context != NULL) context_destroy(instance->context);
  *instance = (Instance){context, chosen};
  if (napi_create_string_utf8(env, chosen->name, NAPI_AUTO_LENGTH, &result) != napi_ok) return NULL;
  return result;
}

/** Names of the instruction sets that this processor has, the best first. */
static napi_value list_instructions(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value list;
  if (napi_create_array(env, &list) != napi_ok) return NULL;
  uint32_t index = 0;
  for (const InstructionSet *set = instruction_sets(); set->name != NULL; set++, index++) {
    napi_value name;
    if (napi_create_string_utf8(env, set->name, NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_set_element(env, list, index, name) != napi_ok) {
      return NULL;
    }
  }
  return list;
}

static void end(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  Instance *instance = data;
  if (instance->context != NULL) context_destroy(instance->context);
  free(instance);
}

static bool define(napi_env env, napi_value exports, const char *name, napi_callback callback, const Export *export) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, (void *)(uintptr_t)export, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

NAPI_MODULE_INIT() {
  Instance *instance = calloc(1, sizeof *instance);
  if (instance == NULL) return throw(env, "There is no memory for the native kernels.");
  if (napi_set_instance_data(env, instance, end, NULL) != napi_ok) {
    free(instance);
    return throw(env, "The native kernels cannot keep their state.");
  }
  bool defined = define(env, exports, "start", start, NULL) && define(env, exports, "instructions", list_instructions, NULL);
  for (size_t index = 0; index < sizeof exported / sizeof exported[0]; index++) {
    defined = defined && define(env, exports, exported[index].name, invoke, &exported[index]);
  }
  return defined ? exports : throw(env, "The native kernels cannot be exported.");
}
