import { createEngine } from "@blockwise/engine";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { sgd } from "@blockwise/optim";
import { rootKey } from "@blockwise/random";
import type { EngineV1, LocalLossInputV1, LocalLossV1, LocalLossViewV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { differences, tinyNetwork, tinyViews, train, valuesOf } from "../__fixtures__/tiny-network.js";
import type { Network } from "../wiring/network.js";
import { layerContext } from "./layer-context.js";

let engine: EngineV1;
let network: Network;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});
afterEach(() => network.dispose());

/** How far the views are apart after the next block; after this one, where there is none. */
function lookAhead(see: (input: LocalLossInputV1) => void = () => undefined): LocalLossV1 {
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "distance-after-next",
    options: {},
    capabilities: { views: 2, labels: false, minimumBatchSize: 2, symmetric: true, nextBlock: true },
    doInit: () => ({ parameters: [], buffers: [] }),
    doCompute: (input) => {
      see(input);
      const [first, second] = input.next ?? input.views;
      if (first === undefined || second === undefined) throw new Error("Two views.");
      const total = tf.mean<tf.Scalar>(tf.squaredDifference(first.embedding, second.embedding));
      return { total, terms: { distance: total } };
    },
  };
}

const stepOfBlock = (block: number, inputs: readonly tf.Tensor[], learningRate: number) => {
  const learner = network.learners[block];
  if (learner === undefined) throw new Error("No such block.");
  return learner.step({ inputs, labels: null, step: 0, stepCount: 9, noiseKey: rootKey(3), learningRate });
};

/** What block `block` makes of maps by its weights as they are, layer by layer. The caller's. */
function composed(block: number, maps: readonly tf.Tensor[]): Omit<LocalLossViewV1, "map">[] {
  const learner = network.learners[block];
  if (learner === undefined) throw new Error("No such block.");
  const { units, head, projector } = learner.definition;
  const state = { ...learner.state, updatedBuffers: null };
  const context = (prefix: string) =>
    layerContext(prefix, state, { training: true, operations: engine.operations });
  return maps.map((map) => {
    const output = units.reduce(
      (x, { parameterPrefix, layer }) => layer.apply(x, context(parameterPrefix)),
      map,
    );
    const feature = head.layer.apply(output, context(head.prefix)) as tf.Tensor2D;
    const embedding = projector.layer.apply(feature, context(projector.prefix)) as tf.Tensor2D;
    return { feature, embedding };
  });
}

describe("a loss that looks at the next block", () => {
  it("knows the next block's site, which knows of no further one", () => {
    network = tinyNetwork(engine, { loss: lookAhead() });
    const sites = network.learners.map(({ definition }) => definition.site);
    for (const [block, { next, blockIndex }] of sites.entries()) {
      const following = sites[block + 1];
      expect(blockIndex).toBe(block);
      expect(next).toEqual(following === undefined ? null : { ...following, next: null });
    }
  });

  it("sees this block's noisy output through the next block's weights of the last step, and leaves those", () => {
    const seen: (readonly tf.Tensor[] | null)[] = [];
    const loss = lookAhead(({ next }) => {
      seen.push(next?.map(({ embedding }) => tf.keep(tf.clone(embedding))) ?? null);
    });
    network = tinyNetwork(engine, { loss, noise: { kind: "all", standardDeviation: 0.25 } });
    train(network, 2);
    tf.dispose(seen.splice(0).flatMap((embeddings) => embeddings ?? []));
    const rest = () => valuesOf({ learners: network.learners.slice(1) });
    const before = rest();
    const views = tinyViews(7);
    const { outputs } = stepOfBlock(0, views, 0.1);
    expect(differences(before, rest())).toEqual([]);
    const reference = tf.tidy(() => composed(1, outputs).map(({ embedding }) => embedding));
    expect(reference).toHaveLength(2);
    for (const [view, embedding] of reference.entries())
      expect(seen[0]?.[view] ?? []).toBeCloseToTensor(embedding, { relative: 1e-5, absolute: 1e-5 });
    tf.dispose([...views, ...outputs, ...reference, ...seen.flatMap((embeddings) => embeddings ?? [])]);
  });

  it("is there for all blocks but the last, and only for losses that ask for it", () => {
    const asked: boolean[] = [];
    const see = ({ next }: LocalLossInputV1): void => void asked.push(next !== null);
    network = tinyNetwork(engine, { loss: lookAhead(see) });
    train(network, 1);
    expect(asked.splice(0)).toEqual([true, true, false]);
    network.dispose();
    const { capabilities } = barlowTwins();
    network = tinyNetwork(engine, { loss: { ...lookAhead(see), capabilities } });
    train(network, 1);
    expect(asked).toEqual([false, false, false]);
  });

  it("gives this block the slope that finite differences have, and its unseen head none", () => {
    network = tinyNetwork(engine, { loss: lookAhead(), optimizer: sgd({ momentum: 0, weightDecay: 0 }) });
    const views = tinyViews(3);
    const learner = network.learners[0];
    if (learner === undefined) throw new Error("No block.");
    const lossAt = (change: number): number => {
      const { outputs, report } = stepOfBlock(0, views, change);
      tf.dispose([...outputs]);
      return report.loss;
    };
    const before = valuesOf(network);
    lossAt(1);
    const after = valuesOf(network);
    const moved = differences(before, after).filter((name) => name.startsWith("parameters:"));
    expect(moved.sort()).toEqual(
      learner.definition.parameters
        .map(({ name }) => `parameters:${name}`)
        .filter((name) => !/pool_head|projector/.test(name))
        .sort(),
    );
    // Going along the gradient by a little: the loss changes by its squared norm.
    const steepness = moved.reduce((sum, name) => {
      const [from, to] = [before[name] ?? new Float32Array(), after[name] ?? new Float32Array()];
      return sum + from.reduce((part, value, index) => part + (value - (to[index] ?? 0)) ** 2, 0);
    }, 0);
    network.dispose();
    network = tinyNetwork(engine, { loss: lookAhead(), optimizer: sgd({ momentum: 0, weightDecay: 0 }) });
    const little = 1e-3 / Math.sqrt(steepness);
    const [here, below] = [lossAt(little), lossAt(-2 * little)];
    const above = lossAt(0);
    expect((above - below) / (2 * little)).toBeCloseToTensor(steepness, { relative: 0.02 });
    expect(here).toBeGreaterThan(below);
    tf.dispose(views);
  });

  it("leaves no tensor behind", async () => {
    network = tinyNetwork(engine, { loss: lookAhead() });
    await expect(() => train(network, 1)).toLeakNoTensors();
  });
});
