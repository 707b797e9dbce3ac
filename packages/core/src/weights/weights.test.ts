import { createEngine } from "@blockwise/engine";
import { convolutionExpansion } from "@blockwise/heads";
import { type EngineV1, InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { differences, tinyNetwork, train, valuesOf } from "../__fixtures__/tiny-network.js";
import { exportWeights } from "./export-weights.js";
import { importWeights } from "./import-weights.js";

let engine: EngineV1;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

const only = (part: string) => (name: string) => name.startsWith(part);

describe("exportWeights and importWeights", () => {
  it("give another network the same weights and statistics, bit for bit, and leave its optimiser alone", () => {
    const from = tinyNetwork(engine);
    train(from, 2);
    const to = tinyNetwork(engine, { seed: 9 });
    const before = valuesOf(to);
    const tensorCount = tf.memory().numTensors;
    const weights = exportWeights(from);
    const { taken, missing, unused } = importWeights(to, weights);
    expect(tf.memory().numTensors).toBe(tensorCount);
    expect([taken.length, missing, unused]).toEqual([weights.size, [], []]);
    const changed = differences(valuesOf(from), valuesOf(to));
    expect(changed.filter((name) => !only("optimizer:")(name))).toEqual([]);
    expect(differences(before, valuesOf(to)).filter(only("optimizer:"))).toEqual([]);
    expect(train(to, 1)[0]?.[0]?.skipped).toBe(false);
    from.dispose();
    to.dispose();
  });

  it("have PyTorch's axis order", () => {
    const network = tinyNetwork(engine);
    const weights = exportWeights(network);
    expect(weights.get("conv1.weight")?.shape).toEqual([4, 3, 3, 3]);
    const own = network.tensors().parameters["projector.0.0.weight"] as tf.Tensor2D;
    expect(weights.get("projector.0.0.weight")?.shape).toEqual([own.shape[1], own.shape[0]]);
    expect(weights.get("projector.0.0.weight")?.data[1]).toBe(own.arraySync()[1]?.[0]);
    network.dispose();
  });

  it("say which names found no partner", () => {
    const network = tinyNetwork(engine);
    const weights = new Map(exportWeights(network));
    weights.delete("bn1.bias");
    weights.set("fc.weight", { shape: [1], data: new Float32Array(1) });
    const { missing, unused } = importWeights(network, weights);
    expect({ missing, unused }).toEqual({ missing: ["bn1.bias"], unused: ["fc.weight"] });
    network.dispose();
  });

  it("change nothing where one tensor does not fit", () => {
    const from = tinyNetwork(engine, { head: convolutionExpansion({ dim: 7 }), seed: 2 });
    const to = tinyNetwork(engine);
    const before = valuesOf(to);
    expect(() => importWeights(to, exportWeights(from))).toThrow(ShapeMismatchError);
    const broken = { shape: [4], data: Float32Array.of(0, 1, Number.NaN, 2) };
    expect(() => importWeights(to, new Map([["bn1.bias", broken]]))).toThrow(InvalidOptionError);
    expect(differences(before, valuesOf(to))).toEqual([]);
    from.dispose();
    to.dispose();
  });
});
