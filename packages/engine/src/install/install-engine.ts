import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { EngineInstallError, StorageError } from "@blockwise/spec";
import { enginesFolder, type InstalledVariant, installedEngineFolder } from "../installed/engines-folder.js";
import {
  type EngineManifest,
  findInstalledEngine,
  type InstalledEngine,
  manifestName,
} from "../installed/installed-engine.js";
import { buildAddon, requireCompiler } from "./build-addon.js";
import { checkEngine } from "./check-engine.js";
import { fetchOfficial } from "./fetch-official.js";
import { addonPackage, fetchPackages } from "./fetch-packages.js";
import { fetchWheels, requirePip } from "./fetch-wheels.js";
import type { InstallContext, TensorFlowLibrary } from "./install-context.js";
import { openPath, spaceForPath } from "./open-path.js";
import { type PinnedSources, pinnedSources } from "./pinned-sources.js";
import { interrupted } from "./run-program.js";
import { inStaging, putInPlace, requireSpace, whileLocked } from "./staging.js";

/** What to install. */
export interface InstallEngineOptions {
  /** `"gpu"` takes TensorFlow with CUDA and NVIDIA's libraries. @default "cpu" */
  readonly variant?: InstalledVariant;
  /**
   * Where TensorFlow's C library comes from: `"pypi"` (its Python wheel, by pip), `"official"` (the archive that
   * TensorFlow.js's own package downloads, of 2022), or a path of a wheel, an archive or a folder. @default "pypi"
   */
  readonly from?: string;
  /** Installs again what is installed already. @default false */
  readonly force?: boolean;
  /** Where engines are put. @default as `enginesFolder` says */
  readonly folder?: string;
  /** Stops the installation; what was there before is as it was. */
  readonly signal?: AbortSignal;
  /** Told what is being done. */
  readonly onProgress?: (message: string) => void;
}

/** What an installation came to. */
export interface InstallResult extends InstalledEngine {
  /** False where the same engine was there already, and passed its check. */
  readonly changed: boolean;
}

/** What an installation finds on a machine; tests have others. */
export interface InstallSurroundings {
  readonly sources: PinnedSources;
  readonly environment: NodeJS.ProcessEnv;
  /** Operating system and processor, such as `linux-x64`. */
  readonly platform: string;
  readonly hasNvidiaDriver: boolean;
  /** The C library's version; null for another C library than glibc, which TensorFlow needs. */
  readonly glibc: string | null;
}

/**
 * Installs a native engine for this user: TensorFlow's C library and the addon of `@tensorflow/tfjs-node` built against it.
 * Everything is put together and checked in a folder of its own that takes the engine's place at the end: where a step fails,
 * what was there before is as it was. All that is fetched is held against checksums.
 *
 * @throws EngineInstallError, StorageError
 * @example
 * const { manifest } = await installEngine({ onProgress: console.error });
 * console.log(`TensorFlow ${manifest.tensorflow}`);
 */
export async function installEngine(
  options: InstallEngineOptions = {},
  surroundings: InstallSurroundings = thisMachine(),
): Promise<InstallResult> {
  const {
    variant = "cpu",
    force = false,
    folder = enginesFolder(),
    signal,
    onProgress = () => undefined,
  } = options;
  const from = whereFrom(options.from);
  requirePlatform(variant, surroundings);
  return clearly(folder, () =>
    whileLocked(folder, async () => {
      const { environment, platform, sources } = surroundings;
      const shared = { variant, platform, sources, environment, signal, note: onProgress };
      const present = findInstalledEngine(variant, folder);
      if (present !== null && !force && isSame(present.manifest, from, shared)) {
        const works = await checkEngine(shared, present.folder).catch((error: unknown) => {
          if (signal?.aborted) throw error;
          onProgress("the installed engine does not pass its check: installing it again");
          return null;
        });
        if (works !== null) return { ...present, changed: false };
      }
      const place = installedEngineFolder(variant, folder);
      await inStaging(folder, async (staging) => {
        await build({ ...shared, staging }, from);
        if (signal?.aborted) throw interrupted();
        await putInPlace(staging, place);
      });
      const installed = findInstalledEngine(variant, folder);
      if (installed === null) throw new StorageError(`${place} is not there any more.`, { path: place });
      return { ...installed, changed: true };
    }),
  );
}

