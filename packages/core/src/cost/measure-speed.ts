import { fillNormal, fold, rootKey } from "@blockwise/random";
import type { EngineV1, LayerV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { gradientsOf } from "../learner/gradients-of.js";
import { initialTensor } from "../learner/initialize.js";
import { layerContext } from "../learner/layer-context.js";
import { type BlockDefinition, defineBlocks, type NetworkOptions } from "../wiring/block-definition.js";
import type { ByPart } from "./describe-costs.js";
import { activationSizeOf, countParameters, multiplyAddsOf } from "./layer-cost.js";
import { defaultLargestCount, type MeasureOptions } from "./measure-activations.js";

/**
 * The floating-point operations a second at which an engine trains each part of each block, by the count of
 * `describeCosts`: norms, activations and whatever else a layer does take time but count nothing, and so lower it.
 *
 * Each part is timed by itself, forward and backward for weights and input, on random values and as many images as make some
 * 2 GFLOP and hold at most 256 MiB, at least 2 and at most the batch; of short runs the faster of two counts. Parts of more than
 * `largestParameterCount` parameters, whose weights alone would take the memory of a run, are given the speed of a product
 * of square matrices, and parts without convolutions or linear maps infinity: they count nothing.
 *
 * @throws as `defineBlocks`.
 */
export function measureSpeed(
  options: NetworkOptions,
  { engine, largestParameterCount = defaultLargestCount }: MeasureOptions,
): readonly ByPart[] {
  const { batchSize } = options;
  let ofMatrices: number | undefined;
  const speedOfLarge = (): number => {
    ofMatrices ??= speedOfMatrices(batchSize);
    return ofMatrices;
  };
  return defineBlocks(options).map((definition) => {
    const { inputShape, head, projector, site } = definition;
    const speed = (layer: LayerV1, shape: readonly number[]): number =>
      countParameters(layer.parameters) > largestParameterCount
        ? speedOfLarge()
        : speedOf(layer, shape, batchSize, engine);
    return {
      backbone: speed(chainOf(definition), inputShape),
      head: speed(head.layer, site.mapShape),
      projector: speed(projector.layer, [site.featureDim]),
    };
  });
}

/** A block's units as one layer. */
function chainOf({ units }: BlockDefinition): LayerV1 {
  const sum = (
    cost: (layer: LayerV1, shape: readonly number[]) => number,
    inputShape: readonly number[],
  ): number => {
    let shape = inputShape;
    return units.reduce((total, { layer }) => {
      const own = cost(layer, shape);
      shape = layer.outputShape(shape);
      return total + own;
    }, 0);
  };
  const local = <Spec extends { readonly name: string }>(unit: number, specs: readonly Spec[]): Spec[] =>
    specs.map((spec) => ({ ...spec, name: `${unit}/${spec.name}` }));
  return {
    parameters: units.flatMap(({ layer }, unit) => local(unit, layer.parameters)),
    buffers: units.flatMap(({ layer }, unit) => local(unit, layer.buffers)),
    outputShape: (inputShape) => units.reduce((shape, { layer }) => layer.outputShape(shape), inputShape),
    multiplyAdds: (inputShape) => sum(multiplyAddsOf, inputShape),
    activationSize: (inputShape) => sum(activationSizeOf, inputShape),
    apply: (x, context) =>
      units.reduce(
        (value, { layer }, unit) =>
          layer.apply(value, {
            ...context,
            parameter: (name) => context.parameter(`${unit}/${name}`),
            buffer: (name) => context.buffer(`${unit}/${name}`),
            updateBuffer: (name, tensor) => context.updateBuffer(`${unit}/${name}`, tensor),
          }),
        x,
      ),
  };
}

const key = fold(rootKey(0), "measure-speed");
const flopsPerRun = 2e9;
const largestActivationBytes = 2 ** 28;
/** Two for a multiplication with its addition, three passes: as `describeCosts` counts. */
const flopsPerMultiplyAdd = 6;
const bytesPerValue = 4;
const matrixSize = 1024;
const longRunSeconds = 0.25;

function speedOf(
  layer: LayerV1,
  inputShape: readonly number[],
  batchSize: number,
  { operations }: EngineV1,
): number {
  const flops = flopsPerMultiplyAdd * multiplyAddsOf(layer, inputShape);
  if (flops === 0) return Number.POSITIVE_INFINITY;
  const bytes = bytesPerValue * activationSizeOf(layer, inputShape);
  const affordable = Math.floor(Math.min(flopsPerRun / flops, largestActivationBytes / bytes));
  const samples = Math.max(2, Math.min(batchSize, affordable));
  const tensors = tf.tidy(() => ({
    input: randomTensor([samples, ...inputShape]),
    parameters: Object.fromEntries(layer.parameters.map((spec) => [spec.name, initialTensor(key, spec)])),
    buffers: Object.fromEntries(layer.buffers.map((spec) => [spec.name, initialTensor(key, spec)])),
  }));
  const { input, parameters, buffers } = tensors;
  try {
    return (
      (samples * flops) /
      fasterOfTwo(() => {
        const updatedBuffers = new Map<string, tf.Tensor>();
        const context = layerContext(
          "",
          { parameters, buffers, updatedBuffers },
          { training: true, operations },
        );
        const { value, gradients } = gradientsOf(
          () => tf.sum(layer.apply(input, context)),
          [input, ...Object.values(parameters)],
        );
        settle(value, gradients);
        tf.dispose([...updatedBuffers.values()]);
      })
    );
  } finally {
    tf.dispose([input, parameters, buffers]);
  }
}

/** Of `[batch, 1024]` by `[1024, 1024]`, forward and both gradients. */
function speedOfMatrices(batchSize: number): number {
  const rows = Math.max(
    2,
    Math.min(batchSize, Math.floor(flopsPerRun / (flopsPerMultiplyAdd * matrixSize ** 2))),
  );
  const x = randomTensor([rows, matrixSize]);
  const weight = randomTensor([matrixSize, matrixSize]);
  try {
    const seconds = fasterOfTwo(() => {
      const { value, gradients } = gradientsOf(
        () => tf.sum(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D)),
        [x, weight],
      );
      settle(value, gradients);
    });
    return (flopsPerMultiplyAdd * rows * matrixSize ** 2) / seconds;
  } finally {
    tf.dispose([x, weight]);
  }
}

/** Waits for engines that work on while a call returns, and frees what came of it. */
function settle(value: tf.Tensor, gradients: readonly (tf.Tensor | null)[]): void {
  value.dataSync();
  const last = tf.tidy(() =>
    tf.addN([
      tf.scalar(0),
      ...gradients.flatMap((gradient) => (gradient === null ? [] : [tf.sum(gradient)])),
    ]),
  );
  last.dataSync();
  tf.dispose([value, last, ...gradients.filter((gradient) => gradient !== null)]);
}

/** In seconds. A run that takes long is not repeated: what comes on top the first time is little beside it. */
function fasterOfTwo(run: () => void): number {
  const first = secondsOf(run);
  return first > longRunSeconds ? first : Math.min(first, secondsOf(run));
}

function secondsOf(run: () => void): number {
  const start = performance.now();
  run();
  return Math.max(performance.now() - start, Number.MIN_VALUE) / 1000;
}

function randomTensor(shape: readonly number[]): tf.Tensor {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  fillNormal(key, values);
  return tf.tensor(values, [...shape]);
}
