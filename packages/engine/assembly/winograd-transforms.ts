/*
 * The transforms of Winograd's F(4, 3), of one dimension: four outputs from six inputs and three filter taps; and of F(3, 4):
 * three filter taps from six inputs and four gradients of outputs.
 *
 * The points are 0, 5/8, -5/8, 3/2, -3/2 and infinity, which are exact in float32 and lose the fewest digits of those that
 * decision 0002 compares. What a place has to be divided by comes with the taps, and for their gradients last, in float64.
 */
import { multiplyAdd } from "./simd";

/** Rows and columns of a transformed tile. */
export const SIDE: usize = 6;
/** Rows and columns of the outputs of a tile. */
export const STEP = 4;
/** Elements of a transformed tile. */
export const PLACES = 36;

const NEAR: f32 = 0.625;
const FAR: f32 = 1.5;
const NEAR_SQUARE: f32 = 0.390625;
const FAR_SQUARE: f32 = 2.25;
const SUM: f32 = 2.640625;
const PRODUCT: f32 = 0.87890625;

// What the points leave to be multiplied, for even and odd powers: 1 / product of the differences to the other points.
const ZERO_FACTOR: f64 = 1 / 0.87890625;
const NEAR_FACTOR: f64 = 1 / (2 * 0.390625 * (0.390625 - 2.25));
const FAR_FACTOR: f64 = 1 / (2 * 2.25 * (2.25 - 0.390625));

/** Transforms six rows or columns of the input into six. */
@inline
export function transformInput(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, target: usize, step: usize): void {
  const sum = f32x4.splat(SUM);
  const product = f32x4.splat(PRODUCT);
  const nearSquare = f32x4.splat(NEAR_SQUARE);
  const farSquare = f32x4.splat(FAR_SQUARE);
  v128.store(target, f32x4.add(f32x4.sub(f32x4.mul(product, d0), f32x4.mul(sum, d2)), d4));
  const near = f32x4.sub(d4, f32x4.mul(farSquare, d2));
  const nearOdd = f32x4.mul(f32x4.splat(NEAR), f32x4.sub(d3, f32x4.mul(farSquare, d1)));
  v128.store(target + step, f32x4.add(near, nearOdd));
  v128.store(target + 2 * step, f32x4.sub(near, nearOdd));
  const far = f32x4.sub(d4, f32x4.mul(nearSquare, d2));
  const farOdd = f32x4.mul(f32x4.splat(FAR), f32x4.sub(d3, f32x4.mul(nearSquare, d1)));
  v128.store(target + 3 * step, f32x4.add(far, farOdd));
  v128.store(target + 4 * step, f32x4.sub(far, farOdd));
  v128.store(target + 5 * step, f32x4.add(f32x4.sub(f32x4.mul(product, d1), f32x4.mul(sum, d3)), d5));
}

/** Transforms three rows or columns of taps into six. */
@inline
export function transformTaps(g0: v128, g1: v128, g2: v128, target: usize, step: usize): void {
  const nearFactor = f32x4.splat(<f32>NEAR_FACTOR);
  const farFactor = f32x4.splat(<f32>FAR_FACTOR);
  v128.store(target, f32x4.mul(f32x4.splat(<f32>ZERO_FACTOR), g0));
  const near = f32x4.mul(nearFactor, multiplyAdd(g0, f32x4.splat(NEAR_SQUARE), g2));
  const nearOdd = f32x4.mul(f32x4.splat(<f32>NEAR_FACTOR * NEAR), g1);
  v128.store(target + step, f32x4.add(near, nearOdd));
  v128.store(target + 2 * step, f32x4.sub(near, nearOdd));
  const far = f32x4.mul(farFactor, multiplyAdd(g0, f32x4.splat(FAR_SQUARE), g2));
  const farOdd = f32x4.mul(f32x4.splat(<f32>FAR_FACTOR * FAR), g1);
  v128.store(target + 3 * step, f32x4.add(far, farOdd));
  v128.store(target + 4 * step, f32x4.sub(far, farOdd));
  v128.store(target + 5 * step, g2);
}

