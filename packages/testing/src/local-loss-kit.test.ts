import { InvalidOptionError, type LocalLossV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  computing,
  distance,
  embeddingsOf,
  failures,
  meanSquare,
  scored,
} from "./__fixtures__/distance-loss.js";
import { describeLocalLoss } from "./describe-local-loss.js";
import { checkGolden } from "./local-loss-golden.js";
import { checkInvariance } from "./local-loss-invariance.js";
import { createSubject, disposeSubject } from "./local-loss-subject.js";
import { useCpuBackend } from "./use-cpu-backend.js";

beforeAll(useCpuBackend);

/** A classifier on embeddings of one view, with its own weight; `check` says whether it looks at its labels first. */
function classifier(check = true): LocalLossV1 {
  return distance({
    id: "classifier",
    capabilities: { views: 1, labels: true, minimumBatchSize: 1, symmetric: false },
    doInit: ({ embeddingDim, classCount }) => ({
      parameters: [
        {
          name: "weight",
          shape: [embeddingDim, classCount ?? 0],
          layout: "linear",
          initializer: { kind: "normal", standardDeviation: 0.5 },
        },
      ],
      buffers: [{ name: "bias", shape: [classCount ?? 0], initializer: { kind: "zeros" } }],
    }),
    doCompute: ({ views: [view], labels, context, site }) =>
      tf.tidy(() => {
        const classCount = site.classCount ?? 0;
        if (view === undefined || labels === null) {
          throw new ShapeMismatchError({ subject: "views", expected: "one", received: [] });
        }
        if (check) requireLabels(labels, view.embedding.shape[0], classCount);
        const logits = tf.add(tf.matMul(view.embedding, context.parameter("weight")), context.buffer("bias"));
        const chosen = tf.mul(tf.oneHot(labels, classCount), tf.logSoftmax(logits));
        return scored(tf.neg(tf.mean(tf.sum(chosen, 1))));
      }),
  });
}

function requireLabels(labels: tf.Tensor1D, batchSize: number, classCount: number): void {
  const values = [...labels.dataSync()];
  if (values.length === batchSize && values.every((label) => label >= 0 && label < classCount)) return;
  throw new InvalidOptionError({ option: "labels", expected: "one a sample", received: values });
}

/** The distance between the maps of a view here and after the next block. */
const aheadDistance = (compute: (own: tf.Tensor, next: tf.Tensor) => tf.Scalar = meanSquare): LocalLossV1 =>
  distance({
    capabilities: { views: 2, labels: false, minimumBatchSize: 2, symmetric: true, nextBlock: true },
    doCompute: (input) =>
      tf.tidy(() => {
        embeddingsOf(input);
        const parts = input.views.map(({ map }, view) => {
          const next = input.next?.[view]?.map;
          if (next?.shape.join() !== map.shape.join()) {
            throw new ShapeMismatchError({ subject: "maps", expected: "equal", received: map.shape });
          }
          return compute(map, next);
        });
        return scored(tf.addN(parts));
      }),
  });

describeLocalLoss({
  name: "a classifier with its own parameters, buffers and labels",
  create: () => classifier(),
});
describeLocalLoss({ name: "a loss on maps and the next block", create: () => aheadDistance() });
describeLocalLoss({
  name: "a loss with invariances",
  create: () => distance(),
  invariances: [
    {
      name: "all views are shifted alike",
      change: (view) => ({ ...view, embedding: tf.add(view.embedding, 1) }),
    },
  ],
});

/** As constant as a tensor gets, and of no graph. */
const frozen = (tensor: tf.Tensor): tf.Tensor => tf.tensor(tensor.dataSync(), tensor.shape);
const kept: tf.Tensor[] = [];
afterAll(() => tf.dispose(kept));

