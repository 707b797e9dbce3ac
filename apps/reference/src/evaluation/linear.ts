import { dirname } from "node:path";
import { extractFeatures } from "@blockwise/core";
import { type ClassifierScore, softmaxClassifier } from "@blockwise/evaluate";
import { fold, rootKey } from "@blockwise/random";
import type { JsonObject } from "@blockwise/spec";
import { evaluationFile, makeFolder } from "../run/run-folder.js";
import type { EvaluationContext, EvaluationProtocol } from "./evaluation-protocol.js";
import { featureKinds, fitLinear, type LinearSite } from "./fit-linear.js";
import { type LabelledImages, labelledImages } from "./labelled-images.js";
import { classificationViews, linearSettings } from "./linear-settings.js";
import { describeReading, openProbe } from "./open-probe.js";
import { formatColumns, percent } from "./summary-table.js";

/** What a classifier on one kind of features came to. */
export interface LinearResult {
  /** After the last epoch: nothing is chosen by the held-out images. */
  readonly last: ClassifierScore;
  /** After the epoch (from 1) with the best top-1 on the held-out images: chosen by the answer, as the authors report it. */
  readonly best: ClassifierScore & { readonly epoch: number };
  readonly top1ByEpoch: readonly number[];
}

/** `evaluation/linear.json`. */
export interface LinearRecord {
  readonly blocks: readonly {
    readonly block: string;
    readonly trainedHead: boolean;
    readonly raw: LinearResult;
    readonly head: LinearResult;
  }[];
  readonly protocol: JsonObject;
  /** Of this call; an interrupted evaluation's earlier epochs took more. */
  readonly seconds: number;
}

/**
 * The paper's linear probe (`evaluate.py` of blockwise_ssl): a linear classifier a block and kind of features, all learning
 * from the same passes over augmented images, through the frozen network in evaluation mode.
 */
export const linear: EvaluationProtocol = {
  name: "linear",
  description: "The paper's linear probe: SGD on frozen features of augmented images, top-1 and top-5.",
  run: async (context) => {
    const record = await fitAndScore(context);
    return record === null ? null : { record, summary: summarize(record) };
  },
};

async function fitAndScore(context: EvaluationContext): Promise<LinearRecord | null> {
  const { run, name, folder, reporter, signal } = context;
  const start = performance.now();
  const phase = (text: string): void => reporter.report({ event: "phase", run: name, phase: text });
  const { config } = run;
  const images = labelledImages(run);
  const settings = linearSettings(config.evaluation);
  const views = classificationViews(run, settings);
  const key = fold(rootKey(config.seed), "linear");
  phase("linear: reading features");
  const opened = await openProbe(run, folder, images.train);
  const sites: LinearSite[] = [];
  try {
    const { probe } = opened;
    const tables = await extractFeatures({ probe, source: images.test, augmentation: views.scoring });
    const plain = { probe, source: images.train, augmentation: views.scoring };
    const fitted = settings.standardize ? await extractFeatures(plain) : null;
    for (const [depth, table] of tables.entries()) {
      for (const kind of featureKinds) {
        const site = `${table.id}.${kind}`;
        const classifier = softmaxClassifier({
          dim: table[kind].dim,
          classCount: images.classCount,
          key: fold(key, site),
          momentum: settings.momentum,
          weightDecay: settings.weightDecay,
          standardizeBy: fitted?.[depth]?.[kind] ?? null,
        });
        sites.push({ name: site, classifier, held: table[kind], scores: [] });
      }
    }
    const protocol = {
      ...settings,
      settings: typeof config.evaluation.linear === "string" ? config.evaluation.linear : "as listed",
      optimizer: "SGD, decay on weights and biases alike; the rate is not scaled by the batch",
      schedule: "cosine to 0, by epoch",
      start: "weights N(0, 0.01^2), biases 0",
      best: "the epoch with the best top-1 on the held-out images, which chooses by the answer; the authors report it",
      features: describeReading(opened, views.scoring),
      trainingView: { id: views.training.id, ...views.training.options },
      seed: config.seed,
      ...sizesOf(images),
    };
    const stateFile = evaluationFile(folder, linear.name).replace(/json$/, "state.safetensors");
    await makeFolder(dirname(stateFile));
    const fit = { probe, settings, sites, key, stateFile, protocol, signal, phase };
    const { workers } = config;
    if (!(await fitLinear({ ...fit, train: images.train, views: views.training, workers }))) return null;
    const blocks = tables.map(({ id, trainedHead }) => ({
      block: id,
      trainedHead,
      raw: resultOf(sites, `${id}.raw`),
      head: resultOf(sites, `${id}.head`),
    }));
    return { blocks, protocol, seconds: (performance.now() - start) / 1000 };
  } finally {
    for (const { classifier } of sites) classifier.dispose();
    opened.dispose();
  }
}

function sizesOf({ train, test, classCount }: LabelledImages): JsonObject {
  return { classCount, trainCount: train.size, testCount: test.size };
}

function resultOf(sites: readonly LinearSite[], name: string): LinearResult {
  const scores = sites.find((site) => site.name === name)?.scores ?? [];
  const top1ByEpoch = scores.map(({ top1 }) => top1);
  const best = top1ByEpoch.indexOf(Math.max(...top1ByEpoch));
  const none = { top1: Number.NaN, top5: null };
  return {
    last: scores.at(-1) ?? none,
    best: { ...(scores[best] ?? none), epoch: best + 1 },
    top1ByEpoch,
  };
}

function summarize({ blocks }: LinearRecord): string {
  return formatColumns(
    ["accuracy in %", "raw top-1", "raw top-5", "head top-1", "head top-5", "head best"],
    blocks.map(({ block, raw, head }) => [
      block,
      ...[raw.last.top1, raw.last.top5, head.last.top1, head.last.top5, head.best.top1].map(percent),
    ]),
  );
}
