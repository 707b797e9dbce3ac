import { rm } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "@blockwise/spec";
import { readJsonIfThere, writeJson } from "../run/run-folder.js";

/** The errors that passes over the images have come to, kept in a file so that an interruption costs one pass at most. */
export interface KeptErrors {
  has(pass: string): boolean;
  /** Keeps a pass's errors, one a block. @throws StorageError */
  add(pass: string, errors: readonly number[]): Promise<void>;
  /** The error of a block in a pass that is there. */
  error(pass: string, block: number): number;
  /** Removes the file, once the result is there. */
  remove(): Promise<void>;
}

interface Kept {
  readonly protocol: JsonObject;
  readonly passes: Readonly<Record<string, readonly number[]>>;
}

/** Goes on from what a file keeps, if it is of the same protocol; else from nothing. @throws StorageError */
export async function createKeptErrors(file: string, protocol: JsonObject): Promise<KeptErrors> {
  const kept = await readJsonIfThere<Kept>(file);
  const passes = new Map(
    kept !== null && isDeepStrictEqual(kept.protocol, JSON.parse(JSON.stringify(protocol)))
      ? Object.entries(kept.passes)
      : [],
  );
  return {
    has: (pass) => passes.has(pass),
    add: async (pass, errors) => {
      passes.set(pass, errors);
      await writeJson(file, { protocol, passes: Object.fromEntries(passes) });
    },
    error: (pass, block) => passes.get(pass)?.[block] as number,
    remove: () => rm(file, { force: true }),
  };
}
