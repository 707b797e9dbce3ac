/** `sum + a * b`. WebAssembly SIMD has no fused form; the relaxed one gave 3 to 5 % here and results that vary. */
@inline
export function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** Stores the first `count` (below 8) of the eight floats in `low` and `high`. */
export function storePart(address: usize, low: v128, high: v128, count: i32): void {
  let rest = low;
  if (count >= 4) {
    v128.store(address, low);
    address += 16;
    count -= 4;
    rest = high;
  }
  if (count > 0) v128.store32_lane(address, rest, 0, 0);
  if (count > 1) v128.store32_lane(address, rest, 1, 4);
  if (count > 2) v128.store32_lane(address, rest, 2, 8);
}

/** Loads the first `count` (1 to 4) floats at `address`, zeros behind them. */
export function loadPart(address: usize, count: i32): v128 {
  if (count >= 4) return v128.load(address);
  let part = v128.load32_zero(address);
  if (count > 1) part = v128.load32_lane(address, part, 1, 4);
  if (count > 2) part = v128.load32_lane(address, part, 2, 8);
  return part;
}
