import type { RawImage } from "../augmentation/augmentation-v1.js";
import type { PluginV1 } from "../plugin.js";

/** All images of a source in memory that threads share, back to back. */
export interface PackedImages {
  /** All pixels, on a `SharedArrayBuffer`. */
  readonly pixels: Uint8Array;
  /** Where each image begins in `pixels`, in bytes. */
  readonly offsets: Float64Array;
  /** Pixels, each on a `SharedArrayBuffer`. */
  readonly heights: Uint32Array;
  readonly widths: Uint32Array;
  readonly channels: number;
}

/** A set of images that can be read in any order. */
export interface DataSourceV1 extends PluginV1<"data-source"> {
  /** One line for people: what it is and where it came from. */
  readonly description: string;
  /** How many images. */
  readonly size: number;
  /** 1 or 3. */
  readonly channels: number;
  /** The classes' names by label; null for unlabelled images. */
  readonly classNames: readonly string[] | null;
  /** All labels, one an image; null for unlabelled images. */
  readonly labels: Int32Array | null;
  /** The images in shared memory, for loaders with worker threads. */
  readonly packed: PackedImages;
  /** The image at a place from 0 to `size - 1`; its data is borrowed. */
  image(index: number): RawImage;
}
