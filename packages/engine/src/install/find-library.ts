import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { EngineInstallError } from "@blockwise/spec";
import type { TensorFlowLibrary } from "./install-context.js";

/**
 * Finds TensorFlow's C library in a folder: as a wheel lays it out (`tensorflow/`, or that folder itself) or as its own
 * archives do (`lib/` and `include/`).
 *
 * @throws EngineInstallError (`library`)
 */
export async function findLibrary(
  folder: string,
): Promise<Pick<TensorFlowLibrary, "includeFolder" | "libraries">> {
  const places = [
    { libraries: join(folder, "tensorflow"), include: join(folder, "tensorflow", "include") },
    { libraries: folder, include: join(folder, "include") },
    { libraries: join(folder, "lib"), include: join(folder, "include") },
  ];
  for (const { libraries, include } of places) {
    if (!existsSync(join(include, "tensorflow", "c", "c_api.h"))) continue;
    const names = await readdir(libraries).catch(() => []);
    const main = pick(names, /^libtensorflow(_cc)?\.so(\.\d+)*$/);
    const framework = pick(names, /^libtensorflow_framework\.so(\.\d+)*$/);
    if (main === undefined) continue;
    const found = framework === undefined ? [main] : [main, framework];
    return { libraries: found.map((name) => join(libraries, name)), includeFolder: include };
  }
  throw new EngineInstallError(
    `There is no TensorFlow in ${folder}: it must hold libtensorflow (or libtensorflow_cc) and ` +
      "include/tensorflow/c/c_api.h, as the folder tensorflow/ of a wheel and TensorFlow's archives of the C library do.",
    { step: "library" },
  );
}

/** The name with the major version alone, by which the library calls itself, where there is one. */
function pick(names: readonly string[], pattern: RegExp): string | undefined {
  const matching = names.filter((name) => pattern.test(name));
  return matching.find((name) => /\.so\.\d+$/.test(name)) ?? matching[0];
}
