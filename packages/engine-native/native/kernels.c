/* All kernels for the instruction set that this file is compiled for; the table is named by the macro KERNELS. */
#include "kernels.h"

#include "batch-norm-gradient.h"
#include "batch-norm.h"
#include "convolution.h"
#include "elementwise.h"
#include "expansion-gradient.h"
#include "expansion-statistics.h"
#include "filter-gradient.h"
#include "max-pool.h"
#include "multiply.h"
#include "parameter-update.h"

extern const Kernels KERNELS;

const Kernels KERNELS = {
    .convolve = convolve,
    .convolve_input_gradient = convolve_input_gradient,
    .convolve_filter_gradient = convolve_filter_gradient,
    .multiply = multiply,
    .statistics = statistics,
    .normalize = normalize,
    .normalize_gradient = normalize_gradient,
    .normalize_gradient_sums = normalize_gradient_sums,
    .normalize_input_gradient = normalize_input_gradient,
    .expansion_statistics = expansion_statistics,
    .expansion_pool = expansion_pool,
    .expansion_gradient = expansion_gradient,
    .max_pool = max_pool,
    .max_pool_gradient = max_pool_gradient,
    .update_with_momentum = update_with_momentum,
    .update_with_moments = update_with_moments,
    .elementwise = elementwise,
    .sum_of_squares = sum_of_squares,
};
