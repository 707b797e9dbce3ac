/** A place in a heap, in bytes from its beginning; 0 for none. */
export type HeapOffset = number;

/** Sizes of a convolution: of NHWC images and a filter `[height, width, in, out]`. */
export type ConvolutionSizes = readonly [
  batch: number,
  inHeight: number,
  inWidth: number,
  inChannels: number,
  outHeight: number,
  outWidth: number,
  outChannels: number,
  filterHeight: number,
  filterWidth: number,
  strideHeight: number,
  strideWidth: number,
  dilationHeight: number,
  dilationWidth: number,
  zeroRowsAbove: number,
  zeroColumnsLeft: number,
];

/** A batch norm over `x [rows, channels]`; with `pixels` above 0, averaged over so many rows at a time. */
export type NormArguments = readonly [
  x: HeapOffset,
  residual: HeapOffset,
  rows: number,
  channels: number,
  pixels: number,
  mean: HeapOffset,
  variance: HeapOffset,
  scale: HeapOffset,
  offset: HeapOffset,
  epsilon: number,
  relu: number,
];

/** Sizes of `x [batch, pixels, in]` and of the map `[batch, pixels, out]` that `filter [in, out]` makes of it. */
export type ExpansionSizes = readonly [batch: number, pixels: number, inputs: number, outputs: number];

/** A 1x1 convolution with the batch norm behind it. */
export type ExpansionArguments = readonly [
  x: HeapOffset,
  filter: HeapOffset,
  ...ExpansionSizes,
  mean: HeapOffset,
  variance: HeapOffset,
  scale: HeapOffset,
  offset: HeapOffset,
  epsilon: number,
];

/** Sizes of a max-pool over a square window. */
export type WindowSizes = readonly [
  batch: number,
  height: number,
  width: number,
  channels: number,
  size: number,
  stride: number,
  padding: number,
  outHeight: number,
  outWidth: number,
];

/** Sum, difference, product, quotient. */
export type ElementwiseOperation = 0 | 1 | 2 | 3;

/**
 * The kernels, of one JavaScript thread: each has threads and scratch memory of its own. All work on float32 in a heap and trust
 * their arguments: who calls them checks shapes and owns the memory. They throw where there is no memory to work with, and have
 * written nothing then.
 */
