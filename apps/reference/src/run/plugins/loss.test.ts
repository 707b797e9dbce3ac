import { describe, expect, it } from "vitest";
import type { LossConfig } from "../../config/sections/loss.js";
import { createLoss } from "./loss.js";

describe("createLoss", () => {
  it.each<[LossConfig, object]>([
    [{ kind: "cross-entropy" }, { input: "feature", labelSmoothing: 0 }],
    [
      { kind: "cross-entropy", input: "embedding", labelSmoothing: 0.1 },
      { input: "embedding", labelSmoothing: 0.1 },
    ],
    [{ kind: "greedy-infomax" }, { predictionSteps: 3, negatives: "all", temperature: 1, grid: 7 }],
    [
      { kind: "greedy-infomax", predictionSteps: 1, negatives: 8 },
      { predictionSteps: 1, negatives: 8 },
    ],
  ])("makes what %o says, with the loss's own defaults", async (config, options) => {
    const loss = await createLoss(config);
    expect(config).toMatchObject({ kind: loss.id });
    expect(loss.options).toMatchObject(options);
  });

  it("makes losses within losses", async () => {
    const simclr = { kind: "simclr", temperature: 0.5 } as const;
    const loss = await createLoss({
      kind: "weighted-sum",
      losses: [
        { weight: 0.5, loss: { kind: "look-ahead", loss: simclr, weight: 0.25 } },
        { weight: 2, loss: { kind: "cross-entropy" } },
      ],
    });
    expect(loss.options).toMatchObject({
      losses: [
        {
          weight: 0.5,
          loss: {
            id: "look-ahead",
            options: { weight: 0.25, loss: { id: "simclr", options: { temperature: 0.5 } } },
          },
        },
        { weight: 2, loss: { id: "cross-entropy" } },
      ],
    });
    expect(loss.capabilities).toMatchObject({ labels: true, nextBlock: true });
  });
});
