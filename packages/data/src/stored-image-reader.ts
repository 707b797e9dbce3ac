import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { DataSourceError, type ImageReader, type ReadImage, type StoredImages } from "@blockwise/spec";
import sharp from "sharp";
import { readTarHeader } from "./formats/tar-header.js";
import { decodeWholeImage } from "./images/decode-whole-image.js";
import { sharedPathAt } from "./source/shared-paths.js";

/** The largest image file that is read. */
const MAX_IMAGE_BYTES: number = 256 * 2 ** 20;

const MAX_OPEN_FILES = 64;

/**
 * Reads and decodes images of files or of parts of files (tar shards), at full size.
 *
 * A file with many images is checked against the size and time it had when it was listed. Reading is synchronous:
 * this is for worker threads.
 */
export function storedImageReader(store: StoredImages): ImageReader {
  // A thread that waits for its image is the one thread that works on it; what it reads once it does not read again.
  sharp.concurrency(1);
  sharp.cache(false);
  const files = new OpenFiles(store);
  return {
    doRead: async (index): Promise<ReadImage> => {
      try {
        return { image: await decodeWholeImage(readEncoded(store, files, index), store.channels) };
      } catch (error) {
        if (error instanceof DataSourceError) throw error;
        // Damage in a file that has changed says nothing about this image alone.
        if (store.spans !== null) files.requireUnchanged(store.files[index] as number);
        return { name: nameOf(store, files, index), broken: reasonOf(error) };
      }
    },
    doClose: async () => files.close(),
  };
}

/** The bytes of one image, undecoded. @throws Error when they cannot be read */
export function readEncodedImage(store: StoredImages, index: number): Buffer {
  const files = new OpenFiles(store);
  try {
    return readEncoded(store, files, index);
  } finally {
    files.close();
  }
}

function readEncoded(store: StoredImages, files: OpenFiles, index: number): Buffer {
  const file = store.files[index] as number;
  if (store.spans === null) return readWhole(pathOf(store, file));
  const length = store.spans.lengths[index] as number;
  if (length > MAX_IMAGE_BYTES) throw new Error(`it has more than ${MAX_IMAGE_BYTES} bytes`);
  return readSpan(files.open(file), store.spans.offsets[index] as number, length);
}

/** The files opened last, each checked when it is opened. */
class OpenFiles {
  readonly #store: StoredImages;
  /** By file; the one used last comes last. */
  readonly #descriptors = new Map<number, number>();

  constructor(store: StoredImages) {
    this.#store = store;
  }

  open(file: number): number {
    const known = this.#descriptors.get(file);
    this.#descriptors.delete(file);
    const descriptor = known ?? this.#openChecked(file);
    this.#descriptors.set(file, descriptor);
    for (const [oldest, unused] of this.#descriptors) {
      if (this.#descriptors.size <= MAX_OPEN_FILES) break;
      closeSync(unused);
      this.#descriptors.delete(oldest);
    }
    return descriptor;
  }

  requireUnchanged(file: number): void {
    this.#check(file, fstatSync(this.open(file)));
  }

  close(): void {
    for (const descriptor of this.#descriptors.values()) closeSync(descriptor);
    this.#descriptors.clear();
  }

  #openChecked(file: number): number {
    const path = pathOf(this.#store, file);
    let descriptor: number;
    try {
      descriptor = openSync(path, "r");
    } catch (cause) {
      throw new DataSourceError(
        `The file "${path}" cannot be opened any more (${reasonOf(cause)}). Put it back, then go on.`,
        { source: path },
        { cause },
      );
    }
    try {
      this.#check(file, fstatSync(descriptor));
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    return descriptor;
  }

  #check(file: number, status: { readonly size: number; readonly mtimeMs: number }): void {
    const stamps = this.#store.spans?.stamps;
    if (status.size === stamps?.[2 * file] && status.mtimeMs === stamps[2 * file + 1]) return;
    const path = pathOf(this.#store, file);
    throw new DataSourceError(
      `The file "${path}" has changed since its images were listed. Leave files alone while they are read; begin again to list it anew.`,
      { source: path },
    );
  }
}

function pathOf({ paths }: StoredImages, file: number): string {
  return resolve(paths.root, sharedPathAt(paths, file));
}

/** The path of an image's file, and its name in it. */
function nameOf(store: StoredImages, files: OpenFiles, index: number): string {
  const file = store.files[index] as number;
  const path = pathOf(store, file);
  if (store.spans === null) return path;
  const offset = store.spans.offsets[index] as number;
  try {
    return `${path}/${readTarHeader(readSpan(files.open(file), offset - 512, 512))?.name}`;
  } catch {
    return `${path} at byte ${offset}`;
  }
}

function readWhole(path: string): Buffer {
  const { size } = statSync(path);
  if (size > MAX_IMAGE_BYTES) throw new Error(`it has more than ${MAX_IMAGE_BYTES} bytes`);
  return readFileSync(path);
}

function readSpan(descriptor: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const count = readSync(descriptor, bytes, done, length - done, offset + done);
    if (count === 0) throw new Error("its file ends before it does");
    done += count;
  }
  return bytes;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && "syscall" in error) return String(error.code);
  // libvips repeats itself, a line for each time that it looked, and threads that decode at once share the lines.
  return error.message.trim().split("\n", 1)[0] ?? "";
}
