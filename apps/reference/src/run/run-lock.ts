import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BlockwiseError, InvalidOptionError, StorageError } from "@blockwise/spec";
import { isAbsent } from "./is-absent.js";
import { hasEnded, type RunningProcess, thisProcess } from "./running-process.js";

/** Who trains a run. */
interface Holder extends RunningProcess {
  /** When it began to, in words of ISO 8601. */
  readonly since: string;
}

/** Where a run keeps which process trains it. */
export function lockFile(folder: string): string {
  return join(folder, ".lock");
}

/**
 * Keeps a run's folder for this process until `release` is called or the process ends. What a process that was killed left is
 * taken over.
 *
 * @throws InvalidOptionError where another process trains the run; StorageError
 */
export async function lockRun(folder: string): Promise<{ release(): void }> {
  const path = lockFile(folder);
  const content = JSON.stringify({ ...thisProcess(), since: new Date().toISOString() } satisfies Holder);
  try {
    while (!(await tryCreate(path, content))) {
      const found = await refuseIfHeld(folder);
      if (found !== null) await clearAway(path, found);
    }
  } catch (cause) {
    throw BlockwiseError.isInstance(cause) ? cause : storageError(path, cause);
  }
  const release = (): void => {
    process.off("exit", release);
    // Whoever took it over keeps it.
    if (readIfThere(path) === content) rmSync(path, { force: true });
  };
  process.on("exit", release);
  return { release };
}

/**
 * What the lock of a run says that no process holds any more; null where there is none.
 *
 * @throws InvalidOptionError where a process trains the run; StorageError
 */
export async function refuseIfHeld(folder: string): Promise<string | null> {
  const path = lockFile(folder);
  const content = await readFile(path, "utf8").catch((cause: unknown) => {
    if (isAbsent(cause)) return null;
    throw storageError(path, cause);
  });
  const holder = content === null ? null : parseHolder(content);
  if (holder === null || hasEnded(holder)) return content;
  throw new InvalidOptionError({
    option: "out",
    expected: "a run that no other process trains",
    received: folder,
    hint:
      `Process ${holder.pid} on ${holder.host} has trained it since ${holder.since}: wait for it to end, or stop it. ` +
      `If there is no such process any more, remove ${path}.`,
  });
}

/** Whether the lock is ours now; it appears with what it says, never empty. */
async function tryCreate(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (isThere(error)) return false;
    // Some file systems have no links.
    return await writeFile(path, content, { flag: "wx" }).then(
      () => true,
      (cause: unknown) => {
        if (isThere(cause)) return false;
        throw cause;
      },
    );
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes a lock that nobody holds. Of several processes that found it, one succeeds in moving it away. */
async function clearAway(path: string, found: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (cause) {
    if (isAbsent(cause)) return;
    throw cause;
  }
  // Another may have taken over between the reading and the moving: then the lock goes back.
  if ((await readFile(aside, "utf8")) !== found) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function parseHolder(content: string): Holder | null {
  try {
    const { pid, host, start, since } = JSON.parse(content);
    if (!Number.isSafeInteger(pid) || pid <= 0 || typeof host !== "string") return null;
    return { pid, host, start: typeof start === "string" ? start : null, since: String(since) };
  } catch {
    return null;
  }
}

function storageError(path: string, cause: unknown): StorageError {
  return new StorageError(
    `The run's lock ${path} cannot be taken: ${cause instanceof Error ? cause.message : cause}. Put that right, or choose ` +
      "another folder with --out.",
    { path },
    { cause },
  );
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function isThere(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}
