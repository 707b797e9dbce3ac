import type { LayerV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createLayerSubject } from "./layer-subject.js";
import { useCpuBackend } from "./use-cpu-backend.js";

beforeAll(useCpuBackend);

/** `x * gain`, counting its calls in training. */
const counting: LayerV1 = {
  parameters: [{ name: "gain", shape: [2], layout: "plain", initializer: { kind: "ones" } }],
  buffers: [{ name: "calls", shape: [], initializer: { kind: "zeros" } }],
  outputShape: (inputShape) => inputShape,
  apply: (x, context) =>
    tf.tidy(() => {
      if (context.training) context.updateBuffer("calls", tf.add(context.buffer("calls"), 1));
      return tf.mul(x, context.parameter("gain"));
    }),
};

describe("createLayerSubject", () => {
  it("keeps buffers between calls, and leaves them alone where the layer does", () => {
    const subject = createLayerSubject(counting);
    for (const training of [true, true, false]) subject.apply(tf.ones([2]), { training }).dispose();
    expect(subject.buffers.get("calls") ?? Number.NaN).toBeCloseToTensor(2);
    subject.dispose();
  });

  it("calls the layer with other parameters where they are given", () => {
    const subject = createLayerSubject(counting);
    const output = subject.apply(tf.ones([2]), { parameters: [tf.tensor1d([3, 4])] });
    expect(output).toBeCloseToTensor([3, 4]);
    subject.dispose();
  });

  it("names what the layer has not listed", () => {
    const subject = createLayerSubject({ ...counting, parameters: [] });
    expect(() => subject.apply(tf.ones([2]))).toThrow('lists no parameter named "gain"');
    subject.dispose();
  });

  it("leaves no tensor behind", async () => {
    const x = tf.ones([2]);
    await expect(() => {
      const subject = createLayerSubject(counting);
      subject.apply(x).dispose();
      subject.dispose();
    }).toLeakNoTensors();
    x.dispose();
  });
});
