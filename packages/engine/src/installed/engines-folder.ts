import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** Which TensorFlow an installed engine is built on. */
export type InstalledVariant = "cpu" | "gpu";

/**
 * The folder that `blockwise engine install` puts engines into: `engines` in `BLOCKWISE_CACHE`, else in `blockwise` in
 * `XDG_CACHE_HOME`, else in `~/.cache/blockwise`: the same for every project and every copy of the command line.
 */
export function enginesFolder(environment: Readonly<NodeJS.ProcessEnv> = process.env): string {
  const { BLOCKWISE_CACHE: named, XDG_CACHE_HOME: shared } = environment;
  if (named) return resolve(named, "engines");
  // The specification of XDG_CACHE_HOME says that relative paths are to be ignored.
  const base = shared && isAbsolute(shared) ? shared : join(homedir(), ".cache");
  return join(base, "blockwise", "engines");
}

/** Where the engine of a variant is once it is installed. */
export function installedEngineFolder(variant: InstalledVariant, folder: string = enginesFolder()): string {
  return join(folder, variant === "gpu" ? "tensorflow-gpu" : "tensorflow");
}
