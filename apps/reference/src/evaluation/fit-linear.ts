import { createFeatureLoader, type FeatureProbe } from "@blockwise/core";
import { scoreClassifier } from "@blockwise/evaluate";
import type { RandomKey } from "@blockwise/random";
import type { AugmentationV1, DataSourceV1, FeatureTable, JsonObject } from "@blockwise/spec";
import type { LinearSettings } from "../config/sections/linear.js";
import { describeTime } from "../progress/describe-time.js";
import { type ProbedSite, readLinearState, removeLinearState, writeLinearState } from "./linear-state.js";

/** What features are called after a depth's name. */
export const featureKinds = ["raw", "head"] as const;

/** A classifier, and the held-out features that it is scored on. */
export interface LinearSite extends ProbedSite {
  readonly held: FeatureTable;
}

/** What to fit classifiers on. */
export interface LinearFit {
  readonly probe: FeatureProbe;
  readonly train: DataSourceV1;
  readonly views: AugmentationV1;
  readonly settings: LinearSettings;
  /** One a depth and kind of features, kind by kind within a depth. */
  readonly sites: readonly LinearSite[];
  /** Keys order and views. */
  readonly key: RandomKey;
  readonly workers: number | null;
  /** Where to keep what epochs have come to, and what that belongs to. */
  readonly stateFile: string;
  readonly protocol: JsonObject;
  readonly signal: AbortSignal;
  readonly phase: (text: string) => void;
}

/**
 * Fits all classifiers in one pass over the images an epoch, scoring them after each; the scores are the sites'. False when
 * it was interrupted: it then goes on from the last whole epoch.
 */
export async function fitLinear(fit: LinearFit): Promise<boolean> {
  const { probe, train, settings, sites, stateFile, protocol, signal, phase, workers } = fit;
  const { epochs } = settings;
  const done = await readLinearState(stateFile, protocol, sites);
  if (done > 0) phase(`going on after epoch ${done} of ${epochs}`);
  const loader = createFeatureLoader({
    probe,
    source: train,
    augmentation: fit.views,
    batchSize: Math.min(settings.batchSize, train.size),
    key: fit.key,
    signal,
    ...(workers === null ? {} : { workers }),
  });
  const start = performance.now();
  try {
    for (let epoch = done; epoch < epochs; epoch++) {
      const rate = settings.learningRate * 0.5 * (1 + Math.cos((Math.PI * epoch) / epochs));
      const whole = await loader.epoch(epoch, ({ depths, labels }) => {
        const features = depths.flatMap((depth) => featureKinds.map((kind) => depth[kind]));
        for (const [index, seen] of features.entries()) {
          sites[index]?.classifier.learn(seen, labels, rate).dispose();
        }
      });
      if (!whole) return false;
      for (const { classifier, held, scores } of sites) scores.push(await scoreClassifier(classifier, held));
      await writeLinearState(stateFile, protocol, sites);
      const left = ((performance.now() - start) / 1000 / (epoch + 1 - done)) * (epochs - epoch - 1);
      phase(`epoch ${epoch + 1} of ${epochs}, ${latest(sites)}, ${describeTime(left)} left`);
    }
  } finally {
    await loader.close();
  }
  await removeLinearState(stateFile);
  return true;
}

function latest(sites: readonly LinearSite[]): string {
  const best = sites.at(-1);
  return `${best?.name} ${best?.scores.at(-1)?.top1.toFixed(1)} %`;
}
