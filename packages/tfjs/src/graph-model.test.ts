import { batchNorm, convolution, linear, torchDefault } from "@blockwise/layers";
import { InvalidOptionError, type LayerV1, type LayerValueV1, MissingStateError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { type GraphModelOptions, graphModel } from "./graph-model.js";
import type { GraphTensor } from "./stored-tensor.js";

/** A layer of which only the description counts. */
function described(describe: (input: LayerValueV1) => LayerValueV1, outputShape: readonly number[]): LayerV1 {
  return {
    parameters: [],
    buffers: [],
    outputShape: () => outputShape,
    describe,
    apply: () => {
      throw new Error("not run here");
    },
  };
}

const shift = convolution({
  name: "conv",
  inChannels: 1,
  outChannels: 2,
  kernelSize: 1,
  stride: 2,
  padding: 0,
  initializer: torchDefault(1),
});
const unit = { id: "unit", prefix: "unit.", layer: shift };

/** Channel 0 is twice the image, channel 1 its negative. */
const filter: GraphTensor = { shape: [2, 1, 1, 1], data: Float32Array.of(2, -1) };
const tensors = new Map([["unit.conv.weight", filter]]);

/** `(x - 1) / 2` and `x + 3` */
const norm = batchNorm({ name: "norm", channels: 2 });
const normTensors = (prefix: string): readonly (readonly [string, GraphTensor])[] => [
  [`${prefix}norm.weight`, { shape: [2], data: Float32Array.of(1, 1) }],
  [`${prefix}norm.bias`, { shape: [2], data: Float32Array.of(0, 3) }],
  [`${prefix}norm.running_mean`, { shape: [2], data: Float32Array.of(1, 0) }],
  [`${prefix}norm.running_var`, { shape: [2], data: Float32Array.of(4 - 1e-5, 1 - 1e-5) }],
];

async function run(
  options: Partial<GraphModelOptions>,
  images: number[][][][] = [
    [
      [[0], [1], [2], [3]],
      [[4], [5], [6], [7]],
    ],
  ],
): Promise<{
  readonly outputs: Record<string, unknown>;
  readonly operations: readonly string[];
  readonly metadata: unknown;
}> {
  await tf.setBackend("cpu");
  const model = graphModel({ units: [unit], tensors, imageShape: [2, 4, 1], ...options });
  const loaded = await tf.loadGraphModel(tf.io.fromMemory(model));
  const input = tf.tensor4d(images);
  const tensorsByName = loaded.predict(input) as tf.NamedTensorMap;
  const outputs = Object.fromEntries(
    Object.entries(tensorsByName).map(([name, tensor]) => [name, tensor.add(0).arraySync()]),
  );
  tf.dispose([input, ...Object.values(tensorsByName)]);
  loaded.dispose();
  const operations = model.modelTopology.node.map(({ op }) => op).filter((op) => op !== "Const");
  return { outputs, operations, metadata: model.userDefinedMetadata };
}

describe("graphModel, run by TensorFlow.js", () => {
  it("gives map and features by name, of any number of images", async () => {
    const image = [
      [[0], [1], [2], [3]],
      [[4], [5], [6], [7]],
    ];
    const { outputs } = await run({}, [image, image.map((row) => row.map(([value = 0]) => [value + 8]))]);
    // Of rows 0 1 2 3 and 4 5 6 7, a stride of 2 leaves 0 and 2; of the second image, 8 and 10.
    expect(outputs).toEqual({
      map: [
        [
          [
            [0, 0],
            [4, -2],
          ],
        ],
        [
          [
            [16, -8],
            [20, -10],
          ],
        ],
      ],
      features: [
        [2, -1],
        [18, -9],
      ],
    });
  });

  it("folds a norm and a ReLU into the convolution before them", async () => {
    const layer = described(
      (input) => norm.describe(shift.describe(input), { activation: "relu" }),
      [1, 2, 2],
    );
    const { outputs, operations } = await run({
      units: [{ ...unit, layer }],
      tensors: new Map([...tensors, ...normTensors("unit.")]),
    });
    expect(operations).toEqual(["Placeholder", "_FusedConv2D", "Mean", "Identity", "Identity"]);
    expect(outputs.map).toEqual([
      [
        [
          [0, 3],
          [1.5, 1],
        ],
      ],
    ]);
  });

  it("leaves apart what is read twice, or has no convolution before it", async () => {
    const layer = described(
      (input) => {
        const mapped = shift.describe(input);
        return { operation: "add", inputs: [norm.describe(mapped, { activation: "relu" }), mapped] };
      },
      [1, 2, 2],
    );
    const twice = { ...unit, layer };
    const behind = {
      id: "behind",
      prefix: "unit.",
      layer: described((input) => norm.describe(input), [1, 2, 2]),
    };
    const { outputs, operations } = await run({
      units: [twice, behind],
      tensors: new Map([...tensors, ...normTensors("unit.")]),
    });
    expect(operations.slice(1, 6)).toEqual(["Conv2D", "Mul", "AddV2", "Relu", "AddV2"]);
    // relu(norm(0, 0)) + (0, 0) = (0, 3), and (1.5, 1) + (4, -2); then the norm once more.
    expect(outputs.map).toEqual([
      [
        [
          [-0.5, 6],
          [2.25, 2],
        ],
      ],
    ]);
  });

  it("pads as PyTorch does: on both sides, and maxima by minus infinity", async () => {
    const pool = described(
      (input) => ({ operation: "max-pool", input, size: 3, stride: 2, padding: 1 }),
      [1, 2, 1],
    );
    const { outputs } = await run({ units: [{ ...unit, layer: pool }] }, [
      [
        [[-5], [-4], [-3], [-2]],
        [[-9], [-9], [-9], [-9]],
      ],
    ]);
    expect(outputs.map).toEqual([[[[-4], [-2]]]]);
    const sum = convolution({
      name: "conv",
      inChannels: 1,
      outChannels: 1,
      kernelSize: 3,
      stride: 2,
      padding: 1,
      initializer: torchDefault(9),
    });
    const ones = new Map([["unit.conv.weight", { shape: [1, 1, 3, 3], data: new Float32Array(9).fill(1) }]]);
    const { outputs: sums } = await run({ units: [{ ...unit, layer: sum }], tensors: ones });
    expect(sums.map).toEqual([[[[10], [24]]]]);
  });

  it("reads by heads, at further depths and at the end, and tells what it is told", async () => {
    const map = linear({ name: "0", inputDim: 2, outputDim: 2 });
    const layer = described(
      (input) =>
        norm.describe(map.describe({ operation: "global-average", input }), { rank: 2, activation: "relu" }),
      [2],
    );
    const head = { id: "head", prefix: "head.", layer };
    const pool = described((input) => ({ operation: "relu", input }), [1, 2, 2]);
    const { outputs, operations, metadata } = await run({
      units: [unit, { id: "last", prefix: "", layer: pool }],
      head,
      depths: [
        { name: "first", after: "unit", head },
        { name: "last", after: "last" },
      ],
      tensors: new Map([
        ...tensors,
        ["head.0.weight", { shape: [2, 2], data: Float32Array.of(1, 1, 1, -1) }],
        ...normTensors("head."),
      ]),
      metadata: { mean: [0.5], std: [0.25] },
    });
    expect(operations).toContain("_FusedMatMul");
    expect(Object.keys(outputs)).toEqual([
      "first.features",
      "first.head",
      "last.features",
      "map",
      "features",
      "head",
    ]);
    // (2 - 1 - 1) / 2 and (2 + 1) + 3; behind the ReLU (2 + 0 - 1) / 2 and (2 - 0) + 3
    expect(outputs).toMatchObject({
      "first.features": [[2, -1]],
      "first.head": [[0, 6]],
      "last.features": [[2, 0]],
      features: [[2, 0]],
      head: [[0.5, 5]],
    });
    expect(metadata).toMatchObject({ mean: [0.5], std: [0.25] });
  });
});

it("graphModel writes sums over a grid, flattened by channel", async () => {
  const layer = described(
    (input) => ({
      operation: "grid-sum",
      input,
      channels: 2,
      rows: [[1], [2]],
      columns: [
        [1, 0],
        [0.5, 0.5],
      ],
    }),
    [8],
  );
  const { outputs } = await run({ head: { id: "head", prefix: "head.", layer } });
  // The map's rows are (0, 4) and (0, -2).
  expect(outputs.head).toEqual([[0, 2, 0, 4, 0, -1, 0, -2]]);
});

describe("graphModel", () => {
  const options = { units: [unit], tensors, imageShape: [2, 4, 1] };

  it("refuses what it cannot write", () => {
    const { describe: _, ...silent } = shift;
    expect(() => graphModel({ ...options, units: [{ ...unit, layer: silent }] })).toThrow(InvalidOptionError);
    expect(() => graphModel({ ...options, units: [] })).toThrow(InvalidOptionError);
    expect(() => graphModel({ ...options, depths: [{ name: "a", after: "layer9" }] })).toThrow("layer9");
    expect(() => graphModel({ ...options, tensors: new Map() })).toThrow(MissingStateError);
  });
});
