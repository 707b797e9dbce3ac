import { dirname } from "node:path";
import { extractFeatures } from "@blockwise/core";
import { softmaxClassifier } from "@blockwise/evaluate";
import { fold, rootKey } from "@blockwise/random";
import type { JsonObject } from "@blockwise/spec";
import { evaluationFile, makeFolder } from "../run/run-folder.js";
import type { EvaluationContext } from "./evaluation-protocol.js";
import { featureKinds, fitLinear, type LinearSite } from "./fit-linear.js";
import type { LabelledImages } from "./labelled-images.js";
import { classificationViews, linearSettings } from "./linear-settings.js";
import { describeReading, type OpenedProbe } from "./open-probe.js";
import { meaningOfBest, type ScoresByEpoch, summarizeEpochs } from "./scores-by-epoch.js";

/** What linear classifiers on the features at one depth came to. */
export interface LinearBlock {
  readonly block: string;
  readonly trainedHead: boolean;
  readonly raw: ScoresByEpoch;
  readonly head: ScoresByEpoch;
}

/**
 * The paper's linear probe (`evaluate.py` of blockwise_ssl): a linear classifier a block and kind of features, all learning
 * from the same passes over augmented images, through the frozen network in evaluation mode. Null when it was interrupted;
 * the same call then goes on.
 *
 * @param name what to keep its state under while it goes on, in the run's folder of evaluations
 */
export async function probeLinearly(
  { run, name: runName, folder, reporter, signal }: EvaluationContext,
  opened: OpenedProbe,
  images: LabelledImages,
  name: string,
): Promise<{ readonly blocks: readonly LinearBlock[]; readonly protocol: JsonObject } | null> {
  const { config } = run;
  const phase = (text: string): void =>
    reporter.report({ event: "phase", run: runName, phase: `${name}: ${text}` });
  const settings = linearSettings(config.evaluation);
  const views = classificationViews(run, settings);
  const key = fold(rootKey(config.seed), "linear");
  const { probe } = opened;
  phase("reading features");
  const tables = await extractFeatures({ probe, source: images.test, augmentation: views.scoring });
  const plain = { probe, source: images.train, augmentation: views.scoring };
  const fitted = settings.standardize ? await extractFeatures(plain) : null;
  const sites = tables.flatMap((table, depth): readonly LinearSite[] =>
    featureKinds.map((kind) => {
      const site = `${table.id}.${kind}`;
      const classifier = softmaxClassifier({
        dim: table[kind].dim,
        classCount: images.classCount,
        key: fold(key, site),
        momentum: settings.momentum,
        weightDecay: settings.weightDecay,
        standardizeBy: fitted?.[depth]?.[kind] ?? null,
      });
      return { name: site, classifier, held: table[kind], scores: [] };
    }),
  );
  try {
    const protocol = {
      ...settings,
      settings: typeof config.evaluation.linear === "string" ? config.evaluation.linear : "as listed",
      optimizer: "SGD, decay on weights and biases alike; the rate is not scaled by the batch",
      schedule: "cosine to 0, by epoch",
      start: "weights N(0, 0.01^2), biases 0",
      best: meaningOfBest,
      features: describeReading(opened, views.scoring),
      trainingView: { id: views.training.id, ...views.training.options },
      seed: config.seed,
      classCount: images.classCount,
      trainCount: images.train.size,
      testCount: images.test.size,
    };
    const stateFile = evaluationFile(folder, name).replace(/json$/, "state.safetensors");
    await makeFolder(dirname(stateFile));
    const fit = { probe, settings, sites, key, stateFile, protocol, signal, phase };
    const { workers } = config;
    if (!(await fitLinear({ ...fit, train: images.train, views: views.training, workers }))) return null;
    const resultOf = (site: string): ScoresByEpoch =>
      summarizeEpochs(sites.find(({ name }) => name === site)?.scores ?? []);
    const blocks = tables.map(({ id, trainedHead }) => ({
      block: id,
      trainedHead,
      raw: resultOf(`${id}.raw`),
      head: resultOf(`${id}.head`),
    }));
    return { blocks, protocol };
  } finally {
    for (const { classifier } of sites) classifier.dispose();
  }
}
