import { InvalidOptionError } from "@blockwise/spec";
import { checkCount, checkNotNegative, checkPositive } from "./check-options.js";

/** Options of `linearProbe` and `fitLinearProbe`. */
export interface LinearProbeOptions {
  /** How often the training split is seen. @default 100 */
  readonly epochs?: number;
  /** Rows a step; the last batch of an epoch may be smaller. @default 256 */
  readonly batchSize?: number;
  /** Learning rate of the first epoch, not scaled by the batch size. @default 0.1 */
  readonly learningRate?: number;
  /** From 0 up to 1. @default 0.9 */
  readonly momentum?: number;
  /** On weights and bias alike. @default 1e-6 */
  readonly weightDecay?: number;
  /** Brings each dimension to mean 0 and deviation 1, both measured on the training split. @default true */
  readonly standardize?: boolean;
}

/** The options, checked and with defaults filled in. @throws InvalidOptionError for an option out of its range. */
export function resolveLinearProbeOptions({
  epochs = 100,
  batchSize = 256,
  learningRate = 0.1,
  momentum = 0.9,
  weightDecay = 1e-6,
  standardize = true,
}: LinearProbeOptions): Required<LinearProbeOptions> {
  checkCount("epochs", epochs);
  checkCount("batchSize", batchSize);
  checkPositive("learningRate", learningRate);
  checkNotNegative("weightDecay", weightDecay);
  if (!(momentum >= 0 && momentum < 1)) {
    throw new InvalidOptionError({
      option: "momentum",
      expected: "a number from 0 up to but not including 1",
      received: momentum,
    });
  }
  return { epochs, batchSize, learningRate, momentum, weightDecay, standardize };
}
