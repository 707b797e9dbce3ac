import { dirname } from "node:path";
import { type DepthTables, extractFeatures } from "@blockwise/core";
import {
  type CorruptionName,
  type CorruptionScale,
  corruptedView,
  corruptionNames,
  type Severity,
} from "@blockwise/corruptions";
import { subset } from "@blockwise/data";
import { type FittedLinearProbe, fitLinearProbe } from "@blockwise/evaluate";
import type { AugmentationV1, DataSourceV1, JsonObject, JsonValue } from "@blockwise/spec";
import type { OpenedRun } from "../run/open-run.js";
import { evaluationFile, makeFolder } from "../run/run-folder.js";
import { readBaseline } from "./corruption-baseline.js";
import {
  type BlockErrors,
  type CorruptionScores,
  compareErrors,
  type RelativeScores,
  summarizeErrors,
} from "./corruption-errors.js";
import { createKeptErrors } from "./corruption-state.js";
import { summarizeCorruptions } from "./corruption-summary.js";
import type { EvaluationContext, EvaluationProtocol } from "./evaluation-protocol.js";
import { type LabelledImages, labelledImages } from "./labelled-images.js";
import { describeReading, type OpenedProbe, openProbe } from "./open-probe.js";

/** `evaluation/corruptions.json`. */
export interface CorruptionRecord {
  readonly blocks: readonly (BlockErrors & CorruptionScores & { readonly against: RelativeScores | null })[];
  /** The folder of the run that errors are compared with. */
  readonly against: string | null;
  readonly protocol: JsonObject;
  /** Of this call; an interrupted evaluation's earlier passes took more. */
  readonly seconds: number;
}

/** The largest views, in pixels, that are small images by themselves. */
const largestSmallView = 64;

/**
 * Linear probes on clean training features, scored on held-out images under the corruptions of ImageNet-C and CIFAR-10-C.
 * Images are corrupted on the fly by the loader's threads: all runs see the same ones.
 */
export const corruptions: EvaluationProtocol = {
  name: "corruptions",
  description: "Errors of linear probes on corrupted images, and mean corruption error against a baseline.",
  run: async (context) => {
    const record = await score(context);
    return record === null ? null : { record, summary: summarizeCorruptions(record) };
  },
};

