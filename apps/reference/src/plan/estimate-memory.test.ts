import { resnet } from "@blockwise/backbone-resnet";
import { type BlockCost, describeCosts } from "@blockwise/core";
import { globalPool, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { describe, expect, it } from "vitest";
import { estimateMemory, largestBatchSize } from "./estimate-memory.js";

const costsAt = (batchSize: number): readonly BlockCost[] =>
  describeCosts({
    backbone: resnet({ depth: 18, width: 4, stem: "cifar" }),
    partition: "stages",
    head: globalPool(),
    projector: mlpProjector({ widths: [16, 16] }),
    loss: barlowTwins(),
    imageShape: [16, 16, 3],
    batchSize,
    classCount: null,
  });

describe("estimateMemory", () => {
  it("holds all weights and slots always, and one block's work at a time", () => {
    const costs = costsAt(8);
    const { stateBytes, blockPeakBytes, peakBytes } = estimateMemory(costs, 2);
    const own = costs.map(
      ({ parameters }) => 4 * (parameters.backbone + parameters.head + parameters.projector),
    );
    expect(stateBytes).toBe(3 * own.reduce((sum, bytes) => sum + bytes, 0));
    expect(peakBytes).toBe(Math.max(...blockPeakBytes));
    const images = 2 * 8 * (16 * 16 * 3) * 4;
    const last = costs[3] as BlockCost;
    // At the last block the update needs more than the maps: new weights and two new slots beside the old ones.
    expect(blockPeakBytes[3]).toBe(
      stateBytes + images + last.inputBytes + 4 * (own[3] ?? 0) + last.outputBytes,
    );
    const first = costs[0] as BlockCost;
    const { backbone, head, projector } = first.activationBytes;
    expect(blockPeakBytes[0]).toBe(
      stateBytes + 2 * images + (own[0] ?? 0) + backbone + head + projector + 2 * first.outputBytes,
    );
  });
});

describe("largestBatchSize", () => {
  it("finds the largest batch within a limit", () => {
    const peak = (batchSize: number) => estimateMemory(costsAt(batchSize), 2).peakBytes;
    for (const limit of [2 ** 24, 2 ** 26, 2 ** 28]) {
      const largest = largestBatchSize(peak, limit);
      expect(peak(largest)).toBeLessThanOrEqual(limit);
      expect(peak(largest + 1)).toBeGreaterThan(limit);
    }
    expect(largestBatchSize(peak, 1000)).toBe(0);
  });

  it("looks beyond a batch that does not fit, since heads cut large ones", () => {
    const peak = (batchSize: number) => (batchSize > 40 ? batchSize : 10 * batchSize);
    expect(largestBatchSize(peak, 100)).toBe(100);
  });
});
