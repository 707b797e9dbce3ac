import { InvalidOptionError, type ScheduleV1 } from "@blockwise/spec";

/** Options of {@link myPlugin}: plain JSON. */
export interface MyPluginOptions {
  /** The rate at the first step, above 0. @default 0.1 */
  readonly baseLearningRate?: number;
}

/**
 * TODO: what it is, in one sentence.
 *
 * `baseLearningRate * (1 - step / stepCount)`. TODO: your formula.
 *
 * @throws InvalidOptionError
 * @see TODO: authors, title, year.
 */
export function myPlugin(options: MyPluginOptions = {}): ScheduleV1 {
  const { baseLearningRate = 0.1 } = options;
  if (!(baseLearningRate > 0 && Number.isFinite(baseLearningRate))) {
    const [option, expected] = ["baseLearningRate", "a number above 0"];
    throw new InvalidOptionError({ option, expected, received: baseLearningRate });
  }
  return {
    specificationVersion: "v1",
    kind: "schedule",
    id: "my-plugin",
    options: { baseLearningRate },
    learningRate: ({ step, stepCount }) => baseLearningRate * (1 - step / stepCount),
  };
}
