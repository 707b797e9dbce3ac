import { InvalidOptionError, type LocalLossV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Options of {@link simclr}. */
export interface SimclrOptions {
  /** What similarities are divided by, above 0. @default 0.2 */
  readonly temperature?: number;
}

/** Shorter embeddings than 1e-6 are not brought to length 1, which keeps the gradient of a zero embedding finite. */
const squaredNormFloor = 1e-12;

/** Added to a sample's similarity with itself: its exponential is then 0 in float32, for any temperature above 1e-8. */
const selfPenalty = -1e9;

/**
 * The SimCLR loss (NT-Xent): each of the `2 batch` embeddings shall be told from all others but its partner in the
 * other view, by cosine similarity.
 *
 * `total = mean_i (log sum_{k != i} exp(s_ik) - s_ip)` with `s_ik = cos(z_i, z_k) / temperature` and `p` the partner of
 * `i`, over both views; the terms are `alignment = -mean_i s_ip` and
 * `uniformity = mean_i log sum_{k != i} exp(s_ik)`.
 *
 * @throws InvalidOptionError
 * @example
 * const loss = simclr({ temperature: 0.5 });
 * @see Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual Representations (2020),
 * arXiv 2002.05709, equation 1 and algorithm 1. The negatives are those of this batch on this device.
 */
export function simclr({ temperature = 0.2 }: SimclrOptions = {}): LocalLossV1 {
  if (!Number.isFinite(temperature) || temperature <= 0) {
    throw new InvalidOptionError({
      option: "temperature",
      expected: "a finite number above 0",
      received: temperature,
    });
  }
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "simclr",
    options: { temperature },
    capabilities: { views: 2, labels: false, minimumBatchSize: 2, symmetric: true },
    doInit: () => ({ parameters: [], buffers: [] }),

    doCompute({ views }) {
      const [z1, z2] = embeddingPair(views.map(({ embedding }) => embedding));
      return tf.tidy(() => {
        const [u1, u2] = [unitRows(z1), unitRows(z2)];
        const all = tf.concat([u1, u2]);
        const logits = tf.div(tf.matMul(all, all, false, true), temperature);
        const others = tf.add(logits, tf.mul(tf.eye(all.shape[0]), selfPenalty));
        const uniformity: tf.Scalar = tf.mean(tf.logSumExp(others, 1));
        const agreement = tf.mean(tf.sum(tf.mul(u1, u2), 1));
        const alignment = tf.mul<tf.Scalar>(agreement, -1 / temperature);
        return { total: tf.add<tf.Scalar>(alignment, uniformity), terms: { alignment, uniformity } };
      });
    },
  };
}

function unitRows(z: tf.Tensor2D): tf.Tensor2D {
  const squaredNorm = tf.sum(tf.square(z), 1, true);
  return tf.mul(z, tf.rsqrt(tf.maximum(squaredNorm, squaredNormFloor)));
}

function embeddingPair([z1, z2]: readonly tf.Tensor2D[]): [tf.Tensor2D, tf.Tensor2D] {
  if (z1?.rank !== 2 || z1.shape[0] < 2) {
    throw new ShapeMismatchError({
      subject: "SimCLR: the embedding of view 1",
      expected: "[batch, dim] with a batch of 2 or more",
      received: z1?.shape ?? [],
    });
  }
  if (z2?.shape.join() !== z1.shape.join()) {
    throw new ShapeMismatchError({
      subject: "SimCLR: the embedding of view 2",
      expected: `[${z1.shape.join(", ")}] as view 1 has`,
      received: z2?.shape ?? [],
    });
  }
  return [z1, z2];
}
