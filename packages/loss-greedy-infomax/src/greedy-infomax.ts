import { torchDefault } from "@blockwise/layers";
import {
  InvalidOptionError,
  type LocalLossSiteV1,
  type LocalLossV1,
  type LocalLossViewV1,
  type ParameterSpecV1,
  ShapeMismatchError,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { patchesOf } from "./patches.js";

/** Options of {@link greedyInfoMax}. */
export interface GreedyInfoMaxOptions {
  /** How many rows of patches further down are predicted, each by a matrix of its own, 1 or more. @default 3 */
  readonly predictionSteps?: number;
  /**
   * Among how many other samples the right patch must be found: the next ones in the batch, in a circle; or all of them.
   * @default "all"
   */
  readonly negatives?: number | "all";
  /** What scores are divided by, above 0. @default 1 */
  readonly temperature?: number;
  /** Maps with more rows or columns than this are averaged to so many patches a side, 2 or more. @default 7 */
  readonly grid?: number;
}

/** The score of a patch that is left out: its exponential is 0 beside any other. */
const leftOut = -3e38;

/**
 * Greedy InfoMax: from each patch of a block's output map, the patch `k` rows below it in the same column shall be told
 * from those at that place in other samples.
 *
 * With `c_ip` the patch of sample `i` at place `p` and `c_ip+k` that `k` rows below, scores
 * `s_ij = c_ip^T W_k c_jp+k / temperature`, and
 * `total = mean_k mean_{v,i,p} (log sum_{j in {i} and negatives} exp(s_ij) - s_ii)` over prediction steps, views,
 * samples, and places that have a row `k` below; the terms `step1`, `step2`, ... are its parts by `k`. The
 * `W_k [channels, channels]` are the loss's own parameters `predict.<k>.weight`. Head and projector have no part in it.
 *
 * `doInit` throws ShapeMismatchError for maps of too few rows and InvalidOptionError for batches of too few negatives.
 *
 * @throws InvalidOptionError
 * @example
 * const loss = greedyInfoMax({ predictionSteps: 2 });
 * @see Lowe, O'Connor, Veeling: Putting An End to End-to-End: Gradient-Isolated Learning of Representations (2019), arXiv
 * 1905.11786, section 3, and the authors' code (loeweX/Greedy_InfoMax, vision: 5 steps, 16 negatives, 7 x 7 patches).
 * Differs from the paper: patches are cells of one map of the whole image, not images of their own that are encoded apart,
 * so that neighbours overlap in what they see; negatives come from the same place in other samples of the batch instead
 * of being drawn at random from all places, so that a place is no clue and no draw is needed; the first row below is
 * predicted as well, where the paper begins with the second; and two augmented views are each predicted from themselves.
 */
export function greedyInfoMax({
  predictionSteps = 3,
  negatives = "all",
  temperature = 1,
  grid = 7,
}: GreedyInfoMaxOptions = {}): LocalLossV1 {
  requireCount("predictionSteps", predictionSteps, 1);
  if (negatives !== "all") requireCount("negatives", negatives, 1, ', or "all"');
  requireCount("grid", grid, 2);
  if (!Number.isFinite(temperature) || temperature <= 0) {
    throw new InvalidOptionError({
      option: "temperature",
      expected: "a finite number above 0",
      received: temperature,
    });
  }
  const minimumBatchSize = negatives === "all" ? 2 : negatives + 1;
  const steps = Array.from({ length: predictionSteps }, (_, index) => index + 1);
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "greedy-infomax",
    options: { predictionSteps, negatives, temperature, grid },
    capabilities: { views: 2, labels: false, minimumBatchSize, symmetric: true },

    doInit(site) {
      requireRows(site, grid, predictionSteps);
      const channels = site.mapShape[2] ?? 0;
      const parameters = steps.map(
        (step): ParameterSpecV1 => ({
          name: weightName(step),
          shape: [channels, channels],
          layout: "linear",
          initializer: torchDefault(channels),
        }),
      );
      return { parameters, buffers: [] };
    },

    doCompute({ views, site, context }) {
      const maps = mapsOf(views, site, minimumBatchSize);
      return tf.tidy(() => {
        const [height = 0, width = 0] = site.mapShape;
        const patches = maps.map((map) => patchesOf(map, Math.min(height, grid), Math.min(width, grid)));
        const terms = steps.map((step): [string, tf.Scalar] => {
          const weight = context.parameter(weightName(step)) as tf.Tensor2D;
          const losses = patches.map((view) => stepLoss(view, weight, { step, negatives, temperature }));
          return [`step${step}`, tf.div(tf.addN(losses), losses.length * predictionSteps)];
        });
        return { total: tf.addN(terms.map(([, term]) => term)), terms: Object.fromEntries(terms) };
      });
    },
  };
}

