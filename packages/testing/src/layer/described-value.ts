import type { LayerValueV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { ensure, ensureClose } from "../ensure.js";
import type { LayerSubject } from "../layer-subject.js";
import { referenceOperations } from "../reference-operations.js";

/** The tensors of a layer by their names. All are borrowed. */
type NamedTensors = ReadonlyMap<string, tf.Tensor>;

/**
 * Throws where a layer does not compute what it describes, with other parameters than it starts from and with running
 * statistics that have run. A layer that describes nothing is left alone.
 */
export function ensureDescribed({ layer, parameters, buffers, apply }: LayerSubject, x: tf.Tensor): void {
  const value = layer.describe?.({ operation: "input" });
  if (value === undefined) return;
  const given = [...parameters.values()].map(({ shape }, place) =>
    tf.randomUniform(shape, 0.5, 1.5, "float32", place + 1),
  );
  apply(x, { parameters: given });
  const expected = apply(x, { training: false, parameters: given });
  const named = new Map([
    ...[...parameters.keys()].map((name, place) => [name, given[place]] as const),
    ...buffers,
  ]);
  const received = computeDescribed(value, x, named as NamedTensors);
  const [own, described] = [expected, received].map(({ shape }) => `[${shape}]`);
  ensure(own === described, `it puts out ${own}, and describes ${described}`);
  const magnitude = tf.max(tf.abs(expected)).dataSync()[0] ?? 0;
  ensureClose(received, expected, "what it describes", 1e-4 * magnitude);
}

/**
 * What a description says, computed on the reference operations, as an exported model would: the enclosing tidy's.
 *
 * @throws Error for a parameter or buffer that the layer does not list.
 */
function computeDescribed(value: LayerValueV1, x: tf.Tensor, tensors: NamedTensors): tf.Tensor {
  const compute = (inner: LayerValueV1): tf.Tensor => computeDescribed(inner, x, tensors);
  const map = (inner: LayerValueV1): tf.Tensor4D => compute(inner) as tf.Tensor4D;
  const tensor = <T extends tf.Tensor>(name: string): T => {
    const found = tensors.get(name);
    ensure(found !== undefined, `it describes "${name}", which it does not list`);
    return found as T;
  };
  switch (value.operation) {
    case "input":
      return x;
    case "convolution": {
      const filter = tensor<tf.Tensor4D>(value.weight);
      const size = filter.shape[0];
      ensure(
        size === value.kernelSize,
        `it describes a kernel of ${value.kernelSize}, and has one of ${size}`,
      );
      return referenceOperations.conv2d(map(value.input), filter, value);
    }
    case "batch-norm": {
      const input = compute(value.input);
      ensure(input.rank === value.rank, `it describes a norm of ${value.rank} axes behind ${input.rank}`);
      return referenceOperations.batchNormEvaluate(input, {
        scale: tensor(value.scale),
        offset: tensor(value.offset),
        mean: tensor(value.mean),
        variance: tensor(value.variance),
        epsilon: value.epsilon,
      });
    }
    case "relu":
      return tf.relu(compute(value.input));
    case "add":
      return tf.add(compute(value.inputs[0]), compute(value.inputs[1]));
    case "max-pool":
      return referenceOperations.maxPool(map(value.input), value);
    case "global-average":
      return tf.mean(compute(value.input), [1, 2]);
    case "grid-sum": {
      const matrix = (rows: readonly (readonly number[])[]): tf.Tensor2D =>
        tf.tensor2d(rows.map((row) => [...row]));
      const byRow = tf.einsum("bhwc,rh->brwc", compute(value.input), matrix(value.rows));
      const cells = tf.einsum("brwc,kw->bcrk", byRow, matrix(value.columns));
      const [batch = 0, ...rest] = cells.shape;
      return tf.reshape(cells, [batch, rest.reduce((product, size) => product * size, 1)]);
    }
    case "linear":
      return tf.matMul(compute(value.input) as tf.Tensor2D, tensor<tf.Tensor2D>(value.weight));
  }
}
