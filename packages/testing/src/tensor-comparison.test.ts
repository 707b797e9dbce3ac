import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { compareTensors, elementIndex } from "./tensor-comparison.js";
import { useCpuBackend } from "./use-cpu-backend.js";

beforeAll(useCpuBackend);

describe("compareTensors", () => {
  it("measures differences against the largest expected magnitude", () => {
    expect(compareTensors([100, 0.0005], [100, 0]).close).toBe(true);
    expect(compareTensors([100, 0.002], [100, 0]).close).toBe(false);
    expect(compareTensors([100, 0.002], [100, 0], { relative: 1e-4 }).close).toBe(true);
  });

  it("is exact in relative terms where only an absolute tolerance is given, and adds the two", () => {
    expect(compareTensors(1e6 + 0.5, 1e6, { absolute: 0.4 }).close).toBe(false);
    expect(compareTensors(1e6 + 0.5, 1e6, { absolute: 0.4, relative: 1e-6 }).close).toBe(true);
  });

  it("names the worst element with both values", () => {
    const received = [
      [1, 2],
      [3, 5],
      [5, 6.5],
    ];
    const { summary } = compareTensors(received, [
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(summary).toBe(
      "worst at [1, 1]: expected 4, received 5; they differ by 1.00, of which 0.0000600 is allowed",
    );
  });

  it("reads tensors, numbers, nested numbers and typed arrays", () => {
    const tensor = tf.tensor2d([[1, 2, 3]]);
    expect(compareTensors(tensor, [[1, 2, 3]]).close).toBe(true);
    expect(compareTensors([[1, 2, 3]], tensor).close).toBe(true);
    expect(compareTensors(tensor, new Float32Array([1, 2, 3])).close).toBe(true);
    expect(compareTensors(tensor, new Float32Array([1, 2, 4])).close).toBe(false);
    tensor.dispose();
    const scalar = tf.scalar(2);
    expect(compareTensors(scalar, 2).close).toBe(true);
    scalar.dispose();
    expect(compareTensors([], []).close).toBe(true);
  });

  it("tells shapes apart", () => {
    expect(compareTensors([1, 2], [[1, 2]]).summary).toBe("expected the shape [1, 2], but it is [2]");
    expect(compareTensors([1, 2], new Float32Array(3)).close).toBe(false);
    expect(compareTensors(1, [1]).close).toBe(false);
    expect(() => compareTensors([[1], [2, 3]], [1])).toThrow(/rows of equal length/);
  });

  it("lets nothing be close to NaN, and infinities to their equals only", () => {
    expect(compareTensors([Number.NaN], [Number.NaN]).close).toBe(false);
    expect(compareTensors([Number.NaN], [1]).close).toBe(false);
    expect(compareTensors([1], [Number.NaN]).close).toBe(false);
    expect(compareTensors([Infinity, 1], [Infinity, 1]).close).toBe(true);
    expect(compareTensors([Infinity, 1], [-Infinity, 1]).close).toBe(false);
    expect(compareTensors([5, Infinity], [1, Infinity]).close).toBe(false);
  });
});

describe("elementIndex", () => {
  it("counts row by row", () => {
    expect(elementIndex([2, 3, 4], 23)).toBe("[1, 2, 3]");
    expect(elementIndex([], 0)).toBe("[]");
  });
});
