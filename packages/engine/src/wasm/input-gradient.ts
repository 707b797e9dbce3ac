import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { ConvolutionGeometry } from "./convolution.js";
import { type CorrelationPhase, correlate } from "./correlate.js";
import type { WasmRuntime } from "./runtime.js";
import { suitsWinograd, winograd } from "./winograd.js";

/**
 * Gradient of a convolution (dilation 1) by its input. With stride s, the input pixels fall into s x s phases by their
 * position modulo s; each phase is a correlation of `dy` with the taps that reach it, so no zero is multiplied.
 */
export function convolutionInputGradient(
  runtime: WasmRuntime,
  dy: TensorInfo,
  filter: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const { inChannels, outChannels, inHeight, inWidth, strideHeight, strideWidth } = geometry;
  const { padInfo, filterHeight, filterWidth, batchSize } = geometry;
  const dx = runtime.allocate(geometry.inShape);
  const vertical = phasesOf(inHeight, filterHeight, strideHeight, padInfo.top);
  const horizontal = phasesOf(inWidth, filterWidth, strideWidth, padInfo.left);
  const size = batchSize * inHeight * inWidth * inChannels;
  if (size === 0) return dx;
  if (suitsWinograd(geometry, inHeight, inWidth)) {
    winograd(runtime, {
      source: runtime.address(dy),
      batch: batchSize,
      height: geometry.outHeight,
      width: geometry.outWidth,
      channels: outChannels,
      top: 2 - padInfo.top,
      left: 2 - padInfo.left,
      packTap: (row, column, target) =>
        packFlippedTaps(runtime, filter, geometry, [2 - row], [2 - column], target),
      output: runtime.address(dx),
      outputHeight: inHeight,
      outputWidth: inWidth,
      outputChannels: inChannels,
    });
    return dx;
  }
  if (
    vertical.length < Math.min(strideHeight, inHeight) ||
    horizontal.length < Math.min(strideWidth, inWidth)
  ) {
    runtime.kernels.clear(runtime.address(dx), size * 4);
  }
  if (vertical.length === 0 || horizontal.length === 0) return dx;

  const firstRow = Math.min(...vertical.map((phase) => phase.start));
  const firstColumn = Math.min(...horizontal.map((phase) => phase.start));
  const panelGroups = Math.ceil(inChannels / 8);
  // Each tap belongs to one phase: all phases' panels together are as large as the filter.
  let panels = runtime.workspace.region(
    "panels",
    panelGroups * filterHeight * filterWidth * outChannels * 32,
  );
  const phases: CorrelationPhase[] = [];
  for (const row of vertical) {
    for (const column of horizontal) {
      const taps = row.taps.length * column.taps.length;
      packFlippedTaps(runtime, filter, geometry, row.taps, column.taps, panels);
      phases.push({
        rows: row.outputs,
        columns: column.outputs,
        rowStart: row.start - firstRow,
        columnStart: column.start - firstColumn,
        taps: [row.taps.length, column.taps.length],
        panels,
        outputStart: (row.phase * inWidth + column.phase) * inChannels * 4,
      });
      panels += panelGroups * taps * outChannels * 32;
    }
  }
  correlate(runtime, {
    source: {
      address: runtime.address(dy),
      batch: batchSize,
      height: geometry.outHeight,
      width: geometry.outWidth,
      channels: outChannels,
      top: -firstRow,
      left: -firstColumn,
    },
    stride: [1, 1],
    dilation: [1, 1],
    phases,
    output: runtime.address(dx),
    outputChannels: inChannels,
    outputStrides: [
      inHeight * inWidth * inChannels * 4,
      strideHeight * inWidth * inChannels * 4,
      strideWidth * inChannels * 4,
    ],
  });
  return dx;
}

/** One axis of one phase of an input gradient. */
interface AxisPhase {
  /** The first input position of the phase. */
  readonly phase: number;
  /** Input positions in the phase. */
  readonly outputs: number;
  /** Filter positions that reach them, last first. */
  readonly taps: readonly number[];
  /** The position in `dy` that the first of these taps sees from the phase's first input position. */
  readonly start: number;
}

function phasesOf(size: number, filterSize: number, stride: number, padding: number): readonly AxisPhase[] {
  const phases: AxisPhase[] = [];
  for (let phase = 0; phase < Math.min(stride, size); phase++) {
    const taps: number[] = [];
    for (let tap = (phase + padding) % stride; tap < filterSize; tap += stride) taps.unshift(tap);
    const [last] = taps;
    if (last === undefined) continue;
    phases.push({
      phase,
      outputs: Math.ceil((size - phase) / stride),
      taps,
      start: (phase + padding - last) / stride,
    });
  }
  return phases;
}

function packFlippedTaps(
  runtime: WasmRuntime,
  filter: TensorInfo,
  { filterWidth, inChannels, outChannels }: ConvolutionGeometry,
  rowTaps: readonly number[],
  columnTaps: readonly number[],
  panels: number,
): void {
  const tapBytes = inChannels * outChannels * 4;
  const panelBytes = rowTaps.length * columnTaps.length * outChannels * 32;
  let target = panels;
  for (const row of rowTaps) {
    for (const column of columnTaps) {
      const tap = runtime.address(filter) + (row * filterWidth + column) * tapBytes;
      runtime.kernels.packPanels(tap, 4, outChannels * 4, outChannels, inChannels, target, panelBytes);
      target += outChannels * 32;
    }
  }
}
