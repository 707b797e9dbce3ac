import { join } from "node:path";
import { CheckpointError } from "@blockwise/spec";
import type { InputStatistics } from "./input-statistics.js";
import { readJsonIfThere, writeJson } from "./run-folder.js";

/** `input.json`: what a trained network expects of images, kept with it. */
export interface InputRecord extends InputStatistics {
  readonly classCount: number | null;
  /** What it was trained on, for people. */
  readonly description: string;
}

const fileName = "input.json";

/** @throws StorageError */
export async function writeInputRecord(folder: string, record: InputRecord): Promise<void> {
  await writeJson(join(folder, fileName), record);
}

/** @throws CheckpointError for a folder without one. */
export async function readInputRecord(folder: string): Promise<InputRecord> {
  const path = join(folder, fileName);
  const record = await readJsonIfThere<InputRecord>(path);
  if (record !== null) return record;
  throw new CheckpointError(
    `${path} is not there, so that images cannot be normalised as in training. Name the folder of a trained run.`,
    { path },
  );
}
