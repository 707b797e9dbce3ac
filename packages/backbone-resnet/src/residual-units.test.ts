import { createEngine } from "@blockwise/engine";
import type { EngineV1, LayerV1, OperationsV1 } from "@blockwise/spec";
import { createLayerSubject, type LayerSubject } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { basicUnit, bottleneckUnit } from "./residual-units.js";

const plain = { inChannels: 4, width: 4, stride: 1, zeroInitResidual: false };
const units: Readonly<Record<string, LayerV1>> = {
  "basic, identity shortcut": basicUnit(plain),
  "basic, striding shortcut": basicUnit({ ...plain, inChannels: 3, stride: 2 }),
  "bottleneck, identity shortcut": bottleneckUnit({ ...plain, width: 1 }),
  "bottleneck, striding shortcut": bottleneckUnit({ ...plain, inChannels: 3, width: 2, stride: 2 }),
};

/** The channels of the images that a unit takes. */
function channelsOf(layer: LayerV1): number {
  return layer.parameters[0]?.shape[2] ?? 0;
}

function image(layer: LayerV1, batch: number, size: number): tf.Tensor4D {
  return tf.randomUniform([batch, size, size, channelsOf(layer)], -1, 1, "float32", 7);
}

/** The unit from its definition, in plain TensorFlow.js. */
function residual(x: tf.Tensor4D, { layer, parameters }: LayerSubject): tf.Tensor {
  const parameter = (name: string): tf.Tensor => parameters.get(name) as tf.Tensor;
  const normed = (input: tf.Tensor, filterName: string, normName: string, stride: number): tf.Tensor => {
    const filter = parameter(`${filterName}.weight`) as tf.Tensor4D;
    const padding = ((filter.shape[0] ?? 1) - 1) / 2;
    const map = tf.conv2d(input as tf.Tensor4D, filter, stride, padding, "NHWC", 1, "floor");
    const { mean, variance } = tf.moments(map, [0, 1, 2]);
    const normal = tf.div(tf.sub(map, mean), tf.sqrt(tf.add(variance, 1e-5)));
    return tf.add(tf.mul(normal, parameter(`${normName}.weight`)), parameter(`${normName}.bias`));
  };
  const convolutions = layer.parameters.filter(({ name }) => /^conv\d/.test(name)).length;
  const striding = convolutions === 3 ? 2 : 1;
  const stride = parameters.has("downsample.0.weight") ? 2 : 1;
  let map: tf.Tensor = x;
  for (let index = 1; index <= convolutions; index++) {
    map = normed(map, `conv${index}`, `bn${index}`, index === striding ? stride : 1);
    if (index < convolutions) map = tf.relu(map);
  }
  const shortcut = stride === 1 ? x : normed(x, "downsample.0", "downsample.1", stride);
  return tf.relu(tf.add(map, shortcut));
}

