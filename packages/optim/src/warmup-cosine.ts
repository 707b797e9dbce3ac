import { InvalidOptionError, type ScheduleV1 } from "@blockwise/spec";
import { checkFraction, checkNotNegative, checkPositive } from "./check-options.js";

/** Options of {@link warmupCosine}. */
export interface WarmupCosineOptions {
  /** The rate at the end of the warm-up. Scaling it by the batch size (`0.2 * batch / 256`) is the caller's. */
  readonly baseLearningRate: number;
  /** Length of the warm-up in steps, instead of `warmupFraction`. */
  readonly warmupSteps?: number;
  /** Length of the warm-up as a share of the run, from 0 up to 1, rounded to whole steps. @default 0.05 */
  readonly warmupFraction?: number;
  /** The rate to which the cosine falls, as a share of the base. @default 0.001 */
  readonly finalFactor?: number;
}

/**
 * Linear warm-up from 0, then half a cosine down to `finalFactor * base`.
 *
 * ```text
 * step < warmup:  rate = base * step / warmup
 * else:           q = (1 + cos(pi * (step - warmup) / (stepCount - warmup))) / 2
 *                 rate = base * q + finalFactor * base * (1 - q)
 * ```
 *
 * Step 0 of a warm-up has rate 0, and the last step stays one short of the cosine's end, as in the authors' code.
 * A run that is no longer than its warm-up only warms up.
 *
 * @throws InvalidOptionError for an option out of its range, or both ways of giving the warm-up
 * @example
 * const schedule = warmupCosine({ baseLearningRate: (0.2 * batchSize) / 256, warmupFraction: 10 / 300 });
 * @see Zbontar et al.: Barlow Twins, 2021, arXiv 2103.03230; facebookresearch/barlowtwins at 8e8d284, `main.py`,
 *   `adjust_learning_rate`
 */
export function warmupCosine({
  baseLearningRate,
  warmupSteps,
  warmupFraction,
  finalFactor = 0.001,
}: WarmupCosineOptions): ScheduleV1 {
  checkPositive("baseLearningRate", baseLearningRate);
  checkNotNegative("finalFactor", finalFactor);
  const warmup = warmupOption(warmupSteps, warmupFraction);

  return {
    specificationVersion: "v1",
    kind: "schedule",
    id: "warmup-cosine",
    options: { baseLearningRate, ...warmup, finalFactor },
    learningRate: ({ step, stepCount }) => {
      const length =
        "warmupSteps" in warmup ? warmup.warmupSteps : Math.round(warmup.warmupFraction * stepCount);
      if (step < length) return (baseLearningRate * step) / length;
      const progress = (step - length) / (stepCount - length);
      const share = 0.5 * (1 + Math.cos(Math.PI * progress));
      return baseLearningRate * (share + finalFactor * (1 - share));
    },
  };
}

type Warmup = { readonly warmupSteps: number } | { readonly warmupFraction: number };

function warmupOption(warmupSteps: number | undefined, warmupFraction: number | undefined): Warmup {
  if (warmupSteps === undefined) {
    const fraction = warmupFraction ?? 0.05;
    checkFraction("warmupFraction", fraction);
    return { warmupFraction: fraction };
  }
  if (warmupFraction !== undefined) {
    throw new InvalidOptionError({
      option: "warmupFraction",
      expected: "left out where warmupSteps is given",
      received: warmupFraction,
    });
  }
  if (!(Number.isInteger(warmupSteps) && warmupSteps >= 0)) {
    throw new InvalidOptionError({
      option: "warmupSteps",
      expected: "a whole number of at least 0",
      received: warmupSteps,
    });
  }
  return { warmupSteps };
}
