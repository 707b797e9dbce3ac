import { loadPart } from "./simd";

/**
 * Packs a strided matrix into panels of eight columns, `panel[row][8]`, zeros behind the last column.
 * Strides and `panelBytes` (from one panel to the next) are in bytes; either `columnStride` or `rowStride` is 4.
 */
export function packPanels(
  source: usize,
  rowStride: usize,
  columnStride: usize,
  rows: i32,
  columns: i32,
  target: usize,
  panelBytes: usize,
): void {
  if (columnStride == 4) {
    packRows(source, rowStride, rows, columns, target, panelBytes);
    return;
  }
  for (let column = 0; column < columns; column += 8) {
    packColumns(source + <usize>column * columnStride, rowStride, columnStride, rows, min(8, columns - column), target);
    target += panelBytes;
  }
}

/** Row by row, in the order in which the source lies in memory. */
function packRows(
  source: usize,
  rowStride: usize,
  rows: i32,
  columns: i32,
  target: usize,
  panelBytes: usize,
): void {
  const whole = columns >> 3;
  const rest = columns & 7;
  const ahead = max(1, READ_AHEAD_FLOATS / max(1, columns));
  for (let row = 0; row < rows; row++) {
    if (row % ahead == 0) readAhead(source, rowStride, min(ahead, rows - row), columns, target);
    let from = source;
    let to = target;
    for (let panel = 0; panel < whole; panel++) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += 32;
      to += panelBytes;
    }
    if (rest > 0) {
      v128.store(to, loadPart(from, rest));
      v128.store(to, rest > 4 ? loadPart(from + 16, rest - 4) : f32x4.splat(0), 16);
    }
    source += rowStride;
    target += 32;
  }
}

/** A fourth of the second-level cache. */
const READ_AHEAD_FLOATS = 65536;

/**
 * Reads a float of each line of some rows, and leaves their sum at `target`, so that it is not left out. What is read and
 * nothing else comes from memory at 25 GB/s, what is copied at 11; then it lies in the second-level cache, for 50.
 */
function readAhead(source: usize, rowStride: usize, rows: i32, columns: i32, target: usize): void {
  const rowBytes = (<usize>columns) << 2;
  let sum: i32 = 0;
  for (let row = 0; row < rows; row++) {
    const end = source + rowBytes;
    for (let line = source; line < end; line += 64) sum += load<i32>(line);
    source += rowStride;
  }
  if (columns > 0) store<i32>(target, sum);
}

function packColumns(
  source: usize,
  rowStride: usize,
  columnStride: usize,
  rows: i32,
  width: i32,
  target: usize,
): void {
  let row = 0;
  if (width == 8 && rowStride == 4) {
    for (; row + 4 <= rows; row += 4) {
      transpose4(source, columnStride, target, 32);
      transpose4(source + 4 * columnStride, columnStride, target + 16, 32);
      source += 16;
      target += 128;
    }
  }
  for (; row < rows; row++) {
    for (let column = 0; column < 8; column++) {
      const value = column < width ? load<f32>(source + <usize>column * columnStride) : 0;
      store<f32>(target + ((<usize>column) << 2), value);
    }
    source += rowStride;
    target += 32;
  }
}

/** Transposes a 4x4 block; strides in bytes from one row to the next. */
@inline
function transpose4(source: usize, sourceStride: usize, target: usize, targetStride: usize): void {
  const a = v128.load(source);
  const b = v128.load(source + sourceStride);
  const c = v128.load(source + 2 * sourceStride);
  const d = v128.load(source + 3 * sourceStride);
  const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(target, v128.shuffle<f32>(abLow, cdLow, 0, 1, 4, 5));
  v128.store(target + targetStride, v128.shuffle<f32>(abLow, cdLow, 2, 3, 6, 7));
  v128.store(target + 2 * targetStride, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(target + 3 * targetStride, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/** `target[column][row] = source[row][column]`, both contiguous. */
export function transpose(source: usize, rows: i32, columns: i32, target: usize): void {
  const sourceStride = (<usize>columns) << 2;
  const targetStride = (<usize>rows) << 2;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const from = source + <usize>row * sourceStride;
    const to = target + ((<usize>row) << 2);
    let column = 0;
    for (; column + 4 <= columns; column += 4) {
      transpose4(from + ((<usize>column) << 2), sourceStride, to + <usize>column * targetStride, targetStride);
    }
    for (; column < columns; column++) {
      for (let r: usize = 0; r < 4; r++) {
        store<f32>(
          to + <usize>column * targetStride + (r << 2),
          load<f32>(from + r * sourceStride + ((<usize>column) << 2)),
        );
      }
    }
  }
  for (; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      store<f32>(
        target + <usize>column * targetStride + ((<usize>row) << 2),
        load<f32>(source + <usize>row * sourceStride + ((<usize>column) << 2)),
      );
    }
  }
}

/**
 * Copies `rows` image rows, the first being row `firstRow` of the image (which may lie outside of it, as may the
 * last), with `left` and `right` zero pixels beside them. A negative `left` or `right` cuts pixels off instead.
 */
export function copyPadded(
  image: usize,
  height: i32,
  width: i32,
  pixelBytes: usize,
  firstRow: i32,
  rows: i32,
  left: i32,
  right: i32,
  target: usize,
): void {
  const leftBytes = <usize>max(left, 0) * pixelBytes;
  const rightBytes = <usize>max(right, 0) * pixelBytes;
  const skipBytes = <usize>max(-left, 0) * pixelBytes;
  const bodyBytes = <usize>max(width + min(left, 0) + min(right, 0), 0) * pixelBytes;
  const rowBytes = <usize>width * pixelBytes;
  const paddedBytes = leftBytes + bodyBytes + rightBytes;
  for (let row = firstRow; row < firstRow + rows; row++) {
    if (row < 0 || row >= height) {
      memory.fill(target, 0, paddedBytes);
    } else {
      fillZeros(target, leftBytes);
      memory.copy(target + leftBytes, image + <usize>row * rowBytes + skipBytes, bodyBytes);
      fillZeros(target + leftBytes + bodyBytes, rightBytes);
    }
    target += paddedBytes;
  }
}

@inline
function fillZeros(target: usize, bytes: usize): void {
  const end = target + bytes;
  while (target + 16 <= end) {
    v128.store(target, f32x4.splat(0));
    target += 16;
  }
  while (target < end) {
    store<f32>(target, 0);
    target += 4;
  }
}
