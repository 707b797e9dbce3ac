import { resnet } from "@blockwise/backbone-resnet";
import { createEngine } from "@blockwise/engine";
import { convolutionExpansion, globalPool } from "@blockwise/heads";
import type { EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { differences, tinyNetwork, tinyViews, train, valuesOf } from "../__fixtures__/tiny-network.js";
import { layerContext } from "../learner/layer-context.js";
import type { Network } from "../wiring/network.js";
import { createFeatureProbe, type FeatureProbe } from "./feature-probe.js";

let engine: EngineV1;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

const head = convolutionExpansion({ dim: 6 });

function images(step = 50): tf.Tensor4D {
  const [first, second] = tinyViews(step);
  second?.dispose();
  if (first === undefined) throw new Error("Two views.");
  return first;
}

function featuresOf(probe: FeatureProbe, batch: tf.Tensor): { raw: number[][]; head: number[][] }[] {
  return probe.features(batch).map((depth) => {
    const values = { raw: depth.raw.arraySync(), head: depth.head.arraySync() };
    tf.dispose([depth.raw, depth.head]);
    return values;
  });
}

/** The features from the network's definition, layer by layer, in evaluation mode. */
function directly(network: Network, batch: tf.Tensor): { raw: tf.Tensor; head: tf.Tensor }[] {
  const state = { ...network.tensors(), updatedBuffers: null };
  const mode = { training: false, operations: engine.operations };
  let map = batch;
  return network.learners.map(({ definition }) => {
    for (const { layer, parameterPrefix } of definition.units) {
      map = layer.apply(map, layerContext(parameterPrefix, state, mode));
    }
    const { layer, prefix } = definition.head;
    return { raw: tf.mean(map, [1, 2]), head: layer.apply(map, layerContext(prefix, state, mode)) };
  });
}

describe("createFeatureProbe", () => {
  it("reads what a forward pass in evaluation mode gives, noise left out", () => {
    const network = tinyNetwork(engine, { noise: { kind: "all", standardDeviation: 1 } });
    train(network, 2);
    const probe = createFeatureProbe({ network, head, seed: 1 });
    const batch = images();
    tf.tidy(() => {
      const expected = directly(network, batch);
      const received = featuresOf(probe, batch);
      expect(received.map(({ raw }) => raw[0]?.length)).toEqual([4, 8, 16]);
      for (const [depth, { raw, head: pooled }] of expected.entries()) {
        expect(received[depth]?.raw ?? Number.NaN).toBeCloseToTensor(raw, { absolute: 1e-6 });
        expect(received[depth]?.head ?? Number.NaN).toBeCloseToTensor(pooled, { absolute: 1e-6 });
      }
    });
    // Images know nothing of the others in their batch.
    const alone = tf.slice(batch, [1, 0, 0, 0], [1, 8, 8, 3]);
    expect(featuresOf(probe, alone)[2]?.head[0] ?? Number.NaN).toBeCloseToTensor(
      featuresOf(probe, batch)[2]?.head[1] ?? Number.NaN,
      { absolute: 1e-5 },
    );
    tf.dispose([batch, alone]);
    probe.dispose();
    network.dispose();
  });

  it("uses trained heads where blocks end, and fresh ones keyed by the seed elsewhere", () => {
    const network = tinyNetwork(engine, { partition: "end-to-end" });
    const probe = createFeatureProbe({ network, head, seed: 1 });
    expect(probe.depths).toEqual([
      { id: "layer1", trainedHead: false },
      { id: "layer2", trainedHead: false },
      { id: "layer3", trainedHead: true },
    ]);
    const same = createFeatureProbe({ network, head, seed: 1 });
    const other = createFeatureProbe({ network, head, seed: 2 });
    const batch = images();
    const [a, b, c] = [probe, same, other].map((each) => featuresOf(each, batch));
    expect(b).toEqual(a);
    expect(c?.[0]?.head).not.toEqual(a?.[0]?.head);
    expect(c?.[2]).toEqual(a?.[2]);
    expect(c?.map(({ raw }) => raw)).toEqual(a?.map(({ raw }) => raw));
    batch.dispose();
    for (const each of [probe, same, other]) each.dispose();
    network.dispose();
  });

  it("reads at any depths, with a head chosen for the block that each lies in", () => {
    const backbone = resnet({ depth: { unit: "basic", unitCounts: [2, 1] }, width: 4, stem: "cifar" });
    const network = tinyNetwork(engine, { backbone });
    const probe = createFeatureProbe({
      network,
      depths: "units",
      head: (place) => {
        // Depths that have a trained head ask for none.
        expect(place).toEqual({ id: "layer1", index: 0, count: 2 });
        return globalPool();
      },
      seed: 1,
    });
    expect(probe.depths.map(({ id, trainedHead }) => [id, trainedHead])).toEqual([
      ["layer1.0", false],
      ["layer1.1", true],
      ["layer2", true],
    ]);
    const batch = images();
    const [first] = featuresOf(probe, batch);
    expect(first?.head).toEqual(first?.raw);
    batch.dispose();
    probe.dispose();
    network.dispose();
  });

  it("starts fresh heads from what it is given, by name", () => {
    const network = tinyNetwork(engine, { partition: "end-to-end" });
    const names: string[] = [];
    const probe = createFeatureProbe({
      network,
      head,
      seed: 1,
      initialize: ({ name, shape }) => {
        names.push(name);
        return tf.ones([...shape]);
      },
    });
    expect(names).toEqual(expect.arrayContaining(["probe_head.0.0.weight", "probe_head.1.1.running_var"]));
    expect(names).not.toContain("probe_head.2.0.weight");
    probe.dispose();
    network.dispose();
  });

  it("sees the network's later training", () => {
    const network = tinyNetwork(engine);
    const probe = createFeatureProbe({ network, head, seed: 1 });
    const batch = images();
    const before = featuresOf(probe, batch);
    train(network, 1);
    expect(featuresOf(probe, batch)).not.toEqual(before);
    batch.dispose();
    probe.dispose();
    network.dispose();
  });

  it("leaves no tensor behind", async () => {
    const network = tinyNetwork(engine, { partition: "end-to-end" });
    const batch = images();
    await expect(() => {
      const probe = createFeatureProbe({ network, head, seed: 1 });
      probe.calibrate(batch, "all");
      featuresOf(probe, batch);
      probe.calibrate(batch, "fresh-heads");
      probe.dispose();
    }).toLeakNoTensors();
    batch.dispose();
    network.dispose();
  });

  it("refuses depths that the backbone does not have, and heads that are none", () => {
    const network = tinyNetwork(engine, { partition: "end-to-end" });
    const tensors = tf.memory().numTensors;
    expect(() => createFeatureProbe({ network, depths: 7, head, seed: 1 })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION" }),
    );
    const wrong = { ...head, specificationVersion: "v2" } as unknown as typeof head;
    expect(() => createFeatureProbe({ network, head: wrong, seed: 1 })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INCOMPATIBLE_SPEC_VERSION" }),
    );
    expect(tf.memory().numTensors).toBe(tensors);
    network.dispose();
  });
});

describe("calibrate", () => {
  it("gives fresh heads the statistics of the images, and changes nothing else", () => {
    const network = tinyNetwork(engine, { partition: "end-to-end" });
    train(network, 1);
    const values = valuesOf(network);
    const probe = createFeatureProbe({ network, head, seed: 1 });
    const batch = images();
    const before = featuresOf(probe, batch);
    for (let pass = 0; pass < 60; pass++) probe.calibrate(batch, "fresh-heads");
    const after = featuresOf(probe, batch);
    expect(after.map(({ raw }) => raw)).toEqual(before.map(({ raw }) => raw));
    expect(after[2]).toEqual(before[2]);
    expect(after[0]?.head).not.toEqual(before[0]?.head);
    expect(differences(values, valuesOf(network))).toEqual([]);
    // Calibrated on these images alone, a head gives what it gives in training: relu(N(0, 1)) is 0.4 on average.
    const mean = (after[1]?.head ?? []).flat().reduce((sum, value, _, all) => sum + value / all.length, 0);
    expect(mean).toBeCloseToTensor(0.4, { absolute: 0.1 });
    batch.dispose();
    probe.dispose();
    network.dispose();
  });

  it("gives all layers the statistics of the images, for this probe alone", () => {
    const network = tinyNetwork(engine);
    const values = valuesOf(network);
    const probe = createFeatureProbe({ network, head, seed: 1 });
    const untouched = createFeatureProbe({ network, head, seed: 1 });
    const batch = images();
    const before = featuresOf(probe, batch);
    for (let pass = 0; pass < 60; pass++) probe.calibrate(batch, "all");
    const after = featuresOf(probe, batch);
    for (const [depth, { raw, head: pooled }] of after.entries()) {
      expect(raw).not.toEqual(before[depth]?.raw);
      expect(pooled).not.toEqual(before[depth]?.head);
    }
    expect(featuresOf(untouched, batch)).toEqual(before);
    expect(differences(values, valuesOf(network))).toEqual([]);
    batch.dispose();
    probe.dispose();
    untouched.dispose();
    network.dispose();
  });
});
