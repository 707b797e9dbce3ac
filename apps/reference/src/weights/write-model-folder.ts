import { join, resolve } from "node:path";
import { writeFileAtomically } from "@blockwise/safetensors";
import { makeFolder } from "../run/run-folder.js";

/**
 * Writes a model's files into a folder, in their order; the folder is made where it is not there.
 *
 * @throws StorageError
 */
export async function writeModelFolder(out: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const folder = resolve(out);
  await makeFolder(folder);
  for (const [name, data] of files) await writeFileAtomically(join(folder, name), data);
}
