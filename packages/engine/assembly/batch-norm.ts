import { multiplyAdd } from "./simd";
import { addWide, divideSums } from "./sum";

/*
 * A matrix [rows, channels] is gone through in chunks of rows that stay in the first-level cache; within a chunk,
 * eight channels at a time are summed up in registers. No more than RUN rows are added up in float32, runs in float64.
 */
const CHUNK_BYTES = 24576;
const RUN = 64;

function chunkRows(channels: i32): i32 {
  return min(512, max(32, CHUNK_BYTES / (channels << 2)));
}

/** From this stride on, the processor no longer foresees the passes over eight channels. */
const LONG_STRIDE: usize = 512;

/**
 * Reads a chunk of long rows once in order, which fetches it into the cache several times faster than the passes over
 * eight channels would. What it writes to `sink` only keeps the reads from being optimised away.
 */
function fetch(chunk: usize, bytes: usize, rowBytes: usize, sink: usize): void {
  if (rowBytes < LONG_STRIDE) return;
  let bits = i32x4.splat(0);
  for (const end = chunk + bytes; chunk < end; chunk += 64) bits = v128.or(bits, v128.load(chunk));
  v128.store32_lane(sink, bits, 0);
}

/**
 * Mean and biased variance of each channel of `x [rows, channels]`, from the sums of `d` and `d * d`, `d` being the
 * difference from a rough mean: sound for a mean far above the deviation. `scratch` holds `2 * channels` float64 and
 * `channels` float32.
 */
export function statistics(
  x: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  variance: usize,
  scratch: usize,
): void {
  const rowBytes = (<usize>channels) << 2;
  const squares = scratch + 2 * rowBytes;
  const shift = scratch + 4 * rowBytes;
  memory.fill(scratch, 0, 4 * rowBytes);
  roughMean(x, rows, channels, shift);
  const step = chunkRows(channels);
  for (let first = 0; first < rows; first += step) {
    const count = min(step, rows - first);
    const chunk = x + <usize>first * rowBytes;
    fetch(chunk, <usize>count * rowBytes, rowBytes, mean);
    addMoments(chunk, count, channels, shift, scratch, squares);
  }
  const size = <f64>rows;
  for (let channel: usize = 0; channel < <usize>channels; channel++) {
    const at = channel << 2;
    const offset = load<f64>(scratch + 2 * at) / size;
    const square = load<f64>(squares + 2 * at) / size;
    store<f32>(mean + at, <f32>(<f64>load<f32>(shift + at) + offset));
    store<f32>(variance + at, <f32>max(square - offset * offset, 0));
  }
}

/** The mean of a few rows from all over `x`; their distance is odd so that they are not the same pixel of images. */
function roughMean(x: usize, rows: i32, channels: i32, target: usize): void {
  const samples = min(rows, 16);
  const distance = (rows / max(samples, 1)) | 1;
  const share = <f32>1 / <f32>samples;
  const rowBytes = (<usize>channels) << 2;
  memory.fill(target, 0, rowBytes);
  for (let sample = 0; sample < samples; sample++) {
    const row = x + <usize>((sample * distance) % rows) * rowBytes;
    for (let at: usize = 0; at < rowBytes; at += 4) {
      store<f32>(target + at, load<f32>(target + at) + load<f32>(row + at) * share);
    }
  }
}

/** Adds the sums of `d` and `d * d`, `d` being the difference from `shift`, to float64 `sums` and `squares`. */
function addMoments(chunk: usize, rows: i32, channels: i32, shift: usize, sums: usize, squares: usize): void {
  const rowBytes = (<usize>channels) << 2;
  const end = chunk + <usize>rows * rowBytes;
  let at: usize = 0;
  for (; at + 32 <= rowBytes; at += 32) {
    const shift0 = v128.load(shift + at);
    const shift1 = v128.load(shift + at, 16);
    for (let row = chunk + at; row < end; ) {
      const runEnd = min(end, row + RUN * rowBytes);
      let sum0 = f32x4.splat(0);
      let sum1 = f32x4.splat(0);
      let square0 = f32x4.splat(0);
      let square1 = f32x4.splat(0);
      for (; row < runEnd; row += rowBytes) {
        const d0 = f32x4.sub(v128.load(row), shift0);
        const d1 = f32x4.sub(v128.load(row, 16), shift1);
        sum0 = f32x4.add(sum0, d0);
        sum1 = f32x4.add(sum1, d1);
        square0 = multiplyAdd(square0, d0, d0);
        square1 = multiplyAdd(square1, d1, d1);
      }
      addWide(sums + 2 * at, sum0, sum1);
      addWide(squares + 2 * at, square0, square1);
    }
  }
  for (; at < rowBytes; at += 4) {
    let sum = load<f64>(sums + 2 * at);
    let square = load<f64>(squares + 2 * at);
    for (let row = chunk + at; row < end; row += rowBytes) {
      const d = <f64>(load<f32>(row) - load<f32>(shift + at));
      sum += d;
      square += d * d;
    }
    store<f64>(sums + 2 * at, sum);
    store<f64>(squares + 2 * at, square);
  }
}

