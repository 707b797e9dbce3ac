import type { FeatureTable } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** The nearest training rows of each test row, nearest first; both `[testCount, k]`. */
export interface Neighbors {
  /** Cosine similarities. */
  readonly similarities: Float32Array;
  /** Places in the training table. */
  readonly rows: Int32Array;
}

/**
 * Finds the `k` training rows with the highest cosine similarity to each test row, exactly.
 *
 * Similarities are made block by block, `[blockRows, blockRows]` at a time. Of equally similar rows, the one that
 * stands first in the table counts as nearer. A row of zeros has the similarity 0 to every other.
 */
export async function findNeighbors(
  train: FeatureTable,
  test: FeatureTable,
  k: number,
  blockRows: number,
): Promise<Neighbors> {
  const testCount = test.labels.length;
  const neighbors = {
    similarities: new Float32Array(testCount * k).fill(Number.NEGATIVE_INFINITY),
    rows: new Int32Array(testCount * k).fill(-1),
  };
  for (let trainStart = 0; trainStart < train.labels.length; trainStart += blockRows) {
    // Outside the inner loop: engines keep what they prepare for the second factor of a product.
    const trainBlock = tf.tidy(() => tf.transpose(unitRows(train, trainStart, blockRows)));
    try {
      for (let testStart = 0; testStart < testCount; testStart += blockRows) {
        const product = tf.tidy(
          () => tf.matMul(unitRows(test, testStart, blockRows), trainBlock) as tf.Tensor2D,
        );
        const [height, width] = product.shape;
        const similarities = await product.data<"float32">();
        product.dispose();
        for (let row = 0; row < height; row++) {
          const block = similarities.subarray(row * width, (row + 1) * width);
          insertNearest(neighbors, (testStart + row) * k, k, block, trainStart);
        }
      }
    } finally {
      trainBlock.dispose();
    }
  }
  return neighbors;
}

/** Keeps the slice `[offset, offset + k)` sorted; a later row only displaces one that it is strictly nearer than. */
function insertNearest(
  { similarities, rows }: Neighbors,
  offset: number,
  k: number,
  candidates: Float32Array,
  firstRow: number,
): void {
  const last = offset + k - 1;
  for (let index = 0; index < candidates.length; index++) {
    const similarity = candidates[index] as number;
    if (!(similarity > (similarities[last] as number))) continue;
    let place = last;
    while (place > offset && similarity > (similarities[place - 1] as number)) {
      similarities[place] = similarities[place - 1] as number;
      rows[place] = rows[place - 1] as number;
      place--;
    }
    similarities[place] = similarity;
    rows[place] = firstRow + index;
  }
}

/** Up to `count` rows from `start`, each divided by its length: `[rows, dim]`. */
function unitRows({ features, dim }: FeatureTable, start: number, count: number): tf.Tensor2D {
  const values = features.slice(start * dim, (start + count) * dim);
  for (let from = 0; from < values.length; from += dim) {
    let squares = 0;
    for (let place = from; place < from + dim; place++) squares += (values[place] as number) ** 2;
    if (squares === 0) continue;
    const length = Math.sqrt(squares);
    for (let place = from; place < from + dim; place++) values[place] = (values[place] as number) / length;
  }
  return tf.tensor2d(values, [values.length / dim, dim]);
}
