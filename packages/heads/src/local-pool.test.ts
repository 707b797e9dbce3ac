import { readFileSync } from "node:fs";
import { createEngine } from "@blockwise/engine";
import type { EngineV1 } from "@blockwise/spec";
import { createLayerSubject } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { localPool } from "./local-pool.js";

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

interface GoldenPool {
  readonly grid: number;
  readonly input: Numbers;
  readonly output: Numbers;
  readonly outputWeights: Numbers;
  readonly inputGradient: Numbers;
}

const golden: readonly GoldenPool[] = JSON.parse(
  readFileSync(new URL("./__fixtures__/local-pool.json", import.meta.url), "utf8"),
);

/** Maps are stored with PyTorch's axes. */
function tensorOf({ shape, data }: Numbers): tf.Tensor {
  const tensor = tf.tensor(data, shape, "float32");
  return shape.length === 4 ? tf.transpose(tensor, [0, 2, 3, 1]) : tensor;
}

describe.each(["cpu", "wasm"] as const)("localPool on %s", (engineName) => {
  let engine: EngineV1;
  beforeAll(async () => {
    engine = await createEngine({ name: engineName });
  });

  it.each(golden)("is PyTorch's AdaptiveAvgPool2d($grid) on $input.shape", (example) => {
    const { grid } = example;
    tf.tidy(() => {
      const x = tensorOf(example.input);
      const layer = localPool({ grid }).doCreate({ inputShape: x.shape.slice(1) });
      const subject = createLayerSubject(layer, engine.operations);
      const expected = tensorOf(example.output);
      expect(subject.apply(x)).toBeCloseToTensor(expected, { absolute: 1e-6 });
      expect(layer.outputShape(x.shape.slice(1))).toEqual(expected.shape.slice(1));
      const gradient = tf.grad((input) =>
        tf.sum(tf.mul(subject.apply(input), tensorOf(example.outputWeights))),
      )(x);
      expect(gradient).toBeCloseToTensor(tensorOf(example.inputGradient), { absolute: 1e-6 });
    });
  });
});

describe("localPool", () => {
  it.each([
    [[56, 56, 256], 3],
    [[28, 28, 512], 2],
    [[14, 14, 1024], 1],
    [[7, 7, 2048], 1],
    // No finer than the map.
    [[4, 3, 8], 3],
  ])("takes for %j the grid nearest to a width of 2048", (inputShape, grid) => {
    const layer = localPool().doCreate({ inputShape });
    expect(layer.outputShape(inputShape)).toEqual([grid * grid * (inputShape.at(-1) ?? 0)]);
  });

  it("aims for the width that it is given, and of two equally near takes the coarser", () => {
    expect(
      localPool({ dim: 10 })
        .doCreate({ inputShape: [8, 8, 4] })
        .outputShape([8, 8, 4]),
    ).toEqual([4]);
    expect(
      localPool({ dim: 11 })
        .doCreate({ inputShape: [8, 8, 4] })
        .outputShape([8, 8, 4]),
    ).toEqual([16]);
  });

  it("says what it is", () => {
    expect(localPool()).toMatchObject({
      specificationVersion: "v1",
      kind: "head",
      id: "local-pool",
      options: { grid: "auto", dim: 2048 },
    });
    expect(localPool({ grid: 2 }).options).toEqual({ grid: 2 });
  });

  it("refuses impossible options and inputs", () => {
    for (const grid of [0, -1, 1.5, Number.NaN, "large" as "auto"]) {
      expect(() => localPool({ grid })).toThrow('Option "grid" must be a whole number above 0, or "auto"');
    }
    expect(() => localPool({ dim: 0 })).toThrow('Option "dim" must be a whole number above 0');
    expect(() => localPool().doCreate({ inputShape: [8] })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH", received: [8] }),
    );
  });
});
