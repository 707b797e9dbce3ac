import { createEngine } from "@blockwise/engine";
import type { BatchNormTrainOptions, BatchNormTrainResult, EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { BatchPart } from "./batch-part.js";
import { synchronisedOperations } from "./synchronised-operations.js";

/**
 * Computes both parts by turns in one thread: what a part says first depends on nothing, and what it says next on what was
 * said before, so that after as many rounds as there are messages all are right.
 */
function computeInParts<Result>(rounds: number, compute: (part: BatchPart) => Result): readonly Result[] {
  const said: (readonly Float32Array[])[] = [[], []];
  let results: Result[] = [];
  for (let round = 0; round < rounds; round++) {
    results = [0, 1].map((index) => {
      const own: Float32Array[] = [];
      const exchange = (values: Float32Array): readonly Float32Array[] => {
        const other = said[1 - index]?.[own.length] ?? new Float32Array(values.length);
        own.push(values.slice());
        return index === 0 ? [values, other] : [other, values];
      };
      const sum = (values: Float32Array): Float32Array => {
        const [first, second] = exchange(values) as [Float32Array, Float32Array];
        return first.map((value, place) => value + (second[place] ?? 0));
      };
      const gather = (values: Float32Array) =>
        new Float32Array(exchange(values).flatMap((part) => [...part]));
      const result = compute({ index, count: 2, sum, gather });
      said[index] = own;
      return result;
    });
  }
  return results;
}

const batch = 6;
const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, "float32", seed);
const partOf = (tensor: tf.Tensor, { index }: BatchPart): tf.Tensor =>
  tf.slice(tensor, (index * batch) / 2, batch / 2);

