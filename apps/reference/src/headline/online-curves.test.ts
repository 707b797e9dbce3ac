import { expect, test } from "vitest";
import { onlineCurves } from "./online-curves.js";

test("gathers the readings of each block, those that were there at the time", () => {
  const score = (block: string, value: number) => ({
    block,
    train: { raw: null, head: null },
    heldOut: { raw: value, head: value + 1 },
    neighbors: value + 2,
  });
  const readings = [
    { step: 10, blocks: [score("layer1", 1)] },
    { step: 20, blocks: [score("layer1", 5), score("layer2", 7)] },
  ];
  expect(onlineCurves(readings)).toEqual([
    { block: "layer1", steps: [10, 20], raw: [1, 5], head: [2, 6], neighbors: [3, 7] },
    { block: "layer2", steps: [20], raw: [7], head: [8], neighbors: [9] },
  ]);
  expect(onlineCurves([])).toEqual([]);
});
