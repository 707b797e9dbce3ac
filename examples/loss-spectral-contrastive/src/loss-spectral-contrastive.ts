import { InvalidOptionError, type LocalLossV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Options of {@link spectralContrastive}: plain JSON. */
export interface SpectralContrastiveOptions {
  /** The squared radius of the ball that embeddings are kept in, above 0. @default 1 */
  readonly mu?: number;
}

/**
 * The spectral contrastive loss: embeddings of one image's views are drawn together, those of different images towards
 * right angles. Its minimum is a spectral decomposition of the graph that the views span.
 *
 * With the embeddings `z1` and `z2`, `[batch, embeddingDim]`, moved to length `sqrt(mu)` where they are longer,
 *
 * `loss = (attraction + repulsion) / mu`, `attraction = -2 mean_i z1_i . z2_i`,
 * `repulsion = mean over i != j of (z1_i . z2_j)^2`.
 *
 * @throws InvalidOptionError; ShapeMismatchError for a batch of one, and for views that do not go together.
 * @see HaoChen, Wei, Gaidon, Ma: "Provable Guarantees for Self-Supervised Deep Learning with Spectral Contrastive Loss",
 *   2021, arXiv 2106.04156, algorithm 1; the ball and the factor of 1 / mu are those of the authors' code
 *   (github.com/jhaochenz96/spectral_contrastive_learning, models/spectral.py).
 */
export function spectralContrastive(options: SpectralContrastiveOptions = {}): LocalLossV1 {
  const { mu = 1 } = options;
  if (!(mu > 0 && Number.isFinite(mu))) {
    throw new InvalidOptionError({ option: "mu", expected: "a number above 0", received: mu });
  }
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "spectral-contrastive",
    options: { mu },
    capabilities: { views: 2, labels: false, minimumBatchSize: 2, symmetric: true },
    doInit: () => ({ parameters: [], buffers: [] }),
    doCompute: ({ views: [first, second] }) =>
      tf.tidy(() => {
        const [z1, z2] = checkViews(first?.embedding, second?.embedding).map((z) => intoBall(z, mu)) as [
          tf.Tensor2D,
          tf.Tensor2D,
        ];
        const batch = z1.shape[0];
        // [i, j]: how far embedding i of the first view points the way of embedding j of the second.
        const products = tf.matMul(z1, z2, false, true);
        const own = tf.sum(tf.mul(z1, z2), 1);
        const attraction = tf.mul<tf.Scalar>(tf.mean(own), -2 / mu);
        const others = tf.sub(tf.sum(tf.square(products)), tf.sum(tf.square(own)));
        const repulsion = tf.div<tf.Scalar>(others, mu * batch * (batch - 1));
        return { total: tf.add<tf.Scalar>(attraction, repulsion), terms: { attraction, repulsion } };
      }),
  };
}

/**
 * Embeddings of squared length above `mu` on the sphere, the others as they are. The root is taken of 1 or less and the
 * divisor is never below `mu`: so an embedding of zeros has a gradient too.
 */
function intoBall(z: tf.Tensor2D, mu: number): tf.Tensor2D {
  const squaredLengths = tf.sum(tf.square(z), 1, true);
  return tf.mul(z, tf.sqrt(tf.div(mu, tf.maximum(squaredLengths, mu))));
}

function checkViews(
  z1: tf.Tensor2D | undefined,
  z2: tf.Tensor2D | undefined,
): readonly [tf.Tensor2D, tf.Tensor2D] {
  const subject = "Spectral contrastive loss: the embedding of view 2";
  if (z1 === undefined || z2 === undefined || z1.shape.join() !== z2.shape.join()) {
    const expected = `[${z1?.shape ?? "batch, dim"}], as that of view 1,`;
    throw new ShapeMismatchError({ subject, expected, received: z2?.shape ?? [] });
  }
  if (z1.shape[0] < 2) {
    throw new ShapeMismatchError({ subject, expected: "[2 or more, dim]", received: z1.shape });
  }
  return [z1, z2];
}
