import { availableParallelism } from "node:os";
import { BlockwiseError, DataSourceError, type PackedImages, type RawImage } from "@blockwise/spec";
import { sharedFloat64, sharedUint32 } from "../source/shared-arrays.js";
import { decodeImage } from "./decode-image.js";
import type { CheckedImageOptions } from "./image-options.js";
import { mapInOrder } from "./map-in-order.js";
import { PixelStore } from "./pixel-store.js";

/** An image that is still a file. */
export interface EncodedImage {
  /** Its path under the folder or in the archive, with `/` between the parts. */
  readonly name: string;
  /** Reads its bytes. */
  readonly read: () => Promise<Buffer>;
}

/** Images in memory, sorted by name. */
export interface PackedByName {
  readonly names: readonly string[];
  /** Image by image as the names. */
  readonly packed: PackedImages;
  /** The names of images that could not be decoded, sorted. */
  readonly skipped: readonly string[];
}

/**
 * Decodes images, several at once, into one piece of shared memory. sharp works on each with its own default number
 * of threads; the images in flight keep all cores busy.
 *
 * @param source - names the folder or archive in errors
 * @throws DataSourceError for an image that cannot be decoded, unless they are to be skipped, and for too many pixels.
 */
export async function packImages(
  images: AsyncIterable<EncodedImage> | Iterable<EncodedImage>,
  options: CheckedImageOptions,
  source: string,
): Promise<PackedByName> {
  const store = new PixelStore(options.memoryBudgetBytes, source);
  const entries: { name: string; offset: number; height: number; width: number }[] = [];
  const skipped: string[] = [];
  let grey = options.channels === "auto";
  const decoded = mapInOrder(images, availableParallelism() + 2, (image) => decode(image, options, source));
  for await (const { name, image } of decoded) {
    if (image === null) {
      skipped.push(name);
      continue;
    }
    grey = grey && isGrey(image.data);
    const offset = store.append(image.data, entries.length);
    entries.push({ name, offset, height: image.height, width: image.width });
  }
  entries.sort((a, b) => compareCodeUnits(a.name, b.name));
  refuseTwins(entries, source);
  const channels = options.channels === 1 || grey ? 1 : 3;
  const pixels = grey ? keepOneChannel(store.pixels()) : store.pixels();
  return {
    names: entries.map(({ name }) => name),
    packed: {
      kind: "packed",
      pixels,
      offsets: sharedFloat64(entries.map(({ offset }) => (grey ? offset / 3 : offset))),
      heights: sharedUint32(entries.map(({ height }) => height)),
      widths: sharedUint32(entries.map(({ width }) => width)),
      channels,
    },
    skipped: skipped.sort(compareCodeUnits),
  };
}

/** Compares by UTF-16 code units: the same order everywhere, whatever the language of the machine. */
export function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function decode(
  { name, read }: EncodedImage,
  options: CheckedImageOptions,
  source: string,
): Promise<{ readonly name: string; readonly image: RawImage | null }> {
  const bytes = await read();
  try {
    return { name, image: await decodeImage(bytes, options) };
  } catch (error) {
    if (BlockwiseError.isInstance(error)) throw error;
    if (options.onCorrupt === "skip") return { name, image: null };
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataSourceError(
      `Image "${name}" in "${source}" cannot be decoded: ${reason}. Repair or remove it, or leave such images out ` +
        'with onCorrupt: "skip".',
      { source: name },
      { cause: error },
    );
  }
}

function refuseTwins(entries: readonly { readonly name: string }[], source: string): void {
  for (const [place, { name }] of entries.entries()) {
    if (entries[place + 1]?.name !== name) continue;
    throw new DataSourceError(
      `"${source}" must have each image once, but has "${name}" several times. Pack it anew.`,
      { source },
    );
  }
}

function isGrey(pixels: Uint8Array): boolean {
  for (let place = 0; place < pixels.length; place += 3) {
    if (pixels[place] !== pixels[place + 1] || pixels[place] !== pixels[place + 2]) return false;
  }
  return true;
}

/** Moves every third value to the front, in place. */
function keepOneChannel(pixels: Uint8Array): Uint8Array {
  const count = pixels.length / 3;
  for (let place = 0; place < count; place++) pixels[place] = pixels[3 * place] as number;
  return pixels.subarray(0, count);
}
