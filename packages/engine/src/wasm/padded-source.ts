import type { Block } from "./blocks.js";
import type { Address } from "./kernel-module.js";
import type { WasmRuntime } from "./runtime.js";

/** NHWC images and the window of padded coordinates in which they are read. */
export interface PaddedImages {
  readonly address: Address;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Zero rows above and zero columns to the left; negative where the first ones are not read. */
  readonly top: number;
  readonly left: number;
  /** How many columns are read from there on. */
  readonly paddedWidth: number;
}

/** How one block's input lies in memory. */
export interface SourceLayout {
  readonly imageBytes: number;
  readonly rowBytes: number;
  readonly pixelBytes: number;
  /** Makes the input of a block readable: `rows` padded rows from `firstRow` on, for each of its images. */
  load(block: Block, firstRow: number): Address;
}

/** Reads images in place where no padding is needed, else copies each block between zeros. */
export function paddedSource(
  runtime: WasmRuntime,
  images: PaddedImages,
  paddedHeight: number,
  blockHeight: number,
  blockImages: number,
): SourceLayout {
  const { address, height, width, channels, top, left, paddedWidth } = images;
  const pixelBytes = channels * 4;
  const sourceRowBytes = width * pixelBytes;
  const sourceImageBytes = height * sourceRowBytes;
  const inPlace = top <= 0 && left <= 0 && paddedHeight - top <= height && paddedWidth - left <= width;
  if (inPlace) {
    return {
      imageBytes: sourceImageBytes,
      rowBytes: sourceRowBytes,
      pixelBytes,
      load: (block, firstRow) =>
        address + block.firstImage * sourceImageBytes + (firstRow - top) * sourceRowBytes - left * pixelBytes,
    };
  }
  const rowBytes = paddedWidth * pixelBytes;
  const imageBytes = blockHeight * rowBytes;
  // A tile may read a few floats behind the last row.
  const buffer = runtime.workspace.region("padded", blockImages * imageBytes + 64);
  return {
    imageBytes,
    rowBytes,
    pixelBytes,
    load(block, firstRow) {
      for (let image = 0; image < block.images; image++) {
        runtime.kernels.copyPadded(
          address + (block.firstImage + image) * sourceImageBytes,
          height,
          width,
          pixelBytes,
          firstRow - top,
          blockHeight,
          left,
          paddedWidth - left - width,
          buffer + image * imageBytes,
        );
      }
      return buffer;
    },
  };
}
