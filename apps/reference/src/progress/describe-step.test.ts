import { describe, expect, it } from "vitest";
import { describeTime } from "./describe-time.js";
import { describeStep } from "./reporter.js";

describe("describeStep", () => {
  it("says step, phase, loss by block, speed and time left", () => {
    const block = {
      block: "layer1",
      loss: 1.23456,
      terms: {},
      learningRate: 0.1,
      embeddingDeviation: 1,
      health: null,
      skipped: false,
    };
    const event = {
      step: 4,
      stepCount: 20,
      epoch: 0,
      phase: null,
      pairsPerSecond: 99.6,
      dataWaitShare: 0.02,
      inputImagesPerSecond: 110.4,
      secondsLeft: 125,
    };
    expect(describeStep("blockwise", { ...event, blocks: [block, { ...block, skipped: true }] })).toBe(
      "blockwise 5/20 · loss 1.235 skipped · 100 images/s · 2 min 5 s left · waiting for data 2 %",
    );
    expect(describeStep("run", { ...event, dataWaitShare: 0.25, blocks: [block] })).toContain(
      "waiting for data 25 % (at most 110 images/s)",
    );
    const phase = { index: 1, count: 4, block: "layer2" };
    expect(describeStep("run", { ...event, phase, blocks: [block] })).toContain(
      "run 5/20 · layer2, block 2 of 4 · loss 1.235 ·",
    );
  });
});

describe("describeTime", () => {
  it("takes the largest units that fit", () => {
    expect([0.4, 59.4, 59.6, 3599, 3660].map(describeTime)).toEqual([
      "0 s",
      "59 s",
      "1 min 0 s",
      "59 min 59 s",
      "1 h 1 min",
    ]);
  });
});
