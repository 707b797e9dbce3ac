import type { TensorInfo } from "@tensorflow/tfjs-core";
import { blockSum } from "./block-sum.js";
import { blocksOf, largestBlock } from "./blocks.js";
import type { ConvolutionGeometry } from "./convolution.js";
import { paddedSource } from "./padded-source.js";
import type { WasmRuntime } from "./runtime.js";
import { segmentsOf } from "./segments.js";
import { suitsWinogradFilterGradient, winogradFilterGradient } from "./winograd-filter-gradient.js";

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
