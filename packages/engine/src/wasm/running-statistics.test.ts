import type { OperationsV1, RunningStatisticsUpdateV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { describeOnEngines, randomTensor } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";

describeOnEngines("moved running statistics", ["wasm", "native"], (name) => {
  let moveStatistics: NonNullable<OperationsV1["moveStatistics"]>;
  beforeAll(async () => {
    const { operations } = await createEngine({ name });
    if (operations.moveStatistics === undefined) throw new Error(`The engine ${name} moves no statistics.`);
    moveStatistics = operations.moveStatistics;
  });

  function update(channels: number): RunningStatisticsUpdateV1 {
    const [mean, variance, batchMean, batchVariance] = [1, 2, 3, 4].map((seed) =>
      randomTensor<tf.Rank.R1>([channels], seed),
    ) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
    return {
      running: { mean, variance },
      batch: { mean: batchMean, variance: batchVariance },
      momentum: 0.1,
      correction: 36 / 35,
    };
  }

  test("have the bits of an operation a term, and leave what they come from", () => {
    tf.tidy(() => {
      const { running, batch, momentum, correction } = update(1001);
      const before = [running.mean, running.variance].map((tensor) => [...tensor.dataSync()]);
      const moved = moveStatistics({ running, batch, momentum, correction });
      const composed = (from: tf.Tensor, towards: tf.Tensor, share: number) => [
        ...tf.add(tf.mul(from, 1 - momentum), tf.mul(towards, share)).dataSync(),
      ];
      expect([...moved.mean.dataSync()]).toEqual(composed(running.mean, batch.mean, momentum));
      expect([...moved.variance.dataSync()]).toEqual(
        composed(running.variance, batch.variance, momentum * correction),
      );
      expect([running.mean, running.variance].map((tensor) => [...tensor.dataSync()])).toEqual(before);
    });
  });

  test("hand on what is no number", () => {
    tf.tidy(() => {
      const { running, ...rest } = update(3);
      const batch = {
        mean: tf.tensor1d([Number.NaN, Number.NEGATIVE_INFINITY, 0]),
        variance: tf.tensor1d([0, Number.POSITIVE_INFINITY, 0]),
      };
      const { mean, variance } = moveStatistics({ ...rest, running, batch });
      expect([...mean.dataSync()].slice(0, 2)).toEqual([Number.NaN, Number.NEGATIVE_INFINITY]);
      expect(variance.dataSync()[1]).toBe(Number.POSITIVE_INFINITY);
    });
  });

  test("refuse statistics of another width, and leave no tensor", async () => {
    await expect(() =>
      tf.tidy(() => {
        const { batch } = update(2);
        expect(() => moveStatistics({ ...update(3), batch })).toThrow("Shapes");
      }),
    ).toLeakNoTensors();
  });
});
