import { SIDE, STEP, transformInput } from "./winograd-transforms";

/** Where a row of an image lies, or of zeros where it has none. */
@inline
export function rowAt(image: usize, row: i32, height: i32, rowBytes: usize, zeros: usize): usize {
  return row >= 0 && row < height ? image + <usize>row * rowBytes : zeros;
}

/** Bytes of four channels of a pixel's six transformed rows, which lie side by side in a strip. */
export const COLUMN_BYTES: usize = SIDE * 16;

/**
 * Transforms `strips` rows of tiles of the input, of which there are `stripsPerImage` in an image, from `firstStrip` on:
 * `target[place][tile][channels]`, places `placeBytes` apart. Of an image, tiles see what lies `top` rows and `left` columns
 * before it and further, zeros but for the image. `strip` has room for six rows of `4 * tilesWide + 2` pixels and a row of the
 * image. `channels` is a multiple of four.
 */
export function winogradInputs(
  x: usize,
  firstStrip: i32,
  strips: i32,
  stripsPerImage: i32,
  tilesWide: i32,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  strip: usize,
  target: usize,
  placeBytes: usize,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * pixelBytes;
  const columns = tilesWide * STEP + 2;
  const stripBytes = <usize>columns * pixelBytes * SIDE;
  const zeros = strip + stripBytes;
  memory.fill(strip, 0, stripBytes + rowBytes);
  const firstColumn = max(0, -left);
  const columnsInside = max(0, min(width, columns - left) - firstColumn);
  const skipBytes = <usize>firstColumn * pixelBytes;
  const inside = strip + <usize>max(0, left) * pixelBytes * SIDE;
  for (let index = firstStrip; index < firstStrip + strips; index++) {
    const image = x + <usize>(index / stripsPerImage) * <usize>height * rowBytes + skipBytes;
    const row = (index % stripsPerImage) * STEP - top;
    transformRows(
      rowAt(image, row, height, rowBytes, zeros),
      rowAt(image, row + 1, height, rowBytes, zeros),
      rowAt(image, row + 2, height, rowBytes, zeros),
      rowAt(image, row + 3, height, rowBytes, zeros),
      rowAt(image, row + 4, height, rowBytes, zeros),
      rowAt(image, row + 5, height, rowBytes, zeros),
      <usize>columnsInside * pixelBytes,
      inside,
    );
    transformColumns(strip, tilesWide, pixelBytes, target, placeBytes);
    target += <usize>tilesWide * pixelBytes;
  }
}

function transformRows(r0: usize, r1: usize, r2: usize, r3: usize, r4: usize, r5: usize, bytes: usize, target: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    transformInput(
      v128.load(r0 + at),
      v128.load(r1 + at),
      v128.load(r2 + at),
      v128.load(r3 + at),
      v128.load(r4 + at),
      v128.load(r5 + at),
      target,
      16,
    );
    target += COLUMN_BYTES;
  }
}

function transformColumns(strip: usize, tiles: i32, channelBytes: usize, target: usize, placeBytes: usize): void {
  const pixelBytes = channelBytes * SIDE;
  for (let tile = 0; tile < tiles; tile++) {
    const end = target + channelBytes;
    let from = strip;
    while (target < end) {
      let to = target;
      for (let row: usize = 0; row < COLUMN_BYTES; row += 16) {
        const pixel = from + row;
        transformInput(
          v128.load(pixel),
          v128.load(pixel + pixelBytes),
          v128.load(pixel + 2 * pixelBytes),
          v128.load(pixel + 3 * pixelBytes),
          v128.load(pixel + 4 * pixelBytes),
          v128.load(pixel + 5 * pixelBytes),
          to,
          placeBytes,
        );
        to += SIDE * placeBytes;
      }
      from += COLUMN_BYTES;
      target += 16;
    }
    strip += <usize>STEP * pixelBytes;
  }
}
