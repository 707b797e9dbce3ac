import { type HeadV1, InvalidOptionError, type LayerV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { channelsOf } from "./global-pool.js";

/** How a local pool is built. */
export interface LocalPoolOptions {
  /** Cells a side; `"auto"` takes for each block the number whose output is nearest to `dim` wide. @default "auto" */
  readonly grid?: number | "auto";
  /** The width that `"auto"` aims for. @default 2048 */
  readonly dim?: number;
}

/**
 * Local spatial pooling (LSP): the mean over each cell of a grid, flattened,
 * `[batch, height, width, channels] -> [batch, channels * grid * grid]`. It has no parameters.
 *
 * Cell `i` of a side of `n` pixels spans pixels `floor(i n / grid)` to `ceil((i + 1) n / grid)`, as in PyTorch's
 * `AdaptiveAvgPool2d`: where `grid` does not divide `n` neighbours share a pixel, and a grid finer than the map repeats
 * pixels. Features lie as after PyTorch's `flatten`: by channel, then row, then column of the grid.
 *
 * `"auto"` minimises `|channels * grid^2 - dim|`; of two equally near ones it takes the coarser, and never one finer
 * than the map. ResNet-50's four stages at 224 pixels get 3, 2, 1 and 1 cells a side.
 *
 * The paper names this head and shows that pooling matters, but neither it nor its code says what the grid is:
 * `"auto"` is our reading, widths about that of the paper's other heads.
 *
 * @throws InvalidOptionError
 * @see Siddiqui et al., "Blockwise Self-Supervised Learning at Scale", 2024, arXiv 2302.01647 ("LSP").
 * @example
 * const head = localPool({ grid: 2 });
 */
export function localPool(options: LocalPoolOptions = {}): HeadV1 {
  const { grid = "auto", dim = 2048 } = options;
  if (grid !== "auto" && !isCount(grid)) {
    throw new InvalidOptionError({
      option: "grid",
      expected: 'a whole number above 0, or "auto"',
      received: grid,
    });
  }
  if (!isCount(dim)) {
    throw new InvalidOptionError({ option: "dim", expected: "a whole number above 0", received: dim });
  }
  return {
    specificationVersion: "v1",
    kind: "head",
    id: "local-pool",
    options: grid === "auto" ? { grid, dim } : { grid },
    doCreate: ({ inputShape }) => {
      channelsOf("Input of the local pool", inputShape);
      return poolLayer(grid === "auto" ? nearestGrid(inputShape, dim) : grid, inputShape);
    },
  };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

/** The grid, at most as fine as the map, whose flattened width is nearest to `dim`. */
function nearestGrid([height = 1, width = 1, channels = 1]: readonly number[], dim: number): number {
  const distance = (grid: number): number => Math.abs(channels * grid * grid - dim);
  const finest = Math.max(1, Math.min(height, width));
  let grid = 1;
  while (grid < finest && distance(grid + 1) < distance(grid)) grid++;
  return grid;
}

function poolLayer(grid: number, [height = 0, width = 0, channels = 0]: readonly number[]): LayerV1 {
  return {
    parameters: [],
    buffers: [],
    outputShape: (inputShape) => [channelsOf("Input of the local pool", inputShape) * grid * grid],
    multiplyAdds: () => 0,
    // Each row of cells before its columns are averaged, and the output before and after its channels come first.
    activationSize: (inputShape) => {
      const [, width = 0] = inputShape;
      return channelsOf("Input of the local pool", inputShape) * grid * (width + 2 * grid);
    },
    describe: (input) => ({
      operation: "grid-sum",
      input,
      channels,
      rows: cellWeights(grid, height),
      columns: cellWeights(grid, width),
    }),
    apply: (x) =>
      tf.tidy(() => {
        const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
        // A product with each axis' averaging matrix: its gradient is one product too, where one slice a cell would
        // take a map of the whole input's size for each.
        const rows = tf.matMul(
          cellAverages(grid, height),
          tf.reshape(x, [batch, height, width * channels]) as tf.Tensor3D,
        );
        const cells = tf.matMul(
          cellAverages(grid, width),
          tf.reshape(rows, [batch * grid, width, channels]) as tf.Tensor3D,
        );
        const byChannel = tf.transpose(tf.reshape(cells, [batch, grid, grid, channels]), [0, 3, 1, 2]);
        return tf.reshape(byChannel, [batch, channels * grid * grid]);
      }),
  };
}

/** `[1, grid, size]`: row `i` averages the pixels of cell `i`. */
function cellAverages(grid: number, size: number): tf.Tensor3D {
  return tf.tensor3d(Float32Array.from(cellWeights(grid, size).flat()), [1, grid, size]);
}

/** For each of `grid` cells the weights of `size` pixels. */
function cellWeights(grid: number, size: number): number[][] {
  return Array.from({ length: grid }, (_, cell) => {
    const start = Math.floor((cell * size) / grid);
    const end = Math.ceil(((cell + 1) * size) / grid);
    return new Array<number>(size).fill(0).fill(1 / (end - start), start, end);
  });
}
