import { createEngine } from "@blockwise/engine";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { fold, rootKey } from "@blockwise/random";
import type { OptimizerV1 } from "@blockwise/spec";
import { checkGradients, useCpuBackend } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { tinyNetwork, tinyViews } from "../__fixtures__/tiny-network.js";
import { stepNetwork } from "../trainer/step-network.js";
import { addNoise } from "./noise.js";

const key = rootKey(3);
const shape: [number, number, number, number] = [4, 6, 5, 8];
const kinds = { hw: [1, 2], c: [3], all: [0, 1, 2, 3] } as const;
const kindNames = Object.keys(kinds) as (keyof typeof kinds)[];

/** A map whose scale differs from sample to sample, place to place and channel to channel. */
function unevenMap(): tf.Tensor4D {
  return tf.tidy(() =>
    tf.mul(tf.randomNormal(shape, 1, 1, "float32", 2), tf.randomUniform([4, 6, 1, 8], 0.5, 3, "float32", 3)),
  );
}

describe("addNoise", () => {
  beforeAll(useCpuBackend);

  it.each(kindNames)("%s: is N(0, 1) times the unbiased standard deviation over its axes", (kind) => {
    tf.tidy(() => {
      const x = unevenMap();
      const axes: number[] = [...kinds[kind]];
      const count = axes.reduce((product, axis) => product * (shape[axis] ?? 0), 1);
      const sigma = tf.sqrt(tf.mul(tf.moments(x, axes, true).variance, count / (count - 1)));
      const noise = tf.sub(addNoise(x, { kind, standardDeviation: 0.25 }, key), x);
      const normal = tf.div(noise, tf.mul(sigma, 0.25));
      const { mean, variance } = tf.moments(normal);
      // Of 960 draws the mean strays by 0.03 and the variance by 0.05; allowed is four times that.
      expect(mean).toBeCloseToTensor(0, { absolute: 0.13 });
      expect(variance).toBeCloseToTensor(1, { absolute: 0.18 });
      // The draws are those of the key, whatever the kind.
      const zeroMean = tf.reshape(tf.linspace(-1, 1, x.size), shape);
      const flat = addNoise(zeroMean, { kind: "all", standardDeviation: 1 }, key);
      const wholeSigma = tf.sqrt(tf.mul(tf.moments(zeroMean).variance, x.size / (x.size - 1)));
      expect(normal).toBeCloseToTensor(tf.div(tf.sub(flat, zeroMean), wholeSigma), { absolute: 1e-4 });
    });
  });

  it("is the same for the same key and another for another", () => {
    tf.tidy(() => {
      const x = unevenMap();
      const options = { kind: "all", standardDeviation: 0.25 } as const;
      const [first, same, other] = [key, rootKey(3), fold(key, 1)].map((k) => addNoise(x, options, k));
      expect(first?.arraySync()).toEqual(same?.arraySync());
      const [a, b] = [first, other].map((noised) => tf.sub(noised as tf.Tensor, x)) as [tf.Tensor, tf.Tensor];
      const correlation = tf.div(
        tf.sum(tf.mul(a, b)),
        tf.sqrt(tf.mul(tf.sum(tf.square(a)), tf.sum(tf.square(b)))),
      );
      expect(correlation).toBeCloseToTensor(0, { absolute: 0.15 });
    });
  });

  it.each(kindNames)("%s: has the gradient of finite differences, through sigma too", (kind) => {
    tf.tidy(() => {
      const x = tf.randomNormal([2, 2, 2, 3], 0, 1, "float32", 4);
      const weights = tf.randomNormal([2, 2, 2, 3], 0, 1, "float32", 5);
      const f = (input: tf.Tensor): tf.Scalar =>
        tf.sum(tf.mul(addNoise(input, { kind, standardDeviation: 0.5 }, key), weights));
      checkGradients(f, [x], { tolerance: 5e-3 });
    });
  });

  it.each(kindNames)("%s: a constant map stays finite and all but constant, with its gradient", (kind) => {
    tf.tidy(() => {
      const x = tf.fill([2, 2, 2, 3], 5);
      const options = { kind, standardDeviation: 0.25 };
      const { value, grad } = tf.valueAndGrad((input) => addNoise(input as tf.Tensor, options, key))(x);
      expect(value).toBeCloseToTensor(x, { absolute: 1e-5 });
      expect(grad).toBeCloseToTensor(tf.onesLike(x), { absolute: 1e-5 });
    });
  });

  it("changes nothing at a standard deviation of 0", () => {
    tf.tidy(() => {
      const x = unevenMap();
      expect(addNoise(x, { kind: "c", standardDeviation: 0 }, key).arraySync()).toEqual(x.arraySync());
    });
  });

  it.each([
    ["hw", [4, 1, 1, 8]],
    ["c", [4, 2, 2, 1]],
    ["all", [1, 1, 1, 1]],
  ] as const)("%s: refuses %o, which has no deviation", (kind, received) => {
    tf.tidy(() => {
      expect(() => addNoise(tf.ones([...received]), { kind, standardDeviation: 1 }, key)).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH", received }),
      );
    });
  });

  it("leaves no tensor behind", async () => {
    const x = unevenMap();
    await expect(() => addNoise(x, { kind: "hw", standardDeviation: 1 }, key).dispose()).toLeakNoTensors();
    x.dispose();
  });
});

