/** Lines that are blurred side by side, one byte of each beside the other. */
const LINES: usize = 16;

/**
 * Blurs along the rows, in place. `one` and `other` each have room for `LINES * (width + 2 * (radius + 1))` bytes.
 * The box has `2 * radius + 1` pixels of `weight` and two of `endWeight`, in 24-bit fixed point.
 */
export function blurRows(
  image: usize,
  width: i32,
  height: i32,
  channels: i32,
  one: usize,
  other: usize,
  radius: i32,
  weight: i32,
  endWeight: i32,
): void {
  const rowBytes = width * channels;
  const lines = height * channels;
  for (let line = 0; line < lines; line += <i32>LINES) {
    const used = min(<i32>LINES, lines - line);
    moveLines(image, rowBytes, width, channels, line, used, one + reachOf(radius), false);
    blurThrice(one, other, width, radius, weight, endWeight);
    moveLines(image, rowBytes, width, channels, line, used, other + reachOf(radius), true);
  }
}

/** Blurs along the columns, in place; up to 15 bytes beyond the image's end are touched, and stay as they were. */
export function blurColumns(
  image: usize,
  width: i32,
  height: i32,
  channels: i32,
  one: usize,
  other: usize,
  radius: i32,
  weight: i32,
  endWeight: i32,
): void {
  const rowBytes = <usize>(width * channels);
  for (let column: usize = 0; column < rowBytes; column += LINES) {
    // The last columns may have been blurred already: they are left alone.
    const used = min(LINES, rowBytes - column);
    let place = one + reachOf(radius);
    let at = image + column;
    for (let row = 0; row < height; row++) {
      v128.store(place, v128.load(at));
      place += LINES;
      at += rowBytes;
    }
    blurThrice(one, other, height, radius, weight, endWeight);
    place = other + reachOf(radius);
    at = image + column;
    for (let row = 0; row < height; row++) {
      if (used == LINES) v128.store(at, v128.load(place));
      else memory.copy(at, place, used);
      place += LINES;
      at += rowBytes;
    }
  }
}

/** Copies `used` lines, counted through the channels of each row, into lanes, or back. */
function moveLines(
  image: usize,
  rowBytes: i32,
  width: i32,
  channels: i32,
  firstLine: i32,
  used: i32,
  lanes: usize,
  back: bool,
): void {
  for (let lane = 0; lane < used; lane++) {
    const line = firstLine + lane;
    let at = image + <usize>((line / channels) * rowBytes + (line % channels));
    let place = lanes + <usize>lane;
    if (back) {
      for (let pixel = 0; pixel < width; pixel++) {
        store<u8>(at, load<u8>(place));
        at += channels;
        place += LINES;
      }
    } else {
      for (let pixel = 0; pixel < width; pixel++) {
        store<u8>(place, load<u8>(at));
        at += channels;
        place += LINES;
      }
    }
  }
}

@inline
function reachOf(radius: i32): usize {
  return LINES * <usize>(radius + 1);
}

/** From `one` to `other`. */
function blurThrice(one: usize, other: usize, length: i32, radius: i32, weight: i32, endWeight: i32): void {
  blurPass(one, other, length, radius, weight, endWeight);
  blurPass(other, one, length, radius, weight, endWeight);
  blurPass(one, other, length, radius, weight, endWeight);
}

function blurPass(from: usize, to: usize, length: i32, radius: i32, weight: i32, endWeight: i32): void {
  const reach = reachOf(radius);
  const head = v128.load(from + reach);
  const last = from + reach + LINES * <usize>(length - 1);
  const tail = v128.load(last);
  for (let place: usize = 0; place < reach; place += LINES) {
    v128.store(from + place, head);
    v128.store(last + LINES + place, tail);
  }
  const span = LINES * <usize>(2 * radius + 1);
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (let place: usize = 0; place < span; place += LINES) {
    const bytes = v128.load(from + place);
    const low = i16x8.extend_low_i8x16_u(bytes);
    const high = i16x8.extend_high_i8x16_u(bytes);
    a = i32x4.add(a, i32x4.extend_low_i16x8_u(low));
    b = i32x4.add(b, i32x4.extend_high_i16x8_u(low));
    c = i32x4.add(c, i32x4.extend_low_i16x8_u(high));
    d = i32x4.add(d, i32x4.extend_high_i16x8_u(high));
  }
  const w = i32x4.splat(weight);
  const e = i32x4.splat(endWeight);
  const half = i32x4.splat(0x800000);
  let out = to + reach;
  for (let place = 0; place < length; place++) {
    const before = v128.load(from);
    const next = v128.load(from + span);
    const beyond = v128.load(from + span + LINES);
    const beforeLow = i16x8.extend_low_i8x16_u(before);
    const beforeHigh = i16x8.extend_high_i8x16_u(before);
    // Differences and sums of two bytes fit into 16 bits.
    const stepLow = i16x8.sub(i16x8.extend_low_i8x16_u(next), beforeLow);
    const stepHigh = i16x8.sub(i16x8.extend_high_i8x16_u(next), beforeHigh);
    const endsLow = i16x8.add(i16x8.extend_low_i8x16_u(beyond), beforeLow);
    const endsHigh = i16x8.add(i16x8.extend_high_i8x16_u(beyond), beforeHigh);
    a = i32x4.add(a, i32x4.extend_low_i16x8_s(stepLow));
    b = i32x4.add(b, i32x4.extend_high_i16x8_s(stepLow));
    c = i32x4.add(c, i32x4.extend_low_i16x8_s(stepHigh));
    d = i32x4.add(d, i32x4.extend_high_i16x8_s(stepHigh));
    const low = i16x8.narrow_i32x4_s(
      mix(a, i32x4.extend_low_i16x8_u(endsLow), w, e, half),
      mix(b, i32x4.extend_high_i16x8_u(endsLow), w, e, half),
    );
    const high = i16x8.narrow_i32x4_s(
      mix(c, i32x4.extend_low_i16x8_u(endsHigh), w, e, half),
      mix(d, i32x4.extend_high_i16x8_u(endsHigh), w, e, half),
    );
    v128.store(out, i8x16.narrow_i16x8_u(low, high));
    from += LINES;
    out += LINES;
  }
}

@inline
function mix(sum: v128, ends: v128, weight: v128, endWeight: v128, half: v128): v128 {
  const mixed = i32x4.add(i32x4.mul(sum, weight), i32x4.mul(ends, endWeight));
  return i32x4.shr_u(i32x4.add(mixed, half), 24);
}
