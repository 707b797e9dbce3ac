import * as tf from "@tensorflow/tfjs-core";

/**
 * Averages a map over a grid of patches: `[batch, height, width, channels] -> [rows, columns, batch, channels]`. A patch
 * goes from `floor(i * size / count)` to `ceil((i + 1) * size / count)`, as in PyTorch's adaptive average pooling; with
 * as many patches as pixels it is the pixels themselves. For use in a `tf.tidy`.
 */
export function patchesOf(map: tf.Tensor4D, rows: number, columns: number): tf.Tensor4D {
  const [, height, width] = map.shape;
  const byRow = averageFirstAxis(tf.transpose(map, [1, 2, 0, 3]), height, rows);
  const byColumn = averageFirstAxis(tf.transpose(byRow, [1, 0, 2, 3]), width, columns);
  return tf.transpose(byColumn, [1, 0, 2, 3]);
}

function averageFirstAxis(x: tf.Tensor4D, size: number, count: number): tf.Tensor4D {
  if (size === count) return x;
  const [, ...rest] = x.shape;
  const flat = tf.reshape(x, [size, rest.reduce((product, length) => product * length, 1)]);
  return tf.reshape(tf.matMul(averages(size, count), flat), [count, ...rest]);
}

/** `[count, size]`: row i takes the mean of patch i. */
function averages(size: number, count: number): tf.Tensor2D {
  return tf.tensor2d(
    Array.from({ length: count }, (_, patch) => {
      const start = Math.floor((patch * size) / count);
      const end = Math.ceil(((patch + 1) * size) / count);
      return Array.from({ length: size }, (_, place) =>
        place >= start && place < end ? 1 / (end - start) : 0,
      );
    }),
  );
}