/** `factor = scale / sqrt(variance + epsilon)` and a copy of `offset`; a null `scale` is 1, a null `offset` 0. */
export function coefficients(
  variance: usize,
  scale: usize,
  offset: usize,
  epsilon: f32,
  channels: i32,
  factor: usize,
  shift: usize,
): void {
  for (let channel: usize = 0; channel < <usize>channels; channel++) {
    const at = channel << 2;
    const gain = scale ? <f64>load<f32>(scale + at) : 1;
    store<f32>(factor + at, <f32>(gain / Math.sqrt(<f64>load<f32>(variance + at) + <f64>epsilon)));
    store<f32>(shift + at, offset ? load<f32>(offset + at) : 0);
  }
}

@inline
function normal4(x: usize, residual: usize, mean: usize, factor: usize, shift: usize): v128 {
  const y = multiplyAdd(v128.load(shift), f32x4.sub(v128.load(x), v128.load(mean)), v128.load(factor));
  return residual ? f32x4.add(y, v128.load(residual)) : y;
}

@inline
function normal1(x: usize, residual: usize, mean: usize, factor: usize, shift: usize): f32 {
  const y = (load<f32>(x) - load<f32>(mean)) * load<f32>(factor) + load<f32>(shift);
  return residual ? y + load<f32>(residual) : y;
}

/** `y = (x - mean) * factor + shift [+ residual] [relu]`; `residual` may be null. */
export function normalize(
  x: usize,
  residual: usize,
  y: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  factor: usize,
  shift: usize,
  relu: bool,
): void {
  const quads = (<usize>channels & ~3) << 2;
  const rowBytes = (<usize>channels) << 2;
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  for (let row = 0; row < rows; row++) {
    let at: usize = 0;
    if (residual) {
      for (; at < quads; at += 16) {
        v128.store(y + at, f32x4.max(normal4(x + at, residual + at, mean + at, factor + at, shift + at), floor));
      }
    } else {
      for (; at < quads; at += 16) {
        v128.store(y + at, f32x4.max(normal4(x + at, 0, mean + at, factor + at, shift + at), floor));
      }
    }
    for (; at < rowBytes; at += 4) {
      const value = normal1(x + at, residual ? residual + at : 0, mean + at, factor + at, shift + at);
      store<f32>(y + at, relu ? max<f32>(value, 0) : value);
    }
    x += rowBytes;
    y += rowBytes;
    if (residual) residual += rowBytes;
  }
}

/**
 * The same, averaged over each sample's `pixels` rows: `y [batch, channels]`. `scratch` holds `channels` float64 and
 * one float32.
 */
export function normalizePool(
  x: usize,
  residual: usize,
  y: usize,
  batch: i32,
  pixels: i32,
  channels: i32,
  mean: usize,
  factor: usize,
  shift: usize,
  relu: bool,
  scratch: usize,
): void {
  const rowBytes = (<usize>channels) << 2;
  const sampleBytes = rowBytes * <usize>pixels;
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  const wholeBytes = rowBytes & ~31;
  const chunkBytes = <usize>chunkRows(channels) * rowBytes;
  const sink = scratch + 2 * rowBytes;
  for (let sample = 0; sample < batch; sample++) {
    memory.fill(scratch, 0, 2 * rowBytes);
    for (let first: usize = 0; first < sampleBytes; first += chunkBytes) {
      const last = min(sampleBytes, first + chunkBytes);
      fetch(x + first, last - first, rowBytes, sink);
      if (residual) fetch(residual + first, last - first, rowBytes, sink);
      for (let at: usize = 0; at < wholeBytes; at += 32) {
        const mean0 = v128.load(mean + at);
        const mean1 = v128.load(mean + at, 16);
        const factor0 = v128.load(factor + at);
        const factor1 = v128.load(factor + at, 16);
        const shift0 = v128.load(shift + at);
        const shift1 = v128.load(shift + at, 16);
        for (let row = first + at; row < last; ) {
          const runEnd = min(last, row + RUN * rowBytes);
          let sum0 = f32x4.splat(0);
          let sum1 = f32x4.splat(0);
          for (; row < runEnd; row += rowBytes) {
            let y0 = multiplyAdd(shift0, f32x4.sub(v128.load(x + row), mean0), factor0);
            let y1 = multiplyAdd(shift1, f32x4.sub(v128.load(x + row, 16), mean1), factor1);
            if (residual) {
              y0 = f32x4.add(y0, v128.load(residual + row));
              y1 = f32x4.add(y1, v128.load(residual + row, 16));
            }
            sum0 = f32x4.add(sum0, f32x4.max(y0, floor));
            sum1 = f32x4.add(sum1, f32x4.max(y1, floor));
          }
          addWide(scratch + 2 * at, sum0, sum1);
        }
      }
    }
    for (let at = wholeBytes; at < rowBytes; at += 4) {
      let sum: f64 = 0;
      for (let row: usize = at; row < sampleBytes; row += rowBytes) {
        const value = normal1(x + row, residual ? residual + row : 0, mean + at, factor + at, shift + at);
        sum += <f64>(relu ? max<f32>(value, 0) : value);
      }
      store<f64>(scratch + 2 * at, sum);
    }
    divideSums(scratch, channels, <f64>pixels, y);
    x += sampleBytes;
    y += rowBytes;
    if (residual) residual += sampleBytes;
  }
}

