import { createEngine } from "@blockwise/engine";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { crossEntropy } from "@blockwise/loss-cross-entropy";
import { greedyInfoMax } from "@blockwise/loss-greedy-infomax";
import { lookAhead } from "@blockwise/loss-look-ahead";
import { simclr } from "@blockwise/loss-simclr";
import type { LocalLossSiteV1, LocalLossV1 } from "@blockwise/spec";
import {
  createSubject,
  describeLocalLoss,
  disposeSubject,
  lossInput,
  randomSample,
  useCpuBackend,
} from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { batchSize, tinyNetwork, tinyViews } from "../__fixtures__/tiny-network.js";
import { stepNetwork } from "../trainer/step-network.js";
import { type WeightedLoss, weightedSum } from "./weighted-sum.js";

const predict = greedyInfoMax({ predictionSteps: 1 });
const everything = (): WeightedLoss[] => [
  { weight: 0.5, loss: barlowTwins({ scale: 0.1 }) },
  { weight: 2, loss: predict },
  { weight: 1, loss: crossEntropy() },
  { weight: 0.25, loss: lookAhead({ loss: simclr(), weight: 0.5 }) },
  { weight: 0.1, loss: simclr({ temperature: 0.5 }) },
];

/** The same losses with other weights, as a file would have them. */
type Stored = { readonly losses: readonly { readonly weight: number }[] };
const restored = (stored: Stored | undefined): LocalLossV1 =>
  weightedSum(
    everything().map(({ weight, loss }, index) => ({
      weight: stored?.losses[index]?.weight ?? weight,
      loss,
    })),
  );

describeLocalLoss({
  name: "a weighted sum of losses of all kinds",
  create: restored,
  site: { batchSize: 3, embeddingDim: 2, mapShape: [2, 1, 2], featureDim: 2 },
});
describeLocalLoss({
  name: "a weighted sum of one",
  create: () => weightedSum([{ weight: 3, loss: barlowTwins() }]),
});

