import { isDeepStrictEqual } from "node:util";
import { BlockwiseError, type FeatureTable } from "@blockwise/spec";
import { ensure, ensureClose } from "../ensure.js";
import { measureLeak } from "../measure-leak.js";
import { ensureRejected } from "../plugin/ensure-refused.js";
import { ensureIdentity } from "../plugin/identity.js";
import type { PluginCheck } from "../plugin/plugin-check.js";
import { changed, classCount, clusters, type EvaluatorUnderTest, evaluate } from "./feature-tables.js";

/** What every evaluator promises. */
export const evaluatorChecks: readonly PluginCheck<EvaluatorUnderTest>[] = [
  { name: "says what it is", run: ({ evaluator }) => ensureIdentity(evaluator, "evaluator") },
  {
    name: "tells apart classes that lie far apart",
    async run(test) {
      const { top1 } = await evaluate(test, clusters(test));
      ensure(
        top1 >= test.leastScore && top1 <= 100,
        `it scores ${top1} %, not at least ${test.leastScore} %`,
      );
    },
  },
  {
    name: "gives a score of the first five guesses, if any, only where there are more classes than that",
    async run(test) {
      const request = clusters(test, 1);
      const few = await evaluate(test, request);
      ensure(few.top5 === undefined, `it gives ${few.top5} % as top 5 of ${classCount} classes`);
      const { top1, top5 } = await evaluate(test, { ...request, classCount: 6 });
      const possible = top5 === undefined || (top5 >= top1 && top5 <= 100);
      ensure(possible, `of 6 classes it gives ${top5} % as top 5, and ${top1} % as top 1`);
    },
  },
  {
    name: "writes down its protocol: its options, name and seed, the classes, rows and width",
    async run(test) {
      const request = clusters(test);
      const { protocol } = await evaluate(test, request);
      ensure(
        isDeepStrictEqual(JSON.parse(JSON.stringify(protocol)), protocol),
        `the protocol does not survive JSON: ${JSON.stringify(protocol)}`,
      );
      const { id, options } = test.evaluator;
      const needed = {
        ...options,
        evaluator: id,
        seed: request.seed,
        classCount,
        dim: request.train.dim,
        trainCount: request.train.labels.length,
        testCount: request.test.labels.length,
      };
      for (const [name, value] of Object.entries(needed)) {
        const written = protocol[name];
        ensure(
          isDeepStrictEqual(written, value),
          `the protocol says ${JSON.stringify(written)} as "${name}", not ${JSON.stringify(value)}`,
        );
      }
    },
  },
  {
    name: "guesses one class a row without looking at the labels it is tested on",
    async run(test) {
      const request = clusters(test, 1.5);
      let sum = 0;
      for (let label = 0; label < classCount; label++) {
        const relabelled = changed(request.test, { label: () => label });
        sum += (await evaluate(test, { ...request, test: relabelled })).top1;
      }
      // Each row's guess is right for one of the labels.
      ensure(
        Math.abs(sum - 100) < 1e-6,
        `with each class as the label of all rows, its scores add up to ${sum} %`,
      );
    },
  },
  {
    name: "gives the same score for the same seed",
    async run(test) {
      const request = clusters(test, 1.5);
      const [first, second] = [await evaluate(test, request), await evaluate(test, request)];
      ensure(first.top1 === second.top1, `it gives ${first.top1} %, then ${second.top1} %`);
    },
  },
  ...[
    { kind: "all alike (collapsed)", feature: () => 1 },
    { kind: "zero", feature: () => 0 },
    { kind: "huge (1e6)", feature: (value: number) => value * 1e6 },
    { kind: "tiny (1e-6)", feature: (value: number) => value * 1e-6 },
  ].map(
    ({ kind, feature }): PluginCheck<EvaluatorUnderTest> => ({
      name: `gives a score, or refuses with a typed error, for features that are ${kind}`,
      async run(test) {
        const request = clusters(test);
        const [train, held] = [request.train, request.test].map((table) => changed(table, { feature }));
        try {
          const { top1 } = await evaluate(test, {
            ...request,
            train: train ?? request.train,
            test: held ?? request.test,
          });
          ensure(top1 >= 0 && top1 <= 100, `it scores ${top1} %`);
        } catch (error) {
          if (!BlockwiseError.isInstance(error)) throw error;
        }
      },
    }),
  ),
  {
    name: "leaves features and labels as they were",
    async run(test) {
      const { train, test: held, ...rest } = clusters(test);
      const arrays = [train, held].flatMap(({ features, labels }) => [features, labels]);
      const copies = arrays.map((array) => array.slice());
      await evaluate(test, { ...rest, train, test: held });
      arrays.forEach((array, place) => {
        ensureClose(array, copies[place] ?? [], "an input", 0);
      });
    },
  },
  {
    name: "leaves no tensor alive",
    async run(test) {
      const request = clusters(test);
      const { tensors } = await measureLeak(() => evaluate(test, request));
      ensure(tensors <= 0, `three evaluations left ${tensors} tensors alive`);
    },
  },
  {
    name: "refuses splits that are empty, do not fill their rows, or differ in width",
    async run(test) {
      const request = clusters(test);
      const none: FeatureTable = {
        features: new Float32Array(),
        dim: request.train.dim,
        labels: new Int32Array(),
      };
      const ragged = { ...request.train, features: request.train.features.slice(1) };
      const { labels } = request.test;
      const wide = { features: new Float32Array(labels.length * 5), dim: 5, labels };
      const refuse = (splits: object, what: string): Promise<void> =>
        ensureRejected(() => evaluate(test, { ...request, ...splits }), "BLOCKWISE_SHAPE_MISMATCH", what);
      await refuse({ train: none }, "an empty training split");
      await refuse({ test: none }, "an empty test split");
      await refuse({ train: ragged }, "a split that does not fill its rows");
      await refuse({ test: wide }, "a test split of another width");
    },
  },
  {
    name: "refuses labels of no class, and features that are not finite",
    async run(test) {
      const request = clusters(test);
      const refuse = (splits: object, what: string): Promise<void> =>
        ensureRejected(() => evaluate(test, { ...request, ...splits }), null, what);
      for (const label of [-1, classCount]) {
        const train = { ...request.train, labels: request.train.labels.with(1, label) };
        const held = { ...request.test, labels: request.test.labels.with(1, label) };
        await refuse({ train }, `the label ${label} in the training split`);
        await refuse({ test: held }, `the label ${label} in the test split`);
      }
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const train = { ...request.train, features: request.train.features.with(2, value) };
        const held = { ...request.test, features: request.test.features.with(2, value) };
        await refuse({ train }, `${value} in the training split`);
        await refuse({ test: held }, `${value} in the test split`);
      }
    },
  },
];
