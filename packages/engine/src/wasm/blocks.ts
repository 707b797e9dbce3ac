/** A part of a batch that is worked on at once: several whole images, or some rows of one. */
export interface Block {
  readonly firstImage: number;
  readonly images: number;
  readonly firstRow: number;
  readonly rows: number;
}

/** Cuts a batch of images of `rows` rows into blocks of at most `limitBytes` bytes (but at least one row). */
export function* blocksOf(
  batch: number,
  rows: number,
  bytesPerRow: number,
  limitBytes: number,
): Generator<Block> {
  const { images: imagesPerBlock, rows: rowsPerBlock } = largestBlock(batch, rows, bytesPerRow, limitBytes);
  for (let firstImage = 0; firstImage < batch; firstImage += imagesPerBlock) {
    const images = Math.min(imagesPerBlock, batch - firstImage);
    for (let firstRow = 0; firstRow < rows; firstRow += rowsPerBlock) {
      yield { firstImage, images, firstRow, rows: Math.min(rowsPerBlock, rows - firstRow) };
    }
  }
}

/** The size of the largest block that `blocksOf` makes. */
export function largestBlock(
  batch: number,
  rows: number,
  bytesPerRow: number,
  limitBytes: number,
): { readonly images: number; readonly rows: number } {
  const fitting = Math.max(1, Math.floor(limitBytes / Math.max(1, bytesPerRow)));
  return fitting < rows
    ? { images: 1, rows: fitting }
    : {
        images: Math.max(1, Math.min(batch, Math.floor(fitting / Math.max(1, rows)))),
        rows: Math.max(1, rows),
      };
}
