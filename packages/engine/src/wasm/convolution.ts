import type { backend_util, TensorInfo } from "@tensorflow/tfjs-core";
import { blockSum } from "./block-sum.js";
import { blocksOf, largestBlock } from "./blocks.js";
import { type CorrelationPhase, correlate } from "./correlate.js";
import { paddedSource } from "./padded-source.js";
import type { WasmRuntime } from "./runtime.js";
import { segmentsOf } from "./segments.js";
import { suitsWinogradFilterGradient, winogradFilterGradient } from "./winograd-filter-gradient.js";

/** Geometry of a convolution, as TensorFlow.js computes it. */
export type ConvolutionGeometry = backend_util.Conv2DInfo;

/** `x [batch, height, width, in]` correlated with `filter [height, width, in, out]`. */
export function convolve(
  runtime: WasmRuntime,
  x: TensorInfo,
  filter: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const { inChannels, outChannels, outHeight, outWidth, filterHeight, filterWidth, padInfo } = geometry;
  const output = runtime.allocate(geometry.outShape);
  if (geometry.batchSize * outHeight * outWidth * outChannels === 0) return output;
  const depth = filterHeight * filterWidth * inChannels;
  const panels = runtime.workspace.region("panels", Math.ceil(outChannels / 8) * depth * 32);
  runtime.kernels.packPanels(
    runtime.address(filter),
    outChannels * 4,
    4,
    depth,
    outChannels,
    panels,
    depth * 32,
  );
  correlate(runtime, {
    source: {
      address: runtime.address(x),
      batch: geometry.batchSize,
      height: geometry.inHeight,
      width: geometry.inWidth,
      channels: inChannels,
      top: padInfo.top,
      left: padInfo.left,
    },
    stride: [geometry.strideHeight, geometry.strideWidth],
    dilation: [geometry.dilationHeight, geometry.dilationWidth],
    phases: [
      {
        rows: outHeight,
        columns: outWidth,
        rowStart: 0,
        columnStart: 0,
        taps: [filterHeight, filterWidth],
        panels,
        outputStart: 0,
      },
    ],
    output: runtime.address(output),
    outputChannels: outChannels,
    outputStrides: [outHeight * outWidth * outChannels * 4, outWidth * outChannels * 4, outChannels * 4],
  });
  return output;
}

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

/** Gradient of a convolution (dilation 1) by its filter, summed up block by block of the batch. */
export function convolutionFilterGradient(
  runtime: WasmRuntime,
  x: TensorInfo,
  dy: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  if (suitsWinogradFilterGradient(geometry)) return winogradFilterGradient(runtime, x, dy, geometry);
  const { kernels } = runtime;
  const { inChannels, outChannels, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = geometry;
  const { batchSize, outHeight, outWidth } = geometry;
  const shape = [filterHeight, filterWidth, inChannels, outChannels];
  const gradient = runtime.allocate(shape);
  const target = runtime.address(gradient);
  const sum = blockSum(runtime, target, filterHeight * filterWidth * inChannels * outChannels);
  if (batchSize * outHeight * outWidth === 0) return gradient;

  const paddedWidth = (outWidth - 1) * strideWidth + filterWidth;
  const bytesPerRow = (strideHeight * paddedWidth * inChannels + outWidth * outChannels) * 4;
  // Adding a block to the gradient has to be little work beside its products.
  const limit = Math.max(REDUCTION_BYTES, (bytesPerRow / outWidth) * REDUCTION_PIXELS);
  const largest = largestBlock(batchSize, outHeight, bytesPerRow, limit);
  const layout = paddedSource(
    runtime,
    {
      address: runtime.address(x),
      batch: batchSize,
      height: geometry.inHeight,
      width: geometry.inWidth,
      channels: inChannels,
      top: padInfo.top,
      left: padInfo.left,
      paddedWidth,
    },
    (outHeight - 1) * strideHeight + filterHeight,
    (largest.rows - 1) * strideHeight + filterHeight,
    largest.images,
  );
  const { offsets, run } = segmentsOf([filterHeight, filterWidth], [1, 1], inChannels, layout.rowBytes);
  const panelCount = Math.ceil(outChannels / 8);
  const panels = runtime.workspace.region(
    "panels",
    panelCount * (largest.images * largest.rows * outWidth * 32 + PANEL_GAP),
  );
  // Where rows of the window follow one another without a gap, they are one.
  const rowBytes = strideHeight * layout.rowBytes;
  const pixelBytes = strideWidth * layout.pixelBytes;
  const contiguous = rowBytes === outWidth * pixelBytes;
  for (const block of blocksOf(batchSize, outHeight, bytesPerRow, limit)) {
    const pixels = block.images * block.rows * outWidth;
    const panelBytes = pixels * 32 + PANEL_GAP;
    const firstPixel = (block.firstImage * outHeight + block.firstRow) * outWidth;
    const input = layout.load(block, block.firstRow * strideHeight);
    kernels.packPanels(
      runtime.address(dy) + firstPixel * outChannels * 4,
      outChannels * 4,
      4,
      pixels,
      outChannels,
      panels,
      panelBytes,
    );
    sum.nextBlock();
    offsets.forEach((offset, index) => {
      kernels.reduceBlock(
        input + offset,
        block.images,
        contiguous ? 1 : block.rows,
        contiguous ? block.rows * outWidth : outWidth,
        layout.imageBytes,
        rowBytes,
        pixelBytes,
        run,
        panels,
        panelBytes,
        target + index * run * outChannels * 4,
        outChannels,
      );
    });
  }
  sum.finish();
  return gradient;
}

const REDUCTION_BYTES = 28_672;
const REDUCTION_PIXELS = 128;
/** Panels at distances of a power of two would share a few sets of the cache. */
const PANEL_GAP = 64;
