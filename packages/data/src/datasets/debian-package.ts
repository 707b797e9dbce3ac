import { execFile } from "node:child_process";
import { access, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeFolder } from "@blockwise/safetensors";
import { DataSourceError } from "@blockwise/spec";
import { resolveCacheFolder } from "../download/cache-folder.js";
import type { DownloadOptions } from "../download/download-options.js";
import { writing } from "../download/storage-failure.js";
import type { Dataset } from "../source/dataset.js";
import { type IdxFile, idxDataset } from "./idx-dataset.js";
import { readIdxFolder } from "./idx-folder.js";
import { FASHION_NAMES } from "./mnist.js";

/** Where Fashion-MNIST may come from in Debian. */
export interface DebianOptions
  extends Pick<DownloadOptions, "cacheFolder" | "offline" | "responseTimeoutMs" | "signal"> {
  /** Where installed packages lie. @default "/" */
  readonly debianRoot?: string;
}

/**
 * Fashion-MNIST from the Debian package `dataset-fashion-mnist`: the installed one, else an unpacked one in the
 * cache, else one that apt fetches and dpkg-deb unpacks into the cache. Nothing is installed and no root is needed;
 * where the system's package lists do not know it, lists are fetched into the cache too.
 *
 * The package holds the published files compressed anew: their unpacked bytes are checked.
 *
 * @throws DataSourceError when there is no such package here and none can be fetched.
 * @throws StorageError when the cache folder cannot be written.
 */
export async function openDebianFashionMnist(options: DebianOptions = {}): Promise<Dataset> {
  const installed = join(options.debianRoot ?? "/", DATA_FOLDER);
  if (await exists(installed)) return read(installed, `from the installed Debian package ${PACKAGE}`);
  const cache = join(resolveCacheFolder(options.cacheFolder), "debian");
  const unpacked = join(cache, PACKAGE);
  const kept = join(unpacked, DATA_FOLDER);
  if (await exists(kept)) {
    try {
      return await read(kept, `from the Debian package ${PACKAGE} in the cache`);
    } catch (error) {
      if (options.offline) throw error;
      await writing(unpacked, () => rm(unpacked, { recursive: true, force: true }));
    }
  }
  if (options.offline) {
    throw new DataSourceError(
      `The Debian package ${PACKAGE} is neither installed nor in the cache, and downloads are off. Install it with ` +
        `"apt-get install ${PACKAGE}", or allow downloads.`,
      { source: PACKAGE },
    );
  }
  await fetchPackage(cache, unpacked, options);
  return read(kept, `from the Debian package ${PACKAGE}, fetched by apt`);
}

const PACKAGE = "dataset-fashion-mnist";

const DATA_FOLDER = "usr/share/datasets/fashion-mnist";

/** Measured on version 0.0~git20200523.55506a9-1 of the package; the publishers' files unpack to the same bytes. */
const UNPACKED_MD5: Readonly<Record<IdxFile, string>> = {
  trainImages: "f4a8712d7a061bf5bd6d2ca38dc4d50a",
  trainLabels: "9018921c3c673c538a1fc5bad174d6f9",
  testImages: "8181f5470baa50b63fa0f6fddb340f0a",
  testLabels: "15d484375f8d13e6eb1aabb0c3f46965",
};

async function read(folder: string, origin: string): Promise<Dataset> {
  return idxDataset({
    name: "fashion-mnist",
    title: "Fashion-MNIST",
    classNames: FASHION_NAMES,
    origin,
    files: await readIdxFolder(folder, ".gz", UNPACKED_MD5),
  });
}

async function fetchPackage(cache: string, unpacked: string, options: DebianOptions): Promise<void> {
  await writing(cache, () => makeFolder(cache));
  const work = await writing(cache, () => mkdtemp(join(cache, "apt-")));
  try {
    const file = await downloadPackage(work, options);
    await run("dpkg-deb", ["-x", file, join(work, "unpacked")], work, options);
    await rename(join(work, "unpacked"), unpacked).catch(async (error: unknown) => {
      // Another process was faster; its files are as good.
      if (!(await exists(join(unpacked, DATA_FOLDER)))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Asks apt with the system's package lists, then with lists of our own. */
async function downloadPackage(work: string, options: DebianOptions): Promise<string> {
  const timeoutSeconds = Math.max(1, Math.round((options.responseTimeoutMs ?? 15_000) / 1_000));
  const patience = settings({
    "Acquire::http::Timeout": `${timeoutSeconds}`,
    "Acquire::https::Timeout": `${timeoutSeconds}`,
    "Acquire::Retries": "0",
  });
  const ask = (extra: readonly string[]): Promise<void> =>
    run("apt-get", [...patience, ...extra, "download", PACKAGE], work, options);
  try {
    await ask([]);
  } catch (error) {
    if (!/unable to locate package|no candidate|no packages found/i.test(String(error))) throw error;
    const own = await ownLists(work);
    // An update that misses one of several sources may still know the package.
    await run("apt-get", [...patience, ...own, "update"], work, options).catch(() => {});
    await ask(own);
  }
  const file = (await readdir(work)).find((name) => name.endsWith(".deb"));
  if (file === undefined) {
    throw new DataSourceError(`apt-get fetched no file for the Debian package ${PACKAGE}.`, {
      source: PACKAGE,
    });
  }
  return join(work, file);
}

/** Settings for package lists in our own folder, which need no root. */
async function ownLists(work: string): Promise<readonly string[]> {
  const state = join(work, "state");
  const cache = join(work, "cache");
  await makeFolder(join(state, "lists", "partial"));
  await makeFolder(join(cache, "archives", "partial"));
  return settings({
    "Dir::State": state,
    "Dir::State::status": "/var/lib/dpkg/status",
    "Dir::Cache": cache,
    "Acquire::Languages": "none",
  });
}

function settings(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

async function run(
  program: string,
  parameters: readonly string[],
  folder: string,
  { signal }: DebianOptions,
): Promise<void> {
  try {
    await promisify(execFile)(program, [...parameters], {
      cwd: folder,
      timeout: 120_000,
      env: { ...process.env, LC_ALL: "C" },
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    throw new DataSourceError(
      `The Debian package ${PACKAGE} cannot be had here: ${reason(program, error)}.`,
      { source: PACKAGE },
      { cause: error },
    );
  }
}

function reason(program: string, error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ENOENT") return `there is no ${program}`;
  const stderr = "stderr" in error ? String(error.stderr) : "";
  const line = stderr.split("\n").find((text) => text.startsWith("E: ") || text.includes("error"));
  return `${program} says "${(line ?? error.message).trim()}"`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
