import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** A file that is open, with what tells it from another one of the same name. */
export interface PlainFile {
  readonly handle: FileHandle;
  readonly size: number;
  readonly identity: string;
}

/**
 * Opens a regular file to read; null where there is none, or something else. Links are not followed, since a run's folder may
 * be somebody else's, and a pipe is not waited for.
 */
export async function openPlain(path: string): Promise<PlainFile | null> {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await open(path, flags).catch(() => null);
  if (handle === null) return null;
  try {
    const stats = await handle.stat();
    if (stats.isFile()) {
      const identity = `${stats.dev}:${stats.ino}:${stats.birthtimeMs}`;
      return { handle, size: stats.size, identity };
    }
  } catch {
    // As if it were not there.
  }
  await handle.close();
  return null;
}
