import { InvalidOptionError } from "@blockwise/spec";
import type { DownloadProgress } from "./transfer.js";

/** How data sets are fetched and kept. */
export interface DownloadOptions {
  /** @default `BLOCKWISE_CACHE`, else `XDG_CACHE_HOME/blockwise`, else `~/.cache/blockwise` */
  readonly cacheFolder?: string;
  /**
   * An address to fetch from instead of the publishers': `MIRROR/<data set>/<file>`, laid out as the cache folder is,
   * so that any web server over a filled cache folder is a mirror.
   */
  readonly mirror?: string;
  /** Use only what is on this machine. @default false */
  readonly offline?: boolean;
  /** Called for each piece that arrives. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download; what has arrived is kept for the next time. */
  readonly signal?: AbortSignal;
  /** How long to wait for a server's answer, in milliseconds. @default 15000 */
  readonly responseTimeoutMs?: number;
  /** How long a transfer may stand still, in milliseconds. @default 30000 */
  readonly idleTimeoutMs?: number;
  /** How often to try again after a failure that may pass. @default 3 */
  readonly retries?: number;
  /** Gives up on a file that would take longer than that, in milliseconds. @default Infinity */
  readonly timeBudgetMs?: number;
  /** Other MD5 checksums to expect, by file name, for a mirror that packed the files anew. */
  readonly checksums?: Readonly<Record<string, string>>;
}

/** @throws InvalidOptionError */
export function checkDownloadOptions(options: DownloadOptions): void {
  if (options.mirror !== undefined && !isHttpAddress(options.mirror)) {
    throw new InvalidOptionError({
      option: "mirror",
      expected: "an address that begins with http:// or https://",
      received: options.mirror,
    });
  }
  for (const option of ["responseTimeoutMs", "idleTimeoutMs", "timeBudgetMs"] as const) {
    const received = options[option];
    if (received !== undefined && !(received > 0)) {
      throw new InvalidOptionError({ option, expected: "a number above 0", received });
    }
  }
  const { retries } = options;
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0)) {
    throw new InvalidOptionError({ option: "retries", expected: "an integer from 0", received: retries });
  }
}

function isHttpAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