/**
 * First pass of the gradient: `g = dy` where the activation let pass, and per channel the sums of `g` and of
 * `g * (x - mean)`, as float64 at `sums` and behind it. With `pixels` above 0, `dy` is `[batch, channels]` and each
 * of its rows stands for `pixels` rows, divided by their number. `g` is written where `gradient` is not null.
 * `scratch` holds `channels + 1` float32.
 */
export function gradientSums(
  x: usize,
  residual: usize,
  dy: usize,
  gradient: usize,
  rows: i32,
  pixels: i32,
  channels: i32,
  mean: usize,
  factor: usize,
  shift: usize,
  relu: bool,
  sums: usize,
  scratch: usize,
): void {
  const rowBytes = (<usize>channels) << 2;
  memory.fill(sums, 0, (<usize>channels) << 4);
  const span = pixels > 0 ? pixels : rows;
  const step = min(span, chunkRows(channels));
  const dyRowBytes: usize = pixels > 0 ? 0 : rowBytes;
  const sink = scratch + rowBytes;
  for (let start = 0; start < rows; start += span) {
    let incoming = dy;
    if (pixels > 0) {
      divideRow(dy, channels, pixels, scratch);
      dy += rowBytes;
      incoming = scratch;
    }
    for (let first = 0; first < span; first += step) {
      const count = min(step, span - first);
      const bytes = <usize>count * rowBytes;
      fetch(x, bytes, rowBytes, sink);
      if (residual) fetch(residual, bytes, rowBytes, sink);
      if (dyRowBytes) fetch(incoming, bytes, rowBytes, sink);
      addGradient(x, residual, incoming, dyRowBytes, gradient, count, channels, mean, factor, shift, relu, sums);
      x += bytes;
      if (residual) residual += bytes;
      if (gradient) gradient += bytes;
      incoming += <usize>count * dyRowBytes;
    }
  }
}

/** `target = dy / pixels`. */
function divideRow(dy: usize, channels: i32, pixels: i32, target: usize): void {
  for (let at: usize = 0; at < (<usize>channels) << 2; at += 4) {
    store<f32>(target + at, load<f32>(dy + at) / <f32>pixels);
  }
}

function addGradient(
  x: usize,
  residual: usize,
  dy: usize,
  dyRowBytes: usize,
  gradient: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  factor: usize,
  shift: usize,
  relu: bool,
  sums: usize,
): void {
  const rowBytes = (<usize>channels) << 2;
  const products = sums + 2 * rowBytes;
  const zero = f32x4.splat(0);
  const always = i32x4.splat(relu ? 0 : -1);
  let at: usize = 0;
  for (; at + 32 <= rowBytes; at += 32) {
    const mean0 = v128.load(mean + at);
    const mean1 = v128.load(mean + at, 16);
    let from = x + at;
    let incoming = dy + at;
    let other = residual + at;
    let target = gradient + at;
    for (let row = 0; row < rows; ) {
      const runEnd = min(rows, row + RUN);
      let sum0 = zero;
      let sum1 = zero;
      let product0 = zero;
      let product1 = zero;
      for (; row < runEnd; row++) {
        const d0 = f32x4.sub(v128.load(from), mean0);
        const d1 = f32x4.sub(v128.load(from, 16), mean1);
        let y0 = multiplyAdd(v128.load(shift + at), d0, v128.load(factor + at));
        let y1 = multiplyAdd(v128.load(shift + at, 16), d1, v128.load(factor + at, 16));
        if (residual) {
          y0 = f32x4.add(y0, v128.load(other));
          y1 = f32x4.add(y1, v128.load(other, 16));
          other += rowBytes;
        }
        const g0 = v128.and(v128.load(incoming), v128.or(f32x4.gt(y0, zero), always));
        const g1 = v128.and(v128.load(incoming, 16), v128.or(f32x4.gt(y1, zero), always));
        if (gradient) {
          v128.store(target, g0);
          v128.store(target, g1, 16);
          target += rowBytes;
        }
        sum0 = f32x4.add(sum0, g0);
        sum1 = f32x4.add(sum1, g1);
        product0 = multiplyAdd(product0, g0, d0);
        product1 = multiplyAdd(product1, g1, d1);
        from += rowBytes;
        incoming += dyRowBytes;
      }
      addWide(sums + 2 * at, sum0, sum1);
      addWide(products + 2 * at, product0, product1);
    }
  }
  for (; at < rowBytes; at += 4) {
    let sum = load<f64>(sums + 2 * at);
    let product = load<f64>(products + 2 * at);
    for (let row: usize = 0; row < <usize>rows; row++) {
      const place = row * rowBytes + at;
      const y = normal1(x + place, residual ? residual + place : 0, mean + at, factor + at, shift + at);
      const g = !relu || y > 0 ? load<f32>(dy + row * dyRowBytes + at) : 0;
      if (gradient) store<f32>(gradient + place, g);
      sum += <f64>g;
      product += <f64>g * <f64>(load<f32>(x + place) - load<f32>(mean + at));
    }
    store<f64>(sums + 2 * at, sum);
    store<f64>(products + 2 * at, product);
  }
}

