import { batchNorm, convolution, linear, torchDefault } from "@blockwise/layers";
import { InvalidOptionError, type LayerV1, MissingStateError } from "@blockwise/spec";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { encodeOnnx, type OnnxModelOptions } from "./encode-onnx.js";
import type { OnnxTensor } from "./graph-writer.js";

const initializer = torchDefault(1);
const shift = convolution({
  name: "conv",
  inChannels: 1,
  outChannels: 2,
  kernelSize: 1,
  stride: 2,
  padding: 0,
  initializer,
});
const unit = { id: "unit", prefix: "unit.", layer: shift };

/** Channel 0 is twice the image, channel 1 its negative. */
const tensors = new Map<string, OnnxTensor>([
  ["unit.conv.weight", { shape: [2, 1, 1, 1], data: Float32Array.of(2, -1) }],
]);

/** A linear map and a norm behind the mean: `[mean_0 + mean_1, mean_0 - mean_1]`, less 1 and halved. */
const map = linear({ name: "0", inputDim: 2, outputDim: 2 });
const norm = batchNorm({ name: "1", channels: 2 });
const headLayer: LayerV1 = {
  parameters: [...map.parameters, ...norm.parameters],
  buffers: norm.buffers,
  outputShape: () => [2],
  describe: (input) =>
    norm.describe(map.describe({ operation: "global-average", input }), { rank: 2, activation: "relu" }),
  apply: () => {
    throw new Error("not run here");
  },
};
const headTensors: readonly (readonly [string, OnnxTensor])[] = [
  ["head.0.weight", { shape: [2, 2], data: Float32Array.of(1, 1, 1, -1) }],
  ["head.1.weight", { shape: [2], data: Float32Array.of(1, 1) }],
  ["head.1.bias", { shape: [2], data: Float32Array.of(0, 0) }],
  ["head.1.running_mean", { shape: [2], data: Float32Array.of(1, 1) }],
  ["head.1.running_var", { shape: [2], data: Float32Array.of(4 - 1e-5, 4 - 1e-5) }],
];

async function run(
  options: Partial<OnnxModelOptions>,
  shape: readonly number[],
): Promise<Record<string, { readonly dims: readonly number[]; readonly data: readonly number[] }>> {
  const model = encodeOnnx({ units: [unit], tensors, imageShape: [2, 4, 1], ...options });
  const session = await InferenceSession.create(model);
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => index);
  const outputs = await session.run({ images: new Tensor("float32", values, [...shape]) });
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { dims, data }]) => [
      name,
      { dims, data: Array.from(data as Float32Array, (value) => value + 0) },
    ]),
  );
}

describe("encodeOnnx, run by ONNX Runtime", () => {
  it("gives map and features of any number of images, channels first", async () => {
    const { map, features } = await run({}, [2, 1, 2, 4]);
    // Of rows 0 1 2 3 and 4 5 6 7, a stride of 2 leaves 0 and 2; of the second image, 8 and 10.
    expect(map).toEqual({ dims: [2, 2, 1, 2], data: [0, 4, 0, -2, 16, 20, -8, -10] });
    expect(features).toEqual({ dims: [2, 2], data: [2, -1, 18, -9] });
  });

  it("takes and gives channels last", async () => {
    const { map } = await run({ channels: "last" }, [1, 2, 4, 1]);
    expect(map).toEqual({ dims: [1, 1, 2, 2], data: [0, 0, 4, -2] });
  });

  it("adds a head, with a linear map and a norm of vectors", async () => {
    const head = { id: "head", prefix: "head.", layer: headLayer };
    const outputs = await run({ head, tensors: new Map([...tensors, ...headTensors]) }, [1, 1, 2, 4]);
    // (2 - 1 - 1) / 2 and (2 + 1 - 1) / 2
    expect(outputs.head).toEqual({ dims: [1, 2], data: [0, 1] });
  });
});

it("encodeOnnx writes sums over a grid, flattened by channel, run by ONNX Runtime", async () => {
  const layer: LayerV1 = {
    ...headLayer,
    parameters: [],
    buffers: [],
    outputShape: () => [4],
    describe: (input) => ({
      operation: "grid-sum",
      input,
      channels: 2,
      rows: [[1]],
      columns: [
        [1, 0],
        [0.5, 0.5],
      ],
    }),
  };
  const { head } = await run({ head: { id: "head", prefix: "head.", layer } }, [2, 1, 2, 4]);
  // The map's rows are (0, 4), (0, -2), (16, 20) and (-8, -10).
  expect(head).toEqual({ dims: [2, 4], data: [0, 2, 0, -1, 16, 18, -8, -9] });
});

describe("encodeOnnx", () => {
  const options = { units: [unit], tensors, imageShape: [2, 4, 1] };

  it("names its weights and metadata as they are given", () => {
    const model = Buffer.from(encodeOnnx({ ...options, metadata: { mean: "[0.5]" } })).toString("latin1");
    for (const text of ["unit.conv.weight", "mean", "[0.5]", "images", "batch"])
      expect(model).toContain(text);
  });

  it("refuses what it cannot write", () => {
    const { describe: _, ...silent } = shift;
    expect(() => encodeOnnx({ ...options, units: [{ ...unit, layer: silent }] })).toThrow(InvalidOptionError);
    expect(() => encodeOnnx({ ...options, units: [] })).toThrow(InvalidOptionError);
    expect(() => encodeOnnx({ ...options, tensors: new Map() })).toThrow(MissingStateError);
  });
});
