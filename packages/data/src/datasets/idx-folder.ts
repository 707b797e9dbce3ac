import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataSourceError } from "@blockwise/spec";
import { bytesMd5 } from "../download/checksum.js";
import { IDX_FILES, type IdxFile, unpackGzip } from "./idx-dataset.js";

/**
 * Reads the four IDX files of a folder and checks each against the MD5 of its unpacked bytes: packers compress anew,
 * which changes the compressed file and nothing in it.
 *
 * @param suffix - `".gz"` for compressed files
 * @throws DataSourceError when a file is missing or has other contents.
 */
export async function readIdxFolder(
  folder: string,
  suffix: "" | ".gz",
  md5: Readonly<Record<IdxFile, string>>,
): Promise<Record<IdxFile, Uint8Array>> {
  const read = async (key: IdxFile): Promise<Uint8Array> => {
    const path = join(folder, `${IDX_FILES[key]}${suffix}`);
    const stored = await readFile(path).catch((error: unknown) => {
      throw new DataSourceError(`The file "${path}" cannot be read.`, { source: path }, { cause: error });
    });
    const bytes = suffix === ".gz" ? await unpackGzip(stored, path) : stored;
    const found = bytesMd5(bytes);
    if (found !== md5[key]) {
      throw new DataSourceError(
        `The file "${path}" must have the published contents (MD5 ${md5[key]}), but has others (MD5 ${found}). ` +
          "Install its package again.",
        { source: path },
      );
    }
    return bytes;
  };
  return {
    trainImages: await read("trainImages"),
    trainLabels: await read("trainLabels"),
    testImages: await read("testImages"),
    testLabels: await read("testLabels"),
  };
}
