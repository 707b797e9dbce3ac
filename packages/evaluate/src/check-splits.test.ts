import { type FeatureTable, InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { kNearestNeighbors, linearProbe } from "./index.js";

const good: FeatureTable = {
  features: Float32Array.of(1, 2, 3, 4, 5, 6),
  dim: 2,
  labels: Int32Array.of(0, 1, 1),
};
const empty: FeatureTable = { features: new Float32Array(), dim: 2, labels: new Int32Array() };

describe.each([linearProbe({ epochs: 1 }), kNearestNeighbors({ k: 1 })])("$id", (evaluator) => {
  it.each([
    ["one class only", { classCount: 1 }, InvalidOptionError, '"classCount"'],
    ["an empty training split", { train: empty }, ShapeMismatchError, "train features"],
    ["an empty test split", { test: empty }, ShapeMismatchError, "test features"],
    [
      "rows of unequal width",
      { test: { features: new Float32Array(9), dim: 3, labels: good.labels } },
      ShapeMismatchError,
      "[count, 2]",
    ],
    [
      "features that do not fill their rows",
      { train: { ...good, features: new Float32Array(5) } },
      ShapeMismatchError,
      "[6], one row of 2 for each of 3 labels",
    ],
    [
      "a label above the classes",
      { train: { ...good, labels: Int32Array.of(0, 1, 2) } },
      InvalidOptionError,
      "from 0 to 1, but is 2. It stands in row 2",
    ],
    [
      "an unlabelled image",
      { test: { ...good, labels: Int32Array.of(0, -1, 1) } },
      InvalidOptionError,
      "from 0 to 1, but is -1. It stands in row 1",
    ],
    [
      "training labels that are all alike",
      { train: { ...good, labels: Int32Array.of(1, 1, 1) } },
      InvalidOptionError,
      "at least two classes",
    ],
    [
      "a feature that is not a number",
      { train: { ...good, features: Float32Array.of(1, 2, 3, Number.NaN, 5, 6) } },
      InvalidOptionError,
      "row 1, dimension 1",
    ],
    [
      "an infinite feature",
      { test: { ...good, features: Float32Array.of(1, 2, 3, 4, Number.POSITIVE_INFINITY, 6) } },
      InvalidOptionError,
      '"test.features" must be finite, but is Infinity. It stands in row 2, dimension 0',
    ],
  ])("refuses %s and says where", async (_, change, kind, message) => {
    const request = { train: good, test: good, classCount: 2, seed: 1, ...change };
    const thrown = evaluator.doEvaluate(request);
    await expect(thrown).rejects.toBeInstanceOf(kind);
    await expect(thrown).rejects.toThrow(message);
  });
});
