import { isDeepStrictEqual } from "node:util";
import type { HeadV1, LayerV1, ProjectorV1 } from "@blockwise/spec";
import { ensure } from "../ensure.js";
import { layerChecks } from "../layer/layer-checks.js";
import { type NamedLayer, runOnLayers } from "../layer/run-layer-checks.js";
import { ensureRefused } from "../plugin/ensure-refused.js";
import { ensureIdentity } from "../plugin/identity.js";
import type { PluginCheck } from "../plugin/plugin-check.js";

/** A head or projector, and the shapes that it is tried out on. */
export interface HeadUnderTest {
  /** Which of the two interfaces `plugin` has. */
  readonly kind: "head" | "projector";
  /** What is tested. */
  readonly plugin: HeadV1 | ProjectorV1;
  /** Shapes of one sample: maps `[height, width, channels]` for heads, vectors `[dim]` for projectors. */
  readonly inputShapes: readonly (readonly number[])[];
  /** How many random samples it is given. */
  readonly batchSize: number;
  /** Of the random input. */
  readonly seed: number;
}

/** The layers that a head makes, each for its input. */
export function layersUnderTest({ plugin, inputShapes, batchSize, seed }: HeadUnderTest): NamedLayer[] {
  return inputShapes.map((inputShape, place) => ({
    name: `for [${inputShape}]`,
    layer: plugin.doCreate({ inputShape }),
    inputShape,
    batchSize,
    seed: seed + place,
  }));
}

/** What every head and projector promises: of itself, and of what it makes as a layer. */
export const headChecks: readonly PluginCheck<HeadUnderTest>[] = [
  {
    name: "says what it is",
    run: ({ plugin, kind }) => ensureIdentity(plugin, kind),
  },
  {
    name: "makes one vector of each sample",
    run(test) {
      for (const { name, layer, inputShape } of layersUnderTest(test)) {
        const shape = layer.outputShape(inputShape);
        ensure(shape.length === 1, `${name}, the output has the shape [${shape}], not [dim]`);
      }
    },
  },
  {
    name: "refuses to be made for input of another rank",
    run({ plugin, inputShapes: [inputShape = []] }) {
      for (const shape of [inputShape.slice(1), [...inputShape, 2]]) {
        const make = (): LayerV1 => plugin.doCreate({ inputShape: shape });
        ensureRefused(make, "BLOCKWISE_SHAPE_MISMATCH", `input of the shape [${shape}]`);
      }
    },
  },
  {
    name: "makes the same layer for the same input",
    run({ plugin, inputShapes }) {
      const parts = inputShapes.map((inputShape) => describeLayer(plugin.doCreate({ inputShape })));
      // In the other order, so that one that counts its calls is found out.
      const again = inputShapes
        .toReversed()
        .map((inputShape) => describeLayer(plugin.doCreate({ inputShape })))
        .toReversed();
      ensure(isDeepStrictEqual(parts, again), "made twice, it asks for other parameters or buffers");
    },
  },
  ...layerChecks.map(
    (check): PluginCheck<HeadUnderTest> => ({
      name: check.name,
      run: (test) => runOnLayers(check, layersUnderTest(test)),
    }),
  ),
];

/** What a layer asks for. */
export function describeLayer({ parameters, buffers }: LayerV1): readonly unknown[] {
  return [parameters, buffers];
}