export interface NativeLibrary {
  /** Instruction sets that this processor has, the best first. */
  instructions(): readonly string[];
  /** Has to be called before all others: so many threads, and an instruction set, `""` for the best. Returns which one it uses. */
  start(threads: number, instructions: string): string;
  /** Forward pass: x and filter to y. */
  convolve(
    heap: ArrayBuffer,
    x: HeapOffset,
    filter: HeapOffset,
    y: HeapOffset,
    ...sizes: ConvolutionSizes
  ): void;
  /** Gradient by the input, without dilation: dy and filter to dx. */
  convolveInputGradient(
    heap: ArrayBuffer,
    dy: HeapOffset,
    filter: HeapOffset,
    dx: HeapOffset,
    ...sizes: ConvolutionSizes
  ): void;
  /** Gradient by the filter, without dilation: x and dy to the gradient. */
  convolveFilterGradient(
    heap: ArrayBuffer,
    x: HeapOffset,
    dy: HeapOffset,
    gradient: HeapOffset,
    ...sizes: ConvolutionSizes
  ): void;
  /** `c [m, n] = a [m, k] b [k, n]`; operands may lie transposed. */
  multiply(
    heap: ArrayBuffer,
    a: HeapOffset,
    b: HeapOffset,
    c: HeapOffset,
    m: number,
    n: number,
    k: number,
    transposeA: number,
    transposeB: number,
  ): void;
  /** Mean and biased variance of each channel of `x [rows, channels]`. */
  statistics(
    heap: ArrayBuffer,
    x: HeapOffset,
    rows: number,
    channels: number,
    mean: HeapOffset,
    variance: HeapOffset,
  ): void;
  /** `y = (x - mean) / sqrt(variance + epsilon) * scale + offset [+ residual] [rectified] [averaged]`. */
  normalize(heap: ArrayBuffer, ...norm: readonly [...NormArguments, y: HeapOffset]): void;
  /** Its gradients; with `batchStatistics` 0, none passes through mean and variance. */
  normalizeGradient(
    heap: ArrayBuffer,
    ...norm: readonly [
      ...NormArguments,
      dy: HeapOffset,
      batchStatistics: number,
      dx: HeapOffset,
      dscale: HeapOffset,
      doffset: HeapOffset,
      dresidual: HeapOffset,
    ]
  ): void;
  /** Its gradients but that of x. */
  normalizeGradientSums(
    heap: ArrayBuffer,
    ...norm: readonly [
      ...NormArguments,
      dy: HeapOffset,
      dscale: HeapOffset,
      doffset: HeapOffset,
      dresidual: HeapOffset,
    ]
  ): void;
  /**
   * Its gradient of x, from what mean and variance pass on: `dy scale / sqrt(variance + epsilon) + (x - mean) slope + level`, without
   * `dy` where the rectifier stops it. There is no residual.
   */
  normalizeInputGradient(
    heap: ArrayBuffer,
    ...norm: readonly [...NormArguments, dy: HeapOffset, slope: HeapOffset, level: HeapOffset, dx: HeapOffset]
  ): void;
  /**
   * Mean and biased variance of each output of the map, and of x what the gradient needs: its mean in two parts `[2, in]`, and
   * its covariance with the map `[in, out]`.
   */
  expansionStatistics(
    heap: ArrayBuffer,
    x: HeapOffset,
    filter: HeapOffset,
    ...sizes: readonly [
      ...ExpansionSizes,
      mean: HeapOffset,
      variance: HeapOffset,
      centre: HeapOffset,
      covariance: HeapOffset,
    ]
  ): void;
  /**
   * The mean over each image of the rectified batch norm of the map, and what the gradient needs: the sum of the map less its mean
   * over the pixels that pass, and their number, all `[batch, out]`; and which pixels pass, a bit each in words
   * `[batch, pixels / 32, out]`, pixels filled up to whole words and outputs to a multiple of 16. With 0 for `centre`,
   * mean and variance are not those of the batch.
   */
  expansionPool(
    heap: ArrayBuffer,
    ...expansion: readonly [
      ...ExpansionArguments,
      centre: HeapOffset,
      output: HeapOffset,
      masked: HeapOffset,
      counts: HeapOffset,
      passing: HeapOffset,
    ]
  ): void;
  /** Its gradients; with 0 for `centre` and `covariance`, none passes through mean and variance. */
  expansionGradient(
    heap: ArrayBuffer,
    ...expansion: readonly [
      ...ExpansionArguments,
      dy: HeapOffset,
      masked: HeapOffset,
      counts: HeapOffset,
      passing: HeapOffset,
      centre: HeapOffset,
      covariance: HeapOffset,
      dx: HeapOffset,
      dfilter: HeapOffset,
      dscale: HeapOffset,
      doffset: HeapOffset,
    ]
  ): void;
  /** Largest value of each window. */
  maxPool(heap: ArrayBuffer, x: HeapOffset, y: HeapOffset, ...window: WindowSizes): void;
  /** Its gradient, which goes to the first largest value of each window. */
  maxPoolGradient(
    heap: ArrayBuffer,
    x: HeapOffset,
    y: HeapOffset,
    dy: HeapOffset,
    dx: HeapOffset,
    ...window: WindowSizes
  ): void;
  /** A parameter's step along a running direction; `momentum` 0 for none. The ratio of norms counts where `trusts` is 1. */
  updateWithMomentum(
    heap: ArrayBuffer,
    size: number,
    parameter: HeapOffset,
    gradient: HeapOffset,
    momentum: HeapOffset,
    newParameter: HeapOffset,
    newMomentum: HeapOffset,
    keep: number,
    nesterov: number,
    weightDecay: number,
    learningRate: number,
    trusts: number,
    trust: number,
    limit: number,
  ): void;
  /** A parameter's step along a running mean over the root of a running mean of squares. */
  updateWithMoments(
    heap: ArrayBuffer,
    size: number,
    parameter: HeapOffset,
    gradient: HeapOffset,
    mean: HeapOffset,
    square: HeapOffset,
    newParameter: HeapOffset,
    newMean: HeapOffset,
    newSquare: HeapOffset,
    keepMean: number,
    keepSquare: number,
    shrink: number,
    rate: number,
    epsilon: number,
  ): void;
  /** `y = a operation b`, element by element; the operand that is marked as a number has one element. */
  elementwise(
    heap: ArrayBuffer,
    operation: ElementwiseOperation,
    size: number,
    a: HeapOffset,
    b: HeapOffset,
    y: HeapOffset,
    aIsNumber: number,
    bIsNumber: number,
  ): void;
  /** The sum of the squares of `x [size]` in float64, which `sum` has room for. */
  sumOfSquares(heap: ArrayBuffer, x: HeapOffset, size: number, sum: HeapOffset): void;
}
