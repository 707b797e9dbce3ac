import { availableParallelism } from "node:os";
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { findPackage, loadPackage, searchPlaces } from "./optional-package.js";

/** The engines on TensorFlow's C library. */
export type NativeEngineName = "node" | "node-gpu";

/** Whether a native engine can be used, and if not, why. */
export type NativeAvailability =
  | { readonly available: true; readonly version: string }
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

/** Loads a native engine's package; it then stays loaded for the rest of the process. */
export async function loadNativeTensorFlow(
  engine: NativeEngineName,
  places: readonly string[] = searchPlaces(),
): Promise<NativeAvailability> {
  const name = nativePackages[engine];
  const found = findPackage(name, places);
  if (!found.installed) return { available: false, version: null, reason: `${name} is not installed` };
  const { version } = found;
  restoreRemovedUtilities();
  try {
    await loadPackage(found);
  } catch (error) {
    return { available: false, version, reason: describeFailure(name, version, error) };
  }
  if (tf.findBackend(nativeBackend) === null) {
    return {
      available: false,
      version,
      reason: `${name} ${version} loads, but registers no backend with this copy of @tensorflow/tfjs-core`,
    };
  }
  return { available: true, version };
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
