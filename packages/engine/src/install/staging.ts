import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeFolder } from "@blockwise/safetensors";
import { EngineInstallError, StorageError } from "@blockwise/spec";

const lockName = ".lock";
const stagingPrefix = ".staging-";
const retiredPrefix = ".retired-";
const removedPrefix = ".removed-";

/**
 * Does `work` while no other process changes the engines in a folder; what earlier ones that were killed have left there is
 * removed first.
 *
 * @throws EngineInstallError (`busy`), StorageError
 */
export async function whileLocked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await makeEnginesFolder(folder);
  const lock = join(folder, lockName);
  await takeLock(lock);
  try {
    await removeLeftovers(folder);
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** A new folder to build an engine in; it goes when `work` fails. */
export async function inStaging<T>(folder: string, work: (staging: string) => Promise<T>): Promise<T> {
  const staging = join(folder, `${stagingPrefix}${randomUUID()}`);
  await mkdir(staging);
  try {
    return await work(staging);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Puts a finished folder in an engine's place; at no time is there half an engine. */
export async function putInPlace(staging: string, place: string): Promise<void> {
  const retired = join(dirname(place), `${retiredPrefix}${basename(place)}`);
  const replaces = existsSync(place);
  if (replaces) await rename(place, retired);
  try {
    await rename(staging, place);
  } catch (error) {
    if (replaces) await rename(retired, place);
    throw error;
  }
  if (replaces) await rm(retired, { recursive: true, force: true });
}

/** Takes an engine away at once, then its files. */
export async function takeAway(place: string): Promise<void> {
  const removed = join(dirname(place), `${removedPrefix}${randomUUID()}`);
  await rename(place, removed);
  await rm(removed, { recursive: true, force: true });
}

/** @throws EngineInstallError (`space`) */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  const gibibytes = (size: number): string => `${(size / 2 ** 30).toFixed(1)} GiB`;
  throw new EngineInstallError(
    `The disk of ${folder} has ${gibibytes(free)} free, and the installation takes ${gibibytes(bytes)}: make room, or name a ` +
      "folder on another disk in the variable BLOCKWISE_CACHE.",
    { step: "space" },
  );
}

async function makeEnginesFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (cause) {
    throw new StorageError(
      `The folder ${folder} for engines cannot be made (${cause instanceof Error ? cause.message : cause}). Name another in the ` +
        "variable BLOCKWISE_CACHE.",
      { path: folder },
      { cause },
    );
  }
}

async function takeLock(lock: string): Promise<void> {
  for (let tries = 0; tries < 2; tries++) {
    try {
      await writeFile(lock, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = Number(await readFile(lock, "utf8").catch(() => ""));
    if (isAlive(holder)) {
      throw new EngineInstallError(
        `Another installation is at work in ${dirname(lock)} (process ${holder}): wait for it to end.`,
        { step: "busy" },
      );
    }
    await rm(lock, { force: true });
  }
  throw new EngineInstallError(`${lock} cannot be taken: another installation is at work.`, { step: "busy" });
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Puts back an engine that was retired for another that never came, and removes all else that was left. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const place = name.startsWith(retiredPrefix) ? join(folder, name.slice(retiredPrefix.length)) : null;
    if (place !== null && !existsSync(place)) await rename(path, place);
    else if ([stagingPrefix, retiredPrefix, removedPrefix].some((prefix) => name.startsWith(prefix))) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
