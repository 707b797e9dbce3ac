import type { ViewShape } from "@blockwise/spec";

/** Memory for one batch, on `SharedArrayBuffer`s. */
export interface BatchSlot {
  /** For each view: `[batchSize, height, width, channels]`. */
  readonly views: readonly Float32Array[];
  /** The images' places in the source, `[batchSize]`; `OMITTED` where there is none. */
  readonly samples: Uint32Array;
}

/** Stands for an image that is left out. */
export const OMITTED = 0xffff_ffff;

/** Memory for a few batches, shared between threads; batch `b` uses slot `b` modulo their number. */
export interface SlotRing {
  readonly slots: readonly BatchSlot[];
}

/** Allocates a ring on `SharedArrayBuffer`s. */
export function makeSlotRing(
  slots: number,
  viewCount: number,
  batchSize: number,
  shape: ViewShape,
): SlotRing {
  const bytes = batchSize * sizeOf(shape) * Float32Array.BYTES_PER_ELEMENT;
  const makeSlot = (): BatchSlot => ({
    views: Array.from({ length: viewCount }, () => new Float32Array(new SharedArrayBuffer(bytes))),
    samples: new Uint32Array(new SharedArrayBuffer(batchSize * Uint32Array.BYTES_PER_ELEMENT)),
  });
  return { slots: Array.from({ length: slots }, makeSlot) };
}

/** The slot that a batch uses. */
export function slotOf({ slots }: SlotRing, batch: number): BatchSlot {
  return slots[batch % slots.length] as BatchSlot;
}

/** Values of one view. */
export function sizeOf({ height, width, channels }: ViewShape): number {
  return height * width * channels;
}

/** The first `count` rows of a slot without those that are left out, moved together. */
export function closeGaps(
  { views, samples }: BatchSlot,
  count: number,
  shape: ViewShape,
): { readonly indices: Uint32Array; readonly views: readonly Float32Array[] } {
  const size = sizeOf(shape);
  let kept = 0;
  for (let row = 0; row < count; row++) {
    if (samples[row] === OMITTED) continue;
    if (kept < row) {
      samples[kept] = samples[row] as number;
      for (const view of views) view.copyWithin(kept * size, row * size, (row + 1) * size);
    }
    kept++;
  }
  return {
    indices: samples.slice(0, kept),
    views: views.map((view) => view.subarray(0, kept * size)),
  };
}
