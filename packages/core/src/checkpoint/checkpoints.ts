import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { encodeSafetensors, makeFolder, readSafetensors, writeFileAtomically } from "@blockwise/safetensors";
import { BlockwiseError, CheckpointError, type JsonObject, StorageError } from "@blockwise/spec";
import type { BlockLearner } from "../learner/block-learner.js";
import {
  checkpointName,
  flushFolder,
  listCheckpoints,
  messageOf,
  removeOldCheckpoints,
  replaceFolder,
  unfinishedName,
} from "./checkpoint-folder.js";
import { readLearners, storeLearners } from "./network-tensors.js";
import { firstDifference, parseRunRecord, type RunRecord } from "./run-record.js";

const tensorsFile = "tensors.safetensors";
const recordFile = "run.json";

/** A run's state at one step, as the trainer hands it over. */
export interface CheckpointRequest {
  /** The folder of the run's checkpoints, which is made where it is missing. */
  readonly directory: string;
  /** How many checkpoints up to this step stay; older ones are removed after the new one is whole. */
  readonly keep: number;
  /** All blocks of the network, in order; their tensors are borrowed. */
  readonly learners: readonly BlockLearner[];
  /** Steps done. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly stepCount: number;
  /** What the run is made from; stored beside the tensors. */
  readonly configuration: JsonObject;
}

/**
 * Writes `<directory>/step-<step>/{tensors.safetensors, run.json}`: first into a folder beside it, flushed, then renamed,
 * so that a checkpoint is there whole or not at all. Returns its path.
 *
 * @throws StorageError when it cannot be written; what stood there before stays.
 */
export async function saveCheckpoint(request: CheckpointRequest): Promise<string> {
  const { directory, keep, learners, step, stepCount, configuration } = request;
  const path = join(directory, checkpointName(step));
  const temporary = join(directory, unfinishedName(step));
  const record: RunRecord = {
    schema: 1,
    step,
    stepCount,
    configuration,
    blocks: learners.map(({ definition, counters }) => ({ id: definition.id, ...counters })),
  };
  try {
    await rm(temporary, { recursive: true, force: true });
    await makeFolder(temporary);
    await writeFileAtomically(
      join(temporary, tensorsFile),
      encodeSafetensors({ tensors: storeLearners(learners), metadata: { format: "pt", step: String(step) } }),
    );
    await writeFileAtomically(
      join(temporary, recordFile),
      Buffer.from(`${JSON.stringify(record, null, 2)}\n`),
    );
    await replaceFolder(temporary, path);
    await flushFolder(directory);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw new StorageError(
      `The checkpoint ${path} cannot be written (${messageOf(cause)}). Free some space or choose another folder; earlier checkpoints are untouched.`,
      { path },
      { cause },
    );
  }
  await removeOldCheckpoints(directory, step, keep);
  return path;
}

/**
 * The newest whole checkpoint in a folder; null where there is none.
 *
 * @throws StorageError where the folder cannot be looked into.
 */
export async function latestCheckpoint(directory: string): Promise<string | null> {
  const newest = (await listCheckpoints(directory)).at(-1);
  return newest === undefined ? null : join(directory, newest);
}

/**
 * Puts learners back into the state of a checkpoint, all or none, and returns the step it was written at.
 *
 * @param current What the run that goes on is like: it must be the same run. Null where only the weights matter, as when
 * features are read.
 * @throws CheckpointError for one that is missing, damaged, or of another run or network; learners stay as they are.
 */
export async function loadCheckpoint(
  path: string,
  learners: readonly BlockLearner[],
  current: { readonly configuration: JsonObject; readonly stepCount: number } | null,
): Promise<number> {
  const record = await readRecord(path);
  const difference =
    (current === null ? null : differenceOfRuns(record, current)) ??
    firstDifference(
      record.blocks.map(({ id }) => id),
      learners.map(({ definition }) => definition.id),
      "blocks",
    );
  if (difference !== null) {
    throw new CheckpointError(
      `${path} is of another run: ${difference}. Resume with the configuration it was written with, or start anew in another folder.`,
      { path },
    );
  }
  const { tensors } = await readTensors(path);
  const states = readLearners(learners, tensors, path);
  for (const [index, learner] of learners.entries()) {
    const state = states[index];
    const block = record.blocks[index];
    if (state === undefined || block === undefined) continue;
    const { id: _, ...counters } = block;
    learner.restore(state, counters);
  }
  return record.step;
}

function differenceOfRuns(
  saved: RunRecord,
  current: { readonly configuration: JsonObject; readonly stepCount: number },
): string | null {
  return (
    firstDifference(saved.configuration, current.configuration) ??
    firstDifference(saved.stepCount, current.stepCount, "stepCount")
  );
}

async function readRecord(path: string): Promise<RunRecord> {
  const file = join(path, recordFile);
  try {
    return parseRunRecord(await readFile(file, "utf8"), file);
  } catch (cause) {
    if (BlockwiseError.isInstance(cause)) throw cause;
    throw new CheckpointError(
      `There is no checkpoint to be read at ${path} (${messageOf(cause)}). Name a folder "step-…" that a run wrote.`,
      { path },
      { cause },
    );
  }
}

async function readTensors(path: string): ReturnType<typeof readSafetensors> {
  try {
    return await readSafetensors(join(path, tensorsFile));
  } catch (cause) {
    throw new CheckpointError(
      `The checkpoint ${path} is damaged (${messageOf(cause)}). Resume from an earlier one.`,
      { path },
      { cause },
    );
  }
}
