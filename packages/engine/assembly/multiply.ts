import { loadPart, multiplyAdd, storePart } from "./simd";

/**
 * Rows of a tile. V8 loads all operands of a step of the loop before it multiplies: 8 sums, 4 left and 2 right operands and
 * a product are the 15 registers that it has. A fifth row, or two steps at once, and it keeps sums in memory, at two
 * thirds of the speed.
 */
const TILE_ROWS = 4;

/**
 * Writes where the rows of a block lie: pairs of byte offsets (into the input, into the output) for
 * `images x rows x columns` pixels, the last pair repeated up to a whole number of tiles.
 */
export function buildRowTable(
  table: usize,
  images: i32,
  rows: i32,
  columns: i32,
  inputImage: i32,
  inputRow: i32,
  inputColumn: i32,
  outputImage: i32,
  outputRow: i32,
  outputColumn: i32,
): void {
  let input = 0;
  let output = 0;
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        input = image * inputImage + row * inputRow + column * inputColumn;
        output = image * outputImage + row * outputRow + column * outputColumn;
        store<i32>(table, input);
        store<i32>(table, output, 4);
        table += 8;
      }
    }
  }
  // A repeated row is computed again and stored to the same place: no tile needs a special case.
  const rest = (images * rows * columns) % TILE_ROWS;
  for (let extra = rest == 0 ? TILE_ROWS : rest; extra < TILE_ROWS; extra++) {
    store<i32>(table, input);
    store<i32>(table, output, 4);
    table += 8;
  }
}

/**
 * `output[row] = sum over segments and k of input[row + segment][k] * panel[segment][k]` for all rows of a table and
 * all panels: a matrix product whose left operand is read in place, each of its rows in `segmentCount` contiguous
 * runs of `run` floats. `segments` holds their byte offsets from the row's own. With `accumulate`, the sums are added
 * to what is there.
 */
export function multiplyBlock(
  table: usize,
  rowCount: i32,
  input: usize,
  segments: usize,
  segmentCount: i32,
  run: i32,
  panels: usize,
  panelBytes: usize,
  output: usize,
  columns: i32,
  accumulate: bool,
): void {
  const tableEnd = table + <usize>(((rowCount + TILE_ROWS - 1) / TILE_ROWS) * TILE_ROWS * 8);
  const segmentsEnd = segments + ((<usize>segmentCount) << 2);
  // Panels that fit the first-level cache together are gone through for each tile, so that output is written in
  // order; larger ones are each kept there while all tiles pass.
  const tilesInside = panelBytes * <usize>((columns + 7) >> 3) > 24576;
  if (tilesInside) {
    for (let column = 0; column < columns; column += 8) {
      for (let tile = table; tile < tableEnd; tile += TILE_ROWS * 8) {
        multiplyTile(tile, input, segments, segmentsEnd, run, panels, output + ((<usize>column) << 2), columns - column, accumulate);
      }
      panels += panelBytes;
    }
  } else {
    for (let tile = table; tile < tableEnd; tile += TILE_ROWS * 8) {
      let panel = panels;
      for (let column = 0; column < columns; column += 8) {
        multiplyTile(tile, input, segments, segmentsEnd, run, panel, output + ((<usize>column) << 2), columns - column, accumulate);
        panel += panelBytes;
      }
    }
  }
}

function multiplyTile(
  table: usize,
  input: usize,
  segments: usize,
  segmentsEnd: usize,
  run: i32,
  panel: usize,
  output: usize,
  columns: i32,
  accumulate: bool,
): void {
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0);
  let s31 = f32x4.splat(0);
  const runBytes = (<usize>run) << 5;
  for (let segment = segments; segment < segmentsEnd; segment += 4) {
    const base = input + <usize>load<i32>(segment);
    let a0 = base + <usize>load<i32>(table);
    let a1 = base + <usize>load<i32>(table, 8);
    let a2 = base + <usize>load<i32>(table, 16);
    let a3 = base + <usize>load<i32>(table, 24);
    const runEnd = panel + runBytes;
    while (panel < runEnd) {
      const b0 = v128.load(panel);
      const b1 = v128.load(panel, 16);
      let a = v128.load32_splat(a0);
      s00 = multiplyAdd(s00, a, b0);
      s01 = multiplyAdd(s01, a, b1);
      a = v128.load32_splat(a1);
      s10 = multiplyAdd(s10, a, b0);
      s11 = multiplyAdd(s11, a, b1);
      a = v128.load32_splat(a2);
      s20 = multiplyAdd(s20, a, b0);
      s21 = multiplyAdd(s21, a, b1);
      a = v128.load32_splat(a3);
      s30 = multiplyAdd(s30, a, b0);
      s31 = multiplyAdd(s31, a, b1);
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      panel += 32;
    }
  }
  const y0 = output + <usize>load<i32>(table, 4);
  const y1 = output + <usize>load<i32>(table, 12);
  const y2 = output + <usize>load<i32>(table, 20);
  const y3 = output + <usize>load<i32>(table, 28);
  if (accumulate) {
    // All are loaded before any is stored: rows of the last tile may be the same.
    s00 = f32x4.add(s00, loadUpTo4(y0, columns));
    s10 = f32x4.add(s10, loadUpTo4(y1, columns));
    s20 = f32x4.add(s20, loadUpTo4(y2, columns));
    s30 = f32x4.add(s30, loadUpTo4(y3, columns));
    if (columns > 4) {
      s01 = f32x4.add(s01, loadUpTo4(y0 + 16, columns - 4));
      s11 = f32x4.add(s11, loadUpTo4(y1 + 16, columns - 4));
      s21 = f32x4.add(s21, loadUpTo4(y2 + 16, columns - 4));
      s31 = f32x4.add(s31, loadUpTo4(y3 + 16, columns - 4));
    }
  }
  storeRow(y0, s00, s01, columns);
  storeRow(y1, s10, s11, columns);
  storeRow(y2, s20, s21, columns);
  storeRow(y3, s30, s31, columns);
}

/** `loadPart` without a call where there are four to load. */
@inline
function loadUpTo4(address: usize, count: i32): v128 {
  return count >= 4 ? v128.load(address) : loadPart(address, count);
}

@inline
function storeRow(address: usize, low: v128, high: v128, columns: i32): void {
  if (columns >= 8) {
    v128.store(address, low);
    v128.store(address, high, 16);
  } else {
    storePart(address, low, high, columns);
  }
}