describe("weightedSum", () => {
  beforeAll(useCpuBackend);

  it("adds up weighted losses, with their terms under their names", () => {
    tf.tidy(() => {
      const losses = [barlowTwins(), simclr(), simclr({ temperature: 1 })] as const;
      const weights = [2, 0.5, 0.1] as const;
      const sum = weightedSum(losses.map((loss, index) => ({ loss, weight: weights[index] ?? 0 })));
      const subject = createSubject(sum);
      const input = lossInput(subject, randomSample(subject, 1));
      const { total, terms } = sum.doCompute(input);
      const alone = losses.map((loss) => loss.doCompute(input));
      const expected = alone.map((result, index) => (weights[index] ?? 0) * result.total.arraySync());
      expect(total).toBeCloseToTensor(expected.reduce((partial, part) => partial + part, 0));
      expect(Object.keys(terms)).toEqual([
        "barlow-twins.invariance",
        "barlow-twins.redundancy",
        "simclr.alignment",
        "simclr.uniformity",
        "simclr-2.alignment",
        "simclr-2.uniformity",
      ]);
      expect(terms["simclr.uniformity"] ?? []).toBeCloseToTensor(
        0.5 * (alone[1]?.terms.uniformity?.arraySync() ?? Number.NaN),
      );
      disposeSubject(subject);
    });
  });

  it("joins what its parts need", () => {
    const capabilities = (...losses: LocalLossV1[]) =>
      weightedSum(losses.map((loss) => ({ weight: 1, loss }))).capabilities;
    const least = { views: 2, labels: false, minimumBatchSize: 2, symmetric: true, nextBlock: false };
    expect(capabilities(barlowTwins(), simclr())).toEqual(least);
    expect(capabilities(barlowTwins(), crossEntropy())).toEqual({ ...least, labels: true });
    expect(capabilities(greedyInfoMax({ negatives: 5 }), barlowTwins()).minimumBatchSize).toBe(6);
    expect(capabilities(barlowTwins(), lookAhead({ loss: simclr() })).nextBlock).toBe(true);
    const lopsided = { ...simclr(), capabilities: { ...simclr().capabilities, symmetric: false } };
    expect(capabilities(barlowTwins(), lopsided).symmetric).toBe(false);
  });

  it("shows each part only what it asks for", () => {
    tf.tidy(() => {
      const seen: boolean[] = [];
      const watching = (loss: LocalLossV1): LocalLossV1 => ({
        ...loss,
        doCompute: (input) => {
          seen.push(input.labels !== null, input.next !== null);
          return loss.doCompute(input);
        },
      });
      const sum = weightedSum(everything().map(({ weight, loss }) => ({ weight, loss: watching(loss) })));
      const subject = createSubject(sum);
      sum.doCompute(lossInput(subject, randomSample(subject, 1)));
      disposeSubject(subject);
      expect(seen).toEqual([false, false, false, false, true, false, false, true, false, false]);
    });
  });

  it("keeps the states of equal parts apart", () => {
    const site = { mapShape: [4, 4, 2], featureDim: 2, classCount: 3 } as unknown as LocalLossSiteV1;
    const loss = weightedSum([
      { weight: 1, loss: predict },
      { weight: 1, loss: crossEntropy() },
      { weight: 1, loss: predict },
    ]);
    expect(loss.doInit(site).parameters.map(({ name }) => name)).toEqual([
      "greedy-infomax.predict.1.weight",
      "cross-entropy.classifier.weight",
      "cross-entropy.classifier.bias",
      "greedy-infomax-2.predict.1.weight",
    ]);
  });

  it("can hold another sum", () => {
    const inner = weightedSum([{ weight: 0.5, loss: simclr() }]);
    const outer = weightedSum([{ weight: 2, loss: inner }]);
    tf.tidy(() => {
      const subject = createSubject(outer);
      const input = lossInput(subject, randomSample(subject, 1));
      const { total, terms } = outer.doCompute(input);
      expect(total).toBeCloseToTensor(simclr().doCompute(input).total);
      expect(Object.keys(terms)).toContain("weighted-sum.simclr.alignment");
    });
  });

  it.each<[readonly WeightedLoss[], string]>([
    [[], "losses"],
    [[{ weight: -1, loss: simclr() }], "losses.0.weight"],
    [
      [
        { weight: 1, loss: simclr() },
        { weight: Number.NaN, loss: simclr() },
      ],
      "losses.1.weight",
    ],
    [
      [
        { weight: 1, loss: simclr() },
        { weight: 1, loss: crossEntropy({ views: 1 }) },
      ],
      "losses",
    ],
  ])("refuses %#", (losses, option) => {
    expect(() => weightedSum(losses)).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option }),
    );
  });

  it("refuses what is no loss", () => {
    const nothing = { weight: 1, loss: {} as LocalLossV1 };
    expect(() => weightedSum([nothing])).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INCOMPATIBLE_SPEC_VERSION" }),
    );
  });
});

describe("every loss, in a network", () => {
  it.each<[string, LocalLossV1]>([
    ["cross-entropy", crossEntropy()],
    ["cross-entropy on embeddings", crossEntropy({ input: "embedding", labelSmoothing: 0.1 })],
    ["greedy InfoMax", predict],
    ["looking ahead", lookAhead({ loss: barlowTwins({ scale: 0.1 }) })],
    ["looking ahead with state", lookAhead({ loss: crossEntropy() })],
    ["a weighted sum", weightedSum(everything())],
  ])("falls in every block on the same images: %s", async (_, loss) => {
    const network = tinyNetwork(await createEngine({ name: "wasm" }), { loss, classCount: 3, partition: 2 });
    const [views, labels] = [tinyViews(0), tf.tensor1d([0, 1, 2, 0, 1, 2], "int32")];
    expect(labels.size).toBe(batchSize);
    const before = tf.memory().numTensors;
    const losses = Array.from({ length: 15 }, (_, step) => {
      const request = { views, labels, step, stepCount: 15, learningRate: 0.1, seed: 5 };
      return stepNetwork(network, request).map(({ loss }) => loss);
    });
    expect(tf.memory().numTensors).toBe(before);
    for (const [block, first] of (losses[0] ?? []).entries()) {
      expect(losses.at(-1)?.[block], `block ${block}`).toBeLessThan(0.9 * first);
    }
    tf.dispose([views, labels]);
    network.dispose();
  });
});
