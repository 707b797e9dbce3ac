import { readFileSync } from "node:fs";
import { createEngine } from "@blockwise/engine";
import { createLayerSubject, describeBackbone, type NestedNumbers, useCpuBackend } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { vgg } from "./backbone-vgg.js";
import { convolutionUnit } from "./convolution-unit.js";

// Small sizes: gradients are checked by finite differences.
describeBackbone({
  name: "a VGG",
  create: vgg,
  options: { width: 3, unitCounts: [1, 2] },
  imageSize: [6, 5],
  createEngine,
});
describeBackbone({
  name: "a VGG of grey images",
  create: vgg,
  options: { width: 2, unitCounts: [2], inputChannels: 1 },
  imageSize: [4, 4],
  createEngine,
});

interface Golden {
  readonly x: NestedNumbers;
  readonly parameters: Readonly<Record<string, NestedNumbers>>;
  readonly outputWeights: NestedNumbers;
  readonly trained: NestedNumbers;
  readonly gradient: NestedNumbers;
  readonly buffers: Readonly<Record<string, NestedNumbers>>;
  readonly evaluated: NestedNumbers;
}

/** Of PyTorch: `__fixtures__/write_golden.py`. */
const golden: Golden = JSON.parse(
  readFileSync(new URL("./__fixtures__/golden.json", import.meta.url), "utf8"),
);

describe("vgg", () => {
  beforeAll(useCpuBackend);

  it("computes what PyTorch does: forward, backward, running statistics, evaluation", () => {
    const subjects = [
      convolutionUnit({ module: 0, inChannels: 3, outChannels: 4, pools: false }),
      convolutionUnit({ module: 3, inChannels: 4, outChannels: 5, pools: true }),
    ].map((layer) => createLayerSubject(layer));
    tf.tidy(() => {
      const given = subjects.map(({ parameters }) =>
        [...parameters.keys()].map((name) => tf.tensor(golden.parameters[name] as number[])),
      );
      const run = (x: tf.Tensor, training: boolean): tf.Tensor =>
        subjects.reduce(
          (map, subject, place) => subject.apply(map, { training, parameters: given[place] ?? [] }),
          x,
        );
      const x = tf.tensor(golden.x as number[]);
      const weights = tf.tensor(golden.outputWeights as number[]);
      const gradient = tf.grad((input) => tf.sum(tf.mul(run(input, true), weights)))(x);
      expect(gradient).toBeCloseToTensor(golden.gradient, { relative: 1e-4 });
      for (const [name, buffer] of subjects.flatMap(({ buffers }) => [...buffers])) {
        expect(buffer).toBeCloseToTensor(golden.buffers[name] ?? [], { relative: 1e-5 });
      }
      expect(run(x, false)).toBeCloseToTensor(golden.evaluated, { relative: 1e-5 });
      expect(run(x, true)).toBeCloseToTensor(golden.trained, { relative: 1e-5 });
    });
    for (const subject of subjects) subject.dispose();
  });

  it("has the layers of the published networks, under torchvision's names", () => {
    const { units, stages } = vgg({ width: 64, unitCounts: [1, 1, 2, 2, 2] });
    const names = units.flatMap(({ parameterPrefix, layer }) =>
      layer.parameters.filter(({ shape }) => shape.length === 4).map(({ name }) => parameterPrefix + name),
    );
    // The convolutions of torchvision's vgg11_bn.
    const places = [0, 4, 8, 11, 15, 18, 22, 25];
    expect(names).toEqual(places.map((place) => `features.${place}.weight`));
    const widths = units.map(({ layer }) => layer.parameters[0]?.shape.at(-1));
    expect(widths).toEqual([64, 128, 256, 256, 512, 512, 512, 512]);
    expect(stages.map(({ unitCount }) => unitCount)).toEqual([1, 1, 2, 2, 2]);
  });

  it("refuses maps that are too small to pool", () => {
    const shrink = (size: number) =>
      vgg().units.reduce<readonly number[]>((shape, { layer }) => layer.outputShape(shape), [size, size, 3]);
    expect(shrink(8)).toEqual([1, 1, 64]);
    expect(() => shrink(7)).toThrow(expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH" }));
  });

  it.each([
    ["width", { width: 0 }],
    ["unitCounts", { unitCounts: [] }],
    ["unitCounts", { unitCounts: [1, 0.5] }],
    ["inputChannels", { inputChannels: 2 as 3 }],
  ])("refuses a wrong %s", (option, options) => {
    expect(() => vgg(options)).toThrow(expect.objectContaining({ option }));
  });
});
