import type { JsonObject, JsonValue, PluginKind, PluginV1 } from "@blockwise/spec";
import type { NoiseOptions } from "../learner/noise.js";
import type { Timetable } from "../timetable/timetable.js";
import type { BlockPlace, NetworkOptions, PerBlock } from "../wiring/block-definition.js";
import { defaultSkipLimit, type LearningOptions } from "../wiring/network.js";
import { partitionBackbone } from "../wiring/partition.js";
import type { TrainerOptions } from "./trainer.js";

/**
 * All of a run's options that its numbers depend on, as JSON: it is written into checkpoints and results, and must be the
 * same for a run to be resumed. Workers, callbacks and folders are left out since they change nothing.
 */
export function describeConfiguration(options: TrainerOptions): JsonObject {
  return {
    seed: options.seed,
    batchSize: options.batchSize,
    epochs: options.epochs,
    timetable: describeTimetable(options.timetable),
    ...describeLearning(options),
    schedule: describePlugin(options.schedule),
    augmentation: describePlugin(options.augmentation),
    source: { ...describePlugin(options.source), size: options.source.size },
  };
}

/** What a network is made from and how it learns, as JSON. */
export function describeLearning(
  options: Pick<NetworkOptions, "backbone" | "head" | "loss" | "partition" | "projector"> &
    Pick<LearningOptions, "engine" | "noise" | "optimizer" | "skipLimit">,
): JsonObject {
  const blocks = partitionBackbone(options.backbone, options.partition);
  const places = blocks.map(({ id }, index) => ({ id, index, count: blocks.length }));
  return {
    engine: options.engine.id,
    backbone: describePlugin(options.backbone),
    partition: blocks.map(({ units }) => units.map(({ id }) => id)),
    head: describeChoice(options.head, places),
    projector: describeChoice(options.projector, places),
    loss: describeChoice(options.loss, places),
    noise: describeNoise(options.noise ?? null, places),
    skipLimit: options.skipLimit ?? defaultSkipLimit,
    optimizer: describePlugin(options.optimizer),
  };
}

function describeNoise(noise: PerBlock<NoiseOptions | null>, places: readonly BlockPlace[]): JsonValue {
  if (typeof noise !== "function") return noise && { ...noise };
  return places.map((place) => {
    const own = noise(place);
    return own && { ...own };
  });
}

function describeTimetable(timetable: Timetable = "simultaneous"): JsonValue {
  return typeof timetable === "string" ? timetable : { starts: timetable.starts, stops: timetable.stops };
}

function describePlugin({ id, options }: PluginV1<PluginKind>): { readonly [key: string]: JsonValue } {
  return { id, options };
}

function describeChoice(choice: PerBlock<PluginV1<PluginKind>>, places: readonly BlockPlace[]): JsonValue {
  if (typeof choice !== "function") return describePlugin(choice);
  return places.map((place) => describePlugin(choice(place)));
}
