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
