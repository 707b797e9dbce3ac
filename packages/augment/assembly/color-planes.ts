/** Pixels that are worked on side by side: the bytes of one channel fill a vector. */
export const PIXELS: i32 = 16;

/** The red bytes of 16 pixels. */
@inline
export function reds(a: v128, b: v128, c: v128): v128 {
  const ab = i8x16.shuffle(a, b, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0);
  return i8x16.shuffle(ab, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29);
}

/** The green bytes of 16 pixels. */
@inline
export function greens(a: v128, b: v128, c: v128): v128 {
  const ab = i8x16.shuffle(a, b, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0);
  return i8x16.shuffle(ab, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30);
}

/** The blue bytes of 16 pixels. */
@inline
export function blues(a: v128, b: v128, c: v128): v128 {
  const ab = i8x16.shuffle(a, b, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0);
  return i8x16.shuffle(ab, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31);
}

/** Writes the 48 bytes of 16 pixels. */
@inline
export function storePixels(address: usize, red: v128, green: v128, blue: v128): void {
  let mixed = i8x16.shuffle(red, green, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
  v128.store(address, i8x16.shuffle(mixed, blue, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15));
  mixed = i8x16.shuffle(red, green, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
  v128.store(
    address,
    i8x16.shuffle(mixed, blue, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15),
    16,
  );
  mixed = i8x16.shuffle(red, green, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
  v128.store(
    address,
    i8x16.shuffle(mixed, blue, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31),
    32,
  );
}

/**
 * The luma of ITU-R 601-2 of 16 pixels, `0.299 red + 0.587 green + 0.114 blue`, in 16-bit fixed point, rounded. Green's
 * weight does not fit into 16 signed bits: half of it is taken twice.
 */
@inline
export function luminances(red: v128, green: v128, blue: v128): v128 {
  const redLow = interleaveLow(red, green);
  const redHigh = interleaveHigh(red, green);
  const blueLow = interleaveLow(blue, green);
  const blueHigh = interleaveHigh(blue, green);
  return i8x16.narrow_i16x8_u(
    i16x8.narrow_i32x4_s(
      weigh(i16x8.extend_low_i8x16_u(redLow), i16x8.extend_low_i8x16_u(blueLow)),
      weigh(i16x8.extend_high_i8x16_u(redLow), i16x8.extend_high_i8x16_u(blueLow)),
    ),
    i16x8.narrow_i32x4_s(
      weigh(i16x8.extend_low_i8x16_u(redHigh), i16x8.extend_low_i8x16_u(blueHigh)),
      weigh(i16x8.extend_high_i8x16_u(redHigh), i16x8.extend_high_i8x16_u(blueHigh)),
    ),
  );
}

@inline
function interleaveLow(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

@inline
function interleaveHigh(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

@inline
function weigh(redGreen: v128, blueGreen: v128): v128 {
  const a = i32x4.dot_i16x8_s(redGreen, i16x8(19595, 19235, 19595, 19235, 19595, 19235, 19595, 19235));
  const b = i32x4.dot_i16x8_s(blueGreen, i16x8(7471, 19235, 7471, 19235, 7471, 19235, 7471, 19235));
  return i32x4.shr_u(i32x4.add(i32x4.add(a, b), i32x4.splat(0x8000)), 16);
}
