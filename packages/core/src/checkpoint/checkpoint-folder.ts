import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { StorageError } from "@blockwise/spec";

const finished = /^step-\d{8}$/;
const unfinished = /^\.unfinished-step-\d{8}/;

/** The name of a step's checkpoint; the names' order is the steps'. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(8, "0")}`;
}

/** Where a checkpoint is put together before it gets its name. */
export function unfinishedName(step: number): string {
  return `.unfinished-${checkpointName(step)}-${process.pid}`;
}

/**
 * The names of the whole checkpoints in a folder, oldest first; none where there is no folder.
 *
 * @throws StorageError where it cannot be looked into.
 */
export async function listCheckpoints(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => finished.test(name)).sort();
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw new StorageError(
      `The checkpoints in ${directory} cannot be listed (${messageOf(cause)}). Name a folder that can be read.`,
      { path: directory },
      { cause },
    );
  }
}

/**
 * Renames a folder onto another one, whose old content is there until the new one stands in its place.
 */
export async function replaceFolder(from: string, to: string): Promise<void> {
  const aside = `${from}-replaced`;
  await rm(aside, { recursive: true, force: true });
  const stood = await rename(to, aside).then(
    () => true,
    (cause: unknown) => {
      if (isMissing(cause)) return false;
      throw cause;
    },
  );
  try {
    await rename(from, to);
  } catch (cause) {
    if (stood) await rename(aside, to);
    throw cause;
  }
  if (stood) await rm(aside, { recursive: true, force: true });
}

/**
 * Removes all but the newest checkpoints up to a step, and what crashes left. Checkpoints of later steps are another
 * run's and stay.
 *
 * @throws StorageError
 */
export async function removeOldCheckpoints(directory: string, step: number, keep: number): Promise<void> {
  try {
    const names = (await readdir(directory)).sort();
    const ours = names.filter((name) => finished.test(name) && name <= checkpointName(step));
    const left = names.filter((name) => unfinished.test(name));
    const doomed = [...ours.slice(0, Math.max(0, ours.length - keep)), ...left];
    await Promise.all(doomed.map((name) => rm(join(directory, name), { recursive: true, force: true })));
  } catch (cause) {
    throw new StorageError(
      `Old checkpoints in ${directory} cannot be removed (${messageOf(cause)}); the new one is written.`,
      { path: directory },
      { cause },
    );
  }
}

/** Makes renames in a folder last through a power cut. Some systems cannot open folders; there it is best effort. */
export async function flushFolder(directory: string): Promise<void> {
  try {
    const folder = await open(directory, "r");
    await folder.sync().finally(() => folder.close());
  } catch {
    return;
  }
}

/** An error's message, whatever was thrown. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}
