import { randomUUID } from "node:crypto";
import { link, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder as makeFolderWithParents, writeFileAtomically } from "@blockwise/safetensors";
import { InvalidOptionError, StorageError } from "@blockwise/spec";
import { runFiles } from "@blockwise/watch";
import { isAbsent } from "./is-absent.js";

/** The files that a run keeps in its folder. */
export interface RunFolder {
  readonly path: string;
  readonly config: string;
  readonly checkpoints: string;
  /** What frozen blocks handed on; there while a sequential run is not complete. */
  readonly frozenOutputs: string;
  /** One JSON object a step. */
  readonly log: string;
  /** One JSON object a reading of the online probe, where there is one. */
  readonly online: string;
  /** How far the run is, and how fast: one JSON object now and then. */
  readonly progress: string;
  /** One JSON object a map of features, and what its images are. */
  readonly maps: string;
  readonly mapImages: string;
  /** Pairs of views, as pictures. */
  readonly pairs: string;
  /** Event files for TensorBoard, where the configuration asks for them. */
  readonly tensorboard: string;
  /** How training went; there once it is done. */
  readonly training: string;
  /** Where the weights are from, for a run that was imported and not trained here. */
  readonly imported: string;
  /** What the protocol `probes` found; there once it is done. */
  readonly evaluation: string;
}

/** Names the files of a run's folder. */
export function runFolder(path: string): RunFolder {
  return {
    path,
    config: join(path, "config.json"),
    checkpoints: join(path, "checkpoints"),
    frozenOutputs: join(path, "frozen-outputs"),
    ...runFiles(path),
    tensorboard: join(path, "tensorboard"),
    training: join(path, "training.json"),
    imported: join(path, "imported.json"),
    evaluation: join(path, "evaluation.json"),
  };
}

/** Where a run keeps what a protocol found: `probes`, the default, beside the other files, every other in a folder. */
export function evaluationFile(path: string, protocol: string): string {
  return protocol === "probes" ? runFolder(path).evaluation : join(path, "evaluation", `${protocol}.json`);
}

/** Makes a folder that an option named. @throws StorageError */
export async function makeFolder(path: string, option = "--out"): Promise<void> {
  try {
    await makeFolderWithParents(path);
  } catch (cause) {
    throw new StorageError(
      `The folder ${path} cannot be made: ${cause instanceof Error ? cause.message : cause}. Choose another with ${option}.`,
      { path },
      { cause },
    );
  }
}

/** @throws StorageError */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomically(path, Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
}

/** A JSON file that this program wrote; null where there is none. @throws StorageError */
export async function readJsonIfThere<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (cause) {
    if (isAbsent(cause)) return null;
    throw new StorageError(
      `${path} cannot be read: ${cause instanceof Error ? cause.message : cause}. Remove it to make it anew.`,
      { path },
      { cause },
    );
  }
}

/**
 * Writes a new run's configuration, where there is none yet: of two runs that begin in a folder at once, one has it.
 *
 * @throws InvalidOptionError, StorageError
 */
export async function beginRun(folder: string, config: unknown): Promise<void> {
  const { config: path } = runFolder(folder);
  const own = join(folder, `.${randomUUID()}.blockwise-temporary`);
  await writeJson(own, config);
  try {
    // Fails where there is one, which renaming does not; and what is there is there whole.
    await link(own, path);
  } catch {
    if (await isRun(folder)) throw runIsThere(folder);
    // Some file systems have no links.
    await writeJson(path, config);
  } finally {
    await rm(own, { force: true });
  }
}

/** That a run's results are not thrown away by mistake. */
export function runIsThere(folder: string): InvalidOptionError {
  return new InvalidOptionError({
    option: "out",
    expected: "a folder without a run in it",
    received: folder,
    hint: "Go on with that run by --resume, or choose another folder.",
  });
}

/** Whether a run has been started in a folder. */
export async function isRun(path: string): Promise<boolean> {
  return stat(runFolder(path).config).then(
    () => true,
    () => false,
  );
}

/** @throws InvalidOptionError for a folder that no run has been started in. */
export async function requireRun(path: string): Promise<void> {
  if (await isRun(path)) return;
  throw new InvalidOptionError({
    option: "run",
    expected: "a folder that a run keeps its files in (config.json is missing)",
    received: path,
    hint: "Check the path. A run is started by: npm run blockwise -- train --out FOLDER",
  });
}
