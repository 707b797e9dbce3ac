import type { ParameterSpecV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { afterAll, describe, expect, it } from "vitest";
import { lars } from "./index.js";

describe.each(["cpu", "wasm"])("lars on %s", (backend) => {
  afterAll(async () => {
    await tf.setBackend("cpu");
  });

  it("takes norms of a million values without losing the small ones", async () => {
    await tf.setBackend(backend);
    const size = 1000;
    const specs: readonly ParameterSpecV1[] = [
      { name: "weight", shape: [size, size], layout: "linear", initializer: { kind: "zeros" } },
    ];
    // A float32 running sum of squares that begins with 1e8 cannot grow by 1: it would give a norm of 10000.
    const values = new Float32Array(size * size).fill(1);
    values[0] = 1e4;
    const norm = Math.sqrt(1e8 + size * size - 1);

    const optimizer = lars({ momentum: 0, weightDecay: 0, trustCoefficient: 1 });
    const parameters = { weight: tf.tensor2d(values, [size, size]) };
    const gradients = { weight: tf.ones([size, size]) };
    const state = optimizer.doInit(specs);
    const next = optimizer.doUpdate({
      specs,
      parameters,
      gradients,
      state,
      learningRate: 1,
      updateCount: 0,
    });
    const step = 1 - (next.parameters.weight?.dataSync()[1] ?? Number.NaN);
    expect(step / (norm / size)).toBeCloseTo(1, 4);
    tf.dispose([parameters, gradients, state, next.parameters, next.state]);
  });
});
