import { type BackboneUnitV1, type BackboneV1, type LayerV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { failedChecks } from "../__fixtures__/failed-checks.js";
import { scalingLayer } from "../__fixtures__/scaling-layer.js";
import { useCpuBackend } from "../use-cpu-backend.js";
import { backboneChecks } from "./backbone-checks.js";
import { describeBackbone } from "./describe-backbone.js";

const imageShape = [2, 2, 3];

const unit = (id: string, overrides: Partial<BackboneUnitV1> = {}): BackboneUnitV1 => ({
  id,
  parameterPrefix: `${id}.`,
  layer: scalingLayer(imageShape),
  ...overrides,
});

/** Two units of one stage; `overrides` break it. */
const backbone = (overrides: Partial<BackboneV1> = {}): BackboneV1 => ({
  specificationVersion: "v1",
  kind: "backbone",
  id: "two-units",
  options: { depth: 2 },
  inputChannels: 3,
  units: [unit("first"), unit("second")],
  stages: [{ id: "only", unitCount: 2 }],
  ...overrides,
});

describeBackbone({ name: "a backbone of two units", create: () => backbone(), imageSize: [2, 2] });

describe("the checks of backbones", () => {
  beforeAll(useCpuBackend);

  const cut = {
    ...scalingLayer(imageShape),
    apply: (x: tf.Tensor) => tf.zerosLike(x),
    parameters: [],
    buffers: [],
  };

  it.each<[string, Partial<BackboneV1>, RegExp[]]>([
    ["states another version", { specificationVersion: "v2" as "v1" }, [/^says what it is$/]],
    ["states another kind", { kind: "head" as "backbone" }, [/^says what it is$/]],
    [
      "takes images of two channels",
      { inputChannels: 2 },
      [/^says what it is$/, /makes a map/, /in each unit/, /gradient through/],
    ],
    ["has two units of one name", { units: [unit("one"), unit("one")] }, [/^names units and stages once/]],
    [
      "has two tensors of one name in files",
      { units: [unit("first"), unit("second", { parameterPrefix: "first." })] },
      [/^names units and stages once/],
    ],
    ["has stages that leave a unit out", { stages: [{ id: "only", unitCount: 1 }] }, [/^can be cut/]],
    ["ends in a stem", { units: [unit("first"), unit("second", { joinsNext: true })] }, [/^can be cut/]],
    [
      "puts out vectors",
      { units: [unit("first"), unit("second", { layer: flattening() })] },
      [/^makes a map of each image/],
    ],
    [
      "takes images of any channels",
      { units: [unit("first", { layer: anyChannels() }), unit("second")] },
      [/^refuses images of other channels$/],
    ],
    [
      "keeps nothing of the image",
      { units: [unit("first"), unit("second", { layer: cut })] },
      [/^lets a gradient through/],
    ],
  ])("find a backbone that %s", async (_, overrides, expected) => {
    const test = { backbone: backbone(overrides), imageSize: [2, 2] as const, batchSize: 4, seed: 1 };
    const failed = Object.keys(await failedChecks(backboneChecks, test));
    for (const name of failed)
      expect(
        expected.some((pattern) => pattern.test(name)),
        name,
      ).toBe(true);
    for (const pattern of expected) expect(failed).toContainEqual(expect.stringMatching(pattern));
  });

  it("say in which unit a promise is broken", async () => {
    const units = [
      unit("first"),
      unit("second", { layer: scalingLayer(imageShape, { multiplyAdds: () => -1 }) }),
    ];
    const test = { backbone: backbone({ units }), imageSize: [2, 2] as const, batchSize: 4, seed: 1 };
    expect(await failedChecks(backboneChecks, test)).toEqual({
      "in each unit, states costs that can be": "unit second: Broken promise: a cost is -1.",
    });
  });
});

/** Scales by one number, whatever the channels. */
function anyChannels() {
  const layer = scalingLayer([2, 2, 1]);
  return {
    ...layer,
    outputShape: (shape: readonly number[]) => {
      if (shape.length === 3 && shape.every((size) => size > 0)) return shape;
      throw new ShapeMismatchError({ subject: "Input", expected: "a map", received: shape });
    },
    buffers: [],
    apply: (x: tf.Tensor, { parameter }: Parameters<typeof layer.apply>[1]) =>
      tf.mul(tf.tanh(x), parameter("gain")),
  };
}

/** Scales, and makes a vector of the map. */
function flattening(): LayerV1 {
  const layer = scalingLayer(imageShape);
  const flat = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
  return {
    ...layer,
    outputShape: (shape) => [flat(layer.outputShape(shape))],
    apply: (x, context) => tf.reshape(layer.apply(x, context), [x.shape[0] ?? 0, flat(x.shape.slice(1))]),
  };
}