describe("the checks of local losses, beyond embeddings", () => {
  it.each<[string, () => LocalLossV1, RegExp]>([
    [
      "reads maps past the gradient",
      () =>
        distance({
          doCompute: (input) =>
            tf.tidy(() => {
              const map = frozen(input.views[0]?.map ?? tf.scalar(0));
              return scored(tf.add(meanSquare(...embeddingsOf(input)), tf.mean(map)));
            }),
        }),
      /finite differences: .*no gradient reaches the map of view 1, but the loss depends on it/,
    ],
    [
      "has half of a gradient by the next block",
      () => aheadDistance((own, next) => meanSquare(own, tf.add(tf.div(next, 2), tf.div(frozen(next), 2)))),
      /finite differences: The gradient of map of view 1 after the next block at/,
    ],
    [
      "holds its own parameter constant",
      () =>
        distance({
          doInit: () => ({
            parameters: [{ name: "gain", shape: [], layout: "plain", initializer: { kind: "ones" } }],
            buffers: [],
          }),
          doCompute: (input) =>
            tf.tidy(() => {
              const gain = frozen(input.context.parameter("gain"));
              return scored(tf.mul(gain, meanSquare(...embeddingsOf(input))));
            }),
        }),
      /finite differences: .*no gradient reaches the parameter gain, but the loss depends on it/,
    ],
    [
      "looks at nothing",
      () =>
        distance({
          doCompute: (input) => {
            embeddingsOf(input);
            return scored(tf.scalar(1));
          },
        }),
      /finite differences: .*no gradient reaches a view or a parameter/,
    ],
    [
      "keeps a tensor for itself",
      () => {
        const own = tf.keep(tf.ones([1]));
        kept.push(own);
        return computing((z1, z2) => meanSquare(tf.mul(z1, own), z2));
      },
      /its own state alone: .*it reads a tensor of shape \[1\] that it was not given/,
    ],
    [
      "makes a variable",
      () =>
        computing((z1, z2) => {
          kept.push(tf.variable(tf.scalar(1)));
          return meanSquare(z1, z2);
        }),
      /its own state alone: .*it makes variables of its own/,
    ],
    ["takes labels as they come", () => classifier(false), /refuses labels/],
    [
      "pairs samples with labels by their places",
      () => {
        const loss = classifier();
        return {
          ...loss,
          doCompute: (input) =>
            tf.tidy(() => {
              const { total } = loss.doCompute(input);
              const first = tf.slice(input.labels ?? tf.zeros([1]), 0, 1);
              return scored(tf.add(total, tf.reshape(tf.cast(first, "float32"), [])));
            }),
        };
      },
      /does not depend on the order of the samples/,
    ],
    [
      "overflows where features are huge",
      () =>
        distance({
          doCompute: (input) =>
            tf.tidy(() => {
              const [first, second] = input.views.map(({ feature }) => tf.exp(feature));
              const both = tf.add(tf.mean(first ?? 0), tf.mean(second ?? 0));
              return scored(tf.add(meanSquare(...embeddingsOf(input)), both));
            }),
        }),
      /views that are huge \(1e4\): /,
    ],
    [
      "prefers the first view after the next block",
      () => {
        const loss = aheadDistance();
        return {
          ...loss,
          doCompute: (input) =>
            tf.tidy(() => {
              const { total } = loss.doCompute(input);
              return scored(tf.add(total, tf.mean(input.next?.[0]?.map ?? 0)));
            }),
        };
      },
      /is symmetric in its views/,
    ],
  ])("find a loss that %s", async (_, create, expected) => {
    expect(await failures(create())).toContainEqual(expect.stringMatching(expected));
  });
});

describe("checkInvariance", () => {
  const subject = () => createSubject(distance());

  it("finds a change that matters, in the total or in a term", () => {
    const scaled = {
      name: "views are scaled",
      change: (view: Parameters<typeof embeddingsOf>[0]["views"][number]) => ({
        ...view,
        embedding: tf.mul<tf.Tensor2D>(view.embedding, 1.01),
      }),
    };
    expect(() => checkInvariance(subject(), scaled, 1)).toThrow(/the total/);
    expect(() => checkInvariance(subject(), { ...scaled, terms: ["distance"] }, 1)).toThrow(/distance/);
    expect(() => checkInvariance(subject(), { ...scaled, terms: ["unknown"] }, 1)).toThrow(/unknown/);
    checkInvariance(subject(), { ...scaled, relative: 0.03 }, 1);
  });
});

describe("checkGolden", () => {
  const golden = {
    name: "one sample of each class",
    options: undefined,
    embeddings: [
      [
        [1, 0],
        [0, 1],
      ],
    ],
    labels: [0, 1],
    classCount: 2,
    parameters: {
      weight: [
        [1, 0],
        [0, 1],
      ],
    },
    total: Math.log(1 + Math.exp(-1)),
    otherGradients: {
      "parameter weight": [
        [-0.1344707, 0.1344707],
        [0.1344707, -0.1344707],
      ],
    },
  };
  const check = (changes: object) => () => checkGolden(() => classifier(), {}, { ...golden, ...changes });

  it("takes labels and parameters, compares any gradient, and leaves no tensor", async () => {
    await expect(check({})).toLeakNoTensors();
  });

  it("notices what is off", () => {
    expect(check({ total: 0.314 })).toThrow(/the loss/);
    expect(check({ labels: [0, 0] })).toThrow(/the loss/);
    expect(check({ otherGradients: { "parameter weight": golden.parameters.weight } })).toThrow(
      /the gradient of the parameter weight/,
    );
    expect(check({ otherGradients: { "parameter bias": [0] } })).toThrow(/has none/);
  });
});

it("leaves nothing behind after a subject is disposed of", async () => {
  await expect(() => disposeSubject(createSubject(classifier()))).toLeakNoTensors();
});
