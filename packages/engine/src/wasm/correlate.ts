import { type Block, blocksOf, largestBlock } from "./blocks.js";
import type { Address } from "./kernel-module.js";
import { type PaddedImages, paddedSource, type SourceLayout } from "./padded-source.js";
import type { WasmRuntime } from "./runtime.js";
import { passesOf, segmentsOf, writeOffsets } from "./segments.js";

/** Input and output of a block together stay in the second-level cache. */
const BLOCK_BYTES = 196_608;
/** Rows of a tile in `assembly/multiply.ts`; tables are filled up to a multiple of it. */
export const TILE_ROWS = 4;

/** Outputs that lie on a regular grid and are computed from the same taps. */
export interface CorrelationPhase {
  readonly rows: number;
  readonly columns: number;
  /** Padded row and column where the window of output (0, 0) starts. */
  readonly rowStart: number;
  readonly columnStart: number;
  readonly taps: readonly [height: number, width: number];
  /** Packed filter, `[ceil(outputChannels / 8)][taps * inputChannels][8]`. */
  readonly panels: Address;
  /** Byte offset of output (0, 0) from its image. */
  readonly outputStart: number;
}

/** Cross-correlations of NHWC images, by the same stride but each with its own taps and its own outputs. */
export interface Correlation {
  readonly source: Omit<PaddedImages, "paddedWidth">;
  readonly stride: readonly [vertical: number, horizontal: number];
  readonly dilation: readonly [vertical: number, horizontal: number];
  readonly phases: readonly CorrelationPhase[];
  readonly output: Address;
  readonly outputChannels: number;
  /** Bytes from one output image, row and pixel of a phase to the next. */
  readonly outputStrides: readonly [image: number, row: number, column: number];
}

/**
 * Computes all outputs as one matrix product per block of the batch; windows are read in place or from a padded copy
 * of the block, never from an im2col matrix.
 */
export function correlate(runtime: WasmRuntime, correlation: Correlation): void {
  const { source, stride, dilation, phases, outputStrides } = correlation;
  const rows = Math.max(...phases.map((phase) => phase.rows));
  const columns = Math.max(...phases.map((phase) => phase.columns));
  const windowHeight = Math.max(
    ...phases.map((phase) => phase.rowStart + (phase.taps[0] - 1) * dilation[0] + 1),
  );
  const windowWidth = Math.max(
    ...phases.map((phase) => phase.columnStart + (phase.taps[1] - 1) * dilation[1] + 1),
  );
  const paddedHeight = (rows - 1) * stride[0] + windowHeight;
  const paddedWidth = (columns - 1) * stride[1] + windowWidth;
  const bytesPerRow = stride[0] * paddedWidth * source.channels * 4 + outputStrides[1];
  const largest = largestBlock(source.batch, rows, bytesPerRow, BLOCK_BYTES);
  const blockHeight = (largest.rows - 1) * stride[0] + windowHeight;
  const layout = paddedSource(runtime, { ...source, paddedWidth }, paddedHeight, blockHeight, largest.images);
  const tableBytes = phases.map((phase) => (largest.images * largest.rows * phase.columns + TILE_ROWS) * 8);
  const tables = runtime.workspace.region("table", sum(tableBytes));
  const segmentBytes = phases.map((phase) => phase.taps[0] * phase.taps[1] * 4);
  const segments = runtime.workspace.region("segments", sum(segmentBytes));
  const products = phases.map((phase, index) =>
    phaseProduct(runtime, correlation, phase, layout, {
      table: tables + sum(tableBytes.slice(0, index)),
      segments: segments + sum(segmentBytes.slice(0, index)),
    }),
  );

  for (const block of blocksOf(source.batch, rows, bytesPerRow, BLOCK_BYTES)) {
    const input = layout.load(block, block.firstRow * stride[0]);
    const output =
      correlation.output + block.firstImage * outputStrides[0] + block.firstRow * outputStrides[1];
    for (const product of products) product(block, input, output);
  }
}

/** Prepares the product of one phase; what it returns computes it for a block. */
function phaseProduct(
  runtime: WasmRuntime,
  correlation: Correlation,
  phase: CorrelationPhase,
  layout: SourceLayout,
  scratch: { readonly table: Address; readonly segments: Address },
): (block: Block, input: Address, output: Address) => void {
  const { kernels } = runtime;
  const { source, stride, dilation, outputChannels, outputStrides } = correlation;
  const taps = segmentsOf(phase.taps, dilation, source.channels, layout.rowBytes);
  const passes = passesOf(taps);
  const panelBytes = phase.taps[0] * phase.taps[1] * source.channels * 32;
  const inputStart = phase.rowStart * layout.rowBytes + phase.columnStart * layout.pixelBytes;
  writeOffsets(runtime, scratch.segments, taps.offsets);
  let tableImages = 0;
  let tableRows = 0;
  return (block, input, output) => {
    const rows = Math.min(block.rows, phase.rows - block.firstRow);
    if (rows <= 0) return;
    if (tableImages !== block.images || tableRows !== rows) {
      kernels.buildRowTable(
        scratch.table,
        block.images,
        rows,
        phase.columns,
        layout.imageBytes,
        stride[0] * layout.rowBytes,
        stride[1] * layout.pixelBytes,
        ...outputStrides,
      );
      tableImages = block.images;
      tableRows = rows;
    }
    passes.forEach(({ firstSegment, segments, skip, run }, index) => {
      kernels.multiplyBlock(
        scratch.table,
        block.images * rows * phase.columns,
        input + inputStart + skip * 4,
        scratch.segments + firstSegment * 4,
        segments,
        run,
        phase.panels + (firstSegment * taps.run + skip) * 32,
        panelBytes,
        output + phase.outputStart,
        outputChannels,
        Number(index > 0),
      );
    });
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