async function build(context: InstallContext, from: string): Promise<void> {
  const { variant, platform, sources, staging } = context;
  const wheels = sources.wheels[variant][platform];
  const official = sources.official[variant][platform];
  const get = await (async (): Promise<() => Promise<TensorFlowLibrary>> => {
    if (from === "pypi") {
      if (wheels === undefined) throw notPublished(from, context);
      await requireSpace(staging, wheels.diskBytes);
      const python = await requirePip(context);
      return () => fetchWheels(context, python, wheels);
    }
    if (from === "official") {
      if (official === undefined) throw notPublished(from, context);
      await requireSpace(staging, official.diskBytes);
      return () => fetchOfficial(context, official);
    }
    await requireSpace(staging, await spaceForPath(from));
    return () => openPath(context, from);
  })();
  const compiler = await requireCompiler(context);
  await fetchPackages(context);
  const library = await get();
  await rm(join(staging, "downloads"), { recursive: true, force: true });
  await buildAddon(context, compiler, library);
  const checked = await checkEngine(context, staging);
  const manifest: EngineManifest = {
    format: 1,
    variant,
    tensorflow: checked.tensorflow === "unknown" ? library.version : checked.tensorflow,
    tfjsNode: addonVersion(sources),
    from,
    archives: library.archives,
    platform,
  };
  await writeFile(join(staging, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Whether an engine is what an installation would make. What lies at a path of the user's may have changed: its check says. */
function isSame(
  manifest: EngineManifest,
  from: string,
  { variant, platform, sources }: Pick<InstallContext, "platform" | "sources" | "variant">,
): boolean {
  if (
    manifest.from !== from ||
    manifest.tfjsNode !== addonVersion(sources) ||
    manifest.platform !== platform
  ) {
    return false;
  }
  const wheels = sources.wheels[variant][platform]?.wheels ?? [];
  const official = sources.official[variant][platform];
  const published =
    from === "pypi" ? wheels : from === "official" && official !== undefined ? [official] : null;
  if (published === null) return true;
  const sums = (archives: readonly { readonly sha256: string }[]): string =>
    archives
      .map(({ sha256 }) => sha256)
      .sort()
      .join();
  return sums(published) === sums(manifest.archives);
}

function addonVersion({ packages }: PinnedSources): string {
  return packages.find(({ name }) => name === addonPackage)?.version ?? "unknown";
}

function whereFrom(from = "pypi"): string {
  return from === "pypi" || from === "official" ? from : resolve(from);
}

function requirePlatform(
  variant: InstalledVariant,
  { platform, glibc, hasNvidiaDriver }: InstallSurroundings,
): void {
  if (!platform.startsWith("linux-") || glibc === null) {
    const where = platform.startsWith("linux-") ? `${platform} without glibc` : platform;
    throw new EngineInstallError(
      `On ${where} TensorFlow is not to be had in this way, which is for Linux with glibc. Try the package's own ` +
        "installation, npm install @tensorflow/tfjs-node in your project, or stay with the wasm engine.",
      { step: "platform" },
    );
  }
  if (variant === "gpu" && !hasNvidiaDriver) {
    throw new EngineInstallError(
      "This machine has no driver for an NVIDIA GPU (no /proc/driver/nvidia/version): install it first, or leave --gpu away.",
      { step: "gpu" },
    );
  }
}

function notPublished(from: string, { variant, platform }: InstallContext): EngineInstallError {
  return new EngineInstallError(
    `TensorFlow for ${variant === "gpu" ? "GPUs" : "processors"} is not published for ${platform} by "${from}"; ` +
      "give a wheel or a folder of your own with --from PATH.",
    { step: "platform" },
  );
}

/** Says of a full disk and of folders that may not be written what they are. */
async function clearly<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT") {
      throw new EngineInstallError(
        `The disk of ${folder} is full. What was there before is as it was; make room and try again.`,
        { step: "space" },
        { cause: error },
      );
    }
    if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
      throw new StorageError(
        `${folder} cannot be written to (${message}); the variable BLOCKWISE_CACHE names another folder.`,
        { path: folder },
        { cause: error },
      );
    }
    throw error;
  }
}

function thisMachine(): InstallSurroundings {
  const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return {
    sources: pinnedSources,
    environment: process.env,
    platform: `${process.platform}-${process.arch}`,
    hasNvidiaDriver: existsSync("/proc/driver/nvidia/version") || existsSync("/dev/dxg"),
    glibc: report.header.glibcVersionRuntime ?? null,
  };
}