/** The first of the four rows or columns of outputs that six of products give. */
@inline
export function firstOutput(m0: v128, m1: v128, m2: v128, m3: v128, m4: v128): v128 {
  return f32x4.add(m0, f32x4.add(f32x4.add(m1, m2), f32x4.add(m3, m4)));
}

/** The second. */
@inline
export function secondOutput(m1: v128, m2: v128, m3: v128, m4: v128): v128 {
  return multiplyAdd(f32x4.mul(f32x4.splat(NEAR), f32x4.sub(m1, m2)), f32x4.splat(FAR), f32x4.sub(m3, m4));
}

/** The third. */
@inline
export function thirdOutput(m1: v128, m2: v128, m3: v128, m4: v128): v128 {
  const near = f32x4.mul(f32x4.splat(NEAR_SQUARE), f32x4.add(m1, m2));
  return multiplyAdd(near, f32x4.splat(FAR_SQUARE), f32x4.add(m3, m4));
}

/** The fourth. */
@inline
export function fourthOutput(m1: v128, m2: v128, m3: v128, m4: v128, m5: v128): v128 {
  const near = multiplyAdd(m5, f32x4.splat(NEAR_SQUARE * NEAR), f32x4.sub(m1, m2));
  return multiplyAdd(near, f32x4.splat(FAR_SQUARE * FAR), f32x4.sub(m3, m4));
}

/** Transforms four rows or columns of the output's gradient into six. */
@inline
export function transformGradient(g0: v128, g1: v128, g2: v128, g3: v128, target: usize, step: usize): void {
  const nearSquare = f32x4.splat(NEAR_SQUARE);
  const farSquare = f32x4.splat(FAR_SQUARE);
  v128.store(target, g0);
  const near = f32x4.add(g0, f32x4.mul(nearSquare, g2));
  const nearOdd = f32x4.mul(f32x4.splat(NEAR), f32x4.add(g1, f32x4.mul(nearSquare, g3)));
  v128.store(target + step, f32x4.add(near, nearOdd));
  v128.store(target + 2 * step, f32x4.sub(near, nearOdd));
  const far = f32x4.add(g0, f32x4.mul(farSquare, g2));
  const farOdd = f32x4.mul(f32x4.splat(FAR), f32x4.add(g1, f32x4.mul(farSquare, g3)));
  v128.store(target + 3 * step, f32x4.add(far, farOdd));
  v128.store(target + 4 * step, f32x4.sub(far, farOdd));
  v128.store(target + 5 * step, g3);
}

/** Transforms six rows or columns into three. */
@inline
export function transformBack(
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  m4: v128,
  m5: v128,
  target: usize,
  step: usize,
  accumulate: bool,
): void {
  const nearFactor = f64x2.splat(NEAR_FACTOR);
  const farFactor = f64x2.splat(FAR_FACTOR);
  const near = f64x2.mul(nearFactor, f64x2.add(m1, m2));
  const far = f64x2.mul(farFactor, f64x2.add(m3, m4));
  const nearOdd = f64x2.mul(nearFactor, f64x2.sub(m1, m2));
  const farOdd = f64x2.mul(farFactor, f64x2.sub(m3, m4));
  let y0 = f64x2.add(f64x2.mul(f64x2.splat(ZERO_FACTOR), m0), f64x2.add(near, far));
  let y1 = f64x2.add(f64x2.mul(f64x2.splat(<f64>NEAR), nearOdd), f64x2.mul(f64x2.splat(<f64>FAR), farOdd));
  let y2 = f64x2.add(f64x2.mul(f64x2.splat(<f64>NEAR_SQUARE), near), f64x2.mul(f64x2.splat(<f64>FAR_SQUARE), far));
  y2 = f64x2.add(y2, m5);
  if (accumulate) {
    y0 = f64x2.add(y0, v128.load(target));
    y1 = f64x2.add(y1, v128.load(target + step));
    y2 = f64x2.add(y2, v128.load(target + 2 * step));
  }
  v128.store(target, y0);
  v128.store(target + step, y1);
  v128.store(target + 2 * step, y2);
}
