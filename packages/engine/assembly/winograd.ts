import { multiplyBlock } from "./multiply";
import { COLUMN_BYTES } from "./winograd-inputs";
import {
  firstOutput,
  fourthOutput,
  PLACES,
  secondOutput,
  SIDE,
  STEP,
  thirdOutput,
  transformTaps,
} from "./winograd-transforms";

/*
 * Correlations with 3x3 taps and stride 1 by Winograd's F(4x4, 3x3): 36 products for 16 outputs instead of 144. Taps and
 * tiles of 6x6 inputs, four apart, are transformed, multiplied place by place as 36 matrix products, and transformed back.
 * See Lavin, Gray: Fast algorithms for convolutional neural networks, 2015, arXiv 1509.09308, section 4.
 */

/**
 * Transforms taps, `taps[3][3]` to `target[6][6]` of `bytes` bytes, a multiple of 16, each `step` bytes after the one before,
 * whatever the order of the filter's elements in them. `scratch` has room for 18 vectors.
 */
export function winogradTaps(taps: usize, bytes: usize, step: usize, target: usize, scratch: usize): void {
  const end = taps + bytes;
  while (taps < end) {
    for (let column: usize = 0; column < 3; column++) {
      const from = taps + column * step;
      transformTaps(
        v128.load(from),
        v128.load(from + 3 * step),
        v128.load(from + 6 * step),
        scratch + (column << 4),
        48,
      );
    }
    for (let row: usize = 0; row < SIDE; row++) {
      const from = scratch + row * 48;
      transformTaps(
        v128.load(from),
        v128.load(from, 16),
        v128.load(from, 32),
        target + row * (SIDE * step),
        step,
      );
    }
    taps += 16;
    target += 16;
  }
}

/** `multiplyBlock` of each place, whose inputs, panels and products lie that many bytes apart. */
export function multiplyPlaces(
  table: usize,
  tiles: i32,
  inputs: usize,
  inputPlaceBytes: usize,
  segments: usize,
  run: i32,
  panels: usize,
  panelBytes: usize,
  panelPlaceBytes: usize,
  products: usize,
  productPlaceBytes: usize,
  columns: i32,
  accumulate: bool,
): void {
  for (let place = 0; place < PLACES; place++) {
    multiplyBlock(table, tiles, inputs, segments, 1, run, panels, panelBytes, products, columns, accumulate);
    inputs += inputPlaceBytes;
    panels += panelPlaceBytes;
    products += productPlaceBytes;
  }
}

/**
 * Transforms `products[place][tile][channels]` of `strips` rows of tiles, of which there are `stripsPerImage` in an image, from
 * `firstStrip` on into outputs, and stores those that lie in images of `height` x `width` pixels. `strip` has room for six
 * rows of `4 * tilesWide` pixels. `channels` is a multiple of four.
 */
export function winogradOutputs(
  products: usize,
  placeBytes: usize,
  firstStrip: i32,
  strips: i32,
  stripsPerImage: i32,
  tilesWide: i32,
  strip: usize,
  y: usize,
  height: i32,
  width: i32,
  channels: i32,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * pixelBytes;
  for (let index = firstStrip; index < firstStrip + strips; index++) {
    const row = (index % stripsPerImage) * STEP;
    const pixelRow = (index / stripsPerImage) * height + row;
    transformColumns(products, placeBytes, tilesWide, pixelBytes, strip);
    transformRows(strip, rowBytes, y + <usize>pixelRow * rowBytes, min(STEP, height - row));
    products += <usize>tilesWide * pixelBytes;
  }
}

function transformColumns(products: usize, placeBytes: usize, tiles: i32, channelBytes: usize, strip: usize): void {
  const pixelBytes = channelBytes * SIDE;
  for (let tile = 0; tile < tiles; tile++) {
    const end = products + channelBytes;
    let to = strip;
    while (products < end) {
      let from = products;
      for (let row: usize = 0; row < COLUMN_BYTES; row += 16) {
        const m0 = v128.load(from);
        from += placeBytes;
        const m1 = v128.load(from);
        from += placeBytes;
        const m2 = v128.load(from);
        from += placeBytes;
        const m3 = v128.load(from);
        from += placeBytes;
        const m4 = v128.load(from);
        from += placeBytes;
        const m5 = v128.load(from);
        from += placeBytes;
        const pixel = to + row;
        v128.store(pixel, firstOutput(m0, m1, m2, m3, m4));
        v128.store(pixel + pixelBytes, secondOutput(m1, m2, m3, m4));
        v128.store(pixel + 2 * pixelBytes, thirdOutput(m1, m2, m3, m4));
        v128.store(pixel + 3 * pixelBytes, fourthOutput(m1, m2, m3, m4, m5));
      }
      to += COLUMN_BYTES;
      products += 16;
    }
    strip += <usize>STEP * pixelBytes;
  }
}

function transformRows(strip: usize, rowBytes: usize, target: usize, rows: i32): void {
  const end = target + rowBytes;
  while (target < end) {
    const m0 = v128.load(strip);
    const m1 = v128.load(strip, 16);
    const m2 = v128.load(strip, 32);
    const m3 = v128.load(strip, 48);
    const m4 = v128.load(strip, 64);
    const m5 = v128.load(strip, 80);
    v128.store(target, firstOutput(m0, m1, m2, m3, m4));
    if (rows > 1) v128.store(target + rowBytes, secondOutput(m1, m2, m3, m4));
    if (rows > 2) v128.store(target + 2 * rowBytes, thirdOutput(m1, m2, m3, m4));
    if (rows > 3) v128.store(target + 3 * rowBytes, fourthOutput(m1, m2, m3, m4, m5));
    strip += COLUMN_BYTES;
    target += 16;
  }
}
