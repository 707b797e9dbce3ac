import type { RunConfig } from "../config/schema.js";

/** What a configuration says about the protocol `probes`. */
export type ProbeSettings = Pick<
  RunConfig["evaluation"],
  "maxTestImages" | "maxTrainImages" | "neighbors" | "probeEpochs" | "probeLearningRate"
>;

/** The settings of the protocol `probes` alone. */
export function probeSettings({ evaluation }: Pick<RunConfig, "evaluation">): ProbeSettings {
  const { maxTrainImages, maxTestImages, probeEpochs, probeLearningRate, neighbors } = evaluation;
  return { maxTrainImages, maxTestImages, probeEpochs, probeLearningRate, neighbors };
}
