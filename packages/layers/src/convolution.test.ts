import { createEngine } from "@blockwise/engine";
import type { EngineV1 } from "@blockwise/spec";
import { createLayerSubject } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { activation, torchLayers, weight } from "./__fixtures__/torch-layers.js";
import { convolution } from "./convolution.js";

const initializer = { kind: "zeros" } as const;
const plain = { name: "conv", inChannels: 3, outChannels: 4, initializer };

describe.each(["cpu", "wasm"] as const)("convolution on %s", (engineName) => {
  let engine: EngineV1;
  beforeAll(async () => {
    engine = await createEngine({ name: engineName });
  });

  it.each(torchLayers.convolutions)(
    "does what PyTorch does: kernel $kernelSize, stride $stride, padding $padding",
    ({ weight: filter, input, output, ...window }) => {
      tf.tidy(() => {
        const layer = convolution({ ...plain, ...window });
        const subject = createLayerSubject(layer, engine.operations);
        const x = activation(input);
        const computed = subject.apply(x, { parameters: [weight(filter)] });
        expect(computed).toBeCloseToTensor(activation(output), { absolute: 2e-6 });
        expect(layer.outputShape(x.shape.slice(1))).toEqual(computed.shape.slice(1));
        subject.dispose();
      });
    },
  );
});

describe("convolution", () => {
  it("lists its filter in TensorFlow's axis order, with the layout that files need", () => {
    const layer = convolution({ ...plain, kernelSize: 3, stride: 1, padding: 1 });
    expect(layer.parameters).toEqual([
      { name: "conv.weight", shape: [3, 3, 3, 4], layout: "convolution", initializer },
    ]);
    expect(layer.buffers).toEqual([]);
  });

  it("refuses other channels, other ranks and images that are too small", () => {
    const layer = convolution({ ...plain, kernelSize: 5, stride: 2, padding: 1 });
    expect(() => layer.outputShape([8, 8, 1])).toThrow(
      "must have shape [height, width, 3], but has [8, 8, 1]",
    );
    expect(() => layer.outputShape([8, 8])).toThrow("[height, width, 3]");
    expect(() => layer.outputShape([2, 8, 8, 3])).toThrow("[height, width, 3]");
    expect(layer.outputShape([3, 3, 3])).toEqual([1, 1, 4]);
    expect(() => layer.outputShape([2, 3, 3])).toThrow(
      expect.objectContaining({
        code: "BLOCKWISE_SHAPE_MISMATCH",
        message: expect.stringMatching(/at least 3 pixels a side, but has \[2, 3, 3\]\. Use larger images/),
      }),
    );
  });
});
