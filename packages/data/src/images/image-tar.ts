import { resolve } from "node:path";
import { InvalidOptionError } from "@blockwise/spec";
import { tarFiles } from "../formats/tar-entries.js";
import type { Dataset } from "../source/dataset.js";
import { arrangeImages } from "./arrange-images.js";
import { IMAGE_NAME } from "./decode-image.js";
import { type CheckedImageOptions, checkImageOptions, type ImageOptions } from "./image-options.js";
import { type EncodedImage, packImages } from "./pack-images.js";
import { packedDataset } from "./packed-dataset.js";

/**
 * All JPEG, PNG and WebP images of a tar archive (`.tar`, `.tar.gz`, `.tgz`), decoded once into memory, as
 * `openImageFolder` does for the folder that was packed; `openShards` streams them instead. Nothing is unpacked to disk. Links, special files and paths
 * that lead out of the archive are passed over and counted in the description.
 *
 * @throws InvalidOptionError
 * @throws MalformedFileError when the archive is cut off or damaged, or has an image of more than 256 MiB.
 * @throws DataSourceError as `openImageFolder`.
 */
export async function openImageTar(path: string, options: ImageOptions = {}): Promise<Dataset> {
  const checked = checkImageOptions(options);
  refuseStreaming(path, checked);
  const file = resolve(path);
  const folders: string[] = [];
  const ignored = new Map<string, number>();
  const images = await packImages(
    readImages(file, folders, (reason) => ignored.set(reason, (ignored.get(reason) ?? 0) + 1)),
    checked,
    file,
  );
  const visible = folders.filter((name) => !isHidden(name));
  const root = commonRoot(images.names, visible);
  const names = images.names.map((name) => name.slice(root.length));
  const below = visible.filter((name) => name.startsWith(root)).map((name) => name.slice(root.length));
  return packedDataset({
    id: "image-tar",
    path: file,
    images,
    names,
    arrangement: arrangeImages(names, below, checked, file),
    options: checked,
    ignored: [...ignored].map(([reason, count]) => `${reason} passed over: ${count}`),
  });
}

function refuseStreaming(path: string, { storage }: CheckedImageOptions): void {
  if (storage !== "stream") return;
  throw new InvalidOptionError({
    option: "storage",
    expected: `"memory" for "${path}", which openImageTar reads as a whole`,
    received: storage,
    hint: "openShards streams uncompressed archives.",
  });
}

async function* readImages(
  file: string,
  folders: string[],
  onIgnored: (reason: string) => void,
): AsyncGenerator<EncodedImage> {
  const files = tarFiles(file, {
    wants: (name) => IMAGE_NAME.test(name) && !isHidden(name),
    maxFileBytes: 256 * 2 ** 20,
    onFolder: (name) => folders.push(name),
    onIgnored,
  });
  for await (const { name, bytes } of files) yield { name, read: async () => bytes };
}

/** Whether a path has a part that begins with a dot. */
export function isHidden(name: string): boolean {
  return name.split("/").some((part) => part.startsWith("."));
}

/** The folders that everything lies in, with a slash at the end: packing a folder often packs its own name too. */
export function commonRoot(names: readonly string[], folders: readonly string[]): string {
  const [first = ""] = names;
  const holds = (root: string): boolean =>
    names.every((name) => name.startsWith(root)) &&
    folders.every((folder) => `${folder}/`.startsWith(root) || root.startsWith(`${folder}/`));
  let root = "";
  for (;;) {
    const end = first.indexOf("/", root.length);
    const next = first.slice(0, end + 1);
    if (end < 0 || !holds(next)) return root;
    root = next;
  }
}
