import { totalmem } from "node:os";
import {
  type BlockCost,
  type ByPart,
  describeCosts,
  measureActivations,
  measureSpeed,
  type NetworkOptions,
} from "@blockwise/core";
import { createEngine } from "@blockwise/engine";
import type { EngineV1 } from "@blockwise/spec";
import type { ImageResolvedConfig, ResolvedConfig, RunConfig } from "../config/schema.js";
import { controls } from "../experiment/controls.js";
import { createPlugins } from "../run/plugins.js";
import { resolvePartition } from "../run/resolve-partition.js";
import { type AssumedImages, assumeImages, type ImageFlags } from "./assume-images.js";
import { countSlots, estimateMemory, largestBatchSize, type MemoryEstimate } from "./estimate-memory.js";
import { estimateSeconds } from "./estimate-time.js";
import type { PlannedBlock, PlanRecord } from "./plan-record.js";

/**
 * Says what a run will cost, without training and without its images: what can be counted is counted, and the engine is
 * tried on each part of the network for a moment.
 *
 * @throws InvalidOptionError, ShapeMismatchError, EngineUnavailableError
 */
export async function makePlan(
  config: RunConfig,
  flags: ImageFlags,
  note: (message: string) => void,
): Promise<PlanRecord> {
  const engine = await createEngine({ name: config.engine });
  note(`engine: ${engine.description}`);
  const images = await assumeImages(config, flags);
  note(`images: ${images.description}`);
  const assumed = settle(config, images);
  const plugins = await createPlugins(assumed, statisticsOf(images));
  const { classCount } = images;
  const settled = resolvePartition(assumed, { engine, plugins, classCount }, note);
  const options = await networkOptions(settled, images);
  const costs = describeCosts(options);
  const whole = describeCosts(await networkOptions(controls["end-to-end"](settled), images));
  note("measuring: activations and speed, on a few random images");
  const measured = measureActivations(options, { engine });
  const speeds = measureSpeed(options, { engine });
  const seconds = estimateSeconds(costs, speeds);
  const limit = memoryLimit(engine);
  const { batchSize } = config;
  const slotCount = countSlots(plugins.optimizer);
  const memory = estimateMemory(costs, slotCount);
  const wholeMemory = estimateMemory(whole, slotCount);
  const peakAt = (size: number): number =>
    estimateMemory(describeCosts({ ...options, batchSize: size }), slotCount).peakBytes;
  const steps = countSteps(config, images);
  const secondsPerStep = sum(seconds);
  return {
    engine: engine.description,
    images: {
      description: images.description,
      count: images.count,
      classCount,
      size: settled.data.imageSize,
      channels: images.channels,
    },
    batchSize,
    ...steps,
    parameterCount: sum(costs.map(({ parameters }) => sum(Object.values(parameters)) - parameters.borrowed)),
    blocks: costs.map(
      (cost, index): PlannedBlock => ({
        id: cost.id,
        units: cost.units,
        parameters: cost.parameters,
        flopsPerStep: cost.flopsPerStep,
        activationBytes: cost.activationBytes,
        measuredActivationBytes: measured[index] ?? { backbone: null, head: null, projector: null },
        peakBytes: memory.blockPeakBytes[index] ?? Number.NaN,
        speed: finiteSpeeds(speeds[index]),
        secondsPerStep: seconds[index] ?? Number.NaN,
      }),
    ),
    blockwise: {
      ...wholeCost(costs, memory),
      secondsPerStep,
      secondsPerRun: steps.stepCount === null ? null : steps.stepCount * secondsPerStep,
    },
    endToEnd: wholeCost(whole, wholeMemory),
    memory: {
      limitBytes: limit.bytes,
      limit: limit.reason,
      stateBytes: memory.stateBytes,
      fits: memory.peakBytes <= limit.bytes,
      largestBatchSize: largestBatchSize(peakAt, limit.bytes),
    },
    notes: notesOn(config),
  };
}

/** Views of images that are not there: "auto" sizes are the data set's, at most 64; everything is flipped. */
function settle(config: RunConfig, images: AssumedImages): ImageResolvedConfig {
  const { imageSize } = config.data;
  const { flip } = config.augmentation;
  return {
    ...config,
    data: { ...config.data, imageSize: imageSize === "auto" ? (images.side ?? 64) : imageSize },
    augmentation: { ...config.augmentation, flip: flip === "auto" || flip },
  };
}

function statisticsOf({ channels }: AssumedImages) {
  const each = (value: number): number[] => Array.from({ length: channels }, () => value);
  return { channels, mean: each(0), std: each(1) };
}

async function networkOptions(config: ResolvedConfig, images: AssumedImages): Promise<NetworkOptions> {
  const plugins = await createPlugins(config, statisticsOf(images));
  const { height, width, channels } = plugins.trainingViews.shape;
  return {
    ...plugins,
    partition: config.partition,
    imageShape: [height, width, channels],
    batchSize: config.batchSize,
    classCount: images.classCount,
  };
}

function countSteps(
  { epochs, batchSize, maxSteps }: RunConfig,
  { count }: AssumedImages,
): Pick<PlanRecord, "stepCount" | "stepsPerEpoch"> {
  if (count === null) return { stepsPerEpoch: null, stepCount: maxSteps };
  const stepsPerEpoch = Math.floor(count / batchSize);
  return { stepsPerEpoch, stepCount: Math.min(epochs * stepsPerEpoch, maxSteps ?? Number.POSITIVE_INFINITY) };
}

function memoryLimit(engine: EngineV1): {
  readonly bytes: number;
  readonly reason: PlanRecord["memory"]["limit"];
} {
  const { budgetBytes } = engine.memory();
  const system = totalmem();
  return budgetBytes !== null && budgetBytes <= system
    ? { bytes: budgetBytes, reason: "engine" }
    : { bytes: system, reason: "machine" };
}

function wholeCost(costs: readonly BlockCost[], { peakBytes }: MemoryEstimate): PlanRecord["endToEnd"] {
  return {
    flopsPerStep: sum(costs.map(({ flopsPerStep }) => flopsPerStep)),
    activationBytes: Math.max(...costs.map(({ activationBytes }) => sum(Object.values(activationBytes)))),
    peakBytes,
  };
}

/** Parts that count no operations have no speed. */
function finiteSpeeds(speeds: ByPart | undefined): PlannedBlock["speed"] {
  const finite = (speed = Number.NaN): number | null => (Number.isFinite(speed) ? speed : null);
  return {
    backbone: finite(speeds?.backbone),
    head: finite(speeds?.head),
    projector: finite(speeds?.projector),
  };
}

function notesOn({ timetable, blockWorkers, batchWorkers }: RunConfig): readonly string[] {
  return [
    ...(timetable === "simultaneous"
      ? []
      : ["times are for all blocks at every step; those that have not begun or are frozen take less"]),
    ...(blockWorkers === null && batchWorkers === null
      ? []
      : ["memory and time are of one thread; each more has an engine, weights and queues of its own"]),
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
