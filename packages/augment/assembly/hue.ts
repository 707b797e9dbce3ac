/** Which of value (0), falling or rising (1) and low (2) a channel takes, by sextant; green is four sextants on, blue two. */
const PLACES: v128 = i8x16(0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2);

/**
 * Turns the hue of four pixels, whose channels are integers; a pixel of the result is red, green, blue and a byte without meaning.
 * Pillow goes by way of hue, saturation and value as bytes, in single and double precision, and so do these: where single
 * precision stands for double, the difference cannot reach a whole number.
 */
@inline
export function turnHue(red: v128, green: v128, blue: v128, turn: v128): v128 {
  const value = i32x4.max_s(red, i32x4.max_s(green, blue));
  const least = i32x4.min_s(red, i32x4.min_s(green, blue));
  const middle = i32x4.sub(i32x4.add(i32x4.add(red, green), blue), i32x4.add(value, least));
  const v = f32x4.convert_i32x4_s(value);
  const chroma = f32x4.convert_i32x4_s(i32x4.sub(value, least));
  // Without chroma there is nothing but value below: whatever 0 / 0 gives for the hue comes to nothing.
  const share = f32x4.div(wholeOf255(f32x4.div(chroma, v)), f32x4.splat(255));
  const hue = v128.and(
    i32x4.add(
      i32x4.trunc_sat_f32x4_u(wholeOf255(turnsOf(red, green, blue, value, least, middle, chroma))),
      turn,
    ),
    i32x4.splat(255),
  );
  const six = f32x4.convert_i32x4_s(i32x4.mul(hue, i32x4.splat(6)));
  const whole = f32x4.floor(f32x4.div(six, f32x4.splat(255)));
  const fraction = f32x4.div(f32x4.sub(six, f32x4.mul(whole, f32x4.splat(255))), f32x4.splat(255));
  const sextant = i32x4.trunc_sat_f32x4_u(whole);
  const isOdd = i32x4.shr_s(i32x4.shl(sextant, 31), 31);
  const low = i32x4.trunc_sat_f32x4_u(
    f32x4.add(f32x4.mul(v, f32x4.sub(f32x4.splat(1), share)), f32x4.splat(0.5)),
  );
  const between = betweenOf(v, share, fraction, isOdd);
  const bytes = v128.or(value, v128.or(i32x4.shl(between, 8), i32x4.shl(low, 16)));
  const places = i8x16.swizzle(
    PLACES,
    i32x4.add(i32x4.mul(sextant, i32x4.splat(0x010101)), i32x4.splat(0x020400)),
  );
  return i8x16.swizzle(bytes, i8x16.add(places, i8x16(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12)));
}

/** `floor(255 x)`, of the exact product: single precision may round it up to a whole number. */
@inline
function wholeOf255(x: v128): v128 {
  const whole = f32x4.floor(f32x4.mul(x, f32x4.splat(255)));
  // 256 x - whole is about x: both differences are exact.
  const rest = f32x4.sub(f32x4.sub(f32x4.mul(x, f32x4.splat(256)), whole), x);
  return f32x4.sub(whole, v128.and(f32x4.lt(rest, f32x4.splat(0)), f32x4.splat(1)));
}

/** The hue in turns from 0 to 1, `frac(sextants / 6 + 1)` in double precision, as singles. */
@inline
function turnsOf(
  red: v128,
  green: v128,
  blue: v128,
  value: v128,
  least: v128,
  middle: v128,
  chroma: v128,
): v128 {
  const isRed = i32x4.eq(red, value);
  const isGreen = i32x4.eq(green, value);
  // The channel after the greatest one, round the circle: how far the hue lies on its side, or on the other's.
  const after = v128.bitselect(blue, v128.bitselect(red, green, isGreen), isRed);
  const centre = v128.bitselect(
    f32x4.splat(0),
    v128.bitselect(f32x4.splat(2), f32x4.splat(4), isGreen),
    isRed,
  );
  const distance = f32x4.div(f32x4.convert_i32x4_s(i32x4.sub(value, middle)), chroma);
  const one = f32x4.splat(1);
  const sextants = v128.bitselect(
    f32x4.sub(f32x4.add(centre, one), distance),
    f32x4.add(f32x4.sub(centre, one), distance),
    i32x4.eq(after, least),
  );
  const upper = i8x16.shuffle(sextants, sextants, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  return joinHalves(f32x4.demote_f64x2_zero(fractionOf(sextants)), f32x4.demote_f64x2_zero(fractionOf(upper)));
}

@inline
function fractionOf(sextants: v128): v128 {
  const one = f64x2.splat(1);
  const turns = f64x2.add(f64x2.div(f64x2.promote_low_f32x4(sextants), f64x2.splat(6)), one);
  return f64x2.sub(turns, v128.and(f64x2.ge(turns, one), one));
}

/** `value (1 - share fraction)` in odd sextants, `value (1 - share (1 - fraction))` in even ones, rounded. */
@inline
function betweenOf(v: v128, share: v128, fraction: v128, isOdd: v128): v128 {
  const product = f32x4.mul(share, fraction);
  const low = mixHalf(v, share, fraction, product, i8x16.shuffle(isOdd, isOdd, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7));
  const high = mixHalf(
    upperOf(v),
    upperOf(share),
    upperOf(fraction),
    upperOf(product),
    i8x16.shuffle(isOdd, isOdd, 8, 9, 10, 11, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15),
  );
  return joinHalves(low, high);
}

@inline
function mixHalf(v: v128, share: v128, fraction: v128, product: v128, isOdd: v128): v128 {
  const one = f64x2.splat(1);
  const rising = f64x2.mul(
    f64x2.promote_low_f32x4(share),
    f64x2.sub(one, f64x2.promote_low_f32x4(fraction)),
  );
  const lost = v128.bitselect(f64x2.promote_low_f32x4(product), rising, isOdd);
  const mixed = f64x2.mul(f64x2.promote_low_f32x4(v), f64x2.sub(one, lost));
  return i32x4.trunc_sat_f64x2_u_zero(f64x2.add(mixed, f64x2.splat(0.5)));
}

@inline
function upperOf(x: v128): v128 {
  return i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
}

/** The lower halves of two vectors. */
@inline
function joinHalves(low: v128, high: v128): v128 {
  return i8x16.shuffle(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
}
