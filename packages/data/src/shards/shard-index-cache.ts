import { createHash, randomUUID } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "@blockwise/safetensors";
import { DataSourceError } from "@blockwise/spec";
import { recordShard, type ShardRecord } from "./shard-record.js";

/** Changes when a record of an older version must not be used. */
const VERSION = 1;

/**
 * The record of a shard: kept from an earlier start where the shard's size and time are still the same, else made and
 * kept. What cannot be kept is made again next time.
 *
 * @param folder - null keeps nothing
 * @throws DataSourceError, MalformedFileError as `recordShard`.
 */
export async function cachedShardRecord(path: string, folder: string | null): Promise<ShardRecord> {
  if (folder === null) return recordShard(path);
  const file = join(folder, `${createHash("sha256").update(path).digest("hex").slice(0, 32)}.json`);
  const kept = await readRecord(file);
  if (kept !== null) {
    const status = await stat(path).catch((cause: unknown) => {
      throw new DataSourceError(`The archive "${path}" cannot be read.`, { source: path }, { cause });
    });
    if (kept.stamp[0] === status.size && kept.stamp[1] === status.mtimeMs) return kept;
  }
  const made = await recordShard(path);
  await keepRecord(folder, file, made);
  return made;
}

async function readRecord(file: string): Promise<ShardRecord | null> {
  try {
    const { version, ...record } = JSON.parse(await readFile(file, "utf8"));
    return version === VERSION && isRecord(record) ? record : null;
  } catch {
    return null;
  }
}

function isRecord(value: Partial<ShardRecord>): value is ShardRecord {
  const { names, offsets, lengths, labels, folders, stamp } = value;
  return (
    [names, offsets, lengths, labels, folders, stamp].every(Array.isArray) &&
    [offsets, lengths, labels].every((part) => part?.length === names?.length)
  );
}

async function keepRecord(folder: string, file: string, record: ShardRecord): Promise<void> {
  const part = `${file}.${randomUUID()}.part`;
  try {
    await makeFolder(folder);
    await writeFile(part, JSON.stringify({ version: VERSION, ...record }));
    await rename(part, file);
  } catch {
    await rm(part, { force: true }).catch(() => {});
  }
}
