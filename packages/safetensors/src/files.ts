import { readFile } from "node:fs/promises";
import { decodeSafetensors } from "./decode.js";
import { encodeSafetensors, type SafetensorsContent } from "./encode.js";
import { makeStorageError } from "./make-storage-error.js";
import type { SafetensorsFile } from "./safetensors-file.js";
import { writeFileAtomically } from "./write-file-atomically.js";

/**
 * Reads a safetensors file of at most 2 GiB, every header field checked.
 *
 * @throws StorageError where the file cannot be read.
 * @throws MalformedFileError where it does not follow the format.
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw makeStorageError("read", path, cause);
  });
  return decodeSafetensors(bytes, path);
}

/**
 * Writes a safetensors file atomically: the path holds either the old content or all of the new.
 *
 * @throws InvalidOptionError or ShapeMismatchError, see {@link encodeSafetensors}; nothing is written then.
 * @throws StorageError where the file cannot be written.
 */
export async function writeSafetensors(path: string, file: SafetensorsContent): Promise<void> {
  await writeFileAtomically(path, encodeSafetensors(file));
}
