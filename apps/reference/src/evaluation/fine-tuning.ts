import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createFeatureProbe, extractFeatures, latestCheckpoint, type Network } from "@blockwise/core";
import { type ClassifierScore, scoreClassifier, softmaxClassifier } from "@blockwise/evaluate";
import { rootKey } from "@blockwise/random";
import type { AugmentationV1, DataSourceV1, JsonObject, TrainerCallbackV1 } from "@blockwise/spec";
import { describeTime } from "../progress/describe-time.js";
import { evaluationFile, readJsonIfThere, writeJson } from "../run/run-folder.js";
import type { EvaluationContext } from "./evaluation-protocol.js";
import { fineTuneSettings } from "./fine-tune-settings.js";
import { createFineTuner, type FineTuner } from "./fine-tuner.js";
import type { LabelledImages } from "./labelled-images.js";
import { classificationViews } from "./linear-settings.js";
import type { OpenedProbe } from "./open-probe.js";
import { meaningOfBest, type ScoresByEpoch, summarizeEpochs } from "./scores-by-epoch.js";

/** What a checkpoint of fine-tuning holds beside the trainer's own files. */
interface KeptScores {
  readonly protocol: JsonObject;
  readonly scores: readonly ClassifierScore[];
}

const scoresFile = "scores.json";

/**
 * Trains a run's network on with labels, end to end, and scores it on the held-out images after every epoch. The run's own
 * weights stay. Null when it was interrupted; the same call then goes on from where it stopped.
 *
 * @param name what to keep its checkpoints under while it goes on, in the run's folder of evaluations
 * @throws InvalidOptionError; NonFiniteValueError when it diverges
 */
export async function fineTune(
  context: EvaluationContext,
  opened: OpenedProbe,
  images: LabelledImages,
  name: string,
): Promise<{ readonly result: ScoresByEpoch; readonly protocol: JsonObject } | null> {
  const { run, folder, reporter, signal } = context;
  const { config } = run;
  const settings = fineTuneSettings(config.evaluation);
  const views = classificationViews(run, settings);
  const directory = evaluationFile(folder, name).replace(/json$/, "checkpoints");
  const scores: ClassifierScore[] = [];
  const start = performance.now();
  let began = 0;

  const afterEpoch = async (epoch: number): Promise<void> => {
    const score = await scoreNetwork(tuner, images, views.scoring, config.seed);
    scores.push(score);
    const left = ((performance.now() - start) / 1000 / (epoch - began)) * (settings.epochs - epoch);
    const text = `epoch ${epoch} of ${settings.epochs}, ${score.top1.toFixed(1)} %, ${describeTime(left)} left`;
    reporter.report({ event: "phase", run: context.name, phase: `${name}: ${text}` });
  };
  const keeper: TrainerCallbackV1 = {
    specificationVersion: "v1",
    kind: "callback",
    id: "fine-tuning",
    options: {},
    onCheckpoint: async ({ step, path }) => {
      const epoch = step / tuner.stepsPerEpoch;
      // A run that is interrupted between two epochs saves the same step twice.
      if (epoch === scores.length + 1) await afterEpoch(epoch);
      await writeJson(join(path, scoresFile), { protocol, scores } satisfies KeptScores);
    },
  };
  const tuner = createFineTuner({
    run,
    network: opened.network,
    train: images.train,
    views: views.training,
    settings,
    callbacks: [keeper],
    checkpoints: directory,
    signal,
  });
  const protocol = describe(context, opened, images, tuner, views);
  try {
    const kept = await readKept(directory, protocol);
    if (kept === null) await rm(directory, { recursive: true, force: true });
    else {
      scores.push(...kept.scores);
      began = (await tuner.trainer.resume("latest")) / tuner.stepsPerEpoch;
    }
    const { interrupted } = await tuner.trainer.run();
    if (interrupted) return null;
  } finally {
    tuner.trainer.dispose();
  }
  await rm(directory, { recursive: true, force: true });
  return { result: summarizeEpochs(scores), protocol };
}

function describe(
  { run: { config } }: EvaluationContext,
  { checkpoint }: OpenedProbe,
  { train, test, classCount }: LabelledImages,
  { cut, stepsPerEpoch }: FineTuner,
  { training, scoring }: { readonly training: AugmentationV1; readonly scoring: AugmentationV1 },
): JsonObject {
  const { settings, features } = config.evaluation.fineTune;
  return {
    ...fineTuneSettings(config.evaluation),
    settings: typeof settings === "string" ? settings : "as listed",
    after: cut.after,
    features:
      features === "raw"
        ? "the stage's output, averaged over height and width"
        : "the output of the head that was trained with the block, which is trained on too",
    optimizer: "SGD, decay on all parameters alike; rates are not scaled by the batch",
    schedule: "cosine to 0, by step",
    normalization: "batch statistics in training, running ones in scoring",
    start: { checkpoint, classifier: "weights N(0, 0.01^2), biases 0" },
    best: meaningOfBest,
    stepsPerEpoch,
    trainingView: { id: training.id, ...training.options },
    view: { id: scoring.id, ...scoring.options },
    seed: config.seed,
    classCount,
    trainCount: train.size,
    testCount: test.size,
  };
}

/** What an interrupted call by the same protocol has kept. @throws StorageError */
async function readKept(directory: string, protocol: JsonObject): Promise<KeptScores | null> {
  const checkpoint = await latestCheckpoint(directory);
  if (checkpoint === null) return null;
  const kept = await readJsonIfThere<KeptScores>(join(checkpoint, scoresFile));
  return kept !== null && JSON.stringify(kept.protocol) === JSON.stringify(protocol) ? kept : null;
}

async function scoreNetwork(
  { trainer: { network }, cut }: FineTuner,
  { test, classCount }: LabelledImages,
  augmentation: AugmentationV1,
  seed: number,
): Promise<ClassifierScore> {
  const probe = createFeatureProbe({ network, depths: "end-to-end", head: cut.head, seed });
  try {
    const source: DataSourceV1 = test;
    const [table] = await extractFeatures({ probe, source, augmentation });
    if (table === undefined) throw new RangeError("a network without a block");
    const classifier = softmaxClassifier({ dim: table.head.dim, classCount, key: rootKey(seed) });
    try {
      const weights = await classifierWeights(network, table.head.dim, classCount);
      classifier.restore({ weights, velocity: new Float32Array(weights.length) });
      return await scoreClassifier(classifier, table.head);
    } finally {
      classifier.dispose();
    }
  } finally {
    probe.dispose();
  }
}

/** The loss keeps `[dim, classCount]` and the biases apart; `[classCount, dim + 1]` with the biases last is wanted. */
async function classifierWeights(network: Network, dim: number, classCount: number): Promise<Float32Array> {
  const { parameters } = network.tensors();
  const weight = await parameters["loss.0.classifier.weight"]?.data();
  const bias = await parameters["loss.0.classifier.bias"]?.data();
  const weights = new Float32Array(classCount * (dim + 1));
  for (let label = 0; label < classCount; label++) {
    for (let column = 0; column < dim; column++)
      weights[label * (dim + 1) + column] = weight?.[column * classCount + label] ?? Number.NaN;
    weights[label * (dim + 1) + dim] = bias?.[label] ?? Number.NaN;
  }
  return weights;
}
