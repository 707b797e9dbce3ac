import type { RawImage } from "../augmentation/augmentation-v1.js";
import type { PluginV1 } from "../plugin.js";
import type { PackedImages, StoredImages } from "./image-store.js";

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
  /** Where the images are, for loaders with worker threads: decoded in shared memory, or encoded in files. */
  readonly store: PackedImages | StoredImages;
  /**
   * The image at a place from 0 to `size - 1`; its data is borrowed.
   *
   * @throws InvalidOptionError for a place out of range.
   * @throws DataSourceError for a file that cannot be read or is broken.
   */
  image(index: number): Promise<RawImage>;
  /**
   * What that image is called where it comes from: its path under the folder or in the archive, with `/` between the parts.
   * Left out where images have no names.
   *
   * @throws InvalidOptionError for a place out of range.
   */
  imageName?(index: number): string;
}
