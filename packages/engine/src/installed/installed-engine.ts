import { readFileSync } from "node:fs";
import { join } from "node:path";
import { enginesFolder, type InstalledVariant, installedEngineFolder } from "./engines-folder.js";

/** What an installed engine's `engine.json` says about it. */
export interface EngineManifest {
  /** The version of this record. */
  readonly format: 1;
  /** What it computes on. */
  readonly variant: InstalledVariant;
  /** Version of TensorFlow's C library. */
  readonly tensorflow: string;
  /** Version of `@tensorflow/tfjs-node`. */
  readonly tfjsNode: string;
  /** Where TensorFlow came from: `official`, `pypi`, or a path. */
  readonly from: string;
  /** The archives it was taken from, with what was checked; empty for a folder of the user's. */
  readonly archives: readonly { readonly name: string; readonly sha256: string }[];
  /** Operating system and processor that it was built on, such as `linux-x64`. */
  readonly platform: string;
}

/** An engine that `blockwise engine install` put here and checked. */
export interface InstalledEngine {
  /** The folder that holds all of it. */
  readonly folder: string;
  /** What its folder says that it is. */
  readonly manifest: EngineManifest;
  /** The module to load. */
  readonly entry: string;
}

/** The name of the file that says what a folder of an engine holds. */
export const manifestName = "engine.json";

/** The installed engine of a variant, or null. It is complete: it was put in its place after its check. */
export function findInstalledEngine(
  variant: InstalledVariant,
  folder: string = enginesFolder(),
): InstalledEngine | null {
  const place = installedEngineFolder(variant, folder);
  try {
    const manifest = JSON.parse(readFileSync(join(place, manifestName), "utf8")) as EngineManifest;
    if (manifest.format !== 1) return null;
    return {
      folder: place,
      manifest,
      entry: join(place, "node_modules", "@tensorflow", "tfjs-node", "dist", "index.js"),
    };
  } catch {
    return null;
  }
}
