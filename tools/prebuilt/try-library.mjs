/**
 * Loads a library of native kernels in the Node that runs this, and holds products, convolutions, both of their gradients,
 * statistics and max-pooling against plain loops in float64, on every instruction set that the processor has, in one thread and in three. It
 * needs no package, so that it runs on any machine, and under an emulator.
 *
 *   node tools/prebuilt/try-library.mjs packages/engine-native/prebuilt/linux-x64/blockwise.node
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [file] = process.argv.slice(2);
const library = createRequire(import.meta.url)(resolve(file));
const heap = new ArrayBuffer(1 << 22);
let end = 64;
let seed = 1;

/** Numbers from -0.5 to 0.5, and where they are in the heap. */
function tensor(size) {
  const values = new Float32Array(heap, end, size);
  for (let index = 0; index < size; index++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    values[index] = (seed >>> 8) / 2 ** 24 - 0.5;
  }
  const at = end;
  end += Math.ceil((size * 4) / 64) * 64;
  return { at, values };
}

function compare(what, { values }, expected) {
  // Sums have up to some thousand summands below a quarter: what float32 rounds off stays far below this.
  const worst = expected.reduce((most, value, index) => Math.max(most, Math.abs(value - values[index])), 0);
  assert.ok(worst < 1e-4, `${what}: off by ${worst}`);
}

function tryMultiply(m, n, k, transposed) {
  const [a, b, c] = [tensor(m * k), tensor(k * n), tensor(m * n)];
  library.multiply(heap, a.at, b.at, c.at, m, n, k, transposed, 0);
  const expected = Array.from({ length: m * n }, (_, place) => {
    const [row, column] = [Math.floor(place / n), place % n];
    let sum = 0;
    for (let l = 0; l < k; l++) {
      sum += a.values[transposed ? l * m + row : row * k + l] * b.values[l * n + column];
    }
    return sum;
  });
  compare("multiply", c, expected);
}

function tryConvolution({ batch, side, inputs, outputs, filterSide, stride, padding }) {
  const out = Math.floor((side + 2 * padding - filterSide) / stride) + 1;
  const x = tensor(batch * side * side * inputs);
  const filter = tensor(filterSide * filterSide * inputs * outputs);
  const [y, dy] = [tensor(batch * out * out * outputs), tensor(batch * out * out * outputs)];
  const [dx, gradient] = [tensor(x.values.length), tensor(filter.values.length)];
  const sizes = [batch, side, side, inputs, out, out, outputs, filterSide, filterSide, stride, stride, 1, 1];
  library.convolve(heap, x.at, filter.at, y.at, ...sizes, padding, padding);
  library.convolveInputGradient(heap, dy.at, filter.at, dx.at, ...sizes, padding, padding);
  library.convolveFilterGradient(heap, x.at, dy.at, gradient.at, ...sizes, padding, padding);
  const [ey, edx, edf] = [y, dx, gradient].map(({ values }) => new Float64Array(values.length));
  for (let place = 0; place < y.values.length; place++) {
    const output = place % outputs;
    const pixel = Math.floor(place / outputs);
    const [image, row, column] = [
      Math.floor(pixel / (out * out)),
      Math.floor(pixel / out) % out,
      pixel % out,
    ];
    for (let tap = 0; tap < filterSide * filterSide; tap++) {
      const r = row * stride + Math.floor(tap / filterSide) - padding;
      const c = column * stride + (tap % filterSide) - padding;
      if (r < 0 || r >= side || c < 0 || c >= side) continue;
      for (let input = 0; input < inputs; input++) {
        const from = ((image * side + r) * side + c) * inputs + input;
        const weight = (tap * inputs + input) * outputs + output;
        ey[place] += x.values[from] * filter.values[weight];
        edx[from] += dy.values[place] * filter.values[weight];
        edf[weight] += dy.values[place] * x.values[from];
      }
    }
  }
  compare("convolve", y, ey);
  compare("convolveInputGradient", dx, edx);
  compare("convolveFilterGradient", gradient, edf);
}

function tryStatistics(rows, channels) {
  const [x, mean, variance] = [tensor(rows * channels), tensor(channels), tensor(channels)];
  library.statistics(heap, x.at, rows, channels, mean.at, variance.at);
  const columns = Array.from({ length: channels }, (_, channel) =>
    Array.from({ length: rows }, (_, row) => x.values[row * channels + channel]),
  );
  const average = (values) => values.reduce((sum, value) => sum + value, 0) / rows;
  const means = columns.map(average);
  compare("mean", mean, means);
  compare(
    "variance",
    variance,
    columns.map((column, channel) => average(column.map((value) => (value - means[channel]) ** 2))),
  );
}

function tryMaxPool(side, channels) {
  const out = side / 2;
  const [x, y] = [tensor(side * side * channels), tensor(out * out * channels)];
  library.maxPool(heap, x.at, y.at, 1, side, side, channels, 2, 2, 0, out, out);
  const at = (row, column, channel) => x.values[(row * side + column) * channels + channel];
  const expected = Array.from({ length: y.values.length }, (_, place) => {
    const [channel, pixel] = [place % channels, Math.floor(place / channels)];
    const [row, column] = [2 * Math.floor(pixel / out), 2 * (pixel % out)];
    return Math.max(...[0, 1].flatMap((i) => [0, 1].map((j) => at(row + i, column + j, channel))));
  });
  compare("maxPool", y, expected);
}

const names = library.instructions();
assert.ok(names.length > 0, "this processor has no instruction set that the library was compiled for");
for (const name of names) {
  for (const threads of [1, 3]) {
    assert.equal(library.start(threads, name), name);
    end = 64;
    tryMultiply(29, 41, 130, 0);
    tryMultiply(17, 70, 33, 1);
    tryConvolution({ batch: 3, side: 9, inputs: 5, outputs: 37, filterSide: 3, stride: 1, padding: 1 });
    tryConvolution({ batch: 2, side: 12, inputs: 3, outputs: 20, filterSide: 7, stride: 2, padding: 3 });
    // Winograd's.
    tryConvolution({ batch: 2, side: 8, inputs: 64, outputs: 80, filterSide: 3, stride: 1, padding: 1 });
    tryStatistics(300, 21);
    tryMaxPool(10, 19);
  }
}
console.log(`${process.platform} ${process.arch}, Node ${process.version}: ${names.join(", ")}: fine`);