describe.each([
  ["cpu", "composed"],
  ["wasm", "composed"],
  ["wasm", "its own"],
] as const)("synchronised operations on %s, %s", (name, kind) => {
  let engine: EngineV1;
  beforeAll(async () => {
    const made = await createEngine({ name });
    expect(made.operations.synchronised !== undefined).toBe(name === "wasm");
    const { synchronised: _, ...others } = made.operations;
    engine = kind === "composed" ? { ...made, operations: others } : made;
  });

  /** Statistics, output, and gradients with respect to `inputs`, the first of which are by sample. */
  function expectSame(
    apply: (operations: EngineV1["operations"], inputs: readonly tf.Tensor[]) => BatchNormTrainResult,
    inputs: readonly tf.Tensor[],
    samples: number,
    weights: tf.Tensor,
  ): void {
    const compute = (
      operations: EngineV1["operations"],
      own: readonly tf.Tensor[],
      ownWeights: tf.Tensor,
    ): {
      readonly bySample: readonly tf.Tensor[];
      readonly added: readonly tf.Tensor[];
      readonly common: readonly tf.Tensor[];
    } => {
      const kept: tf.Tensor[] = [];
      const grads = tf.grads((...tensors) => {
        const { output, mean, variance } = apply(operations, tensors);
        kept.push(tf.keep(output.clone()), tf.keep(mean.clone()), tf.keep(variance.clone()));
        return tf.sum(tf.mul(output, ownWeights));
      })([...own]);
      const [output, ...common] = kept as [tf.Tensor, ...tf.Tensor[]];
      return { bySample: [output, ...grads.slice(0, samples)], added: grads.slice(samples), common };
    };
    const whole = compute(engine.operations, inputs, weights);
    const parts = computeInParts(3, (part) =>
      compute(
        synchronisedOperations(engine.operations, part),
        inputs.map((input, index) => (index < samples ? partOf(input, part) : input)),
        partOf(weights, part),
      ),
    );
    const [first, second] = parts as [(typeof parts)[number], (typeof parts)[number]];
    for (const [index, expected] of whole.bySample.entries()) {
      const joined = tf.concat([first.bySample[index] as tf.Tensor, second.bySample[index] as tf.Tensor]);
      expect(joined).toBeCloseToTensor(expected, { absolute: 2e-5 });
    }
    for (const [index, expected] of whole.added.entries()) {
      const sum = tf.add(first.added[index] as tf.Tensor, second.added[index] as tf.Tensor);
      expect(sum).toBeCloseToTensor(expected, { absolute: 5e-5 });
    }
    for (const [index, expected] of whole.common.entries()) {
      for (const part of parts)
        expect(part.common[index] as tf.Tensor).toBeCloseToTensor(expected, { absolute: 5e-5 });
    }
    tf.dispose([whole, first, second].flatMap((own) => [...own.bySample, ...own.added, ...own.common]));
  }

  it.each([
    { title: "vectors", shape: [batch, 5], epilogue: {}, residual: false },
    { title: "images", shape: [batch, 3, 2, 4], epilogue: {}, residual: false },
    {
      title: "images and a residual, rectified",
      shape: [batch, 3, 2, 4],
      epilogue: { activation: "relu" },
      residual: true,
    },
    {
      title: "images, rectified and pooled",
      shape: [batch, 3, 2, 4],
      epilogue: { activation: "relu", pool: "globalAverage" },
      residual: false,
    },
  ] as const)("normalise $title as in one thread, gradients too", ({ shape, epilogue, residual }) => {
    tf.tidy(() => {
      const channels = shape[shape.length - 1] ?? 0;
      // Far from zero, and the parts far from each other.
      const shift = tf.reshape(tf.linspace(100, 103, batch), [batch, ...shape.slice(1).map(() => 1)]);
      const x = tf.add(random([...shape], 1), shift);
      const residuals = residual ? [random([...shape], 2)] : [];
      const affine = [tf.add(random([channels], 3), 1), random([channels], 4)];
      const pooled = "pool" in epilogue;
      const weights = random(pooled ? [batch, channels] : [...shape], 5);
      expectSame(
        (operations, [input, ...rest]) => {
          const [scale, offset] = rest.slice(-2) as [tf.Tensor1D, tf.Tensor1D];
          const options: BatchNormTrainOptions = { scale, offset, epsilon: 1e-5, ...epilogue };
          const [added] = rest.slice(0, -2);
          return operations.batchNormTrain(
            input as tf.Tensor,
            added === undefined ? options : { ...options, residual: added },
          );
        },
        [x, ...residuals, ...affine],
        1 + residuals.length,
        weights,
      );
    });
  });

  it("normalise without parameters as in one thread", () => {
    tf.tidy(() =>
      expectSame(
        (operations, [x]) =>
          operations.batchNormTrain(x as tf.Tensor, { scale: null, offset: null, epsilon: 1e-5 }),
        [random([batch, 4], 1)],
        1,
        random([batch, 4], 2),
      ),
    );
  });

  it("expand and pool as in one thread, gradients too", () => {
    tf.tidy(() =>
      expectSame(
        (operations, [x, filter, scale, offset]) =>
          operations.expandAndPoolTrain(x as tf.Tensor4D, filter as tf.Tensor4D, {
            scale: scale as tf.Tensor1D,
            offset: offset as tf.Tensor1D,
            epsilon: 1e-5,
            chunkBytes: Infinity,
          }),
        [random([batch, 3, 3, 4], 1), random([1, 1, 4, 6], 2), tf.add(random([6], 3), 1), random([6], 4)],
        1,
        random([batch, 6], 5),
      ),
    );
  });

  it("leave no tensor behind, and say how many values statistics are of", () => {
    const x = random([batch, 2, 2, 3], 1);
    const before = tf.memory().numTensors;
    computeInParts(3, (part) => {
      const operations = synchronisedOperations(engine.operations, part);
      const run = (own: tf.Tensor): BatchNormTrainResult =>
        operations.batchNormTrain(own, { scale: null, offset: null, epsilon: 1e-5 });
      const { output, mean, variance, count } = run(x);
      expect(count).toBe(2 * batch * 4);
      tf.dispose([output, mean, variance]);
      tf.dispose(tf.grad((own) => tf.sum(tf.square(run(own).output)))(x));
    });
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
  });
});
