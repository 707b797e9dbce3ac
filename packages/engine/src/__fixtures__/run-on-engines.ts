import { buildLibrary } from "@blockwise/engine-native/build-library";
import type { OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect } from "vitest";
import { createEngine } from "../index.js";
import { findInstalledEngine } from "../installed/installed-engine.js";

/** An engine that tests hold against another one's results. */
export type TestedEngine = "cpu" | "wasm" | "native" | "node";

/**
 * The same tests on several engines; on TensorFlow where it is installed and on the native kernels where they can be compiled,
 * and named as skipped where not.
 */
export function describeOnEngines<Engine extends TestedEngine>(
  title: string,
  engines: readonly Engine[],
  define: (engine: Engine) => void,
): void {
  for (const engine of engines) {
    const missing =
      (engine === "node" && findInstalledEngine("cpu") === null) ||
      (engine === "native" && !buildLibrary().built);
    describe.skipIf(missing)(`${title} on ${engine}`, () => define(engine));
  }
}

/** Numbers in [-0.5, 0.5) that depend on the seed only. */
export function randomTensor<Rank extends tf.Rank = tf.Rank>(
  shape: readonly number[],
  seed: number,
): tf.Tensor<Rank> {
  let state = Math.imul(seed + 1, 0x9e3779b9) >>> 0;
  const next = (): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, next), [...shape]) as never;
}

/** The value of `f` and its gradients, by way of a sum in which each element of the value has a weight of its own. */
export function valueAndGradients(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
): tf.Tensor[] {
  const weighted = (...tensors: tf.Tensor[]): tf.Scalar => {
    const value = f(...tensors);
    return tf.sum(tf.mul(value, randomTensor(value.shape, 77)));
  };
  return [f(...inputs), ...tf.grads(weighted)([...inputs])];
}

interface Snapshot {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Computes the same on the cpu engine and on another, and expects the same. The other is active afterwards. */
export async function expectSameOnEngines(
  engine: Exclude<TestedEngine, "cpu">,
  compute: (operations: OperationsV1) => readonly tf.Tensor[],
  { absolute = 2e-6, relative = 2e-5 }: { readonly absolute?: number; readonly relative?: number } = {},
): Promise<void> {
  const [expected, received] = [await snapshots("cpu", compute), await snapshots(engine, compute)];
  expect(received.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  expected.forEach(({ values }, index) => {
    // Sums of many products round by the size of the summands, which the tensor's largest element stands for.
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = values.reduce((most, value, place) => {
      const difference = Math.abs(value - (received[index]?.values[place] ?? Number.NaN));
      return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
    }, 0);
    expect(worst, `tensor ${index} of ${expected.length}`).toBeLessThanOrEqual(absolute + relative * largest);
  });
}

async function snapshots(
  name: TestedEngine,
  compute: (operations: OperationsV1) => readonly tf.Tensor[],
): Promise<readonly Snapshot[]> {
  const { operations } = await createEngine({ name });
  const before = tf.memory().numTensors;
  const results = tf.tidy(() =>
    compute(operations).map((tensor) => ({
      shape: tensor.shape,
      values: tensor.dataSync<"float32">().slice(),
    })),
  );
  expect(tf.memory().numTensors).toBe(before);
  return results;
}