async function score(context: EvaluationContext): Promise<CorruptionRecord | null> {
  const { run, name, folder, against, reporter } = context;
  const start = performance.now();
  const phase = (text: string): void => reporter.report({ event: "phase", run: name, phase: text });
  const images = corruptibleImages(run);
  const subject = subjectOf(run, images.test);
  const opened = await openProbe(run, folder, images.train);
  const fitted: FittedLinearProbe[] = [];
  try {
    const ids = opened.probe.depths.map(({ id }) => id);
    // Before hours of work, so that a wrong baseline is not found out after them.
    const baseline = against === null ? null : await readBaseline(against, subject, ids);
    phase("corruptions: fitting on clean images");
    const { evaluationView } = run.plugins;
    for (const table of await readFeatures(run, opened, images.train, evaluationView)) {
      fitted.push(await fitLinearProbe(fitOf(run, images, table), optionsOf(run)));
    }
    const protocol = {
      ...subject,
      probe: sharedProtocol(fitted),
      features: describeReading(opened, evaluationView),
      draws: "keyed by image and corruption, the same for all severities and runs",
      frost: "drawn, not photographed: see @blockwise/corruptions",
    };
    const errors = await scoreAll(context, { opened, fitted, images, subject, protocol, phase });
    if (errors === null) return null;
    return {
      blocks: errors.map((block, depth) => ({
        ...block,
        ...summarizeErrors(block),
        against: baseline === null ? null : compareErrors(block, baseline[depth] as BlockErrors),
      })),
      against,
      protocol,
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    for (const probe of fitted) probe.dispose();
    opened.dispose();
  }
}

interface Scoring {
  readonly opened: OpenedProbe;
  /** One a block. */
  readonly fitted: readonly FittedLinearProbe[];
  readonly images: LabelledImages;
  readonly subject: Subject;
  readonly protocol: JsonObject;
  readonly phase: (text: string) => void;
}

/** One pass over the images for each corruption and severity; null when it was interrupted, with the passes kept. */
async function scoreAll(
  { run, folder, signal }: EvaluationContext,
  { opened, fitted, images, subject, protocol, phase }: Scoring,
): Promise<readonly BlockErrors[] | null> {
  const file = evaluationFile(folder, corruptions.name).replace(/json$/, "state.json");
  await makeFolder(dirname(file));
  const kept = await createKeptErrors(file, protocol);
  const pass = async (key: string, view: AugmentationV1): Promise<void> => {
    if (kept.has(key)) return;
    const errors: number[] = [];
    for (const [depth, { raw }] of (await readFeatures(run, opened, images.test, view)).entries()) {
      errors.push(100 - ((await fitted[depth]?.score(raw))?.top1 ?? 0));
    }
    await kept.add(key, errors);
  };
  const { evaluationView } = run.plugins;
  await pass("clean", evaluationView);
  const cases = subject.corruptions.flatMap((corruption) =>
    subject.severities.map((severity) => ({ corruption, severity, key: keyOf(corruption, severity) })),
  );
  for (const [index, { key, ...one }] of cases.entries()) {
    if (signal.aborted) return null;
    if (kept.has(key)) continue;
    phase(`corruptions: ${one.corruption} ${one.severity} (${index + 1} of ${cases.length})`);
    await pass(key, corruptedView({ view: evaluationView, scale: subject.scale, ...one }));
  }
  const blocks = opened.probe.depths.map(({ id }, depth) => ({
    block: id,
    clean: kept.error("clean", depth),
    byCorruption: Object.fromEntries(
      subject.corruptions.map((name) => [
        name,
        subject.severities.map((severity) => kept.error(keyOf(name, severity), depth)),
      ]),
    ),
  }));
  await kept.remove();
  return blocks;
}

function keyOf(corruption: CorruptionName, severity: Severity): string {
  return `${corruption}.${severity}`;
}

/** The labelled images of a run, with no more to corrupt than its settings say. */
function corruptibleImages(run: OpenedRun): LabelledImages {
  const images = labelledImages(run);
  const { maxTestImages } = run.config.evaluation.corruptions;
  if (maxTestImages === null || maxTestImages >= images.test.size) return images;
  return { ...images, test: subset(images.test, { count: maxTestImages }) };
}

/** What is scored on; plain JSON. */
interface Subject {
  readonly corruptions: readonly CorruptionName[];
  readonly severities: readonly Severity[];
  readonly scale: CorruptionScale;
  readonly images: JsonObject;
}

function subjectOf({ config, data }: OpenedRun, test: DataSourceV1): Subject {
  const all = data.evaluation().test === data.dataset.test;
  const { names, severities, scale } = config.evaluation.corruptions;
  const { imageSize } = config.data;
  const automatic = imageSize <= largestSmallView ? "cifar" : "imagenet";
  return {
    corruptions: corruptionNames.filter((name) => names === "all" || names.includes(name)),
    severities: [...new Set(severities)].toSorted((a, b) => a - b),
    scale: scale === "auto" ? automatic : scale,
    images: {
      dataset: config.data.dataset,
      description: test.description,
      // Which images are scored on at all is drawn by the run's seed, where it is not all of them.
      seed: all ? null : config.seed,
      count: test.size,
      viewSize: imageSize,
    },
  };
}

function fitOf({ config }: OpenedRun, { classCount }: LabelledImages, { raw }: DepthTables) {
  return { train: raw, classCount, seed: config.seed };
}

function optionsOf({ config: { evaluation } }: OpenedRun) {
  return { epochs: evaluation.probeEpochs, learningRate: evaluation.probeLearningRate };
}

/** How all probes were fitted: what differs from block to block is left out. */
function sharedProtocol(fitted: readonly FittedLinearProbe[]): JsonObject {
  const { dim: _, ...shared } = fitted[0]?.protocol ?? ({} as Record<string, JsonValue>);
  return { ...shared, features: "raw" };
}

function readFeatures(
  { config }: OpenedRun,
  { probe }: OpenedProbe,
  source: DataSourceV1,
  augmentation: AugmentationV1,
): Promise<readonly DepthTables[]> {
  const { workers } = config;
  return extractFeatures({ probe, source, augmentation, ...(workers === null ? {} : { workers }) });
}
