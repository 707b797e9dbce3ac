import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { BlockwiseError } from "@blockwise/spec";
import { enginesFolder, type InstalledVariant } from "../installed/engines-folder.js";
import { findInstalledEngine, type InstalledEngine } from "../installed/installed-engine.js";
import { checkEngine } from "./check-engine.js";

/** An installed engine as it is now. */
export interface EngineState extends InstalledEngine {
  /** What its files take, in bytes. */
  readonly bytes: number;
  /** Why it does not work; null where it passes its check. */
  readonly failure: string | null;
}

/** Looks at an installed engine, and runs its check; null where there is none. */
export async function engineState(
  variant: InstalledVariant,
  folder: string = enginesFolder(),
): Promise<EngineState | null> {
  const installed = findInstalledEngine(variant, folder);
  if (installed === null) return null;
  const context = { variant, environment: process.env, signal: undefined, note: () => undefined };
  const failure = await checkEngine(context, installed.folder).then(
    () => null,
    (error: unknown) => {
      if (BlockwiseError.isInstance(error)) return error.message;
      throw error;
    },
  );
  return { ...installed, bytes: await sizeOf(installed.folder), failure };
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sizeOf(path);
      return entry.isFile() ? (await stat(path)).size : 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
