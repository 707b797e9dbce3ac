import { reduceBlock } from "./reduce";
import { rowAt } from "./winograd-inputs";
import { PLACES, SIDE, STEP, transformBack, transformGradient } from "./winograd-transforms";

/*
 * Filter gradients of 3x3 convolutions with stride 1 by Winograd's F(3x3, 4x4): 36 products for 16 gradients of outputs
 * instead of 144. Rows are transformed first, a whole row of tiles at a time, into a strip of six rows; then columns,
 * tile by tile. See Lavin, Gray: Fast algorithms for convolutional neural networks, 2015, arXiv 1509.09308, section 4.
 */

/**
 * `winogradInputs` of the output's gradient, into panels of eight channels: `target[place][channels / 8][tile][8]`. `strip` has
 * room for six rows of `4 * tilesWide` pixels, zeros behind the last, and for a row of zeros. `channels` is a multiple of
 * eight.
 */
export function winogradOutputGradients(
  dy: usize,
  firstStrip: i32,
  strips: i32,
  stripsPerImage: i32,
  tilesWide: i32,
  height: i32,
  width: i32,
  channels: i32,
  strip: usize,
  target: usize,
  panelBytes: usize,
  placeBytes: usize,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * pixelBytes;
  const stripBytes = <usize>(tilesWide * STEP) * pixelBytes;
  const zeros = strip + SIDE * stripBytes;
  for (let index = firstStrip; index < firstStrip + strips; index++) {
    const image = dy + <usize>(index / stripsPerImage) * <usize>height * rowBytes;
    const row = (index % stripsPerImage) * STEP;
    const r0 = rowAt(image, row, height, rowBytes, zeros);
    const r1 = rowAt(image, row + 1, height, rowBytes, zeros);
    const r2 = rowAt(image, row + 2, height, rowBytes, zeros);
    const r3 = rowAt(image, row + 3, height, rowBytes, zeros);
    for (let at: usize = 0; at < rowBytes; at += 16) {
      transformGradient(
        v128.load(r0 + at),
        v128.load(r1 + at),
        v128.load(r2 + at),
        v128.load(r3 + at),
        strip + at,
        stripBytes,
      );
    }
    for (let tile = 0; tile < tilesWide; tile++) {
      let place = target;
      let from = strip + <usize>(tile * STEP) * pixelBytes;
      for (let side: usize = 0; side < SIDE; side++) {
        let to = place;
        for (let at: usize = 0; at < pixelBytes; at += 32) {
          const pixel = from + at;
          transformGradient(
            v128.load(pixel),
            v128.load(pixel + pixelBytes),
            v128.load(pixel + 2 * pixelBytes),
            v128.load(pixel + 3 * pixelBytes),
            to,
            placeBytes,
          );
          transformGradient(
            v128.load(pixel, 16),
            v128.load(pixel + pixelBytes, 16),
            v128.load(pixel + 2 * pixelBytes, 16),
            v128.load(pixel + 3 * pixelBytes, 16),
            to + 16,
            placeBytes,
          );
          to += panelBytes;
        }
        place += SIDE * placeBytes;
        from += stripBytes;
      }
      target += 32;
    }
  }
}

/** `products[place][in][out] += sum over tiles of inputs[place][tile][in] * gradients[place][tile][out]`, for all places. */
export function winogradProducts(
  inputs: usize,
  inputPlaceBytes: usize,
  inChannels: i32,
  gradients: usize,
  panelBytes: usize,
  gradientPlaceBytes: usize,
  outChannels: i32,
  tiles: i32,
  products: usize,
  productPlaceBytes: usize,
): void {
  const tileBytes = (<usize>inChannels) << 2;
  for (let place = 0; place < PLACES; place++) {
    reduceBlock(inputs, 1, 1, tiles, 0, 0, tileBytes, inChannels, gradients, panelBytes, products, outChannels);
    inputs += inputPlaceBytes;
    gradients += gradientPlaceBytes;
    products += productPlaceBytes;
  }
}

/**
 * `sums[tap][in][out] += ` the filter's gradient of `products[place][in][out]`, in float64, for a band of `bandChannels`
 * of `outChannels` outputs; the number is even. `scratch` has room for 288 bytes.
 */
export function winogradGradients(
  products: usize,
  placeBytes: usize,
  inChannels: i32,
  bandChannels: i32,
  scratch: usize,
  sums: usize,
  outChannels: i32,
): void {
  const sumRowBytes = (<usize>outChannels) << 3;
  const tapBytes = <usize>inChannels * sumRowBytes;
  for (let row = 0; row < inChannels; row++) {
    let target = sums;
    for (let channel = 0; channel < bandChannels; channel += 2) {
      addGradients(products, placeBytes, scratch, target, tapBytes);
      products += 8;
      target += 16;
    }
    sums += sumRowBytes;
  }
}

/** The same of two elements of one filter. */
@inline
function addGradients(products: usize, placeBytes: usize, scratch: usize, sums: usize, tapBytes: usize): void {
  for (let column: usize = 0; column < SIDE; column++) {
    const from = products + column * placeBytes;
    const step = SIDE * placeBytes;
    transformBack(
      f64x2.promote_low_f32x4(v128.load64_zero(from)),
      f64x2.promote_low_f32x4(v128.load64_zero(from + step)),
      f64x2.promote_low_f32x4(v128.load64_zero(from + 2 * step)),
      f64x2.promote_low_f32x4(v128.load64_zero(from + 3 * step)),
      f64x2.promote_low_f32x4(v128.load64_zero(from + 4 * step)),
      f64x2.promote_low_f32x4(v128.load64_zero(from + 5 * step)),
      scratch + (column << 4),
      SIDE * 16,
      false,
    );
  }
  for (let row: usize = 0; row < 3; row++) {
    const from = scratch + row * (SIDE * 16);
    transformBack(
      v128.load(from),
      v128.load(from, 16),
      v128.load(from, 32),
      v128.load(from, 48),
      v128.load(from, 64),
      v128.load(from, 80),
      sums + row * (3 * tapBytes),
      tapBytes,
      true,
    );
  }
}
