/** Options of {@link watchRuns}. */
export interface WatchOptions {
  /** A run's folder, or one with runs further down; it may be there later. */
  readonly folder: string;
  /** Where to listen, on 127.0.0.1 alone; 0 for any port that is free. @default 0 */
  readonly port?: number;
}

/** A live page that is served. */
export interface RunWatch {
  /** The port that it listens on. */
  readonly port: number;
  /** What to open; whoever has it may look, so it is for its owner alone. */
  readonly address: string;
  /** Ends it. */
  close(): Promise<void>;
}

/**
 * Serves a live page of the runs in a folder, to browsers on this machine that have its address. It reads the files that the
 * runs write, and nothing else: it cannot disturb a run, and works before, while and after it.
 *
 * @throws InvalidOptionError for a port that is none, or that something else listens on.
 * @example
 * const { address, close } = await watchRuns({ folder: "runs/mine" });
 * console.log(`Open ${address}`);
 */
export async function watchRuns(options: WatchOptions): Promise<RunWatch> {
  // Charts take a while to load, and who records a run does not need them.
  const { serveRuns } = await import("./server/serve-runs.js");
  return serveRuns(options);
}
