import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BlockwiseError, DataSourceError } from "@blockwise/spec";
import { EnvHttpProxyAgent, interceptors } from "undici";
import { resolveCacheFolder } from "./cache-folder.js";
import { fileMd5 } from "./checksum.js";
import { checkDownloadOptions, type DownloadOptions } from "./download-options.js";
import { claimPart, completePart, discardPart, type PartFile } from "./part-file.js";
import { writing } from "./storage-failure.js";
import { HttpStatusError, partSize, RangeRefusedError, type TransferOptions, transfer } from "./transfer.js";

/** A published file. */
export interface RemoteFile {
  /** The data set's name: the file's folder in the cache and on mirrors. */
  readonly dataset: string;
  readonly name: string;
  /** The publisher's addresses, the best first. */
  readonly urls: readonly string[];
  /** The MD5 that the publisher states. */
  readonly md5: string;
}

/** A file that is on this machine and has the right checksum. */
export interface CachedFile {
  readonly path: string;
  /** `"cache"`, or the address it has just come from. */
  readonly origin: string;
}

/**
 * The file from the cache, or downloaded into it. A file with a wrong checksum is deleted and never used; a download
 * that was cut off goes on where it stopped; nobody sees a file under its own name before it is whole and verified.
 * Proxies are taken from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
 *
 * @throws DataSourceError when the file cannot be had, with what each address answered.
 * @throws StorageError when the cache folder cannot be written.
 */
export async function cachedFile(file: RemoteFile, options: DownloadOptions): Promise<CachedFile> {
  checkDownloadOptions(options);
  const destination = join(resolveCacheFolder(options.cacheFolder), file.dataset, file.name);
  const running = inFlight.get(destination);
  if (running !== undefined) return running;
  const work = findOrFetch(file, destination, options).finally(() => inFlight.delete(destination));
  inFlight.set(destination, work);
  return work;
}

/** Downloads of this process, so that two callers do not fetch the same file at once. */
const inFlight = new Map<string, Promise<CachedFile>>();

async function findOrFetch(
  file: RemoteFile,
  destination: string,
  options: DownloadOptions,
): Promise<CachedFile> {
  const md5 = options.checksums?.[file.name] ?? file.md5;
  const found = await stat(destination).catch(() => null);
  if (found?.isFile()) {
    if ((await fileMd5(destination)) === md5) return { path: destination, origin: "cache" };
    await writing(destination, () => rm(destination));
  }
  if (options.offline) {
    throw new DataSourceError(
      `"${file.name}" is not in the cache and downloads are off. Put the file (MD5 ${md5}) at "${destination}", ` +
        "or allow downloads.",
      { source: file.name },
    );
  }
  const part = await writing(destination, () => claimPart(destination));
  try {
    const origin = await fetchAny({ ...file, md5 }, part, options);
    await writing(destination, () => completePart(part, destination));
    return { path: destination, origin };
  } catch (error) {
    // A disk that is full should not stay full of what we could not finish.
    if (BlockwiseError.isInstance(error) && error.code === "BLOCKWISE_STORAGE") {
      await discardPart(part).catch(() => {});
    }
    throw error;
  }
}

async function fetchAny(file: RemoteFile, part: PartFile, options: DownloadOptions): Promise<string> {
  const { responseTimeoutMs = 15_000, idleTimeoutMs = 30_000, timeBudgetMs = Infinity, mirror } = options;
  const urls =
    mirror === undefined ? file.urls : [`${mirror.replace(/\/+$/, "")}/${file.dataset}/${file.name}`];
  const agent = new EnvHttpProxyAgent({
    connect: { timeout: responseTimeoutMs },
    headersTimeout: responseTimeoutMs,
    bodyTimeout: idleTimeoutMs,
  });
  const transferOptions: TransferOptions = {
    file: file.name,
    dispatcher: agent.compose(interceptors.redirect({ maxRedirections: 5 })),
    responseTimeoutMs,
    timeBudgetMs,
    signal: options.signal,
    onProgress: options.onProgress,
  };
  const failures: string[] = [];
  try {
    for (const url of urls) {
      const address = withoutPassword(url);
      const failure = await fetchVerified(url, file, part, transferOptions, options.retries ?? 3);
      if (failure === null) return address;
      failures.push(`${address}: ${failure}`);
    }
  } finally {
    await agent.destroy();
  }
  throw new DataSourceError(
    `"${file.name}" cannot be downloaded (${failures.join("; ")}). Try again later, use a mirror, or put the file ` +
      `(MD5 ${file.md5}) into the cache by hand.`,
    { source: urls.map(withoutPassword).join(" ") },
  );
}

/** Addresses are shown and stored with results. */
function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//");
}

/** Null when the part is the verified file; else why it is not. Attempts that got further do not count as failed. */
async function fetchVerified(
  url: string,
  file: RemoteFile,
  part: PartFile,
  options: TransferOptions,
  retries: number,
): Promise<string | null> {
  let furthest = await partSize(part);
  for (let failed = 0; ; ) {
    const before = await partSize(part);
    try {
      await transferAll(url, part, options);
    } catch (error) {
      if (isFinal(error, options.signal)) throw error;
      const reached = await partSize(part);
      failed = reached > furthest ? 0 : failed + 1;
      furthest = Math.max(furthest, reached);
      if (failed > retries || (error instanceof HttpStatusError && !error.temporary)) return describe(error);
      await sleep(Math.min(250 * 2 ** failed, 4_000), undefined, waitOptions(options.signal));
      continue;
    }
    const received = await writing(part.path, () => fileMd5(part.path));
    if (received === file.md5) return null;
    await discardPart(part);
    // Pieces of two versions may have met in one file: then it is worth another try from the start.
    if (before === 0) return `wrong checksum, MD5 ${received} instead of ${file.md5}; the file was deleted`;
  }
}

async function transferAll(url: string, part: PartFile, options: TransferOptions): Promise<void> {
  try {
    await transfer(url, part, options);
  } catch (error) {
    if (!(error instanceof RangeRefusedError)) throw error;
    await discardPart(part);
    await transfer(url, part, options);
  }
}

/** Errors of the disk, of the time budget and of the caller's wish to stop; others may pass. */
function isFinal(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true || BlockwiseError.isInstance(error);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? ` (${String(error.code)})` : "";
  return `${error.message}${code}`;
}

function waitOptions(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
