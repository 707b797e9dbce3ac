import { localPool } from "@blockwise/heads";
import { encodeOnnx } from "@blockwise/onnx";
import type { LayerContextV1, LayerV1 } from "@blockwise/spec";
import { graphModel } from "@blockwise/tfjs";
import * as tf from "@tensorflow/tfjs";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";

const imageShape = [5, 7, 3] as const;
const images = Float32Array.from({ length: 2 * 5 * 7 * 3 }, (_, index) => Math.sin(0.37 * index));

const nothing = (): never => {
  throw new Error("not asked for here");
};
const context = { training: false, parameter: nothing, buffer: nothing, updateBuffer: nothing };

/** `relu(x)`, so that the map behind which the head stands has been computed. */
const rectified: LayerV1 = {
  parameters: [],
  buffers: [],
  outputShape: (shape) => shape,
  describe: (input) => ({ operation: "relu", input }),
  apply: (x) => tf.relu(x),
};

describe.each([1, 2, 3, 5, 6])("a local pool of %d cells a side", (grid) => {
  const layer = localPool({ grid }).doCreate({ inputShape: imageShape });
  const parts = {
    units: [{ id: "unit", prefix: "", layer: rectified }],
    head: { id: "unit.head", prefix: "head.", layer },
    tensors: new Map(),
    imageShape,
  };
  const wanted = async (): Promise<tf.TypedArray> => {
    await tf.setBackend("cpu");
    return tf.tidy(() =>
      layer
        .apply(tf.relu(tf.tensor4d(images, [2, ...imageShape])), context as unknown as LayerContextV1)
        .dataSync(),
    );
  };
  const compare = async (values: ArrayLike<number>): Promise<void> => {
    const own = await wanted();
    expect(values).toHaveLength(2 * 3 * grid * grid);
    expect(
      Math.max(...Array.from(own, (value, place) => Math.abs(value - Number(values[place])))),
    ).toBeLessThan(1e-6);
    expect(Math.max(...own)).toBeGreaterThan(0.1);
  };

  it("is what ONNX Runtime computes", async () => {
    const session = await InferenceSession.create(encodeOnnx({ ...parts, channels: "last" }));
    const { head } = await session.run({ images: new Tensor("float32", images, [2, ...imageShape]) });
    await session.release();
    await compare(head?.data as Float32Array);
  });

  it("is what TensorFlow.js computes from a graph model", async () => {
    await tf.setBackend("cpu");
    const model = await tf.loadGraphModel(tf.io.fromMemory(graphModel(parts)));
    const head = tf.tidy(() =>
      (model.execute(tf.tensor4d(images, [2, ...imageShape]), "head") as tf.Tensor).dataSync(),
    );
    model.dispose();
    await compare(head);
  });
});
