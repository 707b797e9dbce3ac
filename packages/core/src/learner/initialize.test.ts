import { resnet } from "@blockwise/backbone-resnet";
import { rootKey } from "@blockwise/random";
import { useCpuBackend } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { initialTensor } from "./initialize.js";

beforeAll(useCpuBackend);
const key = rootKey(1);
const plain = { name: "weight", shape: [200, 100], layout: "plain" } as const;

describe("initialTensor", () => {
  it("fills with zeros and ones", () => {
    tf.tidy(() => {
      const shape = [2, 2];
      const zeros = initialTensor(key, { ...plain, shape, initializer: { kind: "zeros" } });
      expect(zeros).toBeCloseToTensor([
        [0, 0],
        [0, 0],
      ]);
      const ones = initialTensor(key, { ...plain, shape, initializer: { kind: "ones" } });
      expect(ones).toBeCloseToTensor([
        [1, 1],
        [1, 1],
      ]);
    });
  });

  it("starts parameters of the same `startsAs` alike, whatever their names", () => {
    tf.tidy(() => {
      const initializer = { kind: "uniform", bound: 1 } as const;
      const start = (name: string, startsAs?: string) =>
        initialTensor(key, { ...plain, name, initializer, ...(startsAs === undefined ? {} : { startsAs }) });
      const alone = start("projector.0.weight");
      expect(start("projector.1.weight", "projector.0.weight")).toBeCloseToTensor(alone, { absolute: 0 });
      expect(start("projector.1.weight")).not.toBeCloseToTensor(alone);
    });
  });

  it("draws normal numbers of the deviation that is asked for", () => {
    tf.tidy(() => {
      const initializer = { kind: "normal", standardDeviation: 0.05 } as const;
      const values = initialTensor(key, { ...plain, initializer });
      const { mean, variance } = tf.moments(values);
      // Of 20,000 draws: four deviations of the mean and of the standard deviation.
      expect(mean).toBeCloseToTensor(0, { absolute: 4 * (0.05 / Math.sqrt(20_000)) });
      expect(tf.sqrt(variance)).toBeCloseToTensor(0.05, { relative: 4 / Math.sqrt(40_000) });
      expect(tf.max(tf.abs(values)).dataSync()[0]).toBeGreaterThan(3 * 0.05);
    });
  });

  it("draws uniform numbers between the bounds, up to both", () => {
    tf.tidy(() => {
      const values = initialTensor(key, { ...plain, initializer: { kind: "uniform", bound: 0.5 } });
      const [low = 0, high = 0] = [tf.min(values), tf.max(values)].map((value) => value.dataSync()[0]);
      expect(low).toBeGreaterThanOrEqual(-0.5);
      expect(low).toBeLessThan(-0.498);
      expect(high).toBeLessThanOrEqual(0.5);
      expect(high).toBeGreaterThan(0.498);
      expect(tf.moments(values).variance).toBeCloseToTensor(0.25 / 3, { relative: 0.03 });
    });
  });

  it("starts ResNet's convolutions at the deviation of kaiming normal, fan out", () => {
    const { units } = resnet({ depth: 18 });
    const unit = units.find(({ id }) => id === "layer3.0");
    for (const [name, fanOut] of [
      ["conv1.weight", 256 * 9],
      ["downsample.0.weight", 256],
    ] as const) {
      const spec = unit?.layer.parameters.find((parameter) => parameter.name === name);
      if (spec === undefined) throw new Error(`There is no ${name}.`);
      tf.tidy(() => {
        const deviation = tf.sqrt(tf.moments(initialTensor(key, spec)).variance);
        expect(deviation).toBeCloseToTensor(Math.sqrt(2 / fanOut), { relative: 0.02 });
      });
    }
  });

  it("depends on seed and name, not on what was drawn before", () => {
    tf.tidy(() => {
      const initializer = { kind: "normal", standardDeviation: 1 } as const;
      const draw = (seed: number, name: string): unknown =>
        initialTensor(rootKey(seed), { ...plain, name, initializer }).arraySync();
      const first = draw(1, "a");
      expect(draw(1, "b")).not.toEqual(first);
      expect(draw(2, "a")).not.toEqual(first);
      expect(draw(1, "a")).toEqual(first);
    });
  });
});
