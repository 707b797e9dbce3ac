import type { LocalLossSiteV1, LocalLossV1 } from "@blockwise/spec";
import { beforeAll, describe, it } from "vitest";
import { compareLocalLoss } from "./compare-local-loss.js";
import { localLossChecks } from "./local-loss-checks.js";
import { checkGolden, type LocalLossGolden } from "./local-loss-golden.js";
import { checkInvariance, type LocalLossInvariance } from "./local-loss-invariance.js";
import { createSubject, disposeSubject, type LocalLossSubject } from "./local-loss-subject.js";
import { type EngineChoice, itOnEngines } from "./plugin/engines.js";
import { makeAgain } from "./plugin/identity.js";
import { useCpuBackend } from "./use-cpu-backend.js";

/** What is known of a loss that is to be tested. */
export interface LocalLossDescription<Options> extends EngineChoice {
  /** For the tests' titles. */
  readonly name: string;
  /** The factory. It takes the `options` of what it made, so that a run can be wired again from a file. */
  create(options?: Options): LocalLossV1;
  /** Where the loss is tried out. @default 8 samples, 5 dimensions, 3 classes, block 1 of 4 */
  readonly site?: Partial<LocalLossSiteV1>;
  /** Of the random views; change it where a kink of the loss, such as a hinge, lies beside them. @default 1 */
  readonly seed?: number;
  /** Values of the authors' formula. @default [] */
  readonly golden?: readonly LocalLossGolden<Options>[];
  /** What its paper implies not to change it. @default [] */
  readonly invariances?: readonly LocalLossInvariance[];
}

/**
 * Defines the tests that every local loss has to pass, on the cpu backend: what it says of itself, finite and
 * additive terms, gradients by views, next views and own parameters against finite differences, nothing read but what it
 * is given, repeatability, untouched inputs, no leak, order of samples, symmetry, degenerate views, typed refusals, options
 * through JSON, invariances, golden values, and the same numbers on every engine.
 *
 * @example
 * describeLocalLoss({ name: "Barlow Twins", create: barlowTwins });
 */
export function describeLocalLoss<Options>(description: LocalLossDescription<Options>): void {
  describe(`${description.name} as a local loss`, () => {
    beforeAll(useCpuBackend);

    const seed = description.seed ?? 1;
    const withSubject = async (check: (subject: LocalLossSubject) => void | Promise<void>): Promise<void> => {
      const subject = createSubject(description.create(), description.site);
      try {
        await check(subject);
      } finally {
        disposeSubject(subject);
      }
    };

    for (const { name, run } of localLossChecks) it(name, () => withSubject((subject) => run(subject, seed)));

    for (const invariance of description.invariances ?? []) {
      it(`does not change when ${invariance.name}`, () =>
        withSubject((subject) => checkInvariance(subject, invariance, seed)));
    }

    it("is made again by its options, through JSON", async () => {
      for (const options of [undefined, ...(description.golden ?? []).map(({ options }) => options)]) {
        const factory = options === undefined ? description : { create: description.create, options };
        await makeAgain<Options, LocalLossV1>(factory, description.create(options));
      }
    });

    itOnEngines(description, "computes the same on the engine", (makeEngine) =>
      compareLocalLoss({ loss: description.create(), site: description.site ?? {}, seed }, makeEngine),
    );

    for (const golden of description.golden ?? []) {
      it(`agrees with the authors' formula: ${golden.name}`, () =>
        checkGolden(description.create, description.site ?? {}, golden));
    }
  });
}
