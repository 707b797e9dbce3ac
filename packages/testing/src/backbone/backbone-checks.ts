import * as tf from "@tensorflow/tfjs-core";
import { ensure } from "../ensure.js";
import { layerChecks } from "../layer/layer-checks.js";
import { runOnLayers } from "../layer/run-layer-checks.js";
import { createLayerSubject } from "../layer-subject.js";
import { ensureRefused } from "../plugin/ensure-refused.js";
import { ensureIdentity } from "../plugin/identity.js";
import type { PluginCheck } from "../plugin/plugin-check.js";
import { type BackboneUnderTest, namesInFiles, unitsUnderTest } from "./backbone-under-test.js";

/** What every backbone promises: of itself, and of each unit as a layer. */
export const backboneChecks: readonly PluginCheck<BackboneUnderTest>[] = [
  {
    name: "says what it is",
    run({ backbone }) {
      ensureIdentity(backbone, "backbone");
      ensure(
        [1, 3].includes(backbone.inputChannels),
        `inputChannels is ${backbone.inputChannels}, not 1 or 3`,
      );
    },
  },
  {
    name: "names units and stages once each, and tells all tensors apart in files",
    run({ backbone: { units, stages } }) {
      ensureUnique(
        units.map(({ id }) => id),
        "unit",
      );
      ensureUnique(
        stages.map(({ id }) => id),
        "stage",
      );
      ensureUnique(units.flatMap(namesInFiles), "tensor");
    },
  },
  {
    name: "can be cut: stages hold all units, and the last unit joins no other",
    run({ backbone: { units, stages } }) {
      ensure(units.length > 0, "there is no unit");
      for (const { id, unitCount } of stages) {
        ensure(Number.isInteger(unitCount) && unitCount > 0, `stage "${id}" has ${unitCount} units`);
      }
      const counted = stages.reduce((sum, { unitCount }) => sum + unitCount, 0);
      ensure(counted === units.length, `the stages hold ${counted} units, but there are ${units.length}`);
      const last = units.at(-1);
      ensure(last?.joinsNext !== true, `the last unit "${last?.id}" joins the next one`);
    },
  },
  {
    name: "makes a map of each image, unit by unit",
    run(test) {
      for (const { name, layer, inputShape } of unitsUnderTest(test)) {
        const shape = layer.outputShape(inputShape);
        const isMap = shape.length === 3 && shape.every((size) => Number.isInteger(size) && size > 0);
        ensure(isMap, `${name} puts out [${shape}], not [height, width, channels]`);
      }
    },
  },
  {
    name: "refuses images of other channels",
    run({ backbone, imageSize }) {
      const channels = backbone.inputChannels === 1 ? 3 : 1;
      const first = backbone.units[0]?.layer;
      ensureRefused(
        () => first?.outputShape([...imageSize, channels]),
        "BLOCKWISE_SHAPE_MISMATCH",
        `an image of ${channels} channels`,
      );
    },
  },
  ...layerChecks.map(
    (check): PluginCheck<BackboneUnderTest> => ({
      name: `in each unit, ${check.name}`,
      run: (test) => runOnLayers(check, unitsUnderTest(test)),
    }),
  ),
  {
    name: "lets a gradient through from its last map to the image, for training end to end",
    run(test) {
      const subjects = test.backbone.units.map(({ layer }) => createLayerSubject(layer));
      try {
        tf.tidy(() => {
          const shape = [test.batchSize, ...test.imageSize, test.backbone.inputChannels];
          const image = tf.randomNormal(shape, 0, 1, "float32", test.seed * 1000);
          const square = (): tf.Scalar =>
            tf.mean(tf.square(subjects.reduce((x: tf.Tensor, subject) => subject.apply(x), image)));
          const gradient = tf.engine().gradients(square, [image], undefined, true).grads[0];
          const length = gradient ? (tf.norm(gradient).dataSync()[0] ?? 0) : 0;
          ensure(Number.isFinite(length) && length > 0, `the gradient's norm at the image is ${length}`);
        });
      } finally {
        for (const subject of subjects) subject.dispose();
      }
    },
  },
];

function ensureUnique(names: readonly string[], what: string): void {
  const twice = names.find((name, place) => name === "" || names.indexOf(name) !== place);
  ensure(twice === undefined, `the ${what} name "${twice}" is empty or there twice`);
}
