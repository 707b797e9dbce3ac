import { createEngine } from "@blockwise/engine";
import type { EngineV1 } from "@blockwise/spec";
import { createLayerSubject } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { activation, torchLayers } from "./__fixtures__/torch-layers.js";
import { batchNorm } from "./batch-norm.js";

describe.each(["cpu", "wasm"] as const)("batchNorm on %s", (engineName) => {
  let engine: EngineV1;
  beforeAll(async () => {
    engine = await createEngine({ name: engineName });
  });

  it.each(["batchNorm1d", "batchNorm2d"] as const)("does what PyTorch's %s does", (kind) => {
    const golden = torchLayers[kind];
    tf.tidy(() => {
      const subject = createLayerSubject(batchNorm({ name: "bn", channels: 3 }), engine.operations);
      const affine = [activation(golden.weight), activation(golden.bias)];
      const [first, second] = golden.inputs.map(activation) as [tf.Tensor, tf.Tensor];
      subject.apply(first, { parameters: affine });
      const { value, grads } = tf.valueAndGrads((x, gain, shift) => {
        const output = subject.apply(x as tf.Tensor, { parameters: [gain as tf.Tensor, shift as tf.Tensor] });
        expect(output).toBeCloseToTensor(activation(golden.output), { absolute: 1e-5 });
        return tf.sum<tf.Scalar>(tf.mul(output, activation(golden.outputWeights)));
      })([second, ...affine]);
      expect(value).toBeFinite();
      const [inputGradient, weightGradient, biasGradient] = grads;
      expect(inputGradient).toBeCloseToTensor(activation(golden.inputGradient), { absolute: 2e-5 });
      expect(weightGradient).toBeCloseToTensor(activation(golden.weightGradient), { relative: 2e-5 });
      expect(biasGradient).toBeCloseToTensor(activation(golden.biasGradient), { relative: 2e-5 });

      expect(subject.buffers.get("bn.running_mean")).toBeCloseToTensor(activation(golden.runningMean));
      expect(subject.buffers.get("bn.running_var")).toBeCloseToTensor(activation(golden.runningVariance));
      const evaluated = subject.apply(first, { training: false, parameters: affine });
      expect(evaluated).toBeCloseToTensor(activation(golden.evaluation), { absolute: 1e-5 });
      subject.dispose();
    });
  });

  it("changes no running statistic in evaluation", () => {
    const subject = createLayerSubject(batchNorm({ name: "bn", channels: 2 }), engine.operations);
    const x = tf.tensor2d([[5, 6]]);
    const output = subject.apply(x, { training: false });
    expect(output).toBeCloseToTensor([[5, 6].map((value) => value / Math.sqrt(1 + 1e-5))]);
    expect(subject.buffers.get("bn.running_mean")).toBeCloseToTensor([0, 0]);
    expect(subject.buffers.get("bn.running_var")).toBeCloseToTensor([1, 1]);
    tf.dispose([x, output]);
    subject.dispose();
  });

  it("leaves no tensor behind, in training with gradients and in evaluation", async () => {
    const subject = createLayerSubject(batchNorm({ name: "bn", channels: 3 }), engine.operations);
    const x = tf.randomNormal([2, 2, 2, 3], 0, 1, "float32", 1);
    const train = (): void => tf.dispose(tf.grad((input) => tf.sum(tf.square(subject.apply(input))))(x));
    train();
    await expect(() => {
      train();
      subject.apply(x, { training: false }).dispose();
    }).toLeakNoTensors();
    subject.dispose();
    x.dispose();
  });

  it("refuses to train on one value a channel", () => {
    const subject = createLayerSubject(batchNorm({ name: "bn", channels: 3 }), engine.operations);
    const single = tf.ones([1, 3]);
    expect(() => subject.apply(single)).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH", received: [1, 3] }),
    );
    // One image of two pixels has a variance.
    const image = tf.ones([1, 1, 2, 3]);
    subject.apply(image).dispose();
    tf.dispose([single, image]);
    subject.dispose();
  });
});

describe("batchNorm", () => {
  it("starts with gain 1, or 0 where asked, and statistics of the standard normal", () => {
    const { parameters, buffers } = batchNorm({ name: "bn", channels: 2 });
    expect(parameters).toEqual([
      { name: "bn.weight", shape: [2], layout: "plain", initializer: { kind: "ones" } },
      { name: "bn.bias", shape: [2], layout: "plain", initializer: { kind: "zeros" } },
    ]);
    expect(buffers).toEqual([
      { name: "bn.running_mean", shape: [2], initializer: { kind: "zeros" } },
      { name: "bn.running_var", shape: [2], initializer: { kind: "ones" } },
    ]);
    const [gain] = batchNorm({ name: "bn", channels: 2, zeroInit: true }).parameters;
    expect(gain?.initializer).toEqual({ kind: "zeros" });
  });

  it("keeps shapes of its channels and refuses others by name", () => {
    const layer = batchNorm({ name: "bn", channels: 2 });
    expect(layer.outputShape([4, 4, 2])).toEqual([4, 4, 2]);
    expect(layer.outputShape([2])).toEqual([2]);
    expect(() => layer.outputShape([4, 4, 3])).toThrow(
      'Input of batch norm "bn" must have shape [..., 2], but has [4, 4, 3].',
    );
  });
});
