import type { JsonObject, LocalLossSiteV1, LocalLossV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureClose } from "./ensure.js";
import { localLossChecks, lossOfEmbeddings } from "./local-loss-checks.js";
import { createSubject, disposeSubject, randomViews } from "./local-loss-subject.js";
import { useCpuBackend } from "./use-cpu-backend.js";

/** Embeddings and what the authors' formula makes of them. */
export interface LocalLossGolden<Options> {
  readonly name: string;
  readonly options: Options;
  /** One `[batch, embeddingDim]` matrix a view. */
  readonly embeddings: readonly (readonly (readonly number[])[])[];
  readonly total: number;
  /** The total's gradient with respect to each view's embedding. */
  readonly gradients?: readonly (readonly (readonly number[])[])[];
}

/** What is known of a loss that is to be tested. */
export interface LocalLossDescription<Options> {
  /** For the tests' titles. */
  readonly name: string;
  /** The factory. It takes the `options` of what it made, so that a run can be wired again from a file. */
  create(options?: Options): LocalLossV1;
  /** Where the loss is tried out. @default 8 samples, 5 dimensions, 3 classes, block 1 of 4 */
  readonly site?: Partial<LocalLossSiteV1>;
  /** Of the random embeddings; change it where a kink of the loss, such as a hinge, lies beside them. @default 1 */
  readonly seed?: number;
  /** Values of the authors' formula. @default [] */
  readonly golden?: readonly LocalLossGolden<Options>[];
}

/**
 * Defines the tests that every local loss has to pass, on the cpu backend: what it says of itself, finite and
 * additive terms, gradients against finite differences, repeatability, untouched inputs, no leak, order of samples,
 * symmetry, degenerate embeddings, typed refusals, options through JSON, and golden values.
 *
 * @example
 * describeLocalLoss({ name: "Barlow Twins", create: barlowTwins });
 */
export function describeLocalLoss<Options>(description: LocalLossDescription<Options>): void {
  describe(`${description.name} as a local loss`, () => {
    beforeAll(useCpuBackend);

    for (const { name, run } of localLossChecks) {
      it(name, async () => {
        const subject = createSubject(description.create(), description.site);
        try {
          await run(subject, description.seed ?? 1);
        } finally {
          disposeSubject(subject);
        }
      });
    }

    it("is made again by its options, through JSON", () => {
      const { options } = description.create();
      const restored: Options & JsonObject = JSON.parse(JSON.stringify(options));
      expect(restored).toEqual(options);
      expect(description.create(restored).options).toEqual(options);
    });

    for (const golden of description.golden ?? []) {
      it(`agrees with the authors' formula: ${golden.name}`, () => checkGolden(description, golden));
    }
  });
}

function checkGolden<Options>(
  { create, site }: LocalLossDescription<Options>,
  { options, embeddings, total, gradients }: LocalLossGolden<Options>,
): void {
  const [batchSize = 0, embeddingDim = 0] = [embeddings[0]?.length, embeddings[0]?.[0]?.length];
  const subject = createSubject(create(options), { ...site, batchSize, embeddingDim });
  tf.tidy(() => {
    const inputs = embeddings.map((rows) => tf.tensor2d(rows.map((row) => [...row])));
    const f = lossOfEmbeddings(subject, randomViews(subject, 1));
    const { value, grads } = tf.valueAndGrads(f)([...inputs, ...subject.parameters.values()]);
    ensureClose(value, total, "the loss");
    gradients?.forEach((expected, view) => {
      ensureClose(grads[view] ?? [], expected, `the gradient of view ${view + 1}`);
    });
  });
  disposeSubject(subject);
}
