import { resnet } from "@blockwise/backbone-resnet";
import { createEngine } from "@blockwise/engine";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { type EngineV1, InvalidOptionError, type LocalLossV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { differences, tinyNetwork, tinyOptions, valuesOf } from "../__fixtures__/tiny-network.js";
import type { Network } from "./network.js";
import { tryNetwork } from "./try-network.js";

let engine: EngineV1;
let network: Network;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});
afterEach(() => network.dispose());

const overlapping = [
  ["stem", "layer1.0", "layer2.0"],
  ["layer2.0", "layer3.0"],
];

describe("tryNetwork", () => {
  it.each([
    ["blocks", {}],
    ["one block", { partition: "end-to-end" as const }],
    ["overlapping blocks", { partition: overlapping }],
    ["a loss that looks at the next block", { loss: lookAhead() }],
  ])("lets %s pass, and leaves every value as it was and no tensor behind", async (_, changes) => {
    network = tinyNetwork(engine, changes);
    const before = valuesOf(network);
    await expect(() => tryNetwork(network)).toLeakNoTensors();
    expect(differences(before, valuesOf(network))).toEqual([]);
  });

  it("finds a unit whose output is of another shape than it declares", () => {
    const backbone = resnet({ depth: { unit: "basic", unitCounts: [1, 1, 1] }, width: 4, stem: "cifar" });
    const units = backbone.units.map((unit) => {
      if (unit.id !== "layer3.0") return unit;
      const outputShape = (shape: readonly number[]): readonly number[] =>
        unit.layer.outputShape(shape).map((size, axis) => (axis === 0 ? size + 1 : size));
      return { ...unit, layer: { ...unit.layer, outputShape } };
    });
    network = tinyNetwork(engine, { backbone: { ...backbone, units } });
    expect(() => tryNetwork(network)).toThrow(ShapeMismatchError);
    expect(() => tryNetwork(network)).toThrow(/unit "layer3\.0".*declares/);
  });

  it("finds a loss that holds on to a parameter of another block", async () => {
    const loss = barlowTwins({ scale: 0.1 });
    let held: tf.Tensor | undefined;
    const leaky: LocalLossV1 = {
      ...loss,
      doCompute: (input) => {
        const { total, terms } = loss.doCompute(input);
        const extra =
          held === undefined || input.site.blockIndex === 0 ? tf.scalar(0) : tf.sum(tf.square(held));
        return { total: tf.add<tf.Scalar>(total, extra), terms };
      },
    };
    network = tinyNetwork(engine, { loss: leaky });
    tryNetwork(network);
    held = network.learners[0]?.state.parameters["conv1.weight"];
    expect(() => tryNetwork(network)).toThrow(InvalidOptionError);
    expect(() => tryNetwork(network)).toThrow(/block "layer2".*conv1\.weight/);
    const before = tf.memory().numTensors;
    expect(() => tryNetwork(network)).toThrow();
    expect(tf.memory().numTensors).toBe(before);
  });
});

function lookAhead(): LocalLossV1 {
  const loss = tinyOptions.loss as LocalLossV1;
  return {
    ...loss,
    capabilities: { ...loss.capabilities, nextBlock: true },
    doCompute: (input) => loss.doCompute({ ...input, views: input.next ?? input.views }),
  };
}
