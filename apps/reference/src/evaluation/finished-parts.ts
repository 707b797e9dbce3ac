import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { JsonObject } from "@blockwise/spec";
import { makeFolder, readJsonIfThere, writeJson } from "../run/run-folder.js";

interface KeptParts {
  readonly identity: JsonObject;
  readonly parts: Readonly<Record<string, unknown>>;
}

/** The parts of a long evaluation that are done, kept in a file so that an interruption costs the one at hand alone. */
export interface FinishedParts {
  /** A part's result: the kept one, or what `compute` makes of it; null where that was interrupted. Plain JSON. */
  once<T>(name: string, compute: () => Promise<T | null>): Promise<T | null>;
  /** Removes the file, once the whole is done. */
  clear(): Promise<void>;
}

/** @param identity what the parts depend on: parts that were kept under another are forgotten */
export async function finishedParts(file: string, identity: JsonObject): Promise<FinishedParts> {
  const kept = await readJsonIfThere<KeptParts>(file);
  const same = kept !== null && JSON.stringify(kept.identity) === JSON.stringify(identity);
  let parts: KeptParts["parts"] = same ? kept.parts : {};
  return {
    once: async <T>(name: string, compute: () => Promise<T | null>): Promise<T | null> => {
      if (name in parts) return parts[name] as T;
      const part = await compute();
      if (part === null) return null;
      parts = { ...parts, [name]: part };
      await makeFolder(dirname(file));
      await writeJson(file, { identity, parts } satisfies KeptParts);
      return part;
    },
    clear: () => rm(file, { force: true }),
  };
}
