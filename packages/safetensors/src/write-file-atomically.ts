import { randomUUID } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeStorageError } from "./make-storage-error.js";

/**
 * Writes a file so that its path holds either the old content or all of the new, even when power fails: into a
 * temporary file in the same folder, synced, renamed onto the path, and the folder synced. The temporary file is
 * removed when anything fails; a killed process can leave one, named `.<uuid>.blockwise-temporary`.
 *
 * @throws StorageError with the system's error as its cause; the path then still holds one of the two, whole.
 */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.blockwise-temporary`);
  try {
    await withFile(temporary, "wx", async (file) => {
      await file.writeFile(bytes);
      await file.sync();
    });
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw makeStorageError("write", path, cause);
  }
}

/** Without it, a power cut soon after can undo the rename. */
async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder as a file; its file systems journal renames.
  if (process.platform === "win32") return;
  await withFile(folder, "r", (file) => file.sync());
}

async function withFile(
  path: string,
  flags: string,
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
