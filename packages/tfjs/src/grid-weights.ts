/**
 * The weights of each pixel of a map in each cell of a grid, `[height * width, rows * columns]`, from those of rows and
 * columns apart.
 */
export function gridWeights(
  rows: readonly (readonly number[])[],
  columns: readonly (readonly number[])[],
): { readonly shape: readonly [number, number]; readonly data: Float32Array } {
  const [height, width] = [rows[0]?.length ?? 0, columns[0]?.length ?? 0];
  const cells = rows.length * columns.length;
  const data = new Float32Array(height * width * cells);
  for (const [row, rowWeights] of rows.entries())
    for (const [column, columnWeights] of columns.entries())
      for (const [y, rowWeight] of rowWeights.entries())
        for (const [x, columnWeight] of columnWeights.entries())
          data[(y * width + x) * cells + row * columns.length + column] = rowWeight * columnWeight;
  return { shape: [height * width, cells], data };
}
