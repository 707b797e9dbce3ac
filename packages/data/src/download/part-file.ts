import { lstat, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeFolder } from "@blockwise/safetensors";

/** A download that is not whole yet. It belongs to one process: its name has the process's number. */
export interface PartFile {
  readonly path: string;
  /** Bytes that are there. */
  readonly size: number;
  /** The server's strong entity tag for them, where it gave one. */
  readonly entityTag: string | null;
}

/**
 * A part file for this process, with what a process that has ended left of the same download. Parts are claimed by
 * renaming them, which only one process can do, so two processes never write to the same one.
 */
export async function claimPart(destination: string): Promise<PartFile> {
  const folder = dirname(destination);
  await makeFolder(folder);
  const own = `${destination}.${process.pid}.part`;
  for (const name of (await readdir(folder)).sort()) {
    const owner = ownerOf(name, basename(destination));
    if (owner === null || (owner !== process.pid && isAlive(owner))) continue;
    const left = join(folder, name);
    const status = await lstat(left).catch(() => null);
    if (status === null || !status.isFile()) continue;
    try {
      if (left !== own) await rename(left, own);
    } catch {
      continue;
    }
    const entityTag = await readFile(`${left}.etag`, "utf8").catch(() => null);
    await rm(`${left}.etag`, { force: true });
    return { path: own, size: status.size, entityTag };
  }
  return { path: own, size: 0, entityTag: null };
}

/** Notes the entity tag, for a later process to resume by. */
export async function noteEntityTag(part: PartFile, entityTag: string | null): Promise<void> {
  if (entityTag === null) await rm(`${part.path}.etag`, { force: true });
  else await writeFile(`${part.path}.etag`, entityTag);
}

/** Makes the part the whole file: from now on others see it. */
export async function completePart(part: PartFile, destination: string): Promise<void> {
  await rename(part.path, destination);
  await rm(`${part.path}.etag`, { force: true });
}

/** Deletes the part. */
export async function discardPart(part: PartFile): Promise<void> {
  await rm(part.path, { force: true });
  await rm(`${part.path}.etag`, { force: true });
}

function ownerOf(name: string, target: string): number | null {
  if (!name.startsWith(`${target}.`)) return null;
  const match = /^(\d+)\.part$/.exec(name.slice(target.length + 1));
  return match === null ? null : Number(match[1]);
}

function isAlive(processNumber: number): boolean {
  try {
    process.kill(processNumber, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
