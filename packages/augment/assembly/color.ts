import { blues, greens, luminances, PIXELS, reds, storePixels } from "./color-planes";
import { turnHue } from "./hue";

/** What a change is; the second word of each is its factor as f32, or for the hue the turn as an integer. */
const TO_LEVEL: i32 = 0;
const SATURATION: i32 = 1;
const HUE: i32 = 2;

/**
 * Applies `count` changes of colour to each pixel in turn, in place, and returns the sum of the luminances that come out. A
 * change is two words: its kind (and for `TO_LEVEL`, which mixes with an even grey, the level from bit 8 on) and its amount.
 * Up to 45 bytes beyond the image's end are touched.
 */
export function changeColors(image: usize, pixels: i32, changes: usize, count: i32): f64 {
  let sum: i64 = 0;
  for (let place = 0; place < pixels; place += PIXELS) {
    const a = v128.load(image);
    const b = v128.load(image, 16);
    const c = v128.load(image, 32);
    let red = reds(a, b, c);
    let green = greens(a, b, c);
    let blue = blues(a, b, c);
    for (let index = 0; index < count; index++) {
      const change = changes + ((<usize>index) << 3);
      const kind = load<i32>(change) & 255;
      if (kind == HUE) {
        const turn = v128.load32_splat(change + 4);
        const p = turnHue(lane(red, 0), lane(green, 0), lane(blue, 0), turn);
        const q = turnHue(lane(red, 1), lane(green, 1), lane(blue, 1), turn);
        const r = turnHue(lane(red, 2), lane(green, 2), lane(blue, 2), turn);
        const s = turnHue(lane(red, 3), lane(green, 3), lane(blue, 3), turn);
        const low = i8x16.shuffle(p, q, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
        const high = i8x16.shuffle(r, s, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
        const blueLow = i8x16.shuffle(p, q, 2, 6, 10, 14, 18, 22, 26, 30, 2, 6, 10, 14, 18, 22, 26, 30);
        const blueHigh = i8x16.shuffle(r, s, 2, 6, 10, 14, 18, 22, 26, 30, 2, 6, 10, 14, 18, 22, 26, 30);
        red = i8x16.shuffle(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
        green = i8x16.shuffle(low, high, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
        blue = i8x16.shuffle(blueLow, blueHigh, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
      } else {
        const factor = v128.load32_splat(change + 4);
        const grey =
          kind == SATURATION
            ? luminances(red, green, blue)
            : i8x16.splat(<i8>(load<i32>(change) >> 8));
        red = blend(grey, red, factor);
        green = blend(grey, green, factor);
        blue = blend(grey, blue, factor);
      }
    }
    storePixels(image, red, green, blue);
    sum += sumOf(luminances(red, green, blue), pixels - place);
    image += 3 * PIXELS;
  }
  return <f64>sum;
}

/** Gives the channels of each pixel its luminance, in place; up to 45 bytes beyond the image's end are touched. */
export function toGrayscale(image: usize, pixels: i32): void {
  for (let place = 0; place < pixels; place += PIXELS) {
    const a = v128.load(image);
    const b = v128.load(image, 16);
    const c = v128.load(image, 32);
    const grey = luminances(reds(a, b, c), greens(a, b, c), blues(a, b, c));
    storePixels(image, grey, grey, grey);
    image += 3 * PIXELS;
  }
}

/** Inverts the bytes from `threshold` (at most 255) up, in place; up to 15 bytes beyond the end are touched. */
export function solarize(image: usize, bytes: i32, threshold: i32): void {
  const least = i8x16.splat(<i8>threshold);
  for (const end = image + <usize>bytes; image < end; image += 16) {
    const values = v128.load(image);
    v128.store(image, v128.xor(values, i8x16.ge_u(values, least)));
  }
}

/** Four of 16 bytes as integers. */
@inline
function lane(bytes: v128, quarter: i32): v128 {
  const half = quarter < 2 ? i16x8.extend_low_i8x16_u(bytes) : i16x8.extend_high_i8x16_u(bytes);
  return quarter % 2 == 0 ? i32x4.extend_low_i16x8_u(half) : i32x4.extend_high_i16x8_u(half);
}

/** `grey + factor (value - grey)` in single precision, clamped and cut to whole numbers. */
@inline
function blend(grey: v128, value: v128, factor: v128): v128 {
  const greyLow = i16x8.extend_low_i8x16_u(grey);
  const greyHigh = i16x8.extend_high_i8x16_u(grey);
  const stepLow = i16x8.sub(i16x8.extend_low_i8x16_u(value), greyLow);
  const stepHigh = i16x8.sub(i16x8.extend_high_i8x16_u(value), greyHigh);
  return i8x16.narrow_i16x8_u(
    i16x8.narrow_i32x4_s(
      blendFour(i32x4.extend_low_i16x8_u(greyLow), i32x4.extend_low_i16x8_s(stepLow), factor),
      blendFour(i32x4.extend_high_i16x8_u(greyLow), i32x4.extend_high_i16x8_s(stepLow), factor),
    ),
    i16x8.narrow_i32x4_s(
      blendFour(i32x4.extend_low_i16x8_u(greyHigh), i32x4.extend_low_i16x8_s(stepHigh), factor),
      blendFour(i32x4.extend_high_i16x8_u(greyHigh), i32x4.extend_high_i16x8_s(stepHigh), factor),
    ),
  );
}

@inline
function blendFour(grey: v128, step: v128, factor: v128): v128 {
  const mixed = f32x4.add(f32x4.convert_i32x4_s(grey), f32x4.mul(factor, f32x4.convert_i32x4_s(step)));
  return i32x4.trunc_sat_f32x4_s(mixed);
}

/** The sum of the first `used` bytes. */
@inline
function sumOf(bytes: v128, used: i32): i64 {
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const kept = v128.and(bytes, i8x16.lt_u(places, i8x16.splat(<i8>min(used, PIXELS))));
  const pairs = i16x8.extadd_pairwise_i8x16_u(kept);
  const sums = i32x4.extadd_pairwise_i16x8_u(pairs);
  return <i64>(
    (i32x4.extract_lane(sums, 0) +
      i32x4.extract_lane(sums, 1) +
      i32x4.extract_lane(sums, 2) +
      i32x4.extract_lane(sums, 3))
  );
}
