import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EngineInstallError } from "@blockwise/spec";
import { unpackTar } from "./fetch-packages.js";
import { requireSha256 } from "./file-checksum.js";
import { findLibrary } from "./find-library.js";
import type { InstallContext, TensorFlowLibrary } from "./install-context.js";
import type { PinnedArchive } from "./pinned-sources.js";
import { interrupted } from "./run-program.js";

/** Downloads the archive that tfjs-node's own installation would, which that one does not verify. */
export async function fetchOfficial(
  context: InstallContext,
  { address, sha256, tensorflow }: PinnedArchive,
): Promise<TensorFlowLibrary> {
  const { staging, signal } = context;
  const folder = join(staging, "library");
  const downloads = join(staging, "downloads");
  await mkdir(folder, { recursive: true });
  await mkdir(downloads, { recursive: true });
  const name = address.slice(address.lastIndexOf("/") + 1);
  const file = join(downloads, name);
  context.note(`fetching ${address}`);
  try {
    const response = await fetch(address, signal === undefined ? {} : { signal });
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
    await pipeline(Readable.fromWeb(response.body as never), createWriteStream(file));
  } catch (error) {
    if (signal?.aborted) throw interrupted();
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw error;
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new EngineInstallError(
      `${address} cannot be fetched (${why}). TensorFlow can also be had with --from pypi, or from a file with --from PATH.`,
      { step: "download" },
      { cause: error },
    );
  }
  await requireSha256(file, name, sha256);
  await unpackTar(context, file, ["-C", folder]);
  await rm(file);
  return { ...(await findLibrary(folder)), version: tensorflow, archives: [{ name, sha256 }] };
}
