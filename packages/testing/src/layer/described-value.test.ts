import type { LayerV1, LayerValueV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { failedChecks } from "../__fixtures__/failed-checks.js";
import { useCpuBackend } from "../use-cpu-backend.js";
import { layerChecks } from "./layer-checks.js";

beforeAll(useCpuBackend);

const epsilon = 1e-3;
const window = { stride: 1, padding: 1 } as const;
const pool = { size: 2, stride: 2, padding: 0 } as const;

/** What the layer below computes, with parts of it said wrongly. */
function description(input: LayerValueV1, wrong: Record<string, unknown> = {}): LayerValueV1 {
  const part = <T extends LayerValueV1>(value: T): T => ({ ...value, ...(wrong[value.operation] as object) });
  const map = part({ operation: "convolution", input, weight: "conv.weight", kernelSize: 3, ...window });
  const norm = part({
    operation: "batch-norm",
    input: map,
    scale: "bn.weight",
    offset: "bn.bias",
    mean: "bn.running_mean",
    variance: "bn.running_var",
    epsilon,
    rank: 4,
  });
  const sum: LayerValueV1 = { operation: "add", inputs: [norm, "add" in wrong ? norm : input] };
  const activated: LayerValueV1 = "relu" in wrong ? sum : { operation: "relu", input: sum };
  const pooled = part({ operation: "max-pool", input: activated, ...pool });
  const average: LayerValueV1 = { operation: "global-average", input: pooled };
  return "linear" in wrong ? average : { operation: "linear", input: average, weight: "fc.weight" };
}

const plain = { layout: "plain", initializer: { kind: "ones" } } as const;
const normal = { kind: "normal", standardDeviation: 0.3 } as const;

/** Every operation that can be described: `linear(average(pool(relu(norm(conv(x)) + x))))`. */
function residualLayer(describe: LayerV1["describe"]): LayerV1 {
  return {
    parameters: [
      { name: "conv.weight", shape: [3, 3, 2, 2], layout: "convolution", initializer: normal },
      { name: "bn.weight", shape: [2], ...plain },
      { name: "bn.bias", shape: [2], ...plain },
      { name: "fc.weight", shape: [2, 3], layout: "linear", initializer: normal },
    ],
    buffers: [
      { name: "bn.running_mean", shape: [2], initializer: { kind: "zeros" } },
      { name: "bn.running_var", shape: [2], initializer: { kind: "ones" } },
    ],
    outputShape: () => [3],
    ...(describe === undefined ? {} : { describe }),
    apply: (x, { training, operations, parameter, buffer, updateBuffer }) => {
      const map = operations.conv2d(x as tf.Tensor4D, parameter("conv.weight") as tf.Tensor4D, window);
      const affine = {
        scale: parameter("bn.weight") as tf.Tensor1D,
        offset: parameter("bn.bias") as tf.Tensor1D,
        epsilon,
        residual: x,
        activation: "relu",
      } as const;
      const [mean, variance] = [buffer("bn.running_mean"), buffer("bn.running_var")] as tf.Tensor1D[];
      const trained = training ? operations.batchNormTrain(map, affine) : null;
      if (trained !== null) {
        updateBuffer("bn.running_mean", trained.mean);
        updateBuffer("bn.running_var", trained.variance);
      }
      const activated =
        trained?.output ??
        operations.batchNormEvaluate(map, {
          ...affine,
          mean: mean as tf.Tensor1D,
          variance: variance as tf.Tensor1D,
        });
      const pooled = operations.maxPool(activated as tf.Tensor4D, pool);
      return tf.matMul(tf.mean(pooled, [1, 2]), parameter("fc.weight") as tf.Tensor2D);
    },
  };
}

const checks = layerChecks.filter(({ name }) => name.startsWith("computes in evaluation what it describes"));
const faultOf = async (describe: LayerV1["describe"]): Promise<string | undefined> =>
  Object.values(
    await failedChecks(checks, {
      layer: residualLayer(describe),
      inputShape: [4, 4, 2],
      batchSize: 3,
      seed: 1,
    }),
  )[0];

describe("what a layer describes", () => {
  it("may be nothing, or what it computes, by any operation", async () => {
    expect(checks).toHaveLength(1);
    expect(await faultOf(undefined)).toBeUndefined();
    expect(await faultOf((input) => description(input))).toBeUndefined();
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ["another padding", { convolution: { padding: 0 } }, /Error|shape|must/i],
    ["another kernel", { convolution: { kernelSize: 5 } }, /a kernel of 5, and has one of 3/],
    [
      "a weight that is not there",
      { convolution: { weight: "conv1.weight" } },
      /"conv1\.weight", which it does/,
    ],
    [
      "gain and shift the wrong way round",
      { "batch-norm": { scale: "bn.bias", offset: "bn.weight" } },
      /describes/,
    ],
    ["mean for variance", { "batch-norm": { variance: "bn.running_mean" } }, /describes/],
    ["another epsilon", { "batch-norm": { epsilon: 0.1 } }, /describes/],
    ["a norm of vectors", { "batch-norm": { rank: 2 } }, /a norm of 2 axes behind 4/],
    ["another sum", { add: true }, /describes/],
    ["no activation", { relu: true }, /describes/],
    ["another pooling", { "max-pool": { stride: 1 } }, /describes/],
    ["no linear map at the end", { linear: true }, /puts out \[3,3\], and describes \[3,2\]/],
  ])("is caught where it is %s", async (_, wrong, message) => {
    expect(await faultOf((input) => description(input, wrong))).toMatch(message);
  });
});
