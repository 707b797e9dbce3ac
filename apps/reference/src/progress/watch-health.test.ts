import { barlowTwins } from "@blockwise/loss-barlow-twins";
import type { LocalLossSiteV1, StepEventV1 } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { watchHealth } from "./watch-health.js";

const site: LocalLossSiteV1 = {
  blockIndex: 0,
  blockCount: 2,
  mapShape: [4, 4, 8],
  featureDim: 16,
  embeddingDim: 100,
  batchSize: 100,
  classCount: null,
  next: null,
};

function eventOf(ranks: Readonly<Record<string, number>>, embeddingDeviation = 0.1): StepEventV1 {
  const blocks = Object.entries(ranks).map(([block, effectiveRank]) => ({
    block,
    loss: 1,
    terms: {},
    learningRate: 0.1,
    embeddingDeviation,
    health: { effectiveRank, meanAbsoluteCorrelation: 0, gradientNorm: 1, weightNorm: 1, trustRatio: 0.01 },
    skipped: false,
  }));
  return {
    step: 0,
    stepCount: 4,
    epoch: 0,
    phase: null,
    blocks,
    pairsPerSecond: 1,
    dataWaitShare: 0,
    inputImagesPerSecond: 0,
    secondsLeft: 0,
  };
}

describe("watchHealth", () => {
  it("tells each kind of warning once a block", () => {
    const messages: string[] = [];
    const watch = watchHealth(
      (block) => (block === "gone" ? undefined : { site, loss: barlowTwins() }),
      (message) => messages.push(message),
    );
    const told = (event: StepEventV1) => watch(event).map(({ block, kind }) => `${block} ${kind}`);
    expect(told(eventOf({ a: 50, b: 50, gone: 1 }))).toEqual([]);
    expect(told(eventOf({ a: 3, b: 50 }))).toEqual(["a low-rank"]);
    expect(told(eventOf({ a: 2, b: 4 }))).toEqual(["b low-rank"]);
    expect(told(eventOf({ a: 2, b: 4 }, 0.001))).toEqual(["a collapsed", "b collapsed"]);
    expect(told(eventOf({ a: 1, b: 1 }, 0))).toEqual([]);
    expect(messages.map((message) => message.slice(0, 2))).toEqual(["a:", "b:", "a:", "b:"]);
  });
});
