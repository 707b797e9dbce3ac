/** Fractional bits of the weights. */
const PRECISION: i32 = 22;
const HALF: i32 = 1 << (PRECISION - 1);

/** Four bytes as integers. */
@inline
function widen(address: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(address)));
}

/** Four sums as bytes, clamped, in the lowest lane. */
@inline
function narrow(sum: v128): v128 {
  const shifted = i32x4.shr_s(sum, PRECISION);
  const short = i16x8.narrow_i32x4_s(shifted, shifted);
  return i8x16.narrow_i16x8_u(short, short);
}

/**
 * Writes `rows` rows at the target width. `first` and `count` hold one i32 a target pixel, `weights` `stride` i32 each.
 * Colour is read and written four bytes at a time: one byte beyond the end of both is touched.
 */
export function resizeRows(
  source: usize,
  sourceRowBytes: usize,
  rows: i32,
  channels: i32,
  target: usize,
  targetWidth: i32,
  first: usize,
  count: usize,
  weights: usize,
  stride: i32,
): void {
  const targetRowBytes = <usize>(targetWidth * channels);
  let row = 0;
  if (channels == 3) {
    for (; row + 4 <= rows; row += 4) {
      resizeFourRows(source, sourceRowBytes, target, targetWidth, first, count, weights, stride);
      source += 4 * sourceRowBytes;
      target += 4 * targetRowBytes;
    }
  }
  for (; row < rows; row++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let pixel = 0; pixel < targetWidth; pixel++) {
        const taps = load<i32>(count + ((<usize>pixel) << 2));
        let from = source + <usize>(load<i32>(first + ((<usize>pixel) << 2)) * channels + channel);
        let weight = weights + ((<usize>(pixel * stride)) << 2);
        let sum = HALF;
        for (let tap = 0; tap < taps; tap++) {
          sum += <i32>load<u8>(from) * load<i32>(weight);
          from += channels;
          weight += 4;
        }
        const value = min(255, max(0, sum >> PRECISION));
        store<u8>(target + <usize>(pixel * channels + channel), <u8>value);
      }
    }
    source += sourceRowBytes;
    target += targetRowBytes;
  }
}

/** Each weight is read once for the three channels of four rows. */
function resizeFourRows(
  source: usize,
  sourceRowBytes: usize,
  target: usize,
  targetWidth: i32,
  first: usize,
  count: usize,
  weights: usize,
  stride: i32,
): void {
  const targetRowBytes = <usize>(targetWidth * 3);
  for (let pixel = 0; pixel < targetWidth; pixel++) {
    const taps = load<i32>(count + ((<usize>pixel) << 2));
    let from = source + <usize>(load<i32>(first + ((<usize>pixel) << 2)) * 3);
    let weight = weights + ((<usize>(pixel * stride)) << 2);
    let a = i32x4.splat(HALF);
    let b = a;
    let c = a;
    let d = a;
    for (let tap = 0; tap < taps; tap++) {
      const w = v128.load32_splat(weight);
      a = i32x4.add(a, i32x4.mul(widen(from), w));
      b = i32x4.add(b, i32x4.mul(widen(from + sourceRowBytes), w));
      c = i32x4.add(c, i32x4.mul(widen(from + 2 * sourceRowBytes), w));
      d = i32x4.add(d, i32x4.mul(widen(from + 3 * sourceRowBytes), w));
      from += 3;
      weight += 4;
    }
    const to = target + <usize>(pixel * 3);
    storePixel(to, narrow(a));
    storePixel(to + targetRowBytes, narrow(b));
    storePixel(to + 2 * targetRowBytes, narrow(c));
    storePixel(to + 3 * targetRowBytes, narrow(d));
  }
}

@inline
function storePixel(address: usize, pixel: v128): void {
  v128.store16_lane(address, pixel, 0);
  v128.store8_lane(address, pixel, 2, 2);
}

/**
 * Writes `targetRows` rows of `rowBytes` from rows of the same size, 16 columns at a time: up to 15 bytes beyond the end
 * of both are touched.
 */
export function resizeColumns(
  source: usize,
  rowBytes: usize,
  target: usize,
  targetRows: i32,
  first: usize,
  count: usize,
  weights: usize,
  stride: i32,
): void {
  for (let row = 0; row < targetRows; row++) {
    const taps = load<i32>(count + ((<usize>row) << 2));
    const start = source + <usize>load<i32>(first + ((<usize>row) << 2)) * rowBytes;
    for (let column: usize = 0; column < rowBytes; column += 16) {
      let from = start + column;
      let weight = weights + ((<usize>(row * stride)) << 2);
      let a = i32x4.splat(HALF);
      let b = a;
      let c = a;
      let d = a;
      for (let tap = 0; tap < taps; tap++) {
        const bytes = v128.load(from);
        const w = v128.load32_splat(weight);
        const low = i16x8.extend_low_i8x16_u(bytes);
        const high = i16x8.extend_high_i8x16_u(bytes);
        a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), w));
        b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), w));
        c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), w));
        d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), w));
        from += rowBytes;
        weight += 4;
      }
      const low = i16x8.narrow_i32x4_s(i32x4.shr_s(a, PRECISION), i32x4.shr_s(b, PRECISION));
      const high = i16x8.narrow_i32x4_s(i32x4.shr_s(c, PRECISION), i32x4.shr_s(d, PRECISION));
      // What spills beyond a row's end is overwritten by the next row.
      v128.store(target + column, i8x16.narrow_i16x8_u(low, high));
    }
    target += rowBytes;
  }
}
