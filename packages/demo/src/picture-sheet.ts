import sharp from "sharp";

/** Pictures a row. */
const columns = 20;

/** A square picture's pixels, row by row, channels last. Borrowed. */
export type SquarePicture = Uint8Array;

/** Puts pictures of `size` pixels a side and 1 or 3 channels side by side, in rows of 20 at most, as a PNG file. */
export async function encodePictureSheet(
  pictures: readonly SquarePicture[],
  size: number,
  channels: 1 | 3,
): Promise<Uint8Array> {
  const across = Math.max(1, Math.min(columns, pictures.length));
  const down = Math.max(1, Math.ceil(pictures.length / across));
  const rowBytes = across * size * channels;
  const sheet = Buffer.alloc(rowBytes * down * size);
  for (const [index, picture] of pictures.entries()) {
    const left = (index % across) * size * channels;
    const top = Math.floor(index / across) * size;
    for (let row = 0; row < size; row++) {
      const line = picture.subarray(row * size * channels, (row + 1) * size * channels);
      sheet.set(line, (top + row) * rowBytes + left);
    }
  }
  return sharp(sheet, { raw: { width: across * size, height: down * size, channels } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}
