import { subset } from "@blockwise/data";
import type { DataSourceV1, JsonObject } from "@blockwise/spec";
import { evaluationFile } from "../run/run-folder.js";
import type { EvaluationContext, EvaluationProtocol } from "./evaluation-protocol.js";
import { fineTune } from "./fine-tuning.js";
import { finishedParts } from "./finished-parts.js";
import { type LabelledImages, labelledImages } from "./labelled-images.js";
import { openProbe } from "./open-probe.js";
import { type LinearBlock, probeLinearly } from "./probe-linearly.js";
import type { ScoresByEpoch } from "./scores-by-epoch.js";
import { formatColumns, percent } from "./summary-table.js";

/** What few labels are enough for. */
export interface FractionResult {
  /** The part of the training images whose labels were seen. */
  readonly fraction: number;
  readonly images: number;
  /** The least and the greatest number of images of a class. */
  readonly imagesPerClass: { readonly least: number; readonly most: number };
  readonly fineTune: ScoresByEpoch;
  /** Linear classifiers on frozen features, from the same images. */
  readonly linear: readonly LinearBlock[];
}

/** `evaluation/semi-supervised.json`. */
export interface SemiSupervisedRecord {
  readonly fractions: readonly FractionResult[];
  readonly protocol: JsonObject;
  /** Of this call; an interrupted evaluation's earlier epochs took more. */
  readonly seconds: number;
}

/** Fine-tuning and the linear probe on a few labels, as SimCLR and Barlow Twins report them for 1 % and 10 %. */
export const semiSupervised: EvaluationProtocol = {
  name: "semi-supervised",
  description:
    "Fine-tuning and the linear probe on 1 % and 10 % of the labels, the same number of each class.",
  run: async (context) => {
    const record = await learnFromFew(context);
    return record === null ? null : { record, summary: summarize(record) };
  },
};

async function learnFromFew(context: EvaluationContext): Promise<SemiSupervisedRecord | null> {
  const { run, folder } = context;
  const start = performance.now();
  const images = labelledImages(run);
  const opened = await openProbe(run, folder, images.train);
  const { evaluation, seed } = run.config;
  const file = evaluationFile(folder, semiSupervised.name).replace(/json$/, "parts.json");
  const identity = { checkpoint: opened.checkpoint, evaluation: evaluation as unknown as JsonObject, seed };
  const parts = await finishedParts(file, identity);
  const fractions: FractionResult[] = [];
  const protocols: Record<string, JsonObject> = {};
  try {
    for (const fraction of evaluation.fineTune.labelFractions) {
      const few = { ...images, train: fewOf(images, fraction, seed) };
      const name = `${semiSupervised.name}-${fraction}`;
      const tuned = await parts.once(name, () => fineTune(context, opened, few, name));
      if (tuned === null) return null;
      const linearName = `${name}-linear`;
      const linear = await parts.once(linearName, () => probeLinearly(context, opened, few, linearName));
      if (linear === null) return null;
      protocols[String(fraction)] = { fineTune: tuned.protocol, linear: linear.protocol };
      fractions.push({
        fraction,
        images: few.train.size,
        imagesPerClass: spreadOf(few.train, few.classCount),
        fineTune: tuned.result,
        linear: linear.blocks,
      });
    }
    await parts.clear();
  } finally {
    opened.dispose();
  }
  const protocol = {
    labels:
      "the same number of each class, keyed by the run's seed; a smaller part lies within a larger one; at least one a class",
    fractions: protocols,
  };
  return { fractions, protocol, seconds: (performance.now() - start) / 1000 };
}

function fewOf({ train, classCount }: LabelledImages, fraction: number, seed: number): DataSourceV1 {
  const count = Math.min(train.size, Math.max(classCount, Math.round(fraction * train.size)));
  return subset(train, { count, seed, balanced: true });
}

function spreadOf({ labels }: DataSourceV1, classCount: number): FractionResult["imagesPerClass"] {
  const counts = new Array<number>(classCount).fill(0);
  for (const label of labels ?? []) counts[label] = (counts[label] ?? 0) + 1;
  return { least: Math.min(...counts), most: Math.max(...counts) };
}

function summarize({ fractions }: SemiSupervisedRecord): string {
  return formatColumns(
    ["top-1 in %", "images", "fine-tuned", "probe raw", "probe head"],
    fractions.map(({ fraction, images, fineTune, linear }) => [
      `${100 * fraction} % of the labels`,
      String(images),
      ...[fineTune.last.top1, linear.at(-1)?.raw.last.top1, linear.at(-1)?.head.last.top1].map((value) =>
        percent(value ?? null),
      ),
    ]),
  );
}
