import { InvalidOptionError, type LocalLossV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Options of {@link myPlugin}: plain JSON. */
export interface MyPluginOptions {
  /** Factor on the whole loss, above 0. @default 1 */
  readonly scale?: number;
}

/**
 * TODO: what it is, in one sentence.
 *
 * `loss = scale * mean((z1 - z2)^2)` with the embeddings `z1` and `z2`, `[batch, embeddingDim]`. TODO: your formula.
 *
 * @throws InvalidOptionError; ShapeMismatchError for views that do not go together.
 * @see TODO: authors, title, year, equation.
 */
export function myPlugin(options: MyPluginOptions = {}): LocalLossV1 {
  const { scale = 1 } = options;
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new InvalidOptionError({ option: "scale", expected: "a number above 0", received: scale });
  }
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "my-plugin",
    options: { scale },
    capabilities: { views: 2, labels: false, minimumBatchSize: 1, symmetric: true },
    doInit: () => ({ parameters: [], buffers: [] }),
    doCompute: ({ views: [first, second] }) =>
      tf.tidy(() => {
        const [z1, z2] = [first?.embedding, second?.embedding];
        if (z1 === undefined || z2 === undefined || z1.shape.join() !== z2.shape.join()) {
          throw new ShapeMismatchError({
            subject: "my-plugin: the embedding of view 2",
            expected: `[${z1?.shape ?? "batch, dim"}], as that of view 1,`,
            received: z2?.shape ?? [],
          });
        }
        const total = tf.mul<tf.Scalar>(tf.mean(tf.squaredDifference(z1, z2)), scale);
        return { total, terms: { distance: tf.clone(total) } };
      }),
  };
}
