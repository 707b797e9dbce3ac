import { type EvaluatorV1, InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failedChecks } from "../__fixtures__/failed-checks.js";
import { useCpuBackend } from "../use-cpu-backend.js";
import { describeEvaluator } from "./describe-evaluator.js";
import { evaluatorChecks } from "./evaluator-checks.js";
import type { EvaluatorRequest } from "./feature-tables.js";

/** Guesses the class whose training rows' mean lies nearest; `overrides` break it. */
function nearestMean(overrides: Partial<EvaluatorV1> = {}): EvaluatorV1 {
  return {
    specificationVersion: "v1",
    kind: "evaluator",
    id: "nearest-mean",
    options: {},
    doEvaluate: async (request) => {
      checkTables(request);
      return scoreOf(request, distancesOf(request));
    },
    ...overrides,
  };
}

function checkTables({ train, test, classCount }: EvaluatorRequest): void {
  for (const { features, dim, labels } of [train, test]) {
    if (dim !== train.dim || labels.length === 0 || features.length !== labels.length * dim) {
      throw new ShapeMismatchError({ subject: "features", expected: "rows", received: [features.length] });
    }
    const known = labels.every((label) => label >= 0 && label < classCount);
    if (!known || !features.every(Number.isFinite)) {
      throw new InvalidOptionError({
        option: "features",
        expected: "finite, of classes",
        received: "others",
      });
    }
  }
}

/** For each test row, the squared distance to each class's mean. */
function distancesOf({ train, test, classCount }: EvaluatorRequest): number[][] {
  const { dim } = train;
  const means = Array.from({ length: classCount }, (_, label) => {
    const rows = [...train.labels.keys()].filter((row) => train.labels[row] === label);
    return Array.from({ length: dim }, (_, column) =>
      rows.reduce((sum, row) => sum + (train.features[row * dim + column] ?? 0) / rows.length, 0),
    );
  });
  return Array.from(test.labels, (_, row) =>
    means.map((mean) =>
      mean.reduce((sum, value, column) => sum + (value - (test.features[row * dim + column] ?? 0)) ** 2, 0),
    ),
  );
}

function scoreOf(
  { train, test, classCount, seed }: EvaluatorRequest,
  distances: readonly (readonly number[])[],
) {
  const share = (most: number): number => {
    const hits = distances.filter((row, place) => {
      const order = row
        .map((distance, label) => ({ distance, label }))
        .sort((a, b) => a.distance - b.distance);
      return order.slice(0, most).some(({ label }) => label === test.labels[place]);
    });
    return (100 * hits.length) / distances.length;
  };
  const counts = { dim: train.dim, trainCount: train.labels.length, testCount: test.labels.length };
  const protocol = { evaluator: "nearest-mean", seed, classCount, ...counts };
  return { top1: share(1), ...(classCount > 5 ? { top5: share(5) } : {}), protocol };
}

const kept: tf.Tensor[] = [];
let calls = 0;

beforeAll(useCpuBackend);
afterAll(() => tf.dispose(kept));

describeEvaluator({ name: "the nearest mean", create: () => nearestMean() });

describe("the checks of evaluators", () => {
  const good = nearestMean();
  const changing = (
    change: (request: EvaluatorRequest, result: Awaited<ReturnType<EvaluatorV1["doEvaluate"]>>) => object,
  ): Partial<EvaluatorV1> => ({
    doEvaluate: async (request) => {
      const result = await good.doEvaluate(request);
      return { ...result, ...change(request, result) };
    },
  });

  it.each<[string, Partial<EvaluatorV1>, string[]]>([
    ["states another version", { specificationVersion: "v0" as "v1" }, ["says what it is"]],
    [
      "takes the class that lies farthest",
      {
        doEvaluate: async (request) => {
          checkTables(request);
          return scoreOf(
            request,
            distancesOf(request).map((row) => row.map((distance) => -distance)),
          );
        },
      },
      ["tells apart classes that lie far apart"],
    ],
    [
      "gives a part as a percentage",
      changing((_, { top1 }) => ({ top1: top1 / 100 })),
      ["tells apart", "guesses one class a row"],
    ],
    [
      "gives the first five of three",
      changing(() => ({ top5: 100 })),
      ["gives a score of the first five guesses"],
    ],
    [
      "does not write down its seed",
      changing((_, { protocol }) => ({ protocol: { ...protocol, seed: 0 } })),
      ["writes down its protocol"],
    ],
    ["does not write down its options", { options: { k: 3 } }, ["writes down its protocol"]],
    [
      "peeks at the test labels",
      changing(({ test }, { top1 }) => ({ top1: test.labels.every((label) => label === 0) ? 100 : top1 })),
      ["guesses one class a row"],
    ],
    ["is random", changing((_, { top1 }) => ({ top1: top1 - 1e-9 * calls++ })), ["gives the same score"]],
    [
      "fails on features that are all alike",
      changing(({ train }) => {
        if (train.features.every((value) => value === train.features[0])) throw new Error("no variance");
        return {};
      }),
      [
        "gives a score, or refuses with a typed error, for features that are all alike",
        "gives a score, or refuses with a typed error, for features that are zero",
      ],
    ],
    [
      "takes a power that overflows and vanishes",
      changing(({ train }, { top1 }) => {
        const power = Math.fround(Math.max(...train.features) ** 8);
        return { top1: (top1 * power) / power };
      }),
      ["zero", "huge", "tiny"].map((kind) => `gives a score, or refuses .* that are ${kind}`),
    ],
    [
      "writes into the features",
      changing(({ train }) => {
        train.features.fill(train.features[0] ?? 0, 0, 1);
        train.features.fill(7, 1, 2);
        return {};
      }),
      ["leaves features and labels"],
    ],
    [
      "leaks",
      changing(() => {
        kept.push(tf.scalar(1));
        return {};
      }),
      ["leaves no tensor alive"],
    ],
    [
      "takes splits of any width",
      {
        doEvaluate: (request) =>
          good.doEvaluate(request.test.dim === 5 ? { ...request, test: request.train } : request),
      },
      ["refuses splits"],
    ],
    [
      "takes unlabelled rows",
      {
        doEvaluate: (request) => {
          const labels = request.test.labels.map((label) => Math.max(0, label));
          return good.doEvaluate({ ...request, test: { ...request.test, labels } });
        },
      },
      ["refuses labels of no class"],
    ],
  ])("find one that %s", async (_, overrides, expected) => {
    const test = { evaluator: nearestMean(overrides), rowCount: 30, leastScore: 90, seed: 1 };
    const failed = Object.keys(await failedChecks(evaluatorChecks, test));
    expect(failed).toEqual(expected.map((start) => expect.stringMatching(new RegExp(`^${start}`))));
  });
});
