import { createEngine } from "@blockwise/engine";
import { convolutionExpansion } from "@blockwise/heads";
import type { EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { differences, tinyNetwork, train, valuesOf } from "../__fixtures__/tiny-network.js";
import { adoptWeights } from "./adopt-weights.js";

let engine: EngineV1;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

describe("adoptWeights", () => {
  it("starts a network of another partition from the weights and statistics that the two share", () => {
    const from = tinyNetwork(engine);
    train(from, 2);
    const to = tinyNetwork(engine, { partition: "end-to-end" });
    const before = tf.memory().numTensors;
    const taken = adoptWeights({
      to,
      from,
      nameIn: (name) => name.replace(/^pool_head\.0\./, "pool_head.2.").replace(/^projector\..*/, "none"),
    });
    expect(tf.memory().numTensors).toBe(before);
    const [learnt, started] = [valuesOf(from), valuesOf(to)];
    for (const name of ["conv1.weight", "layer2.0.bn1.running_mean"]) expect(taken).toContain(name);
    expect(taken).toContain("pool_head.0.0.weight");
    expect(taken.filter((name) => name.startsWith("projector."))).toEqual([]);
    const fresh = valuesOf(tinyNetwork(engine, { partition: "end-to-end" }));
    for (const [name, values] of Object.entries(started)) {
      const own = name.slice(name.indexOf(":") + 1);
      const isWeight = !name.startsWith("optimizer:") && taken.includes(own);
      const expected = isWeight ? learnt[name.replace("pool_head.0.", "pool_head.2.")] : fresh[name];
      expect(values, name).toEqual(expected);
    }
    // The two live on by themselves.
    from.dispose();
    expect(train(to, 1)[0]?.[0]?.skipped).toBe(false);
    to.dispose();
  });

  it("takes nothing over where a shape is another", () => {
    const from = tinyNetwork(engine);
    const to = tinyNetwork(engine, { head: convolutionExpansion({ dim: 7 }), seed: 2 });
    const before = valuesOf(to);
    expect(() => adoptWeights({ to, from })).toThrow(/pool_head.0/);
    expect(differences(before, valuesOf(to))).toEqual([]);
    from.dispose();
    to.dispose();
  });
});