function weightName(step: number): string {
  return `predict.${step}.weight`;
}

/** `mean_{i,p} (log sum_j exp(s_ij) - s_ii)` for `patches [rows, columns, batch, channels]`. */
function stepLoss(
  patches: tf.Tensor4D,
  weight: tf.Tensor2D,
  options: { readonly step: number; readonly negatives: number | "all"; readonly temperature: number },
): tf.Scalar {
  const { step, negatives, temperature } = options;
  const [rows, columns, batch, channels] = patches.shape;
  const places = (rows - step) * columns;
  const above = tf.reshape(tf.slice(patches, 0, rows - step), [places * batch, channels]);
  const below: tf.Tensor3D = tf.reshape(tf.slice(patches, step), [places, batch, channels]);
  const predicted: tf.Tensor3D = tf.reshape(tf.matMul(above, weight), [places, batch, channels]);
  const scores = tf.div(tf.matMul(predicted, below, false, true), temperature);
  const right = tf.div(tf.sum(tf.mul(predicted, below), 2), temperature);
  const compared = negatives === "all" ? scores : tf.where(circle(batch, negatives, places), scores, leftOut);
  return tf.mean(tf.sub(tf.logSumExp(compared, 2), right));
}

/** `[places, batch, batch]`: true where sample j is sample i or one of the `count` that follow it in a circle. */
function circle(batch: number, count: number, places: number): tf.Tensor3D {
  const seen = Array.from({ length: batch * batch }, (_, index) => {
    const [i, j] = [Math.floor(index / batch), index % batch];
    return (j - i + batch) % batch <= count;
  });
  return tf.tile(tf.tensor3d(seen, [1, batch, batch], "bool"), [places, 1, 1]);
}

function requireRows(site: LocalLossSiteV1, grid: number, predictionSteps: number): void {
  const [height = 0] = site.mapShape;
  const rows = Math.min(height, grid);
  if (rows > predictionSteps) return;
  throw new ShapeMismatchError({
    subject: `Greedy InfoMax: the output map of block ${site.blockIndex}`,
    expected: `[height, width, channels] with more than ${predictionSteps} rows after pooling to ${grid} at most, to predict ${predictionSteps} below`,
    received: site.mapShape,
    hint:
      rows > 1
        ? `Take predictionSteps of ${rows - 1} at most for this block${grid <= predictionSteps ? ", or a finer grid" : ""}.`
        : "Take larger images, a backbone that shrinks them less, or another loss for this block (perBlock).",
  });
}

function mapsOf(
  views: readonly LocalLossViewV1[],
  { mapShape }: LocalLossSiteV1,
  minimumBatchSize: number,
): readonly tf.Tensor4D[] {
  const batch = views[0]?.map.shape[0] ?? 0;
  return [0, 1].map((index) => {
    const map = views[index]?.map;
    if (map?.shape.join() !== [batch, ...mapShape].join() || batch < minimumBatchSize) {
      throw new ShapeMismatchError({
        subject: `Greedy InfoMax: the map of view ${index + 1}`,
        expected: `[batch, ${mapShape.join(", ")}] with the same batch of ${minimumBatchSize} or more in both views`,
        received: map?.shape ?? [],
      });
    }
    return map as tf.Tensor4D;
  });
}

function requireCount(option: string, value: number, minimum: number, or = ""): void {
  if (!Number.isSafeInteger(value) || value < minimum) {
    throw new InvalidOptionError({
      option,
      expected: `a whole number of ${minimum} or more${or}`,
      received: value,
    });
  }
}
