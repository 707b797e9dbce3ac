import type { Address } from "./kernel-module.js";
import type { WasmRuntime } from "./runtime.js";

/** The contiguous runs of input that one window reads. */
export interface Segments {
  /** Byte offsets of the runs from the window's first pixel. */
  readonly offsets: readonly number[];
  /** Floats in a run. */
  readonly run: number;
}

/** A row of taps is one run, unless dilation leaves gaps in it. */
export function segmentsOf(
  taps: readonly [height: number, width: number],
  dilation: readonly [vertical: number, horizontal: number],
  channels: number,
  rowBytes: number,
): Segments {
  const [height, width] = taps;
  const [vertical, horizontal] = dilation;
  const contiguous = horizontal === 1 || width === 1;
  const columns = contiguous ? 1 : width;
  const offsets: number[] = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < columns; column++) {
      offsets.push(row * vertical * rowBytes + column * horizontal * channels * 4);
    }
  }
  return { offsets, run: contiguous ? width * channels : channels };
}

/** A part of the summands of a window: some whole segments, or a piece of one. */
export interface SegmentPass {
  readonly firstSegment: number;
  readonly segments: number;
  /** Floats of each segment that are left out in front. */
  readonly skip: number;
  readonly run: number;
}

/**
 * Cuts the summands of a window into passes of at most `summands`, 384 if not said otherwise: what is added up in one
 * float32 register keeps its digits, and a panel its place in the first-level cache.
 */
export function passesOf(
  { offsets, run }: Segments,
  summands: number = PASS_SUMMANDS,
): readonly SegmentPass[] {
  if (run > summands) {
    const pieces = Math.ceil(run / summands);
    const starts = Array.from({ length: pieces + 1 }, (_, piece) => Math.round((piece * run) / pieces));
    return offsets.flatMap((_, firstSegment) =>
      starts.slice(1).map((end, piece) => {
        const skip = starts[piece] ?? 0;
        return { firstSegment, segments: 1, skip, run: end - skip };
      }),
    );
  }
  const fitting = Math.floor(summands / run);
  const passes: SegmentPass[] = [];
  for (let firstSegment = 0; firstSegment < offsets.length; firstSegment += fitting) {
    passes.push({ firstSegment, segments: Math.min(fitting, offsets.length - firstSegment), skip: 0, run });
  }
  return passes;
}

const PASS_SUMMANDS = 384;

/** Writes offsets where the kernels can read them. */
export function writeOffsets(runtime: WasmRuntime, address: Address, offsets: readonly number[]): void {
  new Int32Array(runtime.memory.buffer, address, offsets.length).set(offsets);
}
