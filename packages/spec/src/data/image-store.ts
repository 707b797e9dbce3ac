import type { RawImage, WorkerRecipe } from "../augmentation/augmentation-v1.js";

/** All images of a source decoded, in memory that threads share, back to back. */
export interface PackedImages {
  /** Tells the two kinds of stores apart. */
  readonly kind: "packed";
  /** All pixels, on a `SharedArrayBuffer`. */
  readonly pixels: Uint8Array;
  /** Where each image begins in `pixels`, in bytes. */
  readonly offsets: Float64Array;
  /** Pixels, each on a `SharedArrayBuffer`. */
  readonly heights: Uint32Array;
  /** Pixels, each on a `SharedArrayBuffer`. */
  readonly widths: Uint32Array;
  /** 1 (grey) or 3 (red, green, blue), the same for all images. */
  readonly channels: number;
}

/** A list of files in memory that threads share: a million paths are not copied into each thread. */
export interface SharedPaths {
  /** The absolute folder that the paths are in. */
  readonly root: string;
  /** All paths under `root` in UTF-8, back to back, on a `SharedArrayBuffer`. */
  readonly bytes: Uint8Array;
  /** Where each path ends in `bytes`, on a `SharedArrayBuffer`. */
  readonly ends: Float64Array;
}

/** Where in their files encoded images lie. */
export interface FileSpans {
  /** The first byte of each image in its file, on a `SharedArrayBuffer`. */
  readonly offsets: Float64Array;
  /** The bytes of each image, on a `SharedArrayBuffer`. */
  readonly lengths: Uint32Array;
  /**
   * The size in bytes and the time of the last change in milliseconds of each file when it was listed, two numbers a
   * file, on a `SharedArrayBuffer`.
   */
  readonly stamps: Float64Array;
  /**
   * Images that are drawn from at once when an epoch is shuffled, file after file in random order; null to shuffle all
   * images of all files, which reads everywhere at once.
   */
  readonly shuffleBuffer: number | null;
}

/** The images of a source as encoded files, read when their turn comes. Structured clones share all memory. */
export interface StoredImages {
  /** Tells the two kinds of stores apart. */
  readonly kind: "stored";
  /** 1 (grey) or 3 (red, green, blue): what every image is decoded to. */
  readonly channels: 1 | 3;
  /** The files, each once. */
  readonly paths: SharedPaths;
  /** The file of each image, on a `SharedArrayBuffer`. */
  readonly files: Uint32Array;
  /** Null where each image is a file by itself. */
  readonly spans: FileSpans | null;
  /**
   * The part of the images, from 0 to 1, that may be broken; one may be unless it is 0. Loaders count and name broken
   * images and fail beyond this.
   */
  readonly maxBrokenShare: number;
  /** Where threads find the function that makes an {@link ImageReader} from this store. */
  readonly readerRecipe: WorkerRecipe;
}

/** An image as it was read, or why it could not be. */
export type ReadImage =
  | { readonly image: RawImage }
  | {
      /** Names the file, or the file and the place in it. */
      readonly name: string;
      readonly broken: string;
    };

/** Reads and decodes stored images in one thread, one at a time. */
export interface ImageReader {
  /**
   * Reads an image. One that is broken is told of and not thrown.
   *
   * @throws DataSourceError when more than this image is in question: a file with many images is missing or has
   *   changed since it was listed.
   */
  doRead(index: number): Promise<ReadImage>;
  /** Closes all files. */
  doClose(): Promise<void>;
}
