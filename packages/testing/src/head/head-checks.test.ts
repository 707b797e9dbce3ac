import { type HeadV1, type LayerV1, type ProjectorV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { failedChecks } from "../__fixtures__/failed-checks.js";
import { scalingLayer } from "../__fixtures__/scaling-layer.js";
import { useCpuBackend } from "../use-cpu-backend.js";
import { describeHead, describeProjector } from "./describe-head.js";
import { type HeadUnderTest, headChecks } from "./head-checks.js";

function checkMap(shape: readonly number[]): readonly number[] {
  if (shape.length === 3 && shape.every((size) => size > 0)) return shape;
  throw new ShapeMismatchError({ subject: "Input of the mean", expected: "a map", received: shape });
}

const meanLayer: LayerV1 = {
  parameters: [],
  buffers: [],
  outputShape: (shape) => checkMap(shape).slice(2),
  apply: (x) => tf.mean(x, [1, 2]),
};

/** The mean over a map; `overrides` break it. */
const mean = (overrides: Partial<HeadV1> = {}): HeadV1 => ({
  specificationVersion: "v1",
  kind: "head",
  id: "mean",
  options: {},
  doCreate: ({ inputShape }) => {
    checkMap(inputShape);
    return meanLayer;
  },
  ...overrides,
});

const scaling: ProjectorV1 = {
  specificationVersion: "v1",
  kind: "projector",
  id: "scaling",
  options: {},
  doCreate: ({ inputShape }) => {
    if (inputShape.length === 1) return scalingLayer(inputShape);
    throw new ShapeMismatchError({
      subject: "Input of the scaling",
      expected: "[dim]",
      received: inputShape,
    });
  },
};

describeHead({ name: "the mean", create: () => mean() });
describeProjector({ name: "a scaling", create: () => scaling });

describe("the checks of heads", () => {
  beforeAll(useCpuBackend);

  const parameterOf = (name: string): LayerV1["parameters"][number] => ({
    name,
    shape: [],
    layout: "plain",
    initializer: { kind: "ones" },
  });
  const multiplied = (name: string): LayerV1 => ({
    ...meanLayer,
    parameters: [parameterOf(name)],
    apply: (x, { parameter }) => tf.mul(tf.mean(x, [1, 2]), parameter(name)),
  });
  let count = 0;

  it.each<[string, HeadV1, string[]]>([
    ["states another kind", mean({ kind: "projector" as "head" }), ["says what it is"]],
    [
      "leaves a map a map",
      mean({
        doCreate: ({ inputShape }) => {
          checkMap(inputShape);
          return { ...meanLayer, outputShape: checkMap, apply: (x) => tf.tanh(x) };
        },
      }),
      ["makes one vector of each sample"],
    ],
    [
      "is made for any input",
      mean({ doCreate: () => meanLayer }),
      ["refuses to be made for input of another rank"],
    ],
    [
      "counts what it has made",
      mean({
        doCreate: ({ inputShape }) => {
          checkMap(inputShape);
          return multiplied(`gain${count++}`);
        },
      }),
      ["makes the same layer for the same input"],
    ],
  ])("find a head that %s", async (_, plugin, expected) => {
    const inputShapes = [
      [2, 2, 3],
      [1, 1, 2],
    ];
    const test: HeadUnderTest = { kind: "head", plugin, inputShapes, batchSize: 4, seed: 1 };
    expect(Object.keys(await failedChecks(headChecks, test))).toEqual(expected);
  });
});
