/*
 * Sums in float64: a float32 one stands still once it is 2^24 times its summands, and is off by 1e-5 long before.
 */

/** Adds eight float32 to the eight float64 at `target`. */
@inline
export function addWide(target: usize, low: v128, high: v128): void {
  addPair(target, low);
  addPair(target + 16, v128.shuffle<f32>(low, low, 2, 3, 2, 3));
  addPair(target + 32, high);
  addPair(target + 48, v128.shuffle<f32>(high, high, 2, 3, 2, 3));
}

@inline
function addPair(target: usize, pair: v128): void {
  v128.store(target, f64x2.add(v128.load(target), f64x2.promote_low_f32x4(pair)));
}

/** `target = sums / divisor` as float32, from float64. */
export function divideSums(sums: usize, count: i32, divisor: f64, target: usize): void {
  const share = 1 / divisor;
  let index = 0;
  for (; index + 4 <= count; index += 4) {
    const low = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(sums), f64x2.splat(share)));
    const high = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(sums, 16), f64x2.splat(share)));
    v128.store(target, v128.shuffle<f32>(low, high, 0, 1, 4, 5));
    sums += 32;
    target += 16;
  }
  for (; index < count; index++) {
    store<f32>(target, <f32>(load<f64>(sums) * share));
    sums += 8;
    target += 4;
  }
}

/** `sums[outer][inner] += sum over reduced of source[outer][reduced][inner]`, from float32 to float64. */
export function addSums(source: usize, outer: i32, reduced: i32, inner: i32, sums: usize): void {
  if (inner == 1) {
    for (let index = 0; index < outer; index++) {
      store<f64>(sums, load<f64>(sums) + sumOf(source, reduced));
      source += (<usize>reduced) << 2;
      sums += 8;
    }
    return;
  }
  const rowBytes = (<usize>inner) << 2;
  for (let index = 0; index < outer; index++) {
    let row = 0;
    for (; row + 4 <= reduced; row += 4) {
      addFourRows(source, rowBytes, sums);
      source += 4 * rowBytes;
    }
    for (; row < reduced; row++) {
      addRow(source, rowBytes, sums);
      source += rowBytes;
    }
    sums += 2 * rowBytes;
  }
}

@inline
function load2(address: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(address));
}

function sumOf(source: usize, count: i32): f64 {
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let sum2 = f64x2.splat(0);
  let sum3 = f64x2.splat(0);
  let index = 0;
  for (; index + 8 <= count; index += 8) {
    sum0 = f64x2.add(sum0, load2(source));
    sum1 = f64x2.add(sum1, load2(source + 8));
    sum2 = f64x2.add(sum2, load2(source + 16));
    sum3 = f64x2.add(sum3, load2(source + 24));
    source += 32;
  }
  const sums = f64x2.add(f64x2.add(sum0, sum1), f64x2.add(sum2, sum3));
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (; index < count; index++) {
    sum += <f64>load<f32>(source);
    source += 4;
  }
  return sum;
}

function addFourRows(source: usize, rowBytes: usize, sums: usize): void {
  let at: usize = 0;
  for (; at + 8 <= rowBytes; at += 8) {
    const a = source + at;
    const b = a + rowBytes;
    const c = b + rowBytes;
    const four = f64x2.add(f64x2.add(load2(a), load2(b)), f64x2.add(load2(c), load2(c + rowBytes)));
    v128.store(sums + 2 * at, f64x2.add(v128.load(sums + 2 * at), four));
  }
  if (at < rowBytes) {
    for (let row: usize = 0; row < 4; row++) addLast(source + row * rowBytes + at, sums + 2 * at);
  }
}

function addRow(source: usize, rowBytes: usize, sums: usize): void {
  let at: usize = 0;
  for (; at + 8 <= rowBytes; at += 8) {
    v128.store(sums + 2 * at, f64x2.add(v128.load(sums + 2 * at), load2(source + at)));
  }
  if (at < rowBytes) addLast(source + at, sums + 2 * at);
}

@inline
function addLast(source: usize, sum: usize): void {
  store<f64>(sum, load<f64>(sum) + <f64>load<f32>(source));
}
