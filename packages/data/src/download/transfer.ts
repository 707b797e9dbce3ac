import { type FileHandle, open, stat } from "node:fs/promises";
import { DataSourceError } from "@blockwise/spec";
import { type Dispatcher, request } from "undici";
import { noteEntityTag, type PartFile } from "./part-file.js";
import { writing } from "./storage-failure.js";

/** How far a download is. */
export interface DownloadProgress {
  /** The file's name. */
  readonly file: string;
  /** Bytes that are there, with those of earlier attempts. */
  readonly receivedBytes: number;
  /** Null where the server does not say. */
  readonly totalBytes: number | null;
}

/** An HTTP answer that is not the file. */
export class HttpStatusError extends Error {
  override readonly name = "HttpStatusError";
  /** Whether to ask again makes sense. */
  readonly temporary: boolean;

  constructor(status: number) {
    super(`HTTP status ${status}`);
    this.temporary = status >= 500 || status === 408 || status === 425 || status === 429;
  }
}

/** What a transfer obeys. */
export interface TransferOptions {
  readonly file: string;
  readonly dispatcher: Dispatcher;
  readonly responseTimeoutMs: number;
  readonly timeBudgetMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: DownloadProgress) => void) | undefined;
}

/**
 * Fetches what is missing of a part file. Asks for the rest only; begins again where the server sends everything or
 * has another version. The part stays where a transfer breaks, for the next to go on from.
 */
export async function transfer(url: string, part: PartFile, options: TransferOptions): Promise<void> {
  const had = await partSize(part);
  const answered = new AbortController();
  const timer = setTimeout(
    () => answered.abort(new Error(`no answer within ${options.responseTimeoutMs} ms`)),
    options.responseTimeoutMs,
  );
  const signals = [answered.signal, ...(options.signal === undefined ? [] : [options.signal])];
  let response: Dispatcher.ResponseData;
  try {
    response = await request(url, {
      dispatcher: options.dispatcher,
      signal: AbortSignal.any(signals),
      headers: {
        // A server that compresses the archive once more would break its checksum.
        "accept-encoding": "identity",
        ...(had > 0 ? { range: `bytes=${had}-` } : {}),
        ...(had > 0 && part.entityTag !== null ? { "if-range": part.entityTag } : {}),
      },
    });
  } finally {
    clearTimeout(timer);
  }
  const { start, total } = await placeOf(response, had);
  // A body that nobody listens to yet may fail while the file is being opened.
  response.body.on("error", () => {});
  const handle = await writing(part.path, async () => {
    await noteEntityTag(part, strongEntityTag(response));
    return open(part.path, start === 0 ? "w" : "r+");
  });
  try {
    await receive(response.body, handle, { path: part.path, start, total }, options);
  } finally {
    response.body.destroy();
    await handle.close();
  }
}

/** Where the body goes, and how long the whole file is. */
async function placeOf(
  response: Dispatcher.ResponseData,
  had: number,
): Promise<{ readonly start: number; readonly total: number | null }> {
  const { statusCode, headers } = response;
  const length = headers["content-length"] === undefined ? null : Number(headers["content-length"]);
  if (statusCode === 200) return { start: 0, total: length };
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers["content-range"] ?? ""));
  if (statusCode === 206 && range !== null && Number(range[1]) === had) {
    return { start: had, total: range[2] === "*" ? null : Number(range[2]) };
  }
  await response.body.dump().catch(() => {});
  if (statusCode === 206 || statusCode === 416) throw new RangeRefusedError();
  throw new HttpStatusError(statusCode);
}

/** The part cannot be continued: it is as long as the file or longer, or the server answered another range. */
export class RangeRefusedError extends Error {
  override readonly name = "RangeRefusedError";
}

/** Writes a body to a file from `start` on; keeps to the time budget. */
async function receive(
  body: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  place: { readonly path: string; readonly start: number; readonly total: number | null },
  options: Pick<TransferOptions, "file" | "timeBudgetMs" | "onProgress">,
): Promise<void> {
  const began = performance.now();
  let position = place.start;
  for await (const chunk of body) {
    await writing(place.path, () => writeWhole(handle, chunk, position));
    position += chunk.length;
    options.onProgress?.({ file: options.file, receivedBytes: position, totalBytes: place.total });
    refuseSlow(performance.now() - began, position - place.start, position, place.total, options);
  }
  if (place.total !== null && position !== place.total) {
    throw new Error(`the connection ended after ${position} of ${place.total} bytes`);
  }
}

async function writeWhole(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, position + written);
    written += bytesWritten;
  }
}

function refuseSlow(
  elapsedMs: number,
  received: number,
  position: number,
  total: number | null,
  { file, timeBudgetMs }: Pick<TransferOptions, "file" | "timeBudgetMs">,
): void {
  if (elapsedMs < Math.min(SAMPLE_MS, timeBudgetMs)) return;
  const remainingMs = total === null ? 0 : ((total - position) * elapsedMs) / received;
  if (elapsedMs + remainingMs <= timeBudgetMs) return;
  const minutes = Math.ceil((elapsedMs + remainingMs) / 60_000);
  throw new DataSourceError(
    `Downloading "${file}" at ${Math.round(received / elapsedMs)} kB/s would take about ${minutes} min, ` +
      `more than the ${Math.round(timeBudgetMs / 1000)} s that were set. Ask for this data set by name to wait for ` +
      "it (it goes on where it stopped), or use a mirror.",
    { source: file },
  );
}

/** How long to look at the speed before judging it. */
const SAMPLE_MS = 4_000;

/** Bytes of the part that are on disk. */
export async function partSize(part: PartFile): Promise<number> {
  return stat(part.path).then(
    (status) => status.size,
    () => 0,
  );
}

/** Weak tags promise the same meaning but not the same bytes, so they are no ground to resume on. */
function strongEntityTag(response: Dispatcher.ResponseData): string | null {
  const tag = response.headers.etag;
  return typeof tag === "string" && tag.startsWith('"') ? tag : null;
}
