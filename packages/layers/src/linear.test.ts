import { createEngine } from "@blockwise/engine";
import { createLayerSubject } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { activation, torchLayers, weight } from "./__fixtures__/torch-layers.js";
import { linear } from "./linear.js";

describe("linear", () => {
  it.each(["cpu", "wasm"] as const)("does what PyTorch does on %s", async (name) => {
    const { operations } = await createEngine({ name });
    const subject = createLayerSubject(linear({ name: "fc", inputDim: 5, outputDim: 3 }), operations);
    tf.tidy(() => {
      const golden = torchLayers.linear;
      const output = subject.apply(activation(golden.input), { parameters: [weight(golden.weight)] });
      expect(output).toBeCloseToTensor(activation(golden.output), { absolute: 1e-6 });
    });
    subject.dispose();
  });

  it("starts as PyTorch's Linear does and has no bias", () => {
    expect(linear({ name: "fc", inputDim: 16, outputDim: 3 }).parameters).toEqual([
      {
        name: "fc.weight",
        shape: [16, 3],
        layout: "linear",
        initializer: { kind: "uniform", bound: 0.25 },
      },
    ]);
  });

  it("maps shapes and refuses others by name", () => {
    const layer = linear({ name: "fc", inputDim: 5, outputDim: 3 });
    expect(layer.outputShape([5])).toEqual([3]);
    for (const shape of [[4], [5, 5], []]) {
      expect(() => layer.outputShape(shape)).toThrow('Input of linear layer "fc" must have shape [5]');
    }
  });
});
