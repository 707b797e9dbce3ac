import { type HeadV1, type LayerV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** A map's channels. @throws ShapeMismatchError unless `inputShape` is `[height, width, channels]`, each at least 1. */
export function channelsOf(subject: string, inputShape: readonly number[]): number {
  const [, , channels] = inputShape;
  if (inputShape.length !== 3 || channels === undefined || inputShape.some((size) => size < 1)) {
    throw new ShapeMismatchError({ subject, expected: "[height, width, channels]", received: inputShape });
  }
  return channels;
}

/**
 * Global spatial pooling (GSP): the mean over height and width,
 * `[batch, height, width, channels] -> [batch, channels]`. It has no parameters.
 *
 * Its `doCreate` throws ShapeMismatchError for what is no map.
 *
 * @see Siddiqui et al., "Blockwise Self-Supervised Learning at Scale", 2024, arXiv 2302.01647 ("GSP").
 * @example
 * const head = globalPool();
 */
export function globalPool(): HeadV1 {
  return {
    specificationVersion: "v1",
    kind: "head",
    id: "global-pool",
    options: {},
    doCreate: ({ inputShape }) => {
      channelsOf("Input of the global pool", inputShape);
      return averageLayer;
    },
  };
}

const averageLayer: LayerV1 = {
  parameters: [],
  buffers: [],
  outputShape: (inputShape) => [channelsOf("Input of the global pool", inputShape)],
  multiplyAdds: () => 0,
  activationSize: (inputShape) => channelsOf("Input of the global pool", inputShape),
  describe: (input) => ({ operation: "global-average", input }),
  apply: (x) => tf.mean(x, [1, 2]),
};
