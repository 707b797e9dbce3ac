import { fillNormal, type RandomKey } from "@blockwise/random";
import { InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { BatchPart } from "../batch-workers/batch-part.js";
import { sumOverParts } from "../batch-workers/sum-over-parts.js";

/**
 * Noise on what a block hands on, in training only. The block's own head sees it too: behind it come the units that the
 * block shares with the next one, where blocks overlap, and then the head.
 */
export interface NoiseOptions {
  /**
   * What the noise is scaled by: the standard deviation over height and width of each sample and channel (`"hw"`), over
   * the channels of each sample and position (`"c"`), or over the whole batch (`"all"`, the paper's best).
   */
  readonly kind: "all" | "c" | "hw";
  /** How strong, in units of that standard deviation. The paper's best: 0.25. */
  readonly standardDeviation: number;
}

const axes: Readonly<Record<NoiseOptions["kind"], readonly number[]>> = {
  hw: [1, 2],
  c: [3],
  all: [0, 1, 2, 3],
};

/** @throws InvalidOptionError */
export function requireNoiseOptions({ kind, standardDeviation }: NoiseOptions): void {
  if (!Object.hasOwn(axes, kind)) {
    throw new InvalidOptionError({ option: "noise.kind", expected: '"all", "c" or "hw"', received: kind });
  }
  if (!Number.isFinite(standardDeviation) || standardDeviation < 0) {
    throw new InvalidOptionError({
      option: "noise.standardDeviation",
      expected: "a number of 0 or more",
      received: standardDeviation,
    });
  }
}

/**
 * Checks, before step 0, that what a block hands on has a deviation of that kind.
 *
 * @param shape `[height, width, channels]` of what it hands on.
 * @throws ShapeMismatchError that names the block
 */
export function requireNoiseFits({ kind }: NoiseOptions, block: string, shape: readonly number[]): void {
  // A batch has two images or more.
  requireSeveral(`What block "${block}" hands on`, kind, countOf(kind, [2, ...shape]), shape);
}

/** How many values a deviation is taken of. */
function countOf(kind: NoiseOptions["kind"], batchShape: readonly number[]): number {
  return axes[kind].reduce((product, axis) => product * (batchShape[axis] ?? 1), 1);
}

function requireSeveral(
  subject: string,
  kind: NoiseOptions["kind"],
  count: number,
  received: readonly number[],
): void {
  if (count > 1) return;
  throw new ShapeMismatchError({
    subject: `${subject} under "${kind}" noise`,
    expected: "more than one value to take the standard deviation of",
    received,
    hint: 'Use noise of kind "all" there.',
  });
}

/**
 * `x + standardDeviation * n * sigma(x)` with `n ~ N(0, 1)` for each element and `sigma` the unbiased standard deviation
 * of `NoiseOptions.kind`; the gradient flows through sigma too, as in the authors' code.
 *
 * Differs from the authors' code for `"c"`: their axis is the height, their comment says the channels; we follow the
 * comment.
 *
 * @param x `[batch, height, width, channels]`, borrowed.
 * @param part Which part of the batch x is; its noise is the same as in the whole. Null where it is the whole.
 * @see Siddiqui et al., 2024, arXiv 2302.01647; the authors' `model.py`, b3bb944, `_add_noise`.
 * @throws ShapeMismatchError where there is but one value to take a deviation of.
 */
export function addNoise(
  x: tf.Tensor,
  { kind, standardDeviation }: NoiseOptions,
  key: RandomKey,
  part: BatchPart | null = null,
): tf.Tensor {
  const shared = kind === "all" ? part : null;
  const count = (shared?.count ?? 1) * countOf(kind, x.shape);
  requireSeveral("Block output", kind, count, x.shape);
  const total = (own: tf.Tensor): tf.Tensor => (shared === null ? own : sumOverParts(own, shared));
  return tf.tidy(() => {
    const normal = tf.tensor(normalValues(key, x.size, part), x.shape, "float32");
    const mean = tf.mean(x, [...axes[kind]], true);
    const centred = tf.sub(x, shared === null ? mean : tf.div(total(mean), shared.count));
    const variance = tf.div(total(tf.sum(tf.square(centred), [...axes[kind]], true)), count - 1);
    // A constant map has no scale to add noise at, and the square root no slope at 0.
    const sigma = tf.sqrt(tf.maximum(variance, 1e-12));
    return tf.add(x, tf.mul(tf.mul(normal, standardDeviation), sigma));
  });
}

/** The values of the part's samples: those before them are drawn and left. */
function normalValues(key: RandomKey, size: number, part: BatchPart | null): Float32Array {
  const start = (part?.index ?? 0) * size;
  const values = new Float32Array(start + size);
  fillNormal(key, values);
  return values.slice(start);
}
