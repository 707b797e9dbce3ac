import type { ViewShape } from "@blockwise/spec";

/** Memory for the views of a few batches, shared between threads; batch `b` uses slot `b` modulo their number. */
export interface SlotRing {
  readonly slots: number;
  /** For each slot, for each view: `[batchSize, height, width, channels]`. */
  readonly views: readonly (readonly Float32Array[])[];
}

/** Allocates a ring on `SharedArrayBuffer`s. */
export function makeSlotRing(
  slots: number,
  viewCount: number,
  batchSize: number,
  shape: ViewShape,
): SlotRing {
  const bytes = batchSize * sizeOf(shape) * Float32Array.BYTES_PER_ELEMENT;
  const views = Array.from({ length: slots }, () =>
    Array.from({ length: viewCount }, () => new Float32Array(new SharedArrayBuffer(bytes))),
  );
  return { slots, views };
}

/** The views of the slot that a batch uses. */
export function slotOf({ slots, views }: SlotRing, batch: number): readonly Float32Array[] {
  return views[batch % slots] as readonly Float32Array[];
}

/** Values of one view. */
export function sizeOf({ height, width, channels }: ViewShape): number {
  return height * width * channels;
}
