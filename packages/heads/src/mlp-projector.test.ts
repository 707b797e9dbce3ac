import { createEngine } from "@blockwise/engine";
import { createLayerSubject } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { mlpProjector } from "./mlp-projector.js";

describe("mlpProjector", () => {
  it.each(["cpu", "wasm"] as const)("is linear, norm, ReLU, linear on %s", async (name) => {
    const { operations } = await createEngine({ name });
    const layer = mlpProjector({ widths: [5, 3] }).doCreate({ inputShape: [4] });
    const subject = createLayerSubject(layer, operations);
    tf.tidy(() => {
      const x = tf.randomNormal([6, 4], 0, 1, "float32", 2) as tf.Tensor2D;
      const [first, , , last] = [...subject.parameters.values()] as tf.Tensor2D[];
      const mapped = tf.matMul(x, first as tf.Tensor2D);
      const { mean, variance } = tf.moments(mapped, 0);
      const hidden = tf.relu(tf.div(tf.sub(mapped, mean), tf.sqrt(tf.add(variance, 1e-5))));
      const expected = tf.matMul(hidden as tf.Tensor2D, last as tf.Tensor2D);
      expect(subject.apply(x)).toBeCloseToTensor(expected, { absolute: 1e-5 });
    });
    subject.dispose();
  });

  it("names its parameters as a Sequential does, the last layer without norm", () => {
    const layer = mlpProjector({ widths: [5, 6, 7] }).doCreate({ inputShape: [4] });
    expect(layer.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ["0.weight", [4, 5]],
      ["1.weight", [5]],
      ["1.bias", [5]],
      ["3.weight", [5, 6]],
      ["4.weight", [6]],
      ["4.bias", [6]],
      ["6.weight", [6, 7]],
    ]);
    expect(layer.buffers.map(({ name }) => name)).toEqual([
      "1.running_mean",
      "1.running_var",
      "4.running_mean",
      "4.running_var",
    ]);
    expect(layer.outputShape([4])).toEqual([7]);
    expect(mlpProjector({ widths: [3] }).doCreate({ inputShape: [4] }).buffers).toEqual([]);
  });

  it("is the paper's projector by default, and states its options", () => {
    expect(mlpProjector()).toMatchObject({
      specificationVersion: "v1",
      kind: "projector",
      id: "mlp",
      options: { widths: [8192, 8192, 8192], initialization: "separate" },
    });
  });

  it("keeps the widths that it was made with", () => {
    const widths = [3, 2];
    const projector = mlpProjector({ widths });
    widths.push(9);
    expect(projector.options).toEqual({ widths: [3, 2], initialization: "separate" });
    expect(projector.doCreate({ inputShape: [4] }).outputShape([4])).toEqual([2]);
  });

  it("can start alike in all blocks, layer by layer, where shapes agree", () => {
    const starts = (inputDim: number, initialization?: "separate" | "shared") =>
      mlpProjector({ widths: [4, 4], ...(initialization !== undefined && { initialization }) })
        .doCreate({ inputShape: [inputDim] })
        .parameters.map((spec) => spec.startsAs);
    const shared = starts(4, "shared");
    expect(new Set(shared)).toHaveLength(4);
    expect(shared).not.toContain(undefined);
    expect(starts(4, "shared")).toEqual(shared);
    const wider = starts(5, "shared");
    expect(wider[0]).not.toBe(shared[0]);
    expect(wider.slice(1)).toEqual(shared.slice(1));
    for (const start of [...starts(4), ...starts(4, "separate")]) expect(start).toBeUndefined();
  });

  it("refuses impossible options and inputs", () => {
    for (const widths of [[], [0], [4, 2.5], [Number.NaN], "8" as unknown as number[]]) {
      expect(() => mlpProjector({ widths })).toThrow('Option "widths" must be a list of at least one');
    }
    expect(() => mlpProjector({ initialization: "same" as "shared" })).toThrow(
      'Option "initialization" must be "separate" or "shared"',
    );
    expect(() => mlpProjector().doCreate({ inputShape: [2, 2, 4] })).toThrow("must have shape [dim]");
  });
});
