import { availableParallelism } from "node:os";
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { findInstalledEngine, type InstalledEngine } from "../installed/installed-engine.js";
import { shareTensorFlowJs } from "../installed/shared-tensorflow-js.js";
import { findPackage, loadPackage, type OptionalPackage, searchPlaces } from "./optional-package.js";

/** The engines on TensorFlow's C library. */
export type NativeEngineName = "node" | "node-gpu";

/** Whether a native engine can be used, and if not, why. */
export type NativeAvailability =
  | {
      readonly available: true;
      /** Of the package. */
      readonly version: string;
      /** What it is, for people. */
      readonly label: string;
    }
  | { readonly available: false; readonly version: string | null; readonly reason: string };

/** The package behind each engine. */
export const nativePackages: Readonly<Record<NativeEngineName, string>> = {
  node: "@tensorflow/tfjs-node",
  "node-gpu": "@tensorflow/tfjs-node-gpu",
};

/** In which order "auto" tries them. */
export const nativePreference: readonly NativeEngineName[] = ["node-gpu", "node"];

/** TensorFlow.js's name for the backend of both packages. */
export const nativeBackend = "tensorflow";

/** How many threads TensorFlow takes for one operation. */
export function nativeThreads(): number {
  return Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism();
}

/** Where a native engine may come from. */
export interface NativeSources {
  /** What `blockwise engine install` put here; null for nothing. @default what is found in its folder */
  readonly installed?: InstalledEngine | null;
  /** Where packages are looked for. */
  readonly places?: readonly string[];
}

/**
 * Loads a native engine, which then stays loaded for the rest of the process: the installed one, else the package as found
 * from this package or the working directory.
 */
export async function loadNativeTensorFlow(
  engine: NativeEngineName,
  sources: NativeSources = {},
): Promise<NativeAvailability> {
  const { installed = findInstalledEngine(variants[engine]), places = searchPlaces() } = sources;
  const name = nativePackages[engine];
  if (installed !== null) {
    const { tfjsNode: version, tensorflow } = installed.manifest;
    const failure = await load(name, { installed: true, version, entry: installed.entry });
    return failure === null
      ? { available: true, version, label: `TensorFlow ${tensorflow} (${installed.folder})` }
      : { available: false, version, reason: failure };
  }
  const found = findPackage(name, places);
  if (!found.installed) return { available: false, version: null, reason: `${name} is not installed` };
  const { version } = found;
  const failure = await load(name, found);
  return failure === null
    ? { available: true, version, label: `TensorFlow (${name} ${version})` }
    : { available: false, version, reason: failure };
}

const variants = { node: "cpu", "node-gpu": "gpu" } as const;

/** The module whose backend is TensorFlow.js's; the first one that loads stays it for the rest of the process. */
let registered: string | undefined;

/** @returns why it does not load, or null */
async function load(
  name: string,
  found: OptionalPackage & { readonly installed: true },
): Promise<string | null> {
  restoreRemovedUtilities();
  shareTensorFlowJs();
  const active = tf.getBackend();
  const before = tf.findBackendFactory(nativeBackend);
  try {
    await loadPackage(found);
  } catch (error) {
    return describeFailure(name, found.version, error);
  }
  // The package makes itself the active backend when it is loaded.
  if (active) await tf.setBackend(active);
  if (tf.findBackendFactory(nativeBackend) !== before) registered = found.entry;
  if (registered === found.entry) return null;
  const other =
    before === undefined || before === null ? "" : "; another TensorFlow is loaded in this process";
  return `${name} ${found.version} loads, but registers no backend with this copy of @tensorflow/tfjs-core${other}`;
}

/** tfjs-node 4.22 calls two functions of `node:util` that Node 23 removed; without them it fails at the first operation. */
function restoreRemovedUtilities(): void {
  const utilities = util as unknown as Record<string, unknown>;
  utilities.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  utilities.isArray ??= Array.isArray;
}

function describeFailure(name: string, version: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes("native addon module")) {
    return `${name} ${version} is installed, but its native addon is missing: its install script did not run or failed`;
  }
  return `${name} ${version} is installed, but does not load: ${message.split("\n")[0]}`;
}