describe.each(["cpu", "wasm"] as const)("residual units on %s", (engineName) => {
  let engine: EngineV1;
  beforeAll(async () => {
    engine = await createEngine({ name: engineName });
  });

  it.each(Object.entries(units))("%s: is what its definition says", (_, layer) => {
    const subject = createLayerSubject(layer, engine.operations);
    tf.tidy(() => {
      const x = image(layer, 3, 5);
      const output = subject.apply(x);
      expect(output).toBeCloseToTensor(residual(x, subject), { absolute: 2e-5 });
      expect(output.shape.slice(1)).toEqual(layer.outputShape(x.shape.slice(1)));
    });
    subject.dispose();
  });

  it.each(Object.entries(units))("%s: has the gradients of finite differences", (_, layer) => {
    const subject = createLayerSubject(layer, engine.operations);
    tf.tidy(() => {
      const x = image(layer, 2, 3);
      const parameters = awayFromCorners(subject);
      const weights = tf.randomNormal([2, ...layer.outputShape(x.shape.slice(1))], 0, 1, "float32", 9);
      const f = (input: tf.Tensor, ...given: tf.Tensor[]): tf.Scalar =>
        tf.sum(tf.mul(subject.apply(input, { parameters: given }), weights));
      const gradients = tf.grads(f)([x, ...parameters]);
      for (const [index, gradient] of gradients.entries()) {
        const slope = slopeAlong(f, [x, ...parameters], index);
        // Batch norm takes most of the gradient from what comes before it: what is left can be near rounding.
        const allowed = 5e-3 * (tf.norm(gradient).dataSync()[0] ?? 0) + 1e-3;
        expect(tf.sum(tf.mul(gradient, slope.direction))).toBeCloseToTensor(slope.value, {
          absolute: allowed,
        });
      }
    });
    subject.dispose();
  });

  it("uses running statistics in evaluation, and leaves them alone", () => {
    const layer = basicUnit(plain);
    const subject = createLayerSubject(layer, engine.operations);
    tf.tidy(() => {
      const [first, second] = [image(layer, 1, 4), tf.mul(image(layer, 1, 4), 50)] as const;
      const both = tf.concat([first, second]);
      // Samples know nothing of each other in evaluation, and much in training.
      const alone = subject.apply(first, { training: false });
      const together = subject.apply(both, { training: false });
      expect(tf.slice(together, 0, 1)).toBeCloseToTensor(alone, { absolute: 1e-5 });
      expect(subject.buffers.get("bn1.running_var")).toBeCloseToTensor([1, 1, 1, 1]);
      expect(tf.slice(subject.apply(both), 0, 1)).not.toBeCloseToTensor(alone, { absolute: 0.1 });
      expect(subject.buffers.get("bn1.running_var")).not.toBeCloseToTensor([1, 1, 1, 1], { absolute: 0.1 });
    });
    subject.dispose();
  });

  it("starts as the identity behind a ReLU with zeroInitResidual", () => {
    const subject = createLayerSubject(
      bottleneckUnit({ ...plain, width: 1, zeroInitResidual: true }),
      engine.operations,
    );
    tf.tidy(() => {
      const x = image(subject.layer, 2, 3);
      expect(subject.apply(x)).toBeCloseToTensor(tf.relu(x));
    });
    subject.dispose();
  });

  it("leaves no tensor behind", async () => {
    const layer = bottleneckUnit({ ...plain, inChannels: 3, width: 2, stride: 2 });
    const subject = createLayerSubject(layer, engine.operations);
    const x = image(layer, 2, 4);
    const train = (): void => tf.dispose(tf.grad((input) => tf.sum(tf.square(subject.apply(input))))(x));
    train();
    await expect(() => {
      train();
      tf.tidy(() => void subject.apply(x, { training: false }));
    }).toLeakNoTensors();
    subject.dispose();
    x.dispose();
  });

  it("refuses to train on one pixel of one image", () => {
    const layer = basicUnit({ ...plain, stride: 2, inChannels: 3 });
    const subject = createLayerSubject(layer, engine.operations as OperationsV1);
    tf.tidy(() => {
      const x = image(layer, 1, 2);
      expect(() => subject.apply(x)).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH", received: [1, 1, 1, 4] }),
      );
      expect(subject.apply(x, { training: false })).toBeFinite();
    });
    subject.dispose();
  });
});

/** How fast `f` climbs when one of its inputs moves in a random direction of length 1, by a fourth-order difference. */
function slopeAlong(
  f: (...inputs: tf.Tensor[]) => tf.Scalar,
  inputs: readonly tf.Tensor[],
  index: number,
): { readonly direction: tf.Tensor; readonly value: number } {
  const moved = inputs[index] as tf.Tensor;
  const normal = tf.randomNormal(moved.shape, 0, 1, "float32", 1 + index);
  const direction = tf.div(normal, tf.norm(normal));
  const step = 0.005;
  const at = (distance: number): number => {
    const shifted = inputs.with(index, tf.add(moved, tf.mul(direction, distance)));
    return f(...shifted).dataSync()[0] ?? Number.NaN;
  };
  const value = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
  return { direction, value };
}

/**
 * Parameters with which no ReLU stands near its corner: normalised values of n samples stay within sqrt(n - 1), here at
 * most sqrt(17) = 4.1, so gains of 0.5 keep them on the side that a shift of 2.5 puts them on. Every third channel is
 * off, but for the last norm's, which must carry the gradient past a shortcut within 1.
 */
function awayFromCorners({ layer, parameters }: LayerSubject): tf.Tensor[] {
  const lastNorm = parameters.has("bn3.weight") ? "bn3" : "bn2";
  return layer.parameters.map(({ name, shape: [channels = 0] }) => {
    const start = parameters.get(name) as tf.Tensor;
    if (name.endsWith(".bias")) {
      const shift = name.startsWith("bn") ? 2.5 : 0;
      return tf.tensor1d(
        Array.from({ length: channels }, (_, channel) =>
          name.startsWith(lastNorm) ? 6 : channel % 3 === 1 ? -shift : shift,
        ),
      );
    }
    return start.rank === 1 ? tf.fill(start.shape, 0.5) : start;
  });
}
