import type { LayerV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failedChecks } from "../__fixtures__/failed-checks.js";
import { scaled, scalingLayer } from "../__fixtures__/scaling-layer.js";
import { useCpuBackend } from "../use-cpu-backend.js";
import { layerChecks } from "./layer-checks.js";

const inputShape = [2, 3];
const kept: tf.Tensor[] = [];
const keep = (tensor: tf.Tensor): tf.Tensor => {
  kept.push(tf.keep(tensor));
  return tensor;
};

beforeAll(useCpuBackend);
afterAll(() => tf.dispose(kept));

const failuresOf = async (layer: LayerV1): Promise<string[]> =>
  Object.keys(await failedChecks(layerChecks, { layer, inputShape, batchSize: 4, seed: 1 }));

const computing = (apply: LayerV1["apply"]): LayerV1 => scalingLayer(inputShape, { apply });

/** Its value with a gradient that is `factor` times right. */
const wronglyDifferentiated = (factor: number): ((x: tf.Tensor) => tf.Tensor) =>
  tf.customGrad((x: tf.Tensor | tf.GradSaveFunc) => {
    const value = tf.tanh(x as tf.Tensor);
    return { value, gradFunc: (dy: tf.Tensor) => tf.mul(dy, tf.mul(factor, tf.sub(1, tf.square(value)))) };
  });

const gain = { name: "gain", shape: [3], layout: "plain", initializer: { kind: "ones" } } as const;
let calls = 0;

describe("the checks of layers", () => {
  it("pass a layer that keeps its promises", async () => {
    const test = { layer: scalingLayer(inputShape), inputShape, batchSize: 4, seed: 1 };
    expect(await failedChecks(layerChecks, test)).toEqual({});
  });

  it.each<[string, () => LayerV1, string[]]>([
    [
      "lists a name twice",
      () => scalingLayer(inputShape, { parameters: [gain, gain] }),
      ["lists parameters and buffers once each, with shapes that go with their layouts"],
    ],
    [
      "gives a vector the layout of a convolution",
      () => scalingLayer(inputShape, { parameters: [{ ...gain, layout: "convolution" }] }),
      ["lists parameters and buffers once each, with shapes that go with their layouts"],
    ],
    [
      "declares another shape than it puts out",
      () =>
        scalingLayer(inputShape, {
          outputShape: (shape) => [...scalingLayer(inputShape).outputShape(shape), 1],
        }),
      ["puts out float32 of the shape that it declares"],
    ],
    [
      "takes any input",
      () => scalingLayer(inputShape, { outputShape: (shape) => shape }),
      ["refuses input of another rank, and says the truth of other widths or refuses them"],
    ],
    [
      "lists a parameter that it does not use",
      () => scalingLayer(inputShape, { parameters: [gain, { ...gain, name: "shift" }] }),
      ["is reached by gradients: its input and every parameter that it lists"],
    ],
    [
      "has a gradient that is off by 3 %",
      () => computing((x, context) => scaled(x, context, wronglyDifferentiated(1.03))),
      ["has gradients that match finite differences"],
    ],
    [
      "divides by the batch's spread",
      () =>
        computing((x, context) =>
          scaled(x, context, (y) => {
            if (!context.training) return tf.tanh(y);
            return tf.div(tf.tanh(y), tf.sqrt(tf.moments(y, 0).variance));
          }),
        ),
      [
        "stays finite, with finite gradients, for input that is zero",
        "stays finite, with finite gradients, for input that is constant (collapsed)",
      ],
    ],
    [
      "overflows",
      () => computing((x, context) => scaled(x, context, tf.exp)),
      ["stays finite, with finite gradients, for input that is huge (1e4)"],
    ],
    [
      "takes a power that overflows and vanishes",
      () =>
        computing((x, context) =>
          scaled(x, context, (y) => {
            const power = context.training ? tf.pow(tf.mean(tf.square(y)), 6) : tf.scalar(1);
            return tf.mul(tf.tanh(y), tf.div(power, power));
          }),
        ),
      [
        "stays finite, with finite gradients, for input that is zero",
        "stays finite, with finite gradients, for input that is huge (1e4)",
        "stays finite, with finite gradients, for input that is tiny (1e-4)",
      ],
    ],
    [
      "keeps a weight to itself",
      () => {
        const hidden = keep(tf.tensor1d([1, 2, 3]));
        return computing((x, context) => scaled(x, context, (y) => tf.tanh(tf.mul(y, hidden))));
      },
      ["computes from its input and what it lists alone"],
    ],
    [
      "drops values at random",
      () =>
        computing((x, context) => {
          const shift = context.training ? 1e-3 * calls++ : 0;
          return scaled(x, context, (y) => tf.tanh(tf.add(y, shift)));
        }),
      [
        "has gradients that match finite differences",
        "gives the same bits for the same input",
        "treats all samples alike",
      ],
    ],
    [
      "looks at the order of the samples",
      () =>
        computing((x, context) => {
          const place = tf.reshape(tf.range(0, x.shape[0] ?? 0), [-1, 1, 1]);
          return scaled(x, context, (y) => tf.tanh(context.training ? tf.mul(y, tf.add(place, 1)) : y));
        }),
      ["treats all samples alike"],
    ],
    [
      "takes the batch's statistics in evaluation",
      () =>
        computing((x, context) => scaled(x, { ...context, training: true, updateBuffer: () => undefined })),
      ["looks at each sample by itself in evaluation"],
    ],
    [
      "updates a buffer in evaluation",
      () =>
        computing((x, context) => {
          if (!context.training)
            context.updateBuffer("running_mean", tf.clone(context.buffer("running_mean")));
          return scaled(x, context);
        }),
      ["leaves its input and parameters as they were, and in evaluation its buffers"],
    ],
    [
      "keeps a tensor of each call",
      () => computing((x, context) => scaled(x, context, (y) => tf.mul(tf.tanh(y), keep(tf.scalar(1))))),
      ["keeps no tensor beyond the tidy that it is called in, with or without gradients"],
    ],
    [
      "describes another function than its own",
      () => scalingLayer(inputShape, { describe: (input) => ({ operation: "relu", input }) }),
      ["computes in evaluation what it describes, if it describes anything"],
    ],
    [
      "costs nothing that can be",
      () => scalingLayer(inputShape, { multiplyAdds: () => Number.NaN }),
      ["states costs that can be"],
    ],
  ])("find a layer that %s", async (_, make, expected) => {
    expect(await failuresOf(make())).toEqual(expected);
  });
});
