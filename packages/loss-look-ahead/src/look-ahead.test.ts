import {
  InvalidOptionError,
  type JsonObject,
  type LocalLossSiteV1,
  type LocalLossV1,
  type LocalLossViewV1,
  ShapeMismatchError,
} from "@blockwise/spec";
import {
  createSubject,
  describeLocalLoss,
  disposeSubject,
  type LocalLossSample,
  lossInput,
  randomSample,
  useCpuBackend,
} from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LookAheadOptions, lookAhead } from "./look-ahead.js";

beforeAll(useCpuBackend);
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

function pair(views: readonly LocalLossViewV1[]): [tf.Tensor2D, tf.Tensor2D] {
  const [z1, z2] = views.map(({ embedding }) => embedding);
  if (z1 === undefined || z2?.shape.join() !== z1.shape.join() || z1.shape[0] < 2) {
    throw new ShapeMismatchError({ subject: "embeddings", expected: "equal", received: z2?.shape ?? [] });
  }
  return [z1, z2];
}

/** The mean squared distance of the views' embeddings, and their mean square, `factor` times. */
const distance = (factor = 1): LocalLossV1 => ({
  specificationVersion: "v1",
  kind: "local-loss",
  id: "distance",
  options: { factor },
  capabilities: { views: 2, labels: false, minimumBatchSize: 2, symmetric: true },
  doInit: () => ({ parameters: [], buffers: [] }),
  doCompute: ({ views }) =>
    tf.tidy(() => {
      const [z1, z2] = pair(views);
      const terms = {
        apart: tf.mul<tf.Scalar>(tf.mean(tf.squaredDifference(z1, z2)), factor),
        long: tf.mul<tf.Scalar>(tf.mean(tf.square(tf.add(z1, z2))), factor),
      };
      return { total: tf.add<tf.Scalar>(terms.apart, terms.long), terms };
    }),
});

/** Predicts one view's embedding from the other's by a matrix of its own, and counts its calls. */
const predictor = (): LocalLossV1 => ({
  ...distance(),
  id: "predictor",
  options: {},
  doInit: ({ embeddingDim }) => ({
    parameters: [
      {
        name: "weight",
        shape: [embeddingDim, embeddingDim],
        layout: "linear",
        initializer: { kind: "normal", standardDeviation: 0.5 },
      },
    ],
    buffers: [{ name: "calls", shape: [], initializer: { kind: "zeros" } }],
  }),
  doCompute: ({ views, context }) =>
    tf.tidy(() => {
      const [z1, z2] = pair(views);
      const weight = context.parameter("weight") as tf.Tensor2D;
      context.updateBuffer("calls", tf.add(context.buffer("calls"), 1));
      const apart = (from: tf.Tensor2D, to: tf.Tensor2D): tf.Scalar =>
        tf.mean(tf.squaredDifference(tf.matMul(from, weight), to));
      const total = tf.add<tf.Scalar>(apart(z1, z2), apart(z2, z1));
      return { total, terms: { prediction: tf.clone(total) } };
    }),
});

/** As from a file: `{ loss: { id, options }, weight }`. */
type Stored = JsonObject & { readonly loss: { readonly options: JsonObject } };
const restored = (options: LookAheadOptions | Stored | undefined, make: () => LocalLossV1): LocalLossV1 => {
  const { weight } = (options ?? {}) as { weight?: number };
  return lookAhead({ loss: make(), ...(weight === undefined ? { weight: 0.5 } : { weight }) });
};

describeLocalLoss({
  name: "looking ahead with a loss without state",
  create: (options?: Stored) => restored(options, distance),
});
describeLocalLoss({
  name: "looking ahead with a loss that has parameters and buffers",
  create: (options?: Stored) => restored(options, predictor),
  site: { embeddingDim: 3, batchSize: 4 },
});
describeLocalLoss({
  name: "looking ahead at the last block",
  create: (options?: Stored) => restored(options, predictor),
  site: { embeddingDim: 3, batchSize: 4, next: null },
});

