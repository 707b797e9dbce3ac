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

/** Writes offsets where the kernels can read them. */
export function writeOffsets(runtime: WasmRuntime, address: Address, offsets: readonly number[]): void {
  new Int32Array(runtime.memory.buffer, address, offsets.length).set(offsets);
}
