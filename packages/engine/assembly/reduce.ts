import { multiplyAdd, storePart, loadPart } from "./simd";

/**
 * `output[k][column] += sum over pixels of input[pixel][k] * panel[pixel][column]` for `k` below `run`: a matrix
 * product whose left operand is transposed and read in place. A block has `images x rows x columns` pixels, which
 * lie `imageBytes`, `rowBytes` and `pixelBytes` apart in the input and one behind another in the panels.
 */
export function reduceBlock(
  input: usize,
  images: i32,
  rows: i32,
  pixels: i32,
  imageBytes: usize,
  rowBytes: usize,
  pixelBytes: usize,
  run: i32,
  panels: usize,
  panelBytes: usize,
  output: usize,
  columns: i32,
): void {
  const outputRowBytes = (<usize>columns) << 2;
  // Tiles of four rows with as many of three as leave no narrow one at the end, where the sum comes out.
  let threes = (4 - (run & 3)) & 3;
  if (threes * 3 > run) threes = 0;
  const fours = (run - threes * 3) >> 2;
  let done = 0;
  while (done < run) {
    const height = done < fours * 4 ? 4 : 3;
    let panel = panels;
    for (let column = 0; column < columns; column += 8) {
      const target = output + <usize>done * outputRowBytes + ((<usize>column) << 2);
      const width = min(8, columns - column);
      const from = input + ((<usize>done) << 2);
      if (height == 4) {
        reduceTile4(from, images, rows, pixels, imageBytes, rowBytes, pixelBytes, panel, target, outputRowBytes, width);
      } else {
        reduceTile3(from, images, rows, pixels, imageBytes, rowBytes, pixelBytes, panel, target, outputRowBytes, width, run - done);
      }
      panel += panelBytes;
    }
    done += height;
  }
}

/**
 * Eight accumulators, two floats4 of a panel, four of the input and a product fill the fifteen registers that V8 gives
 * out. It loads everything that a pass of the loop reads before it multiplies, so that a fifth row, or two pixels a pass,
 * would move accumulators to memory and back: 30 GFLOP/s instead of 44.
 */
function reduceTile4(
  input: usize,
  images: i32,
  rows: i32,
  pixels: i32,
  imageBytes: usize,
  rowBytes: usize,
  pixelBytes: usize,
  panel: usize,
  output: usize,
  outputRowBytes: usize,
  width: i32,
): void {
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0);
  let s31 = f32x4.splat(0);
  const panelRowBytes = (<usize>pixels) << 5;
  for (let image = 0; image < images; image++) {
    let start = input + <usize>image * imageBytes;
    for (let row = 0; row < rows; row++) {
      let from = start;
      const panelEnd = panel + panelRowBytes;
      while (panel < panelEnd) {
        const b0 = v128.load(panel);
        const b1 = v128.load(panel, 16);
        let a = v128.load32_splat(from);
        s00 = multiplyAdd(s00, a, b0);
        s01 = multiplyAdd(s01, a, b1);
        a = v128.load32_splat(from, 4);
        s10 = multiplyAdd(s10, a, b0);
        s11 = multiplyAdd(s11, a, b1);
        a = v128.load32_splat(from, 8);
        s20 = multiplyAdd(s20, a, b0);
        s21 = multiplyAdd(s21, a, b1);
        a = v128.load32_splat(from, 12);
        s30 = multiplyAdd(s30, a, b0);
        s31 = multiplyAdd(s31, a, b1);
        from += pixelBytes;
        panel += 32;
      }
      start += rowBytes;
    }
  }
  addRow(output, s00, s01, width);
  addRow(output + outputRowBytes, s10, s11, width);
  addRow(output + 2 * outputRowBytes, s20, s21, width);
  addRow(output + 3 * outputRowBytes, s30, s31, width);
}

/** Three rows, of which only the first `height` are stored; what lies behind them is read, but not used. */
function reduceTile3(
  input: usize,
  images: i32,
  rows: i32,
  pixels: i32,
  imageBytes: usize,
  rowBytes: usize,
  pixelBytes: usize,
  panel: usize,
  output: usize,
  outputRowBytes: usize,
  width: i32,
  height: i32,
): void {
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  const panelRowBytes = (<usize>pixels) << 5;
  for (let image = 0; image < images; image++) {
    let start = input + <usize>image * imageBytes;
    for (let row = 0; row < rows; row++) {
      let from = start;
      const panelEnd = panel + panelRowBytes;
      while (panel < panelEnd) {
        const b0 = v128.load(panel);
        const b1 = v128.load(panel, 16);
        let a = v128.load32_splat(from);
        s00 = multiplyAdd(s00, a, b0);
        s01 = multiplyAdd(s01, a, b1);
        a = v128.load32_splat(from, 4);
        s10 = multiplyAdd(s10, a, b0);
        s11 = multiplyAdd(s11, a, b1);
        a = v128.load32_splat(from, 8);
        s20 = multiplyAdd(s20, a, b0);
        s21 = multiplyAdd(s21, a, b1);
        from += pixelBytes;
        panel += 32;
      }
      start += rowBytes;
    }
  }
  addRow(output, s00, s01, width);
  if (height > 1) addRow(output + outputRowBytes, s10, s11, width);
  if (height > 2) addRow(output + 2 * outputRowBytes, s20, s21, width);
}

function addRow(address: usize, low: v128, high: v128, width: i32): void {
  if (width == 8) {
    v128.store(address, f32x4.add(v128.load(address), low));
    v128.store(address, f32x4.add(v128.load(address, 16), high), 16);
  } else {
    low = f32x4.add(low, loadPart(address, width));
    if (width > 4) high = f32x4.add(high, loadPart(address + 16, width - 4));
    storePart(address, low, high, width);
  }
}
