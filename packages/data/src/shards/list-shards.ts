import { readdir, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { DataSourceError } from "@blockwise/spec";
import { expand } from "brace-expansion";
import { list } from "../images/arrange-images.js";
import { IMAGE_NAME } from "../images/decode-image.js";
import { compareCodeUnits } from "../images/pack-images.js";

/** The archives of a data set. */
export interface ShardList {
  /** What they were asked for by, for people. */
  readonly source: string;
  /** Absolute paths, each once, in order. */
  readonly paths: readonly string[];
  /** Of each path, what tells splits apart: the part under the folder, or the file's name. */
  readonly names: readonly string[];
}

const SHARD = /\.tar$/i;

/** Whether a text names shards by a pattern: it has braces, and no file has that very name. */
export async function isShardPattern(text: string): Promise<boolean> {
  return /\{.*\}/.test(text) && (await stat(text).catch(() => null)) === null;
}

/** Whether a folder is one of shards: it holds archives, beside them no images and no folders but those of splits. */
export async function isShardFolder(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const others = entries.some(
    (entry) => IMAGE_NAME.test(entry.name) || (entry.isDirectory() && splitOf(entry.name) === null),
  );
  return !others && (await shardsInFolder(folder)).length > 0;
}

/**
 * The tar archives in a folder, or in the folders in it that are named as splits are.
 *
 * @returns paths under the folder, sorted; empty for a folder of something else
 */
async function shardsInFolder(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  const isShard = (name: string): boolean => SHARD.test(name) && !name.startsWith(".");
  for (const entry of entries) {
    if (isShard(entry.name) && !entry.isDirectory()) found.push(entry.name);
    const isFolder = entry.isDirectory() || entry.isSymbolicLink();
    if (!isFolder || splitOf(entry.name) === null) continue;
    const below = await readdir(join(folder, entry.name)).catch(() => []);
    found.push(...below.filter(isShard).map((name) => `${entry.name}/${name}`));
  }
  return found.sort(compareCodeUnits);
}

/**
 * Finds the archives that are asked for: a folder, a pattern with braces (`train-{000000..000146}.tar`), or a list of
 * paths and patterns.
 *
 * @throws DataSourceError for a folder without archives, and for archives that are not there, by name.
 */
export async function listShards(shards: string | readonly string[]): Promise<ShardList> {
  const asked = typeof shards === "string" ? [shards] : shards;
  const source = asked.length === 1 ? (asked[0] as string) : `${asked[0]} and ${asked.length - 1} more`;
  const found = new Map<string, string>();
  const missing: string[] = [];
  for (const text of asked) {
    const status = await stat(text).catch(() => null);
    if (status?.isDirectory()) {
      for (const name of await shardsInFolder(text)) found.set(resolve(text, name), name);
      continue;
    }
    const paths = status === null ? expandPattern(text) : [text];
    const base = resolve(text.slice(0, Math.max(0, text.search(/[^/\\]*(\{|$)/))));
    for (const path of paths) {
      const there = await stat(path).catch(() => null);
      if (there?.isFile()) found.set(resolve(path), relative(base, resolve(path)));
      else missing.push(path);
    }
  }
  if (missing.length > 0) {
    throw new DataSourceError(
      `"${source}" must name archives that are there, but ${list(missing)} ${missing.length === 1 ? "is" : "are"} missing. Get what is missing, or correct the pattern.`,
      { source: missing[0] as string },
    );
  }
  if (found.size === 0) {
    throw new DataSourceError(`"${source}" must hold tar archives (.tar), but has none. Check the path.`, {
      source,
    });
  }
  return { source, paths: [...found.keys()], names: [...found.values()] };
}

const MAX_SHARDS = 100_000;

function expandPattern(text: string): readonly string[] {
  const paths = expand(text, { max: MAX_SHARDS + 1 });
  if (paths.length <= MAX_SHARDS) return paths;
  throw new DataSourceError(
    `"${text}" must name at most ${MAX_SHARDS} archives, but names more. Correct the pattern.`,
    { source: text },
  );
}

/**
 * The split that a path says its images are of, by a word of its own: `train` or `training`; `test`, `val`, `valid` or
 * `validation`. Null where it says neither, or both.
 */
export function splitOf(path: string): "train" | "test" | null {
  const words = path.toLowerCase().split(/[^a-z]+/);
  const isTrain = words.some((word) => /^train(ing)?$/.test(word));
  const isTest = words.some((word) => /^(test|val|valid|validation)$/.test(word));
  if (isTrain === isTest) return null;
  return isTrain ? "train" : "test";
}
