import { join } from "node:path";
import { createFeatureProbe, extractFeatures, type Network } from "@blockwise/core";
import { subset } from "@blockwise/data";
import {
  type OnlineProbe,
  type OnlineProbeState,
  type OnlineReadingV1,
  type OnlineSiteState,
  type OnlineTables,
  onlineProbe,
} from "@blockwise/evaluate";
import { fold, rootKey } from "@blockwise/random";
import { readSafetensors, type SafetensorsEntry, writeSafetensors } from "@blockwise/safetensors";
import type { DataSourceV1, TrainerCallbackV1 } from "@blockwise/spec";
import { appendJsonLine, keepJsonLines } from "@blockwise/watch";
import type { Reporter } from "../progress/reporter.js";
import { isAbsent } from "./is-absent.js";
import type { OpenedRun } from "./open-run.js";
import { runFolder } from "./run-folder.js";

/** The online probe of a run. */
export interface RunningProbe {
  readonly callbacks: readonly TrainerCallbackV1[];
  /** Goes on from what it kept in a checkpoint; null where there is none. False where it has to begin anew. */
  resume(checkpoint: string | null): Promise<boolean>;
  dispose(): void;
}

/** Beside the checkpoint's own files. */
const stateFile = "online.safetensors";

/**
 * Makes the online probe that a configuration asks for; null where it asks for none, or the images have no labels or
 * nothing is held out, which is noted.
 *
 * @param network the network to read, once it is there
 */
export function openOnlineProbe(
  run: OpenedRun,
  network: () => Network,
  { folder, name, reporter }: { readonly folder: string; readonly name: string; readonly reporter: Reporter },
): RunningProbe | null {
  const { config, data } = run;
  const { online, neighbors } = config.evaluation;
  const { classCount } = data;
  if (online === null) return null;
  const { train, test } = data.evaluation();
  if (classCount === null || test === null) {
    const reason = classCount === null ? "the images have no labels" : "no images are held out";
    reporter.report({ event: "note", message: `evaluation.online: off, since ${reason}` });
    return null;
  }
  const few = (source: DataSourceV1, count: number): DataSourceV1 =>
    count >= source.size ? source : subset(source, { count, seed: config.seed });
  const bank = few(train, online.trainImages);
  const file = runFolder(folder).online;
  const probe = onlineProbe({
    classCount,
    key: fold(rootKey(config.seed), "online"),
    everySteps: online.everySteps,
    learningRate: online.learningRate,
    neighbors: Math.min(neighbors, bank.size),
    read: () => readTables(run, network(), bank, few(test, online.testImages)),
    onReading: async (reading) => {
      reporter.report({ event: "online", run: name, ...reading });
      await appendJsonLine(file, reading);
    },
  });
  return {
    callbacks: [probe, keeper(probe, file)],
    resume: async (checkpoint) => {
      const state = checkpoint === null ? {} : await readState(join(checkpoint, stateFile));
      if (state !== null) probe.restore(state);
      return state !== null;
    },
    dispose: () => probe.dispose(),
  };
}

async function readTables(
  { config, plugins }: OpenedRun,
  network: Network,
  train: DataSourceV1,
  test: DataSourceV1,
): Promise<readonly OnlineTables[]> {
  const { partition, seed } = config;
  const probe = createFeatureProbe({ network, depths: partition, head: plugins.head, seed });
  const augmentation = plugins.evaluationView;
  const workers = config.workers === null ? {} : { workers: config.workers };
  try {
    const bank = await extractFeatures({ probe, source: train, augmentation, ...workers });
    const heldOut = await extractFeatures({ probe, source: test, augmentation, ...workers });
    return heldOut.flatMap(({ id, raw, head }, depth) => {
      const table = bank[depth]?.raw;
      return table === undefined ? [] : [{ block: id, train: table, heldOut: { raw, head } }];
    });
  } finally {
    probe.dispose();
  }
}

/** Drops readings of steps that are to be done again, and saves the probe with every checkpoint. */
function keeper(probe: OnlineProbe, file: string): TrainerCallbackV1 {
  return {
    specificationVersion: "v1",
    kind: "callback",
    id: "online-keeper",
    options: {},
    onRunStart: ({ startStep }) => keepJsonLines<OnlineReadingV1>(file, ({ step }) => step <= startStep),
    onCheckpoint: async ({ path }) => writeState(join(path, stateFile), await probe.state()),
  };
}

const slots = ["weights", "velocity", "statistics", "hits"] as const;

async function writeState(file: string, state: OnlineProbeState): Promise<void> {
  const tensors = Object.entries(state).flatMap(([name, site]) =>
    slots.map((slot): [string, SafetensorsEntry] => [
      `${name}:${slot}`,
      { dtype: "F32", shape: [site[slot].length], data: site[slot] },
    ]),
  );
  await writeSafetensors(file, { tensors, metadata: {} });
}

/** Null where the run had no such probe when it was saved. @throws MalformedFileError, StorageError */
async function readState(file: string): Promise<OnlineProbeState | null> {
  const kept = await readSafetensors(file).catch((error: unknown) => {
    if (isAbsent(error)) return null;
    throw error;
  });
  if (kept === null) return null;
  const states: Record<string, Record<string, Float32Array>> = {};
  for (const [key, { data }] of kept.tensors) {
    const [name = "", slot = ""] = key.split(":");
    if (data instanceof Float32Array) states[name] = { ...states[name], [slot]: data };
  }
  return states as Readonly<Record<string, OnlineSiteState>>;
}
