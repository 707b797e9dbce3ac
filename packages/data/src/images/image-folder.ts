import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DataSourceError } from "@blockwise/spec";
import type { Dataset } from "../source/dataset.js";
import { arrangeImages } from "./arrange-images.js";
import { IMAGE_NAME } from "./decode-image.js";
import { estimateDecodedBytes } from "./estimate-decoded-bytes.js";
import { type CheckedImageOptions, checkImageOptions, type ImageOptions } from "./image-options.js";
import { compareCodeUnits, packImages } from "./pack-images.js";
import { packedDataset } from "./packed-dataset.js";
import { streamedFolder } from "./streamed-folder.js";

/**
 * All JPEG, PNG and WebP images below a folder, decoded once into memory, or read and decoded when their turn comes
 * (`storage`). Folders on the first level are classes;
 * deeper ones are just places. Names that begin with a dot are passed over; links are followed.
 *
 * @throws InvalidOptionError
 * @throws DataSourceError for a missing or unreadable folder or file, no images, an empty class, a broken image, or
 * more pixels than `memoryBudgetBytes`.
 * @example
 * const { train, test } = await openImageFolder("photos", { decodeSize: 160, holdOut: 0.1 });
 */
export async function openImageFolder(path: string, options: ImageOptions = {}): Promise<Dataset> {
  const checked = checkImageOptions(options);
  const root = resolve(path);
  const found: Listing = { names: [], folders: [], ancestors: new Set() };
  await walk(root, "", found);
  found.names.sort(compareCodeUnits);
  // Its mistakes show before the long work.
  const arrangement = arrangeImages(found.names, found.folders, checked, root);
  if (await isToStream(root, found.names, checked)) {
    return streamedFolder(root, found.names, arrangement, checked);
  }
  const images = await packImages(
    found.names.map((name) => ({ name, read: () => readImage(join(root, name)) })),
    checked,
    root,
  );
  return packedDataset({
    id: "image-folder",
    path: root,
    images,
    names: images.names,
    arrangement: arrangeImages(images.names, found.folders, checked, root),
    options: checked,
    ignored: [],
  });
}

async function isToStream(
  root: string,
  names: readonly string[],
  options: CheckedImageOptions,
): Promise<boolean> {
  if (options.storage !== "auto") return options.storage === "stream";
  const pathOf = async (place: number): Promise<string> => join(root, names[place] as string);
  return (await estimateDecodedBytes(names.length, pathOf, options)) > options.memoryBudgetBytes;
}

interface Listing {
  readonly names: string[];
  readonly folders: string[];
  /** The real paths of the folders that one is in: a link back to one of them would never end. */
  readonly ancestors: Set<string>;
}

async function walk(root: string, below: string, found: Listing): Promise<void> {
  const folder = join(root, below);
  const real = await reading(folder, () => realpath(folder));
  if (found.ancestors.has(real)) return;
  found.ancestors.add(real);
  for (const entry of await reading(folder, () => readdir(folder, { withFileTypes: true }))) {
    const { name } = entry;
    if (name.startsWith(".")) continue;
    const path = below === "" ? name : `${below}/${name}`;
    // A link that leads nowhere counts as a file: reading it says so by name.
    const kind = entry.isSymbolicLink() ? await stat(join(root, path)).catch(() => null) : entry;
    if (kind?.isDirectory()) {
      found.folders.push(path);
      await walk(root, path, found);
    } else if ((kind === null || kind.isFile()) && IMAGE_NAME.test(name)) {
      found.names.push(path);
    }
  }
  found.ancestors.delete(real);
}

async function readImage(path: string): Promise<Buffer> {
  return reading(path, () => readFile(path));
}

async function reading<Result>(path: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new DataSourceError(
      `"${path}" cannot be read (${code}): ${ADVICE[code] ?? "check the path and its permissions"}.`,
      { source: path },
      { cause: error },
    );
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder or file; check the path",
  ENOTDIR: "it is no folder; give the path of a folder, or of a .tar file",
  EACCES: "you may not read it; change its permissions",
};
