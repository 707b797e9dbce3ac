import type { LocalLossV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  computing,
  distance,
  embeddingsOf,
  failures,
  meanSquare,
  scored,
} from "./__fixtures__/distance-loss.js";
import { describeLocalLoss } from "./describe-local-loss.js";
import { evaluateLocalLoss } from "./evaluate-local-loss.js";
import { useCpuBackend } from "./use-cpu-backend.js";

beforeAll(useCpuBackend);

describeLocalLoss({
  name: "the distance",
  create: () => distance(),
  golden: [
    {
      name: "by hand",
      options: undefined,
      embeddings: [
        [
          [1, 2],
          [3, 4],
        ],
        [
          [1, 2],
          [3, 6],
        ],
      ],
      total: 1,
      gradients: [
        [
          [0, 0],
          [0, -1],
        ],
        [
          [0, 0],
          [0, 1],
        ],
      ],
    },
  ],
});

describe("the checks of local losses", () => {
  const kept: tf.Tensor[] = [];

  it.each<[string, LocalLossV1, RegExp[]]>([
    ["states another version", distance({ specificationVersion: "v2" as "v1" }), [/says what it is/]],
    ["has a shouting id", distance({ id: "Distance" }), [/says what it is/]],
    [
      "gives a vector",
      computing((z1, z2) => tf.mean(tf.square(tf.sub(z1, z2)), 1) as unknown as tf.Scalar),
      [/finite float32 scalars/],
    ],
    [
      "gives an integer",
      computing((z1, z2) => tf.cast(meanSquare(z1, z2), "int32")),
      [/finite float32 scalars/],
    ],
    [
      "loses a term",
      distance({
        doCompute: (input) =>
          tf.tidy(() => {
            const part = meanSquare(...embeddingsOf(input));
            return { total: tf.mul<tf.Scalar>(part, 2), terms: { part } };
          }),
      }),
      [/add up to the total/],
    ],
    [
      "cuts a gradient",
      computing((z1, z2) =>
        meanSquare(
          z1,
          tf.add(
            z2,
            tf.tensor(
              z1.dataSync().map((x) => 0.1 * x),
              z1.shape,
            ),
          ),
        ),
      ),
      [/match finite differences/],
    ],
    ["is random", computing((z1, z2) => tf.add(meanSquare(z1, z2), tf.randomUniform([]))), [/the same bits/]],
    [
      "disposes an input",
      distance({
        doCompute: (input) => {
          const result = tf.tidy(() => scored(meanSquare(...embeddingsOf(input))));
          input.views[0]?.feature.dispose();
          return result;
        },
      }),
      [/leaves its inputs/],
    ],
    [
      "leaks",
      distance({
        doCompute: (input) => {
          kept.push(tf.keep(tf.scalar(1)));
          return tf.tidy(() => scored(meanSquare(...embeddingsOf(input))));
        },
      }),
      [/leaves no tensor alive/],
    ],
    [
      "leaks intermediate results",
      distance({ doCompute: (input) => scored(meanSquare(...embeddingsOf(input))) }),
      [/leaves no tensor alive/],
    ],
    [
      "looks at the order of samples",
      computing((z1, z2) => tf.add(meanSquare(z1, z2), tf.mean(tf.slice(z1, 0, 1)))),
      [/order of the samples/],
    ],
    ["is lopsided", computing((z1, z2) => tf.add(meanSquare(z1, z2), tf.mean(z1))), [/symmetric/]],
    [
      "divides by the spread",
      computing((z1, z2) => tf.div(meanSquare(z1, z2), tf.moments(z1).variance)),
      [/views that are zero/, /views that are constant/],
    ],
    [
      "takes a bare root",
      computing((z1, z2) => tf.sqrt(meanSquare(z1, z2))),
      [/zero/, /constant/, /equal in all/],
    ],
    [
      "takes a power that overflows and vanishes",
      computing((z1, z2) => {
        const power = tf.pow(meanSquare(z1, tf.neg(z2)), 6);
        return tf.mul(meanSquare(z1, z2), tf.div(power, power));
      }),
      [/zero/, /huge/, /tiny/],
    ],
    ["overflows", computing((z1, z2) => tf.exp(meanSquare(z1, z2))), [/huge/]],
    [
      "takes anything",
      distance({
        doCompute: ({ views }) =>
          tf.tidy(() => scored(tf.mean(tf.addN(views.map((view) => tf.mean(view.embedding)))))),
      }),
      [/refuses/],
    ],
  ])("find a loss that %s", async (_, loss, expected) => {
    const failed = await failures(loss);
    for (const name of expected) expect(failed).toContainEqual(expect.stringMatching(name));
    tf.dispose(kept.splice(0));
  });
});

describe("evaluateLocalLoss", () => {
  it("gives numbers and leaves no tensor", async () => {
    const views: tf.Tensor2D[] = [tf.tensor2d([[1], [2]]), tf.tensor2d([[1], [4]])];
    await expect(() => {
      expect(evaluateLocalLoss(distance(), views)).toEqual({ total: 2, terms: { distance: 2 } });
    }).toLeakNoTensors();
    tf.dispose(views);
  });
});
