import { InvalidOptionError } from "@blockwise/spec";

/** How images from files become pixels in memory. */
export interface ImageOptions {
  /** Side in pixels to shrink to while decoding; what it is the side of, `fit` says. @default 256 */
  readonly decodeSize?: number;
  /**
   * `"shortest-side"` shrinks until the shorter side has `decodeSize` pixels and never enlarges; `"square"` scales and
   * crops the centre to exactly `decodeSize` x `decodeSize`. Both antialias. @default "shortest-side"
   */
  readonly fit?: "shortest-side" | "square";
  /** 3 for colour, 1 for grey, or `"auto"`: grey when every pixel of every image is. @default 3 */
  readonly channels?: 1 | 3 | "auto";
  /**
   * What to do about an image that cannot be decoded: stop, or leave it out and name it; `"auto"` stops where images are
   * decoded at the start, and leaves out where they stream. @default "auto"
   */
  readonly onCorrupt?: "error" | "skip" | "auto";
  /**
   * `"memory"` decodes all images at the start; `"stream"` reads and decodes each at full size whenever it is wanted, so
   * that `decodeSize`, `fit` and `memoryBudgetBytes` do not matter; `"auto"` streams what would take more than
   * `memoryBudgetBytes`. @default "memory"
   */
  readonly storage?: "memory" | "stream" | "auto";
  /**
   * For shards: images that are drawn from at once when an epoch is shuffled, shard after shard in random order; null
   * shuffles all images of all shards, which reads everywhere at once. @default 10,000
   */
  readonly shuffleBuffer?: number | null;
  /** For images that stream: the part of them that may be broken; one may be unless it is 0. @default 0.01 */
  readonly maxBrokenShare?: number;
  /** The most that the pixels may take in bytes, at most 4 GiB, the longest array there is. @default 2 GiB */
  readonly memoryBudgetBytes?: number;
  /**
   * `"folders"` takes the first folder of an image's path as its class; `"none"` leaves images unlabelled; `"auto"`
   * does the first when all images lie in folders, the second when none does. @default "auto"
   */
  readonly labels?: "auto" | "folders" | "none";
  /** Accept a class folder without images. @default false */
  readonly allowEmptyClasses?: boolean;
  /**
   * The part of the images to hold out for scoring, from 0 to 1 (not 1), chosen image by image by name and seed. Images
   * that lie in a train and a test folder are split by these instead. @default 0
   */
  readonly holdOut?: number;
  /** Which images are held out. An integer from 0 to 2^53 - 1. @default 0 */
  readonly seed?: number;
}

/** `ImageOptions` with the defaults filled in. */
export type CheckedImageOptions = Required<ImageOptions>;

/** Fills in the defaults. @throws InvalidOptionError */
export function checkImageOptions(options: ImageOptions): CheckedImageOptions {
  const checked: CheckedImageOptions = {
    decodeSize: options.decodeSize ?? 256,
    fit: options.fit ?? "shortest-side",
    channels: options.channels ?? 3,
    onCorrupt: options.onCorrupt ?? "auto",
    storage: options.storage ?? "memory",
    shuffleBuffer: options.shuffleBuffer === undefined ? 10_000 : options.shuffleBuffer,
    maxBrokenShare: options.maxBrokenShare ?? 0.01,
    memoryBudgetBytes: options.memoryBudgetBytes ?? 2 * 2 ** 30,
    labels: options.labels ?? "auto",
    allowEmptyClasses: options.allowEmptyClasses ?? false,
    holdOut: options.holdOut ?? 0,
    seed: options.seed ?? 0,
  };
  const { decodeSize, memoryBudgetBytes, holdOut } = checked;
  requireOption("decodeSize", isIntegerIn(decodeSize, 1, 4096), "an integer from 1 to 4096", decodeSize);
  requireOption(
    "memoryBudgetBytes",
    isIntegerIn(memoryBudgetBytes, 1, 2 ** 32),
    "an integer from 1 to 4 GiB",
    memoryBudgetBytes,
  );
  requireOption("holdOut", holdOut >= 0 && holdOut < 1, "a number from 0 to 1, but not 1", holdOut);
  requireOneOf("fit", checked.fit, ["shortest-side", "square"]);
  requireOneOf("channels", checked.channels, [1, 3, "auto"]);
  requireOneOf("onCorrupt", checked.onCorrupt, ["error", "skip", "auto"]);
  requireOneOf("storage", checked.storage, ["memory", "stream", "auto"]);
  const { shuffleBuffer, maxBrokenShare } = checked;
  requireOption(
    "shuffleBuffer",
    shuffleBuffer === null || isIntegerIn(shuffleBuffer, 1, 2 ** 32),
    "a whole number above 0, or null",
    shuffleBuffer,
  );
  const isShare = maxBrokenShare >= 0 && maxBrokenShare <= 1;
  requireOption("maxBrokenShare", isShare, "a number from 0 to 1", maxBrokenShare);
  requireOneOf("labels", checked.labels, ["auto", "folders", "none"]);
  return checked;
}

function isIntegerIn(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}

function requireOneOf(option: string, received: unknown, allowed: readonly unknown[]): void {
  const expected = allowed.map((value) => JSON.stringify(value)).join(" or ");
  requireOption(option, allowed.includes(received), expected, received);
}

function requireOption(option: string, holds: boolean, expected: string, received: unknown): void {
  if (!holds) throw new InvalidOptionError({ option, expected, received });
}
