import { availableParallelism } from "node:os";
import type { LibraryAvailability, LibraryOrigin, NativeLibrary } from "@blockwise/engine-native";
import { InvalidOptionError } from "@blockwise/spec";
import { findPackage, loadPackage } from "../optional/optional-package.js";

/** The package with the compiled kernels. */
export const nativeKernelsPackage = "@blockwise/engine-native";

/** Whether the native engine can be used, and if not, why and what to do. */
export type NativeKernelsAvailability =
  | {
      readonly available: true;
      readonly version: string;
      readonly library: NativeLibrary;
      /** Where the library is, and whether it was compiled on this machine or came with the package. */
      readonly file: string;
      readonly origin: LibraryOrigin;
    }
  | {
      readonly available: false;
      readonly version: string | null;
      readonly reason: string;
      readonly howToGet: string;
    };

/** Loads the package with the compiled kernels, which need not be installed. */
export async function loadNativeKernels(): Promise<NativeKernelsAvailability> {
  const found = findPackage(nativeKernelsPackage);
  const version = found.installed ? found.version : null;
  const loadLibrary = await importPackage();
  if (loadLibrary === null) {
    return {
      available: false,
      version,
      reason: `${nativeKernelsPackage} is not installed`,
      howToGet: `npm install ${nativeKernelsPackage}`,
    };
  }
  const loaded = loadLibrary();
  if (!loaded.available) return { ...loaded, version };
  return { ...loaded, version: version ?? "of this workspace" };
}

async function importPackage(): Promise<(() => LibraryAvailability) | null> {
  try {
    return (await import("@blockwise/engine-native")).loadLibrary;
  } catch {
    // Not to be had from here; the working directory may have it.
    const found = findPackage(nativeKernelsPackage);
    if (!found.installed) return null;
    const { loadLibrary } = (await loadPackage(found)) as { loadLibrary: () => LibraryAvailability };
    return loadLibrary;
  }
}

/** Where a library comes from, for people. */
export function describeOrigin(origin: LibraryOrigin): string {
  return origin === "built" ? "compiled on this machine" : "compiled in advance";
}

/** How many threads to compute with: what was asked for, else the variable `BLOCKWISE_THREADS`, else one for each core. */
export function kernelThreads(asked?: number): number {
  const variable = process.env.BLOCKWISE_THREADS;
  const [option, threads] =
    asked === undefined && variable !== undefined && variable !== ""
      ? ["BLOCKWISE_THREADS", Number(variable)]
      : ["threads", asked ?? availableParallelism()];
  if (!Number.isSafeInteger(threads) || threads < 1 || threads > 1024) {
    throw new InvalidOptionError({ option, expected: "a whole number from 1 to 1024", received: threads });
  }
  return threads;
}
