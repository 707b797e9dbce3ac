import { createEngine } from "@blockwise/engine";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { adamW } from "@blockwise/optim";
import type { BlockHealthV1, BlockStepV1, LocalLossSiteV1, LocalLossV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { scaledLoss, tinyNetwork, train } from "../__fixtures__/tiny-network.js";
import { healthWarnings } from "./health-warnings.js";

const site: LocalLossSiteV1 = {
  blockIndex: 1,
  blockCount: 4,
  mapShape: [4, 4, 8],
  featureDim: 16,
  embeddingDim: 400,
  batchSize: 300,
  classCount: null,
  next: null,
};
const watched = { site, loss: barlowTwins() };
const healthy: BlockHealthV1 = {
  effectiveRank: 60,
  meanAbsoluteCorrelation: 0.3,
  gradientNorm: 2,
  weightNorm: 30,
  trustRatio: 0.01,
};

function report(health: Partial<BlockHealthV1> | null, changes: Partial<BlockStepV1> = {}): BlockStepV1 {
  return {
    block: "layer2",
    loss: 1,
    terms: {},
    embeddingDeviation: 0.04,
    learningRate: 0.002,
    health: health === null ? null : { ...healthy, ...health },
    skipped: false,
    ...changes,
  };
}

describe("healthWarnings", () => {
  it("finds nothing in a healthy block, nor where nothing was measured", () => {
    expect(healthWarnings(report({}), watched)).toEqual([]);
    expect(healthWarnings(report(null, { embeddingDeviation: 0 }), watched)).toEqual([]);
  });

  // The rank can be 256 at most, the samples that it is taken of; 1 / sqrt(400) is 0.05.
  it.each<[string, Partial<BlockHealthV1>, Partial<BlockStepV1>, number, number]>([
    ["collapsed", {}, { embeddingDeviation: 0.0124 }, 0.0124, 0.0125],
    ["low-rank", { effectiveRank: 12.7 }, {}, 12.7, 12.8],
    ["redundant", { meanAbsoluteCorrelation: 0.91 }, {}, 0.91, 0.9],
    ["large-update", { trustRatio: 0.051 }, {}, 0.051, 0.05],
    ["vanished-gradient", { gradientNorm: 2.9e-6 }, {}, 2.9e-6, 3e-6],
  ])(
    "warns of %s, with block, number, threshold and what to try",
    (kind, health, changes, measured, threshold) => {
      const warnings = healthWarnings(report(health, changes), watched);
      expect(warnings).toEqual([
        {
          block: "layer2",
          kind,
          measured,
          threshold: expect.closeTo(threshold, 12),
          message: expect.any(String),
        },
      ]);
      const { message } = warnings[0] ?? { message: "" };
      expect(message).toMatch(/^layer2: .*(Lower|Give|Look)/);
      for (const value of [measured, threshold]) expect(message).toContain(String(value));
    },
  );

  it("asks no more directions of a loss by labels than there are classes", () => {
    const loss = { ...barlowTwins(), capabilities: { ...barlowTwins().capabilities, labels: true } };
    const kinds = (effectiveRank: number, classCount: number): string[] =>
      healthWarnings(report({ effectiveRank }), { loss, site: { ...site, classCount } }).map(
        ({ kind }) => kind,
      );
    expect(kinds(5, 10)).toEqual([]);
    expect(kinds(4.9, 100)).toEqual(["low-rank"]);
    expect(kinds(5.1, 100)).toEqual([]);
    expect(kinds(12.7, 1000)).toEqual(["low-rank"]);
  });

  it("lets values at the thresholds pass", () => {
    const edge = {
      effectiveRank: 12.8,
      meanAbsoluteCorrelation: 0.9,
      trustRatio: 0.05,
      gradientNorm: 3.1e-6,
    };
    expect(healthWarnings(report(edge, { embeddingDeviation: 0.0126 }), watched)).toEqual([]);
  });

  it("says nothing of numbers that are not there", () => {
    const none = { effectiveRank: Number.NaN, trustRatio: Number.NaN, meanAbsoluteCorrelation: Number.NaN };
    expect(healthWarnings(report(none, { embeddingDeviation: Number.NaN }), watched)).toEqual([]);
  });

  it("tells a network whose loss draws all together from one that spreads", async () => {
    const engine = await createEngine({ name: "wasm" });
    const spreading = scaledLoss(() => 1);
    const drawing: LocalLossV1 = {
      ...spreading,
      doCompute: ({ views: [first, second] }) =>
        tf.tidy(() => {
          if (first === undefined || second === undefined) throw new Error("Two views.");
          const total = tf.mean<tf.Scalar>(
            tf.square(tf.sub(tf.concat([first.embedding, second.embedding]), 1)),
          );
          return { total, terms: { total } };
        }),
    };
    const kindsAfter = (loss: LocalLossV1): string[] => {
      const network = tinyNetwork(engine, { loss, optimizer: adamW(), meters: { everySteps: 1 } });
      const last = train(network, 30).at(-1) ?? [];
      const kinds = last.flatMap((block, index) =>
        healthWarnings(block, network.learners[index]?.definition ?? watched).map(({ kind }) => kind),
      );
      network.dispose();
      return kinds;
    };
    expect(kindsAfter(drawing).filter((kind) => kind === "collapsed")).toHaveLength(3);
    expect(kindsAfter(spreading)).not.toContain("collapsed");
  });
});
