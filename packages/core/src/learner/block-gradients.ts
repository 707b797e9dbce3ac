import { fold, type RandomKey } from "@blockwise/random";
import type { LocalLossViewV1, OperationsV1, TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { sumGradients } from "../batch-workers/sum-gradients.js";
import { type WholeViews, wholeViews } from "../batch-workers/whole-views.js";
import { deviationOfDirections } from "../meters/embedding-deviation.js";
import { type ForwardPass, handOn, viewBehind, viewWithoutNoise } from "./forward-pass.js";
import { gradientsOf } from "./gradients-of.js";
import { layerContext } from "./layer-context.js";
import type { NoiseOptions } from "./noise.js";
import { sharedCopy } from "./shared-copy.js";

/** The batch that a block's loss is taken on. All tensors are borrowed. */
export interface GradientRequest {
  /** One tensor a view: the images, or the outputs of the block before. */
  readonly inputs: readonly tf.Tensor[];
  /** int32 `[batch]`, of the whole batch where the inputs are a part of it; null for unlabelled data. */
  readonly labels: tf.Tensor1D | null;
  /** The step of the block's own schedule, from 0. */
  readonly step: number;
  /** How many steps the block learns for. */
  readonly stepCount: number;
  /** Keys the noise of this step. */
  readonly noiseKey: RandomKey;
}

/** What one batch tells a block. All tensors belong to the caller. */
export interface BlockGradients {
  /** What is handed on, one a view. */
  readonly outputs: readonly tf.Tensor[];
  readonly updatedBuffers: ReadonlyMap<string, tf.Tensor>;
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
  readonly embeddingDeviation: number;
  /** What the loss saw of the first view, as constants; null unless it is asked for. */
  readonly firstView: LocalLossViewV1 | null;
  /** By full name; null where the loss, a gradient or a running statistic is not finite. */
  readonly gradients: {
    /** Of what the block keeps. */
    readonly own: TensorMap;
    /** Of the units that it borrows; empty unless blocks overlap. */
    readonly borrowed: TensorMap;
  } | null;
}

/**
 * Takes the loss of a block and its gradient with respect to the block's own parameters and those it borrows.
 *
 * @param block Its `state` is read; updated buffers come with the result.
 * @param block.next The next block, for a loss that looks at what it makes of this block's output: it has no noise there, and
 * its weights and running statistics stay as they are.
 * @param block.lossOperations Those of a loss, which always sees the whole batch.
 * @param block.keepFirstView Whether what the loss sees of the first view is wanted.
 */
export function gradientsOfBlock(
  request: GradientRequest,
  {
    noise,
    next,
    keepFirstView,
    lossOperations,
    ...block
  }: ForwardPass & {
    readonly noise: NoiseOptions | null;
    readonly next: ForwardPass | null;
    readonly keepFirstView: boolean;
    readonly lossOperations: OperationsV1;
  },
): BlockGradients {
  const { definition, part } = block;
  const { parameters } = block.state;
  const ownNames = definition.parameters.map(({ name }) => name);
  const borrowedNames = definition.borrowedParameters.map(({ name }) => name);
  const names = [...ownNames, ...borrowedNames];
  const updatedBuffers = new Map<string, tf.Tensor>();
  const pass = { ...block, state: { ...block.state, updatedBuffers } };
  const constantNext = next && withConstants(next);
  const outputs: tf.Tensor[] = [];
  const readings: Record<string, tf.Tensor> = {};
  const gathered: WholeViews[] = [];
  const whole = (views: readonly LocalLossViewV1[]): readonly LocalLossViewV1[] => {
    if (part === null) return views;
    const ofAll = wholeViews(views, part);
    gathered.push(ofAll);
    return ofAll.views;
  };
  let firstEmbedding: tf.Tensor | undefined;
  let firstView: LocalLossViewV1 | null = null;
  try {
    const { value, gradients: found } = gradientsOf(
      () => {
        const handedOn = request.inputs.map((input, view) => {
          const map = handOn(input, pass, noise, fold(request.noiseKey, view));
          outputs.push(tf.keep(sharedCopy(map)));
          return map;
        });
        const views = whole(handedOn.map((map) => viewBehind(map, pass)));
        const { total, terms } = definition.loss.doCompute({
          views,
          next: constantNext && whole(handedOn.map((map) => viewWithoutNoise(map, constantNext))),
          labels: request.labels,
          site: definition.site,
          step: request.step,
          stepCount: request.stepCount,
          context: layerContext(definition.lossPrefix, pass.state, {
            training: true,
            operations: lossOperations,
          }),
        });
        for (const [term, scalar] of Object.entries(terms)) readings[term] = tf.keep(sharedCopy(scalar));
        if (keepFirstView && views[0] !== undefined) firstView = keptCopy(views[0]);
        if (views[0] !== undefined) firstEmbedding = tf.keep(sharedCopy(views[0].embedding));
        return total;
      },
      names.map((name) => parameters[name] as tf.Tensor),
    );
    const loss = scalarOf(value);
    value.dispose();
    // The loss's own gradients are of the whole batch already, in every thread.
    const ofPart = (index: number): boolean => names[index]?.startsWith(definition.lossPrefix) !== true;
    const gradients = part === null ? found : sumGradients(found, ofPart, part);
    const finite = Number.isFinite(loss) && allFinite(gradients, updatedBuffers, lossOperations);
    if (!finite) tf.dispose(gradients as tf.Tensor[]);
    const byName = finite ? gradientsByName(names, parameters, gradients) : null;
    return {
      outputs,
      updatedBuffers,
      loss,
      terms: Object.fromEntries(Object.entries(readings).map(([term, scalar]) => [term, scalarOf(scalar)])),
      embeddingDeviation: deviationOfDirections(firstEmbedding),
      firstView,
      gradients: byName && { own: pick(byName, ownNames), borrowed: pick(byName, borrowedNames) },
    };
  } catch (error) {
    tf.dispose([...outputs, ...updatedBuffers.values(), { ...(firstView ?? {}) }]);
    throw error;
  } finally {
    for (const views of gathered) views.dispose();
    tf.dispose([readings, firstEmbedding ?? [], { ...constantNext?.state.parameters }]);
  }
}

/** Parameters that the loss does not depend on get a zero gradient, so that decay and momentum treat all alike. */
function gradientsByName(
  names: readonly string[],
  parameters: TensorMap,
  gradients: readonly (tf.Tensor | null)[],
): TensorMap {
  return Object.fromEntries(
    names.map((name, index) => [name, gradients[index] ?? tf.zerosLike(parameters[name] as tf.Tensor)]),
  );
}

function pick(map: TensorMap, names: readonly string[]): TensorMap {
  return Object.fromEntries(names.map((name) => [name, map[name] as tf.Tensor]));
}

/**
 * The same pass by other tensors of the same values, made before the tape begins: a unit that this block lends to the next
 * one is a constant there. The copies are the caller's.
 */
function withConstants(pass: ForwardPass): ForwardPass {
  const copies = Object.entries(pass.state.parameters).map(([name, tensor]) => [name, sharedCopy(tensor)]);
  return { ...pass, state: { ...pass.state, parameters: Object.fromEntries(copies) } };
}

function keptCopy({ map, feature, embedding }: LocalLossViewV1): LocalLossViewV1 {
  return {
    map: tf.keep(sharedCopy(map)),
    feature: tf.keep(sharedCopy(feature)),
    embedding: tf.keep(sharedCopy(embedding)),
  };
}

/** Whether an update with these would leave every weight and every running statistic a number. */
function allFinite(
  maybeGradients: readonly (tf.Tensor | null)[],
  updatedBuffers: ReadonlyMap<string, tf.Tensor>,
  { sumOfSquares }: OperationsV1,
): boolean {
  const gradients = maybeGradients.filter((gradient) => gradient !== null);
  const buffers = [...updatedBuffers.values()];
  if (sumOfSquares !== undefined) {
    // The norm of a gradient has to be a float32 too: LARS divides by it.
    return Number.isFinite(Math.fround(sumOfSquares(gradients))) && Number.isFinite(sumOfSquares(buffers));
  }
  const sum = tf.tidy(() =>
    tf.addN([
      tf.scalar(0),
      ...gradients.map((gradient) => tf.sum(tf.square(gradient))),
      ...buffers.map((buffer) => tf.sum(buffer)),
    ]),
  );
  const value = scalarOf(sum);
  sum.dispose();
  return Number.isFinite(value);
}

function scalarOf(tensor: tf.Tensor | undefined): number {
  return tensor?.dataSync()[0] ?? Number.NaN;
}
