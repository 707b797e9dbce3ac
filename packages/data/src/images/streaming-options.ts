import type { JsonObject } from "@blockwise/spec";
import type { CheckedImageOptions } from "./image-options.js";

/** The options that numbers of a run depend on where images stream. */
export function streamingOptions(options: CheckedImageOptions): JsonObject {
  const { labels, allowEmptyClasses, holdOut, seed, shuffleBuffer } = options;
  const channels = streamingChannels(options);
  return { storage: "stream", channels, labels, allowEmptyClasses, holdOut, seed, shuffleBuffer };
}

/** Whether all images are grey is not known before they are read. */
export function streamingChannels({ channels }: CheckedImageOptions): 1 | 3 {
  return channels === 1 ? 1 : 3;
}