describe("noise in a network", () => {
  it("differs between views, blocks and steps, and passes on to the next block", async () => {
    const engine = await createEngine({ name: "wasm" });
    const loss = barlowTwins();
    const maps = new Map<string, Float32Array>();
    const recording = {
      ...loss,
      doCompute: (input: Parameters<typeof loss.doCompute>[0]) => {
        for (const [view, { map }] of input.views.entries()) {
          maps.set(`${input.site.blockIndex}.${input.step}.${view}`, map.dataSync<"float32">().slice());
        }
        return loss.doCompute(input);
      },
    };
    const options = { loss: recording, optimizer: still };
    const noisy = tinyNetwork(engine, { ...options, noise: { kind: "all", standardDeviation: 0.25 } });
    const quiet = tinyNetwork(engine, options);
    const [view] = tinyViews(0);
    if (view === undefined) throw new Error("Two views.");
    const step = (network: typeof noisy, index: number): void =>
      void stepNetwork(network, {
        views: [view, view],
        labels: null,
        step: index,
        stepCount: 2,
        learningRate: 0,
        seed: 1,
      });
    step(quiet, 0);
    expect(maps.get("1.0.0")).toEqual(maps.get("1.0.1"));
    const quietMap = maps.get("2.0.0");
    for (const index of [0, 1]) step(noisy, index);
    expect(maps.get("2.0.0")).not.toEqual(quietMap);
    const drawn = [...maps.entries()].filter(([name]) => name.startsWith("1.")).map(([, map]) => map.join());
    expect(new Set(drawn).size).toBe(4);
    // Every block of every step draws from a key of its own.
    const drawnFrom = noisy.learners.map((learner) => vi.spyOn(learner, "open"));
    for (const index of [0, 1]) step(noisy, index);
    const keys = drawnFrom.flatMap(({ mock }) =>
      mock.calls.map(([request]) => JSON.stringify(request.noiseKey)),
    );
    expect(keys).toHaveLength(6);
    expect(new Set(keys).size).toBe(6);
    view.dispose();
    noisy.dispose();
    quiet.dispose();
  });

  it("can be another one in each block, or none", async () => {
    const engine = await createEngine({ name: "wasm" });
    const seen = new Map<number, boolean>();
    const loss = barlowTwins();
    const comparing = {
      ...loss,
      doCompute: (input: Parameters<typeof loss.doCompute>[0]) => {
        const [first, second] = input.views.map(({ map }) => map.dataSync().join());
        seen.set(input.site.blockIndex, first === second);
        return loss.doCompute(input);
      },
    };
    const network = tinyNetwork(engine, {
      loss: comparing,
      noise: ({ index }) => (index === 0 ? null : { kind: "all", standardDeviation: index === 1 ? 0 : 0.5 }),
    });
    const [view] = tinyViews(0);
    if (view === undefined) throw new Error("Two views.");
    const request = { labels: null, step: 0, stepCount: 1, learningRate: 0, seed: 1 };
    stepNetwork(network, { ...request, views: [view, view] });
    expect([...seen]).toEqual([
      [0, true],
      [1, true],
      [2, false],
    ]);
    view.dispose();
    network.dispose();
  });
});

/** An optimiser that changes nothing. */
const still: OptimizerV1 = {
  specificationVersion: "v1",
  kind: "optimizer",
  id: "still",
  options: {},
  doInit: () => ({}),
  doUpdate: ({ parameters }) => ({
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, tensor]) => [name, tf.clone(tensor)]),
    ),
    state: {},
  }),
};
