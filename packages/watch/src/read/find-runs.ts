import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";

/** A folder that a run keeps its files in. */
export interface FoundRun {
  /** Stands for the folder in addresses, which have no paths. */
  readonly id: string;
  /** The folder's path from the one that is looked at, with slashes; of that one itself, its name. */
  readonly name: string;
  readonly folder: string;
}

/** One run, or an experiment or a sweep of several. */
export interface FoundRuns {
  readonly isOne: boolean;
  readonly runs: readonly FoundRun[];
}

/** Any of them is there as soon as a run has begun. */
const marks = ["config.json", "log.jsonl", "progress.jsonl"];
/** What a run's own folders are called, and what is nobody's run. */
const passedOver = new Set(["checkpoints", "evaluation", "frozen-outputs", "node_modules", "pairs"]);
const deepest = 4;
const mostRuns = 500;
const mostFolders = 5000;

/** The runs in a folder, by name: itself, or those further down. A folder that is not there is one that has none yet. */
export async function findRuns(folder: string): Promise<FoundRuns> {
  const top = resolve(folder);
  const entries = await list(top);
  if (isRun(entries)) return { isOne: true, runs: [foundRun("", basename(top), top)] };
  const runs: FoundRun[] = [];
  let visited = 0;
  let level: readonly { readonly path: string; readonly entries: readonly Dirent[] }[] = [
    { path: "", entries },
  ];
  for (let depth = 0; depth < deepest && level.length > 0; depth++) {
    const next: { readonly path: string; readonly entries: readonly Dirent[] }[] = [];
    for (const parent of level) {
      for (const entry of parent.entries) {
        if (!entry.isDirectory() || entry.name.startsWith(".") || passedOver.has(entry.name)) continue;
        if (runs.length >= mostRuns || visited++ >= mostFolders) break;
        const path = parent.path === "" ? entry.name : `${parent.path}/${entry.name}`;
        const children = await list(join(top, path));
        if (isRun(children)) runs.push(foundRun(path, path, join(top, path)));
        else next.push({ path, entries: children });
      }
    }
    level = next;
  }
  runs.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { isOne: false, runs };
}

function isRun(entries: readonly Dirent[]): boolean {
  return entries.some((entry) => entry.isFile() && marks.includes(entry.name));
}

/** Links are listed as links, so that they are not followed. */
async function list(path: string): Promise<readonly Dirent[]> {
  return readdir(path, { withFileTypes: true }).catch(() => []);
}

function foundRun(path: string, name: string, folder: string): FoundRun {
  return { id: createHash("sha256").update(path).digest("hex").slice(0, 16), name, folder };
}
