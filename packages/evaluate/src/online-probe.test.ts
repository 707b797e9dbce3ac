import { rootKey } from "@blockwise/random";
import type { BlockFeaturesV1, FeatureTable, StepEventV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { type OnlineProbe, type OnlineReadingV1, onlineProbe } from "./online-probe.js";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const labels = [0, 1, 0, 1, 1, 0];

/** Far from 0 and of very different scales; class 1 has the larger first value. */
function rowsAt(step: number): number[][] {
  return labels.map((label, row) => [
    500 + 3 * label + 0.3 * Math.sin(7 * row + step),
    0.01 * Math.cos(row + step),
  ]);
}

function features(step: number): BlockFeaturesV1 {
  const feature = tf.tensor2d(rowsAt(step));
  return {
    block: "layer1",
    map: tf.mul(tf.ones([labels.length, 2, 2, 2]), tf.reshape(feature, [labels.length, 1, 1, 2])),
    feature,
    labels: tf.tensor1d(labels, "int32"),
  };
}

const table: FeatureTable = {
  features: Float32Array.from(rowsAt(1000).flat()),
  dim: 2,
  labels: Int32Array.from(labels),
};

function probeOf(readings: OnlineReadingV1[], everySteps = 10): OnlineProbe {
  return onlineProbe({
    classCount: 2,
    key: rootKey(1),
    everySteps,
    neighbors: 3,
    read: async () => [{ block: "layer1", train: table, heldOut: { raw: table, head: table } }],
    onReading: (reading) => void readings.push(reading),
  });
}

async function steps(probe: OnlineProbe, from: number, to: number): Promise<void> {
  for (let step = from; step < to; step++) {
    tf.tidy(() => probe.onBlockFeatures?.(features(step)));
    await probe.onStepEnd?.({ step } as StepEventV1);
  }
}

describe("onlineProbe", () => {
  it("learns from the batches and reads every so many steps, and at the end", async () => {
    const before = tf.memory().numTensors;
    const readings: OnlineReadingV1[] = [];
    const probe = probeOf(readings);
    await probe.onRunStart?.({ startStep: 0, stepCount: 25, blocks: ["layer1"] });
    await steps(probe, 0, 25);
    await probe.onRunEnd?.({ step: 25, interrupted: false });
    expect(readings.map(({ step }) => step)).toEqual([10, 20, 25]);
    const last = readings.at(-1)?.blocks[0];
    expect(last).toEqual({
      block: "layer1",
      train: { raw: 100, head: 100 },
      heldOut: { raw: 100, head: 100 },
      neighbors: expect.any(Number),
    });
    probe.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("counts each batch before it is learnt from, and anew after a reading", async () => {
    const readings: OnlineReadingV1[] = [];
    const probe = probeOf(readings, 1);
    // A classifier that has seen nothing guesses by its random start; once it has learnt the batch it knows it.
    await steps(probe, 0, 1);
    await steps(probe, 1, 2);
    const [first, second] = readings.map(({ blocks }) => blocks[0]?.train.raw);
    expect(first).not.toBeNull();
    expect(second).toBe(100);
    await probe.onStepEnd?.({ step: 2 } as StepEventV1);
    expect(readings[2]?.blocks[0]?.train).toEqual({ raw: null, head: null });
    probe.dispose();
  });

  it("goes on from a state as if it had never stopped", async () => {
    const straight: OnlineReadingV1[] = [];
    const resumed: OnlineReadingV1[] = [];
    const whole = probeOf(straight);
    await steps(whole, 0, 20);
    const first = probeOf([]);
    await steps(first, 0, 13);
    const second = probeOf(resumed);
    second.restore(await first.state());
    await second.onRunStart?.({ startStep: 13, stepCount: 20, blocks: ["layer1"] });
    await steps(second, 13, 20);
    expect(await second.state()).toEqual(await whole.state());
    expect(resumed).toEqual(straight.slice(1));
    for (const probe of [whole, first, second]) probe.dispose();
  });

  it("has no score of a block that has not learnt yet, and refuses batches without labels", async () => {
    const readings: OnlineReadingV1[] = [];
    const probe = probeOf(readings, 1);
    await probe.onStepEnd?.({ step: 0 } as StepEventV1);
    expect(readings[0]?.blocks[0]).toMatchObject({
      train: { raw: null, head: null },
      heldOut: { raw: null, head: null },
    });
    expect(() => tf.tidy(() => probe.onBlockFeatures?.({ ...features(0), labels: null }))).toThrow(
      /unlabelled/,
    );
    probe.dispose();
  });
});
