import type { ConvolutionGeometry } from "./convolution.js";
import { TILE_ROWS } from "./correlate.js";
import type { Address } from "./kernel-module.js";
import type { WasmRuntime } from "./runtime.js";
import { passesOf } from "./segments.js";
import { GAP, PLACES, TILE } from "./winograd-tile.js";

/** Transformed tiles and products of a block stay in the second-level cache, */
const BLOCK_BYTES = 393_216;
/** unless that would be fewer tiles than are worth reading the filter for. */
const BLOCK_TILES = 48;

/** Summands of a float32 sum: transforming back enlarges its error three times, so that it takes fewer than elsewhere. */
const PASS_SUMMANDS = 64;

/** With four channels the transforms leave 1.4x of the speed, and there are so few summands that errors grow more than fourfold. */
const LEAST_CHANNELS = 8;
/** Transforming the filter takes what the products of 3 tiles save with up to 256 channels, of 8 with 512. */
const LEAST_TILES = 8;
/** Products are a quarter where tiles are full; with half of them the transforms take what the rest saves. */
const LEAST_GAIN = 2;

/** A correlation of NHWC images with 3x3 taps and stride 1; channels are multiples of four. */
export interface WinogradCorrelation {
  readonly source: Address;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Zero rows above and zero columns to the left; negative where the first ones are not read. */
  readonly top: number;
  readonly left: number;
  /** Packs one tap, `[ceil(outputChannels / 8)][channels][8]`. */
  readonly packTap: (row: number, column: number, target: Address) => void;
  readonly output: Address;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly outputChannels: number;
}

/**
 * Whether `winograd` is faster than `correlate` for a convolution of `height` x `width` outputs, or for an input gradient of
 * as many inputs. Measured with 4 to 512 channels: docs/performance.md, "The wasm engine".
 */
export function suitsWinograd(geometry: ConvolutionGeometry, height: number, width: number): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, inChannels, outChannels } = geometry;
  const { batchSize, dilationHeight, dilationWidth } = geometry;
  if (filterHeight !== 3 || filterWidth !== 3 || inChannels % 4 !== 0 || outChannels % 4 !== 0) return false;
  if (Math.min(inChannels, outChannels) < LEAST_CHANNELS) return false;
  if (Math.max(strideHeight, strideWidth, dilationHeight, dilationWidth) > 1) return false;
  const tiles = Math.ceil(height / TILE) * Math.ceil(width / TILE);
  return batchSize * tiles >= LEAST_TILES && tiles * PLACES * LEAST_GAIN <= height * width * 9;
}

/**
 * Computes a correlation that `suitsWinograd` by F(4x4, 3x3), block by block of strips, which are rows of tiles of an image.
 * Its rounding error is 2.4 to 2.8 times that of `correlate`, 4e-7 to 9e-7 of the result's length.
 *
 * @see Lavin, Gray: Fast algorithms for convolutional neural networks, 2015, arXiv 1509.09308, section 4
 */
export function winograd(runtime: WasmRuntime, correlation: WinogradCorrelation): void {
  const { kernels, workspace } = runtime;
  const { source, batch, height, width, channels, top, left } = correlation;
  const { output, outputHeight, outputWidth, outputChannels } = correlation;
  const filter = transformedFilter(runtime, correlation);
  const stripsPerImage = Math.ceil(outputHeight / TILE);
  const tilesWide = Math.ceil(outputWidth / TILE);
  const strips = batch * stripsPerImage;
  const blockStrips = Math.min(strips, stripsOfBlock(tilesWide, channels + outputChannels));
  const tiles = blockStrips * tilesWide;
  const inputStep = tiles * channels * 4 + GAP;
  const inputs = workspace.region("operand", PLACES * inputStep);
  const productStep = tiles * outputChannels * 4 + GAP;
  const products = workspace.region("products", PLACES * productStep);
  const stripPixels = 6 * (TILE * tilesWide + 2);
  const stripFloats = Math.max((stripPixels + width) * channels, stripPixels * outputChannels);
  const strip = workspace.region("padded", stripFloats * 4);
  const table = workspace.region("table", (tiles + TILE_ROWS) * 8);
  const segments = workspace.region("segments", 4);
  kernels.clear(segments, 4);
  const passes = passesOf({ offsets: [0], run: channels }, PASS_SUMMANDS);
  let tableTiles = 0;
  for (let first = 0; first < strips; first += blockStrips) {
    const block = [first, Math.min(blockStrips, strips - first), stripsPerImage, tilesWide] as const;
    const count = block[1] * tilesWide;
    if (count !== tableTiles) {
      kernels.buildRowTable(table, 1, 1, count, 0, 0, channels * 4, 0, 0, outputChannels * 4);
      tableTiles = count;
    }
    kernels.winogradInputs(source, ...block, height, width, channels, top, left, strip, inputs, inputStep);
    passes.forEach(({ skip, run }, index) => {
      kernels.multiplyPlaces(
        table,
        count,
        inputs + skip * 4,
        inputStep,
        segments,
        run,
        filter.address + skip * 32,
        channels * 32,
        filter.step,
        products,
        productStep,
        outputChannels,
        Number(index > 0),
      );
    });
    kernels.winogradOutputs(
      products,
      productStep,
      ...block,
      strip,
      output,
      outputHeight,
      outputWidth,
      outputChannels,
    );
  }
}

function transformedFilter(
  { kernels, workspace }: WasmRuntime,
  { channels, outputChannels, packTap }: WinogradCorrelation,
): { readonly address: Address; readonly step: number } {
  const bytes = Math.ceil(outputChannels / 8) * channels * 32;
  const step = bytes + GAP;
  // Before it holds inputs.
  const taps = workspace.region("operand", 9 * step);
  for (let tap = 0; tap < 9; tap++) packTap(Math.floor(tap / 3), tap % 3, taps + tap * step);
  const address = workspace.region("panels", PLACES * step);
  kernels.winogradTaps(taps, bytes, step, address, workspace.region("padded", 18 * 16));
  return { address, step };
}

/** Strips of a block: if several, then whole tiles of the product. */
function stripsOfBlock(tilesWide: number, channels: number): number {
  const strips = Math.max(BLOCK_BYTES / (PLACES * channels * 4), BLOCK_TILES) / tilesWide;
  return strips < TILE_ROWS ? Math.ceil(strips) : Math.floor(strips / TILE_ROWS) * TILE_ROWS;
}
