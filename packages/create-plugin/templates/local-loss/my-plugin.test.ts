import { createEngine } from "@blockwise/engine";
import { describeLocalLoss, evaluateLocalLoss, useCpuBackend } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { myPlugin } from "./my-plugin.js";

// TODO: values of the authors' formula as `golden`, and what does not change the loss as `invariances`.
describeLocalLoss({ name: "my-plugin", create: myPlugin, createEngine });

beforeAll(useCpuBackend);

it("is the mean squared distance, times its scale", () => {
  const [z1, z2] = [tf.tensor2d([[1, 2]]), tf.tensor2d([[1, 4]])];
  expect(evaluateLocalLoss(myPlugin({ scale: 3 }), [z1, z2]).total).toBe(6);
  tf.dispose([z1, z2]);
});
