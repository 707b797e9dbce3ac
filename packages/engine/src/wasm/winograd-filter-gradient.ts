import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { ConvolutionGeometry } from "./convolution.js";
import type { WasmRuntime } from "./runtime.js";
import { GAP, PLACES, TILE } from "./winograd-tile.js";

/**
 * Tiles whose products are added up in a float32 register. Fewer are more exact (32: a quarter less error) and slower
 * (10 to 15 %), as each group reads and writes its sums.
 */
const GROUP_TILES = 64;
/** Groups that are added in float32 before they go to float64; no less exact than one, and 3 % faster. */
const FLOAT32_GROUPS = 4;
/** Products that are held at a time; for more channels they go to float64 after each group, a band of outputs at a time. */
const BAND_BYTES = 2_400_000;

/**
 * Whether a filter's gradient is computed with Winograd's products, by shape alone. Measured against tiles in place
 * (`bench/kernels.mjs`): 8 channels 1.6 times as fast, 16 2.0, 128 3.3; 16 tiles 1.4 to 2, 8 from 0.9 to 1.2, images of 6 x 6
 * 1.7, of 2 x 2 0.8. The kernels take inputs by fours and outputs by eights.
 */
export function suitsWinogradFilterGradient(geometry: ConvolutionGeometry): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, inChannels, outChannels } = geometry;
  const { batchSize, outHeight, outWidth } = geometry;
  const tiles = batchSize * Math.ceil(outHeight / TILE) * Math.ceil(outWidth / TILE);
  return (
    filterHeight === 3 &&
    filterWidth === 3 &&
    strideHeight === 1 &&
    strideWidth === 1 &&
    inChannels >= 8 &&
    inChannels % 4 === 0 &&
    outChannels >= 8 &&
    outChannels % 8 === 0 &&
    tiles >= 16 &&
    batchSize * outHeight * outWidth >= 8 * tiles
  );
}

/**
 * Gradient by its filter of a 3x3 convolution with stride 1 that suits, by Winograd's F(3x3, 4x4): 36 products for 16
 * gradients of outputs instead of 144. Three times the rounding error of products in place, 4e-7 to 9e-7 of the result's
 * length; sums go to float64 group by group.
 *
 * @see Lavin, Gray: Fast algorithms for convolutional neural networks, 2015, arXiv 1509.09308, section 4
 */
export function winogradFilterGradient(
  runtime: WasmRuntime,
  x: TensorInfo,
  dy: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const { kernels, workspace } = runtime;
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = geometry;
  const gradient = runtime.allocate([3, 3, inChannels, outChannels]);
  const count = 9 * inChannels * outChannels;
  const sums = workspace.region("sums", count * 8);
  kernels.clear(sums, count * 8);

  // A strip is a row of tiles of one image; a group, some strips.
  const stripsPerImage = Math.ceil(outHeight / TILE);
  const tilesWide = Math.ceil(outWidth / TILE);
  const strips = batchSize * stripsPerImage;
  const groupStrips = Math.min(strips, Math.ceil(GROUP_TILES / tilesWide));
  const groupTiles = groupStrips * tilesWide;

  const inputStripBytes = (6 * (TILE * tilesWide + 2) + inWidth) * inChannels * 4;
  const gradientStripBytes = (6 * TILE * tilesWide + outWidth) * outChannels * 4;
  const inputStrip = workspace.region("padded", inputStripBytes + gradientStripBytes);
  const gradientStrip = inputStrip + inputStripBytes;
  kernels.clear(gradientStrip, gradientStripBytes);

  const inputPlaceBytes = groupTiles * inChannels * 4 + GAP;
  const inputs = workspace.region("operand", PLACES * inputPlaceBytes);
  const panelBytes = groupTiles * 32 + GAP;
  const gradientPlaceBytes = (outChannels / 8) * panelBytes + GAP;
  const gradients = workspace.region("panels", PLACES * gradientPlaceBytes);

  const bandChannels = bandOf(inChannels, outChannels);
  const productPlaceBytes = inChannels * bandChannels * 4 + GAP;
  const products = workspace.region("products", PLACES * productPlaceBytes + BACK_BYTES);
  const float32Groups = bandChannels === outChannels ? FLOAT32_GROUPS : 1;

  for (let first = 0, group = 0; first < strips; first += groupStrips, group++) {
    const stripCount = Math.min(groupStrips, strips - first);
    kernels.winogradInputs(
      runtime.address(x),
      first,
      stripCount,
      stripsPerImage,
      tilesWide,
      inHeight,
      inWidth,
      inChannels,
      padInfo.top,
      padInfo.left,
      inputStrip,
      inputs,
      inputPlaceBytes,
    );
    kernels.winogradOutputGradients(
      runtime.address(dy),
      first,
      stripCount,
      stripsPerImage,
      tilesWide,
      outHeight,
      outWidth,
      outChannels,
      gradientStrip,
      gradients,
      panelBytes,
      gradientPlaceBytes,
    );
    const isFirst = group % float32Groups === 0;
    const isLast = (group + 1) % float32Groups === 0 || first + groupStrips >= strips;
    for (let channel = 0; channel < outChannels; channel += bandChannels) {
      const channels = Math.min(bandChannels, outChannels - channel);
      if (isFirst) kernels.clear(products, PLACES * productPlaceBytes);
      kernels.winogradProducts(
        inputs,
        inputPlaceBytes,
        inChannels,
        gradients + (channel / 8) * panelBytes,
        panelBytes,
        gradientPlaceBytes,
        channels,
        stripCount * tilesWide,
        products,
        productPlaceBytes,
      );
      if (!isLast) continue;
      kernels.winogradGradients(
        products,
        productPlaceBytes,
        inChannels,
        channels,
        products + PLACES * productPlaceBytes,
        sums + channel * 8,
        outChannels,
      );
    }
  }
  kernels.divideSums(sums, count, 1, runtime.address(gradient));
  return gradient;
}

/** Scratch memory of `winogradGradients`. */
const BACK_BYTES = 288;

/** Outputs whose products are held at a time, a multiple of eight. */
function bandOf(inChannels: number, outChannels: number): number {
  const panels = Math.floor(BAND_BYTES / (PLACES * inChannels * 8 * 4));
  return Math.min(outChannels, Math.max(1, panels) * 8);
}
