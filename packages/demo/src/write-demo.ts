import { copyFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder, writeFileAtomically } from "@blockwise/safetensors";
import { ShapeMismatchError } from "@blockwise/spec";
import { encodePictureSheet, type SquarePicture } from "./picture-sheet.js";

/** A block of the network, and what it makes of the gallery. */
export interface DemoBlock {
  /** The model has the output `<name>.features`. */
  readonly name: string;
  /** Numbers a picture. */
  readonly dim: number;
  /** `[pictures, dim]`, row by row. Borrowed. */
  readonly features: Float32Array;
}

/** Pictures as the network sees them, before they are normalised. */
export interface DemoPictures {
  /** `[size, size, channels]` each. */
  readonly pictures: readonly SquarePicture[];
  /** One a picture; null without labels. */
  readonly labels: Int32Array | null;
}

/** What a page shows besides the model. */
export interface DemoData {
  /** What is compared with. */
  readonly gallery: DemoPictures;
  /** What can be tried without an image at hand. */
  readonly samples: DemoPictures;
  /** Pixels a side. */
  readonly size: number;
  /** 1 or 3. */
  readonly channels: 1 | 3;
  /** What the model wants subtracted from values from 0 to 1, by channel. */
  readonly mean: readonly number[];
  /** What it wants them divided by then. */
  readonly std: readonly number[];
  /** Names by label; null without labels. */
  readonly classNames: readonly string[] | null;
  /** From the first block to the last. */
  readonly blocks: readonly DemoBlock[];
  /** A line for the page's head: what network this is. */
  readonly about: string;
  /** A line for its foot: where the pictures come from, under which licence. */
  readonly source: string;
}

/**
 * Writes the page itself and TensorFlow.js beside it: everything but the model (in `model/`, as `modelFiles` of
 * `@blockwise/tfjs` gives it, with an output `<block>.features` for each block) and {@link writeDemoData}'s files. It asks no other host for
 * anything.
 *
 * @throws the system's error where the folder cannot be written
 */
export async function writeDemoPage(folder: string): Promise<void> {
  await makeFolder(folder);
  const page = fileURLToPath(new URL("./page/", import.meta.url));
  for (const name of await readdir(page)) await copyFile(join(page, name), join(folder, name));
  const library = createRequire(import.meta.url).resolve("@tensorflow/tfjs/dist/tf.es2017.min.js");
  await copyFile(library, join(folder, "tf.min.js"));
}

/**
 * Writes the gallery: `gallery.json`, pictures as PNG, features as float32 of the machine, block after block.
 *
 * @throws ShapeMismatchError where a block has not one row a picture; StorageError
 */
export async function writeDemoData(folder: string, data: DemoData): Promise<void> {
  const { gallery, samples, size, channels, blocks, ...rest } = data;
  const count = gallery.pictures.length;
  for (const { name, dim, features } of blocks) {
    if (features.length === count * dim) continue;
    throw new ShapeMismatchError({
      subject: `Features of ${name}`,
      expected: `[${count}, ${dim}]`,
      received: [features.length / dim, dim],
    });
  }
  await makeFolder(folder);
  const description = {
    ...rest,
    size,
    channels,
    blocks: blocks.map(({ name, dim }) => ({ name, dim })),
    labels: labelsOf(gallery),
    sampleLabels: labelsOf(samples),
  };
  const parts = blocks.map(({ features }) =>
    Buffer.from(features.buffer, features.byteOffset, features.byteLength),
  );
  const files: readonly (readonly [string, Uint8Array])[] = [
    ["gallery.png", await encodePictureSheet(gallery.pictures, size, channels)],
    ["samples.png", await encodePictureSheet(samples.pictures, size, channels)],
    ["features.bin", Buffer.concat(parts)],
    ["gallery.json", new TextEncoder().encode(JSON.stringify(description))],
  ];
  for (const [name, bytes] of files) await writeFileAtomically(join(folder, name), bytes);
}

function labelsOf({ pictures, labels }: DemoPictures): readonly number[] {
  return labels === null ? pictures.map(() => -1) : Array.from(labels);
}
