import { describe, expect, it } from "vitest";
import { lossCurves } from "./loss-curves.js";

function logged(step: number, loss: Readonly<Record<string, number | null>>) {
  return { step, learningRate: {}, loss, embeddingDeviation: {} };
}

describe("lossCurves", () => {
  it("gives each block the steps in which it learned, whenever it began", () => {
    const log = [
      logged(0, { layer1: 5 }),
      logged(1, { layer1: 4, layer2: 9 }),
      logged(2, { layer2: null }),
      logged(3, { layer2: 7, layer3: 1 }),
    ];
    expect(lossCurves(log)).toEqual([
      { block: "layer1", steps: [0, 1], loss: [5, 4] },
      { block: "layer2", steps: [1, 2, 3], loss: [9, null, 7] },
      { block: "layer3", steps: [3], loss: [1] },
    ]);
    expect(lossCurves([])).toEqual([]);
  });
});