/**
 * From the sums of the first pass: the gradients of scale (`sum g (x - mean) / deviation`) and offset (`sum g`), and
 * what the second pass needs: `slope = -factor * sum(g (x - mean)) / (rows * (variance + epsilon))` and
 * `level = -factor * sum(g) / rows`.
 */
export function gradientCoefficients(
  sums: usize,
  variance: usize,
  factor: usize,
  epsilon: f32,
  rows: i32,
  channels: i32,
  scaleGradient: usize,
  offsetGradient: usize,
  slope: usize,
  level: usize,
): void {
  const products = sums + ((<usize>channels) << 3);
  for (let channel: usize = 0; channel < <usize>channels; channel++) {
    const at = channel << 2;
    const sum = load<f64>(sums + (channel << 3));
    const product = load<f64>(products + (channel << 3));
    const spread = <f64>load<f32>(variance + at) + <f64>epsilon;
    const gain = <f64>load<f32>(factor + at);
    if (scaleGradient) store<f32>(scaleGradient + at, <f32>(product / Math.sqrt(spread)));
    if (offsetGradient) store<f32>(offsetGradient + at, <f32>sum);
    store<f32>(slope + at, <f32>((-gain * product) / (<f64>rows * spread)));
    store<f32>(level + at, <f32>((-gain * sum) / <f64>rows));
  }
}

/**
 * Second pass: `dx = factor * g + slope * (x - mean) + level`. With `masked`, `g` is `dy` where `(x - mean) * factor
 * + shift` is above zero; else `g` is `dy`. `pixels` as in the first pass. `scratch` holds `channels` float32.
 */
export function gradientInput(
  x: usize,
  dy: usize,
  dx: usize,
  rows: i32,
  pixels: i32,
  channels: i32,
  mean: usize,
  factor: usize,
  shift: usize,
  masked: bool,
  slope: usize,
  level: usize,
  scratch: usize,
): void {
  const rowBytes = (<usize>channels) << 2;
  const quads = (<usize>channels & ~3) << 2;
  const always = i32x4.splat(masked ? 0 : -1);
  const span = pixels > 0 ? pixels : rows;
  const dyRowBytes: usize = pixels > 0 ? 0 : rowBytes;
  for (let start = 0; start < rows; start += span) {
    let incoming = dy;
    if (pixels > 0) {
      divideRow(dy, channels, pixels, scratch);
      dy += rowBytes;
      incoming = scratch;
    }
    for (let row = 0; row < span; row++) {
      let at: usize = 0;
      for (; at < quads; at += 16) {
        const gain = v128.load(factor + at);
        const d = f32x4.sub(v128.load(x + at), v128.load(mean + at));
        const y = multiplyAdd(v128.load(shift + at), d, gain);
        const g = v128.and(v128.load(incoming + at), v128.or(f32x4.gt(y, f32x4.splat(0)), always));
        v128.store(
          dx + at,
          multiplyAdd(multiplyAdd(v128.load(level + at), d, v128.load(slope + at)), g, gain),
        );
      }
      for (; at < rowBytes; at += 4) {
        const gain = load<f32>(factor + at);
        const d = load<f32>(x + at) - load<f32>(mean + at);
        const g = !masked || d * gain + load<f32>(shift + at) > 0 ? load<f32>(incoming + at) : 0;
        store<f32>(dx + at, g * gain + d * load<f32>(slope + at) + load<f32>(level + at));
      }
      x += rowBytes;
      dx += rowBytes;
      incoming += dyRowBytes;
    }
  }
}
