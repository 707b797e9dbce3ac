import { InvalidOptionError, type LocalLossV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Options of {@link barlowTwins}. */
export interface BarlowTwinsOptions {
  /** Weight of the redundancy term, 0 or more. @default 0.0051 */
  readonly lambda?: number;
  /** Factor on the whole loss, above 0. LARS makes it act on one-dimensional parameters alone. @default 0.024 */
  readonly scale?: number;
  /** Added to the variance that embeddings are normalised by, above 0. @default 1e-5 */
  readonly epsilon?: number;
}

/**
 * The Barlow Twins loss: embeddings of two views, normalised over the batch, shall have the identity as their
 * cross-correlation.
 *
 * `C = BN(z1)^T BN(z2) / batch`, `[dim, dim]`;
 * `total = scale * (sum_i (C_ii - 1)^2 + lambda * sum_{i != j} C_ij^2)`; the terms are `invariance` and `redundancy`.
 * BN takes the batch's mean and biased variance and has no parameters. All in float32.
 *
 * @throws InvalidOptionError
 * @example
 * const loss = barlowTwins({ scale: 0.1 });
 * @see Zbontar, Jing, Misra, LeCun, Deny: Barlow Twins (2021), arXiv 2103.03230, equations 1 and 2; constants of
 * Siddiqui et al.: Blockwise Self-Supervised Learning at Scale (2023), arXiv 2302.01647.
 * Differs from the authors' code in that float16 is never used, and that there is one device: no reduction over several.
 */
export function barlowTwins({
  lambda = 0.0051,
  scale = 0.024,
  epsilon = 1e-5,
}: BarlowTwinsOptions = {}): LocalLossV1 {
  requireNumber("lambda", lambda, lambda >= 0, "0 or more");
  requireNumber("scale", scale, scale > 0, "above 0");
  requireNumber("epsilon", epsilon, epsilon > 0, "above 0");
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "barlow-twins",
    options: { lambda, scale, epsilon },
    capabilities: { views: 2, labels: false, minimumBatchSize: 2, symmetric: true },
    doInit: () => ({ parameters: [], buffers: [] }),

    doCompute({ views, context }) {
      const [z1, z2] = embeddingPair(views.map(({ embedding }) => embedding));
      return tf.tidy(() => {
        const normalization = { scale: null, offset: null, epsilon };
        const n1 = context.operations.batchNormTrain(z1, normalization).output;
        const n2 = context.operations.batchNormTrain(z2, normalization).output;
        const [batch, dim] = z1.shape;
        const diagonal = tf.mean(tf.mul(n1, n2), 0);
        const correlation = tf.div(tf.matMul(n1, n2, true), batch);
        // Masked, not the sum over all less the diagonal's: near convergence that would cancel.
        const offDiagonal = tf.mul(correlation, tf.sub(1, tf.eye(dim)));
        const invariance = tf.mul<tf.Scalar>(tf.sum(tf.square(tf.sub(diagonal, 1))), scale);
        const redundancy = tf.mul<tf.Scalar>(tf.sum(tf.square(offDiagonal)), scale * lambda);
        return { total: tf.add<tf.Scalar>(invariance, redundancy), terms: { invariance, redundancy } };
      });
    },
  };
}

function embeddingPair([z1, z2]: readonly tf.Tensor2D[]): [tf.Tensor2D, tf.Tensor2D] {
  if (z1?.rank !== 2 || z1.shape[0] < 2) {
    throw new ShapeMismatchError({
      subject: "Barlow Twins: the embedding of view 1",
      expected: "[batch, dim] with a batch of 2 or more",
      received: z1?.shape ?? [],
    });
  }
  if (z2?.shape.join() !== z1.shape.join()) {
    throw new ShapeMismatchError({
      subject: "Barlow Twins: the embedding of view 2",
      expected: `[${z1.shape.join(", ")}] as view 1 has`,
      received: z2?.shape ?? [],
    });
  }
  return [z1, z2];
}

function requireNumber(option: string, value: number, withinBounds: boolean, bounds: string): void {
  if (!Number.isFinite(value) || !withinBounds) {
    throw new InvalidOptionError({ option, expected: `a finite number ${bounds}`, received: value });
  }
}
