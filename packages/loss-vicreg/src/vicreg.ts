import { InvalidOptionError, type LocalLossV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Options of {@link vicreg}: the weights of its terms. */
export interface VicregOptions {
  /** Weight of the mean squared distance between the views, 0 or more. @default 25 */
  readonly similarity?: number;
  /** Weight of the hinge on each dimension's standard deviation, 0 or more. @default 25 */
  readonly variance?: number;
  /** Weight of the squared covariances between dimensions, 0 or more. @default 1 */
  readonly covariance?: number;
}

/** Keeps the root's slope finite where a dimension is constant; the authors' constant. */
const varianceFloor = 1e-4;

/**
 * The VICReg loss: embeddings of two views shall be equal, each dimension shall vary over the batch, and no two
 * dimensions shall vary together.
 *
 * `total = similarity * mean((z1 - z2)^2) + variance * (v(z1) + v(z2)) / 2 + covariance * (c(z1) + c(z2))`, with
 * `v(z) = mean_j max(0, 1 - sqrt(Var_j + 1e-4))` and `c(z) = sum_{i != j} Cov_ij^2 / dim`, both variance and
 * covariance unbiased (divided by `batch - 1`); the terms are `similarity`, `variance` and `covariance`, weighted.
 *
 * @throws InvalidOptionError
 * @example
 * const loss = vicreg({ covariance: 4 });
 * @see Bardes, Ponce, LeCun: VICReg (2022), arXiv 2105.04906, equations 1 to 6, and the authors' code
 * (facebookresearch/vicreg, main_vicreg.py), whose constants these are.
 * Differs from the paper, as the authors' code does, in halving the variance term, and from some other libraries,
 * which do not halve it: there, its weight counts double.
 */
export function vicreg({ similarity = 25, variance = 25, covariance = 1 }: VicregOptions = {}): LocalLossV1 {
  for (const [option, value] of Object.entries({ similarity, variance, covariance })) {
    requireNumber(option, value, value >= 0, "0 or more");
  }
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "vicreg",
    options: { similarity, variance, covariance },
    capabilities: { views: 2, labels: false, minimumBatchSize: 2, symmetric: true },
    doInit: () => ({ parameters: [], buffers: [] }),

    doCompute({ views }) {
      const [z1, z2] = embeddingPair(views.map(({ embedding }) => embedding));
      return tf.tidy(() => {
        const spreads = [spreadOf(z1), spreadOf(z2)] as const;
        const sum = (part: keyof Spread): tf.Scalar => tf.add(spreads[0][part], spreads[1][part]);
        const terms = {
          similarity: tf.mul<tf.Scalar>(tf.mean(tf.square(tf.sub(z1, z2))), similarity),
          variance: tf.mul<tf.Scalar>(sum("shortfall"), variance / 2),
          covariance: tf.mul<tf.Scalar>(sum("redundancy"), covariance),
        };
        return { total: tf.addN(Object.values(terms)), terms };
      });
    },
  };
}

interface Spread {
  /** `mean_j max(0, 1 - sqrt(Var_j + 1e-4))`. */
  readonly shortfall: tf.Scalar;
  /** `sum_{i != j} Cov_ij^2 / dim`. */
  readonly redundancy: tf.Scalar;
}

function spreadOf(z: tf.Tensor2D): Spread {
  const [batch, dim] = z.shape;
  const centred = tf.sub<tf.Tensor2D>(z, tf.mean(z, 0));
  const variance = tf.div(tf.sum(tf.square(centred), 0), batch - 1);
  const covariance = tf.div(tf.matMul(centred, centred, true), batch - 1);
  // Masked, not the sum over all less the diagonal's: that would cancel where dimensions are nearly independent.
  const offDiagonal = tf.mul(covariance, tf.sub(1, tf.eye(dim)));
  return {
    shortfall: tf.mean(tf.relu(tf.sub(1, tf.sqrt(tf.add(variance, varianceFloor))))),
    redundancy: tf.div(tf.sum(tf.square(offDiagonal)), dim),
  };
}

function embeddingPair([z1, z2]: readonly tf.Tensor2D[]): [tf.Tensor2D, tf.Tensor2D] {
  if (z1?.rank !== 2 || z1.shape[0] < 2) {
    throw new ShapeMismatchError({
      subject: "VICReg: the embedding of view 1",
      expected: "[batch, dim] with a batch of 2 or more",
      received: z1?.shape ?? [],
    });
  }
  if (z2?.shape.join() !== z1.shape.join()) {
    throw new ShapeMismatchError({
      subject: "VICReg: the embedding of view 2",
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