/** What a loss makes of a random sample, changed; and of the inner loss alone on the same views. */
function compute(
  loss: LocalLossV1,
  site: Partial<LocalLossSiteV1> = {},
  change: (sample: LocalLossSample) => LocalLossSample = (sample) => sample,
): { readonly total: number; readonly terms: Readonly<Record<string, number>> } {
  const subject = createSubject(loss, site);
  const { total, terms } = loss.doCompute(lossInput(subject, change(randomSample(subject, 1))));
  disposeSubject(subject);
  const values = Object.entries(terms).map(([name, term]) => [name, term.arraySync()]);
  return { total: total.arraySync(), terms: Object.fromEntries(values) };
}

describe("lookAhead", () => {
  it("adds the weighted loss of what the next block makes of it", () => {
    const ahead = compute(lookAhead({ loss: distance(), weight: 0.25 }));
    const own = compute(distance());
    const swapped = compute(lookAhead({ loss: distance() }), {}, (sample) => ({
      ...sample,
      views: sample.next ?? [],
    }));
    const next = { apart: swapped.terms.apart ?? 0, long: swapped.terms.long ?? 0 };
    expect(ahead.terms).toEqual({
      apart: own.terms.apart,
      long: own.terms.long,
      "next.apart": expect.closeTo(0.25 * next.apart, 5),
      "next.long": expect.closeTo(0.25 * next.long, 5),
    });
    expect(next.apart).not.toBeCloseTo(own.terms.apart ?? 0, 2);
    expect(ahead.total).toBeCloseToTensor(own.total + 0.25 * (next.apart + next.long));
  });

  it("is the loss alone at the last block, and for a weight of 0", () => {
    const own = compute(distance());
    expect(compute(lookAhead({ loss: distance() }), { next: null })).toEqual(own);
    expect(compute(lookAhead({ loss: distance(), weight: 0 })).total).toBe(own.total);
  });

  it("keeps the inner loss's state twice, each sized for its block", () => {
    const site = { embeddingDim: 4, next: { embeddingDim: 7 } } as LocalLossSiteV1;
    const { parameters, buffers } = lookAhead({ loss: predictor() }).doInit(site);
    expect(parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ["own.weight", [4, 4]],
      ["next.weight", [7, 7]],
    ]);
    expect(buffers.map(({ name }) => name)).toEqual(["own.calls", "next.calls"]);
  });

  it("gives the inner loss the site, the views and the state of each block, and none beyond", () => {
    const seen: unknown[] = [];
    const inner: LocalLossV1 = {
      ...distance(),
      doCompute: (input) => {
        const { site, next, views, step, stepCount } = input;
        seen.push([site.blockIndex, site.next, next, views[0]?.embedding.shape, step, stepCount]);
        return distance().doCompute(input);
      },
    };
    const nextSite = { blockIndex: 2, embeddingDim: 9, batchSize: 8, mapShape: [1, 1, 6], featureDim: 6 };
    compute(lookAhead({ loss: inner }), { next: nextSite as unknown as LocalLossSiteV1 });
    expect(seen).toEqual([
      [1, null, null, [8, 5], 0, 10],
      [2, undefined, null, [8, 9], 0, 10],
    ]);
  });

  it("passes on what the inner loss needs", () => {
    const capabilities = { views: 3, labels: true, minimumBatchSize: 4, symmetric: false };
    expect(lookAhead({ loss: { ...distance(), capabilities } }).capabilities).toEqual({
      ...capabilities,
      nextBlock: true,
    });
  });

  it("says what it wraps in its options", () => {
    expect(lookAhead({ loss: distance(3), weight: 2 }).options).toEqual({
      loss: { id: "distance", options: { factor: 3 } },
      weight: 2,
    });
  });

  it("is not silent about views after the next block that do not come", () => {
    expect(() =>
      compute(lookAhead({ loss: distance() }), {}, (sample) => ({ ...sample, next: null })),
    ).toThrow(/the views after block 2/);
  });

  it("refuses what is no loss, looks ahead already, or is weighted below 0", () => {
    const refuse = (options: LookAheadOptions, option: string) =>
      expect(() => lookAhead(options)).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option }),
      );
    refuse({ loss: undefined as unknown as LocalLossV1 }, "loss");
    refuse({ loss: lookAhead({ loss: distance() }) }, "loss");
    for (const weight of [-1, Number.NaN, Infinity]) refuse({ loss: distance(), weight }, "weight");
    expect(() => lookAhead({ loss: lookAhead({ loss: distance() }) })).toThrow(InvalidOptionError);
  });
});
