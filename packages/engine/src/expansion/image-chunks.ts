import type { Tensor4D } from "@tensorflow/tfjs-core";

/** Neighbouring images of a batch. */
export interface ImageChunk {
  readonly first: number;
  readonly count: number;
}

/** Cuts a batch so that a map of `channels` channels of one chunk takes at most `bytes`; a chunk has at least one image. */
export function imageChunks(x: Tensor4D, channels: number, bytes: number): readonly ImageChunk[] {
  const [batch, height, width] = x.shape;
  const fitting = Math.max(1, Math.floor(bytes / Math.max(1, height * width * channels * 4)));
  // Chunks of nearly the same size: a last one of a few images would waste what a call costs.
  const chunks = Math.max(1, Math.ceil(batch / fitting));
  return Array.from({ length: chunks }, (_, chunk) => {
    const first = Math.floor((chunk * batch) / chunks);
    return { first, count: Math.floor(((chunk + 1) * batch) / chunks) - first };
  });
}
